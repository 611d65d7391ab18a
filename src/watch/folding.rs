//! Which alerts wait to be folded within one decision, and when they are.
//!
//! An alert on one sensor is judged with each reading that comes in order. One on several waits
//! until its moment is whole: nineteen gauges that say the same time are one step, not nineteen.
//! Late readings wait for the end of the decision: however many they are, each alert goes back
//! once.

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
}

impl Folding {
    /// Nothing waits.
    pub(crate) fn new() -> Self {
        Self { waiting: Vec::new(), soon: Vec::new(), last: Vec::new(), earliest: Timestamp::MAX }
    }

    /// What waits for a slot.
    pub(crate) fn of(&self, slot: SlotIx) -> Option<Pending> {
        self.waiting.get(slot.at()).copied().flatten().map(|waiting| waiting.pending)
    }

    /// Lets a slot wait; `late` makes it wait for the end. Who waits for the end goes on doing so.
    pub(crate) fn wait(&mut self, slot: SlotIx, pending: Pending, late: bool) {
        if self.waiting.len() <= slot.at() {
            self.waiting.resize(slot.at() + 1, None);
        }
        let Some(place) = self.waiting.get_mut(slot.at()) else { return };
        let before = place.map(|waiting| waiting.late);
        let late = late || before == Some(true);
        *place = Some(Waiting { pending, late });
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
            self.earliest = self.earliest.min(pending.from());
        }
    }

    /// Whether a reading of this time begins a new moment.
    pub(crate) fn is_over(&self, at: Timestamp) -> bool {
        at > self.earliest
    }

    /// The slots whose moment is over, in the order of the rules.
    pub(crate) fn take_soon(&mut self) -> Vec<(SlotIx, Pending)> {
        self.earliest = Timestamp::MAX;
        let slots = std::mem::take(&mut self.soon);
        self.take(slots)
    }

    /// Everything that waits, in the order of the rules.
    pub(crate) fn take_all(&mut self) -> Vec<(SlotIx, Pending)> {
        self.earliest = Timestamp::MAX;
        let mut slots = std::mem::take(&mut self.soon);
        slots.append(&mut self.last);
        self.take(slots)
    }

    fn take(&mut self, mut slots: Vec<SlotIx>) -> Vec<(SlotIx, Pending)> {
        slots.sort_unstable();
        let waiting = &mut self.waiting;
        slots
            .into_iter()
            .filter_map(|slot| Some((slot, waiting.get_mut(slot.at())?.take()?.pending)))
            .collect()
    }
}
