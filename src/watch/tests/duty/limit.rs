//! Rule 22: too many warnings are a hazard.

use rules::alert::AlertId;
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Lang, Notice, Text};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use sensors::time::Span;

use super::super::rig::{Town, min};
use super::rig::{desk_told, kinds, morning, plan, rang, restart};
use crate::notify::outbox::intend;
use crate::watch::decide::{Turn, advance_with};
use crate::watch::desk::duty::notify;
use crate::watch::tell::publish;

fn step(n: u8) -> Severity {
    Severity::new(n).unwrap()
}

fn town() -> Town {
    Town::of(plan(""), morning())
}

/// Decides with something that another part of the desk does.
fn act(town: &mut Town, act: impl FnOnce(&mut Turn)) {
    let decision = advance_with(town.state.clone(), town.now, act);
    town.state = decision.next;
    town.commits.push(decision.commit);
}

fn notice(key: &str, severity: u8) -> Notice {
    let values = vec![("what", key.to_owned()), ("where", "đây".to_owned()), ("when", "giờ".to_owned())];
    Notice {
        key: key.to_owned(),
        alert: AlertId(key.into()),
        severity: step(severity),
        words: "proposed",
        values,
    }
}

fn bulletin(n: usize, act: Act, severity: u8, hazard: Hazard, town: &Town) -> Bulletin {
    let text = Text::push(Lang("vi".into()), format!("Tin {n}"), "Thân".to_owned());
    Bulletin {
        id: BulletinId(format!("b.{n}").into()),
        alert: AlertId("stage-kim-long.kim-long.1".into()),
        hazard,
        act,
        severity: step(severity),
        severity_max: step(severity.max(3)),
        zones: vec![ZoneId::new("kim-long")],
        at: town.now,
        automatic: true,
        author: Author::Rule,
        texts: vec![text],
    }
}

/// Publishes a bulletin; gives whether it was pushed.
fn push(town: &mut Town, n: usize, doing: Act, severity: u8, hazard: Hazard) -> bool {
    town.pass(min(1));
    let bulletin = bulletin(n, doing, severity, hazard, town);
    act(town, |turn| {
        let deliveries = intend(&bulletin, &turn.plan.receivers);
        publish(turn, bulletin, deliveries);
    });
    town.deliveries().iter().any(|delivery| *delivery.bulletin.0 == *format!("b.{n}"))
}

#[test]
fn rule_22_the_same_notice_is_told_once_and_to_whoever_is_on_duty() {
    let mut town = town();
    let now = town.now;
    act(&mut town, |turn| notify(turn, &notice("x", 3)));
    act(&mut town, |turn| notify(turn, &notice("x", 3)));
    assert_eq!((rang(&town, "duty", now), rang(&town, "phone-a", now)), (vec![0], vec![0]));
    assert!(rang(&town, "phone-chief", now).is_empty(), "the chief sleeps");
}

#[test]
fn rule_22_an_officer_gets_ten_alarms_in_ten_minutes_and_one_notice_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = town();
    let since = town.now;
    for n in 0..20 {
        act(&mut town, |turn| notify(turn, &notice(&format!("n{n}"), 2)));
    }
    for n in 0..3 {
        act(&mut town, |turn| notify(turn, &notice(&format!("severe{n}"), 4)));
    }
    assert_eq!(rang(&town, "phone-a", since).len(), 10, "eight, and two places were kept for what is severe");
    assert_eq!(kinds(&town), ["gathered", "gathered"]);
    assert_eq!(town.state.sendings.gathered, 2 * 13);
    restart(&mut town, dir.path());
    town.pass(min(9));
    assert!(rang(&town, "phone-a", since).is_empty(), "a restart gives no room");
    town.pass(min(2));
    assert_eq!(rang(&town, "phone-a", since), [10]);
    let told = desk_told(&town).pop().unwrap();
    assert_eq!(told.title, "Còn 13 thông báo khác");
    assert!(kinds(&town).is_empty());
    town.forget();
    town.pass(min(600));
    assert!(desk_told(&town).is_empty(), "it is told once");
}

#[test]
fn rule_22_no_window_of_ten_minutes_holds_more_than_ten_alarms() {
    let mut town = town();
    let since = town.now;
    for n in 0..300 {
        act(&mut town, |turn| notify(turn, &notice(&format!("n{n}"), 1 + (n % 5) as u8)));
        town.pass(Span::from_s(20));
    }
    town.pass(min(60));
    let rings: Vec<i64> = town
        .deliveries()
        .into_iter()
        .filter(|d| matches!(&d.target, crate::notify::delivery::Target::Webhook { receiver } if receiver == "phone-a"))
        .map(|d| d.at.since(since).ms())
        .collect();
    assert!(rings.len() > 60);
    assert!(rings.windows(11).all(|eleven| eleven[10] - eleven[0] >= 600_000), "{rings:?}");
}

#[test]
fn rule_22_a_resident_gets_four_pushes_a_day_and_easing_and_updates_are_dropped_first() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = town();
    assert!(push(&mut town, 1, Act::Issued, 2, Hazard::Flood));
    assert!(push(&mut town, 2, Act::Raised, 3, Hazard::Flood));
    assert!(push(&mut town, 3, Act::Updated, 3, Hazard::Flood));
    assert!(push(&mut town, 4, Act::Updated, 3, Hazard::Flood));
    restart(&mut town, dir.path());
    assert!(!push(&mut town, 5, Act::Updated, 3, Hazard::Flood));
    assert!(!push(&mut town, 6, Act::Eased, 2, Hazard::Flood));
    assert!(!push(&mut town, 7, Act::Issued, 3, Hazard::Flood), "it says nothing worse than what stands");
    assert!(push(&mut town, 8, Act::Raised, 4, Hazard::Flood), "worse always goes");
    assert!(push(&mut town, 9, Act::Issued, 2, Hazard::Release), "no flood hides a release");
    assert!(push(&mut town, 10, Act::Updated, 5, Hazard::Flood), "severity 5 is not counted");
    assert!(push(&mut town, 11, Act::Cancelled, 2, Hazard::Flood), "a correction goes to everybody");
    assert!(push(&mut town, 12, Act::AllClear, 2, Hazard::Flood));
    assert_eq!(kinds(&town).iter().filter(|kind| **kind == "withheld").count(), 3, "each is reported");
    let told = town.notices();
    assert!(told.iter().any(|title| title == "Không gửi tới điện thoại: Tin 5"), "{told:?}");
    town.pass(Span::from_h(25));
    assert!(kinds(&town).is_empty());
    assert!(push(&mut town, 13, Act::Updated, 2, Hazard::Flood), "another day");
}

#[test]
fn rule_22_after_it_was_said_to_ease_the_second_crest_is_told_whatever_the_day_held() {
    let mut town = town();
    for (n, doing, severity) in
        [(1, Act::Issued, 2), (2, Act::Raised, 3), (3, Act::Raised, 4), (4, Act::Eased, 3)]
    {
        assert!(push(&mut town, n, doing, severity, Hazard::Flood));
    }
    assert!(push(&mut town, 5, Act::Raised, 4, Hazard::Flood), "they were told that it falls");
    assert!(!push(&mut town, 6, Act::Eased, 3, Hazard::Flood));
    assert!(!push(&mut town, 7, Act::Raised, 4, Hazard::Flood), "they still believe that it is there");
}

#[test]
fn rule_22_one_wards_pushes_take_nothing_from_another() {
    let mut town = town();
    for n in 1..=4 {
        assert!(push(&mut town, n, Act::Updated, 2, Hazard::Flood));
    }
    town.pass(min(1));
    let zones = town.plan.city.zones.iter().map(|zone| zone.id.clone());
    let zones: Vec<ZoneId> =
        zones.filter(|zone| zone.as_str() == "kim-long" || zone.as_str() == "thuan-hoa").collect();
    assert_eq!(zones.len(), 2);
    let bulletin = Bulletin { zones, ..bulletin(9, Act::Updated, 2, Hazard::Flood, &town) };
    town.forget();
    act(&mut town, |turn| {
        let deliveries = intend(&bulletin, &turn.plan.receivers);
        publish(turn, bulletin, deliveries);
    });
    let told: Vec<String> =
        town.deliveries().iter().filter_map(|d| d.zone.as_ref().map(ToString::to_string)).collect();
    assert_eq!(told, ["thuan-hoa"]);
}

#[test]
fn rule_22_an_update_that_says_worse_than_what_stands_is_never_held_back() {
    let mut town = town();
    for n in 1..=4 {
        assert!(push(&mut town, n, Act::Updated, 2, Hazard::Flood));
    }
    assert!(!push(&mut town, 5, Act::Updated, 2, Hazard::Flood));
    assert!(push(&mut town, 6, Act::Updated, 4, Hazard::Flood), "typed anew, and worse");
}
