//! The storms through the checks between sensors: what is broken is named, and nothing else.

use std::collections::BTreeSet;

use sensors::city::City;
use sensors::quality::Check;
use sensors::quality::neighbour::{Case, Inspection};
use sensors::reading::{Observation, Observed};
use sensors::series::Series;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use sensors::track::{Judged, Track};

use super::{hue, storm};
use crate::offline::offline;

/// Stations and what is held against them.
type Named = BTreeSet<(String, Check)>;

/// Every case that ever was opened in a storm, and those that last: station and check.
fn cases(city: &City, name: &str) -> (Named, Named) {
    let known = &city.neighbours;
    let retention = Span::from_h(96);
    let mut tracks: Vec<Track> = city.sensors.iter().map(|sensor| Track::new(sensor, retention)).collect();
    let mut inspection = Inspection::default();
    let mut ever = BTreeSet::new();
    let named = |case: &Case| (city.sensors[case.sensor.at()].id.station.to_string(), case.check);
    let rows = offline(city, &storm(name), 7).unwrap();
    for moment in rows.chunk_by(|a, b| a.arrives_at == b.arrives_at) {
        let now: Timestamp = moment[0].arrives_at;
        for row in moment {
            let sensor = &city.sensors[row.sensor.at()];
            let observation = Observation {
                sensor: row.sensor,
                measured_at: row.measured_at,
                from: row.period.map(|period| row.measured_at.minus(period)),
                arrived_at: row.arrives_at,
                value: Observed::Value(row.value.unwrap()),
            };
            let mut note = |ix: SensorIx, judged: &Judged| {
                if judged.inserted.changed() {
                    inspection.note(known, ix, judged.reading.measured_at);
                }
            };
            let judged = tracks[row.sensor.at()].judge(sensor, &observation, now);
            note(row.sensor, &judged);
            for fed in &judged.fed {
                let feeds = sensor.feeds.unwrap();
                let judged = tracks[feeds.at()].judge_fed(&city.sensors[feeds.at()], fed, now);
                note(feeds, &judged);
            }
        }
        let series = |ix: SensorIx| -> Option<&Series> { tracks.get(ix.at()).map(Track::series) };
        for turned in inspection.inspect(known, &series) {
            ever.extend(turned.came.iter().map(named));
            let held: Vec<_> = inspection.cases_of(turned.sensor).filter_map(Case::suspicion).collect();
            tracks[turned.sensor.at()].hold(&city.sensors[turned.sensor.at()], &held, now);
        }
    }
    let open = inspection.cases().filter(|case| case.is_open()).map(named).collect();
    (ever, open)
}

#[test]
fn the_broken_gauges_of_november_2025_are_named_with_their_cause_and_nobody_else_is_accused() {
    let city = hue();
    let (ever, open) = cases(&city, "2025-11");
    let broken: Named = [
        ("750013".to_owned(), Check::DeadOnZero),
        ("750042".to_owned(), Check::DeadOnZero),
        ("750063".to_owned(), Check::Clogged),
    ]
    .into();
    assert_eq!(open, broken, "ever: {ever:?}");
    // A clogged gauge may look dead until the first drop comes through.
    let others: Vec<_> = ever.difference(&broken).filter(|case| case.0 != "750063").collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn a_day_of_drizzle_accuses_nobody() {
    assert_eq!(cases(&hue(), "drizzle").0, BTreeSet::new());
}
