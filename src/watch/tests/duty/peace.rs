//! Rule 11: silences mute reminders to staff, never the public, and end when the level rises.

use sensors::time::Span;

use super::super::rig::{Town, line, min, sensor, switch};
use super::rig::{morning, order, plan, pushed, restart, rise};
use crate::desk::duty::{Act, Scope};
use crate::order::{Answer, Refusal};

fn silence(town: &Town, scope: Scope, hours: i64) -> Act {
    let until_ms = town.now.plus(Span::from_h(hours)).ms();
    Act::Silence { scope, until_ms, reason: "đã biết, chờ thợ".to_owned() }
}

fn maintain(town: &Town, stations: &[&str], lines: &[&str], hours: i64) -> Act {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let until_ms = town.now.plus(Span::from_h(hours)).ms();
    let reason = "thay ắc quy".to_owned();
    Act::Maintain { stations: texts(stations), lines: texts(lines), from_ms: None, until_ms, reason }
}

fn awake() -> Town {
    let mut town = Town::of(plan(""), morning());
    town.all_speak(&[]);
    town.go_on(10, &[]);
    town.forget();
    town
}

#[test]
fn rule_11_a_silence_mutes_what_staff_know_and_never_the_public() {
    let mut town = Town::of(plan(""), morning());
    rise(&mut town, "phu-oc", 14, 16);
    let flood = silence(&town, Scope::Hazard("flood".to_owned()), 12);
    assert!(matches!(order(&mut town, "a", None, flood), Answer::Done(_)));
    town.forget();
    rise(&mut town, "phu-oc", 17, 31);
    assert!(pushed(&town).iter().any(|title| title.contains("BĐ2")), "{:?}", pushed(&town));
    rise(&mut town, "kim-long", 9, 11);
    assert!(pushed(&town).iter().any(|title| title.contains("Kim Long")), "{:?}", pushed(&town));
}

#[test]
fn rule_11_a_silence_ends_when_the_level_rises() {
    let mut town = Town::of(plan(""), morning());
    rise(&mut town, "phu-oc", 14, 16);
    let subject = silence(&town, Scope::Subject("phu-oc".to_owned()), 12);
    assert!(matches!(order(&mut town, "a", None, subject), Answer::Done(_)));
    assert_eq!(town.state.desk.silences.len(), 1);
    // Another station's water is another matter.
    rise(&mut town, "kim-long", 9, 21);
    assert_eq!(town.state.desk.silences.len(), 1);
    rise(&mut town, "phu-oc", 17, 31);
    assert!(town.state.desk.silences.is_empty());
    let last =
        town.commits.iter().flat_map(|commit| &commit.papers).rfind(|paper| paper.kind.as_str() == "silence");
    assert!(last.unwrap().record.contains("level_rose"));
}

#[test]
fn rule_11_a_silence_needs_an_end_a_reason_and_something_to_be_silent_about() {
    let mut town = Town::of(plan(""), morning());
    let subject = || Scope::Subject("phu-oc".to_owned());
    let nothing = silence(&town, subject(), 1);
    assert!(matches!(order(&mut town, "a", None, nothing), Answer::Refused(_)), "nothing stands");
    rise(&mut town, "phu-oc", 14, 16);
    for wrong in [
        silence(&town, subject(), 13),
        silence(&town, subject(), 0),
        silence(&town, Scope::Rule("no-such-rule".to_owned()), 1),
        Act::Silence { scope: subject(), until_ms: town.now.plus(min(60)).ms(), reason: "  ".to_owned() },
    ] {
        let answer = order(&mut town, "a", None, wrong);
        assert!(
            matches!(&answer, Answer::Refused(Refusal::Desk { why }) if why.contains("allowed") || why.contains("no rule")),
            "{answer:?}"
        );
    }
    let right = silence(&town, subject(), 12);
    assert!(matches!(order(&mut town, "a", None, right), Answer::Done(_)));
    town.pass(Span::from_h(13));
    assert!(town.state.desk.silences.is_empty(), "it ends by itself");
}

#[test]
fn a_gauge_that_flaps_is_told_once_while_it_is_silenced_and_again_afterwards() {
    let mut town = awake();
    let gauge = [sensor(&town.plan, "phu-oc/stage")];
    town.go_on(60, &gauge);
    assert_eq!(town.notices(), ["Mất tín hiệu: Phú Ốc"]);
    let quiet = silence(&town, Scope::Subject("phu-oc".to_owned()), 5);
    assert!(matches!(order(&mut town, "a", None, quiet), Answer::Done(_)));
    town.forget();
    for _ in 0..2 {
        town.go_on(10, &[]);
        town.go_on(60, &gauge);
    }
    assert_eq!(
        town.notices(),
        ["Có tín hiệu lại: 1 trạm"],
        "that it speaks is told to whom it was told that it did not"
    );
    town.go_on(200, &[]);
    town.forget();
    town.go_on(60, &gauge);
    assert_eq!(town.notices(), ["Mất tín hiệu: Phú Ốc"]);
}

#[test]
fn stations_in_maintenance_are_silent_without_a_notice_and_named_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = awake();
    let gauge = [sensor(&town.plan, "phu-oc/stage")];
    let window = maintain(&town, &["phu-oc"], &[], 4);
    assert!(matches!(order(&mut town, "a", None, window), Answer::Done(_)));
    town.go_on(120, &gauge);
    assert_eq!(town.notices(), Vec::<String>::new());
    assert_eq!(town.level("silent-national.phu-oc"), "silent", "it is seen all the same");
    restart(&mut town, dir.path());
    town.go_on(60, &gauge);
    assert_eq!(town.notices(), Vec::<String>::new());
    town.go_on(65, &gauge);
    assert_eq!(town.notices(), ["Mất tín hiệu: Phú Ốc"], "it is still silent at the end");
}

#[test]
fn who_speaks_again_before_the_end_of_its_maintenance_was_never_news() {
    let mut town = awake();
    let gateway = line(&town.plan, "gateway-a-luoi");
    let behind = town.behind(gateway);
    let window = maintain(&town, &[], &["gateway-a-luoi"], 4);
    assert!(matches!(order(&mut town, "a", None, window), Answer::Done(_)));
    let down = switch(gateway, town.now, false);
    town.decide(&[down]);
    town.go_on(120, &behind);
    let up = switch(gateway, town.now, true);
    town.decide(&[up]);
    town.go_on(180, &[]);
    assert_eq!(town.notices(), Vec::<String>::new());
}

#[test]
fn a_reading_from_a_station_in_maintenance_warns_people_as_ever() {
    let mut town = Town::of(plan(""), morning());
    let window = maintain(&town, &["phu-oc"], &[], 4);
    assert!(matches!(order(&mut town, "a", None, window), Answer::Done(_)));
    rise(&mut town, "phu-oc", 14, 31);
    assert!(pushed(&town).iter().any(|title| title.contains("BĐ2")), "{:?}", pushed(&town));
}

#[test]
fn a_maintenance_window_that_an_officer_ends_tells_who_is_silent_at_once() {
    let mut town = awake();
    let gauge = [sensor(&town.plan, "phu-oc/stage")];
    let window = maintain(&town, &["phu-oc"], &[], 4);
    order(&mut town, "a", None, window);
    town.go_on(120, &gauge);
    let id = town.state.desk.silences.iter().next().unwrap().0.to_owned();
    let wrong = order(&mut town, "b", Some(1), Act::EndSilence { id: id.clone() });
    assert!(matches!(wrong, Answer::Refused(Refusal::Absent { .. })), "{wrong:?}");
    order(&mut town, "b", Some(1), Act::EndMaintenance { id });
    assert_eq!(town.notices(), ["Mất tín hiệu: Phú Ốc"]);
    for wrong in [
        maintain(&town, &["phu-oc"], &[], 73),
        maintain(&town, &["no-such"], &[], 1),
        maintain(&town, &[], &[], 1),
    ] {
        assert!(matches!(order(&mut town, "a", None, wrong), Answer::Refused(_)));
    }
}
