//! What was found wrong with a message: where, what, what is allowed, and where the standard says so.

use super::rule::{Level, Rule};

/// The longest excerpt of what stands there, in characters.
const EXCERPT_MAX: usize = 120;

/// One thing that is wrong, or could be better.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which rule it breaks.
    pub rule: &'static Rule,
    /// The line of the element, counted from 1.
    pub line: usize,
    /// The path of the element, as `alert/info[2]/area[1]/polygon[1]`.
    pub path: String,
    /// An excerpt of what stands there, harmless to show; may be empty.
    pub said: String,
    /// What is allowed, where it is more than the rule says: the words of an enumeration.
    pub allowed: String,
}

impl Finding {
    pub(super) fn new(rule: &'static Rule, line: usize, path: &str, said: &str) -> Self {
        let said = super::text::shown(said, EXCERPT_MAX);
        Self { rule, line, path: path.to_owned(), said, allowed: String::new() }
    }

    /// Whether `baolu cap check` fails for it.
    pub fn is_error(&self) -> bool {
        self.rule.level != Level::Advice
    }

    /// What is wrong and what is allowed, in a sentence; `vi` is Vietnamese, everything else English.
    pub fn sentence(&self, lang: &str) -> String {
        let (wrong, allowed) = if lang == "vi" { self.rule.vi } else { self.rule.en };
        let said = if self.said.is_empty() { String::new() } else { format!(" ({})", self.said) };
        let more = if self.allowed.is_empty() { String::new() } else { format!(" {}", self.allowed) };
        format!("{wrong}{said}; {allowed}{more}")
    }
}
