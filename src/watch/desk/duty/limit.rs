//! Too many warnings are a hazard (warning.md 22): at most so many alarms to an officer in ten minutes, at
//! most so many pushes to a resident in a day. What goes beyond is gathered, or left out and reported;
//! what is worse than what was said always goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::AlertId;
use rules::bulletin::{Act, Bulletin, Notice, compose_notice};
use rules::hazard::Severity;
use sensors::time::Timestamp;

use super::{close, notify, open, severity, title, when};
use crate::desk::duty::call::{About, Call, Gathered, Withheld};
use crate::notify::delivery::{Delivery, Target};
use crate::notify::outbox::intend_for;
use crate::watch::decide::Turn;
use crate::watch::sending::{DAY, Sending, Ward};
use crate::watch::snapshot::State;
use crate::watch::tell;

/// Zones that a report names.
const NAMED_MAX: usize = 3;
/// The deliveries of a bulletin that people can still take in; they are counted.
pub(in crate::watch) fn within(
    turn: &mut Turn,
    bulletin: &Bulletin,
    deliveries: Vec<Delivery>,
) -> Vec<Delivery> {
    let is_public = bulletin.hazard.is_public();
    let (kept, beyond) =
        if is_public { residents(turn, bulletin, deliveries) } else { staff(turn, bulletin, deliveries) };
    turn.next.sendings.note(Sending::of(bulletin, &kept));
    if beyond.is_empty() {
        return kept;
    }
    if is_public {
        withhold(turn, bulletin, &beyond);
    } else {
        gather(turn, bulletin, &beyond);
    }
    kept
}

/// Severity 5, corrections and all-clears always go, and so does what is worse than what stands in the
/// ward. Webhooks of the public hazards are machines and are never held back.
fn residents(turn: &Turn, bulletin: &Bulletin, deliveries: Vec<Delivery>) -> (Vec<Delivery>, Vec<Delivery>) {
    let free = bulletin.severity == Severity::MAX || matches!(bulletin.act, Act::AllClear | Act::Cancelled);
    // What is typed anew, or told to more wards, may say worse as well.
    let raises = matches!(bulletin.act, Act::Issued | Act::Raised | Act::Updated);
    let most = turn.plan.duty.bounds.pushes_max;
    let sendings = &turn.next.sendings;
    let mut goes: BTreeMap<Ward, bool> = BTreeMap::new();
    deliveries.into_iter().partition(|delivery| {
        let Some(zone) = delivery.zone.clone().filter(|_| !free) else { return true };
        let ward = (zone, delivery.lang.clone());
        *goes.entry(ward).or_insert_with_key(|ward| {
            let stands = sendings.stands(ward, bulletin.hazard, turn.now);
            let is_worse = raises && stands.is_none_or(|stands| bulletin.severity > stands);
            is_worse || sendings.pushes(ward, turn.now) < most
        })
    })
}

fn withhold(turn: &mut Turn, bulletin: &Bulletin, beyond: &[Delivery]) {
    turn.next.sendings.withheld += beyond.len() as u64;
    let mut zones: Vec<String> =
        beyond.iter().filter_map(|delivery| delivery.zone.as_ref().map(ToString::to_string)).collect();
    zones.sort();
    zones.dedup();
    let mut named: Vec<String> = beyond
        .iter()
        .filter_map(|delivery| turn.plan.city.zone(delivery.zone.as_ref()?))
        .map(|zone| zone.name.clone())
        .collect();
    named.dedup();
    named.truncate(NAMED_MAX);
    let count = zones.len().to_string();
    let withheld = Withheld {
        bulletin: bulletin.id.0.to_string(),
        what: title(bulletin),
        zones,
        deliveries: beyond.len(),
        at_ms: turn.now.ms(),
    };
    let id = format!("withheld.{}", bulletin.id);
    turn.file(|desk| &mut desk.calls, Call { id, about: About::Withheld(withheld), ended: None }, None);
    let notice = Notice {
        key: format!("withheld.{}", bulletin.id),
        alert: bulletin.alert.clone(),
        severity: Severity::MIN,
        words: "withheld",
        values: vec![("what", title(bulletin)), ("where", named.join(", ")), ("count", count)],
    };
    notify(turn, &notice);
}

/// Alarms that a webhook may get before a notice of this severity: what is severe enough to be called out
/// finds the kept places free.
fn most(state: &State, severity: u8) -> usize {
    let bounds = &state.plan.duty.bounds;
    let severe = state.plan.duty.calling.severity_min.step();
    let kept = if severity >= severe { 0 } else { bounds.alarms_kept };
    bounds.alarms_max.saturating_sub(kept).max(1)
}

fn staff(turn: &Turn, bulletin: &Bulletin, deliveries: Vec<Delivery>) -> (Vec<Delivery>, Vec<Delivery>) {
    let most = most(&turn.next, bulletin.severity.step());
    deliveries.into_iter().partition(|delivery| match &delivery.target {
        Target::Webhook { receiver } => turn.next.sendings.alarms(receiver, turn.now) < most,
        Target::Topic { .. } | Target::Token { .. } => true,
    })
}

fn gather(turn: &mut Turn, bulletin: &Bulletin, beyond: &[Delivery]) {
    turn.next.sendings.gathered += beyond.len() as u64;
    for delivery in beyond {
        let Target::Webhook { receiver } = &delivery.target else { continue };
        let known = turn.next.desk.calls.iter().find_map(|(_, filed)| match &filed.record.about {
            About::Gathered(gathered) if gathered.webhook == *receiver => Some(filed.record.clone()),
            _ => None,
        });
        let fresh = || {
            let id = format!("gathered.{receiver}.{}", turn.now.ms());
            let (webhook, since_ms) = (receiver.clone(), turn.now.ms());
            Call {
                id,
                about: About::Gathered(Gathered { webhook, count: 0, severity: 1, since_ms }),
                ended: None,
            }
        };
        let mut call = known.unwrap_or_else(fresh);
        if let About::Gathered(gathered) = &mut call.about {
            gathered.count = gathered.count.saturating_add(1);
            gathered.severity = gathered.severity.max(bulletin.severity.step());
        }
        turn.file(|desk| &mut desk.calls, call, None);
    }
}

/// Tells in one notice what was gathered, once there is room; forgets what was withheld a day ago.
pub(super) fn follow(turn: &mut Turn) {
    if due(&turn.next).is_none_or(|at| at > turn.now) {
        return;
    }
    for call in open(&turn.next) {
        match &call.about {
            About::Gathered(gathered) if room_at(&turn.next, gathered) <= turn.now => {
                let gathered = gathered.clone();
                let id = call.id.clone();
                close(turn, call, "told", None);
                tell_gathered(turn, &id, &gathered);
            }
            About::Withheld(withheld) if past(withheld) <= turn.now => {
                close(turn, call, "past", None);
            }
            _ => {}
        }
    }
}

fn tell_gathered(turn: &mut Turn, id: &str, gathered: &Gathered) {
    let since = when(turn, Timestamp::from_ms(gathered.since_ms));
    let notice = Notice {
        key: id.to_owned(),
        alert: AlertId(Arc::from(id)),
        severity: severity(gathered.severity),
        words: "gathered",
        values: vec![("count", gathered.count.to_string()), ("when", since)],
    };
    let bulletin = compose_notice(&notice, &turn.plan.phrases, turn.now, turn.next.exercise);
    let hooks = std::slice::from_ref(&gathered.webhook);
    let deliveries = intend_for(&bulletin, &turn.plan.receivers, hooks);
    tell::publish(turn, bulletin, deliveries);
}

/// When a webhook can be told what was gathered for it.
fn room_at(state: &State, gathered: &Gathered) -> Timestamp {
    let room = state.sendings.room_at(&gathered.webhook, most(state, gathered.severity));
    room.unwrap_or(Timestamp::from_ms(gathered.since_ms))
}

fn past(withheld: &Withheld) -> Timestamp {
    Timestamp::from_ms(withheld.at_ms).plus(DAY)
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::Gathered(gathered) => Some(room_at(state, gathered)),
        About::Withheld(withheld) => Some(past(withheld)),
        _ => None,
    });
    moments.min()
}
