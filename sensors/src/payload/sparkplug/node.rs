//! One edge node as its births and deaths make it known, and the count of its messages.

use std::collections::BTreeMap;

use crate::time::{Span, Timestamp};

/// The first wait after a request for a birth; each further one is twice as long.
const ASK_AGAIN: Span = Span::from_s(30);
/// The longest wait: 32 minutes.
const DOUBLED_MAX: u32 = 6;

/// What is known of a node. `births` are by the place of the source: the node's own and those of
/// its devices that somebody reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    session: Option<Session>,
    pub(super) births: BTreeMap<usize, Birth>,
    asked: Option<(Timestamp, u32)>,
}

/// A life of a node.
#[derive(Clone, Copy, Debug)]
struct Session {
    bd_seq: Option<u64>,
    last_seq: u8,
    /// Messages were lost: an alias may have got another meaning.
    is_torn: bool,
}

/// The metrics of a node or device since its birth.
#[derive(Clone, Debug, Default)]
pub(super) struct Birth {
    /// By alias.
    pub(super) aliases: BTreeMap<u64, Known>,
    /// Datatypes of the metrics that a field reads, by the place of the field.
    pub(super) named: BTreeMap<usize, u64>,
}

/// A metric with an alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The field that reads it.
    pub(super) field: Option<usize>,
    pub(super) datatype: u64,
}

/// How a message follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeqStep {
    /// The next one, or the same again.
    Next,
    /// Not the next: this was expected.
    Gap { expected: u8 },
    /// The node was not born to us.
    Unborn,
}

impl Node {
    /// A new life begins; nothing of the old one holds.
    pub(super) fn is_born(&mut self, bd_seq: Option<u64>, seq: u8) {
        self.births.clear();
        self.session = Some(Session { bd_seq, last_seq: seq, is_torn: false });
        // Two publishers under one name tear each other's count at once: not each birth allows a request.
        self.asked = self.asked.map(|(at, _)| (at, 0));
    }

    /// Whether the death is that of the present life; then it is over.
    pub(super) fn dies(&mut self, bd_seq: Option<u64>) -> Option<bool> {
        let session = self.session.as_ref()?;
        let is_this = session.bd_seq == bd_seq;
        if is_this {
            self.forget();
        }
        Some(is_this)
    }

    pub(super) fn forget(&mut self) {
        self.session = None;
        self.births.clear();
    }

    /// Counts a message of the present life.
    pub(super) fn count(&mut self, seq: u8) -> SeqStep {
        let Some(session) = &mut self.session else { return SeqStep::Unborn };
        let expected = session.last_seq.wrapping_add(1);
        let is_repeated = session.last_seq == seq;
        session.last_seq = seq;
        if is_repeated || seq == expected {
            return SeqStep::Next;
        }
        session.is_torn = true;
        SeqStep::Gap { expected }
    }

    /// Whether messages were lost since the birth.
    pub(super) fn is_torn(&self) -> bool {
        self.session.is_some_and(|session| session.is_torn)
    }

    /// Whether it is known and whole.
    pub(super) fn is_alive(&self) -> bool {
        self.session.is_some()
    }

    /// Whether its birth may be asked for now; if so, it is.
    pub(super) fn may_ask(&mut self, now: Timestamp) -> bool {
        let (at, doubled) = match self.asked {
            None => (now, 0),
            Some((at, doubled)) => {
                let wait = Span::from_ms(ASK_AGAIN.ms() << doubled);
                // A clock that was set back must not silence us.
                if now.since(at) < wait && now >= at {
                    return false;
                }
                (now, (doubled + 1).min(DOUBLED_MAX))
            }
        };
        self.asked = Some((at, doubled));
        true
    }
}
