//! The fold over event time: what changed is gathered, and then folded once.
//!
//! Changes at the end of a series are few and are told step by step. Late ones go back: however
//! many of them came together, the fold goes over the time since the earliest of them once, says
//! what it comes to, and only then steps on over what is new. Nothing here looks at a clock.

use sensors::time::{Span, Timestamp};

use super::truth::{Answer, Ask, Moment, Scene};
use super::{AlertState, Change, Verdict, View};
use crate::alert::SlotIx;
use crate::engine::latch::Core;
use crate::rule::{Level, Rule, RuleSet, Slot, Timing};

/// The shortest time between two moments.
pub(super) const TICK: Span = Span::from_ms(1);

/// Changes of a slot's series that are not folded yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The earliest event time that changed.
    from: Timestamp,
    /// The fold had gone so far before; what it gives for a time after that is said by itself.
    folded: Timestamp,
    /// The newest event time of the slot's sensors.
    newest: Timestamp,
}

impl Pending {
    /// Whether something before the newest event time changed, so that the fold has to go back.
    pub fn goes_back(&self) -> bool {
        self.from <= self.folded
    }

    /// The earliest event time that changed.
    pub fn from(&self) -> Timestamp {
        self.from
    }
}

impl RuleSet {
    /// Adds a change to what is to be folded; `before` is what waits already. A change that is
    /// older than the horizon, or than all that the fold remembers, adds nothing.
    ///
    /// The series holds the change already, and nothing newer that was not added here.
    pub fn pending(
        &self,
        slot: SlotIx,
        state: &AlertState,
        before: Option<Pending>,
        change: &Change,
        view: &impl View,
    ) -> Option<Pending> {
        let slot = self.slot(slot).filter(|slot| slot.timing == Timing::Event)?;
        let at = change.measured_at;
        let newest = match before {
            Some(pending) => pending.newest,
            None => slot.newest(view).unwrap_or(at),
        };
        let newest = newest.max(at);
        if at < newest.minus(self.horizon()) || at <= state.floor {
            return before;
        }
        let folded = if at == newest { at.minus(TICK) } else { newest };
        Some(match before {
            Some(pending) => Pending { from: pending.from.min(at), newest, ..pending },
            None => Pending { from: at, folded, newest },
        })
    }

    /// Folds what waits, from its earliest change to the newest event time.
    pub fn fold(
        &self,
        slot: SlotIx,
        state: &mut AlertState,
        pending: &Pending,
        now: Timestamp,
        view: &impl View,
    ) -> Verdict {
        let Some(found) = self.slot(slot) else { return Verdict::default() };
        let newest = pending.newest;
        let from = pending.from.max(state.floor.plus(TICK));
        let fold = Fold { rules: self, ix: slot, slot: found, now, view };
        let mut verdict = Verdict::default();
        // What was folded for the newest time already, by another sensor's word, is folded again.
        let known = state.changes.last().map_or(Timestamp::MIN, |(last, _)| *last);
        let folded = if known >= from { pending.folded.max(known) } else { pending.folded };
        let new = if from > folded {
            from
        } else {
            fold.again(state, from, folded, &mut verdict);
            folded.plus(TICK)
        };
        if new >= newest {
            if new == newest {
                fold.step_and_say(state, newest, &mut verdict);
            }
        } else {
            found.times(view, new).into_iter().for_each(|at| fold.step_and_say(state, at, &mut verdict));
        }
        verdict.changed |= !verdict.transitions.is_empty();
        verdict
    }

    /// The state after a moment, where it is another one.
    pub(super) fn stepped<'s>(
        &self,
        slot: &'s Slot,
        core: &Core,
        at: Timestamp,
        moment: Moment,
        view: &impl View,
    ) -> Option<Core> {
        let Rule { from, until, season, .. } = *slot.rule;
        if at < from {
            return (*core != Core::REST).then_some(Core::REST);
        }
        let scene = Scene::new(self, view, moment);
        // A rule that ended raises no more; what it raised stands until the condition is over.
        let answer = |level: &'s Level, ask| match ask {
            Ask::Raise if at >= until || season.is_some_and(|season| !season.holds(at)) => Answer::NO,
            _ => scene.answer(&level.when, ask),
        };
        core.step(&slot.levels, at, answer, |level| scene.measured(level))
    }
}

/// One fold over one slot.
struct Fold<'a, V> {
    rules: &'a RuleSet,
    ix: SlotIx,
    slot: &'a Slot,
    now: Timestamp,
    view: &'a V,
}

impl<V: View> Fold<'_, V> {
    /// Goes again over the times in `from..=folded`, and says what that comes to.
    fn again(&self, state: &mut AlertState, from: Timestamp, folded: Timestamp, verdict: &mut Verdict) {
        let before = state.changes.clone();
        let kept = before.partition_point(|(at, _)| *at < from);
        state.changes.truncate(kept);
        for at in self.slot.times(self.view, from).into_iter().take_while(|at| *at <= folded) {
            self.step(state, at);
        }
        let said = self.rules.say(self.ix, self.slot, state, from, self.now, self.view);
        let changed = before != state.changes;
        if changed || !said.is_empty() {
            state.prune(folded.minus(self.rules.horizon()));
        }
        verdict.changed |= changed;
        verdict.transitions.extend(said);
    }

    /// Takes the fold over one new event time, and says what it gives.
    fn step_and_say(&self, state: &mut AlertState, at: Timestamp, verdict: &mut Verdict) {
        let changed = self.step(state, at);
        let said = self.rules.say(self.ix, self.slot, state, at, self.now, self.view);
        if changed || !said.is_empty() {
            state.prune(at.minus(self.rules.horizon()));
        }
        verdict.changed |= changed;
        verdict.transitions.extend(said);
    }

    fn step(&self, state: &mut AlertState, at: Timestamp) -> bool {
        let next = self.rules.stepped(self.slot, state.core(), at, Moment::Event(at), self.view);
        if let Some(core) = next {
            state.changes.push((at, core));
        }
        next.is_some()
    }
}

impl Slot {
    /// The newest event time of its sensors.
    pub(super) fn newest(&self, view: &impl View) -> Option<Timestamp> {
        self.sensors.iter().filter_map(|s| Some(view.series(*s)?.newest()?.measured_at)).max()
    }

    /// The event times of its sensors from `from` on, each once, in order.
    pub(super) fn times(&self, view: &impl View, from: Timestamp) -> Vec<Timestamp> {
        let after = from.minus(TICK);
        let series = self.sensors.iter().filter_map(|sensor| view.series(*sensor));
        let mut times: Vec<Timestamp> = series.flat_map(|series| series.times_after(after)).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}
