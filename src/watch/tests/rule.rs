//! Rules 1, 3, 10, 19 and 20 of what a warning means, at the level of whole decisions.

use rules::bulletin::{Act, Bulletin};
use rules::hazard::Hazard;

use super::rig::{Town, evening, min, reading, sensor};
use crate::notify::delivery::{Delivery, Target};
use crate::notify::outbox::topics;

#[test]
fn rule_01_the_same_reading_again_changes_nothing_and_another_value_is_kept_beside_it() {
    let mut town = Town::new();
    let stage = sensor(&town.plan, "kim-long/stage");
    let said = |raw| reading(&super::rig::hue(), stage, evening(), raw);
    assert_eq!(town.decide(&[said(2_100)]).readings.len(), 1);
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    let before = town.state.clone();
    town.now = town.now.plus(min(1));
    let again = town.decide(&[said(2_100), said(2_100)]);
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(town.state.due, before.due, "a broker that repeats itself keeps no gauge alive");
    let revised = town.decide(&[said(1_200)]).clone();
    let kept: Vec<_> =
        town.commits.iter().flat_map(|c| &c.readings).map(|r| r.value.unwrap().raw()).collect();
    assert_eq!((revised.readings.len(), kept), (1, vec![2_100, 1_200]));
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd1", "the fold begins anew from the revision");
}

#[test]
fn rule_03_an_alert_whose_sensor_falls_silent_stays_and_says_so() {
    let mut town = Town::new();
    town.stage("kim-long", 2.1);
    let kim_long = [sensor(&town.plan, "kim-long/stage")];
    town.forget();
    town.go_on(24 * 60, &kim_long);
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    assert!(town.transitions().iter().all(|t| t.hazard == Hazard::Telemetry), "{:#?}", town.transitions());
    assert_eq!(town.notices(), ["Mất tín hiệu: Kim Long"]);
    let notice = town.bulletins().remove(0);
    assert!(notice.texts[0].body.contains("mực nước 2,10 m lúc 18:00"), "{:?}", notice.texts[0]);
    assert!(notice.texts[0].body.contains("Không có số liệu không phải là an toàn"));
    // The first word after it is judged as any other.
    town.stage("kim-long", 2.2);
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    assert_eq!(town.level("silent-national.kim-long"), "none");
    assert_eq!(town.notices().last().unwrap(), "Có tín hiệu lại: 1 trạm");
}

/// What phones of Kim Long's wards were told, as hazard and act.
fn told(town: &Town) -> Vec<(Hazard, Act, String)> {
    let public = town.bulletins().into_iter().filter(|b| b.hazard.is_public() && b.automatic);
    public.map(|b| (b.hazard, b.act, b.alert.to_string())).collect()
}

#[test]
fn rule_10_a_release_never_mutes_an_alarm_stage() {
    let mut town = Town::new();
    let release = sensor(&town.plan, "ta-trach/release");
    let event = reading(&town.plan, release, town.now, 3_500_000);
    town.decide(&[event]);
    assert_eq!(town.level("release.ta-trach"), "q3000", "as severe as can be");
    town.now = town.now.plus(min(10));
    town.stage("kim-long", 1.1);
    let told = told(&town);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!((told[0].0, told[1].0), (Hazard::Release, Hazard::Flood));
    let zones = |n: usize| town.bulletins()[n].zones.clone();
    assert!(zones(1).iter().any(|zone| zones(0).contains(zone)), "both are for the same wards");
    assert_eq!(zones(1).len(), town.transitions()[1].zones.len(), "and none of them is left out");
}

#[test]
fn rule_10_the_higher_of_one_moment_mutes_the_lower_at_the_same_station() {
    let mut town = Town::new();
    let stage = sensor(&town.plan, "kim-long/stage");
    let rising: Vec<_> = (0..7)
        .map(|n| reading(&town.plan, stage, town.now.minus(min(60 - 10 * n)), 1_500 + 130 * n))
        .collect();
    town.decide(&rising);
    assert_eq!(town.level("rise.kim-long"), "very-fast", "{:?}", town.transitions());
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    let all: Vec<String> = town.bulletins().iter().map(|b| b.alert.to_string()).collect();
    assert!(all.len() == 1 && all[0].starts_with("stage-kim-long"), "{all:?}");
    // At another station it mutes nothing.
    let other = sensor(&town.plan, "phu-oc/stage");
    let event = reading(&town.plan, other, town.now, 1_600);
    town.decide(&[event]);
    assert_eq!(town.bulletins().last().unwrap().alert.to_string().split('.').next(), Some("stage-phu-oc"));
}

#[test]
fn rule_02_hours_that_are_decided_at_once_tell_where_it_stands_and_not_every_step() {
    let mut town = Town::new();
    let stage = sensor(&town.plan, "kim-long/stage");
    let hours = |town: &Town, from: i64, stages: &[i64]| -> Vec<_> {
        let moment = |n: usize| town.now.minus(min(from - 30 * n as i64));
        stages.iter().enumerate().map(|(n, raw)| reading(&town.plan, stage, moment(n), *raw)).collect()
    };
    // Up to BĐ3, down to BĐ2, above BĐ3 again and down to BĐ2, in the two hours that we were away.
    let stages = [3_600, 3_200, 3_200, 3_100, 3_600, 3_200, 3_200, 3_100];
    let event = hours(&town, 210, &stages);
    town.decide(&event);
    assert!(town.transitions().len() >= 4, "all of it is recorded: {:#?}", town.transitions());
    let told = told(&town);
    assert_eq!(told.len(), 1, "{told:?}");
    let bulletin = &town.bulletins()[0];
    assert_eq!((bulletin.act, bulletin.severity.step()), (Act::Issued, 3), "nobody was told before");
    assert!(bulletin.texts[0].title.ends_with("BĐ2"), "{:?}", bulletin.texts[0]);
    // What was told before and is as before is not told again.
    town.forget();
    town.now = town.now.plus(min(240));
    let event = hours(&town, 210, &stages);
    town.decide(&event);
    let flood = town.transitions().iter().filter(|t| t.hazard == Hazard::Flood).count();
    assert!(flood >= 2 && self::told(&town).is_empty(), "{flood} {:#?}", self::told(&town));
}

#[test]
fn rule_19_delivery_ids_are_the_same_in_every_run() {
    let run = || {
        let mut town = Town::new();
        town.stage("kim-long", 2.1);
        town.now = town.now.plus(min(10));
        town.stage("phu-oc", 4.6);
        town.deliveries()
    };
    let (first, second) = (run(), run());
    assert!(first.len() > 10);
    assert_eq!(first, second);
    let mut ids: Vec<_> = first.iter().map(|delivery| &delivery.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), first.len(), "and each is its own");
}

#[test]
fn rule_04_a_stuck_gauge_never_clears_an_alert() {
    let mut town = Town::new();
    for metres in [1.1, 2.1] {
        town.stage("kim-long", metres);
        town.now = town.now.plus(min(60));
    }
    // It stands still to the millimetre well below, for longer than the level is held.
    for _ in 0..40 {
        town.stage("kim-long", 0.5);
        town.now = town.now.plus(min(60));
    }
    assert_ne!(town.level("stage-kim-long.kim-long"), "none");
}

#[test]
fn rule_20_easing_goes_to_every_topic_of_the_episode() {
    let mut town = Town::new();
    let told_to = |town: &Town, act: Act| {
        let bulletins: Vec<_> = town.bulletins().into_iter().filter(|b| b.act == act).collect();
        let of = |d: &Delivery| match d.target {
            Target::Topic { severity_max } => {
                topics("hue", d.hazard, d.zone.as_ref().unwrap(), severity_max, &d.lang)
            }
            _ => Vec::new(),
        };
        let deliveries = town.deliveries();
        let theirs = deliveries.iter().filter(|d| bulletins.iter().any(|b| b.id == d.bulletin));
        theirs.flat_map(of).collect::<std::collections::BTreeSet<_>>()
    };
    for metres in [1.1, 2.1, 4.6, 3.2] {
        town.stage("kim-long", metres);
        town.now = town.now.plus(min(120));
    }
    let raised = told_to(&town, Act::Raised);
    town.forget();
    for n in 0..20_u8 {
        town.stage("kim-long", 0.5 + f64::from(n % 2) / 50.0);
        town.now = town.now.plus(min(60));
    }
    assert_eq!(town.level("stage-kim-long.kim-long"), "none");
    let eased = told_to(&town, Act::Eased);
    assert!(!raised.is_empty() && raised.is_subset(&eased), "{raised:?}\n{eased:?}");
    let kim_long = |b: &Bulletin| b.alert.to_string().starts_with("stage-kim-long");
    let over = town.bulletins().into_iter().rfind(kim_long).unwrap();
    assert_eq!(town.state.told.of(&over.alert), None, "it is over and forgotten");
}
