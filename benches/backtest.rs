//! How long `baolu backtest` takes over ten-minute data of the whole city, with what CPU time and memory.
//!
//! `cargo bench --bench backtest -- 40000000`. The rows are the simulator's storm over Huế, 60 h of it, and
//! 27 days of its drizzle, every sensor each ten minutes, played again and again later in time. The
//! file is written to the temporary folder and removed at the end. Old and new rules differ in BĐ2 at
//! Kim Long; both runs of the program must give the same digest. With `--from-store` the same rows are
//! written to a store first, and the program reads its history.
#![expect(clippy::unwrap_used, reason = "a measurement that can't be made says so and ends")]

#[expect(dead_code, reason = "each measurement uses a part of it")]
#[path = "peer/machine.rs"]
mod machine;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use baolu::plan::Texts;
use baolu::store::commit::Commit;
use baolu::store::{Options, Store};
use baolu::watch::snapshot::Plan;
use sensors::quality::Quality;
use sensors::reading::Reading;
use sensors::time::{Span, Timestamp};
use simulator::offline::{Row, offline};
use simulator::storm::Storm;

/// Rows, unless the command line says otherwise.
const ROWS: usize = 40_000_000;
/// Runs; the figures are of each.
const TURNS: usize = 2;
/// Quiet days after a storm.
const QUIET_DAYS: usize = 27;
/// What every sensor reports by.
const STEP_MS: i64 = 600_000;

/// Readings of one commit to a store.
const COMMIT: usize = 5_000;

/// The rows of a storm that stand on the ten-minute marks, one per sensor and mark, and when it began and ended.
fn rows(plan: &Plan, name: &str) -> (Vec<Row>, Timestamp, Timestamp) {
    let storm = Storm::named(name).unwrap();
    let mut rows: Vec<Row> = offline(&plan.city, &storm, storm.seed()).unwrap();
    rows.retain(|row| row.measured_at.ms() % STEP_MS == 0);
    rows.sort_by_key(|row| (row.measured_at, row.sensor));
    rows.dedup_by_key(|row| (row.measured_at, row.sensor));
    (rows, storm.begins(), storm.ends())
}

/// The same as lines without their time.
fn lines(plan: &Plan, name: &str) -> (Vec<(Span, String)>, Span) {
    let (rows, begins, ends) = rows(plan, name);
    let line = |row: &Row| {
        let id = &plan.city.sensor(row.sensor).unwrap().id;
        let value = row.value.map_or(String::new(), |value| value.display(id.parameter).to_string());
        let period = row.period.map_or("", |_| "600");
        let name = id.name.as_deref().unwrap_or_default();
        let text =
            format!(",{},{},{value},{},{name},{period}\n", id.station, id.parameter, id.parameter.unit());
        (row.measured_at.since(begins), text)
    };
    (rows.iter().map(line).collect(), ends.since(begins))
}

fn write(path: &Path, plan: &Plan, wanted: usize) {
    let (storm, drizzle) = (lines(plan, "2025-11"), lines(plan, "drizzle"));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    out.write_all(b"measured_at,station,parameter,value,unit,sensor,period_s\n").unwrap();
    let (mut written, mut begins) = (0, Timestamp::parse_rfc3339("2015-01-01T00:00:00Z").unwrap());
    let month = std::iter::once(&storm).chain(std::iter::repeat_n(&drizzle, QUIET_DAYS));
    for (rows, lasts) in month.cycle() {
        for (after, line) in rows.iter().take(wanted - written) {
            write!(out, "{}", begins.plus(*after)).unwrap();
            out.write_all(line.as_bytes()).unwrap();
        }
        written += rows.len().min(wanted - written);
        // One mark later, so that no reading comes twice.
        begins = begins.plus(*lasts).plus(Span::from_ms(STEP_MS));
        if written >= wanted {
            break;
        }
    }
    out.flush().unwrap();
    println!(
        "{written} rows from 2015-01-01 to {begins}, {} MB\n",
        path.metadata().unwrap().len() / 1_000_000
    );
}

/// Writes as many of the same rows to a store; those of sensors that others feed are made anew from these.
fn fill(data: &Path, plan: &Plan, wanted: usize) {
    let fed: Vec<_> = plan.city.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
    let month: Vec<_> = std::iter::once(rows(plan, "2025-11"))
        .chain(std::iter::repeat_n(rows(plan, "drizzle"), QUIET_DAYS))
        .collect();
    let mut begins = Timestamp::parse_rfc3339("2015-01-01T00:00:00Z").unwrap();
    let (mut store, restored) =
        Store::open(data, &plan.city, &plan.version, begins, &Options::default()).unwrap();
    let (mut seq, mut written, began) = (restored.seq, 0, Instant::now());
    for (rows, from, to) in month.iter().cycle() {
        let readings = rows.iter().filter(|row| !fed.contains(&row.sensor)).map(|row| {
            let at = begins.plus(row.measured_at.since(*from));
            Reading {
                sensor: row.sensor,
                measured_at: at,
                from: row.period.map(|period| at.minus(period)),
                arrived_at: at,
                value: row.value,
                quality: if row.value.is_some() { Quality::Good } else { Quality::Missing },
            }
        });
        let readings: Vec<Reading> = readings.take(wanted - written).collect();
        for part in readings.chunks(COMMIT) {
            let at = part.last().unwrap().arrived_at;
            let commit = Commit { at, readings: part.to_vec(), ..Commit::default() };
            seq = store.commit(restored.epoch, seq, &commit).unwrap();
        }
        written += readings.len();
        begins = begins.plus(to.since(*from)).plus(Span::from_ms(STEP_MS));
        if written >= wanted {
            break;
        }
    }
    println!("{written} readings stored in {:.1} s\n", began.elapsed().as_secs_f64());
}

fn main() {
    println!("{}\n", machine::describe());
    let from_store = std::env::args().any(|argument| argument == "--from-store");
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROWS);
    let texts = Texts::embedded();
    let plan = Plan::join(&texts).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("rules.toml");
    let source = if from_store {
        let data = folder.path().join("data");
        fill(&data, &plan, wanted);
        ("--data", data)
    } else {
        let file = folder.path().join("years.csv");
        write(&file, &plan, wanted);
        ("--input", file)
    };
    let rules = texts.text("rules.toml").unwrap();
    let lowered = rules.replacen("raise_m = 2.0, clear_m = 1.8", "raise_m = 1.8, clear_m = 1.6", 1);
    assert_ne!(rules, lowered);
    std::fs::write(&new, lowered).unwrap();
    println!("| rows | s | CPU s | ns of CPU a row | MB at most | digest |\n|---|---|---|---|---|---|");
    for _ in 0..TURNS {
        let began = Instant::now();
        let told = folder.path().join("told.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_baolu"))
            .args(["backtest", "--json", "--new"])
            .arg(&new)
            .arg(source.0)
            .arg(&source.1)
            .stdout(File::create(&told).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let (mut cpu, mut most) = (Duration::ZERO, 0.0_f64);
        while child.try_wait().unwrap().is_none() {
            cpu = cpu.max(machine::cpu_of(child.id()));
            most = most.max(machine::memory_mb(child.id()).1);
            std::thread::sleep(Duration::from_millis(20));
        }
        let took = began.elapsed().as_secs_f64();
        // A command that refused its input is quick, and no measurement.
        assert!(child.wait().unwrap().success(), "the backtest failed");
        let report: serde_json::Value = serde_json::from_reader(File::open(&told).unwrap()).unwrap();
        let judged = report.pointer("/sum/readings").and_then(serde_json::Value::as_u64).unwrap();
        assert!(judged >= wanted as u64, "{judged} readings of {wanted} rows");
        let digest = report.get("digest").and_then(|digest| digest.as_str()?.get(..12)).unwrap();
        let (cpu, each) = (cpu.as_secs_f64(), cpu.as_secs_f64() * 1e9 / wanted as f64);
        println!("| {wanted} | {took:.1} | {cpu:.1} | {each:.0} | {most:.0} | {digest} |");
    }
    println!("\n{}", machine::describe());
}
