//! Readings and time move alerts up and down their ladders.
//!
//! The present level of a slot is the fold over the readings of its sensors in event time, in
//! whatever order they arrive. The fold's state changes rarely, so its changes are kept for the
//! horizon: a late or revised reading folds again from the state before it. What is older than the
//! horizon enters windows, but moves no level by itself. Levels on silence run on the clock.
//! Nothing here knows what was sent to whom.

mod evidence;
mod latch;
mod record;
mod truth;

use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::alert::{AlertId, SlotIx, Transition};
use crate::hazard::Severity;
use crate::rule::{Gate, Level, Rule, RuleSet, Slot, Timing};

use latch::Core;
pub use record::AlertRecord;
use truth::{Answer, Ask, Moment, Scene};

/// What the engine may look at: series in event time, and who is silent now.
pub trait View {
    /// The series of a sensor.
    fn series(&self, sensor: SensorIx) -> Option<&Series>;
    /// Whether the sensor's deadline has passed.
    fn is_silent(&self, sensor: SensorIx) -> bool;
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

    /// Goes back to the state before an event time; `false` when that is too long ago to be known.
    fn rewind(&mut self, before: Timestamp) -> bool {
        if before <= self.floor {
            return false;
        }
        let kept = self.changes.partition_point(|(at, _)| *at < before);
        self.changes.truncate(kept);
        true
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
            Some(found) if found.timing == Timing::Event => self.fold(slot, found, state, change, now, view),
            Some(found) => self.tick(slot, found, state, now, view),
            None => Verdict::default(),
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

    /// Folds from the changed event time to the newest one.
    fn fold(
        &self,
        ix: SlotIx,
        slot: &Slot,
        state: &mut AlertState,
        change: &Change,
        now: Timestamp,
        view: &impl View,
    ) -> Verdict {
        let at = change.measured_at;
        let newest = slot.newest(view).unwrap_or(at).max(at);
        if at < newest.minus(self.horizon()) {
            return Verdict::default();
        }
        // In order, the usual case: at most one more change, and nothing to go back for.
        let in_order = at == newest && state.changes.last().is_none_or(|(last, _)| *last < at);
        let before = if in_order { None } else { Some(state.changes.clone()) };
        if !state.rewind(at) {
            return Verdict::default();
        }
        let known = state.changes.len();
        if at == newest {
            self.step(slot, state, at, view);
        } else {
            for time in slot.times(view, at) {
                self.step(slot, state, time, view);
            }
        }
        let changed = before.map_or(state.changes.len() > known, |before| before != state.changes);
        let transitions = self.say(ix, slot, state, at, now, view);
        if changed || !transitions.is_empty() {
            state.prune(newest.minus(self.horizon()));
        }
        Verdict { changed: changed || !transitions.is_empty(), transitions }
    }

    /// Takes the fold over one event time.
    fn step(&self, slot: &Slot, state: &mut AlertState, at: Timestamp, view: &impl View) {
        if let Some(core) = self.stepped(slot, state.core(), at, Moment::Event(at), view) {
            state.changes.push((at, core));
        }
    }

    /// The state after a moment, where it is another one.
    fn stepped<'s>(
        &self,
        slot: &'s Slot,
        core: &Core,
        at: Timestamp,
        moment: Moment,
        view: &impl View,
    ) -> Option<Core> {
        let Rule { from, until, .. } = *slot.rule;
        if at < from {
            return (*core != Core::REST).then_some(Core::REST);
        }
        let scene = Scene::new(self, view, moment);
        // A rule that ended raises no more; what it raised stands until the condition is over.
        let answer = |level: &'s Level, ask| match ask {
            Ask::Raise if at >= until => Answer::NO,
            _ => scene.answer(&level.when, ask),
        };
        core.step(&slot.levels, at, answer, |level| scene.measured(level))
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

impl Slot {
    /// The newest event time of its sensors.
    fn newest(&self, view: &impl View) -> Option<Timestamp> {
        self.sensors.iter().filter_map(|s| Some(view.series(*s)?.newest()?.measured_at)).max()
    }

    /// The event times of its sensors from `from` on, each once, in order.
    fn times(&self, view: &impl View, from: Timestamp) -> Vec<Timestamp> {
        let after = from.minus(sensors::time::Span::from_ms(1));
        let series = self.sensors.iter().filter_map(|sensor| view.series(*sensor));
        let mut times: Vec<Timestamp> = series.flat_map(|series| series.times_after(after)).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
