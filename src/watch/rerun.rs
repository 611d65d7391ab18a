//! The engine once more, over what was stored: the same readings in the same commits give the same
//! transitions, or somebody has to say why not.
//!
//! It judges what readings make true. Alerts on silence run on the clock, which leaves no readings behind;
//! they are not judged again.

use std::sync::Arc;

use rules::alert::{SlotIx, Transition};
use rules::engine::{AlertState, Change, Pending, View};
use sensors::quality::Check;
use sensors::reading::Reading;
use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::watch::folding::Folding;
use crate::watch::snapshot::Plan;

/// A city that judges again.
pub struct Rerun {
    plan: Arc<Plan>,
    heard: Heard,
    alerts: Vec<AlertState>,
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
        let series = plan.city.sensors.iter().map(|sensor| Series::new(plan.retention(sensor))).collect();
        let alerts = vec![AlertState::default(); plan.rules.slots().len()];
        Self { plan, heard: Heard(series), alerts }
    }

    /// Goes on under other rules of the same city, as the service did.
    pub fn turn_to(&mut self, plan: &Arc<Plan>) {
        let mut alerts = vec![AlertState::default(); plan.rules.slots().len()];
        for (slot, state) in self.plan.rules.slots().iter().zip(&self.alerts) {
            let place = plan.rules.slot_named(slot.key());
            if let Some((ix, alert)) = place.and_then(|ix| Some((ix, alerts.get_mut(ix.at())?))) {
                *alert = AlertState::restore(&state.record(slot), &plan.rules, ix);
            }
        }
        (self.alerts, self.plan) = (alerts, Arc::clone(plan));
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
