//! One decision: a plain function from a state, a moment and what happened to what is to be
//! written and the state after it. No socket, no clock, no disk: the same events give the same
//! decision on every machine.

mod replan;

use std::collections::BTreeSet;
use std::sync::Arc;

use rules::alert::{AlertId, SlotIx};
use rules::engine::{Change, Pending, Sums};
use sensors::reading::{Observation, Reading};
use sensors::series::Inserted;
use sensors::station::SensorIx;
use sensors::time::Timestamp;
use sensors::track::Judged;

use crate::event::Event;
use crate::notify::delivery::{Delivery, DeliveryId, End, Outcome};
use crate::order::Answer;
use crate::store::commit::Commit;
use crate::watch::folding::Folding;
use crate::watch::snapshot::{Eyes, Plan, State};
use crate::watch::{desk, order, review, silence, tell};

/// What is to be written, and what will be true once it is.
#[derive(Debug)]
pub struct Decision {
    /// One transaction.
    pub commit: Commit,
    /// The state after it. Its `outbox` is what goes out, its `wake_at` when to look again.
    pub next: State,
    /// What became of each [`Event::Ordered`], in their order; told once the commit is durable.
    pub answers: Vec<Answer>,
}

/// Decides what follows from `events` at `now`.
pub fn decide(state: &State, now: Timestamp, events: &[Event]) -> Decision {
    advance(state.clone(), now, events)
}

/// As [`decide`], for who needs the state before it no more: nothing of it has to be copied.
pub fn advance(state: State, now: Timestamp, events: &[Event]) -> Decision {
    let mut turn = Turn::new(state, now);
    for event in events {
        turn.take(event);
    }
    review::inspect(&mut turn);
    turn.fold_all();
    review::mark(&mut turn);
    silence::watch_deadlines(&mut turn);
    turn.settle_alerts();
    desk::follow(&mut turn);
    tell::tell(&mut turn);
    desk::follow_told(&mut turn);
    turn.clear_outbox();
    turn.next.wake_at = turn.next.wake_at.into_iter().chain(desk::due(&turn.next)).min();
    Decision { commit: turn.commit, next: turn.next, answers: turn.answers }
}

/// A decision in the making.
pub(crate) struct Turn {
    pub(crate) plan: Arc<Plan>,
    pub(crate) now: Timestamp,
    pub(crate) next: State,
    pub(crate) commit: Commit,
    /// Deliveries that ended, and how.
    pub(crate) ends: Vec<(Arc<Delivery>, End)>,
    /// Lines that came up so long ago that everybody behind them must have spoken.
    pub(crate) rechecked: Vec<usize>,
    answers: Vec<Answer>,
    /// Readings that say something else than they did.
    pub(crate) revised: Vec<Reading>,
    /// Episodes that ended with their rule: nobody but officers is told so.
    pub(crate) withdrawn: BTreeSet<AlertId>,
    folding: Folding,
    changed: Vec<SlotIx>,
    ended: BTreeSet<DeliveryId>,
}

impl Turn {
    fn new(state: State, now: Timestamp) -> Self {
        let commit = Commit { at: now, ..Commit::default() };
        let plan = Arc::clone(&state.plan);
        Self {
            plan,
            now,
            next: state,
            commit,
            ends: Vec::new(),
            rechecked: Vec::new(),
            answers: Vec::new(),
            revised: Vec::new(),
            withdrawn: BTreeSet::new(),
            folding: Folding::new(),
            changed: Vec::new(),
            ended: BTreeSet::new(),
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Observed(observation) => self.observe(observation),
            Event::Ordered(asked) => {
                let answer = order::carry_out(self, asked);
                self.answers.push(answer);
            }
            Event::Line(line) => silence::line_changed(self, line),
            Event::Station(health) => silence::station_changed(self, health),
            Event::Stray(stray) => {
                self.next.strays += 1;
                self.commit.strays.push(stray.clone());
            }
            Event::Delivered(outcome) => self.end(outcome),
            Event::Stepped(by) => silence::stepped(self, *by),
        }
    }

    fn observe(&mut self, observation: &Observation) {
        let plan = Arc::clone(&self.plan);
        let Some(sensor) = plan.city.sensor(observation.sensor) else { return };
        if self.folding.is_over(observation.measured_at) {
            let waiting = self.folding.take_soon();
            self.fold(waiting);
        }
        let Some(track) = self.next.tracks.get_mut(observation.sensor.at()) else { return };
        let judged = Arc::make_mut(track).judge(sensor, observation, self.now);
        self.took(observation.sensor, &judged);
        let Some(feeds) = sensor.feeds.filter(|_| !judged.fed.is_empty()) else { return };
        let Some(depths) = plan.city.sensor(feeds) else { return };
        for fed in &judged.fed {
            let Some(track) = self.next.tracks.get_mut(feeds.at()) else { return };
            let judged = Arc::make_mut(track).judge_fed(depths, fed, self.now);
            self.took(feeds, &judged);
        }
    }

    fn took(&mut self, sensor: SensorIx, judged: &Judged) {
        // A broker can repeat a dead gauge's words, and a blind one says that it has no value: neither
        // is a sign of life.
        if judged.inserted != Inserted::Same && judged.reading.is_contact() {
            silence::heard(self, sensor);
        }
        self.keep(sensor, judged);
    }

    /// Keeps a reading with what it revised.
    pub(crate) fn keep(&mut self, sensor: SensorIx, judged: &Judged) {
        // What a reading in order shows of those before it belongs to its own moment.
        let late = judged.inserted != Inserted::Appended;
        self.record(&judged.reading, judged.inserted, late);
        for revised in &judged.revised {
            self.record(revised, Inserted::Revised, late);
        }
        review::note(self, sensor, judged);
    }

    /// A reading that is judged otherwise now, because of what other sensors show.
    pub(crate) fn revise(&mut self, reading: &Reading) {
        self.record(reading, Inserted::Revised, true);
    }

    /// Keeps a reading and lets every alert that it touches judge it, now or when its time has come.
    fn record(&mut self, reading: &Reading, inserted: Inserted, late: bool) {
        if inserted == Inserted::Same {
            return;
        }
        self.commit.readings.push(*reading);
        if inserted == Inserted::Revised {
            self.revised.push(*reading);
        }
        if !inserted.changed() {
            return;
        }
        let change = Change::of(reading, inserted);
        let plan = Arc::clone(&self.plan);
        for slot in plan.rules.touched_by(reading.sensor) {
            let Some(alert) = self.next.alerts.get_mut(slot.at()) else { continue };
            let waiting = self.folding.of(*slot);
            if waiting.is_none() && plan.rules.rests(*slot, alert, &change) {
                continue;
            }
            let eyes = Eyes { tracks: &self.next.tracks, silent: &self.next.silent, sums: None };
            let in_order = waiting.is_none() && inserted == Inserted::Appended;
            if plan.rules.is_judged_at_once(*slot, in_order) {
                let verdict = plan.rules.judge(*slot, Arc::make_mut(alert), &change, self.now, &eyes);
                self.ruled(*slot, verdict);
            } else if let Some(pending) = plan.rules.pending(*slot, alert, waiting, &change, &eyes) {
                let late = late || (pending.goes_back() && inserted == Inserted::Appended);
                self.folding.wait(*slot, pending, late);
            }
        }
    }

    /// Folds everything that waits, now.
    pub(crate) fn fold_all(&mut self) {
        let waiting = self.folding.take_all();
        self.fold(waiting);
    }

    fn fold(&mut self, waiting: Vec<(SlotIx, Pending)>) {
        let plan = Arc::clone(&self.plan);
        // Who goes back asks for the same sums at the same past moments as the others do.
        let sums = waiting.iter().any(|(_, pending)| pending.goes_back()).then(Sums::default);
        for (slot, pending) in waiting {
            let Some(alert) = self.next.alerts.get_mut(slot.at()) else { continue };
            let eyes = Eyes { tracks: &self.next.tracks, silent: &self.next.silent, sums: sums.as_ref() };
            let verdict = plan.rules.fold(slot, Arc::make_mut(alert), &pending, self.now, &eyes);
            self.ruled(slot, verdict);
        }
    }

    /// Lets the alerts on silence look again, after a sensor fell silent or spoke.
    pub(crate) fn judge_silence(&mut self, sensor: SensorIx) {
        let plan = Arc::clone(&self.plan);
        for slot in plan.rules.silence_slots(sensor) {
            let Some(alert) = self.next.alerts.get_mut(slot.at()) else { continue };
            let eyes = Eyes { tracks: &self.next.tracks, silent: &self.next.silent, sums: None };
            let verdict = plan.rules.judge_silence(*slot, Arc::make_mut(alert), self.now, &eyes);
            self.ruled(*slot, verdict);
        }
    }

    fn ruled(&mut self, slot: SlotIx, verdict: rules::engine::Verdict) {
        if verdict.changed {
            self.changed.push(slot);
        }
        self.commit.transitions.extend(verdict.transitions);
    }

    /// Writes the state of every alert that changed, once each.
    fn settle_alerts(&mut self) {
        self.changed.sort_unstable();
        self.changed.dedup();
        for ix in &self.changed {
            if let (Some(slot), Some(alert)) = (self.plan.rules.slot(*ix), self.next.alerts.get(ix.at())) {
                self.commit.alerts.push((slot.key().to_owned(), alert.record(slot)));
            }
        }
    }

    fn end(&mut self, outcome: &Outcome) {
        let pending = self.next.outbox.iter().find(|delivery| delivery.id == outcome.delivery);
        if let Some(delivery) = pending
            && self.ended.insert(outcome.delivery.clone())
        {
            self.ends.push((Arc::clone(delivery), outcome.end.clone()));
            self.commit.outcomes.push(outcome.clone());
        }
    }

    fn clear_outbox(&mut self) {
        if !self.ended.is_empty() {
            let ended = &self.ended;
            self.next.outbox.retain(|delivery| !ended.contains(&delivery.id));
        }
    }
}
