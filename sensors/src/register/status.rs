//! Status words: what a device says of its own values. Never makes a value better than it is.

use super::place::Place;
use crate::station::SensorIx;

/// A status word and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Where it stands.
    pub place: Place,
    /// What its bits or values mean.
    pub rules: Vec<Rule>,
}

/// One thing that a status word can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// When it is said.
    pub when: When,
    /// What it means.
    pub then: Verdict,
    /// Of whom; of every sensor of the device where it is empty.
    pub of: Vec<SensorIx>,
}

/// What a status word must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// This bit is 1; bit 0 is the least significant one.
    BitSet(u8),
    /// This bit is 0.
    BitClear(u8),
    /// The word is one of these.
    Equals(Vec<u64>),
    /// The word is none of these.
    Differs(Vec<u64>),
}

/// What a status word says of values, the graver the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The device doubts them.
    Doubtful,
    /// They are no values.
    Missing,
    /// They are not ready: no value is taken, and the device is asked again shortly.
    Busy,
}

impl When {
    /// Whether a word says it.
    pub fn holds(&self, word: u64) -> bool {
        let bit = |n: u8| word >> n.min(63) & 1 == 1;
        match self {
            Self::BitSet(n) => bit(*n),
            Self::BitClear(n) => !bit(*n),
            Self::Equals(values) => values.contains(&word),
            Self::Differs(values) => !values.contains(&word),
        }
    }
}

impl Rule {
    /// Whether it speaks of a sensor.
    pub fn is_of(&self, sensor: SensorIx) -> bool {
        self.of.is_empty() || self.of.contains(&sensor)
    }
}

impl Status {
    /// A word that says nothing against any value, for whoever plays the device; `None` where the
    /// rules leave none.
    pub fn well(&self) -> Option<u64> {
        let clear = self.rules.iter().filter_map(|rule| match rule.when {
            When::BitClear(n) => Some(1_u64 << n.min(63)),
            _ => None,
        });
        let bits = clear.fold(0, |word, bit| word | bit);
        let named = self.rules.iter().flat_map(|rule| match &rule.when {
            When::Equals(values) | When::Differs(values) => values.as_slice(),
            When::BitSet(_) | When::BitClear(_) => &[],
        });
        let near = named.flat_map(|value| [*value, value ^ 1]);
        let mut words = [bits].into_iter().chain(near);
        words.find(|word| !self.rules.iter().any(|rule| rule.when.holds(*word)))
    }
}
