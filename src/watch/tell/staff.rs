//! Notices of silence, for staff: one for one cause, and one when it is over. It never speaks to
//! the public and never ends an alert.

use std::collections::BTreeMap;

use rules::alert::{AlertId, Subject, Transition};
use rules::bulletin::{Cause, compose_telemetry};
use rules::hazard::{Hazard, Severity};
use rules::reason::{Reason, Sent, reason};
use rules::rule::NONE;
use sensors::city::City;

use super::{note, publish_to_staff};
use crate::event::{LineState, StationState};
use crate::watch::decide::Turn;
use crate::watch::desk::duty;
use crate::watch::sight::{CauseKind, causes};
use crate::watch::silence::COMMON_CAUSE_MIN;
use crate::watch::snapshot::Eyes;

/// Tells what belongs together in one notice each: the silence, or the return, behind one line.
pub(super) fn tell(turn: &mut Turn, telemetry: Vec<Transition>) {
    let telemetry = telemetry.into_iter().filter(|t| !duty::is_left_in_peace(turn, t)).collect();
    let telemetry = tell_shared(turn, telemetry);
    for ((line, raised), group) in by_line(&turn.plan.city, telemetry) {
        match (line.and_then(|line| Outage::of(turn, line)), raised) {
            // Staff know that nobody behind it can speak; who stays silent afterwards is told then.
            (Some(outage), true) if outage.is_down && outage.is_told => {}
            (Some(outage), true) if outage.is_down => tell_outage(turn, &outage, "down", &group),
            (Some(outage), false) if outage.is_told => tell_outage(turn, &outage, NONE, &group),
            _ => tell_each(turn, &group),
        }
    }
}

/// Tells in one notice each of stations that share what most of its sharers lost, over whatever lines
/// they are reached; gives back the others.
fn tell_shared(turn: &mut Turn, mut telemetry: Vec<Transition>) -> Vec<Transition> {
    if telemetry.iter().filter(|t| t.raised).count() < COMMON_CAUSE_MIN {
        return telemetry;
    }
    let city = &turn.plan.city;
    let shared = causes(&turn.next).into_iter().filter(|cause| cause.kind != CauseKind::Line);
    let named = shared.map(|cause| {
        let ids = cause.stations.iter().filter_map(|ix| Some(city.station(*ix)?.id.clone()));
        (cause.kind, cause.name, ids.map(Subject::Station).collect::<Vec<_>>())
    });
    for (kind, name, subjects) in named.collect::<Vec<_>>() {
        let is_of = |t: &Transition| t.raised && subjects.contains(&t.subject);
        let (of, others): (Vec<_>, Vec<_>) = telemetry.into_iter().partition(is_of);
        telemetry = others;
        let worth =
            |t: &Transition| matches!(reason(t, turn.next.told.of(&t.alert), &[]), Reason::Send { .. });
        let of: Vec<Transition> = of.into_iter().filter(worth).collect();
        if of.is_empty() {
            continue;
        }
        note_each(turn, &of);
        let cause = if kind == CauseKind::Carrier { Cause::Carrier(&name) } else { Cause::Power(&name) };
        let (plan, exercise) = (&turn.plan, turn.next.exercise);
        let bulletin = compose_telemetry(&of, cause, &plan.city, &plan.phrases, turn.now, exercise);
        publish_to_staff(turn, bulletin);
    }
    telemetry
}

/// Tells once of those that stay silent although their line came back a full deadline ago: their
/// silence was muted while it was down.
pub(super) fn tell_still_silent(turn: &mut Turn) {
    for line in std::mem::take(&mut turn.rechecked) {
        let is_behind = |subject: &Subject| line_of(&turn.plan.city, subject) == Some(line);
        let untold = untold(turn, is_behind);
        tell_untold(turn, &untold);
    }
}

/// Tells once of those that are still silent when their maintenance ends. Who is behind a line that is
/// down is told with it.
pub(super) fn tell_repaired(turn: &mut Turn) {
    let repaired = turn.repaired.clone();
    if repaired.is_empty() {
        return;
    }
    let is_down = |subject: &Subject| {
        line_of(&turn.plan.city, subject)
            .and_then(|line| Outage::of(turn, line))
            .is_some_and(|outage| outage.is_down && outage.is_told)
    };
    let is_of = |subject: &Subject| {
        matches!(subject, Subject::Station(id) if repaired.iter().any(|name| name == id.as_str()))
            && !is_down(subject)
    };
    let untold = untold(turn, is_of);
    tell_untold(turn, &untold);
}

fn tell_untold(turn: &mut Turn, untold: &[Transition]) {
    if untold.is_empty() {
        return;
    }
    note_each(turn, untold);
    let bulletin = compose_telemetry(
        untold,
        Cause::Unknown,
        &turn.plan.city,
        &turn.plan.phrases,
        turn.now,
        turn.next.exercise,
    );
    publish_to_staff(turn, bulletin);
}

/// Silences that nobody was told of, of those subjects that are not being repaired.
fn untold(turn: &Turn, is_meant: impl Fn(&Subject) -> bool) -> Vec<Transition> {
    let eyes = Eyes { tracks: &turn.next.tracks, silent: &turn.next.silent, sums: None };
    let rules = &turn.plan.rules;
    let slots = (0_u32..).map(rules::alert::SlotIx).zip(rules.slots().iter().zip(&turn.next.alerts));
    let untold = slots.filter_map(|(ix, (slot, alert))| {
        let episode = alert.episode.as_ref().filter(|_| slot.rule.hazard == Hazard::Telemetry)?;
        let is_untold = turn.next.told.of(&episode.id).is_none();
        let is_wanted = is_meant(&slot.subject) && !duty::is_repaired(turn, &slot.subject);
        if is_untold && is_wanted { rules.restate(ix, alert, turn.now, &eyes) } else { None }
    });
    untold.collect()
}

/// A line as staff know it.
struct Outage {
    name: String,
    /// What was told of it is kept under this key.
    key: AlertId,
    is_down: bool,
    is_told: bool,
}

impl Outage {
    fn of(turn: &Turn, line: usize) -> Option<Self> {
        let name = turn.plan.city.lines.get(line)?.name.clone();
        let key = AlertId(format!("line.{name}").into());
        let is_down = matches!(turn.next.lines.get(line), Some(Some((_, LineState::Down { .. }))));
        let is_told = turn.next.told.of(&key).is_some();
        Some(Self { name, key, is_down, is_told })
    }
}

/// One notice with the line as its cause: that it is down, or the first word from behind it.
fn tell_outage(turn: &mut Turn, outage: &Outage, level: &str, group: &[Transition]) {
    let severity = group.iter().map(|t| t.severity).max().unwrap_or(Severity::MIN);
    let name = Cause::Line(&outage.name);
    let bulletin =
        compose_telemetry(group, name, &turn.plan.city, &turn.plan.phrases, turn.now, turn.next.exercise);
    note(turn, &outage.key, Sent { level: level.to_owned(), severity, zones: Vec::new() });
    // Those that were told by name before the line went down are back as well.
    let named: Vec<Transition> =
        group.iter().filter(|t| turn.next.told.of(&t.alert).is_some()).cloned().collect();
    note_each(turn, &named);
    publish_to_staff(turn, bulletin);
}

/// Those that are cut off by one cause in one notice; of the others each station by itself, or all in
/// one notice where they are so many that one cause is likely.
fn tell_each(turn: &mut Turn, group: &[Transition]) {
    let worth = |t: &&Transition| matches!(reason(t, turn.next.told.of(&t.alert), &[]), Reason::Send { .. });
    let mut by_cause: BTreeMap<Option<String>, Vec<Transition>> = BTreeMap::new();
    for transition in group.iter().filter(worth) {
        by_cause.entry(cut_by(turn, transition)).or_default().push(transition.clone());
    }
    for (cause, worth) in by_cause {
        note_each(turn, &worth);
        let together = if cause.is_some() || worth.len() >= COMMON_CAUSE_MIN { worth.len() } else { 1 };
        for notice in worth.chunks(together) {
            let cause = cause.as_deref().map_or(Cause::Unknown, Cause::Cut);
            let (plan, exercise) = (&turn.plan, turn.next.exercise);
            let bulletin = compose_telemetry(notice, cause, &plan.city, &plan.phrases, turn.now, exercise);
            publish_to_staff(turn, bulletin);
        }
    }
}

/// Who says that a station which fell silent is cut off.
fn cut_by(turn: &Turn, transition: &Transition) -> Option<String> {
    let Subject::Station(id) = &transition.subject else { return None };
    let (ix, _) = turn.plan.city.station_named(id).filter(|_| transition.raised)?;
    match turn.next.stations.get(ix.at())? {
        Some((_, StationState::Offline { why })) => Some(why.clone()),
        Some((_, StationState::Online)) | None => None,
    }
}

fn note_each(turn: &mut Turn, transitions: &[Transition]) {
    for transition in transitions {
        let sent = Sent { level: transition.to.clone(), severity: transition.severity, zones: Vec::new() };
        note(turn, &transition.alert, sent);
    }
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
