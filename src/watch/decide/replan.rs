//! Other rules come into force in the middle of a decision: alerts go on under them by their keys,
//! and the newest readings are judged again in the same commit.
//!
//! The city stays as it is, so that sensors and lines keep their places. It compiles nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::{SlotIx, Transition};
use rules::engine::{AlertRecord, AlertState, Sums, Verdict};

use super::Turn;
use crate::watch::snapshot::{Eyes, Plan};

/// The place of an alert that the rules no longer have.
const NOWHERE: SlotIx = SlotIx(u32::MAX);

impl Turn {
    /// Puts a plan of the same city into force. Gives the ends of alerts that it no longer has: they
    /// are in the commit, and nobody but officers is told of them.
    pub(crate) fn replan(&mut self, plan: &Arc<Plan>) -> Vec<Transition> {
        // What waits was said under the rules before.
        self.fold_all();
        self.settle_alerts();
        self.changed.clear();
        let old = std::mem::replace(&mut self.plan, Arc::clone(plan));
        self.next.plan = Arc::clone(plan);
        self.commit.plan_version = Some(plan.version.clone());
        for transition in &mut self.commit.transitions {
            let key = old.rules.key(transition.slot);
            transition.slot = plan.rules.slot_named(key).unwrap_or(NOWHERE);
        }
        let alerts = std::mem::take(&mut self.next.alerts);
        let mut retired = BTreeMap::clone(&self.next.retired);
        let withdrawn = self.withdraw(&old, &alerts, &mut retired);
        self.adopt(&old, &alerts, &mut retired);
        self.next.retired = Arc::new(retired);
        withdrawn
    }

    /// Ends the alerts that the rules no longer have.
    fn withdraw(
        &mut self,
        old: &Plan,
        alerts: &[Arc<AlertState>],
        retired: &mut BTreeMap<String, AlertRecord>,
    ) -> Vec<Transition> {
        let mut withdrawn = Vec::new();
        for (ix, (slot, alert)) in (0..).map(SlotIx).zip(old.rules.slots().iter().zip(alerts)) {
            let record = alert.record(slot);
            if self.plan.rules.slot_named(slot.key()).is_some() || record == AlertRecord::default() {
                continue;
            }
            let ended = record.ended();
            self.commit.alerts.push((slot.key().to_owned(), ended.clone()));
            retired.insert(slot.key().to_owned(), ended);
            withdrawn.extend(old.rules.withdraw(ix, alert, self.now));
        }
        for transition in &mut withdrawn {
            transition.slot = NOWHERE;
            self.withdrawn.insert(transition.alert.clone());
        }
        self.commit.transitions.extend(withdrawn.iter().cloned());
        withdrawn
    }

    /// Takes over what the rules still have, and begins what is new in them. A rule that says the
    /// same as before goes on untouched.
    fn adopt(&mut self, old: &Plan, alerts: &[Arc<AlertState>], retired: &mut BTreeMap<String, AlertRecord>) {
        let plan = Arc::clone(&self.plan);
        let sums = Sums::default();
        let eyes = Eyes { tracks: &self.next.tracks, silent: &self.next.silent, sums: Some(&sums) };
        let mut adopted: Vec<(SlotIx, Verdict)> = Vec::new();
        let mut next = Vec::with_capacity(plan.rules.slots().len());
        for (ix, slot) in (0..).map(SlotIx).zip(plan.rules.slots()) {
            let before = old.rules.slot_named(slot.key());
            let before = before.and_then(|ix| Some((old.rules.slot(ix)?, alerts.get(ix.at())?)));
            if let Some((_, alert)) = before.filter(|(was, _)| was.rule.version == slot.rule.version) {
                next.push(Arc::clone(alert));
                continue;
            }
            let kept = before.map(|(was, alert)| alert.record(was)).or_else(|| retired.remove(slot.key()));
            let (alert, verdict) = plan.rules.adopt(ix, kept.as_ref(), self.now, &eyes);
            next.push(Arc::new(alert));
            adopted.push((ix, verdict));
        }
        self.next.alerts = next;
        for (ix, verdict) in adopted {
            self.ruled(ix, verdict);
        }
    }
}
