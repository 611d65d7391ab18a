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
    // A release order came later before its hour than the law asks for.
    ("release_short_title", &["where"]),
    ("release_short_body", &["where", "when", "until", "quantity"]),
    // Nobody said that a release ended.
    ("release_lapsed_title", &["where"]),
    ("release_lapsed_body", &["where", "when"]),
];

impl Language {
    /// A text of the desk.
    pub fn desk(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.desk.get(key).map(|template| template.fill(values)).unwrap_or_default()
    }
}
