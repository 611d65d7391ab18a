//! The whole service under `strace`: no reading is acknowledged to the broker before the disk has
//! taken the commit that holds it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use baolu::clock::Clock;
use baolu::event::LineState;
use baolu::store::commit::Seq;
use baolu::store::{Options, Reader, Store};
use baolu::watch::snapshot::Plan;
use sensors::line::Protocol;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::peer::baolu::copy_configuration;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;

/// Messages that are published; each is a reading of its own second.
const MESSAGES: i64 = 60;
/// Everything ends within this, or the test fails.
const PATIENCE: Duration = Duration::from_mins(2);
/// The topic, and the sensor that it carries.
const TOPIC: (&str, &str) = ("hue/kim-long/stage", "kim-long/stage");

fn configure(folder: &Path, broker: u16) {
    copy_configuration(folder);
    let lines = std::fs::read_to_string(folder.join("hue/lines.toml")).unwrap();
    let lines = lines.replace("127.0.0.1:18830", &format!("127.0.0.1:{broker}"));
    std::fs::write(folder.join("hue/lines.toml"), lines).unwrap();
}

/// The service and its tracer; both are asked to end when dropped.
struct Traced(Child);

impl Traced {
    fn start(folder: &Path) -> Option<Self> {
        let child = Command::new("strace")
            .args(["-f", "-yy", "-xx", "-s", "9000", "-o"])
            .arg(folder.join("trace"))
            .args([
                "-e",
                "trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg",
            ])
            .arg(env!("CARGO_BIN_EXE_baolu"))
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(folder.join("hue"))
            .arg("--data")
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log")).unwrap())
            .spawn();
        child.ok().map(Self)
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // An end of the tracer detaches the service, which would live on: its child is asked first.
        let children = format!("/proc/{0}/task/{0}/children", self.0.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        for pid in children.split_whitespace() {
            let _ = Command::new("kill").args(["-TERM", pid]).status();
        }
        let _ = self.0.wait();
    }
}

fn until(what: &str, log: &Path, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        let told = std::fs::read_to_string(log).unwrap_or_default();
        assert!(began.elapsed() < PATIENCE, "{what} did not happen: {told}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_subscribed(data: &Path) -> bool {
    let page = Reader::open_dir(data, 1).and_then(|reader| reader.changes(Seq(0), 100));
    page.is_ok_and(|page| page.items.iter().flat_map(|c| &c.lines).any(|l| l.state == LineState::Up))
}

/// What the post says at each second, and when it measured that.
fn payloads(plan: &Plan, began: Timestamp) -> Vec<(Timestamp, String)> {
    let sensor = plan.city.sensors.iter().position(|sensor| sensor.id.to_string() == TOPIC.1).unwrap();
    let sensor = SensorIx(sensor as u32);
    let mut maps = plan.city.lines.iter().filter_map(|line| match &line.protocol {
        Protocol::Mqtt(mqtt) => mqtt.subscriptions.iter().find(|s| s.topic == TOPIC.0),
        Protocol::Modbus(_) | Protocol::Folder(_) => None,
    });
    let map = &maps.next().unwrap().map;
    let payload = |n: i64| {
        let measured_at = began.plus(Span::from_s(n));
        let value = Observed::Value(Value::from_raw(500 + n));
        let said = Observation { sensor, measured_at, from: None, arrived_at: measured_at, value };
        let parameter = |ix: SensorIx| plan.city.sensor(ix).map(|sensor| sensor.id.parameter);
        (measured_at, String::from_utf8(map.encode(&[said], parameter)).unwrap())
    };
    (0..MESSAGES).map(payload).collect()
}

fn stored(data: &Path, plan: &Plan, (from, to): (Timestamp, Timestamp)) -> usize {
    let sensor = plan.city.sensors.iter().find(|sensor| sensor.id.to_string() == TOPIC.1).unwrap();
    let reader = Reader::open_dir(data, 1);
    let page = reader.and_then(|reader| reader.series(&sensor.id, (from, to), None, None, 10_000));
    page.map_or(0, |page| page.items.len())
}

/// What a line of the trace shows.
enum Call {
    /// Bytes came from the broker.
    Came(Vec<u8>),
    /// Bytes are being sent to the broker.
    Goes(Vec<u8>),
    /// Bytes were written to the log of the database.
    Logged(Vec<u8>),
    /// The log of the database is on the disk.
    Synced,
    /// Anything else.
    Other,
}

/// Reads the trace line by line; what a thread waits for is told when its call goes on.
#[derive(Default)]
struct Trace {
    waiting: BTreeMap<String, Wait>,
}

/// What a call that had to wait is about.
#[derive(PartialEq)]
enum Wait {
    Broker,
    Log,
}

impl Trace {
    fn call(&mut self, line: &str, broker: &str) -> Call {
        let Some((pid, call)) = line.split_once(' ') else { return Call::Other };
        let call = call.trim_start();
        if call.starts_with("<... ") {
            return match self.waiting.remove(pid) {
                Some(Wait::Log) if call.ends_with("= 0") => Call::Synced,
                Some(Wait::Broker) => Call::Came(bytes(call)),
                _ => Call::Other,
            };
        }
        let Some((name, rest)) = call.split_once('(') else { return Call::Other };
        let (file, rest) = rest.split_once(", ").unwrap_or((rest, ""));
        // `-wal`, plain or in hexadecimal digits.
        let log = file.contains("-wal") || file.contains(r"\x2d\x77\x61\x6c");
        let waits = call.ends_with("<unfinished ...>");
        match name {
            // SQLite is built to use the one or the other.
            "fdatasync" | "fsync" if log && waits => {
                self.waiting.insert(pid.to_owned(), Wait::Log);
            }
            "fdatasync" | "fsync" if log && call.ends_with("= 0") => return Call::Synced,
            "pwrite64" if log => return Call::Logged(bytes(rest)),
            "write" | "writev" | "sendto" | "sendmsg" if file.contains(broker) => {
                return Call::Goes(bytes(rest));
            }
            "read" | "readv" | "recvfrom" | "recvmsg" if file.contains(broker) && waits => {
                self.waiting.insert(pid.to_owned(), Wait::Broker);
            }
            "read" | "readv" | "recvfrom" | "recvmsg" if file.contains(broker) => {
                return Call::Came(bytes(rest));
            }
            _ => {}
        }
        Call::Other
    }
}

/// The bytes that `strace -xx` shows, of all buffers of the call.
fn bytes(text: &str) -> Vec<u8> {
    let quoted = text.split('"').skip(1).step_by(2);
    let digits = quoted.flat_map(|quoted| quoted.split("\\x").skip(1));
    digits.filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
}

/// Splits what came over a connection into MQTT packets: the first byte and the body of each.
fn packets(stream: &mut Vec<u8>) -> Vec<(u8, Vec<u8>)> {
    let mut packets = Vec::new();
    loop {
        let (mut length, mut head) = (0_usize, 1);
        let whole = loop {
            let Some(byte) = stream.get(head) else { break false };
            length |= usize::from(byte & 0x7f) << (7 * (head - 1));
            head += 1;
            if byte & 0x80 == 0 {
                break stream.len() >= head + length;
            }
        };
        if !whole {
            return packets;
        }
        let packet: Vec<u8> = stream.drain(..head + length).collect();
        packets.push((packet[0], packet[head..].to_vec()));
    }
}

/// Each reading's way, as far as it has come.
#[derive(Default)]
struct Way {
    came: bool,
    logged: bool,
    synced: bool,
}

/// Follows every reading from the socket to the disk and back, and gives how many came back.
fn follow(trace: &str, broker: &str, said: &[(Timestamp, String)]) -> usize {
    let mut ways: Vec<Way> = said.iter().map(|_| Way::default()).collect();
    let (mut calls, mut by_packet) = (Trace::default(), BTreeMap::new());
    let (mut from_broker, mut to_broker, mut acknowledged) = (Vec::new(), Vec::new(), 0);
    // In a record of SQLite a moment is an integer of six bytes, the greatest first.
    let marks: Vec<[u8; 6]> =
        said.iter().map(|(at, _)| at.ms().to_be_bytes()[2..].try_into().unwrap()).collect();
    for line in trace.lines() {
        match calls.call(line, broker) {
            Call::Came(bytes) => {
                from_broker.extend(bytes);
                for (first, body) in
                    packets(&mut from_broker).into_iter().filter(|(first, _)| first >> 4 == 3)
                {
                    assert_eq!(first >> 1 & 3, 1, "QoS 1");
                    let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
                    let id = u16::from_be_bytes([body[2 + topic], body[3 + topic]]);
                    let which = said.iter().position(|(_, text)| {
                        body.windows(text.len()).any(|window| window == text.as_bytes())
                    });
                    let which = which.unwrap();
                    ways[which].came = true;
                    by_packet.insert(id, which);
                }
            }
            Call::Logged(bytes) => {
                for (way, mark) in ways.iter_mut().zip(&marks).filter(|(way, _)| way.came && !way.logged) {
                    way.logged = bytes.windows(6).any(|window| window == mark);
                }
            }
            Call::Synced => ways.iter_mut().filter(|way| way.logged).for_each(|way| way.synced = true),
            Call::Goes(bytes) => {
                to_broker.extend(bytes);
                for (_, body) in packets(&mut to_broker).into_iter().filter(|(first, _)| *first == 0x40) {
                    let id = u16::from_be_bytes([body[0], body[1]]);
                    let Some(way) = by_packet.remove(&id).and_then(|which| ways.get(which)) else { continue };
                    assert!(
                        way.logged && way.synced,
                        "packet {id} was acknowledged before it was on the disk"
                    );
                    acknowledged += 1;
                }
            }
            Call::Other => {}
        }
    }
    acknowledged
}

#[test]
fn no_reading_is_acknowledged_to_the_broker_before_its_commit_is_on_the_disk() {
    if Command::new("strace").arg("-V").output().is_err() {
        return skip("strace");
    }
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let plan = Plan::load(None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), broker.port);
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let began = Timestamp::from_ms(Clock::real_now().ms() / 1000 * 1000).minus(Span::from_min(20));
    let said = payloads(&plan, began);
    let Some(traced) = Traced::start(folder.path()) else { return skip("strace") };
    until("the subscription", &log, || is_subscribed(&data));
    // One after the other, and then all the rest at once.
    let (single, burst) = said.split_at(10);
    for (n, (_, payload)) in single.iter().enumerate() {
        broker.publish(TOPIC.0, [payload.as_str()]);
        until("a reading", &log, || stored(&data, &plan, (began, Timestamp::MAX)) > n);
    }
    broker.publish(TOPIC.0, burst.iter().map(|(_, payload)| payload.as_str()));
    until("every reading", &log, || stored(&data, &plan, (began, Timestamp::MAX)) == said.len());
    // A stop waits for what is acknowledged last.
    drop(traced);
    let trace = std::fs::read_to_string(folder.path().join("trace")).unwrap();
    let acknowledged = follow(&trace, &format!(":{}]", broker.port), &said);
    assert_eq!(acknowledged, said.len(), "{} bytes of trace", trace.len());
    println!("{acknowledged} readings were acknowledged, each after its commit was synced");
}

#[test]
fn a_service_whose_store_is_taken_over_ends_and_says_why() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let plan = Plan::load(None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), broker.port);
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let mut service = Command::new(env!("CARGO_BIN_EXE_baolu"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(folder.path().join("hue"))
        .arg("--data")
        .arg(&data)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    until("the subscription", &log, || is_subscribed(&data));
    let over = Options { take_over: true, ..Options::default() };
    let other = Store::open(&data, &plan.city, &plan.version, Clock::real_now(), &over).unwrap();
    let (_, payload) = payloads(&plan, Clock::real_now().minus(Span::from_min(5))).remove(0);
    broker.publish(TOPIC.0, [payload.as_str()]);
    let mut status = None;
    until("the end of the service", &log, || {
        status = service.try_wait().unwrap();
        status.is_some()
    });
    drop(other);
    let told = std::fs::read_to_string(&log).unwrap();
    assert_eq!(status.and_then(|status| status.code()), Some(3), "{told}");
    assert!(told.contains("another process has taken over this data folder"), "{told}");
}
