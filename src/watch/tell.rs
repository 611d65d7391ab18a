//! From what changed to what people are told: a reason for each transition, one bulletin for one
//! cause, deliveries that go out after the commit. What was told is taken from the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::{AlertId, Subject, Transition};
use rules::bulletin::{Bulletin, compose, compose_telemetry, zone_texts};
use rules::hazard::{Hazard, Severity};
use rules::reason::{Reason, Sent, Standing, reason};
use rules::rule::NONE;
use sensors::city::City;

use crate::event::LineState;
use crate::notify::delivery::{Delivery, End, Outcome};
use crate::notify::outbox::intend;
use crate::watch::decide::Turn;

/// Deliveries that may wait at once; what goes beyond fails at once and is told so.
const OUTBOX_MAX: usize = 50_000;
/// So many sensors that fall silent together have a common cause, though we may not know it.
const COMMON_CAUSE_MIN: usize = 3;

/// Tells what the transitions of this decision give reason to tell.
pub(crate) fn tell(turn: &mut Turn) {
    if turn.commit.transitions.is_empty() {
        return;
    }
    let (telemetry, public): (Vec<_>, Vec<_>) =
        turn.commit.transitions.iter().cloned().partition(|t| t.hazard == Hazard::Telemetry);
    for transition in &public {
        tell_public(turn, transition);
    }
    for ((line, raised), group) in by_line(&turn.plan.city, telemetry) {
        tell_staff(turn, line, raised, &group);
    }
}

fn tell_public(turn: &mut Turn, transition: &Transition) {
    let sent = turn.next.told.of(&transition.alert);
    let Reason::Send { act, zones } = reason(transition, sent, &standing(turn, transition)) else { return };
    let exercise = turn.next.exercise;
    let mut bulletin = compose(transition, &turn.plan.city, &turn.plan.phrases, turn.now, exercise);
    bulletin.act = act;
    bulletin.zones = zones;
    if bulletin.automatic {
        let mut told = bulletin.zones.clone();
        told.extend(sent.into_iter().flat_map(|sent| sent.zones.clone()));
        told.sort();
        told.dedup();
        let sent = Sent { level: transition.to.clone(), severity: transition.severity, zones: told };
        note(turn, &transition.alert, sent);
    }
    let plan = Arc::clone(&turn.plan);
    let mut deliveries = intend(&bulletin, &plan.receivers);
    for delivery in &mut deliveries {
        // Each ward reads its own name.
        let Some(zone) = &delivery.zone else { continue };
        let texts = zone_texts(transition, zone, &plan.city, &plan.phrases, exercise);
        if let Some(text) = texts.into_iter().find(|text| text.lang == delivery.lang) {
            (delivery.title, delivery.body) = (text.title, text.body);
        }
    }
    publish(turn, bulletin, deliveries);
}

/// The levels of other alerts that people were told of and that still stand.
fn standing(turn: &Turn, transition: &Transition) -> Vec<Standing> {
    let slots = turn.plan.rules.slots().iter().zip(&turn.next.alerts);
    let told = slots.filter_map(|(slot, alert)| {
        let episode = alert.episode.as_ref().filter(|episode| episode.id != transition.alert)?;
        let sent = turn.next.told.of(&episode.id)?;
        Some(Standing {
            subject: slot.subject.clone(),
            hazard: slot.rule.hazard,
            severity: sent.severity,
            zones: sent.zones.clone(),
        })
    });
    told.collect()
}

/// Telemetry of one line and direction belongs together.
fn by_line(city: &City, transitions: Vec<Transition>) -> BTreeMap<(Option<usize>, bool), Vec<Transition>> {
    let mut groups: BTreeMap<_, Vec<Transition>> = BTreeMap::new();
    for transition in transitions {
        groups.entry((line_of(city, &transition.subject), transition.raised)).or_default().push(transition);
    }
    groups
}

fn line_of(city: &City, subject: &Subject) -> Option<usize> {
    let Subject::Station(id) = subject else { return None };
    let (_, station) = city.station_named(id)?;
    city.lines.iter().position(|line| line.sensors().iter().any(|sensor| station.sensors.contains(sensor)))
}

/// One notice for one cause. While a line is known to be down and staff were told so, the silence
/// of those behind it is no news; its first word afterwards is.
fn tell_staff(turn: &mut Turn, line: Option<usize>, raised: bool, group: &[Transition]) {
    let outage = line.and_then(|line| Some((line, turn.plan.city.lines.get(line)?.name.clone())));
    let key = outage.as_ref().map(|(_, name)| AlertId(format!("line.{name}").into()));
    let outage_told = key.as_ref().is_some_and(|key| turn.next.told.of(key).is_some());
    let down = |line: usize| matches!(turn.next.lines.get(line), Some(Some((_, LineState::Down { .. }))));
    let is_down = outage.as_ref().is_some_and(|(line, _)| down(*line));
    if raised && is_down && outage_told {
        return;
    }
    if let (Some((_, name)), Some(key)) = (outage, key)
        && ((raised && is_down) || (!raised && outage_told))
    {
        let level = if raised { "down" } else { NONE };
        let severity = group.iter().map(|t| t.severity).max().unwrap_or(Severity::MIN);
        note(turn, &key, Sent { level: level.to_owned(), severity, zones: Vec::new() });
        notify_staff(turn, group, Some(&name));
        return;
    }
    let worth = |t: &&Transition| matches!(reason(t, turn.next.told.of(&t.alert), &[]), Reason::Send { .. });
    let worth: Vec<Transition> = group.iter().filter(worth).cloned().collect();
    for transition in &worth {
        let sent = Sent { level: transition.to.clone(), severity: transition.severity, zones: Vec::new() };
        note(turn, &transition.alert, sent);
    }
    let together = if worth.len() >= COMMON_CAUSE_MIN { worth.len() } else { 1 };
    for notice in worth.chunks(together) {
        notify_staff(turn, notice, None);
    }
}

fn notify_staff(turn: &mut Turn, group: &[Transition], line: Option<&str>) {
    let plan = Arc::clone(&turn.plan);
    let bulletin = compose_telemetry(group, line, &plan.city, &plan.phrases, turn.now, turn.next.exercise);
    let deliveries = intend(&bulletin, &plan.receivers);
    publish(turn, bulletin, deliveries);
}

fn note(turn: &mut Turn, alert: &AlertId, sent: Sent) {
    turn.next.told.note(alert.clone(), sent.clone());
    turn.commit.told.push((alert.clone(), sent));
}

/// Keeps a bulletin with its deliveries; a proposal has none.
fn publish(turn: &mut Turn, bulletin: Bulletin, deliveries: Vec<Delivery>) {
    for delivery in deliveries {
        if turn.next.outbox.len() < OUTBOX_MAX {
            turn.next.outbox.push(Arc::new(delivery.clone()));
        } else {
            turn.commit.outcomes.push(refused(&delivery, turn.now));
        }
        turn.commit.deliveries.push(delivery);
    }
    turn.commit.bulletins.push(bulletin);
}

fn refused(delivery: &Delivery, at: sensors::time::Timestamp) -> Outcome {
    let why = format!("{OUTBOX_MAX} deliveries are waiting already");
    Outcome { delivery: delivery.id.clone(), at, tries: 0, end: End::Failed { why } }
}
