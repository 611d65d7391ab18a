//! The narrow door: what goes in comes out, and only one writer holds it.

use std::collections::BTreeMap;

use baolu::event::{LineEvent, LineState};
use baolu::notify::delivery::End;
use baolu::store::commit::{Commit, Seq};
use baolu::store::error::{CommitError, StoreError};
use baolu::store::read::{AlertCursor, Which};
use baolu::store::{Options, Store};
use proptest::prelude::*;
use sensors::quality::{Check, Quality};
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::town::{
    self, Writer, ended, gauges, minute, of_readings, open, options, raise, reading, stage_at, stray, tick,
};

const EVER: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);

#[test]
fn a_second_writer_fences_the_first() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut first = Writer::open(dir.path(), &city);
    first.commit(&tick(1));
    let second = Options { take_over: true, ..options() };
    let (mut store, restored) = Store::open(dir.path(), &city, "config-1", minute(2), &second).unwrap();
    let refusal = first.store.commit(first.epoch, first.seq, &tick(2)).unwrap_err();
    assert!(matches!(refusal, CommitError::Fenced { .. }), "{refusal}");
    assert_eq!(store.commit(restored.epoch, restored.seq, &tick(2)).unwrap(), Seq(2));
    assert_eq!(store.recent_readings(SensorIx(0), Timestamp::MIN).unwrap().len(), 2);
}

#[test]
fn a_data_folder_in_use_is_refused_politely() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let first = open(dir.path(), &city);
    let refusal = Store::open(dir.path(), &city, "config-1", minute(0), &options()).unwrap_err();
    assert!(matches!(refusal, StoreError::InUse { .. }), "{refusal}");
    drop(first);
    assert_eq!(open(dir.path(), &city).1.epoch.0, 2);
}

#[test]
fn an_exercise_and_real_warnings_never_share_a_data_folder() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let exercise = Options { exercise: true, ..options() };
    let open_for = |options: &Options| Store::open(dir.path(), &city, "config-1", minute(0), options);
    drop(open_for(&exercise).unwrap());
    let (mut store, restored) = open_for(&options()).expect("nothing was committed in it yet");
    store.commit(restored.epoch, restored.seq, &tick(1)).unwrap();
    drop(store);
    let refusal = open_for(&exercise).unwrap_err();
    assert!(refusal.is_input() && refusal.to_string().contains("--data another folder"), "{refusal}");
    assert_eq!(open_for(&options()).unwrap().1.seq, Seq(1), "the refusal left it as it was");
}

#[test]
fn a_commit_upon_another_state_is_fenced_and_writes_nothing() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    writer.commit(&tick(1));
    let refusal = writer.store.commit(writer.epoch, Seq(0), &tick(2)).unwrap_err();
    assert!(matches!(refusal, CommitError::Fenced { .. }), "{refusal}");
    writer.commit(&tick(3));
    assert_eq!(writer.store.recent_readings(SensorIx(0), Timestamp::MIN).unwrap().len(), 2);
}

#[test]
fn an_index_of_another_configuration_is_refused_whole() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let foreign = of_readings(vec![reading(0, minute(1), 1), reading(7, minute(1), 1)]);
    let refusal = writer.store.commit(writer.epoch, writer.seq, &foreign).unwrap_err();
    assert!(refusal.to_string().contains("sensor 7"), "{refusal}");
    assert!(writer.store.recent_readings(SensorIx(0), Timestamp::MIN).unwrap().is_empty());
}

#[test]
fn a_revision_is_kept_and_the_past_stays_what_it_was() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let before = writer.commit(&of_readings(vec![reading(0, minute(1), 1_700)]));
    // Twice in one commit as well: the later one counts.
    writer.commit(&of_readings(vec![reading(0, minute(1), 1_800), reading(0, minute(1), 1_900)]));
    let reader = writer.store.reader(1).unwrap();
    let stage = stage_at("gauge-0");
    let value = |known_at| {
        let page = reader.series(&stage, EVER, known_at, None, 10).unwrap();
        page.items.iter().map(|r| r.value.unwrap().raw()).collect::<Vec<_>>()
    };
    assert_eq!(value(None), [1_900]);
    assert_eq!(value(Some(before)), [1_700]);
    assert_eq!(reader.revisions(&stage, minute(1)).unwrap().len(), 3);
    let newest = writer.store.newest_reading(SensorIx(0)).unwrap().unwrap();
    assert_eq!(newest.value, Some(Value::from_raw(1_900)));
}

#[test]
fn a_restart_finds_alerts_outbox_lines_and_strays_as_they_were() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let flood = raise(5);
    writer.commit(&flood);
    writer.commit(&ended(&flood.deliveries[0], 6, End::Sent));
    let up = LineEvent { line: 1, at: minute(7), state: LineState::Up };
    writer.commit(&Commit { at: minute(7), lines: vec![up], strays: vec![stray(7)], ..Commit::default() });
    drop(writer);

    let (_store, restored) = open(dir.path(), &city);
    assert_eq!((restored.seq, restored.at), (Seq(3), Some(minute(7))));
    assert_eq!(restored.config_before.as_deref(), Some("config-1"));
    assert_eq!(restored.alerts, flood.alerts);
    assert_eq!(restored.told, flood.told);
    assert_eq!(restored.outbox, flood.deliveries[1..]);
    assert_eq!(restored.lines[0], Some((minute(5), flood.lines[0].state.clone())));
    assert_eq!(restored.lines[1], Some((minute(7), LineState::Up)));
    assert_eq!(restored.strays, 1);
}

#[test]
fn a_sensor_keeps_its_readings_when_the_configuration_is_reordered() {
    let dir = tempfile::tempdir().unwrap();
    let before = town::town(&["kim-long".to_owned(), "phu-oc".to_owned()]);
    Writer::open(dir.path(), &before).commit(&of_readings(vec![reading(1, minute(1), 4_500)]));
    let after = town::town(&["phu-oc".to_owned(), "an-lo".to_owned(), "kim-long".to_owned()]);
    let (store, _) = open(dir.path(), &after);
    let found = |ix| store.recent_readings(SensorIx(ix), Timestamp::MIN).unwrap();
    assert_eq!(found(0), [reading(0, minute(1), 4_500)]);
    assert!(found(1).is_empty() && found(2).is_empty());
}

#[test]
fn a_delivery_ends_once() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let flood = raise(5);
    writer.commit(&flood);
    writer.commit(&ended(&flood.deliveries[0], 6, End::Sent));
    writer.commit(&ended(&flood.deliveries[0], 7, End::Failed { why: "echo".to_owned() }));
    let reader = writer.store.reader(1).unwrap();
    let history = reader.alert(&flood.transitions[0].alert).unwrap().unwrap();
    let end = history.deliveries[0].ended.as_ref().unwrap();
    assert_eq!((end.at, end.tries, &end.end), (minute(6), 2, &End::Sent));
    assert_eq!(history.deliveries[1].ended, None);
    let ends = reader.changes(Seq(0), 10).unwrap().items.iter().map(|c| c.ended.len()).sum::<usize>();
    assert_eq!(ends, 1);
}

#[test]
fn what_was_told_is_forgotten_when_it_was_said_to_be_over() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let mut flood = raise(5);
    writer.commit(&flood);
    flood.told[0].1.level = "none".to_owned();
    writer.commit(&Commit { at: minute(6), told: flood.told, ..Commit::default() });
    drop(writer);
    assert_eq!(open(dir.path(), &city).1.told, []);
}

#[test]
fn an_alert_tells_its_whole_history() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let flood = raise(5);
    writer.commit(&flood);
    let reader = writer.store.reader(1).unwrap();
    let alert = &flood.transitions[0].alert;
    assert_eq!(reader.alerts(Which::Open, None, 10).unwrap().items.len(), 1);
    let over = town::transition(alert, "bd1", "none", minute(90));
    writer.commit(&Commit { at: minute(90), transitions: vec![over], ..Commit::default() });

    assert!(reader.alerts(Which::Open, None, 10).unwrap().items.is_empty());
    let history = reader.alert(alert).unwrap().unwrap();
    assert_eq!((history.summary.began_at, history.summary.changed_at), (minute(5), minute(90)));
    assert!(!history.summary.is_open());
    let levels: Vec<_> = history.transitions.iter().map(|t| (t.from.as_str(), t.to.as_str())).collect();
    assert_eq!(levels, [("none", "bd1"), ("bd1", "none")]);
    let because = &history.transitions[0].because[0];
    assert_eq!((&*because.sensor, because.value), (&stage_at("gauge-0"), Value::from_raw(2_010)));
    assert_eq!(because.window, flood.transitions[0].because[0].window);
    assert_eq!(history.transitions[0].issue, flood.transitions[0].issue);
    assert_eq!(history.transitions[0].measure, flood.transitions[0].measure);
    assert_eq!(history.bulletins[0].bulletin, flood.bulletins[0]);
}

#[test]
fn pages_meet_without_a_gap_or_a_repeat() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    for n in 1..=7 {
        writer.commit(&raise(n));
    }
    let reader = writer.store.reader(1).unwrap();

    let (mut alerts, mut after): (Vec<_>, Option<AlertCursor>) = (Vec::new(), None);
    loop {
        let page = reader.alerts(Which::All, after.as_ref(), 3).unwrap();
        alerts.extend(page.items.iter().map(|a| a.began_at));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(alerts, (1..=7).rev().map(minute).collect::<Vec<_>>());

    let (mut times, mut after) = (Vec::new(), None);
    loop {
        let page = reader.series(&stage_at("gauge-0"), (minute(2), minute(7)), None, after, 2).unwrap();
        times.extend(page.items.iter().map(|r| r.measured_at));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(times, (2..7).map(minute).collect::<Vec<_>>());

    let first = reader.bulletins(Seq(0), 4).unwrap();
    let rest = reader.bulletins(first.next.unwrap(), 4).unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (4, 3, None));
}

#[test]
fn strays_are_counted_all_and_the_newest_thousand_kept() {
    let (dir, city) = (tempfile::tempdir().unwrap(), gauges(1));
    let mut writer = Writer::open(dir.path(), &city);
    let strays = (0..1_500).map(stray).collect();
    writer.commit(&Commit { at: minute(1_500), strays, ..Commit::default() });
    let kept = writer.store.reader(1).unwrap().strays(10_000).unwrap();
    assert_eq!((kept.len(), kept[0].at, kept[999].at), (1_000, minute(1_499), minute(500)));
    drop(writer);
    assert_eq!(open(dir.path(), &city).1.strays, 1_500);
}

fn quality() -> impl Strategy<Value = Quality> {
    let check = proptest::sample::select(Check::ALL.to_vec());
    prop_oneof![
        Just(Quality::Good),
        Just(Quality::Unchecked),
        Just(Quality::Estimated),
        check.clone().prop_map(Quality::Suspect),
        check.prop_map(Quality::Rejected),
        Just(Quality::Missing),
    ]
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let value = proptest::option::of(any::<i64>());
    (0..4_u32, 0..20_i64, proptest::option::of(1..600_i64), -5..5_i64, value, quality()).prop_map(
        |(sensor, n, over_s, late_s, value, quality)| Reading {
            sensor: SensorIx(sensor),
            measured_at: minute(n),
            from: over_s.map(|s| minute(n).minus(Span::from_s(s))),
            arrived_at: minute(n).plus(Span::from_s(late_s)),
            value: value.map(Value::from_raw),
            quality,
        },
    )
}

fn any_commit() -> impl Strategy<Value = Commit> {
    let readings = proptest::collection::vec(any_reading(), 1..30);
    (readings, 0..200_i64, any::<bool>()).prop_map(|(readings, n, flood)| {
        let base = if flood { raise(n) } else { Commit::default() };
        Commit { at: minute(n), readings, ..base }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_commits_are_read_back_as_they_were_written(commits in proptest::collection::vec(any_commit(), 1..12)) {
        let (dir, city) = (tempfile::tempdir().unwrap(), gauges(4));
        let mut writer = Writer::open(dir.path(), &city);
        let mut newest: BTreeMap<(SensorIx, Timestamp), Reading> = BTreeMap::new();
        for commit in &commits {
            writer.commit(commit);
            newest.extend(commit.readings.iter().map(|r| ((r.sensor, r.measured_at), *r)));
        }
        for ix in (0..4).map(SensorIx) {
            let found = writer.store.recent_readings(ix, minute(3)).unwrap();
            let due: Vec<_> =
                newest.values().filter(|r| r.sensor == ix && r.measured_at >= minute(3)).copied().collect();
            prop_assert_eq!(found, due);
        }
        let reader = writer.store.reader(1).unwrap();
        let changes = reader.changes(Seq(0), 1_000).unwrap().items;
        prop_assert_eq!(changes.len(), commits.len());
        for (change, commit) in changes.iter().zip(&commits) {
            prop_assert_eq!(change.at, commit.at);
            let back: Vec<Reading> = change.readings.iter().map(|(id, r)| Reading {
                sensor: city.sensor_named(id).unwrap(),
                measured_at: r.measured_at,
                from: r.from,
                arrived_at: r.arrived_at,
                value: r.value,
                quality: r.quality,
            }).collect();
            prop_assert_eq!(&back, &commit.readings);
            prop_assert_eq!(change.transitions.len(), commit.transitions.len());
        }
        reader.verify_ledger().unwrap();
    }
}
