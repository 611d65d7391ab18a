//! What was acknowledged survives `kill -9`, because it was on the disk before.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use baolu::store::commit::{Commit, Seq};

use super::town::{Writer, gauges, minute, raise, reading};

/// Where the child below finds its data folder.
const DIR: &str = "BAOLU_TEST_STORE_DIR";
/// How many commits it makes.
const COMMITS: &str = "BAOLU_TEST_STORE_COMMITS";
/// How many readings are in each.
const READINGS: &str = "BAOLU_TEST_STORE_READINGS";

/// Commit number `seq` holds readings of value `seq`, and every fifth a raise.
fn commit_of(seq: u64, readings: u32) -> Commit {
    let n = seq as i64;
    let base = if seq.is_multiple_of(5) { raise(n) } else { Commit::default() };
    let readings = (0..readings).map(|sensor| reading(sensor, minute(n), n)).collect();
    Commit { at: minute(n), readings, ..base }
}

#[test]
#[ignore = "a child of the tests below, which kill and trace it"]
fn writes_until_it_is_killed() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let number = |key| std::env::var(key).ok().and_then(|text| text.parse::<u32>().ok()).unwrap();
    let mut writer = Writer::open(Path::new(&dir), &gauges(64));
    for _ in 0..number(COMMITS) {
        let commit = commit_of(writer.seq.0 + 1, number(READINGS));
        let acknowledged = writer.commit(&commit);
        println!("@acknowledged {}", acknowledged.0);
        std::io::stdout().flush().unwrap();
    }
}

fn child(command: &mut Command, dir: &Path, commits: u32, readings: u32) -> Child {
    command
        .args(["--ignored", "--exact", "--nocapture", "store::crash::writes_until_it_is_killed"])
        .env(DIR, dir)
        .env(COMMITS, commits.to_string())
        .env(READINGS, readings.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn next_acknowledged(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<Seq> {
    let told = lines.find_map(|line| line.unwrap().split_once("@acknowledged ").map(|(_, n)| n.to_owned()));
    told.map(|n| Seq(n.trim().parse().unwrap()))
}

#[test]
fn what_was_acknowledged_survives_twenty_kills() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(64));
    let mut newest = Seq(0);
    for round in 0..20_u64 {
        let this = std::env::current_exe().unwrap();
        let mut writing = child(&mut Command::new(this), dir.path(), 10_000, 64);
        let mut lines = BufReader::new(writing.stdout.take().unwrap()).lines();
        let enough = 1 + round * 7 % 19;
        let acknowledged = (0..enough).filter_map(|_| next_acknowledged(&mut lines)).last().unwrap();
        writing.kill().unwrap();
        let told_meanwhile = std::iter::from_fn(|| next_acknowledged(&mut lines)).last();
        writing.wait().unwrap();

        let writer = Writer::open(dir.path(), &city);
        assert!(writer.seq >= told_meanwhile.unwrap_or(acknowledged), "round {round}: a commit was lost");
        let reader = writer.store.reader(1).unwrap();
        reader.verify_ledger().unwrap();
        let mut since = newest;
        loop {
            let page = reader.changes(since, 1_000).unwrap();
            for change in &page.items {
                assert_eq!(change.seq.0, since.0 + 1, "round {round}: a hole in the sequence");
                since = change.seq;
                let whole = change.readings.len() == 64
                    && change.readings.iter().all(|(_, r)| r.value.unwrap().raw() == change.seq.0 as i64)
                    && change.transitions.len() == usize::from(change.seq.0.is_multiple_of(5));
                assert!(whole, "round {round}: commit {} is not whole", change.seq.0);
            }
            if page.next.is_none() {
                break;
            }
        }
        assert_eq!(since, writer.seq);
        newest = since;
    }
}

#[test]
fn a_commit_is_synced_once_before_it_is_acknowledged() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "strace is not installed");
        println!("skipped: strace is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-e", "trace=fsync,fdatasync,pwrite64,write", "-o"]).arg(&trace);
    let mut traced = child(strace.arg(std::env::current_exe().unwrap()), dir.path(), 8, 1);
    traced.wait().unwrap();
    let trace = std::fs::read_to_string(trace).unwrap();

    let (mut acknowledged, mut syncs, mut unsynced) = (0, 0, false);
    for call in trace.lines() {
        if call.contains("@acknowledged") {
            acknowledged += 1;
            assert!(!unsynced && syncs > 0, "acknowledged before it was synced: {call}\n{trace}");
            // The first one of a new log syncs the log's head as well; each fifth is a raise.
            assert!(syncs == 1 || acknowledged == 1, "{syncs} syncs for one commit\n{trace}");
            syncs = 0;
        } else if call.contains("baolu.db-wal") {
            let sync = call.contains("fdatasync(") || call.contains("fsync(");
            syncs += u32::from(sync && (acknowledged > 0 || unsynced));
            unsynced = !sync;
        }
    }
    assert_eq!(acknowledged, 8, "{trace}");
}
