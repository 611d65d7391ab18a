//! Release orders: entered, revised, withdrawn, carried out; under way when their hour has come or when
//! the dam tells as much.

use rules::alert::AlertId;
use rules::bulletin::{Bulletin, Notice};
use rules::hazard::{Hazard, Severity};
use rules::typed::Said;
use sensors::parameter::Parameter;
use sensors::station::{Station, StationId};
use sensors::time::{Span, Timestamp};

use super::{RELEASES_MAX, id_of, issue, whole};
use crate::desk::typed::{
    Moment, ReleaseOrder, ReleasePhase, ReleaseTerms, check_order, check_reason, say_end, say_release,
    say_revised, severity_of_release,
};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::desk::{duty, seen};
use crate::watch::snapshot::State;

/// After so long an order of which nobody said that it ended is closed, and officers are told.
const STANDS: Span = Span::from_h(7 * 24);

pub(super) fn enter(turn: &mut Turn, order: &Order, terms: &ReleaseTerms) -> Result<Done, Refusal> {
    whole(&check_order(terms, &turn.plan.city, turn.now))?;
    let open = &turn.next.desk.release_orders;
    if open.len() >= RELEASES_MAX {
        let why = format!("{RELEASES_MAX} release orders are open, which is the most; complete what is over");
        return Err(Refusal::Desk { why });
    }
    let is_same = |other: &ReleaseTerms| other.dam == terms.dam && other.number == terms.number;
    if let Some((id, _)) = open.iter().find(|(_, filed)| is_same(&filed.record.order)) {
        let why = format!("order {} of {} is entered as {id}; revise that one", terms.number, terms.dam);
        return Err(Refusal::Desk { why });
    }
    let id = id_of(&format!("release-{}", terms.dam), turn, order);
    let said = say_release(terms, &turn.plan.city);
    propose(turn, order, &id, terms, &said)?;
    let received_at = terms.received_at.unwrap_or(Moment(turn.now));
    let released_before_l_s = newest_release(&turn.next, &terms.dam).map(|(_, l_s)| l_s);
    let record = ReleaseOrder {
        id,
        phase: ReleasePhase::Announced,
        order: terms.clone(),
        told: None,
        received_at,
        released_before_l_s,
        under_way_since: None,
        short_notice: is_short(turn, terms, received_at),
        entered_by: order.actor.to_string(),
        why: None,
    };
    warn_of_short_notice(turn, &record, 1);
    Ok(turn.file(|desk| &mut desk.release_orders, record, Some(order)))
}

pub(super) fn revise(
    turn: &mut Turn,
    order: &Order,
    id: &str,
    terms: &ReleaseTerms,
) -> Result<Done, Refusal> {
    let filed = seen(&turn.next.desk.release_orders, id, order)?;
    let (was, version) = (filed.record.clone(), filed.version);
    let mut lacks = check_order(terms, &turn.plan.city, turn.now);
    // A release that began long ago is revised all the same.
    lacks.retain(|lack| lack.field != "starts_at" || terms.starts_at != was.order.starts_at);
    whole(&lacks)?;
    if terms.dam != was.order.dam {
        let why = format!("{id} is about {}; withdraw it and enter another one", was.order.dam);
        return Err(Refusal::Desk { why });
    }
    // People compare with what they were told, not with what was only entered.
    let told = if issue::waits(turn, id) {
        was.told.clone()
    } else {
        issue::was_told(turn, id).then(|| was.order.clone())
    };
    if same(&was.order, terms) {
        return Err(Refusal::Desk { why: format!("{id} says so already; change something, or complete it") });
    }
    let city = &turn.plan.city;
    let said = told.as_ref().map_or_else(|| say_release(terms, city), |told| say_revised(told, terms, city));
    propose(turn, order, id, terms, &said)?;
    let received_at = terms.received_at.unwrap_or(Moment(turn.now));
    let begins = terms.starts_at != was.order.starts_at && terms.starts_at.0 > turn.now;
    let record = ReleaseOrder {
        order: terms.clone(),
        told,
        received_at,
        phase: if begins { ReleasePhase::Announced } else { was.phase },
        under_way_since: was.under_way_since.filter(|_| !begins),
        released_before_l_s: newest_release(&turn.next, &terms.dam).map(|(_, l_s)| l_s),
        short_notice: is_short(turn, terms, received_at),
        entered_by: order.actor.to_string(),
        ..was
    };
    warn_of_short_notice(turn, &record, version + 1);
    Ok(turn.file(|desk| &mut desk.release_orders, record, Some(order)))
}

/// Whether an order says nothing new about the water.
fn same(was: &ReleaseTerms, terms: &ReleaseTerms) -> bool {
    let said = |terms: &ReleaseTerms| (terms.from_m3_s, terms.to_m3_s, terms.starts_at, terms.gradually);
    said(was) == said(terms)
}

pub(super) fn withdraw(
    turn: &mut Turn,
    order: &Order,
    id: &str,
    reason: &str,
    in_error: bool,
) -> Result<Done, Refusal> {
    let record = seen(&turn.next.desk.release_orders, id, order)?.record.clone();
    whole(&check_reason(reason))?;
    if in_error {
        issue::take_back(turn, order, id, reason)?;
    } else {
        say_over(turn, "release_withdrawn", &record, reason);
    }
    let record = ReleaseOrder { phase: ReleasePhase::Withdrawn, why: Some(reason.to_owned()), ..record };
    Ok(turn.file(|desk| &mut desk.release_orders, record, Some(order)))
}

pub(super) fn complete(turn: &mut Turn, order: &Order, id: &str, reason: &str) -> Result<Done, Refusal> {
    let record = seen(&turn.next.desk.release_orders, id, order)?.record.clone();
    whole(&check_reason(reason))?;
    if record.phase == ReleasePhase::Announced && record.order.starts_at.0 > turn.now {
        let why = format!("{id} has not begun; withdraw it, or revise its hour");
        return Err(Refusal::Desk { why });
    }
    say_over(turn, "release_completed", &record, reason);
    let record = ReleaseOrder { phase: ReleasePhase::Completed, why: Some(reason.to_owned()), ..record };
    Ok(turn.file(|desk| &mut desk.release_orders, record, Some(order)))
}

fn say_over(turn: &mut Turn, kind: &'static str, record: &ReleaseOrder, reason: &str) {
    let said = say_end(kind, &record.order, reason, &turn.plan.city);
    let eased = bulletin(turn, &record.id, &record.order, &said);
    issue::end(turn, &record.id, Some(eased), reason);
}

fn bulletin(turn: &Turn, id: &str, terms: &ReleaseTerms, said: &Said) -> Bulletin {
    let zones = dam(&turn.next, &terms.dam).map(|dam| dam.zones.clone()).unwrap_or_default();
    let severity = severity_of_release(terms, &turn.plan.rules);
    Bulletin { severity, zones, ..issue::blank(turn, id, Hazard::Release, said) }
}

fn propose(
    turn: &mut Turn,
    order: &Order,
    id: &str,
    terms: &ReleaseTerms,
    said: &Said,
) -> Result<(), Refusal> {
    let bulletin = bulletin(turn, id, terms, said);
    let policy = turn.plan.officers.lets_out("release_order");
    issue::propose(turn, bulletin, "announced", policy, order)
}

fn dam<'a>(state: &'a State, id: &str) -> Option<&'a Station> {
    state.plan.city.station_named(&StationId::new(id)).map(|(_, station)| station)
}

/// What the dam last told of its total release and can be used: when, and l/s.
fn newest_release(state: &State, id: &str) -> Option<(Timestamp, i64)> {
    let city = &state.plan.city;
    let is_release = |ix: &&sensors::station::SensorIx| {
        city.sensor(**ix).is_some_and(|sensor| sensor.id.parameter == Parameter::Release)
    };
    let ix = dam(state, id)?.sensors.iter().find(is_release)?;
    let point = state.tracks.get(ix.at())?.series().at_or_before(Timestamp::MAX)?;
    Some((point.measured_at, point.value?.raw()))
}

fn is_short(turn: &Turn, terms: &ReleaseTerms, received_at: Moment) -> bool {
    let notice = turn.plan.city.release_terms.notice;
    notice.is_some_and(|notice| terms.starts_at.0.since(received_at.0) < notice)
}

fn warn_of_short_notice(turn: &mut Turn, record: &ReleaseOrder, version: u64) {
    if record.short_notice {
        let before = record.order.starts_at.0.since(record.received_at.0).max(Span::ZERO);
        tell_officers(turn, "release_short", record, version, Some(before));
    }
}

fn tell_officers(
    turn: &mut Turn,
    words: &'static str,
    record: &ReleaseOrder,
    version: u64,
    before: Option<Span>,
) {
    let plan = &turn.plan;
    let Some(language) = plan.phrases.languages.first() else { return };
    let when = |at: Timestamp| language.when(at, plan.city.utc_offset_min);
    let name =
        dam(&turn.next, &record.order.dam).map_or_else(|| record.order.dam.clone(), |dam| dam.name.clone());
    let minutes = before.map(|before| language.window(Span::from_min(before.whole_s() / 60)));
    let notice = Notice {
        key: format!("{words}.{}.v{version}", record.id),
        alert: AlertId(record.id.as_str().into()),
        severity: severity_of_release(&record.order, &plan.rules).max(Severity::MIN),
        words,
        values: vec![
            ("where", name),
            ("when", when(turn.now)),
            ("until", when(record.order.starts_at.0)),
            ("quantity", minutes.unwrap_or_default()),
        ],
    };
    duty::notify(turn, &notice);
}

pub(super) fn follow(turn: &mut Turn) {
    let open: Vec<(ReleaseOrder, u64)> = turn
        .next
        .desk
        .release_orders
        .iter()
        .map(|(_, filed)| (filed.record.clone(), filed.version))
        .collect();
    for (record, version) in open {
        if issue::is_closed(turn, &record.id) {
            let why = Some("its warning was closed".to_owned());
            issue::end(turn, &record.id, None, "closed");
            let record = ReleaseOrder { phase: ReleasePhase::Withdrawn, why, ..record };
            turn.file(|desk| &mut desk.release_orders, record, None);
        } else if record.order.starts_at.0.plus(STANDS) <= turn.now {
            issue::end(turn, &record.id, None, "nobody said that it ended");
            tell_officers(turn, "release_lapsed", &record, version, None);
            let record = ReleaseOrder { phase: ReleasePhase::Lapsed, ..record };
            turn.file(|desk| &mut desk.release_orders, record, None);
        } else if record.phase == ReleasePhase::Announced
            && let Some(since) = begun(&turn.next, &record, turn.now)
        {
            let under_way_since = Some(Moment(since));
            let record = ReleaseOrder { phase: ReleasePhase::UnderWay, under_way_since, ..record };
            turn.file(|desk| &mut desk.release_orders, record, None);
        }
    }
}

/// Since when the order is carried out: the dam tells as much as was ordered at first and told less when
/// the order came, or its hour has come.
fn begun(state: &State, record: &ReleaseOrder, now: Timestamp) -> Option<Timestamp> {
    let least = i64::from(record.order.from_m3_s) * 1000;
    let told = newest_release(state, &record.order.dam).filter(|(at, l_s)| {
        let was_less = record.released_before_l_s.is_none_or(|before| before < least);
        *at > record.received_at.0 && *at <= now && *l_s >= least && was_less
    });
    let by_hour = Some(record.order.starts_at.0).filter(|hour| *hour <= now);
    told.map(|(at, _)| at).into_iter().chain(by_hour).min()
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments = state.desk.release_orders.iter().map(|(_, filed)| match filed.record.phase {
        ReleasePhase::Announced => filed.record.order.starts_at.0,
        _ => filed.record.order.starts_at.0.plus(STANDS),
    });
    moments.min()
}
