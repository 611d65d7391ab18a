//! The windows against slow and obvious oracles: every set of intervals tried, and every minute's
//! rain known.

use super::*;

/// The heaviest set of intervals without overlap and the lightest that covers all they cover, by
/// trying every set.
fn oracle(intervals: &[(i64, i64, i64)], start: i64, end: i64) -> (i64, i64, i64) {
    let seen: Vec<_> = intervals.iter().filter(|(_, to, _)| *to > start && *to <= end).collect();
    let minutes = |set: &[&(i64, i64, i64)]| -> i64 {
        (start..end).filter(|m| set.iter().any(|(from, to, _)| from <= m && m < to)).count() as i64
    };
    let covered = minutes(&seen);
    let (mut heaviest, mut lightest) = (0, i64::MAX);
    for mask in 0..1_u32 << seen.len() {
        let chosen: Vec<_> =
            seen.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0).map(|(_, d)| *d).collect();
        let sum = chosen.iter().map(|(_, _, raw)| raw).sum();
        let apart = chosen.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        if apart && chosen.iter().all(|(from, _, _)| *from >= start) {
            heaviest = heaviest.max(sum);
        }
        if minutes(&chosen) == covered {
            lightest = lightest.min(sum);
        }
    }
    (heaviest, lightest, end - start - covered)
}

proptest! {
    #[test]
    fn an_accumulation_agrees_with_trying_every_set_of_intervals(
        steps in prop::collection::vec((1_i64..4, 1_i64..7, 0_i64..50), 1..9),
        (start, window) in (-3_i64..20, 1_i64..25),
    ) {
        let mut to = 0;
        let mut intervals = Vec::new();
        for (step, length, raw) in steps {
            to += step;
            intervals.push((to - length, to, raw));
        }
        let series = series_of(
            &intervals.iter().map(|(f, t, raw)| reading(*f, *t, *raw, Quality::Good)).collect::<Vec<_>>(),
        );
        let (heaviest, lightest, missing) = oracle(&intervals, start, start + window);
        let sum = series.accumulation(at(start + window), Span::from_min(window));
        prop_assert_eq!(sum.at_least.raw(), heaviest);
        prop_assert_eq!(sum.missing, Span::from_min(missing));
        prop_assert_eq!(sum.at_most.raw(), lightest.max(heaviest));
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_series_and_the_same_windows(
        points in prop::collection::btree_map(0_i64..400, (0_i64..90, 0_u8..6), 1..200)
            .prop_flat_map(|points| {
                let points: Vec<_> = points.into_iter().collect();
                (Just(points.clone()), Just(points).prop_shuffle())
            }),
        end in 0_i64..400,
    ) {
        let make = |list: &[(i64, (i64, u8))]| {
            let mut series = Series::bounded(Span::from_min(300), 90);
            for (min, (raw, kind)) in list {
                let quality = match kind {
                    0 => Quality::Missing,
                    1 => Quality::Suspect(Check::Spike),
                    2 => Quality::Rejected(Check::GrossRange),
                    _ => Quality::Good,
                };
                series.insert(&reading(min - i64::from(*kind), *min, *raw, quality));
            }
            series
        };
        let (sorted, shuffled) = (make(&points.0), make(&points.1));
        prop_assert_eq!(&sorted, &shuffled);
        for window in [1, 7, 60, 500] {
            let window = Span::from_min(window);
            prop_assert_eq!(sorted.accumulation(at(end), window), shuffled.accumulation(at(end), window));
            prop_assert_eq!(sorted.rise(at(end), window), shuffled.rise(at(end), window));
        }
        for t in 0..400 {
            let before = points.0.iter().filter(|(min, _)| *min <= t).count();
            let gone = points.0.len() - sorted.len();
            prop_assert_eq!(sorted.rank(at(t)), before.saturating_sub(gone));
        }
    }
}

/// The true rain of a station, minute by minute, and what its devices say of it.
#[derive(Debug)]
struct Truth {
    minutes: Vec<i64>,
}

impl Truth {
    fn fell(&self, from: i64, to: i64) -> i64 {
        (from.max(0)..to).filter_map(|minute| self.minutes.get(minute as usize)).sum()
    }

    fn said(&self, from: i64, to: i64) -> Reading {
        reading(from, to, self.fell(from, to), Quality::Good)
    }

    /// Whether the bounds of a window hold, and no interval's rain is told as missing.
    fn holds(&self, readings: &[Reading], end: i64, window: i64) -> Result<(), TestCaseError> {
        let sum = series_of(readings).accumulation(at(end), Span::from_min(window));
        let start = end - window;
        let seen = |r: &&Reading| r.measured_at <= at(end) && r.measured_at > at(start);
        let spans: Vec<(i64, i64)> = readings
            .iter()
            .filter(seen)
            .map(|r| (minutes(r.from.unwrap().max(at(start))), minutes(r.measured_at)))
            .collect();
        let is_covered = |m: &i64| spans.iter().any(|(from, to)| from <= m && m < to);
        let covered: i64 = (start..end).filter(is_covered).map(|m| self.fell(m, m + 1)).sum();
        let missing = (start..end).filter(|m| !is_covered(m)).count() as i64;
        prop_assert_eq!(sum.missing, Span::from_min(missing));
        prop_assert!(sum.at_least.raw() <= covered, "{} > {covered}", sum.at_least.raw());
        prop_assert!(sum.at_most.raw() >= covered, "{} < {covered}", sum.at_most.raw());
        if missing == 0 {
            prop_assert_eq!(covered, self.fell(start, end));
        }
        Ok(())
    }
}

fn minutes(t: Timestamp) -> i64 {
    t.since(at(0)).ms() / 60_000
}

/// Rain in bursts, so that a double count shows.
fn truths() -> impl Strategy<Value = Truth> {
    prop::collection::vec(prop_oneof![3 => Just(0_i64), 1 => 200_i64..3000], 400)
        .prop_map(|minutes| Truth { minutes })
}

/// What happened at each minute: bit 0 a sliding register was read, bit 1 a ten-minute report came
/// through, bit 2 a counter was read.
fn days() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![4 => Just(7_u8), 1 => 0_u8..8], 400)
}

fn readings_of(truth: &Truth, day: &[u8], kinds: u8, counter_every: i64) -> Vec<Reading> {
    let (mut readings, mut counted) = (Vec::new(), 0);
    for (minute, bits) in (1_i64..).zip(day) {
        let bits = bits & kinds;
        if bits & 1 == 1 {
            readings.push(truth.said(minute - 10, minute));
        }
        if bits & 2 == 2 && minute % 10 == 3 {
            readings.push(truth.said(minute - 10, minute));
        }
        if bits & 4 == 4 && minute % counter_every == 0 {
            readings.push(truth.said(counted, minute));
            counted = minute;
        }
    }
    // What is said again of the same time is a revision.
    readings.reverse();
    readings.dedup_by_key(|reading| reading.measured_at);
    readings.reverse();
    readings
}

proptest! {
    #[test]
    fn the_bounds_of_any_window_contain_what_truly_fell(
        (truth, day, kinds, every) in (truths(), days(), 1_u8..8, 1_i64..30),
        (end, window) in (20_i64..400, prop_oneof![Just(15_i64), Just(30), Just(60), Just(180), 1_i64..400]),
    ) {
        let readings = readings_of(&truth, &day, kinds, every);
        truth.holds(&readings, end, window)?;
    }

    #[test]
    fn a_sliding_register_read_every_minute_gives_whole_tens_exactly(
        truth in truths(), end in 200_i64..400, tens in 1_i64..19,
    ) {
        let series = series_of(&readings_of(&truth, &[7; 400], 1, 1));
        let sum = series.accumulation(at(end), Span::from_min(tens * 10));
        let fell = truth.fell(end - tens * 10, end);
        prop_assert_eq!((sum.at_least.raw(), sum.at_most.raw(), sum.missing), (fell, fell, Span::ZERO));
    }
}

#[test]
fn a_quarter_of_an_hour_of_a_sliding_register_is_bounded_by_ten_and_twenty_minutes() {
    let truth = Truth { minutes: vec![1000; 120] };
    let series = series_of(&readings_of(&truth, &[7; 120], 1, 1));
    let sum = series.accumulation(at(100), Span::from_min(15));
    assert_eq!((mm(sum.at_least), mm(sum.at_most), sum.missing), (10, 20, Span::ZERO));
}

#[test]
fn a_sliding_register_polled_with_jitter_keeps_nearly_all_its_rain() {
    let late = |n: i64| at(n).plus(Span::from_ms((n * 7919) % 2000));
    let polled = |n: i64| Reading {
        measured_at: late(n),
        from: Some(late(n).minus(Span::from_min(10))),
        ..reading(0, 0, 5_000, Quality::Good)
    };
    let series = series_of(&(0..=300).map(polled).collect::<Vec<_>>());
    let sum = series.accumulation(late(300), Span::from_h(3));
    assert!(sum.at_least.raw() >= 85_000 && sum.at_most.raw() <= 95_000, "{sum:?}");
    assert_eq!(sum.missing, Span::ZERO);
}

#[test]
fn three_days_of_a_sliding_register_are_three_days_of_rain() {
    let readings: Vec<Reading> = (1..=72 * 60).map(|n| reading(n - 10, n, 2_000, Quality::Good)).collect();
    let sum = series_of(&readings).accumulation(at(72 * 60), Span::from_h(72));
    assert_eq!((mm(sum.at_least), mm(sum.at_most), sum.missing), (864, 864, Span::ZERO));
}

#[test]
fn a_poll_missed_in_a_sliding_register_hides_no_overlap() {
    // Nine polls missed: the next register begins a minute before the last one ended.
    let truth = Truth { minutes: (0..60).map(|m| if m == 20 { 9_000 } else { 0 }).collect() };
    let day: Vec<u8> = (1..=60).map(|m| u8::from(!(22..=29).contains(&m))).collect();
    let sum = series_of(&readings_of(&truth, &day, 1, 1)).accumulation(at(30), Span::from_min(30));
    assert_eq!((mm(sum.at_least), mm(sum.at_most)), (9, 9));
}
