//! What a device says of its own numbers: a word or code, and what it means.
//!
//! A word that nobody explained is never taken for good: the number is kept, as doubtful.

use crate::reading::Observed;

/// What a device says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// As good as it can tell.
    Good,
    /// Estimated, out of calibration, tilted: it may be wrong.
    Doubtful,
    /// There is no value, whatever number stands there.
    Missing,
    /// The number is wrong.
    Bad,
}

/// Words and codes, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityWords {
    /// A text as it stands, a number as JSON writes it, `true` or `false`; and its meaning.
    pub words: Vec<(String, Said)>,
    /// What any other word means.
    pub other: Said,
}

/// Where a payload judges a number, and how its words are to be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityMap {
    /// JSON pointer or CSV column of the word.
    pub pointer: String,
    /// The words.
    pub words: QualityWords,
    /// What it means that nothing stands there.
    pub absent: Said,
}

impl QualityWords {
    /// What a word means, and whether anybody said so.
    pub(super) fn meaning(&self, word: &str) -> (Said, bool) {
        let word = word.trim_ascii();
        let found = self.words.iter().find(|(known, _)| known == word);
        found.map_or((self.other, false), |(_, said)| (*said, true))
    }
}

impl Said {
    /// A value with this word on it.
    pub fn on(self, value: Observed) -> Observed {
        match (self, value) {
            (Self::Good, value) => value,
            (Self::Doubtful, Observed::Value(value)) => Observed::Doubtful(value),
            (Self::Doubtful, value) => value,
            (Self::Missing, _) => Observed::Missing,
            (Self::Bad, Observed::Missing) => Observed::Missing,
            (Self::Bad, _) => Observed::Nonsense,
        }
    }
}
