//! From what changed to what people are told: a reason for each transition, one bulletin for one
//! cause, deliveries that go out after the commit. What was told is taken from the ledger.

mod doubt;
mod inferred;
mod staff;
mod undelivered;

use std::cmp::Reverse;
use std::sync::Arc;

use rules::alert::{AlertId, Transition};
use rules::bulletin::{Bulletin, compose, zone_texts};
use rules::hazard::Hazard;
use rules::reason::{Reason, Sent, Standing, reason};
use rules::rule::{RuleSet, Slot};

use crate::notify::delivery::{Delivery, End, Outcome};
use crate::notify::outbox::intend;
use crate::watch::decide::Turn;

/// Deliveries that may wait at once; what goes beyond fails at once and is told so.
pub(super) const OUTBOX_MAX: usize = 50_000;
/// Places kept beyond it for staff, who must hear that the public is not told.
const OUTBOX_STAFF: usize = 1_000;

/// Tells what the transitions and the ends of deliveries in this decision give reason to tell.
pub(crate) fn tell(turn: &mut Turn) {
    let (telemetry, public): (Vec<_>, Vec<_>) =
        turn.commit.transitions.iter().cloned().partition(|t| t.hazard == Hazard::Telemetry);
    // A rule that is no more is no sign of life.
    let telemetry = telemetry.into_iter().filter(|t| !turn.withdrawn.contains(&t.alert)).collect();
    for transition in net(&turn.plan.rules, public) {
        tell_public(turn, &transition);
    }
    inferred::tell(turn);
    staff::tell(turn, telemetry);
    staff::tell_still_silent(turn);
    doubt::tell(turn);
    undelivered::tell(turn);
}

/// What the changes of each episode come to. After an outage hours of readings are decided at
/// once: people are told where it stands, not every step on the way there. Easing comes first,
/// then the most severe, which mutes what is less severe at the same place.
fn net(rules: &RuleSet, transitions: Vec<Transition>) -> Vec<Transition> {
    let mut nets: Vec<Transition> = Vec::new();
    for later in transitions {
        let same = |net: &&mut Transition| {
            net.alert == later.alert && net.corroborated == later.corroborated && net.slot == later.slot
        };
        match nets.iter_mut().find(same) {
            Some(net) => *net = joined(rules.slot(later.slot), net, later),
            None => nets.push(later),
        }
    }
    nets.retain(|net| net.from != net.to);
    nets.sort_by_key(|net| (net.raised, Reverse(net.severity)));
    nets
}

fn joined(slot: Option<&Slot>, first: &Transition, last: Transition) -> Transition {
    let step = |name: &str| {
        slot.and_then(|slot| slot.levels.iter().position(|level| level.name == name)).map(|place| place + 1)
    };
    let (from, to) = (step(&first.from), step(&last.to));
    let raised = to > from;
    // Easing follows the policy of the level before it.
    let decisive = if raised { to } else { from };
    let level = slot.zip(decisive).and_then(|(slot, step)| slot.levels.get(step - 1));
    let issue = level.map_or(last.issue, |level| level.issue);
    Transition { from: first.from.clone(), raised, issue, ..last }
}

fn tell_public(turn: &mut Turn, transition: &Transition) {
    let sent = turn.next.told.of(&transition.alert);
    let Reason::Send { act, zones } = reason(transition, sent, &standing(turn, transition)) else { return };
    let mut bulletin = compose(transition, &turn.plan.city, &turn.plan.phrases, turn.now, turn.next.exercise);
    bulletin.act = act;
    bulletin.zones = zones;
    // Whose rule was taken away has not eased: an officer says what people hear of it.
    bulletin.automatic &= !turn.withdrawn.contains(&transition.alert);
    if bulletin.automatic {
        let mut told = bulletin.zones.clone();
        told.extend(sent.into_iter().flat_map(|sent| sent.zones.clone()));
        told.sort();
        told.dedup();
        let sent = Sent { level: transition.to.clone(), severity: transition.severity, zones: told };
        note(turn, &transition.alert, sent);
    }
    let mut deliveries = intend(&bulletin, &turn.plan.receivers);
    name_wards(turn, transition, &mut deliveries);
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

fn note(turn: &mut Turn, alert: &AlertId, sent: Sent) {
    turn.next.told.note(alert.clone(), sent.clone());
    turn.commit.told.push((alert.clone(), sent));
}

/// Each ward reads its own name, and not how many wards are meant.
fn name_wards(turn: &Turn, transition: &Transition, deliveries: &mut [Delivery]) {
    let plan = &turn.plan;
    for delivery in deliveries {
        let Some(zone) = &delivery.zone else { continue };
        let texts = zone_texts(transition, zone, &plan.city, &plan.phrases, turn.next.exercise);
        if let Some(text) = texts.into_iter().find(|text| text.lang == delivery.lang) {
            (delivery.title, delivery.body) = (text.title, text.body);
        }
    }
}

/// What staff are told of our own troubles.
pub(super) fn publish_to_staff(turn: &mut Turn, bulletin: Bulletin) {
    let deliveries = intend(&bulletin, &turn.plan.receivers);
    publish(turn, bulletin, deliveries);
}

/// Keeps a bulletin with its deliveries; a proposal has none.
pub(super) fn publish(turn: &mut Turn, bulletin: Bulletin, deliveries: Vec<Delivery>) {
    let most = OUTBOX_MAX + if bulletin.hazard.is_public() { 0 } else { OUTBOX_STAFF };
    for delivery in deliveries {
        let delivery = Arc::new(delivery);
        if turn.next.outbox.len() < most {
            turn.next.outbox.push(Arc::clone(&delivery));
        } else {
            let outcome = refused(&delivery, turn.now);
            turn.ends.push((Arc::clone(&delivery), outcome.end.clone()));
            turn.commit.outcomes.push(outcome);
        }
        turn.commit.deliveries.push(Delivery::clone(&delivery));
    }
    turn.commit.bulletins.push(bulletin);
}

fn refused(delivery: &Delivery, at: sensors::time::Timestamp) -> Outcome {
    let why = format!("{OUTBOX_MAX} deliveries are waiting already");
    Outcome { delivery: delivery.id.clone(), at, tries: 0, end: End::Failed { why } }
}
