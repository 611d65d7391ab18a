//! Readings and time move alerts up and down their ladders.
//!
//! The present level of a slot is the fold over the readings of its sensors in event time, in
//! whatever order they arrive. The fold's state changes rarely, so its changes are kept for the
//! horizon: a late or revised reading folds again from the state before it. What is older than the
//! horizon enters windows, but moves no level by itself. Levels on silence run on the clock.
//! Nothing here knows what was sent to whom.

mod adopt;
mod basin;
mod bearing;
mod evidence;
mod fold;
mod latch;
mod record;
mod storm;
mod sums;
mod truth;

use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::alert::{AlertId, SlotIx, Transition};
use crate::hazard::Severity;
use crate::rule::{Gate, RuleSet, Slot, Timing};

pub(crate) use bearing::Bearing;
pub use fold::Pending;
use latch::Core;
pub use record::AlertRecord;
pub use sums::Sums;
use truth::Moment;

/// What the engine may look at: series in event time, and who is silent now.
pub trait View {
    /// The series of a sensor.
    fn series(&self, sensor: SensorIx) -> Option<&Series>;
    /// Whether the sensor's deadline has passed.
    fn is_silent(&self, sensor: SensorIx) -> bool;
    /// Sums that were looked through already, where no series changes as long as this view lives.
    fn sums(&self) -> Option<&Sums> {
        None
    }
}

/// The most changes of a fold that are kept; with more of them the horizon is shorter.
const CHANGES_MAX: usize = 32;

/// The running state of one (rule, subject) pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertState {
    /// The level that was last said, by trusted readings; 0 for none, else the step of the ladder.
    pub level: u8,
    /// The level that was last said to officers, by suspect readings too; never lower.
    pub doubted: u8,
    /// The running episode; `None` while both levels are 0 and the easing has been said.
    pub episode: Option<Episode>,
    /// The time in the id of the latest episode, so that the next one gets another.
    last_id: Option<Timestamp>,
    /// The fold's state before the first of `changes`.
    base: Core,
    /// Late data at or before this time comes too late.
    floor: Timestamp,
    /// The fold's state from an event time on, wherever it changed, in order.
    changes: Vec<(Timestamp, Core)>,
    /// At rest since this event time; never, while anything is on or about to be.
    rests_since: Timestamp,
}

/// One episode: from the first raise to the return to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Its id.
    pub id: AlertId,
    /// When the first raise became known.
    pub began_at: Timestamp,
    /// When the level last changed.
    pub changed_at: Timestamp,
    /// The greatest severity so far, by suspect readings too.
    pub severity_max: Severity,
    /// The greatest severity so far by trusted readings; `None` while only suspect ones raised it.
    pub sure_max: Option<Severity>,
}

/// What happened to a sensor's series, for the engine to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose series.
    pub sensor: SensorIx,
    /// The event time that was inserted or revised.
    pub measured_at: Timestamp,
    /// The value, where it is usable.
    pub value: Option<Value>,
    /// How.
    pub inserted: Inserted,
}

/// What judging gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the state is another one, and so has to be kept with the commit. It may be without
    /// any transition: a level began to be confirmed or held.
    pub changed: bool,
    /// What changed for people and officers: none, one, or (rarely) one of each.
    pub transitions: Vec<Transition>,
}

impl Change {
    /// The change that a reading made.
    pub fn of(reading: &Reading, inserted: Inserted) -> Self {
        let value = reading.value.filter(|_| reading.quality.is_usable());
        Self { sensor: reading.sensor, measured_at: reading.measured_at, value, inserted }
    }
}

/// A pair that was never raised.
impl Default for AlertState {
    fn default() -> Self {
        Self {
            level: 0,
            doubted: 0,
            episode: None,
            last_id: None,
            base: Core::REST,
            floor: Timestamp::MIN,
            changes: Vec::new(),
            rests_since: Timestamp::MIN,
        }
    }
}

impl AlertState {
    fn core(&self) -> &Core {
        self.changes.last().map_or(&self.base, |(_, core)| core)
    }

    /// Forgets changes that no late reading can reach any more.
    fn prune(&mut self, oldest: Timestamp) {
        let old = self.changes.partition_point(|(at, _)| *at < oldest);
        let drop = old.max(self.changes.len().saturating_sub(CHANGES_MAX));
        for (at, core) in self.changes.drain(..drop) {
            (self.floor, self.base) = (at, core);
        }
        let rests = *self.core() == Core::REST && self.level == 0 && self.doubted == 0;
        let since = self.changes.last().map_or(self.floor, |(at, _)| *at);
        self.rests_since = if rests { since } else { Timestamp::MAX };
    }
}

impl RuleSet {
    /// Whether a change can't matter to a slot, so that its state need not be touched.
    ///
    /// At rest, below every raise, and newer than everything that the fold remembers: whatever the
    /// rest of the condition says, nothing is raised and nothing begins to be.
    pub fn rests(&self, slot: SlotIx, state: &AlertState, change: &Change) -> bool {
        if !change.inserted.changed() {
            return true;
        }
        let Some(slot) = self.slot(slot) else { return true };
        if change.inserted != Inserted::Appended || change.measured_at <= state.rests_since {
            return false;
        }
        match (slot.gate, change.value) {
            (Gate::Open, _) => false,
            (Gate::Level(_) | Gate::Depth, None) => true,
            (Gate::Level(lowest), Some(value)) => value.raw() < lowest,
            (Gate::Depth, Some(value)) => value.raw() <= 0,
        }
    }

    /// Whether a slot is judged with a reading as it comes: one on silence, which runs on the clock,
    /// and with what comes in order one on a single sensor, which has no moment to wait for.
    pub fn is_judged_at_once(&self, slot: SlotIx, in_order: bool) -> bool {
        self.slot(slot).is_none_or(|slot| match slot.timing {
            Timing::Clock => true,
            Timing::Event => in_order && slot.sensors.len() < 2,
        })
    }

    /// Judges one slot after a change of one of its sensors, which is in its series already.
    pub fn judge(
        &self,
        slot: SlotIx,
        state: &mut AlertState,
        change: &Change,
        now: Timestamp,
        view: &impl View,
    ) -> Verdict {
        if self.rests(slot, state, change) {
            return Verdict::default();
        }
        match self.slot(slot) {
            Some(found) if found.timing == Timing::Clock => self.tick(slot, found, state, now, view),
            _ => match self.pending(slot, state, None, change, view) {
                Some(pending) => self.fold(slot, state, &pending, now, view),
                None => Verdict::default(),
            },
        }
    }

    /// Judges one slot after silence began or ended somewhere, by the running clock.
    pub fn judge_silence(
        &self,
        slot: SlotIx,
        state: &mut AlertState,
        now: Timestamp,
        view: &impl View,
    ) -> Verdict {
        match self.slot(slot) {
            Some(found) if found.timing == Timing::Clock => self.tick(slot, found, state, now, view),
            _ => Verdict::default(),
        }
    }

    /// One step on the running clock; such ladders have neither confirm nor hold.
    fn tick(
        &self,
        ix: SlotIx,
        slot: &Slot,
        state: &mut AlertState,
        now: Timestamp,
        view: &impl View,
    ) -> Verdict {
        let next = self.stepped(slot, &state.base, now, Moment::Now, view);
        let changed = next.is_some();
        state.base = next.unwrap_or(state.base);
        let transitions = self.say(ix, slot, state, now, now, view);
        state.prune(Timestamp::MIN);
        Verdict { changed: changed || !transitions.is_empty(), transitions }
    }
}

#[cfg(test)]
mod bearing_tests;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod storm_tests;
#[cfg(test)]
mod tests;
