//! What an officer asks of the running service: signed, decided once by the writer, kept in the ledger.
//!
//! An order names who gives it and carries a key, so that the same order sent twice is done once. Who
//! may sign stands in `officers.toml`; identities are not verified here, and every answer says so.

mod roster;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use sensors::city::City;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use sha2::{Digest, Sha256};

use crate::desk;
use crate::desk::paper::Kind;

pub use roster::{Officer, OfficerId, Officers};

/// How far back an officer may enter what was read: two days of a flood.
pub const ENTRY_AGE_MAX: Span = Span::from_h(48);

/// Orders whose keys are remembered; an older one that is repeated is a new order.
pub const REMEMBERED_MAX: usize = 4096;

/// The longest key and the longest note, bytes.
pub const KEY_BYTES_MAX: usize = 64;
/// See [`KEY_BYTES_MAX`].
pub const NOTE_BYTES_MAX: usize = 300;

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Who signs.
    pub actor: OfficerId,
    /// The same key, the same order: visible ASCII, at most [`KEY_BYTES_MAX`].
    pub key: Arc<str>,
    /// What for, in the officer's words; at most [`NOTE_BYTES_MAX`].
    pub note: Option<String>,
    /// The version of the paper that the officer has seen; another one is refused.
    pub if_match: Option<u64>,
    /// What is to be done.
    pub act: Act,
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// A reading that a person took, as from a staff gauge.
    Enter(Entry),
    /// The sensor was looked after: what was held against it is over.
    Trust(SensorIx),
    /// Something at the officers' desk.
    Desk(desk::Act),
}

/// A reading that a person took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The sensor in whose place it stands.
    pub sensor: SensorIx,
    /// When it was read; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval.
    pub from: Option<Timestamp>,
    /// What was read.
    pub value: Value,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done and is durable.
    Done(Done),
    /// It was done before, with this very content; nothing happened again.
    Repeated,
    /// It was not done, and nothing was written.
    Refused(Refusal),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The reading was judged so.
    Entered(Quality),
    /// The sensor is trusted again.
    Trusted,
    /// A version of a paper was filed.
    Filed {
        /// Its kind.
        kind: Kind,
        /// Its id.
        id: Arc<str>,
        /// Its version; the next order names it in If-Match.
        version: u64,
    },
}

/// Why an order was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key belongs to another order.
    #[error("the key belongs to another order; give every order a key of its own")]
    KeyTaken,
    /// The time can't be.
    #[error("{measured_at} is ahead of the clock, which says {now}, or more than {} h ago; enter what was read since then", ENTRY_AGE_MAX.whole_s() / 3600)]
    Time {
        /// The time.
        measured_at: Timestamp,
        /// What the service's clock says.
        now: Timestamp,
    },
    /// No such instrument could say that.
    #[error("{value} is outside the span of {sensor}, {low} to {high} {unit}; is it {unit}?")]
    Span {
        /// What was entered, in the unit.
        value: String,
        /// Whose span.
        sensor: String,
        /// Its lower end.
        low: String,
        /// Its upper end.
        high: String,
        /// The unit.
        unit: &'static str,
    },
    /// A counter or a depth that a counter feeds is no reading that a person takes.
    #[error("{sensor} follows from a counter; enter what can be read by eye")]
    Derived {
        /// The sensor.
        sensor: String,
    },
    /// Nothing is held against the sensor.
    #[error("nothing is held against {sensor}; there is nothing to release")]
    Trusted {
        /// The sensor.
        sensor: String,
    },
    /// There is no such open paper.
    #[error("{what} is not open; it was closed, or never was")]
    Absent {
        /// What was named.
        what: String,
    },
    /// Somebody was faster.
    #[error(
        "version {given} was seen, but {by} made version {current} of it at {at}; look at it and order again"
    )]
    Stale {
        /// What the officer had seen.
        given: u64,
        /// What stands now.
        current: u64,
        /// Who made it.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It can't be done as things are.
    #[error("{why}")]
    Desk {
        /// What stands against it, and what is allowed.
        why: String,
    },
    /// The configuration changed meanwhile.
    #[error("the sensor is not in the configuration any more; look it up again")]
    Unknown,
}

impl Order {
    /// A hash over everything that was ordered: tells a repetition from another order of the same key.
    pub fn digest(&self, city: &City) -> [u8; 32] {
        let sensor = |ix: SensorIx| city.sensor(ix).map(|sensor| sensor.id.to_string()).unwrap_or_default();
        let act = match &self.act {
            Act::Enter(Entry { sensor: ix, measured_at, from, value }) => {
                let from = from.map_or(measured_at.ms(), Timestamp::ms);
                format!("enter {} {} {from} {}", sensor(*ix), measured_at.ms(), value.raw())
            }
            Act::Trust(ix) => format!("trust {}", sensor(*ix)),
            Act::Desk(act) => serde_json::to_string(act).unwrap_or_default(),
        };
        let note = self.note.as_deref().unwrap_or_default();
        Sha256::digest(format!("{}\n{act}\n{note}", self.actor)).into()
    }

    /// The sensor that it is about.
    pub fn sensor(&self) -> Option<SensorIx> {
        match self.act {
            Act::Enter(entry) => Some(entry.sensor),
            Act::Trust(sensor) => Some(sensor),
            Act::Desk(_) => None,
        }
    }
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Enter(_) => "enter",
            Self::Trust(_) => "trust",
            Self::Desk(act) => act.as_str(),
        }
    }
}

/// The keys of the newest orders, so that none is done twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    digests: BTreeMap<Arc<str>, [u8; 32]>,
    order: VecDeque<Arc<str>>,
}

impl Remembered {
    /// What the store kept, oldest first.
    pub fn new(kept: impl IntoIterator<Item = (Arc<str>, [u8; 32])>) -> Self {
        let mut remembered = Self::default();
        for (key, digest) in kept {
            remembered.keep(key, digest);
        }
        remembered
    }

    /// What was done under a key.
    pub fn digest(&self, key: &str) -> Option<&[u8; 32]> {
        self.digests.get(key)
    }

    /// Keeps a key; the oldest goes when there are more than [`REMEMBERED_MAX`].
    pub fn keep(&mut self, key: Arc<str>, digest: [u8; 32]) {
        if self.digests.insert(Arc::clone(&key), digest).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.digests.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_key_is_forgotten_first_and_never_more_than_the_bound_are_kept() {
        let key = |n: usize| -> Arc<str> { n.to_string().into() };
        let mut remembered = Remembered::new((0..=REMEMBERED_MAX).map(|n| (key(n), [0; 32])));
        assert_eq!(remembered.digests.len(), REMEMBERED_MAX);
        assert!(remembered.digest("0").is_none() && remembered.digest("1").is_some());
        remembered.keep(key(1), [1; 32]);
        assert_eq!(remembered.digest("1"), Some(&[1; 32]));
        assert_eq!(remembered.order.len(), REMEMBERED_MAX);
    }
}
