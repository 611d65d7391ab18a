//! How many rows a second `baolu replay` judges, with what CPU time and in how much memory.
//!
//! `cargo bench --bench replay -- 10000000`. The rows are those of the built-in storm over Huế in
//! the order of their time, played again and again later in time; all rules and checks are on. The
//! file is written to the temporary folder and removed at the end.
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
use baolu::watch::snapshot::Plan;
use sensors::time::Span;
use simulator::offline::{Row, offline};
use simulator::storm::Storm;

/// Rows, unless the command line says otherwise.
const ROWS: usize = 10_000_000;
/// Playings of the command; the figures are of each.
const TURNS: usize = 3;

fn write(path: &Path, plan: &Plan, wanted: usize) {
    let storm = Storm::named("2025-11").unwrap();
    let mut rows: Vec<Row> = offline(&plan.city, &storm, storm.seed()).unwrap();
    rows.sort_by_key(|row| row.measured_at);
    let first = rows.first().unwrap().measured_at;
    let lasts = rows.last().unwrap().measured_at.plus(Span::from_min(10)).since(first);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    writeln!(out, "measured_at,station,parameter,value,unit,sensor,period_s").unwrap();
    let (mut written, mut later) = (0, Span::ZERO);
    while written < wanted {
        for row in rows.iter().take(wanted - written) {
            let id = &plan.city.sensor(row.sensor).unwrap().id;
            let value = row.value.map_or(String::new(), |value| value.display(id.parameter).to_string());
            let period = row.period.map_or(String::new(), |period| period.whole_s().to_string());
            let (at, name) = (row.measured_at.plus(later), id.name.as_deref().unwrap_or_default());
            let (station, parameter, unit) = (&id.station, id.parameter, id.parameter.unit());
            writeln!(out, "{at},{station},{parameter},{value},{unit},{name},{period}").unwrap();
        }
        written += rows.len().min(wanted - written);
        later = Span::from_ms(later.ms() + lasts.ms());
    }
    out.flush().unwrap();
}

fn main() {
    println!("{}\n", machine::describe());
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROWS);
    let plan = Plan::join(&Texts::read(None).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("storm.csv");
    write(&file, &plan, wanted);
    println!("{wanted} rows, {} MB\n", file.metadata().unwrap().len() / 1_000_000);
    println!("| rows/s | s | ns of CPU a row | MB at most |\n|---|---|---|---|");
    for _ in 0..TURNS {
        let began = Instant::now();
        let told = folder.path().join("told.jsonl");
        let mut child = Command::new(env!("CARGO_BIN_EXE_baolu"))
            .args(["replay", "--json", "--input"])
            .arg(&file)
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
        assert!(child.wait().unwrap().success(), "replay failed");
        let text = std::fs::read_to_string(&told).unwrap();
        let summary: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let counted = |field| summary.get(field).and_then(serde_json::Value::as_u64).unwrap();
        let (refused, judged) = (counted("refused_rows"), counted("readings"));
        assert_eq!(refused, 0, "{summary}");
        assert!(judged >= wanted as u64, "{judged} readings of {wanted} rows: {summary}");
        let each = cpu.as_secs_f64() * 1e9 / wanted as f64;
        println!("| {:.0} | {took:.1} | {each:.0} | {most:.0} |", wanted as f64 / took);
    }
    println!("\n{}", machine::describe());
}
