//! Promises of tracks.

use proptest::prelude::*;

use super::*;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::{Deadline, Rate, SensorId, SensorIx, StationId, StationIx};

pub(crate) fn at(min: i64) -> Timestamp {
    Timestamp::from_ms(1_763_300_000_000).plus(Span::from_min(min))
}

/// A gauge of 10 minutes with Huế's limits: span -2 to 10 m (or 0 to 2,000 mm), 3 m/h, 0.6 m.
pub(crate) fn sensor(parameter: Parameter) -> Sensor {
    let stage = parameter == Parameter::Stage;
    let (low, high) = if stage { (-2_000, 10_000) } else { (0, 200_000) };
    let rate = Rate { change: Value::from_raw(3_000), per: Span::from_h(1) };
    Sensor {
        id: SensorId { station: StationId::new("kim-long"), parameter, name: None },
        station: StationIx(0),
        span: (Value::from_raw(low), Value::from_raw(high)),
        plausible: None,
        rate_max: stage.then_some(rate),
        spike_max: stage.then_some(Value::from_raw(600)),
        checks: crate::quality::Checks::default(),
        rollover: None,
        feeds: None,
        deadline: Deadline {
            interval: Span::from_min(10),
            jitter: Span::from_min(2),
            patience: Span::from_min(20),
        },
    }
}

pub(crate) fn said(min: i64, raw: i64) -> Observation {
    Observation {
        sensor: SensorIx(0),
        measured_at: at(min),
        from: None,
        arrived_at: at(min),
        value: Observed::Value(Value::from_raw(raw)),
    }
}

fn track(sensor: &Sensor) -> Track {
    Track::new(sensor, Span::from_h(72))
}

/// Judges a stage every ten minutes and gives the final qualities.
fn qualities(values: &[i64]) -> Vec<Quality> {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    for (i, raw) in values.iter().enumerate() {
        let min = i as i64 * 10;
        track.judge(&sensor, &said(min, *raw), at(min));
    }
    track.series().points(Timestamp::MIN, Timestamp::MAX).map(|p| p.quality).collect()
}

const GOOD: Quality = Quality::Good;
const FAST: Quality = Quality::Suspect(Check::RateOfChange);
const SPIKE: Quality = Quality::Suspect(Check::Spike);

#[test]
fn a_rate_of_rise_in_a_flood_is_never_rejected() {
    // 0.8 m in ten minutes, again and again, as below a broken dam.
    let values: Vec<i64> = (0..10).map(|i| i * 800).collect();
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    for (i, raw) in values.iter().enumerate() {
        let judged = track.judge(&sensor, &said(i as i64 * 10, *raw), at(i as i64 * 10));
        assert!(judged.reading.quality.is_usable(), "{i}: {}", judged.reading.quality);
        assert!(i < 2 || judged.reading.quality == GOOD, "a rise that goes on is true: {i}");
    }
    assert_eq!(qualities(&values), [GOOD; 10]);
}

#[test]
fn a_jump_is_doubted_until_the_next_reading_stands_by_it() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    track.judge(&sensor, &said(0, 1000), at(0));
    let jump = track.judge(&sensor, &said(10, 2500), at(10));
    assert_eq!((jump.reading.quality, jump.inserted), (FAST, Inserted::Appended));
    let next = track.judge(&sensor, &said(20, 2600), at(20));
    assert_eq!(next.reading.quality, GOOD);
    let [revised] = next.revised[..] else { panic!("{next:?}") };
    assert_eq!((revised.measured_at, revised.quality, revised.arrived_at), (at(10), GOOD, at(20)));
    assert_eq!(revised.value, Some(Value::from_raw(2500)));
    assert_eq!(track.series().at(at(10)).unwrap().quality, GOOD);
}

#[test]
fn a_spike_is_told_when_the_next_reading_returns_and_stays_suspect() {
    assert_eq!(qualities(&[1000, 2500]), [GOOD, FAST]);
    assert_eq!(qualities(&[1000, 2500, 1010, 1020]), [GOOD, SPIKE, GOOD, GOOD]);
    assert_eq!(qualities(&[1000, 5000, 1000, 5000, 1000])[3], SPIKE);
}

#[test]
fn a_spike_alone_is_doubted_where_no_rate_is_set() {
    let mut sensor = sensor(Parameter::Stage);
    sensor.rate_max = None;
    let mut track = track(&sensor);
    track.judge(&sensor, &said(0, 1000), at(0));
    assert_eq!(track.judge(&sensor, &said(10, 1700), at(10)).reading.quality, SPIKE);
    // After a silence longer than the deadline the stage may be anywhere.
    assert_eq!(track.judge(&sensor, &said(100, 4000), at(100)).reading.quality, GOOD);
}

#[test]
fn over_its_range_a_gauge_still_says_at_least() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    let over = track.judge(&sensor, &said(0, 11_000), at(0)).reading;
    assert_eq!((over.value, over.quality), (Some(sensor.span.1), Quality::Suspect(Check::GrossRange)));
    let wrong = track.judge(&sensor, &said(10, 65_535), at(10)).reading;
    assert_eq!(wrong.quality, Quality::Rejected(Check::GrossRange));
    assert_eq!(wrong.value, Some(Value::from_raw(65_535)), "what was said is kept as evidence");
    let low = track.judge(&sensor, &said(20, -2_001), at(20)).reading;
    assert_eq!(low.quality, Quality::Rejected(Check::GrossRange));
    assert_eq!(track.series().at_or_before(at(20)).unwrap().measured_at, at(0));
}

#[test]
fn a_true_extreme_of_rain_is_good() {
    // Bình Điền, November 2025: 86.2 mm in an hour.
    let sensor = sensor(Parameter::Rainfall);
    let hour = Observation { from: Some(at(0)), ..said(60, 86_200) };
    assert_eq!(track(&sensor).judge(&sensor, &hour, at(60)).reading.quality, GOOD);
    // The whole depth over a gap of 17 h may be more than one interval's range.
    let gap = Observation { from: Some(at(0)), ..said(17 * 60, 600_000) };
    assert_eq!(track(&sensor).judge(&sensor, &gap, at(17 * 60)).reading.quality, GOOD);
    let wrong = Observation { from: Some(at(0)), ..said(10, 600_000) };
    assert!(!track(&sensor).judge(&sensor, &wrong, at(10)).reading.quality.is_usable());
}

#[test]
fn a_depth_without_an_interval_covers_the_usual_one() {
    let sensor = sensor(Parameter::Rainfall);
    assert_eq!(track(&sensor).judge(&sensor, &said(10, 200), at(10)).reading.from, Some(at(0)));
    let backwards = Observation { from: Some(at(11)), ..said(10, 200) };
    let reading = track(&sensor).judge(&sensor, &backwards, at(10)).reading;
    assert_eq!(reading.quality, Quality::Rejected(Check::Syntax));
}

#[test]
fn no_value_is_missing_and_nonsense_is_rejected() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    track.judge(&sensor, &said(0, 1000), at(0));
    let none = Observation { value: Observed::Missing, ..said(10, 0) };
    assert_eq!(track.judge(&sensor, &none, at(10)).reading.quality, Quality::Missing);
    assert_eq!(track.judge(&sensor, &none, at(11)).inserted, Inserted::Same);
    let nonsense = Observation { value: Observed::Nonsense, ..said(20, 0) };
    let reading = track.judge(&sensor, &nonsense, at(20)).reading;
    assert_eq!((reading.value, reading.quality), (None, Quality::Rejected(Check::Syntax)));
    assert_eq!(track.series().at_or_before(at(30)).unwrap().measured_at, at(0));
    assert_eq!(track.latest().unwrap().measured_at, at(20));
}

#[test]
fn the_future_is_rejected_and_the_distant_past_kept_apart() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    track.judge(&sensor, &said(0, 1000), at(0));
    assert_eq!(track.judge(&sensor, &said(5, 1001), at(0)).reading.quality, GOOD);
    let ahead = track.judge(&sensor, &Observation { arrived_at: at(6), ..said(60, 1100) }, at(6));
    assert_eq!(ahead.reading.quality, Quality::Rejected(Check::Time));
    assert_eq!((ahead.inserted, track.series().len()), (Inserted::Ahead, 2));
    let old = Observation { arrived_at: at(7), ..said(-73 * 60, 900) };
    let old = track.judge(&sensor, &old, at(7));
    assert_eq!((old.reading.quality, old.inserted), (Quality::Suspect(Check::Time), Inserted::TooOld));
    assert_eq!(track.last_contact(), Some(at(5)), "what is told of another time is not of now");
}

#[test]
fn a_device_that_only_says_that_it_has_no_value_is_no_contact() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    track.judge(&sensor, &said(0, 1000), at(0));
    track.judge(&sensor, &Observation { value: Observed::Missing, ..said(10, 0) }, at(10));
    track.judge(&sensor, &Observation { value: Observed::Nonsense, ..said(20, 0) }, at(20));
    assert_eq!(track.last_contact(), Some(at(0)), "it sees nothing, though it speaks");
    track.judge(&sensor, &said(30, 1000), at(30));
    assert_eq!(track.last_contact(), Some(at(30)));
}

#[test]
fn our_clock_going_back_an_hour_loses_no_reading() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    for i in 0..6 {
        track.judge(&sensor, &said(i * 10, 1000), at(i * 10));
    }
    for i in 6..12 {
        let slow = at(i * 10 - 60);
        let judged = track.judge(&sensor, &Observation { arrived_at: slow, ..said(i * 10, 1000) }, slow);
        assert_eq!(judged.reading.quality, GOOD, "{i}");
    }
}

#[test]
fn the_same_reading_again_changes_nothing_and_another_value_is_a_revision() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    for (min, raw) in [(0, 1000), (10, 2500), (20, 2600)] {
        track.judge(&sensor, &said(min, raw), at(min));
    }
    let before = track.clone();
    let again = Observation { arrived_at: at(30), ..said(10, 2500) };
    let judged = track.judge(&sensor, &again, at(30));
    assert_eq!((judged.inserted, judged.reading.quality), (Inserted::Same, GOOD));
    assert_eq!(track, before);
    let other = track.judge(&sensor, &Observation { arrived_at: at(31), ..said(10, 1500) }, at(31));
    assert_eq!(other.inserted, Inserted::Revised);
}

#[test]
fn a_sensor_is_silent_at_its_deadline_after_its_last_new_word() {
    let sensor = sensor(Parameter::Stage);
    let mut track = track(&sensor);
    assert_eq!(track.silent_at(&sensor), None);
    track.judge(&sensor, &said(0, 1000), at(0));
    track.judge(&sensor, &Observation { arrived_at: at(25), ..said(0, 1000) }, at(25));
    assert_eq!(track.silent_at(&sensor), Some(at(32)));
}

fn walk() -> impl Strategy<Value = Vec<Observation>> {
    let value = prop_oneof![
        10 => (-1_500_i64..1_500).prop_map(Some),
        1 => Just(None),
        1 => (9_000_i64..30_000).prop_map(Some),
    ];
    prop::collection::vec((1_i64..40, value), 1..60).prop_map(|steps| {
        let (mut min, mut stage) = (0, 2_000);
        let mut all = Vec::new();
        for (step, change) in steps {
            min += step;
            let mut observation = said(min, 0);
            observation.value = match change {
                None => Observed::Missing,
                Some(change) if change > 5_000 => Observed::Value(Value::from_raw(change)),
                Some(change) => {
                    stage = (stage + change).clamp(-1_000, 9_000);
                    Observed::Value(Value::from_raw(stage))
                }
            };
            all.push(observation);
        }
        all
    })
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_judgement(
        (sorted, shuffled) in walk().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let sensor = sensor(Parameter::Stage);
        let run = |all: &[Observation]| {
            let mut track = track(&sensor);
            for observation in all {
                let late = Observation { arrived_at: at(3_000), ..*observation };
                track.judge(&sensor, &late, at(3_000));
            }
            track
        };
        prop_assert_eq!(run(&sorted), run(&shuffled));
    }

    #[test]
    fn what_was_stored_restores_the_same_state(
        all in walk().prop_flat_map(|all| (Just(all.len()), Just(all).prop_shuffle())),
    ) {
        let sensor = sensor(Parameter::Stage);
        let mut live = track(&sensor);
        let mut stored: std::collections::BTreeMap<Timestamp, Reading> = std::collections::BTreeMap::new();
        for (i, observation) in all.1.iter().enumerate() {
            let now = at(3_000).plus(Span::from_ms(i as i64));
            let judged = live.judge(&sensor, &Observation { arrived_at: now, ..*observation }, now);
            if judged.inserted != Inserted::Same {
                stored.insert(judged.reading.measured_at, judged.reading);
            }
            for revised in judged.revised {
                stored.insert(revised.measured_at, revised);
            }
        }
        let mut restored = track(&sensor);
        for reading in stored.values() {
            restored.restore(&sensor, reading);
        }
        prop_assert_eq!(live, restored);
    }
}
