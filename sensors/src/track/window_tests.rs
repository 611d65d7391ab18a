//! Promises of the checks that look at a long time, and of rejections that a city configured.

use proptest::prelude::*;

use super::tests::{at, said, sensor};
use super::*;
use crate::quality::{Attenuated, FlatLine, Movement, Season, Seasons, SpikeForm};
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::Rate;

const FLAT: Quality = Quality::Suspect(Check::FlatLine);

/// A stage of ten minutes that may stand still for two hours within less than 5 mm.
fn still_for_two_hours() -> Sensor {
    let mut sensor = sensor(Parameter::Stage);
    sensor.checks.flat_line = Some(FlatLine::new(Value::from_raw(5), Span::from_h(2), None).unwrap());
    sensor
}

/// Every check, with rejections.
fn strict() -> Sensor {
    let raw = Value::from_raw;
    let mut sensor = sensor(Parameter::Stage);
    let checks = &mut sensor.checks;
    checks.rate_fail = Some(Rate { change: raw(9_000), per: Span::from_h(1) });
    checks.spike_form = SpikeForm::Average;
    checks.spike_fail = Some(raw(1_200));
    checks.flat_line = Some(FlatLine::new(raw(50), Span::from_min(40), Some(Span::from_min(90))).unwrap());
    let attenuated =
        Attenuated::new(Movement::Deviation, raw(400), Some(raw(30)), Some(Span::from_min(120))).unwrap();
    checks.attenuated = Some(attenuated.with_at_least(3, Span::ZERO));
    checks.gap_max = Some(Span::from_min(35));
    let season = Season::new(&[11], Some((20, 8)), (raw(-500), raw(6_000))).unwrap();
    checks.seasons = Seasons { offset: Span::from_h(7), plausible: vec![season], climatology: vec![] };
    sensor
}

fn judged(sensor: &Sensor, values: impl IntoIterator<Item = (i64, i64)>) -> Vec<Quality> {
    let mut track = Track::new(sensor, Span::from_h(72));
    let judge = |(min, raw)| track.judge(sensor, &said(min, raw), at(min)).reading.quality;
    values.into_iter().map(judge).collect()
}

#[test]
fn a_stage_that_stands_still_too_long_is_suspect_and_never_rejected() {
    let sensor = still_for_two_hours();
    let qualities = judged(&sensor, (0..30).map(|n| (n * 10, 1_000 + n % 2 * 3)));
    assert_eq!(qualities.iter().position(|q| *q == FLAT), Some(12), "two hours after the first");
    assert!(qualities[12..].iter().all(|q| *q == FLAT));
}

#[test]
fn a_stage_that_moves_again_is_good_at_once() {
    let sensor = still_for_two_hours();
    let qualities = judged(&sensor, (0..20).map(|n| (n * 10, 1_000)).chain([(200, 1_010), (210, 1_010)]));
    assert_eq!(qualities[19..], [FLAT, Quality::Good, Quality::Good]);
}

#[test]
fn a_gauge_polled_faster_in_a_storm_stands_still_no_sooner() {
    let sensor = still_for_two_hours();
    let qualities = judged(&sensor, (0..130).map(|min| (min, 1_000)));
    assert_eq!(qualities.iter().position(|q| *q == FLAT), Some(120));
}

#[test]
fn a_silence_alone_is_no_standing_still() {
    let sensor = still_for_two_hours();
    let qualities = judged(&sensor, [(0, 1_000), (10, 1_100), (300, 1_200), (310, 1_200)]);
    assert!(!qualities.contains(&FLAT), "{qualities:?}");
    let qualities = judged(&sensor, [(0, 1_000), (10, 1_000), (300, 1_000)]);
    assert_eq!(qualities[2], FLAT, "on both sides of the silence it is the same");
}

#[test]
fn a_device_without_values_does_not_stand_still() {
    let sensor = still_for_two_hours();
    let mut track = Track::new(&sensor, Span::from_h(72));
    for n in 0..20 {
        let value = if n < 18 { Observed::Missing } else { Observed::Value(Value::from_raw(1_000)) };
        let observation = Observation { value, ..said(n * 10, 0) };
        assert_ne!(track.judge(&sensor, &observation, at(n * 10)).reading.quality, FLAT, "{n}");
    }
}

#[test]
fn a_late_reading_that_moved_takes_the_doubt_back() {
    let sensor = still_for_two_hours();
    let mut track = Track::new(&sensor, Span::from_h(72));
    for n in 0..14 {
        track.judge(&sensor, &said(n * 10, 1_000), at(n * 10));
    }
    assert_eq!(track.latest().unwrap().quality, FLAT);
    let judged = track.judge(&sensor, &said(65, 1_200), at(131));
    let revised: Vec<_> = judged.revised.iter().map(|r| (r.measured_at, r.quality)).collect();
    assert_eq!(revised, [(at(120), Quality::Good), (at(130), Quality::Good)]);
    assert_eq!(track.latest().unwrap().quality, Quality::Good);
}

#[test]
fn a_tide_gauge_that_hardly_moves_any_more_is_doubted() {
    let mut sensor = sensor(Parameter::Stage);
    let limits = Attenuated::new(Movement::Range, Value::from_raw(100), None, Some(Span::from_h(25)));
    sensor.checks.attenuated = Some(limits.unwrap().with_at_least(1, Span::from_h(20)));
    let tide = |n: i64| ((n as f64 / 74.5 * std::f64::consts::TAU).sin() * 300.0) as i64;
    let qualities = judged(&sensor, (0..400).map(|n| (n * 10, if n < 200 { tide(n) } else { tide(n) / 10 })));
    let doubted = qualities.iter().position(|q| *q == Quality::Suspect(Check::AttenuatedSignal));
    assert!((320..=352).contains(&doubted.unwrap()), "{doubted:?}");
    assert!(qualities[..320].iter().all(|q| *q == Quality::Good));
}

#[test]
fn a_reading_after_a_gap_is_told_where_a_city_wants_it() {
    let mut sensor = sensor(Parameter::Stage);
    sensor.checks.gap_max = Some(Span::from_h(1));
    let gap = Quality::Suspect(Check::Gap);
    assert_eq!(judged(&sensor, [(0, 0), (60, 0), (121, 0), (130, 0)])[2..], [gap, Quality::Good]);
    let mut track = Track::new(&sensor, Span::from_h(72));
    for min in [0, 90] {
        track.judge(&sensor, &said(min, 0), at(min));
    }
    let filled = track.judge(&sensor, &said(45, 0), at(91));
    assert_eq!(filled.revised.iter().map(|r| r.quality).collect::<Vec<_>>(), [Quality::Good]);
}

#[test]
fn a_season_narrows_what_is_plausible_and_the_climate_is_named() {
    let mut sensor = sensor(Parameter::Stage);
    let season = |top| Season::new(&[11], None, (Value::from_raw(-1_000), Value::from_raw(top))).unwrap();
    let (plausible, climatology) = (vec![season(3_000)], vec![season(2_000)]);
    sensor.checks.seasons = Seasons { offset: Span::from_h(7), plausible, climatology };
    let one = |raw| judged(&sensor, [(0, raw)])[0];
    assert_eq!(one(1_900), Quality::Good);
    assert_eq!(one(2_100), Quality::Suspect(Check::Climatology));
    assert_eq!(one(3_100), Quality::Suspect(Check::GrossRange));
    sensor.checks.seasons.plausible = vec![Season::new(&[12], None, season(3_000).range()).unwrap()];
    assert_eq!(judged(&sensor, [(0, 3_100)])[0], Quality::Suspect(Check::Climatology), "it is November");
}

#[test]
fn only_where_a_city_says_so_is_a_spike_rejected() {
    let mut sensor = sensor(Parameter::Stage);
    sensor.checks.spike_fail = Some(Value::from_raw(2_000));
    let mut track = Track::new(&sensor, Span::from_h(72));
    for (n, raw) in [1_000, 4_000, 1_000, 1_010].into_iter().enumerate() {
        track.judge(&sensor, &said(n as i64 * 10, raw), at(n as i64 * 10));
    }
    let points: Vec<_> = track.series().points(Timestamp::MIN, Timestamp::MAX).copied().collect();
    assert_eq!(points[1].quality, Quality::Rejected(Check::Spike));
    assert_eq!((points[1].value, points[2].quality), (None, Quality::Good));
    // It was no spike: what is said for the time after it stands by it.
    track.judge(&sensor, &Observation { arrived_at: at(40), ..said(20, 4_100) }, at(40));
    let point = *track.series().at(at(10)).unwrap();
    assert_eq!((point.value, point.quality), (Some(Value::from_raw(4_000)), Quality::Good));
}

fn walk() -> impl Strategy<Value = Vec<Observation>> {
    let step = prop_oneof![6 => Just(0_i64), 4 => -60_i64..60, 3 => -1_500_i64..1_500];
    let value = prop_oneof![12 => step.prop_map(Some), 1 => Just(None)];
    prop::collection::vec((prop_oneof![5 => Just(10_i64), 2 => 1_i64..60], value), 1..90).prop_map(|steps| {
        let (mut min, mut stage) = (0, 2_000);
        let mut all = Vec::new();
        for (step, change) in steps {
            min += step;
            stage = (stage + change.unwrap_or_default()).clamp(-1_900, 9_900);
            let value = change.map_or(Observed::Missing, |_| Observed::Value(Value::from_raw(stage)));
            all.push(Observation { value, ..said(min, 0) });
        }
        all
    })
}

fn run(sensor: &Sensor, all: &[Observation]) -> (Track, Vec<Reading>) {
    let mut track = Track::new(sensor, Span::from_h(200));
    let mut stored = std::collections::BTreeMap::new();
    for (turn, observation) in all.iter().enumerate() {
        let now = at(9_000).plus(Span::from_ms(turn as i64));
        let judged = track.judge(sensor, &Observation { arrived_at: now, ..*observation }, now);
        for reading in judged.revised.iter().chain([&judged.reading]) {
            if judged.inserted != Inserted::Same {
                stored.insert(reading.measured_at, *reading);
            }
        }
    }
    (track, stored.into_values().collect())
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_judgement_by_every_check(
        (sorted, shuffled) in walk().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        rejects in any::<bool>(),
    ) {
        let sensor = if rejects { strict() } else { still_for_two_hours() };
        let (in_order, _) = run(&sensor, &sorted);
        let (as_it_came, _) = run(&sensor, &shuffled);
        prop_assert_eq!(in_order.series(), as_it_came.series());
    }

    #[test]
    fn what_was_stored_restores_the_same_and_judges_the_next_the_same(
        all in walk().prop_shuffle(),
        next in -1_000_i64..9_000,
    ) {
        let sensor = strict();
        let (mut live, stored) = run(&sensor, &all);
        let mut restored = Track::new(&sensor, Span::from_h(200));
        for reading in &stored {
            restored.restore(&sensor, reading);
        }
        prop_assert_eq!(live.series(), restored.series());
        prop_assert_eq!(live.latest(), restored.latest());
        for observation in [said(9_000, next), said(100, next), said(9_010, next)] {
            let observation = Observation { arrived_at: at(9_020), ..observation };
            let judged = [&mut live, &mut restored].map(|track| track.judge(&sensor, &observation, at(9_020)));
            prop_assert_eq!(&judged[0], &judged[1]);
        }
    }

    #[test]
    fn a_track_in_order_says_what_it_says_in_the_end_but_for_what_the_next_one_settles(all in walk()) {
        let sensor = still_for_two_hours();
        let (track, _) = run(&sensor, &all);
        let mut windows = crate::quality::window::Windows::default();
        for place in 0..track.series().len() {
            let still = windows.take(&sensor, track.series(), place) == FLAT;
            prop_assert_eq!(track.series().point(place).unwrap().quality == FLAT, still);
        }
    }
}
