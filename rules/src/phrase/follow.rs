//! What follows an issued bulletin: an update, the all-clear, a correction; and the words that are
//! said where a kind of warning has none of its own.

use super::Language;
use crate::hazard::Hazard;

/// What these templates may speak of.
pub(super) const PLACES: &[&str] = &[
    "hazard", "place", "short", "level", "quantity", "mark", "window", "where", "when", "advice", "reason",
    "officer",
];

/// The templates with what each must speak of.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    ("all_clear_title", &["hazard"]),
    ("all_clear_body", &["hazard", "where", "when"]),
    ("correction_title", &["hazard"]),
    ("correction_body", &["hazard", "place", "where", "reason"]),
    ("update_title", &["short"]),
    ("update_body", &["place", "quantity", "where", "when", "advice"]),
    ("standing_body", &["hazard", "place", "where", "when", "advice"]),
    // Where a kind of warning, or a language, has no words of its own.
    ("generic_title", &["hazard"]),
    ("generic_body", &["hazard", "where", "when", "advice"]),
    ("generic_advice", &[]),
];

impl Language {
    /// A text that follows a bulletin, or stands in for one.
    pub(crate) fn follow(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.follow.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }

    /// A hazard as people read it.
    pub fn hazard(&self, hazard: Hazard) -> &str {
        self.hazards.get(hazard.as_str()).map_or(hazard.as_str(), String::as_str)
    }
}
