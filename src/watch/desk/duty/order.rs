//! What officers order about the duty: silences, maintenance, hand-overs, calls that are answered.

use std::collections::{BTreeMap, BTreeSet};

use rules::alert::AlertId;
use rules::bulletin::Notice;
use rules::hazard::{Hazard, Severity};
use rules::rule::Slot;
use sensors::place::ZoneId;
use sensors::station::StationId;
use sensors::time::{Span, Timestamp};

use super::{close, notify_officers, open, peace, responsible};
use crate::desk::duty::call::{About, Call, HandOver};
use crate::desk::duty::{Act, NAMES_MAX, Peace, SILENCES_MAX, Scope, Silence};
use crate::desk::warning::check::visible;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::seen;
use crate::watch::snapshot::State;

/// A hand-over that nobody accepts ends after this; the roster holds by itself.
const HAND_OVER_MAX: Span = Span::from_h(24);
/// Warnings that a hand-over names.
const WARNINGS_NAMED: usize = 50;
/// A maintenance window is planned no further ahead.
const AHEAD_MAX: Span = Span::from_h(24 * 30);
/// The longest reason or note, bytes.
const REASON_BYTES_MAX: usize = 1000;

pub(super) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    match act {
        Act::Silence { scope, until_ms, reason } => silence(turn, order, scope, *until_ms, reason),
        Act::Maintain { .. } => maintain(turn, order, act),
        Act::EndSilence { id } => end(turn, order, id, false),
        Act::EndMaintenance { id } => end(turn, order, id, true),
        Act::HandOver { to, note } => hand_over(turn, order, to, note),
        Act::AcceptHandOver { id } => accept(turn, order, id),
        Act::TakeCall { id } => take(turn, order, id),
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Desk { why: why.into() })
}

fn silence(
    turn: &mut Turn,
    order: &Order,
    scope: &Scope,
    until_ms: i64,
    reason: &str,
) -> Result<Done, Refusal> {
    let reason = worded(reason, "reason")?;
    let most = turn.plan.duty.bounds.silence_max;
    bounded(turn, turn.now.ms(), until_ms, most, "silence")?;
    let slots = turn.plan.rules.slots().iter().zip(&turn.next.alerts);
    let mut known = false;
    let mut seen = BTreeMap::new();
    for (slot, alert) in slots.filter(|(slot, _)| covers(scope, slot)) {
        known = true;
        if let Some(level) = usize::from(alert.level).checked_sub(1).and_then(|at| slot.levels.get(at)) {
            seen.insert(slot.key().to_owned(), level.severity.step());
        }
    }
    if !known {
        return refused(format!(
            "no rule is about {}; name a rule, a subject, a hazard or a zone of the configuration",
            named(scope)
        ));
    }
    if seen.is_empty() {
        return refused(
            "nothing stands in it now; a silence mutes what is known already, a maintenance window what is expected",
        );
    }
    let peace = Peace::Silence { scope: scope.clone(), seen };
    Ok(file(turn, order, peace, until_ms, reason))
}

fn named(scope: &Scope) -> &str {
    match scope {
        Scope::Rule(id) | Scope::Subject(id) | Scope::Hazard(id) | Scope::Zone(id) => id,
    }
}

fn covers(scope: &Scope, slot: &Slot) -> bool {
    match scope {
        Scope::Rule(id) => *slot.rule.id.0 == **id,
        Scope::Subject(id) => slot.subject.to_string() == *id,
        Scope::Hazard(word) => word.parse::<Hazard>().is_ok_and(|hazard| slot.rule.hazard == hazard),
        Scope::Zone(id) => slot.zones.contains(&ZoneId::new(id)),
    }
}

fn worded(text: &str, what: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.len() > REASON_BYTES_MAX {
        return refused(format!(
            "the {what} is missing or too long; allowed are 1 to {REASON_BYTES_MAX} bytes"
        ));
    }
    match visible(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(why) => refused(format!("the {what} {why}")),
    }
}

fn bounded(turn: &Turn, from_ms: i64, until_ms: i64, most: Span, what: &str) -> Result<(), Refusal> {
    let (from, until) = (Timestamp::from_ms(from_ms), Timestamp::from_ms(until_ms));
    if until <= from.max(turn.now) || until.since(from) > most {
        let hours = most.whole_s() / 3600;
        return refused(format!(
            "the {what} would end at {until}, and it is {}; allowed is an end in the future and at most {hours} h after its beginning",
            turn.now
        ));
    }
    if turn.next.desk.silences.len() >= SILENCES_MAX {
        return refused(format!("{SILENCES_MAX} are open already; end one first"));
    }
    Ok(())
}

fn file(turn: &mut Turn, order: &Order, peace: Peace, until_ms: i64, reason: String) -> Done {
    let silence = Silence {
        id: id_of("s", turn, order),
        peace,
        until_ms,
        reason,
        by: order.actor.to_string(),
        made_ms: turn.now.ms(),
        ended: None,
    };
    turn.file(|desk| &mut desk.silences, silence, Some(order))
}

/// An id that no earlier paper has, also where a key that was forgotten comes again.
fn id_of(prefix: &str, turn: &Turn, order: &Order) -> String {
    format!("{prefix}.{}.{}", order.key, turn.now.ms())
}

fn maintain(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    let Act::Maintain { stations, lines, from_ms, until_ms, reason } = act else {
        return refused("it is no maintenance window");
    };
    let reason = worded(reason, "reason")?;
    let from_ms = from_ms.unwrap_or(turn.now.ms());
    if from_ms > turn.now.plus(AHEAD_MAX).ms() {
        return refused(format!("it begins too far ahead; at most {} days", AHEAD_MAX.whole_s() / 86_400));
    }
    bounded(turn, from_ms, *until_ms, turn.plan.duty.bounds.maintenance_max, "maintenance window")?;
    if stations.len() + lines.len() == 0 || stations.len() + lines.len() > NAMES_MAX {
        return refused(format!("name the stations or lines, at most {NAMES_MAX}"));
    }
    let city = &turn.plan.city;
    let mut all = BTreeSet::new();
    for id in stations {
        if city.station_named(&StationId::new(id)).is_none() {
            return refused(format!("there is no station {id:?}; /api/v1/stations lists every station"));
        }
        all.insert(id.clone());
    }
    for name in lines {
        let Some(line) = city.lines.iter().find(|line| line.name == *name) else {
            let lines: Vec<&str> = city.lines.iter().map(|line| line.name.as_str()).collect();
            return refused(format!("there is no line {name:?}; allowed are {}", lines.join(", ")));
        };
        let behind = line.sensors().into_iter().filter_map(|ix| city.station(city.sensor(ix)?.station));
        all.extend(behind.map(|station| station.id.to_string()));
    }
    let peace = Peace::Maintenance { stations: all.into_iter().collect(), lines: lines.clone(), from_ms };
    Ok(file(turn, order, peace, *until_ms, reason))
}

fn end(turn: &mut Turn, order: &Order, id: &str, maintenance: bool) -> Result<Done, Refusal> {
    let silence = seen(&turn.next.desk.silences, id, order)?.record.clone();
    if silence.is_maintenance() != maintenance {
        return Err(Refusal::Absent { what: id.to_owned() });
    }
    Ok(peace::end(turn, silence, "officer", Some(order)))
}

fn hand_over(turn: &mut Turn, order: &Order, to: &str, note: &str) -> Result<Done, Refusal> {
    let note = worded(note, "note")?;
    let from = order.actor.as_str();
    let on_duty = responsible(&turn.next, turn.now);
    if !on_duty.iter().any(|officer| officer == from) {
        return refused(format!("{from} is not on duty; on duty are {}", on_duty.join(", ")));
    }
    if to == from || !turn.plan.duty.persons.iter().any(|person| person.officer == to) {
        return refused(format!("{to:?} can't take it; allowed is another officer of duty.toml"));
    }
    let mut warnings: Vec<(u8, String)> =
        turn.next.desk.warnings.iter().map(|(id, filed)| (filed.record.severity, id.to_owned())).collect();
    warnings.sort_by(|a, b| b.cmp(a));
    let open_count = warnings.len();
    let warnings = warnings.into_iter().take(WARNINGS_NAMED).map(|(_, id)| id).collect();
    // A second note of the same officer stands in place of the first.
    for call in open(&turn.next) {
        if matches!(&call.about, About::HandOver(given) if given.from == from) {
            close(turn, call, "replaced", Some(order));
        }
    }
    let given = HandOver {
        from: from.to_owned(),
        to: to.to_owned(),
        note: note.clone(),
        at_ms: turn.now.ms(),
        warnings,
        open: open_count,
    };
    let id = id_of("hand-over", turn, order);
    let done = turn.file(
        |desk| &mut desk.calls,
        Call { id: id.clone(), about: About::HandOver(given), ended: None },
        Some(order),
    );
    let name = turn.plan.officers.named(from).map_or_else(|| from.to_owned(), |officer| officer.name.clone());
    let notice = Notice {
        key: id.clone(),
        alert: AlertId(id.into()),
        severity: Severity::MIN,
        words: "hand_over",
        values: vec![("who", name), ("count", open_count.to_string()), ("why", note)],
    };
    notify_officers(turn, &notice, &[to.to_owned()]);
    Ok(done)
}

fn accept(turn: &mut Turn, order: &Order, id: &str) -> Result<Done, Refusal> {
    let call = seen(&turn.next.desk.calls, id, order)?.record.clone();
    let About::HandOver(given) = &call.about else { return Err(Refusal::Absent { what: id.to_owned() }) };
    if given.to != order.actor.as_str() {
        return refused(format!("it was handed over to {}, who alone accepts it", given.to));
    }
    Ok(close(turn, call, "accepted", Some(order)))
}

fn take(turn: &mut Turn, order: &Order, id: &str) -> Result<Done, Refusal> {
    let mut call = seen(&turn.next.desk.calls, id, order)?.record.clone();
    let About::Warning(waiting) = &mut call.about else {
        return Err(Refusal::Absent { what: id.to_owned() });
    };
    if let Some(by) = &waiting.taken_by {
        return refused(format!("{by} has taken it already; acknowledge the warning itself"));
    }
    waiting.taken_by = Some(order.actor.to_string());
    waiting.next_ms = None;
    Ok(turn.file(|desk| &mut desk.calls, call, Some(order)))
}

/// Ends hand-overs that nobody accepted in a day.
pub(super) fn lapse(turn: &mut Turn) {
    if due(&turn.next).is_none_or(|at| at > turn.now) {
        return;
    }
    for call in open(&turn.next) {
        if matches!(&call.about, About::HandOver(given) if lapses(given) <= turn.now) {
            close(turn, call, "lapsed", None);
        }
    }
}

fn lapses(given: &HandOver) -> Timestamp {
    Timestamp::from_ms(given.at_ms).plus(HAND_OVER_MAX)
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments = state.desk.calls.iter().filter_map(|(_, filed)| match &filed.record.about {
        About::HandOver(given) => Some(lapses(given)),
        _ => None,
    });
    moments.min()
}
