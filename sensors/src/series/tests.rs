//! Promises of the series, each against a slow and obvious oracle where there is one.

use proptest::prelude::*;

use super::*;
use crate::quality::Check;
use crate::station::SensorIx;

fn at(min: i64) -> Timestamp {
    Timestamp::from_ms(1_763_300_000_000).plus(Span::from_min(min))
}

fn reading(from_min: i64, to_min: i64, raw: i64, quality: Quality) -> Reading {
    Reading {
        sensor: SensorIx(0),
        measured_at: at(to_min),
        from: Some(at(from_min)),
        arrived_at: at(to_min),
        value: Some(Value::from_raw(raw)).filter(|_| quality != Quality::Missing),
        quality,
    }
}

fn rain(from_min: i64, to_min: i64, mm: i64) -> Reading {
    reading(from_min, to_min, mm * 1000, Quality::Good)
}

fn stage(min: i64, mm: i64) -> Reading {
    Reading { from: None, ..reading(min, min, mm, Quality::Good) }
}

fn series_of(readings: &[Reading]) -> Series {
    let mut series = Series::new(Span::from_h(72));
    for reading in readings {
        series.insert(reading);
    }
    series
}

fn mm(value: Value) -> i64 {
    value.raw() / 1000
}

#[test]
fn rain_carries_its_interval_and_the_part_across_the_start_counts_in_the_bound_only() {
    let series = series_of(&[rain(0, 10, 3), rain(10, 20, 4), rain(20, 30, 5)]);
    let whole = series.accumulation(at(30), Span::from_min(30));
    assert_eq!((mm(whole.at_least), mm(whole.at_most), whole.missing), (12, 12, Span::ZERO));
    let cut = series.accumulation(at(30), Span::from_min(15));
    assert_eq!((mm(cut.at_least), mm(cut.at_most), cut.missing), (5, 9, Span::ZERO));
}

#[test]
fn the_same_interval_counts_once() {
    let mut series = series_of(&[rain(0, 10, 3), rain(10, 20, 4)]);
    assert_eq!(series.insert(&rain(0, 10, 3)), Inserted::Same);
    assert_eq!(series.insert(&rain(10, 20, 4)), Inserted::Same);
    assert_eq!(mm(series.accumulation(at(20), Span::from_min(20)).at_most), 7);
}

#[test]
fn an_hourly_sum_beside_its_ten_minute_parts_counts_once() {
    let mut readings: Vec<Reading> = (0..5).map(|i| rain(i * 10, i * 10 + 10, 2)).collect();
    readings.push(rain(0, 60, 12));
    let hour = series_of(&readings).accumulation(at(60), Span::from_h(1));
    assert_eq!((mm(hour.at_least), mm(hour.at_most), hour.missing), (12, 12, Span::ZERO));
}

#[test]
fn a_rolling_hour_sent_every_ten_minutes_is_not_six_times_the_rain() {
    let readings: Vec<Reading> = (0..144).map(|i| rain(i * 10 - 60, i * 10, 6)).collect();
    let sum = series_of(&readings).accumulation(at(1430), Span::from_h(20));
    assert_eq!((mm(sum.at_least), mm(sum.at_most)), (120, 120));
}

#[test]
fn six_hours_of_rain_never_become_a_seventy_millimetre_hour() {
    let series = series_of(&[rain(-10, 0, 0), rain(0, 360, 70)]);
    let hour = series.accumulation(at(360), Span::from_h(1));
    assert_eq!((mm(hour.at_least), mm(hour.at_most), hour.missing), (0, 70, Span::ZERO));
    let six = series.accumulation(at(360), Span::from_h(6));
    assert_eq!((mm(six.at_least), mm(six.at_most)), (70, 70));
}

#[test]
fn a_sum_with_gaps_is_at_least() {
    let rejected = reading(10, 20, 99_000, Quality::Rejected(Check::GrossRange));
    let missing = reading(30, 40, 0, Quality::Missing);
    let series = series_of(&[rain(0, 10, 3), rejected, rain(20, 30, 5), missing, rain(40, 50, 1)]);
    let sum = series.accumulation(at(60), Span::from_h(1));
    assert_eq!((mm(sum.at_least), sum.missing), (9, Span::from_min(30)));
    assert_eq!((sum.pending, sum.quality), (Span::from_min(10), Quality::Good));
}

#[test]
fn a_window_without_rain_data_is_missing_and_not_dry() {
    let nothing = series_of(&[]).accumulation(at(0), Span::from_h(1));
    assert_eq!((nothing.missing, nothing.quality), (Span::from_h(1), Quality::Missing));
    let silent = series_of(&[rain(0, 10, 3)]).accumulation(at(200), Span::from_h(1));
    assert_eq!((silent.missing, silent.pending), (Span::from_h(1), Span::from_h(1)));
}

#[test]
fn a_suspect_depth_counts_and_is_told() {
    let doubtful = reading(10, 20, 9_000, Quality::Suspect(Check::RateOfChange));
    let sum = series_of(&[rain(0, 10, 3), doubtful]).accumulation(at(20), Span::from_min(20));
    assert_eq!((mm(sum.at_least), sum.quality), (12, Quality::Suspect(Check::RateOfChange)));
}

#[test]
fn a_question_about_the_past_never_sees_what_came_after() {
    let series = series_of(&[stage(0, 1000), stage(10, 1100), stage(20, 5000)]);
    assert_eq!(series.at_or_before(at(19)).unwrap().value, Some(Value::from_raw(1100)));
    assert_eq!(series.rise(at(19), Span::from_h(1)).unwrap().change, Value::from_raw(100));
    let times: Vec<_> = series.times_after(at(0)).collect();
    assert_eq!(times, [at(10), at(20)]);
}

#[test]
fn the_crest_is_the_earliest_of_the_highest() {
    let series = series_of(&[stage(0, 10), stage(10, 30), stage(20, 30), stage(30, 20)]);
    assert_eq!(series.crest(at(-1), at(60)).unwrap().measured_at, at(10));
    assert_eq!(series.crest(at(30), at(60)), None);
}

#[test]
fn a_gap_shortens_a_rise_and_says_so() {
    let lost = Reading { value: None, quality: Quality::Missing, ..stage(0, 0) };
    let series = series_of(&[lost, stage(20, 1000), stage(60, 1400)]);
    let rise = series.rise(at(60), Span::from_h(1)).unwrap();
    assert_eq!((rise.change, rise.over), (Value::from_raw(400), Span::from_min(40)));
    assert_eq!(series.rise(at(60), Span::from_min(30)), None);
}

#[test]
fn another_value_for_the_same_time_is_a_revision() {
    let mut series = series_of(&[stage(0, 10), stage(10, 20), stage(20, 30)]);
    assert_eq!(series.insert(&stage(10, 25)), Inserted::Revised);
    assert_eq!(series.at(at(10)).unwrap().value, Some(Value::from_raw(25)));
    assert_eq!(series.insert(&stage(5, 15)), Inserted::Late);
    assert_eq!(series.len(), 4);
}

#[test]
fn a_series_stays_within_its_retention_and_its_number_of_points() {
    let mut series = Series::bounded(Span::from_h(72), 100);
    for min in 0..1000 {
        series.insert(&stage(min, min));
    }
    assert_eq!((series.len(), series.point(0).unwrap().measured_at), (100, at(900)));
    assert_eq!(series.insert(&stage(5, 1)), Inserted::TooOld);
    series.insert(&stage(1000 + 72 * 60, 1));
    assert_eq!(series.len(), 1);
}

#[test]
fn a_clone_keeps_what_it_had() {
    let mut series = series_of(&(0..200).map(|i| rain(i * 10, i * 10 + 10, 1)).collect::<Vec<_>>());
    let before = series.clone();
    series.insert(&rain(2000, 2010, 7));
    series.insert(&rain(100, 105, 7));
    assert_eq!((before.len(), series.len()), (200, 202));
    assert_eq!(mm(before.accumulation(at(2000), Span::from_h(10)).at_most), 60);
}

#[test]
fn a_gauge_whose_reports_jitter_by_seconds_keeps_all_its_rain() {
    // A depth over the usual ten minutes, stamped at its arrival: a second early, a second late.
    let jitter = [0, -1, 1, -2, 3, 0, -3];
    let ten = |n: i64| {
        let to = at(n * 10).plus(Span::from_s(jitter[n as usize % 7]));
        Reading { measured_at: to, from: Some(to.minus(Span::from_min(10))), ..rain(0, 10, 12) }
    };
    let series = series_of(&(0..=7).map(ten).collect::<Vec<_>>());
    for n in 6..=7 {
        let end = ten(n).measured_at;
        let hour = series.accumulation(end, Span::from_h(1));
        assert_eq!((mm(hour.at_least), hour.missing), (72, Span::ZERO), "to {n}");
        assert!(mm(hour.at_most) <= 84, "one interval reaches across the start");
    }
}

#[test]
fn a_counter_polled_with_jitter_loses_no_rain_at_the_start_of_a_window() {
    let late = |n: i64| at(n * 5).plus(Span::from_ms(n * 40));
    let step = |n: i64| Reading { measured_at: late(n), from: Some(late(n - 1)), ..rain(0, 5, 6) };
    let series = series_of(&(0..=20).map(step).collect::<Vec<_>>());
    let hour = series.accumulation(late(20), Span::from_h(1));
    assert_eq!((mm(hour.at_least), mm(hour.at_most), hour.missing), (72, 72, Span::ZERO));
}

#[test]
fn a_rise_over_an_hour_is_not_cut_short_by_a_second_of_jitter() {
    let readings: Vec<Reading> = (0..=6)
        .map(|n| Reading { measured_at: at(n * 10).plus(Span::from_s(n)), ..stage(0, 1000 + 50 * n) })
        .collect();
    let rise = series_of(&readings).rise(readings[6].measured_at, Span::from_h(1)).unwrap();
    assert_eq!(rise.change, Value::from_raw(300));
}

mod oracle;
