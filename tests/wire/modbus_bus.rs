//! RTU frames on a serial bus and over TCP: real devices, noise, late answers, a second master.

use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::event::{Event, LineState};
use sensors::city::City;
use sensors::line::{ModbusDevice, ModbusLine, Parity, SerialPort, Transport};
use sensors::reading::Observed;
use sensors::register::{Kind, Place, RegisterField, Table};
use sensors::time::Span;

use crate::modbus::{GOOD, POISON, device, fast, on, patient, stage};
use crate::peer::collector::Collector;
use crate::peer::libmodbus::{self, Libmodbus};
use crate::peer::mischief::{Act, Asked, Mischief};
use crate::peer::pymodbus::{self, Pymodbus};
use crate::peer::skip;
use crate::peer::socat::Cable;

const PORT: SerialPort = SerialPort { baud_rate: 19_200, parity: Parity::None, stop_bits: 1, gap_us: 1823 };

fn serial(cable: &Cable, devices: Vec<ModbusDevice>) -> Arc<City> {
    on(cable.ours(), ModbusLine { transport: Transport::Serial(PORT), ..ModbusLine::tcp(devices) })
}

fn rtu_tcp(port: u16, devices: Vec<ModbusDevice>) -> Arc<City> {
    let transport = Transport::RtuTcp { gap_us: 2000 };
    on(format!("127.0.0.1:{port}"), ModbusLine { transport, ..ModbusLine::tcp(devices) })
}

/// A field of each table, at an address that differs, of one unit.
fn of_every_table(unit: u8) -> ModbusDevice {
    let first = 4 * (u32::from(unit) - 1);
    let field = |n: u32, table, address, kind, scale| RegisterField {
        place: Place::new(table, address, kind),
        scale,
        ..stage(first + n, 0)
    };
    device(
        unit,
        vec![
            field(0, Table::Coil, 3, Kind::Bit, 1.0),
            field(1, Table::Discrete, 4, Kind::Bit, 1.0),
            field(2, Table::Holding, 5, Kind::U16, 0.001),
            field(3, Table::Input, 6, Kind::U16, 0.001),
        ],
    )
}

/// What pymodbus' simulated units say.
async fn every_table_of_every_unit_is_read(city: &Arc<City>, units: u32) {
    let mut collector = Collector::start(city, fast(), 16);
    let mut seen = 0_u64;
    while seen.count_ones() < 4 * units {
        let observation = collector.observation().await;
        let (unit, n) = (i64::from(observation.sensor.0) / 4 + 1, i64::from(observation.sensor.0) % 4);
        let Observed::Value(value) = observation.value else { panic!("{observation:?}") };
        let bit = |address: i64| i64::from((address + unit) % 3 == 0) * 1000;
        let expected = [bit(3), bit(4), 100 * unit + 5, 100 * unit + 6];
        assert_eq!(value.raw(), expected[n as usize], "unit {unit}, field {n}");
        seen |= 1 << observation.sensor.0;
    }
    collector.stop().await;
}

#[tokio::test]
async fn several_slaves_of_pymodbus_on_one_serial_bus_are_read_by_functions_1_to_4() {
    let Some(cable) = Cable::lay() else { return skip("socat") };
    if !pymodbus::is_there() {
        return skip("pymodbus with pyserial");
    }
    let _server = Pymodbus::simulate_on(&cable.theirs(), 3, 0);
    every_table_of_every_unit_is_read(&serial(&cable, (1..=3).map(of_every_table).collect()), 3).await;
}

#[tokio::test]
async fn pymodbus_is_read_over_tcp_and_with_rtu_frames_over_tcp() {
    if !pymodbus::is_there() {
        return skip("pymodbus with pyserial");
    }
    let devices = || (1..=3).map(of_every_table).collect::<Vec<_>>();
    let server = Pymodbus::simulate("rtu", 3, 0);
    every_table_of_every_unit_is_read(&rtu_tcp(server.port, devices()), 3).await;
    let server = Pymodbus::simulate("socket", 3, 0);
    let address = format!("127.0.0.1:{}", server.port);
    every_table_of_every_unit_is_read(&on(address, ModbusLine::tcp(devices())), 3).await;
}

#[tokio::test]
async fn a_slave_of_libmodbus_is_read_on_a_serial_bus_and_over_tcp() {
    let Some(cable) = Cable::lay() else { return skip("socat") };
    let port = crate::peer::free_port();
    let Some(_server) = Libmodbus::tcp(port) else { return skip("gcc with libmodbus-dev") };
    let _slave = Libmodbus::start(&["rtu", &cable.theirs(), "19200", "9"]);
    let tcp = on(format!("127.0.0.1:{port}"), ModbusLine::tcp(vec![device(9, vec![stage(0, 250)])]));
    for city in [serial(&cable, vec![device(9, vec![stage(0, 250)])]), tcp] {
        let mut collector = Collector::start(&city, fast(), 16);
        for _ in 0..10 {
            assert_eq!(collector.raw().await, 1250);
        }
        collector.stop().await;
    }
    assert!(libmodbus::program().is_some());
}

#[tokio::test]
async fn one_dead_slave_of_eight_on_a_serial_bus_does_not_break_the_rhythm_of_the_others() {
    let Some(cable) = Cable::lay() else { return skip("socat") };
    if !pymodbus::is_there() {
        return skip("pymodbus with pyserial");
    }
    let _server = Pymodbus::simulate_on(&cable.theirs(), 8, 5);
    // Every 500 ms; the dead unit costs a whole second, which would take two polls of everybody.
    let slave = |unit: u8| ModbusDevice {
        poll_interval: Span::from_min(10),
        ..device(unit, vec![stage(u32::from(unit), 0)])
    };
    let line =
        ModbusLine { transport: Transport::Serial(PORT), ..ModbusLine::tcp((1..=8).map(slave).collect()) };
    let mut collector = Collector::start(&patient(cable.ours(), Span::from_s(1), line), fast(), 16);
    // From the first answer of all the others; the start of Python is not measured.
    let mut times: [Vec<Instant>; 9] = Default::default();
    while (1..=8).any(|unit| unit != 5 && times[unit].len() < 20) {
        let unit = collector.observation().await.sensor.at();
        times[unit].push(Instant::now());
    }
    assert!(times[5].is_empty());
    let began = (1..=8).filter(|unit| *unit != 5).map(|unit| times[unit][0]).max().unwrap();
    for unit in (1..=8).filter(|unit| *unit != 5) {
        let polls: Vec<Instant> = times[unit].iter().copied().filter(|at| *at >= began).collect();
        let lasted = polls[polls.len() - 1] - polls[0];
        // A tenth of the time, and one try that happens to fall into this while.
        let due = lasted.as_secs_f64() / 0.5;
        let missed = due - (polls.len() - 1) as f64;
        assert!(missed < 2.5 + due / 10.0, "unit {unit} missed {missed} of {due} polls");
    }
    collector.stop().await;
}

/// On a bus over TCP and on a serial one: the peer answers well, save the third request, where it
/// does mischief; no wrong value comes of it, and the next good one does.
async fn survives(mischief: impl Fn(Asked) -> Vec<Act> + Clone + Send + Sync + 'static) {
    let script = move |n: usize, asked: Asked| match n {
        2 => mischief(asked),
        _ => vec![Act::Send(asked.answer(&[GOOD + n as u16]))],
    };
    let peer = Mischief::listen_rtu(script.clone()).await;
    survived(&rtu_tcp(peer.address.port(), vec![device(1, vec![stage(0, 0)])])).await;
    let Some(cable) = Cable::lay() else { return skip("socat") };
    Mischief::on_bus(&cable.theirs(), script);
    survived(&serial(&cable, vec![device(1, vec![stage(0, 0)])])).await;
}

async fn survived(city: &Arc<City>) {
    let mut collector = Collector::start(city, fast(), 16);
    let mut last = 0;
    while last < i64::from(GOOD + 5) {
        last = collector.raw().await;
        assert!((i64::from(GOOD)..i64::from(GOOD + 50)).contains(&last), "{last} is a wrong value");
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_wrong_checksum_is_never_a_value() {
    survives(|asked| {
        let mut frame = asked.answer(&[POISON]);
        frame[5] ^= 0x10;
        vec![Act::Send(frame)]
    })
    .await;
}

#[tokio::test]
async fn a_frame_cut_at_any_byte_is_never_a_value() {
    for end in 1..7 {
        let cut = move |asked: Asked| asked.answer(&[POISON])[..end].to_vec();
        survives(move |asked| vec![Act::Send(cut(asked))]).await;
    }
}

#[tokio::test]
async fn a_slave_that_answers_for_another_or_to_something_else_is_never_a_value() {
    survives(|asked| vec![Act::Send(Asked { unit: 2, ..asked }.answer(&[POISON]))]).await;
    survives(|asked| vec![Act::Send(Asked { function: 3, ..asked }.answer(&[POISON]))]).await;
    survives(|asked| vec![Act::Send(asked.answer(&[POISON, POISON]))]).await;
    survives(|asked| vec![Act::Send(asked.answer(&[]))]).await;
}

#[tokio::test]
async fn an_answer_that_comes_after_its_time_is_never_a_value() {
    survives(|asked| vec![Act::Wait(Duration::from_millis(200)), Act::Send(asked.answer(&[POISON]))]).await;
}

#[tokio::test]
async fn echoes_line_noise_and_slow_bytes_are_borne() {
    survives(|asked| vec![Act::Send(asked.question()), Act::Send(asked.answer(&[GOOD + 2]))]).await;
    survives(|asked| vec![Act::Send(vec![0xFF]), Act::Send(asked.answer(&[GOOD + 2])), Act::Send(vec![0])])
        .await;
    survives(|asked| vec![Act::Trickle(asked.answer(&[GOOD + 2]), Duration::from_millis(5))]).await;
}

#[tokio::test]
async fn a_second_master_is_told_once_and_its_answers_are_never_values() {
    let peer = Mischief::listen_rtu(|n, asked| {
        let foreign = Asked { address: 700, ..asked };
        let own = Act::Send(asked.answer(&[GOOD]));
        let (question, answer) = (Act::Send(foreign.question()), Act::Send(foreign.answer(&[POISON])));
        let turnaround = Act::Wait(Duration::from_millis(20));
        match n % 3 {
            // In place of the answer, and right after it.
            0 => vec![question, turnaround, answer],
            1 => vec![own, turnaround.clone(), question, turnaround, answer],
            _ => vec![own],
        }
    })
    .await;
    let city = rtu_tcp(peer.address.port(), vec![device(1, vec![stage(0, 0)])]);
    let mut collector = Collector::start(&city, fast(), 16);
    let (mut values, mut told) = (0, Vec::new());
    while values < 20 {
        match collector.event().await {
            Event::Observed(observation) => {
                let good = Observed::Value(sensors::quantity::Value::from_raw(i64::from(GOOD)));
                assert_eq!(observation.value, good);
                values += 1;
            }
            Event::Stray(stray) if stray.place == "the whole line" => told.push(stray.why),
            _ => {}
        }
    }
    let second = told.iter().filter(|why| why.contains("second master")).count();
    assert_eq!(second, 1, "{told:?}");
    collector.stop().await;
}

#[tokio::test]
async fn endless_garbage_is_given_up_told_and_outlived() {
    let began = Instant::now();
    let peer = Mischief::listen_rtu(move |n, asked| match n {
        0 => {
            let garbage = vec![0x55; 400];
            vec![Act::Trickle(garbage, Duration::from_millis(3)), Act::Cut]
        }
        _ => vec![Act::Send(asked.answer(&[GOOD]))],
    })
    .await;
    let line = ModbusLine {
        transport: Transport::RtuTcp { gap_us: 30_000 },
        ..ModbusLine::tcp(vec![device(1, vec![stage(0, 0)])])
    };
    let city = on(format!("127.0.0.1:{}", peer.address.port()), line);
    let mut collector = Collector::start(&city, fast(), 16);
    let LineState::Down { why } = collector.change().await else { panic!("nobody answered yet") };
    assert!(why.contains("the bus was not quiet"), "{why}");
    assert_eq!(collector.change().await, LineState::Up);
    assert_eq!(collector.raw().await, i64::from(GOOD));
    assert!(began.elapsed() < Duration::from_secs(10));
    collector.stop().await;
}

#[tokio::test]
async fn a_port_that_is_not_there_is_told_and_taken_when_it_comes() {
    let Some(cable) = Cable::lay() else { return skip("socat") };
    let absent = format!("{}-later", cable.ours());
    let line = ModbusLine {
        transport: Transport::Serial(PORT),
        ..ModbusLine::tcp(vec![device(1, vec![stage(0, 0)])])
    };
    let mut collector = Collector::start(&on(absent.clone(), line), fast(), 16);
    let LineState::Down { why } = collector.change().await else { panic!("there is no port") };
    assert!(why.starts_with(&format!("can't connect to {absent}")), "{why}");
    Mischief::on_bus(&cable.theirs(), |_, asked| vec![Act::Send(asked.answer(&[GOOD]))]);
    std::os::unix::fs::symlink(cable.ours(), absent).unwrap();
    assert_eq!(collector.change().await, LineState::Up);
    assert_eq!(collector.raw().await, i64::from(GOOD));
    collector.stop().await;
}
