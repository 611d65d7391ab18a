//! The words of bulletins that officers type: a template for every kind in every form.
//!
//! The table `[typed]` may be absent, and then nothing can be typed in that language; what is in it is
//! read strictly. A disaster-risk level stands in a piece of its own beside who gave it (warning.md 15).

use std::collections::BTreeMap;

use sensors::sheet::{Cell, Row};
use sensors::time::{Span, Timestamp};

use super::{Language, Template, names, pieces};
use crate::hazard::Hazard;

/// The forms of a bulletin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The title of a push.
    Title,
    /// The body of a push.
    Body,
    /// The whole bulletin.
    Full,
    /// A text message.
    Sms,
    /// Read out over loudspeakers.
    Spoken,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 5] = [Self::Title, Self::Body, Self::Full, Self::Sms, Self::Spoken];

    /// Its key in the templates and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Full => "full",
            Self::Sms => "sms",
            Self::Spoken => "spoken",
        }
    }
}

/// What these templates may speak of.
const PLACES: &[&str] = &[
    "hazard", "where", "until", "advice", "who", "next", "issuer", "number", "hour", "risk", "text", "storm",
    "position", "force", "gust", "arrival", "arrivals", "source", "decided", "schools", "from", "to", "dam",
    "river", "least", "most", "rising", "changes", "why", "note",
];

/// Each kind with what its push, its text message, its whole text and its spoken text must say; the
/// title is short, and free.
const SAYINGS: [(&str, &[&str]); 8] = [
    ("national", &["issuer", "number", "hour", "hazard", "risk", "where"]),
    ("storm_approach", &["storm", "position", "force", "where"]),
    ("school_closing", &["decided", "schools", "from", "to", "where"]),
    ("free", &["hazard", "where", "text"]),
    ("release", &["dam", "least", "most", "hour", "where"]),
    ("release_revised", &["dam", "changes", "where"]),
    ("release_withdrawn", &["dam", "where"]),
    ("release_completed", &["dam", "where"]),
];

/// Small pieces with what each must speak of.
const PIECES: &[(&str, &[&str])] = &[
    ("who", &[]),
    ("updated", &["text"]),
    ("risk", &["level"]),
    ("quoted", &["issuer", "number", "hour"]),
    ("ordered", &["issuer", "number"]),
    ("gust", &["force"]),
    ("wind_from", &["hour"]),
    ("next", &["hour"]),
    ("note", &["text"]),
    ("rising", &[]),
    ("river", &["river"]),
    ("arrival", &["place", "hour"]),
    ("arrival_at", &["place", "hour"]),
    ("change", &["what", "was", "now"]),
    ("least", &[]),
    ("most", &[]),
    ("start", &[]),
    ("steadily", &[]),
    ("gradually", &[]),
    ("pace", &[]),
    ("untranslated", &[]),
    ("m3_s", &["count"]),
    ("whole_city", &[]),
];

/// The templates of one language.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Typed {
    sayings: BTreeMap<String, BTreeMap<&'static str, Template>>,
    pieces: BTreeMap<String, Template>,
    advice: BTreeMap<String, String>,
    /// How a moment is read out, with minutes and on the full hour.
    time: String,
    hour: String,
}

/// Reads the table.
pub(super) fn read(row: &Row<'_>) -> Typed {
    let table = |key: &str| row.need(key, "a table").and_then(|cell| cell.row());
    let told = |key: &str| {
        let row = table(key)?;
        let names = names(&row);
        for hazard in Hazard::ALL.iter().filter(|hazard| hazard.is_public()) {
            row.need(hazard.as_str(), "a text");
        }
        row.close();
        Some(names)
    };
    let parts = table("piece").map(|row| {
        let parts = pieces(&row, PIECES, None);
        row.close();
        parts
    });
    let sayings = SAYINGS
        .iter()
        .filter_map(|(kind, must)| Some(((*kind).to_owned(), forms(kind, &table(kind)?, must))));
    Typed {
        sayings: sayings.collect(),
        pieces: parts.unwrap_or_default(),
        advice: told("advice").unwrap_or_default(),
        time: time(row, "spoken_time").unwrap_or_default(),
        hour: time(row, "spoken_hour").unwrap_or_default(),
    }
}

fn forms(kind: &str, row: &Row<'_>, must: &[&'static str]) -> BTreeMap<&'static str, Template> {
    let read = |form: Form| {
        let mut must = if form == Form::Title { Vec::new() } else { must.to_vec() };
        // A push has no room for more than what is quoted; every longer form says whose words they are.
        if kind == "storm_approach" && !matches!(form, Form::Title | Form::Body) {
            must.push("source");
        }
        Some((form.as_str(), Template::read(&row.need(form.as_str(), "a text")?, &must, PLACES)?))
    };
    let forms = Form::ALL.into_iter().filter_map(read).collect();
    for (key, cell) in row.entries() {
        if !Form::ALL.iter().any(|form| form.as_str() == key) {
            cell.note("the form is unknown", "allowed are title, body, full, sms, spoken");
        }
    }
    forms
}

fn time(row: &Row<'_>, key: &str) -> Option<String> {
    let cell: Cell<'_> = row.need(key, "a time format, as %H giờ %M")?;
    let format = cell.text()?;
    if chrono::format::StrftimeItems::new(format).any(|item| item == chrono::format::Item::Error) {
        cell.note(format!("{format:?} is no time format"), "allowed is the notation of strftime");
        return None;
    }
    Some(format.to_owned())
}

impl Language {
    /// Whether bulletins can be typed in it.
    pub fn can_be_typed(&self) -> bool {
        !self.typed.sayings.is_empty()
    }

    /// A kind of typed bulletin in one form.
    pub(crate) fn typed(&self, kind: &str, form: Form, values: &[(&str, &str)]) -> String {
        let template = self.typed.sayings.get(kind).and_then(|forms| forms.get(form.as_str()));
        template.map(|template| template.fill(values)).unwrap_or_default()
    }

    /// A small piece of typed bulletins.
    pub(crate) fn typed_piece(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.typed.pieces.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }

    /// What to do against a hazard.
    pub(crate) fn hazard_advice(&self, hazard: Hazard) -> &str {
        self.typed.advice.get(hazard.as_str()).map_or("", String::as_str)
    }

    /// A moment as it is read out.
    pub(crate) fn spoken_when(&self, at: Timestamp, utc_offset_min: i32) -> String {
        let local = at.plus(Span::from_min(i64::from(utc_offset_min)));
        let format = if local.ms() % 3_600_000 == 0 { &self.typed.hour } else { &self.typed.time };
        local.to_chrono().map_or_else(|| at.to_string(), |time| time.format(format).to_string())
    }
}
