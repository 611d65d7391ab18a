//! Quiet hours: what is least severe waits for the morning, and is told then if it is still true and nobody
//! was told worse meanwhile.

use rules::alert::{SlotIx, Transition};
use rules::bulletin::{Act, Author, Bulletin};
use sensors::time::Timestamp;

use super::{close, open};
use crate::desk::duty::call::{About, Call, Delayed};
use crate::watch::decide::Turn;
use crate::watch::snapshot::{Eyes, State};
use crate::watch::tell;

/// Whether a bulletin waits for the end of the quiet hours; it is filed then, and nobody is told. Only what
/// rules let out by themselves waits, and only what raises: nothing of it is taken back unheard.
pub(in crate::watch) fn delays(turn: &mut Turn, transition: &Transition, bulletin: &Bulletin) -> bool {
    let Some(quiet) = &turn.plan.duty.quiet else { return false };
    let is_rule = bulletin.automatic && bulletin.author == Author::Rule;
    let raises = matches!(bulletin.act, Act::Issued | Act::Raised | Act::Updated);
    let is_slight = bulletin.severity_max <= quiet.severity_max && quiet.hazards.contains(&bulletin.hazard);
    let Some(until) = quiet.end_of(turn.now, turn.plan.city.utc_offset_min) else { return false };
    if !(is_rule && raises && is_slight) {
        return false;
    }
    let id = format!("quiet.{}.{}", bulletin.alert, until.ms());
    let slot = turn.plan.rules.slot(transition.slot).map(|slot| slot.key().to_owned()).unwrap_or_default();
    let delayed = Delayed {
        alert: bulletin.alert.0.to_string(),
        slot,
        level: transition.to.clone(),
        severity: bulletin.severity.step(),
        until_ms: until.ms(),
    };
    turn.file(|desk| &mut desk.calls, Call { id, about: About::Delayed(delayed), ended: None }, None);
    true
}

/// At the end of the quiet hours, or when the city has none any more, tells what is still true.
pub(super) fn follow(turn: &mut Turn) {
    let is_waiting = |call: &&Call| {
        matches!(&call.about, About::Delayed(delayed)
            if delayed.until_ms <= turn.now.ms() || turn.plan.duty.quiet.is_none())
    };
    let papers = turn.next.desk.calls.iter().map(|(_, filed)| &filed.record);
    if papers.filter(is_waiting).count() == 0 {
        return;
    }
    for call in open(&turn.next) {
        let About::Delayed(delayed) = &call.about else { continue };
        if delayed.until_ms > turn.now.ms() && turn.plan.duty.quiet.is_some() {
            continue;
        }
        let ended = match still_true(turn, delayed) {
            Some(transition) if told_since(turn, &transition) => "overtaken",
            Some(transition) => {
                tell::tell_public(turn, &transition, &mut Vec::new());
                "told"
            }
            None => "over",
        };
        close(turn, call, ended, None);
    }
}

fn told_since(turn: &Turn, transition: &Transition) -> bool {
    let told = turn.next.told.of(&transition.alert);
    told.is_some_and(|sent| sent.severity >= transition.severity)
}

/// The level as it is now, if the same episode still runs.
fn still_true(turn: &Turn, delayed: &Delayed) -> Option<Transition> {
    let rules = &turn.plan.rules;
    let ix: SlotIx = rules.slot_named(&delayed.slot)?;
    let alert = turn.next.alerts.get(ix.at())?;
    let episode = alert.episode.as_ref().filter(|episode| *episode.id.0 == *delayed.alert)?;
    let eyes = Eyes { tracks: &turn.next.tracks, silent: &turn.next.silent, sums: None };
    let transition = rules.restate(ix, alert, turn.now, &eyes)?;
    // What only suspect readings say waits for an officer, as it would have at first.
    let corroborated = episode.sure_max.is_some_and(|sure| sure >= transition.severity);
    Some(Transition { corroborated, ..transition })
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::Delayed(delayed) => Some(Timestamp::from_ms(delayed.until_ms)),
        _ => None,
    });
    moments.min()
}
