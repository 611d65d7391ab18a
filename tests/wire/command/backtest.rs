//! The backtest at the keyboard: ended when somebody asks, and bounded however long the stored history is.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use baolu::store::commit::Commit;
use baolu::store::{Options, Store};
use baolu::watch::snapshot::Plan;
use sensors::parameter::Parameter;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::peer::baolu::{City, baolu, signal};

#[test]
fn a_backtest_that_is_asked_to_stop_ends_soon_with_a_plain_word_also_while_it_waits_for_its_input() {
    let city = City::copy();
    let rules = city.folder().join("rules.toml");
    for name in ["-INT", "-TERM"] {
        let mut command = baolu(&["backtest", "--input", "-", "--new"]);
        let mut child = command
            .arg(&rules)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let begins = Timestamp::parse_rfc3339("2025-01-01T00:00:00Z").unwrap();
        let row = |n: i64| format!("{},kim-long,stage,0.5,m\n", begins.plus(Span::from_min(10 * n)));
        let head = "measured_at,station,parameter,value,unit\n".to_owned();
        let rows = std::iter::once(head).chain((0..4000).map(row)).collect::<Vec<_>>().concat();
        // More than a pipe holds: when all of it is gone, somebody reads.
        assert!(rows.len() > 100_000);
        input.write_all(rows.as_bytes()).unwrap();
        let asked = Instant::now();
        signal(name, child.id());
        let code = child.wait().unwrap().code();
        let took = asked.elapsed();
        let (mut out, mut err) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((code, out.as_str()), (Some(3), ""), "{err}");
        assert!(err.contains("the backtest was cancelled; nothing of it was kept"), "{err}");
        // A second on a machine that has nothing else to do.
        assert!(took < Duration::from_secs(4), "{took:?}");
        drop(input);
    }
}

/// Fills a store with so many ten-minute readings of every stage and rain gauge.
fn fill(plan: &Plan, data: &Path, rows: usize) {
    let begins = Timestamp::parse_rfc3339("2015-01-01T00:00:00Z").unwrap();
    let (mut store, restored) =
        Store::open(data, &plan.city, &plan.version, begins, &Options::default()).unwrap();
    // What another sensor feeds is made anew from that one.
    let fed: Vec<SensorIx> = plan.city.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
    let is_gauge = |(ix, sensor): &(SensorIx, &sensors::station::Sensor)| {
        matches!(sensor.id.parameter, Parameter::Stage | Parameter::Rainfall) && !fed.contains(ix)
    };
    let all = (0..).map(SensorIx).zip(&plan.city.sensors);
    let gauges: Vec<SensorIx> = all.filter(is_gauge).map(|(ix, _)| ix).collect();
    let step = Span::from_min(10);
    let reading = |n: usize| {
        let sensor = gauges[n % gauges.len()];
        let at = begins.plus(Span::from_min(10 * (n / gauges.len()) as i64));
        let is_rain = plan.city.sensor(sensor).unwrap().id.parameter == Parameter::Rainfall;
        Reading {
            sensor,
            measured_at: at,
            from: is_rain.then(|| at.minus(step)),
            arrived_at: at,
            value: Some(Value::from_raw(if is_rain { 0 } else { 300 + (n / gauges.len() % 7) as i64 })),
            quality: Quality::Good,
        }
    };
    let mut seq = restored.seq;
    for first in (0..rows).step_by(5000) {
        let readings: Vec<Reading> = (first..rows.min(first + 5000)).map(reading).collect();
        let at = readings.last().unwrap().arrived_at;
        let commit = Commit { at, readings, ..Commit::default() };
        seq = store.commit(restored.epoch, seq, &commit).unwrap();
    }
}

/// The readings that a backtest of a store judged, and the most memory that it had, kB.
fn backtest(city: &City, data: &Path) -> (u64, u64) {
    let mut command = baolu(&["backtest", "--json", "--new"]);
    let mut child = command
        .arg(city.folder().join("rules.toml"))
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(most);
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    (report["sum"]["readings"].as_u64().unwrap(), most)
}

#[test]
fn a_backtest_of_five_times_the_stored_history_takes_no_more_memory() {
    let city = City::copy();
    let plan = Plan::load(Some(&city.folder())).unwrap();
    let most = [40_000, 200_000].map(|rows| {
        let data = city.beside(&format!("data-{rows}"));
        fill(&plan, &data, rows);
        let (judged, most) = backtest(&city, &data);
        assert_eq!(judged, rows as u64);
        most
    });
    println!("{} kB for 40,000 readings, {} kB for 200,000", most[0], most[1]);
    assert!(most[1] < most[0] + 16 * 1024, "{most:?} kB");
}
