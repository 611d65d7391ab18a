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
    // A warning that nobody has acknowledged: {who} is called, it waits since {when}.
    ("call_title", &["what"]),
    ("call_body", &["what", "who", "when"]),
    ("remind_title", &["what"]),
    ("remind_body", &["what", "when", "count"]),
    // Notices that went beyond what an officer can take in.
    ("gathered_title", &["count"]),
    ("gathered_body", &["count", "when"]),
    // Pushes that went beyond what a resident can take in.
    ("withheld_title", &["what"]),
    ("withheld_body", &["what", "where", "count"]),
    ("hand_over_title", &["who"]),
    ("hand_over_body", &["who", "count", "why"]),
    // Another authority's alert: severe and near, withdrawn, or strange.
    ("foreign_title", &["what"]),
    ("foreign_body", &["who", "where", "until"]),
    ("foreign_cancelled_title", &["who"]),
    ("foreign_cancelled_body", &["when"]),
    ("foreign_contradicts_title", &["who"]),
    ("foreign_contradicts_body", &["what"]),
    ("foreign_backwards_title", &["who"]),
    ("foreign_backwards_body", &["what", "when"]),
    ("foreign_unknown_title", &["who"]),
    ("foreign_unknown_body", &["what"]),
    ("foreign_full_title", &[]),
    ("foreign_full_body", &["what", "who"]),
    // Other rules came into force.
    ("rules_changed_title", &[]),
    ("rules_changed_body", &["what", "who"]),
    // Alerts that stood ended because their rule is no more; the public was told nothing of it.
    ("rules_withdrawn_title", &["count"]),
    ("rules_withdrawn_body", &["what"]),
    // The CAP message of {what} expired at {when} before it could be renewed; it is in force again.
    ("cap_lapsed_title", &[]),
    ("cap_lapsed_body", &["what", "when"]),
    // A warning names no ward of the city, so that no CAP message can be written.
    ("cap_nowhere_title", &[]),
    ("cap_nowhere_body", &["what"]),
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
    // A release order came later before its hour than the law asks for.
    ("release_short_title", &["where"]),
    ("release_short_body", &["where", "when", "until", "quantity"]),
    // A dam lets out more, {quantity}, and no order announced it; or one did, for a later hour {until}.
    ("release_unannounced_title", &["where"]),
    ("release_unannounced_body", &["where", "when", "quantity"]),
    ("release_early_title", &["where"]),
    ("release_early_body", &["where", "when", "until", "quantity"]),
    // Nobody said that a release ended.
    ("release_lapsed_title", &["where"]),
    ("release_lapsed_body", &["where", "when"]),
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
