//! The words of the city, in every language, from its configuration.
//!
//! Templates are read once and their placeholders checked; nothing here chooses what is said.

mod desk;
mod doubt;
mod number;
mod template;

use std::collections::BTreeMap;

use sensors::mistake::Mistake;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::sheet::{Log, Row, Sheet};
use sensors::time::{Span, Timestamp};

use crate::bulletin::Lang;
use crate::hazard::Hazard;
use crate::rule::RuleSet;
use number::Signs;

pub use template::Template;

/// What the templates of warnings may speak of.
const WARNING: &[&str] =
    &["place", "short", "level", "was", "quantity", "mark", "where", "when", "advice", "window"];
/// What the templates of telemetry may speak of.
const TELEMETRY: &[&str] = &[
    "station", "stations", "count", "line", "last", "when", "channel", "what", "why", "own", "least", "most",
    "window",
];

/// The words of every language, the city's first language first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phrases {
    /// The languages in the order in which they are told.
    pub languages: Vec<Language>,
}

/// The words of one language.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// Its tag.
    pub lang: Lang,
    file: String,
    order: i64,
    signs: Signs,
    time: String,
    marks: BTreeMap<String, Template>,
    units: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    levels: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    warnings: BTreeMap<String, Warning>,
    telemetry: BTreeMap<String, Template>,
    desk: BTreeMap<String, Template>,
}

/// The words for one kind of warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The level went up.
    pub raised: Saying,
    /// The level went down and is not over.
    pub eased: Saying,
    /// The condition is over; not an all-clear.
    pub over: Saying,
    /// What to do, by severity 1 to 5.
    advice: BTreeMap<u8, String>,
}

/// A title and a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    /// The title.
    pub title: Template,
    /// The body.
    pub body: Template,
}

/// Small pieces with what each may and must speak of.
const MARKS: [(&str, &[&str]); 11] = [
    ("exercise", &["text"]),
    ("doubt", &["text"]),
    ("at_least", &["quantity"]),
    ("above", &["level", "by"]),
    ("at", &["level"]),
    ("below", &["level", "by"]),
    ("hours", &["count"]),
    ("minutes", &["count"]),
    ("at_river", &["river", "station"]),
    ("zones", &["count"]),
    ("last", &["what", "quantity", "when"]),
];

/// The templates of telemetry with what each must speak of.
const TELEMETRY_KEYS: &[(&str, &[&str])] = &[
    ("one_title", &["station"]),
    ("one_body", &["station", "last"]),
    ("many_title", &["count"]),
    ("many_body", &["count", "stations"]),
    ("line_title", &["count", "line"]),
    ("line_body", &["count", "line"]),
    ("back_title", &[]),
    ("back_body", &["stations", "when"]),
    ("line_back_title", &["line"]),
    ("line_back_body", &["line", "when"]),
    ("undelivered_title", &["channel"]),
    ("undelivered_body", &["channel", "what", "when"]),
    ("never", &[]),
    ("rising", &[]),
    ("cut", &["why"]),
    ("carrier", &["why"]),
    ("power", &["why"]),
    ("doubt_title", &["station"]),
    ("doubt_body", &["station", "why", "when"]),
    ("revised_title", &["what"]),
    ("revised_body", &["station", "what", "why", "when"]),
    ("why_clogged", &["own", "window", "least", "most"]),
    ("why_dead_on_zero", &["window", "least", "most"]),
    ("why_alone", &["own", "window", "most"]),
    ("why_still_in_rain", &["window", "least", "most"]),
    ("why_still_beside", &["window", "least", "most"]),
    ("why_rise", &["own", "window", "most"]),
];

impl Phrases {
    /// Reads `phrases.<lang>.toml` files, given as names and texts.
    ///
    /// # Errors
    /// Gives every mistake at once, by file and line.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let mut languages: Vec<Language> =
            files.iter().filter_map(|(file, text)| Language::read(Sheet { file, text, log: &log })).collect();
        languages.sort_by(|a, b| (a.order, &a.lang).cmp(&(b.order, &b.lang)));
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(Self { languages }) } else { Err(mistakes) }
    }

    /// Every word that the rules need and a language lacks.
    pub fn check(&self, rules: &RuleSet) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.languages.is_empty() {
            let (file, key) = ("phrases.vi.toml".to_owned(), "lang".to_owned());
            let (wrong, allowed) = ("there is no language".to_owned(), "needed is one at least".to_owned());
            mistakes.push(Mistake { file, line: 0, key, wrong, allowed });
        }
        for language in &self.languages {
            language.check(rules, &mut mistakes);
        }
        mistakes.sort();
        mistakes.dedup();
        mistakes
    }
}

impl Phrases {
    /// The words of a language; of the city's first one where it has not that one.
    pub fn language(&self, tag: &str) -> Option<&Language> {
        self.languages.iter().find(|language| &*language.lang.0 == tag).or(self.languages.first())
    }
}

impl Language {
    fn read(sheet: Sheet<'_>) -> Option<Self> {
        let (table, whole) = sheet.parse();
        let top = Row::top(sheet, &table);
        let lang = top.need("lang", "a language tag, as vi").and_then(|cell| cell.id());
        let order = top.need("order", "1 for the first language").and_then(|cell| cell.whole(1, 99));
        let decimal = top.need("decimal", "the decimal sign").and_then(|cell| cell.text());
        let thousands = top.need("thousands", "the sign between thousands").and_then(|cell| cell.text());
        let time = top.need("time", "a time format, as %H:%M %d/%m").and_then(|cell| {
            let format = cell.text()?;
            let items = chrono::format::StrftimeItems::new(format);
            if items.into_iter().any(|item| item == chrono::format::Item::Error) {
                cell.note(format!("{format:?} is no time format"), "allowed is the notation of strftime");
                return None;
            }
            Some(format)
        });
        let marks = table_of(&top, "mark", |row| pieces(row, &MARKS, None));
        let telemetry = table_of(&top, "telemetry", |row| pieces(row, TELEMETRY_KEYS, Some(TELEMETRY)));
        let desk = table_of(&top, "desk", |row| pieces(row, desk::KEYS, Some(desk::PLACES)));
        let units = table_of(&top, "unit", names);
        let parameters = table_of(&top, "parameter", names);
        let levels = table_of(&top, "level", names);
        let named = top.cell("name").and_then(|cell| cell.row()).map(|row| names(&row)).unwrap_or_default();
        let warnings = table_of(&top, "warning", |row| {
            let kinds = row.entries().into_iter();
            kinds.filter_map(|(kind, cell)| Some((kind.to_owned(), warning(cell.row()?)?))).collect()
        });
        top.close();
        whole.then_some(())?;
        Some(Self {
            lang: Lang(lang?.into()),
            file: sheet.file.to_owned(),
            order: order?,
            signs: Signs { decimal: decimal?.to_owned(), thousands: thousands?.to_owned() },
            time: time?.to_owned(),
            marks,
            units,
            parameters,
            levels,
            names: named,
            warnings,
            telemetry,
            desk,
        })
    }

    fn check(&self, rules: &RuleSet, mistakes: &mut Vec<Mistake>) {
        let mut lacks = |key: String, allowed: &str| {
            let (file, wrong) =
                (self.file.clone(), "a rule needs these words, and they are missing".to_owned());
            mistakes.push(Mistake { file, line: 0, key, wrong, allowed: format!("needed is {allowed}") });
        };
        for slot in rules.slots() {
            let public = slot.rule.hazard != Hazard::Telemetry;
            let words = &slot.rule.words;
            if public && !self.warnings.contains_key(words) {
                lacks(format!("warning.{words}"), "the words of this kind of warning");
                continue;
            }
            for level in slot.levels.iter().filter(|_| public) {
                if !self.levels.contains_key(&level.name) {
                    lacks(format!("level.{}", level.name), "the level's name as people read it");
                }
                let step = level.severity.step();
                if self.warnings.get(words).is_some_and(|w| !w.advice.contains_key(&step)) {
                    lacks(format!("warning.{words}.advice_{step}"), "what to do at this severity");
                }
            }
            for sensor in slot.levels.iter().flat_map(|level| level.when.all_sensors()) {
                let Some(parameter) = rules.parameter(sensor) else { continue };
                if !self.units.contains_key(parameter.unit()) {
                    lacks(format!("unit.{:?}", parameter.unit()), "the unit as people read it");
                }
                if !self.parameters.contains_key(parameter.as_str()) {
                    lacks(format!("parameter.{parameter}"), "the parameter as people read it");
                }
            }
        }
    }

    /// The words of a kind of warning.
    pub fn warning(&self, words: &str) -> Option<&Warning> {
        self.warnings.get(words)
    }

    /// A small piece; empty where there is none, which reading has refused.
    pub(crate) fn mark(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.marks.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }

    /// A text of telemetry.
    pub(crate) fn telemetry(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.telemetry.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }

    /// A level as people read it.
    pub fn level<'a>(&'a self, name: &'a str) -> &'a str {
        self.levels.get(name).map_or(name, String::as_str)
    }

    /// A parameter as people read it.
    pub fn parameter(&self, parameter: Parameter) -> &str {
        self.parameters.get(parameter.as_str()).map_or(parameter.as_str(), String::as_str)
    }

    /// A river, a station or a basin as people read it; its own name where the language has no other.
    pub fn name<'a>(&'a self, own: &'a str) -> &'a str {
        self.names.get(own).map_or(own, String::as_str)
    }

    /// A number with its unit, as `4,96 m`, `885 mm` or `1.538 m³/s`.
    pub fn quantity(&self, parameter: Parameter, value: Value) -> String {
        let unit = self.units.get(parameter.unit()).map_or(parameter.unit(), String::as_str);
        format!("{} {unit}", self.signs.write(parameter, value))
    }

    /// By how much one number exceeds another, both as they are written: whoever subtracts the two
    /// that a text names finds the difference that it names.
    pub(crate) fn difference(parameter: Parameter, value: Value, from: Value) -> Value {
        Value::from_raw(number::rounded(parameter, value).raw() - number::rounded(parameter, from).raw())
    }

    /// A moment on the city's clocks.
    pub fn when(&self, at: Timestamp, utc_offset_min: i32) -> String {
        let local = at.plus(Span::from_min(i64::from(utc_offset_min)));
        local.to_chrono().map_or_else(|| at.to_string(), |time| time.format(&self.time).to_string())
    }

    /// A window in hours, or in minutes where it is no whole number of hours.
    pub(crate) fn window(&self, window: Span) -> String {
        let (key, count) = match window.whole_s() {
            s if s % 3600 == 0 => ("hours", s / 3600),
            s => ("minutes", s / 60),
        };
        self.mark(key, &[("count", &count.to_string())])
    }
}

impl Warning {
    /// What to do.
    pub(crate) fn advice(&self, severity: u8) -> &str {
        self.advice.get(&severity).map_or("", String::as_str)
    }
}

fn table_of<T: Default>(top: &Row<'_>, key: &str, read: impl FnOnce(&Row<'_>) -> T) -> T {
    let Some(row) = top.need(key, "a table").and_then(|cell| cell.row()) else { return T::default() };
    let value = read(&row);
    row.close();
    value
}

fn names(row: &Row<'_>) -> BTreeMap<String, String> {
    let entries = row.entries().into_iter();
    entries.filter_map(|(key, cell)| Some((key.to_owned(), cell.text()?.to_owned()))).collect()
}

/// Templates of known keys; each must speak of what is named, and may speak of `also`.
fn pieces(row: &Row<'_>, keys: &[(&str, &[&str])], also: Option<&[&str]>) -> BTreeMap<String, Template> {
    let read = |(key, must): &(&str, &[&str])| {
        let cell = row.need(key, "a text")?;
        Some(((*key).to_owned(), Template::read(&cell, must, also.unwrap_or(must))?))
    };
    keys.iter().filter_map(read).collect()
}

fn warning(row: Row<'_>) -> Option<Warning> {
    let template = |key: &str, must: &[&str]| {
        row.need(key, "a text").and_then(|cell| Template::read(&cell, must, WARNING))
    };
    let saying = |act: &str, must: &[&str]| {
        let (title, body) = (template(&format!("{act}_title"), &[]), template(&format!("{act}_body"), must));
        Some(Saying { title: title?, body: body? })
    };
    let raised = saying("raised", &["place", "where", "when", "advice"]);
    let eased = saying("eased", &["place", "where", "when"]);
    let over = saying("over", &["place", "where", "when"]);
    let advice = |step: u8| Some((step, row.cell(&format!("advice_{step}"))?.text()?.to_owned()));
    let advice = (1..=5).filter_map(advice).collect();
    row.close();
    Some(Warning { raised: raised?, eased: eased?, over: over?, advice })
}

#[cfg(test)]
mod tests;
