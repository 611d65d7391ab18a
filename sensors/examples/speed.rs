//! How long one reading takes through its track, and one question to its series.
//!
//! `cargo run --release -p sensors --example speed`; prints nanoseconds per operation and asserts
//! nothing. It measures one core and no store.

use std::hint::black_box;
use std::time::Instant;

use sensors::parameter::Parameter;
use sensors::payload::{PayloadField, PayloadFormat, PayloadMap};
use sensors::quality::{Attenuated, FlatLine, Movement, Season};
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::{Deadline, Rate, Sensor, SensorId, SensorIx, StationId, StationIx};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;

fn sensor(parameter: Parameter) -> Sensor {
    let rate = Rate { change: Value::from_raw(3_000), per: Span::from_h(1) };
    Sensor {
        id: SensorId { station: StationId::new("kim-long"), parameter, name: None },
        station: StationIx(0),
        span: (Value::from_raw(-2_000), Value::from_raw(10_000_000)),
        plausible: Some((Value::from_raw(-1_000), Value::from_raw(9_000_000))),
        rate_max: (parameter == Parameter::Stage).then_some(rate),
        spike_max: Some(Value::from_raw(600)),
        checks: sensors::quality::Checks::default(),
        rollover: None,
        feeds: Some(SensorIx(1)),
        mount: None,
        deadline: Deadline {
            interval: Span::from_min(10),
            jitter: Span::from_min(2),
            patience: Span::from_min(20),
        },
    }
}

/// A stage that every check of one sensor judges.
fn watched() -> Sensor {
    let raw = Value::from_raw;
    let mut sensor = sensor(Parameter::Stage);
    let attenuated = Attenuated::new(Movement::Deviation, raw(2), None, Some(Span::from_h(25)));
    let checks = &mut sensor.checks;
    checks.flat_line = FlatLine::new(raw(5), Span::from_h(12), Some(Span::from_h(24))).ok();
    checks.attenuated = attenuated.ok().map(|limits| limits.with_at_least(3, Span::from_h(20)));
    checks.gap_max = Some(Span::from_h(3));
    let months: Vec<u8> = (1..=12).collect();
    let season = Season::new(&months, None, (raw(-1_000), raw(8_000))).ok();
    checks.seasons.offset = Span::from_h(7);
    checks.seasons.climatology.extend(season);
    checks.seasons.plausible.extend(season);
    sensor
}

fn said(i: i64, step: Span) -> Observation {
    let measured_at = Timestamp::from_ms(1_763_300_000_000 + i * step.ms());
    let raw = 1_000 + i % 97;
    Observation {
        sensor: SensorIx(0),
        measured_at,
        from: None,
        arrived_at: measured_at,
        value: Observed::Value(Value::from_raw(raw)),
    }
}

/// The processor time of this thread in seconds, where the system tells it; else the clock's.
fn spent(began: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ns = told.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    ns.map_or_else(|| began.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// Prints the mean processor time of one.
fn time(what: &str, times: u32, mut act: impl FnMut(i64)) {
    let began = Instant::now();
    let before = spent(began);
    for i in 0..i64::from(times) {
        act(i);
    }
    let each = (spent(began) - before) * 1e9 / f64::from(times);
    println!("{what:<60} {each:>9.1} ns");
}

fn judging() {
    let step = Span::from_min(10);
    for (parameter, name) in [(Parameter::Stage, "stage"), (Parameter::Rainfall, "rainfall")] {
        let sensor = sensor(parameter);
        let mut track = Track::new(&sensor, Span::from_h(75));
        time(&format!("judge a {name} in order"), 2_000_000, |i| {
            let observation = said(i, step);
            black_box(track.judge(&sensor, &observation, observation.arrived_at));
        });
    }
    for step in [Span::from_min(10), Span::from_min(1)] {
        let sensor = watched();
        let minutes = step.whole_s() / 60;
        let mut track = Track::new(&sensor, Span::from_h(75));
        time(&format!("judge a stage by every check, every {minutes} min"), 2_000_000, |i| {
            let observation = said(i, step);
            black_box(track.judge(&sensor, &observation, observation.arrived_at));
        });
        let mut track = Track::new(&sensor, Span::from_h(75));
        time(&format!("the same where it stands still, every {minutes} min"), 2_000_000, |i| {
            let value = Observed::Value(Value::from_raw(1_000 + i % 3));
            let observation = Observation { value, ..said(i, step) };
            black_box(track.judge(&sensor, &observation, observation.arrived_at));
        });
        let mut track = Track::new(&sensor, Span::from_h(75));
        time(&format!("the same an hour late, every {minutes} min"), 20_000, |i| {
            let place = if i % 7 == 6 { i - 6 } else { i + 1 };
            let observation = said(place, step);
            black_box(track.judge(&sensor, &observation, said(i + 7, step).measured_at));
        });
    }
    let counter = sensor(Parameter::RainTotal);
    let mut track = Track::new(&counter, Span::from_h(75));
    time("judge a counter in order, with its depth", 1_000_000, |i| {
        let mut observation = said(i, step);
        observation.value = Observed::Value(Value::from_raw(i));
        black_box(track.judge(&counter, &observation, observation.arrived_at));
    });
    let stage = sensor(Parameter::Stage);
    let mut track = Track::new(&stage, Span::from_h(75));
    time("judge a stage that comes one hour late", 200_000, |i| {
        let place = if i % 7 == 6 { i - 6 } else { i + 1 };
        let observation = said(place, step);
        black_box(track.judge(&stage, &observation, said(i + 7, step).measured_at));
    });
}

fn asking() {
    for (minutes, points) in [(10, 450), (1, 4_500)] {
        let sensor = sensor(Parameter::Rainfall);
        let mut track = Track::new(&sensor, Span::from_h(75));
        let step = Span::from_min(minutes);
        for i in 0..points {
            let from = Some(said(i - 1, step).measured_at);
            let observation = Observation { from, ..said(i, step) };
            track.judge(&sensor, &observation, observation.arrived_at);
        }
        let newest = said(points - 1, step).measured_at;
        let series = track.series();
        for hours in [1, 24, 72] {
            time(&format!("accumulation over {hours} h, {points} points"), 1_000_000, |i| {
                let end = newest.minus(Span::from_min(i % 30));
                black_box(series.accumulation(black_box(end), Span::from_h(hours)));
            });
        }
        time(&format!("rise over 1 h, {points} points"), 1_000_000, |_| {
            black_box(series.rise(black_box(newest), Span::from_h(1)));
        });
        time(&format!("at or before, {points} points"), 1_000_000, |i| {
            let end = newest.minus(Span::from_min(i % 4_000));
            black_box(series.at_or_before(black_box(end)));
        });
        time(&format!("clone and append, {points} points"), 100_000, |_| {
            let mut copy = track.clone();
            let observation = said(points, step);
            black_box(copy.judge(&sensor, &observation, observation.arrived_at));
            black_box(copy);
        });
    }
    let sensor = sensor(Parameter::Rainfall);
    let mut track = Track::new(&sensor, Span::from_h(75));
    for i in 0..450 {
        let observation = said(i, Span::from_min(10));
        let from = Some(observation.measured_at.minus(Span::from_h(1)));
        track.judge(&sensor, &Observation { from, ..observation }, observation.arrived_at);
    }
    let newest = track.series().newest().map_or(Timestamp::MIN, |point| point.measured_at);
    time("accumulation over 72 h of rolling hours", 10_000, |_| {
        black_box(track.series().accumulation(black_box(newest), Span::from_h(72)));
    });
}

fn decoding() {
    let field = |sensor, pointer: &str| PayloadField {
        sensor: SensorIx(sensor),
        pointer: pointer.to_owned(),
        period: None,
        scale: 1.0,
        offset: 0.0,
    };
    let map = PayloadMap {
        format: PayloadFormat::Json,
        time: Some("/at".to_owned()),
        fields: vec![field(0, "/stage"), field(1, "/battery")],
    };
    let text = br#"{"station":"kim-long","at":"2025-11-16T14:00:00Z","stage":1.234,"battery":12.61}"#;
    let parameter = |ix: SensorIx| Some(if ix.0 == 0 { Parameter::Stage } else { Parameter::Battery });
    time("decode a JSON payload of two numbers", 500_000, |_| {
        let _ = black_box(map.decode(black_box(text), Timestamp::MIN, parameter));
    });
}

fn main() {
    judging();
    asking();
    decoding();
}
