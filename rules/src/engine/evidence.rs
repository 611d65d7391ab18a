//! What is said when a level changes, and the readings that explain it.

use std::sync::Arc;

use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::truth::{Ask, Measured, Moment, Scene, Truth};
use super::{AlertState, Episode, View};
use crate::alert::{AlertId, Evidence, Measure, SlotIx, Transition};
use crate::hazard::Severity;
use crate::rule::{Catchment, Condition, Level, RuleSet, Slot, Timing};

/// The most readings that explain one transition.
const EVIDENCE_MAX: usize = 12;

/// A change of what is said, before it is explained.
#[derive(Clone, Copy)]
struct Said {
    from: u8,
    to: u8,
    corroborated: bool,
    at: Timestamp,
    measured_at: Timestamp,
}

impl RuleSet {
    /// Says what the fold gives, where it differs from what was said; `changed_at` is the event
    /// time that made the fold anew.
    pub(super) fn say(
        &self,
        ix: SlotIx,
        slot: &Slot,
        state: &mut AlertState,
        changed_at: Timestamp,
        now: Timestamp,
        view: &impl View,
    ) -> Vec<Transition> {
        let (sure, any) = state.core().levels();
        let (sure_said, any_said) = (state.level, state.doubted);
        if (sure, any) == (sure_said, any_said) {
            return Vec::new();
        }
        (state.level, state.doubted) = (sure, any);
        let mut said = Vec::new();
        let mut tell = |from, to, corroborated| {
            let measured_at = state.since_when(corroborated).filter(|at| *at >= changed_at);
            let measured_at = measured_at.unwrap_or(changed_at);
            said.push(Said { from, to, corroborated, at: now, measured_at });
        };
        if sure != sure_said {
            tell(sure_said, sure, true);
        }
        let doubt_is_news = any > sure && any != any_said;
        let doubt_is_less = any < any_said && any_said > sure_said;
        if doubt_is_news || doubt_is_less {
            tell(any_said, any, false);
        }
        let transitions = said.iter().map(|said| self.explain(ix, slot, state, said, view)).collect();
        if (sure, any) == (0, 0) {
            state.episode = None;
        }
        transitions
    }

    /// What would be said of a level that stands if it were raised now, for people who were not
    /// told of it when it was; `None` at rest.
    pub fn restate(
        &self,
        ix: SlotIx,
        state: &AlertState,
        now: Timestamp,
        view: &impl View,
    ) -> Option<Transition> {
        let slot = self.slot(ix)?;
        let said = Said { from: 0, to: state.level, corroborated: true, at: now, measured_at: now };
        (state.level > 0).then(|| self.explain(ix, slot, &mut state.clone(), &said, view))
    }

    fn explain(
        &self,
        ix: SlotIx,
        slot: &Slot,
        state: &mut AlertState,
        said: &Said,
        view: &impl View,
    ) -> Transition {
        let raised = said.to > said.from;
        // What is told is the level now; when it is over, the level that is over.
        let told = slot.level(if said.to > 0 { said.to } else { said.from });
        let deciding = slot.level(if raised { said.to } else { said.from });
        let severity = told.map_or(Severity::MIN, |level| level.severity);
        let episode = state.enter(slot, said, severity);
        let (alert, any_max) = (episode.id.clone(), episode.severity_max);
        let sure_max = episode.sure_max.unwrap_or(severity);
        let (measure, because) = self.evidence(slot, deciding, said, view);
        Transition {
            alert,
            slot: ix,
            rule: slot.rule.id.clone(),
            rule_version: slot.rule.version.clone(),
            hazard: slot.rule.hazard,
            words: slot.rule.words.clone(),
            subject: slot.subject.clone(),
            zones: slot.zones.clone(),
            from: slot.level_name(said.from).to_owned(),
            to: slot.level_name(said.to).to_owned(),
            severity,
            severity_max: if said.corroborated { sure_max } else { any_max },
            raised,
            corroborated: said.corroborated,
            issue: if raised { told } else { deciding }
                .map_or(crate::rule::IssuePolicy::Officer, |l| l.issue),
            at: said.at,
            measured_at: said.measured_at,
            measure,
            because,
        }
    }

    fn evidence(
        &self,
        slot: &Slot,
        level: Option<&Level>,
        said: &Said,
        view: &impl View,
    ) -> (Option<Measure>, Vec<Evidence>) {
        let Some(level) = level else { return (None, Vec::new()) };
        let moment = match slot.timing {
            Timing::Event => Moment::Event(said.measured_at),
            Timing::Clock => Moment::Now,
        };
        let scene = Scene::new(self, view, moment);
        // Of several parts, the one that is true says most; the first speaks where none is.
        let mut leaves = Vec::new();
        level.when.leaves(false, &mut |leaf, _| leaves.push(leaf));
        leaves.sort_by_key(|leaf| scene.answer(leaf, Ask::Raise).any != Truth::True);
        let (mut measure, mut because) = (None, Vec::new());
        for leaf in leaves {
            let measured = scene.measure(leaf);
            if let (None, Some(m)) = (&measure, &measured) {
                measure = scene.measure_of(leaf, m, level);
            }
            scene.collect(leaf, measured, &mut because);
        }
        because.truncate(EVIDENCE_MAX);
        (measure, because)
    }
}

impl<V: View> Scene<'_, V> {
    fn measure_of(&self, leaf: &Condition, measured: &Measured, level: &Level) -> Option<Measure> {
        // People know a pool level; how long it takes is in the level's name.
        let value = match leaf {
            Condition::Fills(of) => self.pool_level(of)?.0,
            _ => Value::from_raw(measured.low),
        };
        Some(Measure {
            parameter: self.rules.parameter(*leaf.sensors().first()?)?,
            value,
            at_least: measured.low != measured.high,
            window: leaf.window(),
            mark: level.mark.clone(),
        })
    }

    fn collect(&self, leaf: &Condition, measured: Option<Measured>, because: &mut Vec<Evidence>) {
        match leaf {
            Condition::Silent { sensors } => {
                let silent = sensors.iter().filter(|sensor| self.view.is_silent(**sensor));
                because.extend(silent.filter_map(|sensor| self.last_said(*sensor)));
            }
            Condition::Accumulates { over: Catchment::Basin(rain), window, .. } => {
                let upto = self.reached(rain).unwrap_or(Timestamp::MIN);
                let shares = rain.gauges().iter().filter_map(|gauge| {
                    self.evidence_of(*gauge, Some(*window), &self.share(*gauge, *window, upto)?)
                });
                let mut shares: Vec<Evidence> = shares.collect();
                shares.sort_by_key(|share| std::cmp::Reverse(share.value));
                because.extend(shares);
            }
            Condition::Fills(_) | Condition::Outruns { .. } | Condition::StandsIn(_) => {
                let sensors = leaf.sensors();
                because.extend(sensors.iter().filter_map(|sensor| self.newest_of(*sensor)));
            }
            _ => because.extend(
                leaf.sensors()
                    .first()
                    .zip(measured)
                    .and_then(|(sensor, measured)| self.evidence_of(*sensor, leaf.window(), &measured)),
            ),
        }
    }

    /// The reading of the moment itself, for what compares several.
    fn newest_of(&self, sensor: SensorIx) -> Option<Evidence> {
        let (_, point) = self.newest(sensor)?;
        let (parameter, value) = (self.rules.parameter(sensor)?, point.value?);
        let (measured_at, quality) = (point.measured_at, point.quality);
        Some(Evidence { sensor, parameter, measured_at, value, quality, window: None })
    }

    fn last_said(&self, sensor: SensorIx) -> Option<Evidence> {
        let series = self.view.series(sensor)?;
        let point = series.at_or_before(Timestamp::MAX)?;
        let (parameter, value) = (self.rules.parameter(sensor)?, point.value?);
        let (measured_at, quality) = (point.measured_at, point.quality);
        Some(Evidence { sensor, parameter, measured_at, value, quality, window: None })
    }

    fn evidence_of(&self, sensor: SensorIx, window: Option<Span>, measured: &Measured) -> Option<Evidence> {
        let parameter: Parameter = self.rules.parameter(sensor)?;
        let value = Value::from_raw(measured.low);
        let (measured_at, quality) = (measured.at, measured.quality);
        Some(Evidence { sensor, parameter, measured_at, value, quality, window })
    }
}

impl AlertState {
    /// The event time from which the fold gives its present level, where it is remembered.
    fn since_when(&self, sure: bool) -> Option<Timestamp> {
        let level = |core: &super::Core| if sure { core.levels().0 } else { core.levels().1 };
        let present = level(self.core());
        let befores = std::iter::once(&self.base).chain(self.changes.iter().map(|(_, core)| core));
        let steps = self.changes.iter().zip(befores);
        let changed = steps.filter(|((_, core), before)| level(core) != level(before)).last();
        changed.filter(|((_, core), _)| level(core) == present).map(|((at, _), _)| *at)
    }

    /// The running episode after a change of level; begins one where there is none.
    fn enter(&mut self, slot: &Slot, said: &Said, severity: Severity) -> &Episode {
        let last_id = &mut self.last_id;
        let episode = self.episode.get_or_insert_with(|| {
            // The id is in whole seconds; an episode that begins anew at the same event time, after
            // a revision, still gets an id of its own.
            let second = Timestamp::from_ms(said.measured_at.ms().div_euclid(1000) * 1000);
            let free = last_id.map_or(second, |last| second.max(last.plus(Span::from_s(1))));
            *last_id = Some(free);
            Episode {
                id: alert_id(slot.key(), free),
                began_at: said.at,
                changed_at: said.at,
                severity_max: severity,
                sure_max: None,
            }
        });
        episode.changed_at = said.at;
        episode.severity_max = episode.severity_max.max(severity);
        if said.corroborated {
            episode.sure_max = episode.sure_max.max(Some(severity));
        }
        episode
    }
}

fn alert_id(key: &str, at: Timestamp) -> AlertId {
    let compact = at.to_string().replace(['-', ':'], "");
    AlertId(Arc::from(format!("{key}.{compact}")))
}
