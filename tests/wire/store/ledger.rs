//! The ledger: the same for the same storm, and never altered unseen.

use baolu::notify::delivery::End;
use baolu::store::commit::Commit;
use baolu::store::error::StoreError;
use baolu::store::ledger::Head;
use baolu::store::{DATABASE, Options, Store};
use rusqlite::Connection;

use super::town::{self, Writer, ended, gauges, minute, options, raise, tick};

fn head_of(commits: &[Commit]) -> Head {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    for commit in commits {
        writer.commit(commit);
    }
    writer.store.reader(1).unwrap().verify_ledger().unwrap()
}

#[test]
fn the_same_storm_gives_the_same_ledger_bit_for_bit_however_it_was_grouped() {
    let (one, two) = (raise(1), raise(2));
    let mut both = one.clone();
    both.transitions.extend(two.transitions.clone());
    let apart = head_of(&[one.clone(), tick(1), Commit { bulletins: Vec::new(), ..two.clone() }]);
    let again = head_of(&[one, Commit { bulletins: Vec::new(), ..two }]);
    assert_eq!(apart, again, "readings and sequence numbers are not part of it");
    assert_eq!(apart.n, 4, "a configuration, two transitions, a bulletin");
    let together = head_of(&[Commit { bulletins: Vec::new(), ..both }]);
    assert_ne!(together, apart);
}

/// Alters the database behind baolu's back and says what the walk through the ledger finds.
fn after(deed: &str) -> StoreError {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    for n in 1..=3 {
        writer.commit(&raise(n));
    }
    let reader = writer.store.reader(1).unwrap();
    reader.verify_ledger().unwrap();
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    let drop_triggers = "DROP TRIGGER ledger_is_never_rewritten; DROP TRIGGER ledger_is_never_shortened;";
    hand.execute_batch(drop_triggers).unwrap();
    hand.execute_batch(deed).unwrap();
    reader.verify_ledger().unwrap_err()
}

#[test]
fn the_first_altered_entry_is_named() {
    for (deed, entry) in [
        ("UPDATE ledger SET body = replace(body, 'bd1', 'bd2') WHERE n = 4", 4),
        ("UPDATE ledger SET at = at + 1 WHERE n >= 2", 2),
        ("UPDATE ledger SET kind = 'config' WHERE n = 5", 5),
        ("UPDATE ledger SET hash = 'text' WHERE n = 3", 3),
        ("DELETE FROM ledger WHERE n = 3", 3),
        ("DELETE FROM ledger WHERE n >= 6", 6),
        ("INSERT INTO ledger SELECT n + 7, at, kind, body, hash FROM ledger WHERE n = 1", 8),
    ] {
        match after(deed) {
            StoreError::BrokenLedger { entry: found, .. } => assert_eq!(found, entry, "{deed}"),
            other => panic!("{deed}: {other}"),
        }
    }
}

#[test]
fn the_ledger_refuses_to_be_rewritten_or_shortened() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    writer.commit(&raise(1));
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    for deed in ["UPDATE ledger SET at = 0", "DELETE FROM ledger"] {
        let refusal = hand.execute_batch(deed).unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{refusal}");
    }
}

#[test]
fn the_ledger_holds_no_receiver_and_no_foreign_words() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(dir.path(), &gauges(1));
    let mut flood = raise(1);
    flood.deliveries[1].id = baolu::notify::delivery::DeliveryId("d-1".into());
    writer.commit(&flood);
    let why = "https://hooks.example/?token=secret refused".to_owned();
    writer.commit(&ended(&flood.deliveries[1], 2, End::Failed { why }));
    let hand = Connection::open(dir.path().join(DATABASE)).unwrap();
    let all: String =
        hand.query_row("SELECT group_concat(body, char(10)) FROM ledger", [], |row| row.get(0)).unwrap();
    assert!(all.contains("\"delivery\":\"d-1\",\"tries\":2,\"end\":\"failed\""), "{all}");
    assert!(!all.contains("secret") && !all.contains("duty-desk"), "{all}");
}

#[test]
fn a_configuration_is_entered_when_it_changes_and_not_at_every_start() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let start = |version: &str, n| {
        let (store, restored) =
            Store::open(dir.path(), &city, version, minute(n), &Options { ..options() }).unwrap();
        (store.reader(1).unwrap().verify_ledger().unwrap().n, restored.config_before)
    };
    assert_eq!(start("a", 1), (1, None));
    assert_eq!(start("a", 2), (1, Some("a".to_owned())));
    assert_eq!(start("b", 3), (2, Some("a".to_owned())));
    assert_eq!(start("a", 4), (3, Some("b".to_owned())));
    let mut writer = Writer::open(dir.path(), &city);
    writer.commit(&town::tick(5));
    let changes = writer.store.reader(1).unwrap().changes(baolu::store::commit::Seq(0), 1).unwrap();
    assert_eq!(&*changes.items[0].config_version, "config-1");
}
