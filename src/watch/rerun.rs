//! The engine once more, over what was stored: the same readings in the same commits give the same
//! transitions, or somebody has to say why not.
//!
//! It judges what readings make true. Alerts on silence run on the clock, which leaves no readings behind;
//! they are not judged again.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::{SlotIx, Transition};
use rules::engine::{AlertRecord, AlertState, Change, Pending, View};
use sensors::quality::Check;
use sensors::reading::Reading;
use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::watch::folding::Folding;
use crate::watch::snapshot::Plan;

/// A city that judges again.
pub struct Rerun {
    plan: Arc<Plan>,
    heard: Heard,
    alerts: Vec<AlertState>,
    /// What is kept of alerts that the rules no longer have, by their keys.
    retired: BTreeMap<String, AlertRecord>,
}

struct Heard(Vec<Series>);

impl View for Heard {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.0.get(sensor.at())
    }

    fn is_silent(&self, _: SensorIx) -> bool {
        false
    }
}

impl Rerun {
    /// Nothing was heard yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::remembering(plan, Span::ZERO)
    }

    /// The same with series that reach at least so far back, for rules that come into force later.
    pub fn remembering(plan: Arc<Plan>, at_least: Span) -> Self {
        let retention = |sensor| plan.retention(sensor).max(at_least);
        let series = plan.city.sensors.iter().map(|sensor| Series::new(retention(sensor))).collect();
        let alerts = vec![AlertState::default(); plan.rules.slots().len()];
        Self { plan, heard: Heard(series), alerts, retired: BTreeMap::new() }
    }

    /// Goes on under another configuration of the same city, as the service did when it started anew:
    /// nothing is said.
    pub fn restart(&mut self, plan: &Arc<Plan>) {
        self.retire(plan);
        let slots = self.plan.rules.slots().iter().zip(&self.alerts);
        let kept: BTreeMap<&str, AlertRecord> =
            slots.map(|(slot, alert)| (slot.key(), alert.record(slot))).collect();
        let retired = &mut self.retired;
        let alerts = (0..).map(SlotIx).zip(plan.rules.slots()).map(|(ix, slot)| {
            let record = kept.get(slot.key()).cloned().or_else(|| retired.remove(slot.key()));
            record.map_or_else(AlertState::default, |record| AlertState::restore(&record, &plan.rules, ix))
        });
        self.alerts = alerts.collect();
        self.plan = Arc::clone(plan);
    }

    /// Goes on under other rules that were approved, as the service did in that commit: the newest
    /// readings are judged again, and alerts whose rule is gone end.
    pub fn adopt(&mut self, plan: &Arc<Plan>, now: Timestamp) -> Vec<Transition> {
        let gone = self.retire(plan);
        let ends = gone.into_iter().filter_map(|ix| Some((ix, self.alerts.get(ix.at())?)));
        let mut said: Vec<Transition> =
            ends.flat_map(|(ix, alert)| self.plan.rules.withdraw(ix, alert, now)).collect();
        let old = std::mem::replace(&mut self.plan, Arc::clone(plan));
        let mut next = Vec::with_capacity(plan.rules.slots().len());
        for (ix, slot) in (0..).map(SlotIx).zip(plan.rules.slots()) {
            let before = old.rules.slot_named(slot.key());
            let before = before.and_then(|ix| Some((old.rules.slot(ix)?, self.alerts.get(ix.at())?)));
            if let Some((_, alert)) = before.filter(|(was, _)| was.rule.version == slot.rule.version) {
                next.push(alert.clone());
                continue;
            }
            let kept = before.map(|(was, alert)| alert.record(was));
            let kept = kept.or_else(|| self.retired.remove(slot.key()));
            if plan.rules.runs_on_the_clock(ix) {
                let state = kept.map(|kept| AlertState::restore(&kept, &plan.rules, ix));
                next.push(state.unwrap_or_default());
                continue;
            }
            let (alert, verdict) = plan.rules.adopt(ix, kept.as_ref(), now, &self.heard);
            said.extend(verdict.transitions);
            next.push(alert);
        }
        self.alerts = next;
        said
    }

    /// Lays aside what a plan does not have; gives the places of those that began once.
    fn retire(&mut self, plan: &Plan) -> Vec<SlotIx> {
        let mut gone = Vec::new();
        let slots = self.plan.rules.slots().iter().zip(&self.alerts);
        for (ix, (slot, alert)) in (0..).map(SlotIx).zip(slots) {
            let record = alert.record(slot);
            if plan.rules.slot_named(slot.key()).is_none() && record != AlertRecord::default() {
                self.retired.insert(slot.key().to_owned(), record.ended());
                gone.push(ix);
            }
        }
        gone
    }

    /// Judges the readings of one commit, in their order, at its time.
    pub fn commit(&mut self, now: Timestamp, readings: &[Reading]) -> Vec<Transition> {
        let mut folding = Folding::new();
        let mut said = Vec::new();
        for reading in readings {
            if folding.is_over(reading.measured_at) {
                let waiting = folding.take_soon();
                self.fold(waiting, now, &mut said);
            }
            self.judge(reading, now, &mut folding, &mut said);
        }
        let waiting = folding.take_all();
        self.fold(waiting, now, &mut said);
        said
    }

    fn judge(
        &mut self,
        reading: &Reading,
        now: Timestamp,
        folding: &mut Folding,
        said: &mut Vec<Transition>,
    ) {
        // What came with an impossible time never entered a series.
        if reading.quality.check() == Some(Check::Time) {
            return;
        }
        let Some(series) = self.heard.0.get_mut(reading.sensor.at()) else { return };
        let inserted = series.insert(reading);
        if !inserted.changed() {
            return;
        }
        let (late, change) = (inserted != Inserted::Appended, Change::of(reading, inserted));
        let rules = &self.plan.rules;
        for slot in rules.touched_by(reading.sensor) {
            let Some(alert) = self.alerts.get_mut(slot.at()) else { continue };
            let waiting = folding.of(*slot);
            if rules.runs_on_the_clock(*slot) || (waiting.is_none() && rules.rests(*slot, alert, &change)) {
                continue;
            }
            let in_order = waiting.is_none() && !late;
            if rules.is_judged_at_once(*slot, in_order) {
                said.extend(rules.judge(*slot, alert, &change, now, &self.heard).transitions);
            } else if let Some(pending) = rules.pending(*slot, alert, waiting, &change, &self.heard) {
                let late = late || pending.goes_back();
                folding.wait(*slot, pending, late);
            }
        }
    }

    fn fold(&mut self, waiting: Vec<(SlotIx, Pending)>, now: Timestamp, said: &mut Vec<Transition>) {
        for (slot, pending) in waiting {
            let Some(alert) = self.alerts.get_mut(slot.at()) else { continue };
            said.extend(self.plan.rules.fold(slot, alert, &pending, now, &self.heard).transitions);
        }
    }
}
