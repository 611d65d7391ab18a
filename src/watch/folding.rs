//! Which alerts wait to be folded within one decision, and when they are.
//!
//! An alert on one sensor is judged with each reading that comes in order. One on several waits
//! until its moment is whole: nineteen gauges that say the same time are one step, not nineteen.
//! Late readings wait for the end of the decision: however many they are, each alert goes back
//! once. A basin whose moment is not whole at the end of a decision waits on, for a bounded time: a
//! mean over the gauges whose line is faster is no mean, and would be taken back by the others.

use rules::alert::SlotIx;
use rules::engine::Pending;
use sensors::time::Timestamp;

/// The alerts that wait, by slot.
pub(crate) struct Folding {
    waiting: Vec<Option<Waiting>>,
    /// Those whose moment is not over yet, in the order in which they began to wait.
    soon: Vec<SlotIx>,
    /// Those that wait for the end.
    last: Vec<SlotIx>,
    /// The earliest moment among those that go soon.
    earliest: Timestamp,
}

#[derive(Clone, Copy)]
struct Waiting {
    pending: Pending,
    late: bool,
    until: Timestamp,
}

/// An alert whose moment goes on after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) slot: SlotIx,
    pub(crate) pending: Pending,
    /// It is judged with what there is from then on, by the running clock.
    pub(crate) until: Timestamp,
}

impl Folding {
    /// What waits since earlier decisions.
    pub(crate) fn of_open(open: &[Open]) -> Self {
        let mut folding =
            Self { waiting: Vec::new(), soon: Vec::new(), last: Vec::new(), earliest: Timestamp::MAX };
        for Open { slot, pending, until } in open {
            folding.wait(*slot, *pending, false, *until);
        }
        folding
    }

    /// What waits for a slot.
    pub(crate) fn of(&self, slot: SlotIx) -> Option<Pending> {
        self.waiting.get(slot.at()).copied().flatten().map(|waiting| waiting.pending)
    }

    /// Lets a slot wait; `late` makes it wait for the end. Who waits for the end goes on doing so.
    /// `until` is when it is judged at last; who waits already keeps its own.
    pub(crate) fn wait(&mut self, slot: SlotIx, pending: Pending, late: bool, until: Timestamp) {
        if self.waiting.len() <= slot.at() {
            self.waiting.resize(slot.at() + 1, None);
        }
        let Some(place) = self.waiting.get_mut(slot.at()) else { return };
        let before = place.map(|waiting| waiting.late);
        let late = late || before == Some(true);
        let until = place.map_or(until, |waiting| waiting.until);
        *place = Some(Waiting { pending, late, until });
        match (before, late) {
            (None, true) => self.last.push(slot),
            (Some(false), true) => {
                self.soon.retain(|soon| *soon != slot);
                self.last.push(slot);
            }
            (None, false) => self.soon.push(slot),
            _ => {}
        }
        if !late {
            self.earliest = self.earliest.min(pending.moment());
        }
    }

    /// Whether a reading of this time begins a new moment.
    pub(crate) fn is_over(&self, at: Timestamp) -> bool {
        at > self.earliest
    }

    /// The slots that wait for the end of their moment, in the order of the rules.
    pub(crate) fn take_soon(&mut self) -> Vec<Open> {
        self.earliest = Timestamp::MAX;
        let slots = std::mem::take(&mut self.soon);
        self.take(slots)
    }

    /// The slots that wait for the end of the decision, in the order of the rules.
    pub(crate) fn take_last(&mut self) -> Vec<Open> {
        let slots = std::mem::take(&mut self.last);
        self.take(slots)
    }

    fn take(&mut self, mut slots: Vec<SlotIx>) -> Vec<Open> {
        slots.sort_unstable();
        let waiting = &mut self.waiting;
        let taken = slots.into_iter().filter_map(|slot| {
            let Waiting { pending, until, .. } = waiting.get_mut(slot.at())?.take()?;
            Some(Open { slot, pending, until })
        });
        taken.collect()
    }
}
