//! What counts as having happened: crossings of stages at a reference gauge, and which rules should
//! have warned of them.

use std::sync::Arc;

use rules::alert::{SlotIx, Subject};
use rules::rule::{Condition, RuleSet, Slot};
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::SensorIx;
use sensors::time::Span;

use crate::watch::snapshot::Plan;

/// How long before a crossing a warning counts for it, when nothing else is configured.
pub const LEAD: Span = Span::from_h(12);
/// How long after a crossing a warning still counts for it, when nothing else is configured.
pub const LATE: Span = Span::from_h(1);

/// A reference gauge with the stages whose crossing is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Its name in reports.
    pub name: Arc<str>,
    /// Whose trusted readings are the truth.
    pub sensor: SensorIx,
    /// What it measures.
    pub parameter: Parameter,
    /// The rules that should warn of it, by id; empty for those whose ladder stands on the gauge itself.
    pub rules: Vec<Arc<str>>,
    /// Only alerts on these subjects, as `binh-dien` or `basin:bo`; empty for every subject of the rules.
    pub subjects: Vec<Arc<str>>,
    /// How long before a crossing a warning counts for it; without a crossing by then it was false.
    pub lead: Span,
    /// How long after a crossing a warning still counts for it.
    pub late: Span,
    /// The stages, lowest first.
    pub steps: Vec<Step>,
}

/// A stage whose crossing is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name: `bd2`.
    pub name: Arc<str>,
    /// An event begins at this value and above.
    pub raise: Value,
    /// It is over at this value and below, for the hold.
    pub clear: Value,
    /// How long it must be below, so that a tide is one event.
    pub hold: Span,
    /// A warning of it has this severity or a greater one.
    pub severity: u8,
}

impl Truth {
    /// The official alarm stages that a set of rules stands on: every ladder of a station over a stage,
    /// without the steps that only force an update (`bd3+0.5`).
    pub fn of_ladders(plan: &Plan) -> Vec<Self> {
        plan.rules.slots().iter().filter_map(|slot| Self::of_ladder(plan, slot)).collect()
    }

    fn of_ladder(plan: &Plan, slot: &Slot) -> Option<Self> {
        let Subject::Station(station) = &slot.subject else { return None };
        let mut on = None;
        let mut steps = Vec::new();
        for level in &slot.levels {
            let Condition::Exceeds { sensor, threshold } = level.when else { return None };
            on = Some(sensor);
            if level.mark.as_ref().is_some_and(|mark| mark.level == level.name) {
                steps.push(Step {
                    name: level.name.as_str().into(),
                    raise: threshold.raise(),
                    clear: threshold.clear(),
                    hold: level.hold,
                    severity: level.severity.step(),
                });
            }
        }
        let sensor = on?;
        let parameter = plan.city.sensor(sensor).map(|sensor| sensor.id.parameter)?;
        (parameter == Parameter::Stage).then(|| Self {
            name: station.as_str().into(),
            sensor,
            parameter,
            rules: vec![slot.rule.id.0.as_ref().into()],
            subjects: vec![station.as_str().into()],
            lead: LEAD,
            late: LATE,
            steps,
        })
    }

    /// The alerts of a set of rules that should warn of it.
    pub fn alerts(&self, rules: &RuleSet) -> Vec<SlotIx> {
        let slots = (0_u32..).map(SlotIx).zip(rules.slots());
        slots.filter(|(_, slot)| self.is_warned_by(slot)).map(|(ix, _)| ix).collect()
    }

    fn is_warned_by(&self, slot: &Slot) -> bool {
        let subject = slot.subject.to_string();
        let is_subject = self.subjects.is_empty() || self.subjects.iter().any(|named| **named == subject);
        let is_rule = if self.rules.is_empty() {
            slot.levels.iter().any(|level| stands_on(&level.when, self.sensor))
        } else {
            self.rules.iter().any(|named| *named == slot.rule.id.0)
        };
        is_subject && is_rule
    }
}

/// Whether a condition is a stage on this sensor.
fn stands_on(condition: &Condition, on: SensorIx) -> bool {
    match condition {
        Condition::Exceeds { sensor, .. } => *sensor == on,
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| stands_on(part, on)),
        _ => false,
    }
}
