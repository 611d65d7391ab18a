//! The words for one kind of warning: pushes, and the sentences of its whole bulletin.

use std::collections::BTreeMap;

use sensors::sheet::Row;

use super::Template;

/// What the templates of warnings may speak of.
const PLACES: &[&str] =
    &["place", "short", "level", "was", "quantity", "mark", "where", "when", "advice", "window"];

/// The words for one kind of warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// The level went up.
    pub raised: Saying,
    /// The level went down and is not over.
    pub eased: Saying,
    /// The condition is over; not an all-clear.
    pub over: Saying,
    /// The heading of its bulletin, where it has one of its own.
    pub(crate) heading: Option<Template>,
    /// How sure it is, where it is no plain observation.
    pub(crate) sure: Option<String>,
    /// What to do, by severity 1 to 5.
    advice: BTreeMap<u8, String>,
    /// The same at length.
    advice_full: BTreeMap<u8, String>,
}

/// A title and a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Saying {
    /// The title.
    pub title: Template,
    /// The body.
    pub body: Template,
    /// The sentence of the whole bulletin, where the kind of warning has one of its own.
    pub(crate) full: Option<Template>,
}

impl Warning {
    pub(super) fn read(row: Row<'_>) -> Option<Self> {
        let template = |key: &str, must: &[&str]| {
            row.need(key, "a text").and_then(|cell| Template::read(&cell, must, PLACES))
        };
        let saying = |act: &str, must: &[&str]| {
            let full = row.cell(&format!("{act}_full"));
            let full = full.and_then(|cell| Template::read(&cell, &["place", "when"], PLACES));
            let (title, body) =
                (template(&format!("{act}_title"), &[]), template(&format!("{act}_body"), must));
            Some(Saying { title: title?, body: body?, full })
        };
        let raised = saying("raised", &["place", "where", "when", "advice"]);
        let eased = saying("eased", &["place", "where", "when"]);
        let over = saying("over", &["place", "where", "when"]);
        let heading = row.cell("heading").and_then(|cell| Template::read(&cell, &[], &["place", "short"]));
        let sure = row.cell("sure").and_then(|cell| cell.text()).map(str::to_owned);
        let steps = |key: &str| -> BTreeMap<u8, String> {
            let one = |step: u8| Some((step, row.cell(&format!("{key}_{step}"))?.text()?.to_owned()));
            (1..=5).filter_map(one).collect()
        };
        let (advice, advice_full) = (steps("advice"), steps("advice_full"));
        row.close();
        Some(Self { raised: raised?, eased: eased?, over: over?, heading, sure, advice, advice_full })
    }

    /// Whether it says what to do at a severity.
    pub(super) fn advises(&self, severity: u8) -> bool {
        self.advice.contains_key(&severity)
    }

    /// What to do.
    pub(crate) fn advice(&self, severity: u8) -> &str {
        self.advice.get(&severity).map_or("", String::as_str)
    }

    /// What to do, at length where it was written so.
    pub(crate) fn advice_in_full(&self, severity: u8) -> &str {
        self.advice_full.get(&severity).map_or_else(|| self.advice(severity), String::as_str)
    }
}
