//! Devices with habits: that sleep, are busy, close, want pauses, empty what was read; and storms.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use baolu::event::Event;
use sensors::city::City;
use sensors::line::{ModbusDevice, ModbusLine};
use sensors::reading::Observed;
use sensors::register::{Kind, Place, RegisterField, RegisterMap, Rule, Status, Table, Verdict, When};
use sensors::station::StationIx;
use sensors::time::Span;

use crate::modbus::{GOOD, POISON, device, fast, on, stage};
use crate::peer::collector::{Collector, until};
use crate::peer::mischief::{Act, Asked, Mischief};

fn at(peer: &Mischief, line: ModbusLine) -> Arc<City> {
    on(format!("127.0.0.1:{}", peer.address.port()), line)
}

fn one() -> ModbusDevice {
    device(1, vec![stage(0, 0)])
}

/// Another register, too far off to share a request.
fn far(sensor: u32) -> RegisterField {
    stage(sensor, 500)
}

fn answers(asked: Asked) -> Vec<Act> {
    vec![Act::Send(asked.answer(&[GOOD]))]
}

#[tokio::test]
async fn a_device_that_wants_no_lasting_connection_gets_a_new_one_for_each_poll() {
    let peer = Mischief::listen(|_, asked| answers(asked)).await;
    let line = ModbusLine { closes: true, ..ModbusLine::tcp(vec![one()]) };
    let mut collector = Collector::start(&at(&peer, line), fast(), 16);
    for _ in 0..5 {
        assert_eq!(collector.raw().await, i64::from(GOOD));
    }
    assert!(peer.connections() >= 5, "{}", peer.connections());
    let rest = collector.stop().await;
    assert!(!rest.iter().any(|event| matches!(event, Event::Line(_))), "a closed line is not down: {rest:?}");
}

#[tokio::test]
async fn a_new_connection_is_left_alone_as_long_as_it_was_asked_for() {
    let began = Instant::now();
    let peer = Mischief::listen(|_, asked| answers(asked)).await;
    let line = ModbusLine { settle: Span::from_ms(400), ..ModbusLine::tcp(vec![one()]) };
    let mut collector = Collector::start(&at(&peer, line), fast(), 16);
    collector.raw().await;
    assert!(began.elapsed() >= Duration::from_millis(400));
    collector.stop().await;
}

#[tokio::test]
async fn between_two_requests_a_device_has_its_pause() {
    let last = Arc::new(std::sync::Mutex::new(None::<Instant>));
    let peer = Mischief::listen(move |n, asked| {
        let before = last.lock().unwrap().replace(Instant::now());
        let pause = before.map_or(Duration::MAX, |before| before.elapsed());
        // The second request of a poll; a radar that is asked too early says nonsense.
        let early = n % 2 == 1 && pause < Duration::from_millis(59);
        vec![Act::Send(asked.answer(&[if early { POISON } else { GOOD }]))]
    })
    .await;
    let radar = ModbusDevice { pause: Span::from_ms(60), ..device(1, vec![stage(0, 0), far(1)]) };
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![radar])), fast(), 16);
    for _ in 0..8 {
        assert_eq!(collector.raw().await, i64::from(GOOD));
    }
    collector.stop().await;
}

#[tokio::test]
async fn a_device_that_sleeps_is_woken_and_its_first_answer_taken_for_nothing() {
    // The wake-up is swallowed, answered late, or answered with what was measured before the sleep.
    for asleep in 0..3_usize {
        let script = move |n: usize, asked: Asked| match (n % 2, asleep) {
            (0, 0) => vec![],
            (0, 1) => vec![Act::Wait(Duration::from_millis(20)), Act::Send(asked.answer(&[POISON]))],
            (0, _) => vec![Act::Send(asked.answer(&[POISON]))],
            _ => answers(asked),
        };
        let sleeper = || vec![ModbusDevice { wake: Some(Span::from_ms(30)), ..one() }];
        let (tcp, rtu) = (Mischief::listen(script).await, Mischief::listen_rtu(script).await);
        let transport = sensors::line::Transport::RtuTcp { gap_us: 2000 };
        let bus = ModbusLine { transport, ..ModbusLine::tcp(sleeper()) };
        for city in [at(&tcp, ModbusLine::tcp(sleeper())), at(&rtu, bus)] {
            let mut collector = Collector::start(&city, fast(), 16);
            for _ in 0..4 {
                assert_eq!(collector.raw().await, i64::from(GOOD));
            }
            collector.stop().await;
        }
        assert_eq!((tcp.connections(), rtu.connections()), (1, 1), "a sleeping device is no broken line");
    }
}

#[tokio::test]
async fn a_busy_device_is_asked_again_a_few_times_and_only_then_told() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let peer = Mischief::listen(move |n, asked| {
        counter.store(n + 1, Ordering::SeqCst);
        match n {
            0..2 => vec![Act::Send(asked.refusal(6))],
            2 => answers(asked),
            _ => vec![Act::Send(asked.refusal(5))],
        }
    })
    .await;
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![one()])), fast(), 16);
    assert_eq!(collector.raw().await, i64::from(GOOD), "twice busy costs no poll");
    let stray = collector.stray().await;
    assert!(stray.why.ends_with("refused: accepted, answer later"), "{}", stray.why);
    assert!(asked.load(Ordering::SeqCst) >= 7, "it was asked four times");
    collector.stop().await;
}

#[tokio::test]
async fn what_is_not_ready_is_asked_for_again_and_at_last_missing() {
    let peer = Mischief::listen(|n, asked| {
        // The status word comes first: 1 is busy.
        let busy = u16::from(n != 1);
        vec![Act::Send(asked.answer(&[busy, GOOD]))]
    })
    .await;
    let status = Status {
        place: Place::new(Table::Input, 0, Kind::U16),
        rules: vec![Rule { of: vec![], when: When::Equals(vec![1]), then: Verdict::Busy }],
    };
    let map = RegisterMap { statuses: vec![status], ..RegisterMap::of(vec![stage(0, 1)]) };
    let plc = ModbusDevice { map, ..one() };
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![plc])), fast(), 16);
    assert_eq!(collector.raw().await, i64::from(GOOD));
    assert_eq!(collector.observation().await.value, Observed::Missing);
    let stray = collector.stray().await;
    assert!(stray.why.contains("not ready"), "{}", stray.why);
    collector.stop().await;
}

#[tokio::test]
async fn what_empties_a_register_is_asked_once_a_poll_whatever_happens() {
    let emptied = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&emptied);
    let peer = Mischief::listen(move |_, asked| match asked.address {
        // Four tips each time; the second answer is lost with the connection.
        500 => match counter.fetch_add(1, Ordering::SeqCst) {
            1 => vec![Act::Cut],
            _ => vec![Act::Send(asked.answer(&[4]))],
        },
        _ => answers(asked),
    })
    .await;
    let gauge = RegisterField { destructive: true, ..far(1) };
    // Every 500 ms, so that a second request in the same poll would be seen.
    let rain = ModbusDevice { poll_interval: Span::from_min(10), ..device(1, vec![stage(0, 0), gauge]) };
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![rain])), fast(), 16);
    let (mut levels, mut depths) = (0, Vec::new());
    while depths.len() < 2 {
        let observation = collector.observation().await;
        if observation.sensor.0 == 0 {
            levels += 1;
        } else {
            depths.push((levels, observation.value));
        }
    }
    // Nothing is known of the first, the second was lost, so the third is at least that.
    assert_eq!(depths[0].0, 3, "{depths:?}");
    assert!(matches!(depths[0].1, Observed::Doubtful(_)), "{depths:?}");
    assert!(matches!(depths[1].1, Observed::Value(_)), "{depths:?}");
    assert_eq!(emptied.load(Ordering::SeqCst), 4);
    collector.stop().await;
}

#[tokio::test]
async fn an_exception_in_the_middle_of_a_poll_takes_only_its_own_values() {
    let peer = Mischief::listen(|_, asked| match asked.address {
        500 => vec![Act::Send(asked.refusal(4))],
        _ => answers(asked),
    })
    .await;
    let fields = vec![stage(0, 0), far(1), stage(2, 900)];
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![device(1, fields)])), fast(), 16);
    let mut seen = [0; 3];
    while seen[0] < 3 || seen[2] < 3 {
        seen[collector.observation().await.sensor.at()] += 1;
    }
    assert_eq!(seen[1], 0);
    collector.stop().await;
}

#[tokio::test]
async fn over_tcp_units_0_and_255_are_asked_like_any_other() {
    let peer =
        Mischief::listen(|_, asked| vec![Act::Send(asked.answer(&[GOOD + u16::from(asked.unit)]))]).await;
    let devices = vec![device(0, vec![stage(0, 0)]), device(255, vec![stage(1, 0)])];
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(devices)), fast(), 16);
    let mut seen = [false; 2];
    while seen != [true; 2] {
        let observation = collector.observation().await;
        let unit = [0, 255][observation.sensor.at()];
        assert_eq!(
            observation.value,
            Observed::Value(sensors::quantity::Value::from_raw(i64::from(GOOD) + unit))
        );
        seen[observation.sensor.at()] = true;
    }
    collector.stop().await;
}

#[tokio::test]
async fn garbage_without_end_is_dropped_with_its_connection() {
    let peer = Mischief::listen(|n, asked| match n {
        0 => vec![Act::Send(vec![0; 100_000]), Act::Wait(Duration::from_secs(1))],
        _ => answers(asked),
    })
    .await;
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![one()])), fast(), 16);
    assert_eq!(collector.raw().await, i64::from(GOOD));
    collector.stop().await;
}

#[tokio::test]
async fn in_a_storm_a_hurried_station_is_polled_faster_and_afterwards_slowly_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let peer = Mischief::listen(move |_, asked| {
        counter.fetch_add(1, Ordering::SeqCst);
        answers(asked)
    })
    .await;
    // Every 10 s, in a storm every 50 ms.
    let device = ModbusDevice {
        poll_interval: Span::from_min(200),
        storm_poll_interval: Some(Span::from_s(60)),
        ..one()
    };
    let mut collector = Collector::start(&at(&peer, ModbusLine::tcp(vec![device])), fast(), 16);
    collector.raw().await;
    let began = Instant::now();
    collector.hurry(&[StationIx(7)]);
    collector.hurry(&[StationIx(0)]);
    for _ in 0..20 {
        collector.raw().await;
    }
    let storm = began.elapsed();
    assert!(storm < Duration::from_secs(9), "twenty polls took {storm:?}");
    collector.hurry(&[]);
    // The poll that was due already comes; then the usual rhythm again.
    let before = asked.load(Ordering::SeqCst);
    let later = Instant::now() + Duration::from_millis(600);
    until("a while", || Instant::now() >= later).await;
    assert!(asked.load(Ordering::SeqCst) <= before + 2, "it is still polled as in a storm");
    collector.stop().await;
}
