//! What stands beside the ledger is proved by it: words, papers and CAP messages.

use std::process::Command;
use std::sync::Arc;

use baolu::cap::Message;
use baolu::desk::paper::{Kind, Paper};
use baolu::notify::delivery::{End, Outcome};
use baolu::store::DATABASE;
use baolu::store::commit::Commit;
use baolu::store::read::Leg;
use rules::alert::AlertId;
use rusqlite::Connection;
use sensors::time::Span;
use sha2::{Digest, Sha256};

use super::town::{Writer, ended, gauges, minute, raise};

fn paper(version: u64, record: &str) -> Paper {
    let by = Some("truc-ban".into());
    let (kind, id) = (Kind::Warning, Arc::from("w-1"));
    Paper { kind, id, version, by, at: minute(version as i64), is_open: true, record: record.to_owned() }
}

fn message(xml: &str) -> Message {
    Message {
        identifier: "urn:baolu:1".into(),
        alert: AlertId("a.b.1".into()),
        bulletin: None,
        sent: minute(1),
        expires: minute(60),
        exercise: false,
        hash: Sha256::digest(xml).into(),
        xml: xml.into(),
        sender: "baolu@hue.example".into(),
        standing: baolu::cap::Standing::Holds,
    }
}

/// A store with a warning, two versions of a paper and a CAP message.
fn kept() -> (tempfile::TempDir, Writer) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    let raised = raise(1);
    let papers = vec![paper(1, "{\"a\":1}"), paper(2, "{\"a\":2}")];
    writer.commit(&Commit { papers, caps: vec![message("<alert/>")], ..raised });
    (dir, writer)
}

#[test]
fn papers_messages_and_words_that_were_altered_beside_the_ledger_are_named() {
    let (dir, writer) = kept();
    let reader = writer.store.reader(1).unwrap();
    let whole = reader.verify().unwrap();
    assert_eq!((whole.papers, whole.caps, whole.differences.len()), (2, 1, 0), "{whole:?}");
    assert!(whole.bulletins > 0);
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    for (deed, named) in [
        ("UPDATE paper SET record = '{\"a\":3}' WHERE version = 1", "paper warning w-1"),
        ("UPDATE cap_message SET xml = '<alert></alert>'", "CAP message urn:baolu:1"),
        ("UPDATE bulletin SET texts = replace(texts, 'l', 'L')", "bulletin "),
        ("DELETE FROM paper WHERE version = 2", "paper warning w-1"),
    ] {
        let before = reader.verify().unwrap().differences.len();
        hand.execute_batch(deed).unwrap();
        let differences = reader.verify().unwrap().differences;
        assert!(differences.len() > before, "{deed}");
        assert!(differences.iter().any(|difference| difference.starts_with(named)), "{differences:?}");
    }
}

#[test]
fn the_newest_version_of_a_paper_is_found_and_all_of_them_are_kept() {
    let (_dir, writer) = kept();
    let reader = writer.store.reader(1).unwrap();
    let newest = reader.paper(Kind::Warning, "w-1").unwrap().unwrap();
    assert_eq!((newest.version, newest.record.as_str()), (2, "{\"a\":2}"));
    let versions = reader.paper_versions(Kind::Warning, "w-1", 10).unwrap();
    assert_eq!(versions.iter().map(|paper| paper.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(reader.cap_message("urn:baolu:1").unwrap().unwrap().xml, "<alert/>");
}

#[test]
fn the_alert_clock_runs_from_the_measurement_to_the_last_channel() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    let raised = raise(1);
    writer.commit(&raised);
    let reader = writer.store.reader(1).unwrap();
    let alert = raised.bulletins[0].alert.0.to_string();
    let waiting = reader.alert_clock(&alert).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].span(Leg::HandedOver), None, "a delivery waits");
    let at = raised.at.plus(Span::from_s(90));
    let outcomes = raised.deliveries.iter().flat_map(|delivery| ended(delivery, 1, End::Sent).outcomes);
    let outcomes = outcomes.map(|outcome| Outcome { at, ..outcome }).collect();
    writer.commit(&Commit { at, outcomes, ..Commit::default() });
    let legs = &reader.alert_clock(&alert).unwrap()[0];
    assert_eq!(legs.handed_over_at, Some(at));
    let whole: i64 = Leg::ALL.iter().map(|leg| legs.span(*leg).unwrap().ms()).sum();
    assert_eq!(legs.whole().unwrap().ms(), whole, "the legs are the whole way");
}

#[test]
fn a_person_proves_the_ledger_from_the_command_line() {
    let (dir, writer) = kept();
    let verify = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_baolu"));
        command.args(["ledger", "verify", "--lang", "en", "--data"]).arg(dir.path()).args(more);
        command.output().unwrap()
    };
    let said = verify(&[]);
    let line = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success() && line.contains("The ledger is whole"), "{line}");
    let head = line.split("head ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    assert!(verify(&["--noted", &head]).status.success(), "the head that was noted stands");
    let other = format!("{}:{}", head.split(':').next().unwrap(), "0".repeat(64));
    assert_eq!(verify(&["--noted", &other]).status.code(), Some(1));
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    hand.execute_batch("UPDATE cap_message SET xml = ''").unwrap();
    drop(writer);
    let broken = verify(&[]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(String::from_utf8(broken.stderr).unwrap().contains("CAP message urn:baolu:1"));
}
