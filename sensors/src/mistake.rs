//! A mistake in a configuration file, told so that the person who made it can mend it.

use std::fmt;

/// One mistake: `file:line: key: what is wrong; what is allowed`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file's name inside the configuration folder.
    pub file: String,
    /// The line, counted from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The key or the thing by its path, as `station[3].deadline.interval_s`.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What is allowed instead.
    pub allowed: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}; {}", self.file, self.line, self.key, self.wrong, self.allowed)
    }
}

/// The line, counted from 1, in which a byte of a text stands.
pub fn line_of(text: &str, byte: usize) -> usize {
    let upto = text.len().min(byte);
    1 + text.as_bytes().iter().take(upto).filter(|b| **b == b'\n').count()
}
