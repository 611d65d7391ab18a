//! Officers' orders: signed, carried out once, and no sign of life of a gauge.

use std::sync::Arc;

use sensors::quality::{Check, Quality};
use sensors::quantity::Value;
use sensors::time::Timestamp;

use super::rig::{Book, Town, min, sensor};
use crate::event::Event;
use crate::order::{Act, Answer, Done, Entry, OfficerId, Order, Refusal};
use crate::watch::decide::decide;

fn entry(town: &Town, id: &str, at: Timestamp, raw: i64, key: &str) -> Arc<Order> {
    let sensor = sensor(&town.plan, id);
    let entry = Entry { sensor, measured_at: at, from: None, value: Value::from_raw(raw) };
    let note = Some("đọc thước nước".to_owned());
    Arc::new(Order {
        actor: OfficerId::new("truc-ban"),
        key: key.into(),
        note,
        if_match: None,
        act: Act::Enter(entry),
    })
}

fn order(town: &mut Town, order: &Arc<Order>) -> Answer {
    let decision = decide(&town.state, town.now, &[Event::Ordered(Arc::clone(order))]);
    town.state = decision.next;
    town.commits.push(decision.commit);
    let [answer] = decision.answers.try_into().unwrap();
    answer
}

#[test]
fn what_an_officer_reads_off_the_staff_raises_the_alarm_of_a_gauge_that_is_dead_and_stays_dead() {
    let mut town = Town::new();
    let stage = sensor(&town.plan, "phu-oc/stage");
    town.all_speak(&[]);
    town.go_on(60, &[stage]);
    assert_eq!(town.level("silent-national.phu-oc"), "silent");
    let due = town.state.due[stage.at()];
    let entered = entry(&town, "phu-oc/stage", town.now, 3_050, "k1");
    let Answer::Done(Done::Entered(quality)) = order(&mut town, &entered) else { panic!("not entered") };
    assert!(quality.is_usable());
    let again = entry(&town, "phu-oc/stage", town.now.plus(min(10)), 3_100, "k2");
    town.pass(min(10));
    assert_eq!(order(&mut town, &again), Answer::Done(Done::Entered(Quality::Good)));
    assert_eq!(town.level("stage-phu-oc.phu-oc"), "bd2");
    assert_eq!(town.level("silent-national.phu-oc"), "silent", "a person's reading is no word of the gauge");
    assert_eq!(town.state.due[stage.at()], due);
}

#[test]
fn the_same_order_twice_is_carried_out_once_also_over_a_restart_and_its_key_is_taken() {
    let mut town = Town::new();
    let dir = tempfile::tempdir().unwrap();
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    let first = entry(&town, "kim-long/stage", town.now, 1_200, "k1");
    assert!(matches!(order(&mut town, &first), Answer::Done(_)));
    book.keep(town.commits.last().unwrap());
    drop(book);
    for restarted in [false, true] {
        if restarted {
            town.state = Book::open(dir.path(), &town.plan, town.now).1;
        }
        assert_eq!(order(&mut town, &first), Answer::Repeated);
        assert!(town.commits.last().unwrap().is_empty());
        let other = entry(&town, "kim-long/stage", town.now, 1_300, "k1");
        assert_eq!(order(&mut town, &other), Answer::Refused(Refusal::KeyTaken));
    }
    let reader = Book::open(dir.path(), &town.plan, town.now).0.store.reader(1).unwrap();
    reader.verify_ledger().unwrap();
}

#[test]
fn an_entry_in_the_wrong_unit_of_another_day_or_for_a_counter_is_refused_and_changes_nothing() {
    let mut town = Town::new();
    let before = town.state.tracks.clone();
    let millimetres = entry(&town, "kim-long/stage", town.now, 3_020_000, "k1");
    let Answer::Refused(why) = order(&mut town, &millimetres) else { panic!("entered") };
    assert_eq!(why.to_string(), "3020 is outside the span of kim-long/stage, -2 to 10 m; is it m?");
    for (n, at) in [town.now.plus(min(6)), town.now.minus(min(48 * 60 + 1))].into_iter().enumerate() {
        let late = entry(&town, "kim-long/stage", at, 1_000, &format!("t{n}"));
        assert_eq!(
            order(&mut town, &late),
            Answer::Refused(Refusal::Time { measured_at: at, now: town.now })
        );
    }
    let counter = town.plan.city.sensors.iter().find(|sensor| sensor.feeds.is_some()).unwrap();
    let counter = entry(&town, &counter.id.to_string(), town.now, 1_000, "k3");
    assert!(matches!(order(&mut town, &counter), Answer::Refused(Refusal::Derived { .. })));
    assert_eq!(town.state.tracks, before);
    assert!(town.commits.iter().all(crate::store::commit::Commit::is_empty));
}

#[test]
fn what_a_person_saw_is_believed_though_the_instrument_is_not_and_a_restart_knows_which_was_which() {
    let mut town = Town::new();
    let dir = tempfile::tempdir().unwrap();
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    let stage = sensor(&town.plan, "phu-oc/stage");
    town.stage("phu-oc", 1.2);
    let heard = town.state.tracks[stage.at()].last_contact();
    let doubted = town.plan.city.sensor(stage).unwrap().clone();
    let track = Arc::make_mut(&mut town.state.tracks[stage.at()]);
    track.suspect(&doubted, Check::MultiVariate, town.now, town.now);
    town.pass(min(10));
    let entered = entry(&town, "phu-oc/stage", town.now, 1_300, "k1");
    assert_eq!(order(&mut town, &entered), Answer::Done(Done::Entered(Quality::Good)));
    town.commits.iter().for_each(|commit| book.keep(commit));
    drop(book);
    let restored = Book::open(dir.path(), &town.plan, town.now).1;
    assert_eq!(restored.tracks[stage.at()].last_contact(), heard, "a person is no contact with the gauge");
    town.pass(min(10));
    town.stage("phu-oc", 1.4);
    let latest = *town.state.tracks[stage.at()].latest().unwrap();
    assert_eq!(latest.quality, Quality::Suspect(Check::MultiVariate), "the instrument is doubted as before");
    assert!(
        town.state.tracks[stage.at()]
            .series()
            .points(latest.measured_at.minus(min(11)), latest.measured_at)
            .any(|point| point.quality == Quality::Good)
    );
}
