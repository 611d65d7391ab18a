//! `[out]` of `cap.toml`: who speaks, for how long, and in which words of CAP.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rules::bulletin::Lang;
use rules::hazard::{Hazard, Severity};
use sensors::sheet::{Cell, Row};
use sensors::time::Span;

use super::area::Areas;

/// How our messages are written.
#[derive(Clone, Debug)]
pub struct Out {
    /// `sender`: unique for ever, without spaces, commas, `<` and `&`.
    pub sender: String,
    /// What every identifier begins with.
    pub prefix: String,
    /// `web`.
    pub web: Option<String>,
    /// `contact`.
    pub contact: Option<String>,
    /// Where the feed is reached from outside, without a slash at its end.
    pub base_url: Option<String>,
    /// Where messages are also written as files.
    pub folder: Option<PathBuf>,
    /// The most messages of a feed.
    pub feed_max: usize,
    /// How long a message holds.
    pub valid: Span,
    /// How long before its end it is renewed.
    pub renew_before: Span,
    /// How long that holds which says that it is over.
    pub valid_over: Span,
    /// Whose codes `eventCode` has.
    pub event_code_name: String,
    /// Whose codes `geocode` has.
    pub geocode_name: String,
    /// `note` of every exercise.
    pub exercise_note: String,
    /// Who speaks to whom, by language.
    pub voices: BTreeMap<Lang, Voice>,
    /// By hazard of the public.
    pub hazards: BTreeMap<Hazard, Kind>,
    /// By severity.
    pub steps: BTreeMap<Severity, Step>,
    /// The zones of the city.
    pub areas: Areas,
    /// The city's clocks.
    pub utc_offset_min: i32,
}

/// Who speaks to whom in one language.
#[derive(Clone, Debug)]
pub struct Voice {
    /// `senderName`.
    pub sender_name: String,
    /// `audience`.
    pub audience: Option<String>,
}

/// What a hazard is in CAP.
#[derive(Clone, Debug)]
pub struct Kind {
    /// `category`.
    pub categories: Vec<&'static str>,
    /// The value of `eventCode`.
    pub code: String,
    /// `certainty` of a level that good readings made.
    pub certainty: &'static str,
    /// `event` by language.
    pub events: BTreeMap<Lang, String>,
}

/// What a severity is in CAP while the condition holds.
#[derive(Clone, Debug)]
pub struct Step {
    /// `severity`.
    pub severity: &'static str,
    /// `urgency`.
    pub urgency: &'static str,
    /// `responseType`.
    pub responses: Vec<&'static str>,
}

/// The words of CAP 1.2, section 3.2.2, as far as a warning of ours may use them.
const CATEGORIES: &[&str] =
    &["Geo", "Met", "Safety", "Rescue", "Health", "Env", "Transport", "Infra", "Other"];
const CERTAINTIES: &[&str] = &["Observed", "Likely", "Possible"];
const SEVERITIES: &[&str] = &["Extreme", "Severe", "Moderate", "Minor"];
const URGENCIES: &[&str] = &["Immediate", "Expected", "Future"];
const RESPONSES: &[&str] =
    &["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "None"];

impl Out {
    /// Reads the table; every mistake is noted.
    pub(crate) fn read(row: Row<'_>, languages: &[Lang]) -> Option<Self> {
        let text =
            |key: &str, allowed| row.need(key, allowed).and_then(|cell| cell.text()).map(str::to_owned);
        let maybe = |key: &str| row.cell(key).and_then(|cell| cell.text()).map(str::to_owned);
        let span = |key: &str, default: i64| {
            row.cell(key).map_or(Some(default), |cell| cell.whole(60, 7 * 86_400)).map(Span::from_s)
        };
        let sender = row.need("sender", "a domain or an address that is ours").and_then(|cell| name(&cell));
        let prefix = row.need("prefix", "what every identifier begins with").and_then(|cell| name(&cell));
        let feed_max = row.cell("feed_max").map_or(Some(100), |cell| cell.whole(1, 1000));
        let (valid, renew_before, valid_over) =
            (span("valid_s", 21_600)?, span("renew_before_s", 1800)?, span("valid_over_s", 7200)?);
        if renew_before.ms() * 2 > valid.ms() {
            let allowed = "allowed is half of valid_s at most, so that a message is not renewed all the time";
            row.note("renew_before_s", "it is more than half of valid_s", allowed);
        }
        let base_url = row.cell("base_url").and_then(|cell| base(&cell));
        let voices = voices(&row, languages);
        let hazards = hazards(&row, languages);
        let steps = steps(&row);
        let out = Self {
            sender: sender.unwrap_or_default(),
            prefix: prefix.unwrap_or_default(),
            web: maybe("web"),
            contact: maybe("contact"),
            base_url,
            folder: maybe("folder").map(PathBuf::from),
            feed_max: feed_max.unwrap_or(100) as usize,
            valid,
            renew_before,
            valid_over,
            event_code_name: text("event_code_name", "whose codes eventCode has").unwrap_or_default(),
            geocode_name: text("geocode_name", "whose codes zones have").unwrap_or_default(),
            exercise_note: text("exercise_note", "what every exercise says of itself").unwrap_or_default(),
            voices,
            hazards,
            steps,
            areas: Areas::default(),
            utc_offset_min: 0,
        };
        row.close();
        Some(out)
    }
}

/// A word that stands in `references`, addresses and file names.
fn name(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if text.len() > 80 || !text.chars().all(plain) || text.starts_with('.') {
        cell.note(
            format!("{text:?} can't stand in every address"),
            "allowed are a-z, A-Z, 0-9, '.', '-', '_', '@', at most 80 of them",
        );
        return None;
    }
    Some(text.to_owned())
}

fn base(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?.trim_end_matches('/');
    let is_plain = !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '&'));
    if !is_plain || !(text.starts_with("https://") || text.starts_with("http://")) {
        cell.note(format!("{text:?} is no address"), "allowed is https://host without a query");
        return None;
    }
    Some(text.to_owned())
}

fn voices(row: &Row<'_>, languages: &[Lang]) -> BTreeMap<Lang, Voice> {
    let mut voices = BTreeMap::new();
    for row in row.rows("language") {
        let lang = row.need("lang", "a language of the phrases").and_then(|cell| cell.text());
        let sender_name = row.need("sender_name", "who speaks").and_then(|cell| cell.text());
        let audience = row.cell("audience").and_then(|cell| cell.text()).map(str::to_owned);
        if let (Some(lang), Some(sender_name)) = (lang, sender_name) {
            voices.insert(Lang(lang.into()), Voice { sender_name: sender_name.to_owned(), audience });
        }
        row.close();
    }
    for lang in languages.iter().filter(|lang| !voices.contains_key(lang)) {
        row.note(
            "language",
            format!("{:?} has no sender_name", lang.0),
            "needed is one [[out.language]] each",
        );
    }
    voices
}

fn hazards(row: &Row<'_>, languages: &[Lang]) -> BTreeMap<Hazard, Kind> {
    let public = Hazard::ALL.into_iter().filter(|hazard| hazard.is_public());
    let known: Vec<(&str, Hazard)> = public.map(|hazard| (hazard.as_str(), hazard)).collect();
    let mut hazards = BTreeMap::new();
    for row in row.rows("hazard") {
        let hazard = row.need("hazard", "a hazard").and_then(|cell| cell.one_of(&known));
        let code = row.need("code", "a code").and_then(|cell| cell.text());
        let categories = words(&row, "category", CATEGORIES);
        let certainty = word(&row, "certainty", CERTAINTIES);
        let events = row.need("event", "its name in every language").and_then(|cell| cell.row());
        let events = events.map(|row| events_of(&row, languages)).unwrap_or_default();
        if let (Some(hazard), Some(code), Some(certainty)) = (hazard, code, certainty) {
            hazards.insert(hazard, Kind { categories, code: code.to_owned(), certainty, events });
        }
        row.close();
    }
    for (name, _) in known.iter().filter(|(_, hazard)| !hazards.contains_key(hazard)) {
        row.note("hazard", format!("{name:?} has no words"), "needed is one [[out.hazard]] each");
    }
    hazards
}

fn events_of(row: &Row<'_>, languages: &[Lang]) -> BTreeMap<Lang, String> {
    for lang in languages {
        if row.cell(&lang.0).is_none() {
            row.note(&lang.0, "the language is missing", "needed is a name in every language of the phrases");
        }
    }
    let named = row
        .entries()
        .into_iter()
        .filter_map(|(lang, cell)| Some((Lang(lang.into()), cell.text()?.to_owned())));
    named.collect()
}

fn steps(row: &Row<'_>) -> BTreeMap<Severity, Step> {
    let mut steps = BTreeMap::new();
    for row in row.rows("severity") {
        let step = row.need("step", "1 to 5").and_then(|cell| cell.whole(1, 5));
        let (severity, urgency) = (word(&row, "severity", SEVERITIES), word(&row, "urgency", URGENCIES));
        let responses = words(&row, "response", RESPONSES);
        let step = step.and_then(|step| Severity::new(step as u8));
        if let (Some(step), Some(severity), Some(urgency)) = (step, severity, urgency) {
            steps.insert(step, Step { severity, urgency, responses });
        }
        row.close();
    }
    for step in (1..=5).filter_map(Severity::new).filter(|step| !steps.contains_key(step)) {
        row.note(
            "severity",
            format!("step {} has no words", step.step()),
            "needed is one [[out.severity]] for 1 to 5",
        );
    }
    steps
}

fn word(row: &Row<'_>, key: &str, allowed: &[&'static str]) -> Option<&'static str> {
    row.need(key, &format!("one of {}", allowed.join(", "))).and_then(|cell| word_of(&cell, allowed))
}

fn word_of(cell: &Cell<'_>, allowed: &[&'static str]) -> Option<&'static str> {
    let pairs: Vec<(&str, &'static str)> = allowed.iter().map(|word| (*word, *word)).collect();
    cell.one_of(&pairs)
}

fn words(row: &Row<'_>, key: &str, allowed: &[&'static str]) -> Vec<&'static str> {
    let list = row.need(key, "a list").map(|cell| cell.list()).unwrap_or_default();
    let words: Vec<_> = list.iter().filter_map(|cell| word_of(cell, allowed)).collect();
    if words.is_empty() {
        row.note(key, "nothing is named", format!("needed is one at least of {}", allowed.join(", ")));
    }
    words
}
