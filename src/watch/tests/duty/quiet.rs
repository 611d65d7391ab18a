//! Rule 11: quiet hours delay BĐ1 and advisories of the hazards that are named, and nothing else.

use sensors::time::Span;

use super::super::rig::{Town, evening, min};
use super::rig::{kinds, plan, pushed, restart, rise};

const QUIET: &str = "[quiet_hours]\nfrom = \"22:00\"\nto = \"05:00\"\nhazards = [\"flood\"]\n";

/// Eleven at night.
fn night() -> Town {
    Town::of(plan(QUIET), evening().plus(Span::from_h(5)))
}

/// The water falls below BĐ1 and stays there for its hold of six hours.
fn fall(town: &mut Town) {
    for decimetres in [15, 14, 13, 12, 11].into_iter().chain([10; 48]) {
        town.pass(min(10));
        town.stage("phu-oc", f64::from(decimetres) / 10.0);
    }
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
    fall(&mut town);
    assert_eq!(pushed(&town).len(), 1, "{:?}", pushed(&town));
}

#[test]
fn rule_11_what_is_over_in_the_morning_is_not_told_nor_that_it_eased() {
    let longer = QUIET.replace("05:00", "08:00");
    let mut town = Town::of(plan(&longer), evening().plus(Span::from_h(5)));
    town.stage("phu-oc", 1.6);
    assert_eq!(kinds(&town), ["delayed"]);
    fall(&mut town);
    town.pass(min(30));
    assert_eq!(town.level("stage-phu-oc.phu-oc"), "none");
    assert!(pushed(&town).is_empty() && kinds(&town).is_empty(), "{:?}", pushed(&town));
}

#[test]
fn rule_11_bd2_never_waits_and_overtakes_what_does() {
    let mut town = night();
    town.stage("phu-oc", 1.6);
    rise(&mut town, "phu-oc", 17, 31);
    assert_eq!(pushed(&town), ["Lũ tại Phú Ốc: BĐ2"]);
    town.forget();
    town.pass(Span::from_h(6));
    // Nobody acknowledged it, so that somebody is called; nothing waits for the morning.
    assert!(pushed(&town).is_empty() && !kinds(&town).contains(&"delayed"), "{:?}", kinds(&town));
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
