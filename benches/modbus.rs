//! From a question on a Modbus TCP connection to the observation in the writer's hand, over 200
//! connections to a libmodbus server; and what 1,000 devices at 1 Hz cost.
//!
//! `cargo bench --bench modbus [-- SECONDS]`. libmodbus' own client takes turns with us at the
//! same server: it asks on all connections, takes all answers and adds them up. Where Node and its
//! `modbus-serial` are found (`NODE_PATH`), they take a turn too. The rates share two cores with
//! the server; the CPU a read is what can be compared between machines.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

#[path = "../tests/wire/peer/libmodbus.rs"]
mod libmodbus;
#[path = "peer/machine.rs"]
#[expect(dead_code, reason = "each measurement uses a part of it")]
mod machine;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::clock::Clock;
use baolu::collect;
use baolu::event::{Envelope, Event};
use sensors::city::{City, Parts};
use sensors::line::{Line, ModbusDevice, ModbusLine, Protocol};
use sensors::parameter::Parameter;
use sensors::place::Position;
use sensors::quantity::Value;
use sensors::register::{Kind, Place, RegisterField, RegisterMap, Table};
use sensors::station::{Deadline, Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::time::Span;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use libmodbus::Libmodbus;

const CONNECTIONS: u8 = 200;
const REGISTERS: u16 = 10;
/// The second server of the Node turn asks as the C client does.
const NODE: &str = include_str!("peer/modbus.js");

/// Lines of so many devices each, all at one server.
fn city(port: u16, devices: u8, interval: Span) -> Arc<City> {
    let id = StationId::new("bench");
    let station = Station {
        id: id.clone(),
        kind: StationKind::Stage,
        name: String::from("bench"),
        position: Position::new(16.459, 107.565).unwrap(),
        datum: None,
        river: None,
        basin: None,
        carrier: None,
        power: None,
        zones: Vec::new(),
        sensors: Vec::new(),
    };
    let count = u32::from(CONNECTIONS) * u32::from(devices) * u32::from(REGISTERS);
    let sensor = |n: u32| Sensor {
        id: SensorId { station: id.clone(), parameter: Parameter::Stage, name: Some(n.to_string().into()) },
        station: StationIx(0),
        span: (Value::from_raw(i64::MIN), Value::from_raw(i64::MAX)),
        plausible: None,
        rate_max: None,
        spike_max: None,
        checks: sensors::quality::Checks::default(),
        rollover: None,
        mount: None,
        feeds: None,
        deadline: Deadline { interval: Span::from_min(10), jitter: Span::ZERO, patience: Span::ZERO },
    };
    let device = |line: u32, unit: u8| {
        let first = (line * u32::from(devices) + u32::from(unit - 1)) * u32::from(REGISTERS);
        let field = |n: u16| RegisterField {
            sensor: SensorIx(first + u32::from(n)),
            parameter: Parameter::Stage,
            place: Place::new(Table::Input, n, Kind::U16),
            scale: 0.001,
            offset: 0.0,
            sentinels: Vec::new(),
            destructive: false,
        };
        ModbusDevice::new(unit, StationIx(0), interval, RegisterMap::of((0..REGISTERS).map(field).collect()))
    };
    let line = |n: u32| Line {
        name: format!("line-{n}"),
        address: format!("127.0.0.1:{port}"),
        protocol: Protocol::Modbus(ModbusLine::tcp((1..=devices).map(|unit| device(n, unit)).collect())),
    };
    let lines = (0..u32::from(CONNECTIONS)).map(line).collect();
    let sensors = (0..count).map(sensor).collect();
    let parts = Parts { stations: vec![station], sensors, lines, ..Parts::default() };
    Arc::new(City::assemble("bench", "Bench", 420, parts).unwrap())
}

/// What a turn cost.
struct Cost {
    reads: u64,
    lasted: Duration,
    cpu: Duration,
    server: Duration,
}

impl Cost {
    fn print(&self, who: &str) {
        let per = |cpu: Duration| cpu.as_secs_f64() * 1e6 / self.reads as f64;
        println!(
            "| {who:<14} | {:>9.0} | {:>5.1} | {:>5.1} | {:>5.1} % | {:>4} |",
            self.reads as f64 / self.lasted.as_secs_f64(),
            per(self.cpu),
            per(self.server),
            self.cpu.as_secs_f64() / self.lasted.as_secs_f64() * 100.0,
            machine::load(),
        );
    }
}

fn own_cpu() -> Duration {
    machine::cpu_of(std::process::id())
}

/// Collects for so long after every connection has answered once.
fn collected(port: u16, server: u32, devices: u8, interval: Span, lasts: Duration) -> Cost {
    let city = city(port, devices, interval);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (cancel, tracker) = (CancellationToken::new(), TaskTracker::new());
    let (inbox, mut envelopes) = mpsc::channel::<Envelope>(4096);
    let (_hurry, hurried) = watch::channel(Arc::default());
    let cost = runtime.block_on(async {
        collect::run(&city, Clock::wall(), &inbox, &hurried, &cancel, &tracker);
        drop(inbox);
        let mut up = 0;
        while up < CONNECTIONS {
            let envelope = envelopes.recv().await.unwrap();
            up += envelope.events.iter().filter(|event| matches!(event, Event::Line(_))).count() as u8;
        }
        let (began, cpu, theirs) = (Instant::now(), own_cpu(), machine::cpu_of(server));
        let (mut observations, mut sum) = (0_u64, 0_i64);
        while began.elapsed() < lasts {
            let Ok(envelope) = tokio::time::timeout(lasts, envelopes.recv()).await else { break };
            let Envelope { events, receipt } = envelope.unwrap();
            for event in &events {
                match event {
                    Event::Observed(observation) => {
                        observations += 1;
                        if let sensors::reading::Observed::Value(value) = observation.value {
                            sum += value.raw();
                        }
                    }
                    Event::Stray(stray) => println!("stray: {} {}", stray.place, stray.why),
                    _ => {}
                }
            }
            receipt.iter().for_each(baolu::event::Receipt::give);
        }
        assert!(sum > 0, "values came");
        let reads = observations / u64::from(REGISTERS);
        let server = machine::cpu_of(server).saturating_sub(theirs);
        Cost { reads, lasted: began.elapsed(), cpu: own_cpu().saturating_sub(cpu), server }
    });
    cancel.cancel();
    runtime.shutdown_timeout(Duration::from_secs(5));
    cost
}

/// A client of another hand that prints reads, seconds and a sum.
fn other(command: &mut Command, server: u32) -> Option<Cost> {
    let (cpu, theirs) = (machine::cpu_of_ended_children(), machine::cpu_of(server));
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    let (reads, lasted) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let cpu = machine::cpu_of_ended_children().saturating_sub(cpu);
    let server = machine::cpu_of(server).saturating_sub(theirs);
    Some(Cost { reads, lasted: Duration::from_secs_f64(lasted), cpu, server })
}

fn main() {
    let seconds: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(5);
    metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(server) = Libmodbus::tcp(port) else {
        return println!("skipped: gcc or the headers of libmodbus are not installed");
    };
    let (lasts, pid) = (Duration::from_secs(seconds), server.pid());
    let words = [port.to_string(), CONNECTIONS.to_string(), seconds.to_string()];
    let client = |how: &str| other(Command::new(libmodbus::program().unwrap()).arg(how).args(&words), pid);
    println!("{}\n", machine::describe());
    println!(
        "| who            |  reads/s  | µs CPU | server | of a core | load |\n|---|---|---|---|---|---|"
    );
    let mut rates: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut note = |who: &'static str, cost: Option<Cost>| {
        if let Some(cost) = cost {
            cost.print(who);
            rates.entry(who).or_default().push(cost.reads as f64 / cost.lasted.as_secs_f64());
        }
    };
    for _ in 0..3 {
        note("baolu", Some(collected(port, pid, 8, Span::from_ms(1), lasts)));
        note("libmodbus", client("ask"));
        note("modbus-serial", other(Command::new("node").args(["-e", NODE, "--"]).args(&words), pid));
    }
    for _ in 0..2 {
        note("baolu, 1 kHz", Some(collected(port, pid, 5, Span::from_s(1), lasts * 2)));
        note("libmodbus, 1 kHz", client("pace"));
    }
    for (who, mut rates) in rates {
        rates.sort_by(f64::total_cmp);
        println!("\n{who}: median {:.0} reads/s", machine::quantile(&rates, 0.5));
    }
    println!("\n{}", machine::describe());
}
