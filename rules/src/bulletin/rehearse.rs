//! Every bulletin that a configuration can make, composed once and looked at before anybody needs it.
//!
//! The readings in them are made up; nothing here is ever told to anybody.

use std::sync::Arc;

use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::quantity::Value;
use sensors::time::{Span, Timestamp};

use super::lint::lint;
use super::{Issued, Observation, Word, compose, compose_all_clear, compose_correction, compose_update};
use crate::alert::{AlertId, Measure, RuleId, SlotIx, Transition};
use crate::phrase::Phrases;
use crate::rule::{RuleSet, Slot};

/// The most mistakes that are told at once.
const MISTAKES_MAX: usize = 100;

/// Composes every rule at every level in every language, and names what a bulletin would lack.
pub fn rehearse(rules: &RuleSet, city: &City, phrases: &Phrases) -> Vec<Mistake> {
    let (mut mistakes, mut seen): (Vec<Mistake>, Vec<&RuleId>) = (Vec::new(), Vec::new());
    for (ix, slot) in (0_u32..).map(SlotIx).zip(rules.slots()).filter(|(_, s)| s.rule.hazard.is_public()) {
        let top = u8::try_from(slot.levels.len()).unwrap_or(u8::MAX);
        // The slots of a rule differ in the names of places only: one of them is gone through whole.
        let first = !seen.contains(&&slot.rule.id);
        seen.push(&slot.rule.id);
        for step in if first { 1..=top } else { top..=top } {
            let steps = [(step - 1, step), (step, step - 1), (step, 0)];
            for (from, to) in steps.into_iter().take(if first { 3 } else { 1 }) {
                let Some(transition) = transition(rules, (ix, slot), from, to) else { continue };
                look(&transition, first, city, phrases, &mut mistakes);
            }
        }
        if mistakes.len() >= MISTAKES_MAX {
            break;
        }
    }
    mistakes.sort();
    mistakes.dedup();
    mistakes.truncate(MISTAKES_MAX);
    mistakes
}

fn look(transition: &Transition, first: bool, city: &City, phrases: &Phrases, mistakes: &mut Vec<Mistake>) {
    let now = transition.at.plus(Span::from_min(2));
    let mut all = vec![compose(transition, city, phrases, now, false)];
    if first && transition.raised {
        let issued = Issued {
            alert: &transition.alert,
            hazard: transition.hazard,
            words: &transition.words,
            subject: &transition.subject,
            zones: &transition.zones,
            level: &transition.to,
            severity: transition.severity,
            severity_max: transition.severity_max,
        };
        let observed = transition.measure.as_ref().map(|measure| Observation {
            measure,
            measured_at: transition.measured_at,
            corroborated: true,
        });
        let word = Word { officer: "a", name: "A", reason: "" };
        all.push(compose_all_clear(&issued, &word, city, phrases, now, false));
        all.push(compose_correction(&issued, &word, city, phrases, now, false));
        all.push(compose_update(&issued, None, observed.as_ref(), city, phrases, now, false));
        all.push(compose_update(&issued, None, None, city, phrases, now, false));
    }
    for bulletin in all {
        for lack in lint(&bulletin, city, phrases) {
            let lang = lack.lang.as_ref().map_or("*", |lang| &lang.0);
            let (words, act) = (&transition.words, bulletin.act.as_str());
            mistakes.push(Mistake {
                file: format!("phrases.{lang}.toml"),
                line: 0,
                key: format!("warning.{words}"),
                wrong: format!("the bulletin {act} of {} {}: {lack}", transition.rule, transition.to),
                allowed: "needed is what, where, when, how sure, what to do, the next bulletin, who answers"
                    .to_owned(),
            });
        }
    }
}

/// A made-up transition of a slot between two steps, a little over the raise of the step that decides.
fn transition(rules: &RuleSet, (ix, slot): (SlotIx, &Slot), from: u8, to: u8) -> Option<Transition> {
    let raised = to > from;
    let deciding = slot.level(if raised { to } else { from })?;
    let told = slot.level(if to > 0 { to } else { from })?;
    let mut leaf = None;
    deciding.when.leaves(false, &mut |found, _| leaf = leaf.or(Some(found)));
    let leaf = leaf?;
    let parameter = leaf.sensors().first().and_then(|sensor| rules.parameter(*sensor))?;
    let measure = leaf.threshold().map(|threshold| Measure {
        parameter,
        value: Value::from_raw(threshold.raise().raw() + if raised { 123 } else { -123 }),
        at_least: leaf.window().is_some(),
        window: leaf.window(),
        mark: deciding.mark.clone(),
    });
    // 17 November 2025, 03:10 in Vietnam.
    let at = Timestamp::from_ms(1_763_323_800_000);
    Some(Transition {
        alert: AlertId(Arc::from("rehearsal")),
        slot: ix,
        rule: slot.rule.id.clone(),
        rule_version: slot.rule.version.clone(),
        hazard: slot.rule.hazard,
        words: slot.rule.words.clone(),
        subject: slot.subject.clone(),
        zones: slot.zones.clone(),
        from: slot.level_name(from).to_owned(),
        to: slot.level_name(to).to_owned(),
        severity: told.severity,
        severity_max: told.severity,
        raised,
        corroborated: true,
        issue: told.issue,
        at,
        measured_at: at,
        measure,
        because: Vec::new(),
    })
}
