//! Levels that were reached while nobody measured: officers are told between when and when.
//!
//! It infers a time and nothing else: the level itself was observed, before or after the gap, or is
//! estimated by another gauge and marked so. The public never reads it.

use rules::alert::{Subject, Transition};
use rules::bulletin::Notice;
use rules::rule::{Condition, StandIn};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::watch::decide::Turn;
use crate::watch::desk::duty::notify;

/// Tells of every raise whose reading is the first one after a silence, and of every level that a gauge
/// reached in the place of a silent one.
pub(super) fn tell(turn: &mut Turn) {
    let raised = turn.commit.transitions.iter().filter(|t| t.raised && t.hazard.is_public());
    let notices: Vec<Notice> = raised.filter_map(|transition| inferred(turn, transition)).collect();
    for notice in notices {
        notify(turn, &notice);
    }
}

fn inferred(turn: &Turn, transition: &Transition) -> Option<Notice> {
    let slot = turn.plan.rules.slot(transition.slot)?;
    let level = slot.levels.iter().find(|level| level.name == transition.to)?;
    let (after, before) = match &level.when {
        Condition::Exceeds { sensor, .. } => gap(turn, *sensor, transition.measured_at)?,
        Condition::StandsIn(of) => estimated(turn, of)?,
        _ => return None,
    };
    let Subject::Station(id) = &transition.subject else { return None };
    let (_, station) = turn.plan.city.station_named(id)?;
    let language = turn.plan.phrases.languages.first()?;
    let offset = turn.plan.city.utc_offset_min;
    Some(Notice {
        key: format!("inferred.{}.{}.{}", transition.alert, transition.to, transition.at.ms()),
        alert: transition.alert.clone(),
        severity: transition.severity,
        words: "inferred",
        values: vec![
            ("what", station.name.clone()),
            ("level", language.level(&transition.to).to_owned()),
            ("when", language.when(after, offset)),
            ("until", language.when(before, offset)),
        ],
    })
}

/// The reading before the one that raised, and that one, where more lies between them than the sensor's
/// deadline.
fn gap(turn: &Turn, sensor: SensorIx, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let deadline = turn.plan.city.sensor(sensor)?.deadline.total();
    let series = turn.next.tracks.get(sensor.at())?.series();
    let before = series.at_or_before(at.minus(Span::from_ms(1)))?.measured_at;
    (at.since(before) > deadline).then_some((before, at))
}

/// From the last word of the silent gauge, or of the other one when it stood lower, to that one's newest.
fn estimated(turn: &Turn, of: &StandIn) -> Option<(Timestamp, Timestamp)> {
    let series = |sensor: SensorIx| turn.next.tracks.get(sensor.at()).map(|track| track.series());
    let last = series(of.target)?.newest()?.measured_at;
    let by = series(of.by)?;
    let newest = by.newest()?.measured_at;
    let before = by.at_or_before(newest.minus(Span::from_ms(1))).map_or(last, |point| point.measured_at);
    (newest > last).then_some((last.max(before), newest))
}
