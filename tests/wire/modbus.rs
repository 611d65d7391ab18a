//! Modbus TCP against real servers and against peers that break every rule.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::time::Duration;

use baolu::clock::Clock;
use baolu::event::{Event, LineState};
use sensors::city::City;
use sensors::line::{ModbusDevice, ModbusLine, Protocol};
use sensors::parameter::Parameter;
use sensors::reading::Observed;
use sensors::register::{Kind, Order, Place, RegisterField, RegisterMap, Sentinel, Table};
use sensors::station::{SensorIx, StationIx};
use sensors::time::{Span, Timestamp};
use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
use tokio_modbus::{ExceptionCode, Request, Response, SlaveRequest};

use crate::peer::collector::{Collector, city};
use crate::peer::mischief::{Act, Asked, Mischief};
use crate::peer::pymodbus::{self, Pymodbus};
use crate::peer::{free_port, skip};

/// What no gauge in these tests measures: it must never become a value.
pub(crate) const POISON: u16 = 9999;
pub(crate) const GOOD: u16 = 1250;

/// A stage in millimetres, in input registers.
pub(crate) fn stage(sensor: u32, address: u16) -> RegisterField {
    RegisterField {
        sensor: SensorIx(sensor),
        parameter: Parameter::Stage,
        place: Place::new(Table::Input, address, Kind::U16),
        scale: 0.001,
        offset: 0.0,
        sentinels: vec![Sentinel::Whole(65535)],
        destructive: false,
    }
}

pub(crate) fn device(unit: u8, fields: Vec<RegisterField>) -> ModbusDevice {
    let map = RegisterMap::of(fields);
    ModbusDevice::new(unit, StationIx(0), Span::from_s(60), map)
}

fn line(port: u16, devices: Vec<ModbusDevice>) -> Arc<City> {
    on(format!("127.0.0.1:{port}"), ModbusLine::tcp(devices))
}

/// A line with short patience at this address.
pub(crate) fn on(address: String, line: ModbusLine) -> Arc<City> {
    patient(address, Span::from_ms(150), line)
}

/// The same with this much patience.
pub(crate) fn patient(address: String, timeout: Span, line: ModbusLine) -> Arc<City> {
    let sensors = line.devices.iter().flat_map(|d| &d.map.fields).map(|f| f.sensor.at()).max().unwrap() + 1;
    let protocol = Protocol::Modbus(ModbusLine { timeout, reconnect_max: Span::from_ms(300), ..line });
    city(&vec![Parameter::Stage; sensors], address, protocol)
}

/// A minute of this clock is 50 ms.
pub(crate) fn fast() -> Clock {
    Clock::exercise(Timestamp::from_ms(1_763_300_000_000), 1200.0)
}

/// A line of one device with one stage.
fn one(port: u16) -> Arc<City> {
    line(port, vec![device(1, vec![stage(0, 0)])])
}

/// The peer answers well, save the third request, where it does mischief; whatever it does, no
/// wrong value comes of it and the next good one does.
async fn survives(mischief: impl Fn(Asked) -> Vec<Act> + Send + Sync + 'static) -> Mischief {
    survives_within(Span::from_ms(150), mischief).await
}

/// The same with this much patience.
async fn survives_within(
    timeout: Span,
    mischief: impl Fn(Asked) -> Vec<Act> + Send + Sync + 'static,
) -> Mischief {
    let peer = Mischief::listen(move |n, asked| match n {
        2 => mischief(asked),
        _ => vec![Act::Send(asked.answer(&[GOOD + n as u16]))],
    })
    .await;
    let line = ModbusLine::tcp(vec![device(1, vec![stage(0, 0)])]);
    let city = patient(format!("127.0.0.1:{}", peer.address.port()), timeout, line);
    let mut collector = Collector::start(&city, fast(), 16);
    let mut last = 0;
    while last < i64::from(GOOD + 5) {
        last = collector.raw().await;
        assert!((i64::from(GOOD)..i64::from(GOOD + 50)).contains(&last), "{last} is a wrong value");
    }
    collector.stop().await;
    peer
}

#[derive(Clone)]
struct Registers;

impl tokio_modbus::server::Service for Registers {
    type Request = SlaveRequest<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Ready<Result<Response, ExceptionCode>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        ready(match request.request {
            Request::ReadInputRegisters(0, 2) => Ok(Response::ReadInputRegisters(vec![GOOD, 65535])),
            Request::ReadHoldingRegisters(10, 1) => Ok(Response::ReadHoldingRegisters(vec![86])),
            _ => Err(ExceptionCode::IllegalDataAddress),
        })
    }
}

#[tokio::test]
async fn the_readings_of_a_poll_come_together_with_the_time_of_their_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let on_connected =
            |stream, address| async move { accept_tcp_connection(stream, address, |_| Ok(Some(Registers))) };
        Server::new(listener).serve(&on_connected, |_| ()).await
    });
    let holding = RegisterField { place: Place::new(Table::Holding, 10, Kind::U16), ..stage(2, 10) };
    let clock = fast();
    let before = clock.now();
    let fields = vec![stage(0, 0), stage(1, 1), holding];
    let mut collector = Collector::start(&line(port, vec![device(1, fields)]), clock, 16);
    let events = collector.envelope().await;
    assert!(matches!(&events[0], Event::Line(line) if line.state == LineState::Up), "{events:?}");
    let observed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Observed(o) => Some((o.sensor.0, o.value, o.measured_at)),
            _ => None,
        })
        .collect();
    let value = |raw| Observed::Value(sensors::quantity::Value::from_raw(raw));
    let values: Vec<_> = observed.iter().map(|o| (o.0, o.1)).collect();
    assert_eq!(values, [(0, value(1250)), (1, Observed::Missing), (2, value(86))]);
    assert!(observed.iter().all(|o| o.2 >= before && o.2 <= clock.now()));
    collector.stop().await;
}

#[tokio::test]
async fn every_kind_and_word_order_of_pymodbus_is_read_as_it_was_written() {
    let Some(words) = pymodbus::words() else { return skip("pymodbus") };
    let server = Pymodbus::serve(&words);
    let kinds = [
        (Kind::U16, Order::Abcd, 40000.0),
        (Kind::I16, Order::Abcd, -1234.0),
        (Kind::U32, Order::Abcd, 3_000_000_000.0),
        (Kind::I32, Order::Abcd, -123_456.0),
        (Kind::F32, Order::Abcd, 3.25),
        (Kind::U32, Order::Cdab, 3_000_000_000.0),
        (Kind::I32, Order::Cdab, -123_456.0),
        (Kind::F32, Order::Cdab, 3.25),
    ];
    let mut address = 0;
    let fields = kinds.iter().zip(0..).map(|((kind, order, _), sensor)| {
        let field = RegisterField {
            place: Place { order: *order, ..Place::new(Table::Input, address, *kind) },
            scale: 1.0,
            sentinels: vec![],
            ..stage(sensor, address)
        };
        address += kind.registers();
        field
    });
    let city = line(server.port, vec![device(7, fields.collect())]);
    let mut collector = Collector::start(&city, fast(), 16);
    for (kind, order, expected) in kinds {
        let raw = collector.raw().await;
        assert!((raw as f64 / 1000.0 - expected).abs() < 1e-9, "{kind:?} {order:?}: {raw}");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_refusal_is_told_once_and_the_connection_kept() {
    let peer = Mischief::listen(|_, asked| match asked.unit {
        1 => vec![Act::Send(asked.answer(&[GOOD]))],
        _ => vec![Act::Send(asked.refusal(2))],
    })
    .await;
    let devices = vec![device(1, vec![stage(0, 0)]), device(2, vec![stage(1, 40)])];
    let mut collector = Collector::start(&line(peer.address.port(), devices), fast(), 16);
    let stray = collector.stray().await;
    assert_eq!(stray.place, "unit 2");
    assert_eq!(stray.why, "Input registers 40+1 refused: illegal data address");
    for _ in 0..5 {
        assert_eq!(collector.raw().await, i64::from(GOOD));
    }
    assert_eq!(peer.connections(), 1, "a refusal is no fault of the line");
    let rest = collector.stop().await;
    assert!(!rest.iter().any(|e| matches!(e, Event::Stray(_) | Event::Line(_))), "{rest:?}");
}

#[tokio::test]
async fn an_answer_of_another_unit_is_never_taken() {
    let peer = survives(|asked| {
        let other = Asked { unit: asked.unit + 1, ..asked };
        vec![Act::Send(other.answer(&[POISON]))]
    })
    .await;
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn an_answer_to_another_transaction_is_never_taken() {
    let peer = survives(|asked| {
        let other = Asked { transaction: asked.transaction.wrapping_sub(1), ..asked };
        vec![Act::Send(other.answer(&[POISON]))]
    })
    .await;
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn an_answer_of_another_length_or_function_is_never_taken() {
    survives(|asked| vec![Act::Send(asked.answer(&[POISON, POISON]))]).await;
    survives(|asked| vec![Act::Send(asked.answer(&[]))]).await;
    survives(|asked| vec![Act::Send(Asked { function: 3, ..asked }.answer(&[POISON]))]).await;
    survives(|_| vec![Act::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]).await;
}

#[tokio::test]
async fn half_a_frame_is_never_taken_for_a_whole_one() {
    let half = |asked: Asked| asked.answer(&[POISON])[..10].to_vec();
    survives(move |asked| vec![Act::Send(half(asked)), Act::Cut]).await;
    let rest = |asked: Asked| asked.answer(&[POISON])[10..].to_vec();
    survives(move |asked| {
        let late = Act::Wait(Duration::from_millis(250));
        vec![Act::Send(half(asked)), late, Act::Send(rest(asked))]
    })
    .await;
}

#[tokio::test]
async fn five_milliseconds_between_bytes_are_borne() {
    let slowly = |asked: Asked| vec![Act::Trickle(asked.answer(&[GOOD + 2]), Duration::from_millis(5))];
    let peer = survives_within(Span::from_s(2), slowly).await;
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_is_cut_costs_no_poll() {
    let peer = survives(|_| vec![Act::Cut]).await;
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_the_next_one() {
    survives(|asked| {
        let late = Act::Wait(Duration::from_millis(200));
        vec![late, Act::Send(asked.answer(&[POISON]))]
    })
    .await;
}

#[tokio::test]
async fn silence_is_waited_for_within_its_bound_and_then_the_line_is_made_anew() {
    let peer = survives(|_| vec![]).await;
    assert_eq!(peer.connections(), 2);
}

#[tokio::test]
async fn a_dead_device_behind_a_gateway_starves_nobody() {
    for dead in [|_: Asked| vec![], |asked: Asked| vec![Act::Send(asked.refusal(0x0b))]] {
        let peer = Mischief::listen(move |_, asked| match asked.unit {
            3 => dead(asked),
            unit => vec![Act::Send(asked.answer(&[GOOD + u16::from(unit)]))],
        })
        .await;
        let devices = (1..=5).map(|unit| device(unit, vec![stage(u32::from(unit), 0)])).collect();
        let mut collector = Collector::start(&line(peer.address.port(), devices), fast(), 16);
        let mut seen = [0; 6];
        // Without a breaker the silent device would take 150 ms of every 50 ms.
        while seen.iter().sum::<u32>() < 120 {
            let unit = collector.observation().await.sensor.at();
            seen[unit] += 1;
        }
        assert!([1, 2, 4, 5].iter().all(|unit| seen[*unit] >= 25), "{seen:?}");
        assert_eq!(seen[3], 0);
        let rest = collector.stop().await;
        let down = |e: &Event| matches!(e, Event::Line(line) if line.state != LineState::Up);
        assert!(!rest.iter().any(down), "one dead device is no dead line: {rest:?}");
    }
}

#[tokio::test]
async fn a_line_says_once_that_it_is_down_and_once_that_it_is_up_again() {
    let port = free_port();
    let mut collector = Collector::start(&one(port), fast(), 16);
    let LineState::Down { why } = collector.change().await else { panic!("nobody listens") };
    assert!(why.contains("can't connect to 127.0.0.1"), "{why}");
    let peer = Mischief::listen_on(port, |_, asked| vec![Act::Send(asked.answer(&[GOOD]))]).await;
    assert_eq!(collector.change().await, LineState::Up);
    assert_eq!(collector.raw().await, i64::from(GOOD));
    assert_eq!(peer.connections(), 1);
    collector.stop().await;
}

#[tokio::test]
async fn a_full_queue_holds_the_polls_back_and_no_burst_follows() {
    let clock = fast();
    let peer = Mischief::listen(|_, asked| vec![Act::Send(asked.answer(&[GOOD]))]).await;
    let mut collector = Collector::start(&one(peer.address.port()), clock, 1);
    collector.observation().await;
    // One poll waits in the queue and one in the line's hand while twenty are missed.
    let resume = clock.now().plus(Span::from_min(20));
    crate::peer::collector::until("the pause", || clock.now() >= resume).await;
    let mut times = Vec::new();
    for _ in 0..6 {
        times.push(collector.observation().await.measured_at);
    }
    let late = times.iter().filter(|t| **t < resume).count();
    assert!(late <= 2, "{late} polls were hoarded");
    assert!(times[5].since(resume) >= Span::from_min(2), "polls were caught up: {times:?}");
    collector.stop().await;
}
