//! Promises of suspicions that last until a person releases them.

use proptest::prelude::*;

use super::tests::{at, said, sensor};
use super::*;
use crate::quantity::Value;
use crate::time::Span;

const CLOGGED: Quality = Quality::Suspect(Check::Clogged);

fn rain(min: i64, raw: i64) -> Observation {
    Observation { from: Some(at(min - 10)), ..said(min, raw) }
}

fn qualities(track: &Track) -> Vec<Quality> {
    track.series().points(Timestamp::MIN, Timestamp::MAX).map(|point| point.quality).collect()
}

#[test]
fn a_suspected_gauge_stays_suspect_until_a_person_releases_it() {
    let sensor = sensor(Parameter::Rainfall);
    let mut track = Track::new(&sensor, Span::from_h(72));
    for n in 1..=4 {
        track.judge(&sensor, &rain(n * 10, 200), at(n * 10));
    }
    let revised = track.suspect(&sensor, Check::Clogged, at(20), at(41));
    assert_eq!(revised.len(), 3);
    assert!(revised.iter().all(|r| r.quality == CLOGGED && r.arrived_at == at(41)));
    assert_eq!(revised[0].from, Some(at(10)));
    assert_eq!(
        (track.suspicion().unwrap().check, track.latest().unwrap().quality),
        (Check::Clogged, CLOGGED)
    );
    assert_eq!(track.judge(&sensor, &rain(50, 0), at(50)).reading.quality, CLOGGED);
    assert_eq!(track.suspect(&sensor, Check::Clogged, at(50), at(51)), []);

    assert_eq!(track.release(&sensor, at(60), at(60)), [], "what it said while suspected stays suspect");
    assert_eq!(track.suspicion(), None);
    assert_eq!(track.judge(&sensor, &rain(70, 200), at(70)).reading.quality, Quality::Good);
    let late = track.judge(&sensor, &rain(55, 200), at(80)).reading;
    assert_eq!(late.quality, CLOGGED, "a late reading of that time is as doubtful");
    let sum = track.series().accumulation(at(10), Span::from_min(10));
    assert_eq!(sum.quality, Quality::Good);
    let sum = track.series().accumulation(at(70), Span::from_min(40));
    assert_eq!(sum.quality, CLOGGED);
}

#[test]
fn a_release_in_the_past_gives_the_readings_since_then_back() {
    let sensor = sensor(Parameter::Stage);
    let mut track = Track::new(&sensor, Span::from_h(72));
    track.suspect(&sensor, Check::DeadOnZero, at(0), at(0));
    for (n, raw) in [1000, 1010, 3000, 1020, 1030].into_iter().enumerate() {
        track.judge(&sensor, &said(n as i64 * 10, raw), at(n as i64 * 10));
    }
    let dead = Quality::Suspect(Check::DeadOnZero);
    assert_eq!(qualities(&track), [dead; 5]);
    let revised = track.release(&sensor, at(10), at(100));
    assert_eq!(revised.len(), 4);
    let spike = Quality::Suspect(Check::Spike);
    assert_eq!(qualities(&track), [dead, Quality::Good, spike, Quality::Good, Quality::Good]);
    assert_eq!(track.latest().unwrap().quality, Quality::Good);
}

#[test]
fn a_suspicion_and_its_end_survive_a_restart() {
    let sensor = sensor(Parameter::Rainfall);
    let mut live = Track::new(&sensor, Span::from_h(72));
    live.suspect(&sensor, Check::Clogged, at(15), at(15));
    let mut stored = Vec::new();
    for n in 1..=9 {
        stored.push(live.judge(&sensor, &rain(n * 10, 200), at(n * 10)).reading);
        if n == 5 {
            live.release(&sensor, at(51), at(51));
            live.suspect(&sensor, Check::Neighbour, at(75), at(52));
        }
    }
    let mut restored = Track::new(&sensor, Span::from_h(72));
    for reading in &stored {
        restored.restore(&sensor, reading);
    }
    for suspicion in live.suspicions() {
        restored.restore_suspicion(*suspicion);
    }
    assert_eq!(live, restored);
    assert_eq!(restored.suspicion().map(|s| s.check), Some(Check::Neighbour));
    let late = [&mut live, &mut restored].map(|track| track.judge(&sensor, &rain(45, 200), at(95)));
    assert_eq!((late[0].reading.quality, &late[0]), (CLOGGED, &late[1]));
}

#[test]
fn a_doubt_from_outside_can_be_taken_back() {
    let sensor = sensor(Parameter::Rainfall);
    let mut track = Track::new(&sensor, Span::from_h(72));
    for n in 1..=3 {
        track.judge(&sensor, &rain(n * 10, 200), at(n * 10));
    }
    let doubted = track.doubt(&sensor, at(20), Some(Check::Neighbour), at(40)).unwrap();
    assert_eq!(
        (doubted.quality, doubted.value),
        (Quality::Suspect(Check::Neighbour), Some(Value::from_raw(200)))
    );
    assert_eq!(track.doubt(&sensor, at(20), Some(Check::Neighbour), at(40)), None);
    assert_eq!(track.series().accumulation(at(30), Span::from_min(30)).quality, doubted.quality);
    assert_eq!(track.judge(&sensor, &rain(20, 200), at(41)).inserted, Inserted::Same);
    assert_eq!(track.doubt(&sensor, at(20), None, at(42)).unwrap().quality, Quality::Good);
    assert_eq!(track.series().accumulation(at(30), Span::from_min(30)).quality, Quality::Good);
    assert_eq!(track.doubt(&sensor, at(20), Some(Check::Spike), at(43)), None, "not theirs to give");
    assert_eq!(track.doubt(&sensor, at(25), Some(Check::Neighbour), at(43)), None, "there is none");
}

#[test]
fn a_reading_that_is_no_measurement_stays_rejected_under_suspicion() {
    let sensor = sensor(Parameter::Stage);
    let mut track = Track::new(&sensor, Span::from_h(72));
    track.suspect(&sensor, Check::Neighbour, at(0), at(0));
    let wrong = track.judge(&sensor, &said(0, 65_535), at(0)).reading;
    assert_eq!(wrong.quality, Quality::Rejected(Check::GrossRange));
    assert_eq!(track.release(&sensor, at(0), at(1)), []);
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_suspicion(
        order in Just((0..30_i64).collect::<Vec<_>>()).prop_shuffle(),
        (since, until, told) in (0_i64..300, 0_i64..300, 0_usize..30),
    ) {
        let sensor = sensor(Parameter::Stage);
        let run = |order: &[i64], told: usize| {
            let mut track = Track::new(&sensor, Span::from_h(72));
            for (turn, n) in order.iter().enumerate() {
                let observation = Observation { arrived_at: at(900), ..said(n * 10, (n * n * 97) % 3_000) };
                track.judge(&sensor, &observation, at(900));
                if turn == told {
                    track.suspect(&sensor, Check::Clogged, at(since), at(900));
                    track.release(&sensor, at(until), at(900));
                }
            }
            track
        };
        let sorted: Vec<i64> = (0..30).collect();
        prop_assert_eq!(run(&order, told), run(&sorted, 29));
    }
}
