//! From a publish at Mosquitto to the request at the push endpoint, durable commit included, at
//! 200 readings a second; and what the service costs meanwhile.
//!
//! `cargo bench --bench wire [-- SECONDS]`. The service is the real binary with the configuration
//! of Huế; five posts wade across a threshold of one ward each. A phone's push is one warning in
//! one language; its latency counts from the write of the reading that made it.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

#[expect(dead_code, reason = "each measurement uses a part of it")]
mod peer;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::clock::Clock;
use baolu::watch::snapshot::Plan;
use sensors::line::{MqttLine, MqttSubscription, Protocol};
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::time::{Span, Timestamp};
use simulator::phone::{self, Phones, Push};

use peer::machine::{self, quantile};
use peer::mosquitto::Mosquitto;
use peer::publisher::Publisher;
use peer::service::{Service, configure};

const PER_S: u32 = 200;
/// Of so many messages one crosses the threshold: ten crossings a second.
const CROSSING: usize = 20;
/// Posts in one ward each.
const POSTS: [&str; 5] = ["74647403", "751118", "751117", "750044", "74647402"];
const RULE: &str = r#"
[[rule]]
id = "bench"
hazard = "flood"
stations = ["74647403", "751118", "751117", "750044", "74647402"]
zones = "station"
issue = "automatic"

[[rule.level]]
name = "bd1"
severity = 2
when = { exceeds = "stage", raise_m = 1.0, clear_m = 0.9 }
"#;

/// A gauge that publishes; a post that may cross knows the ward that then gets a push.
struct Gauge<'a> {
    subscription: &'a MqttSubscription,
    zone: Option<String>,
    high: bool,
}

impl<'a> Gauge<'a> {
    fn new(plan: &Plan, subscription: &'a MqttSubscription) -> Self {
        let station = plan.city.stations.get(subscription.station.at()).unwrap();
        let crosses = POSTS.contains(&station.id.as_str()) && subscription.topic.ends_with("/stage");
        let zone = crosses.then(|| station.zones.first().unwrap().as_str().to_owned());
        Self { subscription, zone, high: false }
    }

    fn payload(&self, plan: &Plan, at: Timestamp) -> Vec<u8> {
        let parameter = |ix| plan.city.sensor(ix).map(|sensor| sensor.id.parameter);
        let said = self.subscription.map.fields.iter().map(|field| {
            let raw = match parameter(field.sensor) {
                Some(Parameter::Stage) if self.zone.is_some() => {
                    if self.high {
                        1_050
                    } else {
                        850
                    }
                }
                Some(Parameter::Stage) => 500,
                _ => 0,
            };
            let value = Observed::Value(Value::from_raw(raw));
            let from = Some(at.minus(Span::from_min(10)));
            Observation { sensor: field.sensor, measured_at: at, from, arrived_at: at, value }
        });
        self.subscription.map.encode(&said.collect::<Vec<_>>(), parameter)
    }
}

/// Microseconds since the start at which a reading crossed, by ward and language, oldest first.
type Crossings = BTreeMap<(String, &'static str), VecDeque<i64>>;

/// Publishes at the rate for so long.
fn publish(port: u16, plan: &Plan, line: &MqttLine, began: Instant, lasts: Duration) -> (usize, Crossings) {
    let mut publisher = Publisher::connect(port);
    let gauges = line.subscriptions.iter().map(|subscription| Gauge::new(plan, subscription));
    let (mut posts, mut others): (Vec<_>, Vec<_>) = gauges.partition(|gauge| gauge.zone.is_some());
    let (of_posts, of_others) = (posts.len(), others.len());
    let mut crossings = Crossings::new();
    let start = Instant::now();
    let count = (lasts.as_secs_f64() * f64::from(PER_S)) as usize;
    for n in 0..count {
        let due = start + Duration::from_secs(1) / PER_S * n as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let crosses = n % CROSSING == CROSSING - 1;
        let gauge =
            if crosses { posts.get_mut(n / CROSSING % of_posts) } else { others.get_mut(n % of_others) };
        let gauge = gauge.unwrap();
        gauge.high ^= crosses;
        let payload = gauge.payload(plan, Clock::real_now());
        if let Some(zone) = &gauge.zone {
            let at = began.elapsed().as_micros() as i64;
            for lang in ["vi", "en"] {
                crossings.entry((zone.clone(), lang)).or_default().push_back(at);
            }
        }
        publisher.publish([(gauge.subscription.topic.as_str(), payload.as_slice())]);
    }
    (count, crossings)
}

/// Milliseconds from each crossing to its push; phones tell the microsecond of a request.
fn latencies(mut crossings: Crossings, pushes: &[Push]) -> Vec<f64> {
    let mut latencies = Vec::new();
    for push in pushes {
        let lang = if push.lang == "vi" { "vi" } else { "en" };
        let crossed = crossings.get_mut(&(push.zone.clone(), lang)).and_then(VecDeque::pop_front).unwrap();
        latencies.push((push.at.ms() - crossed) as f64 / 1e3);
    }
    assert!(crossings.values().all(VecDeque::is_empty), "a push is missing: {crossings:?}");
    latencies.sort_by(f64::total_cmp);
    latencies
}

/// What one small durable write costs on this disk, in milliseconds, sorted.
fn disk(folder: &Path) -> Vec<f64> {
    let mut file = File::create(folder.join("probe")).unwrap();
    let mut each: Vec<f64> = (0..200)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    each.sort_by(f64::total_cmp);
    each
}

async fn round(lasts: Duration) {
    let Some(broker) = Mosquitto::start() else { return println!("skipped: mosquitto is not installed") };
    let plan = Arc::new(Plan::load(None).unwrap());
    let zones: Vec<&str> = plan.city.zones.iter().map(|zone| zone.id.as_str()).collect();
    let began = Instant::now();
    let setup = phone::Setup {
        project: "bench".into(),
        phones: phone::one_per_zone("hue", &zones, &["vi", "en"], 1),
        now: Arc::new(move || Timestamp::from_ms(began.elapsed().as_micros() as i64)),
        real_now: Arc::new(Clock::real_now),
        token_life: Duration::from_hours(1),
    };
    let mut phones = Phones::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), setup).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let city = configure(folder.path(), broker.port, Some(&phones), RULE);
    let probe = disk(folder.path());
    let service = Service::start(&city, &folder.path().join("data"));
    service.up();
    while phones.counts().tokens == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (port, cpu, started) = (broker.port, service.cpu(), Instant::now());
    let publishing = tokio::task::spawn_blocking(move || {
        let mqtt = plan.city.lines.iter().find_map(|line| match &line.protocol {
            Protocol::Mqtt(mqtt) => Some(mqtt),
            Protocol::Modbus(_) | Protocol::Folder(_) => None,
        });
        publish(port, &plan, mqtt.unwrap(), began, lasts)
    });
    let (count, crossings) = publishing.await.unwrap();
    let expected: usize = crossings.values().map(VecDeque::len).sum();
    let mut pushes = Vec::new();
    while pushes.len() < expected {
        let push = tokio::time::timeout(Duration::from_secs(10), phones.shown.recv()).await;
        pushes.push(push.unwrap().unwrap());
    }
    let cpu = service.cpu().saturating_sub(cpu);
    let per_s = count as f64 / started.elapsed().as_secs_f64();
    let all = latencies(crossings, &pushes);
    println!(
        "| {per_s:>5.0} | {:>5} | {:>6.2} | {:>6.2} | {:>6.2} | {:>6.2} | {:>6.2} | {:>5.0} | {:>5.1} | {:>6.2} / {:>5.2} |",
        all.len(),
        quantile(&all, 0.0),
        quantile(&all, 0.5),
        quantile(&all, 0.9),
        quantile(&all, 0.99),
        quantile(&all, 1.0),
        cpu.as_secs_f64() * 1e6 / count as f64,
        service.memory_mb().1,
        quantile(&probe, 0.5),
        quantile(&probe, 0.99),
    );
    service.stop();
}

#[tokio::main]
async fn main() {
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(30);
    println!("{}\n", machine::describe());
    println!(
        "| readings/s | pushes | least ms | median ms | p90 ms | p99 ms | greatest ms | CPU µs/reading | MB at most | fdatasync of 4 KiB, ms, median / p99 |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for _ in 0..3 {
        round(Duration::from_secs(seconds)).await;
    }
    println!("\n{}", machine::describe());
}
