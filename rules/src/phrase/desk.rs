//! What officers on duty are told of their own desk.

use super::Language;

/// What these templates may speak of.
pub(super) const PLACES: &[&str] =
    &["what", "where", "when", "until", "who", "why", "count", "level", "quantity", "people", "advice"];

/// The templates with what each must speak of; every notice has a title and a body.
pub(super) const KEYS: &[(&str, &[&str])] = &[
    // A warning waits for a signature.
    ("proposed_title", &["what"]),
    ("proposed_body", &["what", "where", "when"]),
    // The same with a fuse: it goes out by itself at {until}.
    ("fuse_title", &["what"]),
    ("fuse_body", &["what", "where", "when", "until"]),
    // It went out by itself.
    ("fused_title", &["what"]),
    ("fused_body", &["what", "where", "when"]),
    // It does not go out: its condition is over; it was said already; it has no wards.
    ("over_title", &["what"]),
    ("over_body", &["what", "when"]),
    ("muted_title", &["what"]),
    ("muted_body", &["what", "when"]),
    ("no_area_title", &["what"]),
    ("no_area_body", &["what", "when"]),
    // To the public: an officer says that the danger is over.
    ("all_clear_title", &["what"]),
    ("all_clear_body", &["what", "where", "when"]),
    // To the public: it was an error.
    ("cancelled_title", &["what"]),
    ("cancelled_body", &["what", "where", "when"]),
    // To the public, approved beforehand: for a language in which nobody wrote a text.
    ("generic_title", &["where"]),
    ("generic_body", &["where", "when"]),
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
