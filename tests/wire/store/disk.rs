//! The disk: full and back, the log's bound, copies, and files of older versions.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use baolu::command::backup;
use baolu::store::commit::Seq;
use baolu::store::error::{CommitError, StoreError};
use baolu::store::{DATABASE, Options, Reader, Store};
use rusqlite::Connection;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use super::town::{Writer, gauges, minute, of_readings, open, options, raise, reading, stage_at, tick};

/// Where the child below finds its small file system.
const SMALL: &str = "BAOLU_TEST_STORE_SMALL_DISK";

fn many(n: i64) -> baolu::store::commit::Commit {
    of_readings((0..500).map(|k| reading(0, minute(n * 500 + k), k)).collect())
}

/// Commits readings until one is refused for want of space; gives what was acknowledged.
fn fill(writer: &mut Writer) -> i64 {
    for n in 0..10_000 {
        match writer.store.commit(writer.epoch, writer.seq, &many(n)) {
            Ok(seq) => writer.seq = seq,
            Err(CommitError::Full { .. }) => return n,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("it never filled up");
}

fn assert_all_there(writer: &Writer, commits: i64) {
    let found = writer.store.recent_readings(SensorIx(0), Timestamp::MIN).unwrap();
    assert_eq!(found.len() as i64, commits * 500);
    writer.store.reader(1).unwrap().verify_ledger().unwrap();
}

#[test]
#[ignore = "a child of the test below, in a file system of its own"]
fn fills_a_small_disk() {
    let Ok(dir) = std::env::var(SMALL) else { return };
    let (dir, city) = (Path::new(&dir), gauges(1));
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "none"]).arg(dir).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("@skipped");
        return;
    }
    let ballast = dir.join("ballast");
    std::fs::write(&ballast, vec![1; 8 << 20]).unwrap();

    // With a reserve: refused early, warnings still go.
    let reserve = Options { reserve_bytes: 8 << 20, ..Options::default() };
    let (store, restored) = Store::open(dir, &city, "config-1", minute(0), &reserve).unwrap();
    let mut writer = Writer { store, epoch: restored.epoch, seq: restored.seq };
    let kept = fill(&mut writer);
    assert!(kept > 0);
    writer.commit(&raise(-1));
    std::fs::remove_file(&ballast).unwrap();
    writer.commit(&many(kept));
    drop(writer);

    // Without one: the disk is really full, nothing is lost, and it goes on by itself.
    std::fs::write(&ballast, vec![1; 4 << 20]).unwrap();
    let mut writer = Writer::open(dir, &city);
    let before = writer.seq;
    let mut n = kept + 1;
    let refusal = loop {
        match writer.store.commit(writer.epoch, writer.seq, &many(n)) {
            Ok(seq) => (writer.seq, n) = (seq, n + 1),
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, CommitError::Full { .. }), "{refusal}");
    assert!(writer.seq > before);
    std::fs::remove_file(&ballast).unwrap();
    writer.commit(&many(n));
    let found = writer.store.recent_readings(SensorIx(0), minute(0)).unwrap();
    assert_eq!(found.len() as i64, (n + 1) * 500);
    writer.store.reader(1).unwrap().verify_ledger().unwrap();
    println!("@well");
}

#[test]
fn a_full_disk_refuses_keeps_everything_and_recovers_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let ran = Command::new("unshare")
        .args(["--mount", "--map-root-user"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "store::disk::fills_a_small_disk"])
        .env(SMALL, dir.path())
        .output();
    let told = match &ran {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => error.to_string(),
    };
    let errors = ran.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    if told.contains("@skipped") || errors.contains("unshare:") {
        // Not a matter of a package: containers may forbid it. The quota below is tried everywhere.
        println!("skipped: this system lets nobody mount a small file system");
        return;
    }
    assert!(told.contains("@well"), "{told}\n{errors}");
}

#[test]
fn a_quota_refuses_keeps_everything_and_recovers_when_it_is_lifted() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let quota = Options { page_count_max: Some(300), ..options() };
    let (store, restored) = Store::open(dir.path(), &city, "config-1", minute(0), &quota).unwrap();
    let mut writer = Writer { store, epoch: restored.epoch, seq: restored.seq };
    let kept = fill(&mut writer);
    assert!(kept > 0);
    assert_all_there(&writer, kept);
    drop(writer);
    let mut writer = Writer::open(dir.path(), &city);
    writer.commit(&many(kept));
    assert_all_there(&writer, kept + 1);
}

#[test]
fn readings_stop_before_warnings_do() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let free = open(dir.path(), &city).0.space().unwrap().free;
    let low = Options { reserve_bytes: free * 2, ..Options::default() };
    let (mut store, restored) = Store::open(dir.path(), &city, "config-1", minute(0), &low).unwrap();
    let refusal = store.commit(restored.epoch, restored.seq, &tick(1)).unwrap_err();
    assert!(matches!(refusal, CommitError::Full { .. }), "{refusal}");
    let warned = store.commit(restored.epoch, restored.seq, &raise(1)).unwrap();
    assert_eq!(warned, Seq(1), "the refused commit took no number");
}

#[test]
fn the_log_stays_bounded_under_steady_writing() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(3_000));
    let mut writer = Writer::open(dir.path(), &city);
    // Each commit touches a thousand pages: without checkpoints the log would pass 120 MB.
    for n in 0..40 {
        writer.commit(&of_readings((0..3_000).map(|gauge| reading(gauge, minute(n), n)).collect()));
    }
    let log = std::fs::metadata(dir.path().join("baolu.db-wal")).unwrap().len();
    assert!(log < 80 << 20, "{log} bytes of log");
}

#[test]
fn a_copy_made_while_writing_is_whole_and_goes_on() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    writer.commit(&raise(0));
    let (copies, over) = (tempfile::tempdir().unwrap(), AtomicBool::new(false));
    let to = |n: usize| copies.path().join(n.to_string()).join(DATABASE);
    let made = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 1.. {
                if over.load(Ordering::Relaxed) || n > 100_000 {
                    return;
                }
                writer.commit(&raise(n));
            }
        });
        let reader = Reader::open_dir(dir.path(), 1).unwrap();
        let made: Vec<_> = (0..3)
            .map(|n| {
                std::fs::create_dir(to(n).parent().unwrap()).unwrap();
                reader.backup(&to(n))
            })
            .collect();
        over.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        made
    });
    for (n, backup) in made.into_iter().enumerate() {
        let backup = backup.unwrap();
        assert_eq!(backup.ledger.n, 1 + 2 * backup.seq.0);
        let folder = to(n).parent().unwrap().to_owned();
        assert!(!folder.join(format!("{DATABASE}.partial")).exists());
        let mut copy = Writer::open(&folder, &city);
        assert_eq!(copy.seq, backup.seq);
        copy.commit(&tick(1_000_000));
    }
}

#[test]
fn the_command_copies_and_never_overwrites() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    Writer::open(dir.path(), &city).commit(&raise(0));
    let args = backup::Args { file: dir.path().join("copy.db"), data: dir.path().to_owned() };
    let mut out = Vec::new();
    backup::run(&args, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    assert!(said.contains("up to commit 1;") && said.contains("3 ledger entries"), "{said}");
    let before = std::fs::read(&args.file).unwrap();
    let refusal = backup::run(&args, &mut Vec::new()).unwrap_err();
    assert!(refusal.is_input() && matches!(refusal, StoreError::Exists { .. }), "{refusal}");
    assert_eq!(std::fs::read(&args.file).unwrap(), before);
    let nowhere = backup::Args { file: dir.path().join("other.db"), data: dir.path().join("no") };
    let refusal = backup::run(&nowhere, &mut Vec::new()).unwrap_err();
    assert!(matches!(refusal, StoreError::Absent { .. }), "{refusal}");
}

#[test]
fn a_newer_file_is_refused_by_writer_and_reader() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    drop(open(dir.path(), &city));
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    hand.pragma_update(None, "user_version", 1_000).unwrap();
    let refusal = Store::open(dir.path(), &city, "config-1", minute(0), &options()).unwrap_err();
    assert!(matches!(refusal, StoreError::Newer { found: 1_000, .. }), "{refusal}");
    let refusal = Reader::open_dir(dir.path(), 1).unwrap_err();
    assert!(matches!(refusal, StoreError::Newer { .. }), "{refusal}");
}

#[test]
fn a_file_of_version_1_opens_and_reads_the_same() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(2));
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    hand.pragma_update(None, "foreign_keys", false).unwrap();
    hand.execute_batch(include_str!("v1.sql")).unwrap();
    drop(hand);

    let (mut store, restored) = open(dir.path(), &city);
    let flood = raise(5);
    assert_eq!((restored.seq, restored.config_before.as_deref()), (Seq(4), Some("config-1")));
    assert_eq!(
        (restored.outbox, restored.alerts, restored.strays),
        (vec![flood.deliveries[1].clone()], flood.alerts, 1)
    );
    let reader = store.reader(1).unwrap();
    assert_eq!(reader.verify_ledger().unwrap().n, 4);
    let history = reader.alert(&flood.transitions[0].alert).unwrap().unwrap();
    assert_eq!(history.transitions[0].measure, flood.transitions[0].measure);
    assert_eq!(history.bulletins[0].bulletin, flood.bulletins[0]);
    assert_eq!(reader.revisions(&stage_at("gauge-0"), minute(5)).unwrap().len(), 2);
    assert_eq!(store.commit(restored.epoch, restored.seq, &tick(9)).unwrap(), Seq(5));
}
