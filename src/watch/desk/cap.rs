//! Officers' desk: every bulletin to the public becomes a CAP message in the same commit, and no
//! message lapses while its condition is true.
//!
//! What staff are told never becomes one, and a bulletin that names no ward is never for everyone.

use std::sync::Arc;

use rules::alert::{AlertId, SlotIx, Transition};
use rules::bulletin::{Bulletin, Notice};
use rules::hazard::Severity;
use rules::rule::NONE;
use sensors::place::ZoneId;
use sensors::time::{Span, Timestamp};

use super::duty;
use crate::cap::Message;
use crate::cap::write::message::Known;
use crate::cap::write::out::Out;
use crate::cap::write::renew::first;
use crate::cap::write::{self, Said};
use crate::watch::decide::Turn;
use crate::watch::snapshot::{Eyes, State};

/// Says what goes out in this decision, and once more what would lapse.
pub(in crate::watch) fn follow(turn: &mut Turn) {
    let plan = Arc::clone(&turn.plan);
    let Some(out) = &plan.cap.out else { return };
    let goes = |bulletin: &&Bulletin| bulletin.automatic && bulletin.hazard.is_public();
    let told: Vec<Bulletin> = turn.commit.bulletins.iter().filter(goes).cloned().collect();
    for bulletin in &told {
        say(turn, out, bulletin);
    }
    for message in turn.next.caps.ending(turn.now, out.renew_before) {
        renew(turn, out, &message);
    }
    turn.next.caps.forget(turn.now);
}

/// When the next message must be renewed.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    let out = state.plan.cap.out.as_ref()?;
    state.caps.due(out.renew_before)
}

fn say(turn: &mut Turn, out: &Out, bulletin: &Bulletin) {
    let zones = zones(turn, out, bulletin);
    if zones.is_empty() {
        let values = vec![("what", title(bulletin))];
        return notify(turn, &format!("cap.{}", bulletin.id), &bulletin.alert, "cap_nowhere", values);
    }
    let known = known(turn, bulletin);
    let said = Said { bulletin, zones: &zones, known: known.as_ref() };
    let before = turn.next.caps.before(&bulletin.alert, turn.now);
    let message = write::write(&said, &before, out, &turn.plan.phrases, turn.now, turn.next.exercise);
    if let Some(message) = message {
        keep(turn, message);
    }
}

fn keep(turn: &mut Turn, message: Message) {
    turn.next.caps.note(&message);
    turn.commit.caps.push(message);
}

/// Renews what is still true; what is not true any more ends when it expires.
fn renew(turn: &mut Turn, out: &Out, message: &Message) {
    if !is_true(&turn.next, &message.alert) {
        return turn.next.caps.let_go(&message.alert);
    }
    let before = turn.next.caps.before(&message.alert, turn.now);
    let renewed = write::renew(message, &before, out, turn.now);
    if message.expires <= turn.now {
        let what = first(&message.xml, "headline").into_owned();
        let values = vec![("what", what), ("when", clock(message.expires, out.utc_offset_min))];
        notify(turn, &format!("cap.{}", message.identifier), &message.alert, "cap_lapsed", values);
    }
    keep(turn, renewed);
}

/// Whether what an alert says is still so: its episode runs, or its paper is open.
fn is_true(state: &State, alert: &AlertId) -> bool {
    let episode = slot_of(state, alert).and_then(|ix| state.alerts.get(ix.at())?.episode.as_ref());
    episode.is_some_and(|episode| episode.id == *alert)
        || state.desk.typed.find(&alert.0).is_some()
        || state.desk.release_orders.find(&alert.0).is_some()
}

/// The (rule, subject) pair of an episode, by the words that its id begins with.
fn slot_of(state: &State, alert: &AlertId) -> Option<SlotIx> {
    let (key, _) = alert.0.rsplit_once('.')?;
    state.plan.rules.slot_named(key)
}

/// The wards of a bulletin that the city knows; those of its alert's station where it names none.
fn zones(turn: &Turn, out: &Out, bulletin: &Bulletin) -> Vec<ZoneId> {
    let known = |zones: &[ZoneId]| -> Vec<ZoneId> {
        zones.iter().filter(|zone| out.areas.of(zone).is_some()).cloned().collect()
    };
    let named = known(&bulletin.zones);
    if !named.is_empty() {
        return named;
    }
    let slot = slot_of(&turn.next, &bulletin.alert).and_then(|ix| turn.plan.rules.slot(ix));
    slot.map(|slot| known(&slot.zones)).unwrap_or_default()
}

/// What the engine knows of a bulletin's alert: what made it in this decision, else how it stands.
fn known(turn: &Turn, bulletin: &Bulletin) -> Option<Known> {
    let ix = slot_of(&turn.next, &bulletin.alert)?;
    let (slot, alert) = (turn.plan.rules.slot(ix)?, turn.next.alerts.get(ix.at())?);
    let episode = alert.episode.as_ref().filter(|episode| episode.id == bulletin.alert);
    let of = |t: &&Transition| t.alert == bulletin.alert;
    let mut made = turn.commit.transitions.iter().filter(of).rev();
    let made = made.clone().find(|t| t.corroborated).or_else(|| made.next()).cloned();
    let eyes = Eyes { tracks: &turn.next.tracks, silent: &turn.next.silent, sums: None };
    let stands = || episode.and_then(|_| turn.plan.rules.restate(ix, alert, turn.now, &eyes));
    let (rule, words) = (slot.rule.id.to_string(), slot.rule.words.clone());
    let transition = made.or_else(stands);
    let (rule_version, level, measure, corroborated) = if let Some(t) = transition {
        (t.rule_version, t.to, t.measure, t.corroborated)
    } else {
        // An officer let out what nothing corroborates, or speaks of what is over.
        let level = episode.map_or(NONE, |_| slot.level_name(alert.doubted)).to_owned();
        (slot.rule.version.clone(), level, None, episode.is_none())
    };
    let onset = episode.map(|episode| episode.began_at).filter(|_| level != NONE);
    Some(Known { rule, rule_version, words, level, measure, corroborated, onset })
}

/// Pages the officer on duty.
fn notify(
    turn: &mut Turn,
    key: &str,
    alert: &AlertId,
    words: &'static str,
    values: Vec<(&'static str, String)>,
) {
    let notice = Notice { key: key.to_owned(), alert: alert.clone(), severity: Severity::MAX, words, values };
    duty::notify(turn, &notice);
}

fn title(bulletin: &Bulletin) -> String {
    bulletin.texts.first().map(|text| text.title.clone()).unwrap_or_default()
}

/// A moment on the city's clocks, as officers of every language read it.
fn clock(at: Timestamp, utc_offset_min: i32) -> String {
    let local = at.plus(Span::from_min(i64::from(utc_offset_min))).to_chrono();
    local.map(|time| time.format("%H:%M %d/%m").to_string()).unwrap_or_default()
}
