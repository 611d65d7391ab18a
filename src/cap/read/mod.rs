//! CAP messages of others: hostile XML refused, the rest held against schema, prose and profile, and
//! said in our words.
//!
//! Pure: bytes in, findings and a plain message out. It follows no reference, opens nothing and
//! believes nobody: whatever arrives, it ends soon and within bounds.

pub mod config;
mod finding;
mod form;
mod list;
mod message;
mod profile;
mod prose;
pub mod rule;
mod schema;
mod shape;
mod text;
mod xml;

pub use finding::Finding;
pub use list::{Entry, Inside, Listed, listed};
pub use message::{Area, Info, Message, Reference};
pub use profile::Profile;
pub use text::{shown, shown_lines};

use schema::Findings;

/// The size of a message that is read where nothing else is configured, bytes.
pub const BYTES_MAX: usize = 1024 * 1024;
/// More than this can't be configured, bytes.
pub const BYTES_HARD_MAX: usize = 4 * 1024 * 1024;

/// What was found in a message.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Everything that is wrong or could be better; what weighs most comes first.
    pub findings: Vec<Finding>,
    /// The message, unless its form is broken.
    pub message: Option<Message>,
}

impl Verdict {
    /// Whether nothing breaks the standard, nor the profile where one was given.
    pub fn is_valid(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// Reads and checks a message of at most `bytes_max`.
pub fn check(bytes: &[u8], bytes_max: usize, profile: Option<&Profile>) -> Verdict {
    let root = match xml::read(bytes, bytes_max.min(BYTES_HARD_MAX)) {
        Ok(root) => root,
        Err(finding) => return Verdict { findings: vec![finding], message: None },
    };
    judge(&root, profile)
}

/// Holds what was read as XML against everything else.
fn judge(root: &xml::Node, profile: Option<&Profile>) -> Verdict {
    let mut found = Findings::default();
    schema::check(root, &mut found);
    let is_cap = root.space == xml::Space::Cap12 && root.name == "alert";
    if is_cap && prose::is_bounded(root, &mut found) {
        prose::check(root, &mut found);
        if let Some(profile) = profile {
            profile::check(root, profile, &mut found);
        }
    }
    let findings = found.into_sorted();
    let is_broken = findings.iter().any(|finding| finding.rule.level == rule::Level::Broken);
    let message = if is_broken { None } else { message::of(root) };
    Verdict { findings, message }
}

#[cfg(test)]
mod tests;
