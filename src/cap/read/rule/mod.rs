//! The rules that messages are held against, each with its name, its section of CAP 1.2 and its words.
//!
//! A table and nothing else: the sections are those of the OASIS standard of 1 July 2010.

mod advice;
mod breach;
mod form;

pub use advice::*;
pub use breach::*;
pub use form::*;

/// How much a rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It breaks XML, the schema or a bound: `check` fails, and the message is taken in from nobody.
    Broken,
    /// It breaks the standard's text: `check` fails; from a feed it is taken in with a note, because
    /// a warning with a fault in its form is still a warning.
    Breach,
    /// It breaks the city's profile: `check --profile` fails.
    Profile,
    /// It could be better.
    Advice,
}

impl Level {
    /// The spelling in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken | Self::Breach => "error",
            Self::Profile => "profile",
            Self::Advice => "recommendation",
        }
    }
}

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in JSON.
    pub id: &'static str,
    /// Where it stands: a section of CAP 1.2 unless it says otherwise.
    pub section: &'static str,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong, and what is allowed, in English.
    pub en: (&'static str, &'static str),
    /// The same in Vietnamese.
    pub vi: (&'static str, &'static str),
}
