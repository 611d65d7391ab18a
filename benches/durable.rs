//! Messages that waited in a persistent session, QoS 1: how fast a bare `mosquitto_sub` receives
//! them, and how fast they are durable in the service. The two take turns.
//!
//! `cargo bench --bench durable [-- MESSAGES]`. Both times begin with the start of the process.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

mod peer;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use baolu::clock::Clock;
use baolu::watch::snapshot::Plan;
use sensors::line::{MqttLine, Protocol};
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::time::{Span, Timestamp};

use peer::machine::{self, quantile};
use peer::mosquitto::Mosquitto;
use peer::publisher::Publisher;
use peer::service::{Service, configure};

/// Turns of each.
const TURNS: usize = 5;
/// Time between two readings of a sensor; all of them lie in the past day.
const STEP: Span = Span::from_s(30);

/// A day of a calm city, message by message, as topic and payload; and the readings in it.
fn messages(plan: &Plan, line: &MqttLine, count: usize) -> (Vec<(String, Vec<u8>)>, usize) {
    let parameter = |ix| plan.city.sensor(ix).map(|sensor| sensor.id.parameter);
    let timed: Vec<_> = line.subscriptions.iter().filter(|s| s.map.time.is_some()).collect();
    let rounds = count.div_ceil(timed.len()) as i64;
    let start = Clock::real_now().minus(Span::from_ms(STEP.ms() * rounds));
    let (mut messages, mut readings) = (Vec::new(), 0);
    for n in 0..count {
        let (round, place) = (n / timed.len(), n % timed.len());
        let at = start.plus(Span::from_ms(STEP.ms() * round as i64));
        let subscription = timed.get(place).unwrap();
        let said = subscription.map.fields.iter().map(|field| {
            let raw = match parameter(field.sensor) {
                Some(Parameter::Rainfall) => {
                    if (round + place) % 7 == 0 {
                        200
                    } else {
                        0
                    }
                }
                _ => 100 + (round as i64 * 7 + place as i64) % 50,
            };
            observation(field.sensor, at, raw)
        });
        let said: Vec<Observation> = said.collect();
        readings += said.len();
        messages.push((subscription.topic.clone(), subscription.map.encode(&said, parameter)));
    }
    (messages, readings)
}

fn observation(sensor: sensors::station::SensorIx, at: Timestamp, raw: i64) -> Observation {
    let value = Observed::Value(Value::from_raw(raw));
    Observation { sensor, measured_at: at, from: Some(at.minus(STEP)), arrived_at: at, value }
}

/// What one drain took.
struct Drain {
    per_s: f64,
    cpu_us: f64,
}

impl Drain {
    fn new(began: Instant, cpu: f64, count: usize) -> Self {
        let count = count as f64;
        Self { per_s: count / began.elapsed().as_secs_f64(), cpu_us: cpu * 1e6 / count }
    }
}

/// `mosquitto_sub` with a session of its own on every topic of the line.
fn bare(broker: &Mosquitto, line: &MqttLine, more: &[&str]) -> Command {
    let mut command = broker.client("mosquitto_sub");
    command.args(["-i", "bare", "-c", "-x", "3600", "-q", "1"]).args(more).stdout(Stdio::null());
    for subscription in &line.subscriptions {
        command.args(["-t", &subscription.topic]);
    }
    command
}

fn drain_bare(broker: &Mosquitto, line: &MqttLine, count: usize) -> Drain {
    let (began, cpu) = (Instant::now(), machine::cpu_of_ended_children());
    let until = ["-C", &count.to_string(), "-W", "60"];
    assert!(bare(broker, line, &until).status().unwrap().success());
    Drain::new(began, (machine::cpu_of_ended_children().saturating_sub(cpu)).as_secs_f64(), count)
}

/// Drains into an empty store; gives the memory of the service too.
fn drain_ours(city: &Path, count: usize, readings: usize) -> (Drain, f64) {
    let data = tempfile::tempdir_in(city).unwrap();
    let began = Instant::now();
    let service = Service::start(city, data.path());
    service.wait("baolu_readings_total", readings as f64);
    let drain = Drain::new(began, service.cpu().as_secs_f64(), count);
    let memory = service.memory_mb().1;
    // At once: what a stop leaves unacknowledged would come again, before the next turn's messages.
    service.stop();
    assert_eq!(stored(data.path()), readings, "the counter tells what is stored");
    (drain, memory)
}

/// How many readings of different sensors and times are in the store.
fn stored(data: &Path) -> usize {
    let store = rusqlite::Connection::open(data.join(baolu::store::DATABASE)).unwrap();
    let times = "SELECT count(*) FROM (SELECT DISTINCT sensor, measured_at FROM reading)";
    store.query_row(times, [], |row| row.get::<_, i64>(0)).unwrap() as usize
}

fn sorted(drains: &[Drain], figure: impl Fn(&Drain) -> f64) -> Vec<f64> {
    let mut figures: Vec<f64> = drains.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures
}

fn main() {
    let count = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(100_000);
    let Some(broker) = Mosquitto::start() else { return println!("skipped: mosquitto is not installed") };
    let plan = Plan::load(None).unwrap();
    let mqtt = plan.city.lines.iter().find_map(|line| match &line.protocol {
        Protocol::Mqtt(mqtt) => Some(mqtt),
        Protocol::Modbus(_) | Protocol::Folder(_) => None,
    });
    let line = mqtt.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let city = configure(folder.path(), broker.port, None, "");
    // Both sessions begin; from here on the broker keeps messages for them.
    assert!(bare(&broker, line, &["-E"]).status().unwrap().success());
    let first = Service::start(&city, &folder.path().join("first"));
    first.up();
    first.stop();

    println!("{}\n", machine::describe());
    println!(
        "| turn | load | mosquitto_sub /s | µs CPU | durable /s | µs CPU | MB at most | ratio |\n|---|---|---|---|---|---|---|---|"
    );
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    // The same in every turn: what a stop left unacknowledged comes again and changes nothing.
    let (messages, readings) = messages(&plan, line, count);
    for turn in 1..=TURNS {
        Publisher::connect(broker.port).publish(messages.iter().map(|(t, p)| (t.as_str(), p.as_slice())));
        let first = (turn % 2 == 0).then(|| drain_bare(&broker, line, count));
        let (our, memory) = drain_ours(&city, count, readings);
        let bare = first.unwrap_or_else(|| drain_bare(&broker, line, count));
        println!(
            "| {turn} | {} | {:>7.0} | {:>5.1} | {:>7.0} | {:>5.1} | {memory:>4.0} | {:.2} |",
            machine::load(),
            bare.per_s,
            bare.cpu_us,
            our.per_s,
            our.cpu_us,
            our.per_s / bare.per_s
        );
        theirs.push(bare);
        ours.push(our);
    }
    let median = |drains: &[Drain], figure: fn(&Drain) -> f64| quantile(&sorted(drains, figure), 0.5);
    let (their_rate, our_rate) = (median(&theirs, |d| d.per_s), median(&ours, |d| d.per_s));
    println!(
        "| median | | {their_rate:>7.0} | {:>5.1} | {our_rate:>7.0} | {:>5.1} | | {:.2} |",
        median(&theirs, |d| d.cpu_us),
        median(&ours, |d| d.cpu_us),
        our_rate / their_rate
    );
    println!("\n{}", machine::describe());
}
