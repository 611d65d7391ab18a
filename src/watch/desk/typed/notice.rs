//! Releases that begin without the notice that the procedure demands: told to officers, never to the public.
//!
//! What the public hears of a release comes from its order or from the dam's own rule.

use rules::alert::AlertId;
use rules::bulletin::{BulletinId, Notice};
use rules::hazard::Severity;
use sensors::parameter::Parameter;
use sensors::station::SensorIx;
use sensors::time::Span;

use crate::desk::typed::{Moment, ReleaseTerms, Surprise, Told, severity_of_release, surprise};
use crate::watch::decide::Turn;
use crate::watch::desk::duty;

/// Readings of one dam that are looked at.
const TOLD_MAX: usize = 1000;

/// Looks at what the dams told in this decision.
pub(super) fn follow(turn: &mut Turn) {
    let plan = std::sync::Arc::clone(&turn.plan);
    let Some(notice) = plan.city.release_terms.notice.filter(|_| plan.city.release_terms.rise.is_some())
    else {
        return;
    };
    let is_release =
        |ix: &SensorIx| plan.city.sensor(*ix).is_some_and(|sensor| sensor.id.parameter == Parameter::Release);
    let mut dams: Vec<SensorIx> =
        turn.commit.readings.iter().map(|reading| reading.sensor).filter(is_release).collect();
    dams.sort_unstable();
    dams.dedup();
    for ix in dams {
        if let Some(found) = look(turn, ix, notice) {
            tell(turn, ix, &found, notice);
        }
    }
}

fn look(turn: &Turn, ix: SensorIx, notice: Span) -> Option<Surprise> {
    let series = turn.next.tracks.get(ix.at())?.series();
    let newest = series.at_or_before(turn.now)?.measured_at;
    // What comes hours late is history: the dam's newest word is judged when it is new.
    if newest < turn.now.minus(notice)
        || !turn.commit.readings.iter().any(|r| r.sensor == ix && r.measured_at == newest)
    {
        return None;
    }
    // The last word before the time of notice counts where the dam was silent.
    let from = newest.minus(notice);
    let known = series.points(
        series.at_or_before(from).map_or(from, |point| point.measured_at.minus(Span::from_ms(1))),
        newest,
    );
    let mut told: Vec<Told> = known
        .rev()
        .filter_map(|point| Some(Told { at: point.measured_at, l_s: point.value?.raw() }))
        .take(TOLD_MAX)
        .collect();
    told.reverse();
    let station = &turn.plan.city.sensor(ix)?.id.station;
    let orders = turn.next.desk.release_orders.iter().map(|(_, filed)| &filed.record);
    let orders: Vec<_> = orders.filter(|order| order.order.dam == station.as_str()).collect();
    surprise(&told, &orders, &turn.plan.city.release_terms)
}

/// Tells it at most once in the time of notice, however long the water goes on rising.
fn tell(turn: &mut Turn, ix: SensorIx, found: &Surprise, notice: Span) {
    let plan = std::sync::Arc::clone(&turn.plan);
    let (Some(sensor), Some(language)) = (plan.city.sensor(ix), plan.phrases.languages.first()) else {
        return;
    };
    let words = if found.announced_for.is_some() { "release_early" } else { "release_unannounced" };
    let dam = &sensor.id.station;
    let time = found.now.at.ms() / notice.ms().max(1);
    let key = |time: i64| format!("{words}.{dam}.{time}");
    if turn.next.sendings.knows(&BulletinId(format!("desk.{}", key(time - 1)).into())) {
        return;
    }
    let m3_s = |l_s: i64| u32::try_from(l_s / 1000).unwrap_or(0);
    let (from_m3_s, to_m3_s) = (m3_s(found.low.l_s), m3_s(found.now.l_s));
    let as_ordered = ReleaseTerms {
        dam: dam.to_string(),
        from_m3_s,
        to_m3_s,
        starts_at: Moment(found.now.at),
        gradually: true,
        authority: String::new(),
        number: String::new(),
        received_at: None,
        note: None,
    };
    let severity = severity_of_release(&as_ordered, &plan.rules);
    let name = plan.city.station_named(dam).map_or_else(|| dam.to_string(), |(_, dam)| dam.name.clone());
    let when = |at| language.when(at, plan.city.utc_offset_min);
    let mut values = vec![
        ("where", name),
        ("when", when(found.now.at)),
        ("quantity", format!("{from_m3_s}–{to_m3_s} m³/s")),
    ];
    values.extend(found.announced_for.map(|hour| ("until", when(hour))));
    let notice = Notice {
        key: key(time),
        alert: AlertId(format!("{words}.{dam}").into()),
        severity: severity.max(Severity::new(2).unwrap_or(Severity::MIN)),
        words,
        values,
    };
    duty::notify(turn, &notice);
}
