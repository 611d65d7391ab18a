//! What one set of rules said: when it warned, whom it would have told, how long each level stood.

use std::collections::BTreeMap;

use rules::alert::{AlertId, SlotIx, Transition};
use rules::bulletin::Bulletin;
use rules::rule::{NONE, RuleSet};
use sensors::time::{Span, Timestamp};

use super::BacktestError;
use super::truth::Truth;
use crate::store::commit::Commit;

/// Warnings, or moments at which people were told, that are kept for one truth at most.
const KEPT_MAX: usize = 200_000;

/// A warning of a step: from when it was known to when it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) raised: Timestamp,
    /// `None` while it stands at the end of the data.
    pub(crate) over: Option<Timestamp>,
}

/// What people would have been told at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) bulletins: u64,
    pub(crate) proposals: u64,
    pub(crate) pushes: u64,
}

/// What was said of one truth.
#[derive(Debug, Default)]
pub(crate) struct Said {
    alerts: Vec<SlotIx>,
    severity: u8,
    /// By step of the truth, in their order.
    pub(crate) warnings: Vec<Vec<Warning>>,
    /// When people were told, in order.
    pub(crate) told: Vec<(Timestamp, Told)>,
}

/// The level of one alert.
#[derive(Clone, Debug, Default)]
struct Standing {
    severity: u8,
    /// Of its ladder, counted from 1; 0 is none.
    step: usize,
    since: Timestamp,
    stood: Vec<Span>,
}

/// The tally of a set of rules.
#[derive(Debug)]
pub(crate) struct Tally {
    standing: Vec<Standing>,
    /// Which truths an alert warns of, by its place.
    of_alert: Vec<Vec<usize>>,
    /// By truth.
    pub(crate) said: Vec<Said>,
    /// Changes of level that trusted readings made.
    pub(crate) transitions: u64,
    /// Changes that only officers would have been told of.
    pub(crate) doubted: u64,
    /// To the public.
    pub(crate) told: Told,
    /// Of our own troubles.
    pub(crate) notices: u64,
    /// Pushes by `zone.language`.
    pub(crate) pushes_by: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing said yet.
    pub(crate) fn new(rules: &RuleSet, truths: &[Truth]) -> Self {
        let mut of_alert = vec![Vec::new(); rules.slots().len()];
        let mut said = Vec::new();
        for (nth, truth) in truths.iter().enumerate() {
            let alerts = truth.alerts(rules);
            for alert in &alerts {
                if let Some(truths) = of_alert.get_mut(alert.at()) {
                    truths.push(nth);
                }
            }
            let warnings = vec![Vec::new(); truth.steps.len()];
            said.push(Said { alerts, warnings, ..Said::default() });
        }
        let standing = |slot: &rules::rule::Slot| Standing {
            stood: vec![Span::ZERO; slot.levels.len()],
            ..Standing::default()
        };
        Self {
            standing: rules.slots().iter().map(standing).collect(),
            of_alert,
            said,
            transitions: 0,
            doubted: 0,
            told: Told::default(),
            notices: 0,
            pushes_by: BTreeMap::new(),
        }
    }

    /// Takes what was decided of a moment.
    pub(crate) fn take(
        &mut self,
        rules: &RuleSet,
        truths: &[Truth],
        commit: &Commit,
    ) -> Result<(), BacktestError> {
        for transition in &commit.transitions {
            if transition.corroborated {
                self.transitions += 1;
                self.step(rules, truths, transition)?;
            } else {
                self.doubted += 1;
            }
        }
        for bulletin in &commit.bulletins {
            if !bulletin.hazard.is_public() {
                self.notices += 1;
                continue;
            }
            let told = if bulletin.automatic { self.pushed(bulletin) } else { Told::PROPOSAL };
            self.told = self.told.and(told);
            self.note(rules, &bulletin.alert, commit.at, told)?;
        }
        Ok(())
    }

    /// As many as would go out over one channel, whichever channels are open today.
    fn pushed(&mut self, bulletin: &Bulletin) -> Told {
        let mut pushes = 0;
        for zone in &bulletin.zones {
            for text in &bulletin.texts {
                *self.pushes_by.entry(format!("{zone}.{}", text.lang.0)).or_default() += 1;
                pushes += 1;
            }
        }
        Told { bulletins: 1, proposals: 0, pushes }
    }

    fn step(
        &mut self,
        rules: &RuleSet,
        truths: &[Truth],
        transition: &Transition,
    ) -> Result<(), BacktestError> {
        let Some((slot, standing)) =
            rules.slot(transition.slot).zip(self.standing.get_mut(transition.slot.at()))
        else {
            return Ok(());
        };
        standing.leave(transition.at);
        standing.step =
            slot.levels.iter().position(|level| level.name == transition.to).map_or(0, |place| place + 1);
        standing.severity = if transition.to == NONE { 0 } else { transition.severity.step() };
        let concerned = self.of_alert.get(transition.slot.at()).into_iter().flatten();
        for (said, truth) in concerned.filter_map(|nth| Some((*nth, truths.get(*nth)?))) {
            let Some(said) = self.said.get_mut(said) else { continue };
            let of = |alert: &SlotIx| self.standing.get(alert.at()).map_or(0, |standing| standing.severity);
            let severity = said.alerts.iter().map(of).max().unwrap_or_default();
            said.turn(truth, severity, transition.at)?;
        }
        Ok(())
    }

    /// Notes who was told for the truths that an episode's alert warns of.
    fn note(
        &mut self,
        rules: &RuleSet,
        alert: &AlertId,
        at: Timestamp,
        told: Told,
    ) -> Result<(), BacktestError> {
        // An episode's id is its alert's key and the time of its first raise.
        let key = alert.0.rsplit_once('.').map_or("", |(key, _)| key);
        let Some(slot) = rules.slot_named(key) else { return Ok(()) };
        for nth in self.of_alert.get(slot.at()).into_iter().flatten() {
            let (Some(said), most) = (self.said.get_mut(*nth), KEPT_MAX) else { continue };
            let kept = said.told.len();
            match said.told.last_mut().filter(|(last, _)| *last == at) {
                Some((_, sum)) => *sum = sum.and(told),
                None if kept >= most => {
                    return Err(BacktestError::TooMany { what: format!("bulletins of {key}"), most });
                }
                None => said.told.push((at, told)),
            }
        }
        Ok(())
    }

    /// How long each level of each alert stood, by `{rule}.{subject}` and level; the data end at `end`.
    pub(crate) fn stood(&mut self, rules: &RuleSet, end: Timestamp) -> BTreeMap<(String, String), Span> {
        let mut stood = BTreeMap::new();
        for (slot, standing) in rules.slots().iter().zip(&mut self.standing) {
            standing.leave(end);
            for (level, span) in slot.levels.iter().zip(&standing.stood).filter(|(_, s)| **s > Span::ZERO) {
                stood.insert((slot.key().to_owned(), level.name.clone()), *span);
            }
        }
        stood
    }
}

impl Standing {
    /// Adds up the level that stood until now.
    fn leave(&mut self, at: Timestamp) {
        if let Some(stood) = self.step.checked_sub(1).and_then(|place| self.stood.get_mut(place)) {
            *stood = Span::from_ms(stood.ms().saturating_add(at.since(self.since).ms().max(0)));
        }
        self.since = at;
    }
}

impl Said {
    fn turn(&mut self, truth: &Truth, severity: u8, at: Timestamp) -> Result<(), BacktestError> {
        let before = std::mem::replace(&mut self.severity, severity);
        for (step, warnings) in truth.steps.iter().zip(&mut self.warnings) {
            match (before >= step.severity, severity >= step.severity) {
                (false, true) if warnings.len() >= KEPT_MAX => {
                    let what = format!("warnings of {} at {}", step.name, truth.name);
                    return Err(BacktestError::TooMany { what, most: KEPT_MAX });
                }
                (false, true) => warnings.push(Warning { raised: at, over: None }),
                (true, false) => {
                    if let Some(last) = warnings.last_mut() {
                        last.over = Some(at);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Told {
    const PROPOSAL: Self = Self { bulletins: 0, proposals: 1, pushes: 0 };

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            bulletins: self.bulletins + other.bulletins,
            proposals: self.proposals + other.proposals,
            pushes: self.pushes + other.pushes,
        }
    }
}
