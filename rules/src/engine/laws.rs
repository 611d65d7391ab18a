//! What holds for any readings in any order: the fold, hysteresis, restarts.

use proptest::prelude::*;
use sensors::quality::{Check, Quality};
use sensors::time::Span;

use crate::rule::RuleSet;
use crate::small::{RAIN, SISTER, STAGE, Site, level, rules, rules_of};

use super::tests::{SUSPECT, at_2_0, ladder, steps};

/// Any readings of two stages within the horizon, each time once.
fn readings() -> impl Strategy<Value = Vec<(bool, i64, i64, u8)>> {
    proptest::collection::btree_map((any::<bool>(), 0_i64..36), (500_i64..4000, 0_u8..10), 1..40)
        .prop_map(|map| map.into_iter().map(|((a, at), (mm, q))| (a, at * 10, mm, q)).collect())
}

fn quality(q: u8) -> Quality {
    match q {
        0 => Quality::Missing,
        1 => SUSPECT,
        2 => Quality::Rejected(Check::GrossRange),
        _ => Quality::Good,
    }
}

fn mixed() -> RuleSet {
    let any = "{ any = [ { exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }, \
               { rises = \"stage\", window_s = 3600, raise_m = 0.8, clear_m = 0.4 } ] }";
    let all = "{ all = [ { exceeds = \"stage\", raise_m = 2.5, clear_m = 2.0 }, \
               { not = { exceeds = \"stage\", station = \"phu-oc\", raise_m = 3.0, clear_m = 2.8 } } ] }";
    rules(&(level("low", 2, any, "confirm_s = 600\nhold_s = 1800") + &level("high", 3, all, "hold_s = 600")))
}

/// Two stages with thresholds only, so that slots at rest take the short cut.
fn pair() -> RuleSet {
    let over = |raise: f64, station: &str| {
        format!(
            "{{ exceeds = \"stage\", station = \"{station}\", raise_m = {raise}, clear_m = {} }}",
            raise - 0.5
        )
    };
    let any = format!("{{ any = [ {}, {} ] }}", over(2.5, "kim-long"), over(3.0, "phu-oc"));
    let all = format!("{{ all = [ {}, {} ] }}", over(2.0, "kim-long"), over(2.5, "phu-oc"));
    rules(&(level("all", 2, &all, "hold_s = 1200") + &level("any", 3, &any, "confirm_s = 600")))
}

fn rule_set(which: u8) -> RuleSet {
    match which {
        0 => ladder(),
        1 => mixed(),
        _ => pair(),
    }
}

fn basin() -> RuleSet {
    let when = "{ accumulates = \"rainfall\", window_s = 3600, raise_mm = 40, clear_mm = 20 }";
    rules_of(&format!(
        "[[rule]]\nid = \"rain\"\nhazard = \"heavy-rain\"\nbasins = [\"bo\"]\nzones = \"all\"\nissue = \"officer\"\n{}",
        level("heavy", 2, when, "hold_s = 600")
    ))
}

fn tell(site: &mut Site, (first, at, mm, q): (bool, i64, i64, u8)) -> Vec<crate::alert::Transition> {
    site.say(if first { STAGE } else { SISTER }, at, (q != 0).then_some(mm), quality(q))
}

/// Three gauges that count alike; each says so many mm in the six readings of an hour, or nothing.
fn over_the_basin(hour: [Option<(i64, Quality)>; 3]) -> Site {
    let mut site = Site::new(basin());
    for n in 1..=6 {
        for (gauge, said) in RAIN.into_iter().zip(hour) {
            if let Some((mm, quality)) = said {
                site.say(gauge, n * 10, Some(mm * 1000 / 6), quality);
            }
        }
    }
    site
}

#[test]
fn rule_06_missing_rejected_and_clogged_gauges_leave_a_basins_mean_and_are_not_zero() {
    let wet = Some((48, Quality::Good));
    let out = [
        None,
        Some((999, Quality::Rejected(Check::GrossRange))),
        Some((0, Quality::Suspect(Check::Clogged))),
        Some((0, Quality::Suspect(Check::DeadOnZero))),
    ];
    for third in out {
        let site = over_the_basin([wet, wet, third]);
        assert_eq!((site.level(), site.states[0].doubted), ("heavy", 1), "{third:?}");
    }
    assert_eq!(over_the_basin([wet, wet, Some((0, Quality::Good))]).level(), "none", "32 mm in the mean");
    // With less than half of the basin heard, officers are told and nobody else.
    let thin = over_the_basin([wet, None, None]);
    assert_eq!((thin.level(), thin.states[0].doubted), ("none", 1));
}

#[test]
fn a_gauge_that_missed_its_turn_does_not_hold_a_basin_back() {
    let mut site = Site::new(basin());
    for n in 1..=8 {
        // The third dies after an hour without rain to speak of; its deadline is half an hour.
        let mm = if n <= 6 { 0 } else { 31_000 };
        for gauge in RAIN.into_iter().take(if n <= 6 { 3 } else { 2 }) {
            site.say(gauge, n * 10, Some(mm), Quality::Good);
        }
        if n == 7 {
            assert_eq!(site.level(), "none", "the third may still come");
        } else if n == 8 {
            assert_eq!(site.level(), "heavy", "41 mm in the mean after twenty minutes");
        }
    }
}

#[test]
fn a_basin_whose_gauges_are_all_behind_the_moment_of_a_stage_is_still_judged() {
    let when = "{ all = [{ accumulates = \"rainfall\", basin = \"bo\", window_s = 3600, raise_mm = 40, clear_mm = 20 }, { exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }] }";
    let mut site = Site::new(rules(&level("both", 2, when, "")));
    for n in 1..=6 {
        for gauge in RAIN {
            site.say(gauge, n * 10, Some(10_000), Quality::Good);
        }
    }
    site.stage(85, 2_400);
    assert_eq!(site.level(), "both");
}

proptest! {
    #[test]
    fn rule_02_any_order_of_arrival_ends_in_the_same_level(
        readings in readings(), order in proptest::collection::vec(any::<u32>(), 40), which in 0_u8..3,
    ) {
        let rules = rule_set(which);
        let (mut straight, mut shuffled) = (Site::new(rules.clone()), Site::new(rules));
        let mut by_time = readings.clone();
        by_time.sort_by_key(|r| r.1);
        let mut mixed_up: Vec<_> = readings.iter().zip(&order).collect();
        mixed_up.sort_by_key(|(_, key)| **key);
        for reading in by_time {
            tell(&mut straight, reading);
        }
        for (reading, _) in mixed_up {
            tell(&mut shuffled, *reading);
        }
        prop_assert_eq!(straight.states[0].core(), shuffled.states[0].core());
        prop_assert_eq!(straight.states[0].level, shuffled.states[0].level);
        prop_assert_eq!(straight.states[0].doubted, shuffled.states[0].doubted);
    }

    #[test]
    fn rule_02_rain_over_a_basin_ends_in_the_same_level_in_any_order(
        rain in proptest::collection::btree_map((0_usize..3, 0_i64..30), (0_i64..9, 0_u8..20), 1..90),
        order in proptest::collection::vec(any::<u32>(), 90),
    ) {
        let (mut straight, mut shuffled) = (Site::new(basin()), Site::new(basin()));
        // Half of the depths are zero, as in life; a gauge's seconds differ from its neighbours'.
        let tell = |site: &mut Site, ((gauge, n), (mm, q)): ((usize, i64), (i64, u8))| {
            let raw = (q != 0).then_some((mm - 4).max(0) * 4000);
            site.say(RAIN[gauge], n * 10 + gauge as i64, raw, quality(q));
        };
        let mut by_time: Vec<_> = rain.clone().into_iter().collect();
        by_time.sort_by_key(|((gauge, n), _)| (*n, *gauge));
        let mut mixed_up: Vec<_> = rain.into_iter().zip(&order).collect();
        mixed_up.sort_by_key(|(_, key)| **key);
        for reading in by_time {
            tell(&mut straight, reading);
        }
        for (reading, _) in mixed_up {
            tell(&mut shuffled, reading);
        }
        prop_assert_eq!(straight.states[0].core(), shuffled.states[0].core());
        prop_assert_eq!(straight.level(), shuffled.level());
    }

    #[test]
    fn rule_09_hysteresis_never_flaps(stages in proptest::collection::vec(1801_i64..2100, 1..60)) {
        // Whatever happens above the clear, a level is raised at most once and never cleared.
        let mut site = Site::new(at_2_0(""));
        let said: Vec<_> =
            (0_i64..).zip(stages).flat_map(|(n, mm)| site.stage(n * 10, mm)).collect();
        prop_assert!(said.len() <= 1, "{:?}", steps(&said));
    }

    #[test]
    fn a_restart_at_any_moment_changes_nothing_later(
        readings in readings(), order in proptest::collection::vec(any::<u32>(), 40), which in 0_u8..3,
    ) {
        let rules = rule_set(which);
        let (mut steady, mut restarted) = (Site::new(rules.clone()), Site::new(rules));
        let mut mixed_up: Vec<_> = readings.iter().zip(&order).collect();
        mixed_up.sort_by_key(|(reading, key)| (reading.1 / 100, **key));
        for (reading, _) in mixed_up {
            prop_assert_eq!(tell(&mut steady, *reading), tell(&mut restarted, *reading));
            restarted.restart();
            prop_assert_eq!(&steady.states, &restarted.states);
        }
    }

    #[test]
    fn a_slot_at_rest_misses_nothing(readings in readings()) {
        // The short cut for slots at rest gives what the whole fold gives.
        let mut site = Site::new(ladder());
        let mut whole = site.clone();
        for reading in readings.into_iter().filter(|r| r.0) {
            let short = tell(&mut site, reading);
            whole.states[0].rests_since = sensors::time::Timestamp::MAX;
            let long = tell(&mut whole, reading);
            prop_assert_eq!(short, long);
            prop_assert_eq!(site.states[0].core(), whole.states[0].core());
        }
        prop_assert!(site.rules.horizon() >= Span::from_h(6));
    }
}
