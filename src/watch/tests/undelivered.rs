//! Staff hear of a channel that no longer reaches people: once, until it does again.

use super::rig::{Town, ended, min};
use crate::event::Event;
use crate::notify::delivery::{End, Target};

fn fail_all(town: &mut Town) {
    let end = || End::Failed { why: "the project is closed".to_owned() };
    let ends: Vec<Event> = town.state.outbox.iter().map(|d| ended(d, town.now, end())).collect();
    town.decide(&ends);
}

/// What staff were told of channels.
fn told(town: &Town) -> usize {
    town.notices().iter().filter(|notice| **notice == "Tin chưa tới dân: fcm").count()
}

fn warned() -> Town {
    let mut town = Town::new();
    town.stage("kim-long", 1.1);
    assert!(town.state.outbox.len() > 4);
    town
}

#[test]
fn staff_are_told_once_when_the_public_is_not_and_again_after_it_worked() {
    let mut town = warned();
    fail_all(&mut town);
    assert_eq!(town.notices(), ["Tin chưa tới dân: fcm"]);
    let notice = town.bulletins().pop().unwrap();
    assert!(notice.texts[0].body.contains("“Lũ tại Kim Long: BĐ1”"), "{:?}", notice.texts[0]);
    let staff: Vec<_> = town.state.outbox.iter().map(|d| d.target.clone()).collect();
    assert_eq!(staff, [Target::Webhook { receiver: "duty".to_owned() }]);
    // The same channel fails on; only a worse warning is worth another word.
    town.now = town.now.plus(min(10));
    let event =
        super::rig::reading(&town.plan, super::rig::sensor(&town.plan, "phu-oc/stage"), town.now, 1_600);
    town.decide(&[event]);
    fail_all(&mut town);
    assert_eq!(told(&town), 1);
    town.stage("phu-oc", 4.6);
    fail_all(&mut town);
    assert_eq!(told(&town), 2);
    // It works, and fails again.
    town.now = town.now.plus(min(60));
    town.stage("phu-oc", 5.1);
    town.deliver_all();
    town.now = town.now.plus(min(60));
    town.stage("kim-long", 2.1);
    fail_all(&mut town);
    assert_eq!(told(&town), 3);
}

#[test]
fn a_notice_to_staff_that_fails_makes_no_other() {
    let mut town = warned();
    fail_all(&mut town);
    fail_all(&mut town);
    assert_eq!((town.notices().len(), town.state.outbox.len()), (1, 0));
}

#[test]
fn a_dead_phone_is_no_news_to_staff() {
    let mut town = warned();
    let mut phone = (*town.state.outbox[0]).clone();
    phone.target = Target::Token { receiver: "phone-1".to_owned() };
    town.state.outbox = vec![std::sync::Arc::new(phone)];
    fail_all(&mut town);
    assert!(town.notices().is_empty(), "{:?}", town.notices());
}

#[test]
fn what_the_outbox_can_not_hold_fails_at_once_and_staff_still_hear_of_it() {
    let mut town = warned();
    let one = town.state.outbox[0].clone();
    town.state.outbox.resize(50_000, one);
    town.forget();
    town.stage("phu-oc", 1.6);
    let commit = &town.commits[0];
    assert!(!commit.outcomes.is_empty() && commit.outcomes.len() < commit.deliveries.len());
    assert_eq!(town.notices(), ["Tin chưa tới dân: fcm"]);
    assert_eq!(town.state.outbox.len(), 50_001);
}
