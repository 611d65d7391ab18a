//! The latches of one ladder: which levels are on, and which are about to change.
//!
//! Two tracks run beside each other: one believes every usable reading, the other only trusted
//! ones. People are told of the second; officers see both. A step is a plain function of the
//! state, the event time and the answers of the conditions.

use sensors::time::Timestamp;

use super::truth::{Answer, Ask, Truth};
use crate::rule::{LEVELS_MAX, Level};

/// One track over the levels of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Track {
    /// Bit `k` is set while level `k + 1` is on.
    pub(super) on: u8,
    /// Since when a level is about to change: true and not yet confirmed while it is off, over
    /// and still held while it is on.
    pub(super) since: [Option<Timestamp>; LEVELS_MAX],
}

/// One latch of a track.
#[derive(Clone, Copy)]
struct Latch {
    on: bool,
    since: Option<Timestamp>,
}

/// The folded state of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Core {
    /// Every usable reading, suspect ones too.
    pub(super) any: Track,
    /// Trusted readings only.
    pub(super) sure: Track,
}

impl Track {
    const REST: Self = Self { on: 0, since: [None; LEVELS_MAX] };

    /// The highest level that is on, 0 for none.
    pub(super) fn level(&self) -> u8 {
        (8 - self.on.leading_zeros()) as u8
    }

    pub(super) fn is_on(&self, place: usize) -> bool {
        self.on >> place & 1 == 1
    }

    pub(super) fn switch(&mut self, place: usize, on: bool) {
        let bit = 1 << place;
        self.on = if on { self.on | bit } else { self.on & !bit };
    }

    /// What a latch becomes, where it becomes something else: by whether it is raised while it is
    /// off, by whether it stays while it is on. A hold that `measured` denies begins anew.
    fn moved(
        &self,
        place: usize,
        level: &Level,
        at: Timestamp,
        truth: Truth,
        measured: impl Fn() -> bool,
    ) -> Option<Latch> {
        let on = self.is_on(place);
        let since = self.since.get(place).copied()?;
        // What would change the latch, what keeps it as it is, and for how long it must last.
        let (changes, keeps, span) = if on {
            (truth == Truth::False, truth == Truth::True, level.hold)
        } else {
            (truth == Truth::True, truth == Truth::False, level.confirm)
        };
        if changes {
            let began = since.filter(|_| !on || measured()).unwrap_or(at);
            let done = at.since(began) >= span;
            let latch = if done { Latch { on: !on, since: None } } else { Latch { on, since: Some(began) } };
            return (done || since != Some(began)).then_some(latch);
        }
        (keeps && since.is_some()).then_some(Latch { on, since: None })
    }

    fn put(&mut self, place: usize, latch: Latch) {
        self.switch(place, latch.on);
        if let Some(since) = self.since.get_mut(place) {
            *since = latch.since;
        }
    }
}

impl Core {
    /// Nothing is on and nothing is about to be.
    pub(super) const REST: Self = Self { any: Track::REST, sure: Track::REST };

    /// The state after an event time, where it is another one; `ask` answers for the condition of
    /// one level, `measured` says whether no silence that outlasts its hold ended just now. Mostly
    /// nothing changes, and nothing is copied.
    pub(super) fn step<'a>(
        &self,
        levels: &'a [Level],
        at: Timestamp,
        ask: impl Fn(&'a Level, Ask) -> Answer,
        measured: impl Fn(&Level) -> bool,
    ) -> Option<Self> {
        let mut next: Option<Self> = None;
        let which = |on| if on { Ask::Stay } else { Ask::Raise };
        for (place, level) in levels.iter().enumerate() {
            let (any, sure) = (which(self.any.is_on(place)), which(self.sure.is_on(place)));
            let answer = ask(level, any);
            if let Some(latch) = self.any.moved(place, level, at, answer.any, || measured(level)) {
                next.get_or_insert(*self).any.put(place, latch);
            }
            let answer = if any == sure { answer } else { ask(level, sure) };
            if let Some(latch) = self.sure.moved(place, level, at, answer.sure, || measured(level)) {
                next.get_or_insert(*self).sure.put(place, latch);
            }
        }
        next
    }

    /// The level that trusted readings give, and the level that all of them give, which is never lower.
    pub(super) fn levels(&self) -> (u8, u8) {
        let sure = self.sure.level();
        (sure, self.any.level().max(sure))
    }
}
