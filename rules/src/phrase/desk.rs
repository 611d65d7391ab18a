//! What officers on duty are told of their own desk.

use super::Language;

/// What these templates may speak of.
pub(super) const PLACES: &[&str] =
    &["what", "where", "when", "until", "who", "why", "count", "level", "quantity", "people", "advice"];

/// The templates with what each must speak of; every notice has a title and a body.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    // A warning waits for a signature; with a fuse it goes out by itself at {until}.
    ("proposed_title", &["what"]),
    ("proposed_body", &["what", "where", "when"]),
    // Other rules came into force.
    ("rules_changed_title", &[]),
    ("rules_changed_body", &["what", "who"]),
    // Alerts that stood ended because their rule is no more; the public was told nothing of it.
    ("rules_withdrawn_title", &["count"]),
    ("rules_withdrawn_body", &["what"]),
    // A level that was reached while nobody measured: between {when} and {until}.
    ("inferred_title", &["what", "level"]),
    ("inferred_body", &["what", "level", "when", "until"]),
];

impl Language {
    /// A text of the desk.
    pub fn desk(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.desk.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }
}
