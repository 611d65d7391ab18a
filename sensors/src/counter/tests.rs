//! Promises of counters.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::parameter::Parameter;
use crate::reading::Reading;
use crate::series::Inserted;
use crate::track::Track;
use crate::track::tests::{at, said, sensor};

const MODULUS: i64 = 6_553_600; // 16 bits in steps of 0.1 mm

struct Gauge {
    counter: Sensor,
    rainfall: Sensor,
    tracks: (Track, Track),
}

impl Gauge {
    fn new() -> Self {
        let mut counter = sensor(Parameter::RainTotal);
        counter.span.1 = Value::from_raw(10_000_000);
        counter.rollover = Some(Value::from_raw(MODULUS));
        counter.feeds = Some(SensorIx(1));
        let rainfall = sensor(Parameter::Rainfall);
        let retention = Span::from_h(200);
        let tracks = (Track::new(&counter, retention), Track::new(&rainfall, retention));
        Self { counter, rainfall, tracks }
    }

    /// The counter's judgement and the depths that were fed, as (from, to, µm).
    fn say(&mut self, observation: &Observation) -> (Reading, Vec<(i64, i64, Option<i64>)>) {
        let now = observation.arrived_at;
        let judged = self.tracks.0.judge(&self.counter, observation, now);
        let minute = |t: Timestamp| t.since(at(0)).ms() / 60_000;
        let mut depths = Vec::new();
        for fed in &judged.fed {
            assert_eq!(fed.observation.sensor, SensorIx(1));
            let rain = self.tracks.1.judge_fed(&self.rainfall, fed, now);
            assert_ne!(rain.inserted, Inserted::Same, "only news is fed");
            let from = rain.reading.from.unwrap();
            let raw = rain.reading.value.map(Value::raw);
            depths.push((minute(from), minute(rain.reading.measured_at), raw));
        }
        (judged.reading, depths)
    }

    fn fed(&mut self, min: i64, raw: i64) -> Vec<(i64, i64, Option<i64>)> {
        self.say(&said(min, raw)).1
    }

    fn rain(&self) -> &Series {
        self.tracks.1.series()
    }
}

#[test]
fn the_first_contact_of_a_counter_is_no_rain() {
    let mut gauge = Gauge::new();
    assert_eq!(gauge.fed(0, 812_000), []);
    assert_eq!(gauge.fed(10, 812_000), [(0, 10, Some(0))]);
    assert_eq!(gauge.fed(20, 815_200), [(10, 20, Some(3_200))]);
}

#[test]
fn a_gap_gives_the_whole_depth_over_the_whole_gap() {
    let mut gauge = Gauge::new();
    gauge.fed(0, 100_000);
    let nothing = Observation { value: Observed::Missing, ..said(10, 0) };
    assert_eq!(gauge.say(&nothing).1, []);
    assert_eq!(gauge.fed(360, 170_000), [(0, 360, Some(70_000))]);
    let hour = gauge.rain().accumulation(at(360), Span::from_h(1));
    assert_eq!((hour.at_least.raw(), hour.at_most.raw()), (0, 70_000));
}

#[test]
fn a_rollover_counts_on_and_a_restart_is_at_least() {
    let mut gauge = Gauge::new();
    gauge.fed(0, MODULUS - 1_000);
    assert_eq!(gauge.fed(10, 500), [(0, 10, Some(1_500))]);
    let mut gauge = Gauge::new();
    gauge.fed(0, 300_000);
    let (reading, fed) = gauge.say(&said(10, 400));
    assert_eq!(fed, [(0, 10, Some(400))]);
    assert_eq!(reading.quality, Quality::Suspect(Check::Counter));
    let sum = gauge.rain().accumulation(at(10), Span::from_min(10));
    assert!(!sum.quality.may_clear(), "what fell before the restart is not known");
    assert_eq!(gauge.fed(20, 600), [(10, 20, Some(200))]);
}

#[test]
fn a_counter_that_jumps_back_leaves_a_gap_and_counts_on_from_there() {
    let mut gauge = Gauge::new();
    gauge.fed(0, 500_000);
    let (reading, fed) = gauge.say(&said(10, 480_000));
    assert_eq!((reading.quality, fed), (Quality::Suspect(Check::Counter), vec![(0, 10, None)]));
    assert_eq!(gauge.fed(20, 480_200), [(10, 20, Some(200))]);
    assert_eq!(gauge.rain().accumulation(at(20), Span::from_min(20)).missing, Span::from_min(10));
}

#[test]
fn one_wrong_reading_of_a_counter_is_no_rain_and_loses_none() {
    for wrong in [0, 300_000, 480_000, 700_000, 5_000_000] {
        let mut gauge = Gauge::new();
        gauge.fed(0, 500_000);
        gauge.fed(10, wrong);
        assert_eq!(gauge.fed(20, 501_000).last(), Some(&(0, 20, Some(1_000))), "{wrong}");
        let sum = gauge.rain().accumulation(at(20), Span::from_min(20));
        assert_eq!((sum.at_least.raw(), sum.at_most.raw()), (1_000, 1_000), "{wrong}");
        assert_eq!(sum.missing, Span::ZERO);
    }
}

#[test]
fn one_wrong_reading_is_not_believed_later_either() {
    let mut gauge = Gauge::new();
    for (min, raw) in [(0, 500_000), (10, 0), (20, 501_000), (90, 501_200)] {
        gauge.fed(min, raw);
    }
    let sum = gauge.rain().accumulation(at(90), Span::from_min(90));
    assert_eq!((sum.at_least.raw(), sum.at_most.raw()), (1_200, 1_200));
}

#[test]
fn heavy_rain_after_a_restart_is_kept_and_doubted() {
    let mut gauge = Gauge::new();
    gauge.fed(0, 10_000);
    gauge.fed(10, 0);
    assert_eq!(gauge.fed(20, 12_000).last(), Some(&(10, 20, Some(12_000))));
    assert!(!gauge.rain().at(at(20)).unwrap().quality.may_clear());
    assert_eq!(gauge.fed(30, 20_000), [(20, 30, Some(8_000))]);
}

#[test]
fn a_late_reading_splits_the_depth_and_keeps_the_sum() {
    let mut gauge = Gauge::new();
    gauge.fed(0, 0);
    assert_eq!(gauge.fed(20, 3_000), [(0, 20, Some(3_000))]);
    let late = Observation { arrived_at: at(30), ..said(10, 2_000) };
    assert_eq!(gauge.say(&late).1, [(0, 10, Some(2_000)), (10, 20, Some(1_000))]);
    assert_eq!(gauge.say(&Observation { arrived_at: at(31), ..late }).1, []);
    // Taken back: the depth covers both intervals again.
    let taken = Observation { value: Observed::Missing, arrived_at: at(32), ..late };
    assert_eq!(gauge.say(&taken).1, [(0, 10, None), (0, 20, Some(3_000))]);
}

#[test]
fn an_hour_of_a_flood_arrives_at_once_where_a_logger_counts_hourly() {
    let mut gauge = Gauge::new();
    gauge.fed(0, 0);
    let (reading, fed) = gauge.say(&said(5, 86_200));
    assert_eq!((reading.quality, fed), (Quality::Good, vec![(0, 5, Some(86_200))]));
}

fn counter_words() -> impl Strategy<Value = (Vec<Observation>, i64)> {
    let start = prop_oneof![Just(0), Just(MODULUS - 20_000), 0..MODULUS];
    (start, prop::collection::vec((1_i64..50, 0_i64..40), 1..60)).prop_map(|(start, steps)| {
        let (mut min, mut total) = (0, start);
        let mut all = vec![said(0, start)];
        for (step, tips) in steps {
            min += step;
            total += tips * 200;
            all.push(said(min, total % MODULUS));
        }
        (all, total - start)
    })
}

fn in_order(mut all: Vec<Observation>, order: &[prop::sample::Index]) -> Vec<Observation> {
    let mut shuffled = Vec::new();
    for index in order.iter().cycle().take(all.len()) {
        shuffled.push(all.swap_remove(index.index(all.len())));
    }
    shuffled
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_rain_and_all_of_it(
        (all, total) in counter_words(), order in prop::collection::vec(any::<prop::sample::Index>(), 61),
    ) {
        let run = |words: &[Observation]| {
            let mut gauge = Gauge::new();
            for word in words.iter().chain(words) {
                gauge.say(&Observation { arrived_at: at(5_000), ..*word });
            }
            gauge
        };
        let sorted = run(&all);
        let shuffled = run(&in_order(all.clone(), &order));
        prop_assert_eq!(sorted.rain(), shuffled.rain());
        let end = all.last().unwrap().measured_at;
        let sum = shuffled.rain().accumulation(end, end.since(at(0)));
        prop_assert_eq!((sum.at_least.raw(), sum.at_most.raw(), sum.missing), (total, total, Span::ZERO));
    }

    #[test]
    fn any_order_of_a_faulty_counter_s_words_gives_the_same_rain(
        values in prop::collection::vec(
            prop_oneof![4 => 0_i64..2_000, 1 => 0_i64..MODULUS, 1 => Just(-1)], 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 41),
    ) {
        let mut words = BTreeMap::new();
        for (i, raw) in values.iter().enumerate() {
            let mut word = said(i as i64 * 10, *raw);
            if *raw < 0 {
                word.value = Observed::Missing;
            }
            words.insert(word.measured_at, Observation { arrived_at: at(5_000), ..word });
        }
        let all: Vec<_> = words.into_values().collect();
        let run = |words: &[Observation]| {
            let mut gauge = Gauge::new();
            for word in words {
                gauge.say(word);
            }
            let known: Vec<_> = gauge
                .rain()
                .points(Timestamp::MIN, Timestamp::MAX)
                .filter(|point| point.value.is_some())
                .copied()
                .collect();
            (gauge.tracks.0.series().clone(), known)
        };
        prop_assert_eq!(run(&all), run(&in_order(all.clone(), &order)));
    }
}
