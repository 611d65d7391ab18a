//! Promises of the sums, and rule 6 of what a warning means, whole.

use super::*;
use crate::parameter::Parameter;
use crate::quality::Check;
use crate::reading::{Observation, Observed, Reading};
use crate::station::{Deadline, Sensor, SensorId, SensorIx, StationId, StationIx};
use crate::thiessen::Tessellation;
use crate::track::Track;

const HUE: i32 = 420;

fn local(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{text}+07:00")).unwrap()
}

fn rain(from: Timestamp, to: Timestamp, mm: i64) -> Reading {
    Reading {
        sensor: SensorIx(0),
        measured_at: to,
        from: Some(from),
        arrived_at: to,
        value: Some(Value::from_raw(mm * 1000)),
        quality: Quality::Good,
    }
}

fn series(readings: &[Reading]) -> Series {
    let mut series = Series::new(RETENTION);
    for reading in readings {
        series.insert(reading);
    }
    series
}

fn hours(from: Timestamp, mm: &[i64]) -> Series {
    let at = |n: usize| from.plus(Span::from_h(n as i64));
    series(&mm.iter().enumerate().map(|(n, mm)| rain(at(n), at(n + 1), *mm)).collect::<Vec<_>>())
}

fn mm(value: Value) -> i64 {
    value.raw() / 1000
}

fn sensor(parameter: Parameter, interval: Span) -> Sensor {
    Sensor {
        id: SensorId { station: StationId::new("g"), parameter, name: None },
        station: StationIx(0),
        span: (Value::from_raw(0), Value::from_raw(100_000_000)),
        plausible: None,
        rate_max: None,
        spike_max: None,
        checks: crate::quality::Checks::default(),
        rollover: (parameter == Parameter::RainTotal).then(|| Value::from_raw(1_000_000)),
        feeds: (parameter == Parameter::RainTotal).then_some(SensorIx(1)),
        mount: None,
        deadline: Deadline { interval, jitter: Span::ZERO, patience: Span::ZERO },
    }
}

/// A counter and the rainfall that it feeds.
struct Gauge {
    counter: (Sensor, Track),
    depths: (Sensor, Track),
}

impl Gauge {
    fn new() -> Self {
        let (counter, depths) = (Parameter::RainTotal, Parameter::Rainfall);
        let [counter, depths] = [counter, depths].map(|p| sensor(p, Span::from_min(5)));
        let track = |sensor: &Sensor| Track::new(sensor, RETENTION);
        Self { counter: (counter.clone(), track(&counter)), depths: (depths.clone(), track(&depths)) }
    }

    /// The counter shows so much; gives the doubt of what it feeds.
    fn shows(&mut self, at: Timestamp, mm: i64) -> Option<Quality> {
        let value = Observed::Value(Value::from_raw(mm * 1000));
        let said = Observation { sensor: SensorIx(0), measured_at: at, from: None, arrived_at: at, value };
        let judged = self.counter.1.judge(&self.counter.0, &said, at);
        let fed = judged.fed.iter().map(|fed| self.depths.1.judge_fed(&self.depths.0, fed, at));
        fed.last().map(|judged| judged.reading.quality)
    }

    fn sum(&self, end: Timestamp, window: Span) -> Accumulation {
        self.depths.1.series().accumulation(end, window)
    }
}

#[test]
fn rule_06_rain_carries_its_interval() {
    let six = local("2025-11-16T06:00:00");
    let after = |min: i64| six.plus(Span::from_min(min));

    // A depth covers (from, to], and the same interval counts once.
    let twice = [rain(after(0), after(10), 3), rain(after(0), after(10), 3), rain(after(10), after(20), 4)];
    assert_eq!(mm(series(&twice).accumulation(after(20), Span::from_min(20)).at_most), 7);

    // A counter that skipped its messages gives the whole depth over the gap: whole in windows that
    // contain the gap, a bound in shorter ones. First contact is no rain.
    let mut gauge = Gauge::new();
    assert_eq!(gauge.shows(after(-5), 120), None);
    gauge.shows(after(0), 120);
    assert_eq!(gauge.shows(after(360), 190), Some(Quality::Good));
    let hour = gauge.sum(after(360), Span::from_h(1));
    assert_eq!((mm(hour.at_least), mm(hour.at_most)), (0, 70), "six hours are no 70 mm hour");
    let six_hours = gauge.sum(after(360), Span::from_h(6));
    assert_eq!((mm(six_hours.at_least), mm(six_hours.at_most)), (70, 70));

    // Rollover, reset and first contact are told apart.
    gauge.shows(after(365), 998);
    let mut rolls = Gauge::new();
    rolls.shows(after(0), 995);
    assert_eq!(rolls.shows(after(5), 3), Some(Quality::Good));
    assert_eq!(mm(rolls.sum(after(5), Span::from_min(5)).at_least), 8);
    let mut resets = Gauge::new();
    resets.shows(after(0), 300);
    assert_eq!(resets.shows(after(5), 2), Some(Quality::Suspect(Check::Counter)));
    assert_eq!(mm(resets.sum(after(5), Span::from_min(5)).at_least), 2);

    // A sum with gaps is "at least".
    let gap = series(&[rain(after(0), after(10), 3), rain(after(20), after(30), 5)]);
    let sum = gap.accumulation(after(30), Span::from_min(30));
    assert_eq!((mm(sum.at_least), sum.missing), (8, Span::from_min(10)));
    assert_eq!(missing_permille(sum.missing, Span::from_min(30)), 334);

    // Missing gauges leave a basin's weights; they are not zero (the engine's tests tell the rest).
    let basin = Tessellation::weighted(&[(SensorIx(0), 1.0), (SensorIx(1), 1.0)]);
    assert_eq!(basin.weights([1].into_iter().collect()), [0, 500_000]);

    // The rain day is 19:00 to 19:00 local.
    let day = RainDay::of(local("2025-11-16T19:00:00"), HUE);
    assert_eq!((day.begins(), day.ends()), (local("2025-11-15T19:00:00"), local("2025-11-16T19:00:00")));
}

#[test]
fn the_reading_of_nineteen_hours_ends_its_rain_day_and_the_next_moment_begins_another() {
    let day = |text: &str| RainDay::of(local(text), HUE).begins();
    assert_eq!(day("2025-11-16T18:59:59"), local("2025-11-15T19:00:00"));
    assert_eq!(day("2025-11-16T19:00:00"), local("2025-11-15T19:00:00"));
    assert_eq!(day("2025-11-16T19:00:00.001"), local("2025-11-16T19:00:00"));
    assert_eq!(day("2025-11-17T03:00:00"), local("2025-11-16T19:00:00"));
}

#[test]
fn the_rain_day_so_far_and_the_last_whole_one_share_no_rain() {
    let begins = local("2025-11-15T19:00:00");
    let series = hours(begins, &[[2; 24].as_slice(), &[5; 3]].concat());
    let now = begins.plus(Span::from_h(27));
    let today = RainDay::of(now, HUE);
    let (so_far, whole) = (today.rain(&series, now), today.before().rain(&series, now));
    assert_eq!((mm(so_far.at_least), mm(so_far.at_most), so_far.missing), (15, 15, Span::ZERO));
    assert_eq!((mm(whole.at_least), mm(whole.at_most), whole.missing), (48, 48, Span::ZERO));
}

#[test]
fn a_rain_day_before_the_gauge_spoke_is_missing_and_not_dry() {
    let begins = local("2025-11-15T19:00:00");
    let series = hours(begins, &[1; 24]);
    let before = RainDay::of(begins, HUE).rain(&series, begins.plus(Span::from_h(24)));
    assert_eq!((before.quality, before.missing), (Quality::Missing, Span::from_h(24)));
}

#[test]
fn a_hyetograph_has_its_steps_in_order_and_their_gaps() {
    let begins = local("2025-11-15T19:00:00");
    let steps = hyetograph(&hours(begins, &[1, 2, 3]), begins.plus(Span::from_h(3)), Span::from_h(1), 4);
    let told: Vec<_> = steps.iter().map(|step| (mm(step.rain.at_least), step.rain.missing)).collect();
    assert_eq!(told, [(0, Span::from_h(1)), (1, Span::ZERO), (2, Span::ZERO), (3, Span::ZERO)]);
}

fn day(mm: i64, missing_h: i64) -> Accumulation {
    let depth = Value::from_raw(mm * 1000);
    let (missing, pending) = (Span::from_h(missing_h), Span::ZERO);
    Accumulation { at_least: depth, at_most: depth, missing, pending, quality: Quality::Good }
}

#[test]
fn wetness_fades_day_by_day_and_rain_adds_to_it() {
    let nine_tenths = Recession::from_permille(900).unwrap();
    let after = wetness([day(100, 0), day(0, 0), day(10, 0)], nine_tenths);
    assert_eq!((after.at_least.raw(), after.days, after.days_missing), (91_000, 3, 0));
    assert_eq!((Recession::from_permille(400), Recession::from_permille(1000)), (None, None));
}

#[test]
fn a_day_with_gaps_makes_the_wetness_at_least() {
    let gap = wetness([day(100, 0), day(0, 5)], Recession::USUAL);
    assert_eq!((gap.at_least.raw(), gap.days_missing), (90_000, 1));
    let unknown = Accumulation { quality: Quality::Missing, ..day(0, 24) };
    assert_eq!(wetness([unknown], Recession::USUAL).days_missing, 1);
}
