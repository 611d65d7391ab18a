//! How many readings a second pass every check, those between sensors included, for a city of 37
//! gauges on one core.
//!
//! `cargo run --release -p sensors --example neighbours`; prints CPU time and asserts nothing.

use std::time::Instant;

use sensors::city::{City, Parts};
use sensors::parameter::Parameter;
use sensors::place::Position;
use sensors::quality::Checks;
use sensors::quality::neighbour::{Case, Inspection};
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::series::Series;
use sensors::station::{Deadline, Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;

const GAUGES: u32 = 37;
const STEPS: i64 = 20_000;

/// Gauges seven kilometres apart.
fn city() -> City {
    let (mut stations, mut sensors) = (Vec::new(), Vec::new());
    for n in 0..GAUGES {
        let id = StationId::new(&format!("g{n}"));
        let (x, y) = (f64::from(n % 7), f64::from(n / 7));
        let Some(position) = Position::new(16.0 + 0.063 * y, 107.0 + 0.0655 * x) else { continue };
        stations.push(Station {
            id: id.clone(),
            kind: StationKind::RainGauge,
            name: id.to_string(),
            position,
            datum: None,
            river: None,
            carrier: None,
            power: None,
            basin: None,
            zones: Vec::new(),
            sensors: Vec::new(),
        });
        let minutes = Span::from_min;
        sensors.push(Sensor {
            id: SensorId { station: id, parameter: Parameter::Rainfall, name: None },
            station: StationIx(n),
            span: (Value::from_raw(0), Value::from_raw(2_000_000)),
            plausible: Some((Value::from_raw(0), Value::from_raw(100_000))),
            rate_max: None,
            spike_max: None,
            checks: Checks::default(),
            rollover: None,
            feeds: None,
            mount: None,
            deadline: Deadline { interval: minutes(10), jitter: minutes(2), patience: minutes(10) },
        });
    }
    City::assemble("grid", "Grid", 0, Parts { stations, sensors, ..Parts::default() }).unwrap_or_default()
}

/// Nanoseconds that this process was on a core (proc(5), `/proc/pid/schedstat`, first field).
fn on_core_ns() -> Option<f64> {
    std::fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

/// `depth` in thousandths of a millimetre by gauge and step.
fn run(what: &str, between: bool, depth: impl Fn(u32, i64) -> i64) {
    let city = city();
    let known = &city.neighbours;
    let mut tracks: Vec<Track> =
        city.sensors.iter().map(|sensor| Track::new(sensor, Span::from_h(96))).collect();
    let mut inspection = Inspection::default();
    let (began, core) = (Instant::now(), on_core_ns());
    for step in 0..STEPS {
        let at = Timestamp::from_ms(1_763_251_200_000 + step * 600_000);
        for (n, (sensor, track)) in (0..).zip(city.sensors.iter().zip(&mut tracks)) {
            let observation = Observation {
                sensor: SensorIx(n),
                measured_at: at,
                from: Some(at.minus(Span::from_min(10))),
                arrived_at: at,
                value: Observed::Value(Value::from_raw(depth(n, step))),
            };
            let judged = track.judge(sensor, &observation, at);
            if between && judged.inserted.changed() {
                inspection.note(known, observation.sensor, at);
            }
        }
        if !between {
            continue;
        }
        let series = |ix: SensorIx| -> Option<&Series> { tracks.get(ix.at()).map(Track::series) };
        for turned in inspection.inspect(known, &series) {
            let held: Vec<_> = inspection.cases_of(turned.sensor).filter_map(Case::suspicion).collect();
            if let (Some(sensor), Some(track)) =
                (city.sensor(turned.sensor), tracks.get_mut(turned.sensor.at()))
            {
                track.hold(sensor, &held, at);
            }
        }
    }
    let wall = began.elapsed().as_secs_f64();
    let busy = core.zip(on_core_ns()).map_or(wall, |(before, after)| (after - before) / 1e9);
    let readings = f64::from(GAUGES) * STEPS as f64;
    let open = inspection.cases().filter(|case| case.is_open()).count();
    println!(
        "{what:<44} {:>7.0} ns a reading, {:>10.0} readings/s of CPU ({wall:.2} s, {open} doubted)",
        busy / readings * 1e9,
        readings / busy
    );
}

fn main() {
    let calm = |_: u32, step: i64| if step % 40 == 0 { 200 } else { 0 };
    let storm = |n: u32, step: i64| (i64::from(n * 37) + step * 13) % 40 * 200 + 400;
    let faults = |n: u32, step: i64| if n % 9 == 4 { 0 } else { (i64::from(n) + step) % 30 * 200 + 400 };
    for _ in 0..3 {
        run("each by itself, calm", false, calm);
        run("beside each other, calm", true, calm);
        run("each by itself, storm", false, storm);
        run("beside each other, storm", true, storm);
        run("beside each other, storm with dead gauges", true, faults);
    }
}
