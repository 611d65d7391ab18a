//! Rule 11: quiet hours delay BĐ1 and advisories of the hazards that are named, and nothing else.

use sensors::time::Span;

use super::super::rig::{Town, evening, min};
use super::rig::{kinds, plan, pushed, restart};

const QUIET: &str = "[quiet_hours]\nfrom = \"22:00\"\nto = \"05:00\"\nhazards = [\"flood\"]\n";

/// Eleven at night.
fn night() -> Town {
    Town::of(plan(QUIET), evening().plus(Span::from_h(5)))
}

#[test]
fn rule_11_bd1_waits_for_the_morning_and_is_told_then_if_it_is_still_true() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = night();
    town.stage("phu-oc", 1.6);
    assert!(pushed(&town).is_empty() && kinds(&town) == ["delayed"], "{:?}", pushed(&town));
    restart(&mut town, dir.path());
    town.pass(Span::from_h(5));
    town.stage("phu-oc", 1.7);
    assert!(pushed(&town).is_empty(), "it is four o'clock");
    town.pass(Span::from_h(1));
    assert_eq!(pushed(&town), ["Lũ tại Phú Ốc: BĐ1"]);
    assert!(kinds(&town).is_empty());
    // It eases later, and whoever was told hears it.
    town.forget();
    town.stage("phu-oc", 1.2);
    town.pass(Span::from_h(7));
    town.stage("phu-oc", 1.2);
    assert_eq!(pushed(&town).len(), 1, "{:?}", pushed(&town));
}

#[test]
fn rule_11_what_is_over_in_the_morning_is_not_told_nor_that_it_eased() {
    let mut town = night();
    town.stage("phu-oc", 1.6);
    for _ in 0..6 {
        town.pass(min(60));
        town.stage("phu-oc", 1.2);
    }
    town.pass(Span::from_h(8));
    town.stage("phu-oc", 1.2);
    assert_eq!(town.level("stage-phu-oc.phu-oc"), "none");
    assert!(pushed(&town).is_empty() && kinds(&town).is_empty(), "{:?}", pushed(&town));
}

#[test]
fn rule_11_bd2_never_waits_and_overtakes_what_does() {
    let mut town = night();
    town.stage("phu-oc", 1.6);
    town.pass(min(30));
    town.stage("phu-oc", 3.1);
    assert_eq!(pushed(&town), ["Lũ tại Phú Ốc: BĐ2"]);
    town.forget();
    town.pass(Span::from_h(8));
    assert!(pushed(&town).is_empty() && kinds(&town).is_empty(), "{:?}", pushed(&town));
}

#[test]
fn rule_11_a_release_never_waits_and_by_day_nothing_does() {
    let mut town = night();
    let sensor = super::super::rig::sensor(&town.plan, "ta-trach/release");
    let event = super::super::rig::reading(&town.plan, sensor, town.now, 400_000);
    town.decide(&[event]);
    let told = town.bulletins();
    assert!(kinds(&town).is_empty() && !told.is_empty(), "{told:?}");
    town.pass(Span::from_h(6));
    town.stage("phu-oc", 1.6);
    assert_eq!(kinds(&town), Vec::<&str>::new());
}
