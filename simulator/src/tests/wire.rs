//! Real clients read the simulated gauges: mbpoll over Modbus, a subscriber at Mosquitto.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rumqttc::mqttbytes::QoS;
use rumqttc::{AsyncClient, Event, MqttOptions};
use sensors::city::City;
use sensors::line::{ModbusDevice, Protocol};
use sensors::reading::Observed;
use sensors::register::{Kind, Order, RegisterField, Table};
use sensors::time::{Span, Timestamp};

use super::{hue, local, skipped, storm};
use crate::chart::Chart;
use crate::schedule::messages;
use crate::storm::{Storm, storms};
use crate::wire::{Began, Listen, Play, Playing, StormClock};

/// A city with one of its lines.
fn with_line(name: &str) -> City {
    let mut city = hue();
    city.lines.retain(|line| line.name == name);
    assert_eq!(city.lines.len(), 1, "there is a line {name}");
    city
}

/// Plays at the pace of real time from a moment on, just after a whole minute.
async fn play_from(city: &City, storm: &Storm, at: Timestamp) -> Playing {
    let clock =
        StormClock { began: Began::At(Instant::now()), origin: at.plus(Span::from_s(1)), factor: 1.0 };
    let play = Play { clock, modbus: Listen::AnyPort, mqtt: BTreeMap::new() };
    play.start(city, storm, 7).await.unwrap()
}

/// What mbpoll prints, or `None` where it is not installed.
async fn mbpoll(port: u16, unit: u8, table: &str, address: u16, count: u16) -> Option<(bool, String)> {
    let mut command = tokio::process::Command::new("mbpoll");
    command.args(["-m", "tcp", "-1", "-0", "-o", "2", "-p", &port.to_string(), "-a", &unit.to_string()]);
    command.args(["-t", table, "-r", &address.to_string(), "-c", &count.to_string(), "127.0.0.1"]);
    let output = command.output().await.ok()?;
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

/// The registers in mbpoll's lines `[106]: 0x3F4C`.
fn registers(text: &str) -> Vec<u16> {
    let word = |line: &str| u16::from_str_radix(line.split_once("0x")?.1.trim(), 16).ok();
    text.lines().filter(|line| line.starts_with('[')).filter_map(word).collect()
}

/// Puts a number together from its bytes, written out here apart from the code under test.
fn number(field: &RegisterField, words: &[u16]) -> f64 {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let raw = match (bytes.as_slice(), field.place.order) {
        (&[a, b], Order::Abcd | Order::Cdab) => u32::from_be_bytes([0, 0, a, b]),
        (&[a, b], _) => u32::from_be_bytes([0, 0, b, a]),
        (&[a, b, c, d], Order::Abcd)
        | (&[c, d, a, b], Order::Cdab)
        | (&[b, a, d, c], Order::Badc)
        | (&[d, c, b, a], Order::Dcba) => u32::from_be_bytes([a, b, c, d]),
        other => panic!("{other:?}"),
    };
    let raw = match field.place.kind {
        Kind::F32 => f64::from(f32::from_bits(raw)),
        Kind::I32 => f64::from(raw as i32),
        Kind::I16 => f64::from(raw as u16 as i16),
        _ => f64::from(raw),
    };
    raw * field.scale + field.offset
}

fn device<'c>(city: &'c City, station: &str) -> &'c ModbusDevice {
    let Protocol::Modbus(line) = &city.lines[0].protocol else { panic!("no Modbus line") };
    line.devices.iter().find(|d| city.station(d.station).unwrap().id.as_str() == station).unwrap()
}

#[tokio::test]
async fn mbpoll_reads_every_word_order_as_the_instrument_shows_it() {
    let flood = storm("2025-11");
    let noon = local("2025-11-17T12:00");
    let mut orders = Vec::new();
    for (line, station) in [
        ("gateway-a-luoi", "750006"),
        ("gateway-phu-loc", "750061"),
        ("gateway-rivers", "74647705"),
        ("gateway-dams", "ta-trach"),
        ("gateway-dams", "binh-dien"),
        ("gateway-dams", "huong-dien"),
    ] {
        let city = with_line(line);
        let chart = Chart::draw(&city, &flood, 7).unwrap();
        let playing = play_from(&city, &flood, noon).await;
        let device = device(&city, station);
        let port = playing.modbus[0].1.port();
        for table in [Table::Holding, Table::Input] {
            let fields: Vec<_> = device.map.fields.iter().filter(|f| f.place.table == table).collect();
            let Some(first) = fields.iter().map(|f| f.place.address).min() else { continue };
            let count =
                fields.iter().map(|f| f.place.address + f.place.kind.registers()).max().unwrap() - first;
            let kind = if table == Table::Holding { "4:hex" } else { "3:hex" };
            let Some((ok, text)) = mbpoll(port, device.unit, kind, first, count).await else {
                return skipped("mbpoll");
            };
            assert!(ok, "{text}");
            let words = registers(&text);
            for field in fields {
                let start = usize::from(field.place.address - first);
                let read = number(field, &words[start..start + usize::from(field.place.kind.registers())]);
                let parameter = city.sensor(field.sensor).unwrap().id.parameter;
                let said = chart.said(field.sensor, noon, Span::from_min(10));
                let Some(Observed::Value(value)) = said else { panic!("{station} {parameter}: {said:?}") };
                let expected = value.in_unit(parameter);
                // A float carries seven digits; an integer register is exact to half its step.
                let whole = if field.place.kind == Kind::F32 { 0.0 } else { field.scale.abs() / 2.0 };
                let off = (read - expected).abs();
                assert!(
                    off <= whole + expected.abs() * 1e-6,
                    "{station} {parameter}: {read}, not {expected}"
                );
                if field.place.kind.registers() == 2 && !orders.contains(&field.place.order) {
                    orders.push(field.place.order);
                }
            }
        }
        playing.stop().await;
    }
    assert_eq!(orders.len(), 4, "every word order was read: {orders:?}");
}

#[tokio::test]
async fn a_wrong_unit_or_address_and_a_dead_gauge_are_answered_with_their_exceptions() {
    let city = with_line("gateway-nam-dong");
    let playing = play_from(&city, &storm("2025-11"), local("2025-11-17T12:00")).await;
    let port = playing.modbus[0].1.port();
    let dead = device(&city, "750013");
    let alive = device(&city, "750012");
    let address = alive.map.fields[0].place.address;
    let table = if alive.map.fields[0].place.table == Table::Holding { "4" } else { "3" };
    let Some((ok, text)) = mbpoll(port, 200, table, address, 1).await else { return skipped("mbpoll") };
    assert!(!ok && text.contains("Target device failed to respond"), "unknown unit: {text}");
    let (ok, text) = mbpoll(port, alive.unit, table, address + 50, 1).await.unwrap();
    assert!(!ok && text.contains("Illegal data address"), "{text}");
    let (ok, text) = mbpoll(port, dead.unit, table, address, 1).await.unwrap();
    assert!(!ok && text.contains("Target device failed to respond"), "dead gauge: {text}");
    let (ok, text) = mbpoll(port, alive.unit, "0", 0, 1).await.unwrap();
    assert!(!ok && text.contains("Illegal function"), "{text}");
    playing.stop().await;
}

#[tokio::test]
async fn a_cut_line_closes_its_port_and_opens_it_again() {
    let city = with_line("gateway-rivers");
    let fault = "line = \"gateway-rivers\"\nkind = \"cut\"\nfrom = \"2025-12-20T06:00:00+07:00\"\nto = \"2025-12-20T08:00:00+07:00\"";
    let storm = Storm::parse("cut.toml", &format!("{}\n[[fault]]\n{fault}\n", storms()[1].text)).unwrap();
    // Two hours of the storm in three real seconds.
    let origin = local("2025-12-20T05:00");
    let clock = StormClock { began: Began::At(Instant::now()), origin, factor: 2400.0 };
    let play = Play { clock, modbus: Listen::AnyPort, mqtt: BTreeMap::new() };
    let playing = play.start(&city, &storm, 7).await.unwrap();
    let address = playing.modbus[0].1;
    let mut held = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut byte = [0_u8; 1];
    let closed = tokio::io::AsyncReadExt::read(&mut held, &mut byte);
    let closed = tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap();
    assert!(!matches!(closed, Ok(1..)), "the cut drops connections");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens during the cut");
    let back = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back).await.unwrap();
    assert!(clock.now() >= local("2025-12-20T08:00"));
    playing.stop().await;
}

/// A Mosquitto of our own on a free port; killed when dropped.
struct Mosquitto(Child, SocketAddr);

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

async fn mosquitto(free: SocketAddr) -> Option<Mosquitto> {
    let mut command = Command::new("mosquitto");
    command.args(["-p", &free.port().to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().ok()?;
    let broker = Mosquitto(child, free);
    let up = async {
        while tokio::net::TcpStream::connect(free).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), up).await.ok()?;
    Some(broker)
}

#[tokio::test]
async fn at_1200_times_the_pace_every_message_arrives_once_and_in_order() {
    let Some(broker) = mosquitto(free_port()).await else { return skipped("mosquitto") };
    let city = with_line("city-posts");
    let drizzle = storm("drizzle");
    let expected = messages(&city, &Chart::draw(&city, &drizzle, 7).unwrap(), 0);
    let mut options = MqttOptions::new("ear", ("127.0.0.1", broker.1.port()));
    options.set_read_batch_size(64);
    let (client, mut events) = AsyncClient::builder(options).capacity(16).build();
    client.subscribe("hue/#", QoS::AtLeastOnce).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(rumqttc::Packet::SubAck(_))) {}
    // The last four hours of the day at full pace; what was due before comes at once.
    let origin = local("2025-12-20T20:00");
    let clock = StormClock { began: Began::At(Instant::now()), origin, factor: 1200.0 };
    let play = Play { clock, modbus: Listen::AnyPort, mqtt: BTreeMap::from([(0, broker.1)]) };
    let playing = play.start(&city, &drizzle, 7).await.unwrap();
    let mut heard: Vec<(String, Vec<u8>)> = Vec::new();
    let listening = async {
        while heard.len() < expected.len() {
            if let Event::Incoming(rumqttc::Packet::Publish(message)) = events.poll().await.unwrap() {
                heard.push((String::from_utf8_lossy(&message.topic).into_owned(), message.payload.to_vec()));
            }
        }
        playing.over.cancelled().await;
    };
    tokio::time::timeout(Duration::from_secs(90), listening).await.unwrap();
    assert!(expected.iter().map(|m| (&m.topic, &m.payload)).eq(heard.iter().map(|(t, p)| (t, p))));
    let mut truth = playing.truth.clone();
    let shown = truth.wait_for(|truth| (truth.progress - 1.0).abs() < 1e-9);
    tokio::time::timeout(Duration::from_secs(10), shown).await.unwrap().unwrap();
    playing.stop().await;
}

#[tokio::test]
async fn stations_wait_for_their_broker_and_are_over_only_when_it_has_everything() {
    let address = free_port();
    let city = with_line("city-posts");
    let drizzle = storm("drizzle");
    let origin = drizzle.ends().minus(Span::from_h(1));
    let clock = StormClock { began: Began::At(Instant::now()), origin, factor: 1200.0 };
    let play = Play { clock, modbus: Listen::AnyPort, mqtt: BTreeMap::from([(0, address)]) };
    let playing = play.start(&city, &drizzle, 7).await.unwrap();
    let past_the_end = drizzle.ends().plus(Span::from_min(1));
    clock.reaches(past_the_end).await;
    assert!(!playing.over.is_cancelled(), "nobody has heard anything yet");
    let Some(first) = mosquitto(address).await else { return skipped("mosquitto") };
    drop(first);
    let Some(_second) = mosquitto(address).await else { return skipped("mosquitto") };
    tokio::time::timeout(Duration::from_secs(90), playing.over.cancelled()).await.unwrap();
    playing.stop().await;
}

#[tokio::test]
async fn it_is_over_only_when_registers_have_stood_for_a_poll() {
    let city = with_line("gateway-rivers");
    let drizzle = storm("drizzle");
    let origin = drizzle.ends().minus(Span::from_min(10));
    let clock = StormClock { began: Began::At(Instant::now()), origin, factor: 1200.0 };
    let play = Play { clock, modbus: Listen::AnyPort, mqtt: BTreeMap::new() };
    let playing = play.start(&city, &drizzle, 7).await.unwrap();
    assert!(!playing.over.is_cancelled());
    tokio::time::timeout(Duration::from_secs(20), playing.over.cancelled()).await.unwrap();
    let poll = device(&city, "74647705").poll_interval;
    assert!(clock.now() >= drizzle.ends().plus(poll));
    playing.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_told_with_the_line_and_the_address() {
    let mut city = with_line("gateway-rivers");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    city.lines[0].address = taken.local_addr().unwrap().to_string();
    let drizzle = storm("drizzle");
    let clock = StormClock { began: Began::At(Instant::now()), origin: drizzle.begins(), factor: 1.0 };
    let play = Play { clock, modbus: Listen::AsConfigured, mqtt: BTreeMap::new() };
    let refusal = play.start(&city, &drizzle, 7).await.unwrap_err().to_string();
    assert!(refusal.contains("gateway-rivers") && refusal.contains(&city.lines[0].address), "{refusal}");
}
