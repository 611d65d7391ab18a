//! The words of whole bulletins: their paragraphs, who answers for them, when the next one comes.
//!
//! A paragraph is known by the words before its first place, so that whoever edits a bulletin keeps
//! what it must say. Nothing here chooses what is said.

use std::collections::BTreeMap;

use sensors::sheet::{Cell, Row};
use sensors::time::{Span, Timestamp};

use super::speech::Speech;
use super::{Language, Template, local, names, pieces, time_format};
use crate::hazard::Severity;

/// The paragraphs and pieces with what each must speak of; a piece may speak of nothing else.
pub(super) const PARTS: &[(&str, &[&str])] = &[
    ("heading", &["hazard", "place"]),
    ("issued", &["city", "when"]),
    ("exercise", &[]),
    ("raised", &["title", "place", "quantity", "when"]),
    ("standing", &["hazard", "place", "when"]),
    ("all_clear", &["hazard", "place", "when"]),
    ("correction", &["hazard", "place"]),
    ("generic", &["hazard", "when"]),
    ("above", &["level", "by"]),
    ("at", &["level"]),
    ("below", &["level", "by"]),
    ("where", &["where"]),
    ("others", &["named", "count"]),
    ("impact", &["impact"]),
    ("rising", &["stage", "impact"]),
    ("villages", &["names"]),
    ("roads", &["names"]),
    ("bridges", &["names"]),
    ("schools", &["names"]),
    ("sure", &["sure"]),
    ("sure_observed", &[]),
    ("sure_at_least", &[]),
    ("sure_doubt", &[]),
    ("sure_generic", &[]),
    ("sure_stated", &[]),
    ("quoted", &["issuer", "number", "hour", "text"]),
    ("reason", &["reason"]),
    ("advice", &["advice"]),
    ("advice_eased", &[]),
    ("advice_all_clear", &[]),
    ("advice_correction", &[]),
    ("next", &["next"]),
    ("next_by", &["when"]),
    ("next_none", &[]),
    ("responsible", &["responsible"]),
    ("by_post", &["post"]),
    ("by_officer", &["officer", "post"]),
    ("sms_next", &["when"]),
    ("sms_by", &["post"]),
    ("spoken_begin", &["heading"]),
    ("spoken_end", &[]),
];

/// Paragraphs that are known by the words they begin with.
const LABELLED: [&str; 5] = ["where", "sure", "advice", "next", "responsible"];
/// How often a bulletin follows at most, by severity.
const NEXT_S: (i64, i64) = (600, 86_400);
/// The most phrases that speech replaces.
const WORDS_MAX: usize = 200;

/// The words of whole bulletins in one language.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) post: String,
    pub(super) next: [Span; 5],
    time: String,
    time_spoken: String,
    plain_sms: bool,
    letters: String,
    risk: Vec<String>,
    risk_needs: Vec<String>,
    parts: BTreeMap<String, Template>,
    levels: BTreeMap<String, String>,
    speech: Speech,
}

/// How a moment or a text is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// To be read.
    Page,
    /// To be heard.
    Speaker,
}

impl Form {
    pub(super) fn read(row: &Row<'_>) -> Option<Self> {
        let texts = |key: &str| -> Vec<String> {
            let list = row.cell(key).map(|cell| cell.list()).unwrap_or_default();
            list.iter().filter_map(Cell::text).map(str::to_lowercase).collect()
        };
        let post = row.need("post", "the post that answers for bulletins").and_then(|cell| cell.text());
        let next = row.need("next_s", "five numbers of seconds").and_then(|cell| five(&cell));
        let time = row.need("time", "a time format").and_then(|cell| time_format(&cell));
        let time_spoken = row.need("time_spoken", "a time format").and_then(|cell| time_format(&cell));
        let plain = row.need("sms_letters", "\"own\" or \"plain\"");
        let plain_sms = plain.and_then(|cell| cell.one_of(&[("own", false), ("plain", true)]));
        let letters = row.cell("letters").and_then(|cell| cell.text()).unwrap_or_default();
        let (risk, risk_needs) = (texts("risk"), texts("risk_needs"));
        let parts: BTreeMap<String, Template> = super::table_of(row, "part", |row| pieces(row, PARTS, None));
        for part in LABELLED {
            if parts.get(part).is_some_and(|part| part.label().trim().is_empty()) {
                row.note(part, "the paragraph begins with a place", "needed are words before it");
            }
        }
        let levels = row.cell("level").and_then(|cell| cell.row()).map(|row| names(&row)).unwrap_or_default();
        let speech = row.need("speech", "a table").and_then(|cell| cell.row()).and_then(|row| {
            let speech = Speech::read(&row, WORDS_MAX);
            row.close();
            speech
        });
        Some(Self {
            post: post?.to_owned(),
            next: next?,
            time: time?,
            time_spoken: time_spoken?,
            plain_sms: plain_sms?,
            letters: letters.to_owned(),
            risk,
            risk_needs,
            parts,
            levels,
            speech: speech?,
        })
    }
}

fn five(cell: &Cell<'_>) -> Option<[Span; 5]> {
    let spans: Vec<Span> =
        cell.list().iter().filter_map(|s| s.whole(NEXT_S.0, NEXT_S.1)).map(Span::from_s).collect();
    let five = spans.try_into().ok();
    if five.is_none() {
        cell.note("these are not five numbers", "needed is one for each severity from 1 to 5");
    }
    five
}

impl Language {
    /// A paragraph or a piece of a bulletin.
    pub(crate) fn part(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.form.parts.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }

    /// The words that a paragraph begins with, without the space behind them.
    pub(crate) fn label(&self, part: &str) -> &str {
        self.form.parts.get(part).map_or("", Template::label).trim_end()
    }

    /// The post that answers for bulletins.
    pub fn post(&self) -> &str {
        &self.form.post
    }

    /// How long after a bulletin of this severity the next one comes at the latest.
    pub fn next_bulletin(&self, severity: Severity) -> Span {
        let place = usize::from(severity.step().saturating_sub(1));
        self.form.next.get(place).copied().unwrap_or(Span::from_h(6))
    }

    /// A moment on the city's clocks, as a bulletin writes it or a speaker says it.
    pub(crate) fn moment(&self, at: Timestamp, utc_offset_min: i32, voice: Voice) -> String {
        let format = if voice == Voice::Page { &self.form.time } else { &self.form.time_spoken };
        local(at, utc_offset_min, format)
    }

    /// The formats of the hours that texts name.
    pub(crate) fn hours(&self) -> [&str; 3] {
        [&self.time, &self.form.time, &self.form.time_spoken]
    }

    /// A level as a bulletin spells it out.
    pub(crate) fn level_in_full<'a>(&'a self, name: &'a str) -> &'a str {
        self.form.levels.get(name).map_or_else(|| self.level(name), String::as_str)
    }

    /// Whether text messages are written in plain letters, to fit the small alphabet of phones.
    pub(crate) fn is_plain_sms(&self) -> bool {
        self.form.plain_sms
    }

    /// Letters of which every longer text of this language has one; empty where there are none.
    pub(crate) fn letters(&self) -> &str {
        &self.form.letters
    }

    /// Words that name a disaster-risk level, and those that must stand beside them.
    pub(crate) fn risk(&self) -> (&[String], &[String]) {
        (&self.form.risk, &self.form.risk_needs)
    }

    /// The units that follow numbers.
    pub(crate) fn units(&self) -> impl Iterator<Item = &str> {
        self.units.values().map(String::as_str)
    }

    /// The decimal sign.
    pub(crate) fn decimal(&self) -> &str {
        &self.signs.decimal
    }

    /// A text as it is said aloud: numbers, units and abbreviations in words.
    pub fn spoken(&self, text: &str) -> String {
        self.form.speech.say(text, &self.signs)
    }
}

/// Somebody else's words, with everything that a quotation must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotation<'a> {
    /// Who issued them.
    pub issuer: &'a str,
    /// The number of the bulletin.
    pub number: &'a str,
    /// Its hour.
    pub at: Timestamp,
    /// The words.
    pub text: &'a str,
}

impl Language {
    /// A quotation as a bulletin writes it: issuer, number, hour and words.
    pub fn quoted(&self, quotation: &Quotation<'_>, utc_offset_min: i32) -> String {
        let hour = self.moment(quotation.at, utc_offset_min, Voice::Page);
        let Quotation { issuer, number, text, .. } = *quotation;
        self.part("quoted", &[("issuer", issuer), ("number", number), ("hour", &hour), ("text", text)])
    }
}
