//! What warnings promise about time, data, hysteresis and restarts.

use sensors::quality::{Check, Quality};

use crate::hazard::Severity;
use crate::rule::RuleSet;
use crate::small::{RAIN, RELEASE, SISTER, STAGE, Site, level, minute, rules, rules_of};

pub(super) const SUSPECT: Quality = Quality::Suspect(Check::RateOfChange);

pub(super) fn at_2_0(more: &str) -> RuleSet {
    rules(&level("bd2", 3, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", more))
}

pub(super) fn ladder() -> RuleSet {
    let stage = |name, severity, raise: f64, hold: u32| {
        let when = format!("{{ exceeds = \"stage\", raise_m = {raise}, clear_m = {} }}", raise - 0.2);
        level(name, severity, &when, &format!("hold_s = {hold}"))
    };
    let levels = [stage("bd1", 2, 1.0, 46_800), stage("bd2", 3, 2.0, 3600), stage("bd3", 4, 3.5, 0)];
    rules(&levels.concat())
}

/// `from -> to` of each transition, with a question mark where it is not corroborated.
pub(super) fn steps(said: &[crate::alert::Transition]) -> Vec<String> {
    let mark = |sure: bool| if sure { "" } else { "?" };
    said.iter().map(|t| format!("{}->{}{}", t.from, t.to, mark(t.corroborated))).collect()
}

#[test]
fn rule_01_the_same_reading_again_changes_nothing_and_another_value_is_a_revision() {
    let mut site = Site::new(at_2_0(""));
    assert_eq!(steps(&site.stage(0, 2100)), ["none->bd2"]);
    let before = site.states.clone();
    assert!(site.stage(0, 2100).is_empty() && site.states == before);
    let revised = site.stage(0, 1700);
    assert_eq!(steps(&revised), ["bd2->none"]);
    assert_eq!((revised[0].measured_at, revised[0].at), (minute(0), site.now));
}

#[test]
fn rule_02_the_present_level_is_the_fold_in_event_time() {
    let readings = [(0, 2100), (10, 1700), (20, 1900)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut site = Site::new(at_2_0(""));
        for place in order {
            let (at, mm) = readings[place];
            site.stage(at, mm);
        }
        assert_eq!(site.level(), "none", "in the order {order:?}");
    }
}

#[test]
fn rule_02_what_a_late_reading_changes_is_stamped_with_its_arrival() {
    let mut site = Site::new(at_2_0(""));
    site.stage(0, 2100);
    site.stage(20, 1900);
    site.now = minute(90);
    let said = site.stage(10, 1700);
    assert_eq!(steps(&said), ["bd2->none"]);
    assert_eq!((said[0].at, said[0].measured_at), (site.now, minute(10)));
}

#[test]
fn rule_02_what_is_older_than_the_horizon_moves_no_level() {
    let mut site = Site::new(at_2_0(""));
    site.stage(0, 1000);
    site.stage(361, 1900);
    assert!(site.stage(0, 2500).is_empty());
    assert_eq!(steps(&site.stage(1, 2500)), ["none->bd2"]);
}

#[test]
fn rule_02_two_gauges_at_the_same_time_are_one_step_in_either_order() {
    let both = "{ all = [ { exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }, \
                { exceeds = \"stage\", station = \"phu-oc\", raise_m = 3.0, clear_m = 2.8 } ] }";
    for order in [[STAGE, SISTER], [SISTER, STAGE]] {
        let mut site = Site::new(rules(&level("both", 3, both, "")));
        for sensor in order {
            site.say(sensor, 0, Some(3100), Quality::Good);
        }
        assert_eq!(site.level(), "both");
        for sensor in order {
            site.say(sensor, 10, Some(3100), Quality::Good);
        }
        assert_eq!(steps(&site.say(SISTER, 10, Some(2000), Quality::Good)), ["both->none"]);
    }
}

#[test]
fn rule_03_missing_and_rejected_readings_neither_raise_nor_clear() {
    let mut site = Site::new(at_2_0("hold_s = 600"));
    let rejected = Quality::Rejected(Check::GrossRange);
    assert!(site.say(STAGE, 0, Some(9000), rejected).is_empty());
    site.stage(10, 2100);
    site.stage(20, 1700);
    // The hold would be over now, but nothing was measured.
    assert!(site.say(STAGE, 30, None, Quality::Missing).is_empty());
    assert!(site.say(STAGE, 40, Some(1000), rejected).is_empty());
    assert_eq!(site.level(), "bd2");
    assert_eq!(steps(&site.stage(50, 1700)), ["bd2->none"]);
}

#[test]
fn rule_03_an_alert_whose_sensor_falls_silent_stays() {
    let mut site = Site::new(at_2_0(""));
    site.stage(0, 2100);
    assert!(site.hush(STAGE, true).is_empty());
    site.say(SISTER, 5000, Some(0), Quality::Good);
    assert_eq!(site.level(), "bd2");
}

#[test]
fn rule_03_a_silence_is_no_hold() {
    let mut site = Site::new(at_2_0("hold_s = 3600"));
    site.stage(0, 2100);
    assert!(site.stage(10, 1700).is_empty());
    // Nobody knows how high the water stood in these three hours.
    assert!(site.stage(190, 1750).is_empty());
    for at in 1..=8 {
        // Nor do suspect readings say it.
        assert!(site.say(STAGE, 190 + at * 10, Some(1700), SUSPECT).is_empty());
    }
    assert!(site.stage(280, 1700).is_empty());
    assert!(site.stage(330, 1700).is_empty());
    assert_eq!(steps(&site.stage(340, 1700)), ["bd2->none"]);
}

#[test]
fn rule_03_a_late_reading_in_the_silence_makes_the_hold_whole() {
    let mut site = Site::new(at_2_0("hold_s = 3600"));
    for (at, mm) in [(0, 2100), (10, 1700), (130, 1750)] {
        site.stage(at, mm);
    }
    assert_eq!(site.level(), "bd2");
    assert_eq!(steps(&site.stage(70, 1700)), ["bd2->none"]);
}

#[test]
fn a_gauge_that_reports_as_seldom_as_the_hold_is_long_still_clears() {
    let mut site = Site::new(at_2_0("hold_s = 3600"));
    let said: Vec<_> = [2100, 1700, 1600, 1500]
        .into_iter()
        .zip(0..)
        .flat_map(|(mm, hour)| site.stage(hour * 60, mm))
        .collect();
    assert_eq!(steps(&said), ["none->bd2", "bd2->none"]);
}

#[test]
fn rule_04_a_suspect_reading_never_clears() {
    let mut site = Site::new(at_2_0(""));
    site.stage(0, 2100);
    for at in 1..100 {
        assert!(site.say(STAGE, at * 10, Some(500), SUSPECT).is_empty());
    }
    assert_eq!(steps(&site.stage(1000, 500)), ["bd2->none"]);
}

#[test]
fn rule_04_what_a_suspect_reading_raises_is_for_officers_until_a_trusted_one_confirms_it() {
    let mut site = Site::new(ladder());
    let doubt = site.say(STAGE, 0, Some(3600), SUSPECT);
    assert_eq!(steps(&doubt), ["none->bd3?"]);
    assert_eq!(site.level(), "none");
    let sure = site.stage(10, 2300);
    assert_eq!(steps(&sure), ["none->bd2", "bd3->bd2?"]);
    assert_eq!(sure[0].alert, doubt[0].alert, "it is the same episode");
    assert_eq!(
        (sure[0].severity_max, doubt[0].severity_max),
        (Severity::new(3).unwrap(), Severity::new(4).unwrap())
    );
}

#[test]
fn rule_04_a_doubt_that_proves_wrong_is_taken_back_from_officers_only() {
    let mut site = Site::new(at_2_0(""));
    assert_eq!(steps(&site.say(STAGE, 0, Some(2100), SUSPECT)), ["none->bd2?"]);
    assert_eq!(steps(&site.stage(10, 1000)), ["bd2->none?"]);
    assert_eq!(site.states[0].episode, None);
}

#[test]
fn rule_04_a_second_gauge_corroborates() {
    let either = "{ any = [ { exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }, \
                  { exceeds = \"stage\", station = \"phu-oc\", raise_m = 3.0, clear_m = 2.8 } ] }";
    let mut site = Site::new(rules(&level("either", 3, either, "")));
    assert_eq!(steps(&site.say(STAGE, 0, Some(2100), SUSPECT)), ["none->either?"]);
    assert_eq!(steps(&site.say(SISTER, 1, Some(3100), Quality::Good)), ["none->either"]);
}

#[test]
fn rule_05_silence_raises_on_the_clock_and_louder_while_the_river_was_rising() {
    let rising = "{ all = [ { silent = \"stage\" }, \
                  { rises = \"stage\", window_s = 3600, raise_m = 0.15, clear_m = 0.05 } ] }";
    let levels = level("silent", 2, "{ silent = \"stage\" }", "") + &level("silent-rising", 3, rising, "");
    let mut site = Site::new(rules(&levels));
    assert_eq!(steps(&site.hush(STAGE, true)), ["none->silent"]);
    assert_eq!(steps(&site.hush(STAGE, false)), ["silent->none"]);
    for at in 0..7 {
        site.stage(at * 10, 1000 + at * 50);
    }
    site.now = minute(600);
    let said = site.hush(STAGE, true);
    assert_eq!(steps(&said), ["none->silent-rising"]);
    assert_eq!((said[0].at, said[0].because[0].value.raw()), (minute(600), 1300));
}

fn rain_rules(when: &str) -> RuleSet {
    rules_of(&format!(
        "[[rule]]\nid = \"rain\"\nhazard = \"heavy-rain\"\nbasins = [\"bo\"]\nzones = \"all\"\nissue = \"officer\"\n{}",
        level("heavy", 2, when, "")
    ))
}

#[test]
fn rule_06_a_sum_with_gaps_may_raise_and_never_clears() {
    let when =
        "{ accumulates = \"rainfall\", station = \"g1\", window_s = 3600, raise_mm = 50, clear_mm = 30 }";
    let mut site = Site::new(rain_rules(when));
    site.say(RAIN[0], 10, Some(30_000), Quality::Good);
    let said = site.say(RAIN[0], 20, Some(30_000), Quality::Good);
    assert_eq!(steps(&said), ["none->heavy"]);
    assert!(said[0].measure.as_ref().unwrap().at_least, "forty minutes of the window are missing");
    // Dry again, but with a hole of ten minutes in every window until minute 110.
    for at in [30, 40, 60, 70, 80, 90, 100] {
        assert!(site.say(RAIN[0], at, Some(0), Quality::Good).is_empty(), "at {at}");
    }
    assert_eq!(steps(&site.say(RAIN[0], 110, Some(0), Quality::Good)), ["heavy->none"]);
}

#[test]
fn rule_06_missing_gauges_leave_the_weights_of_a_basin_mean() {
    let when = "{ accumulates = \"rainfall\", window_s = 3600, raise_mm = 60, clear_mm = 30 }";
    let mut site = Site::new(rain_rules(when));
    let mut said = Vec::new();
    for at in -5..=6 {
        for gauge in [0, 1] {
            let um = if at > 0 { 12_000 } else { 0 };
            said.extend(site.say(RAIN[gauge], at * 10, Some(um), Quality::Good));
        }
        said.extend(site.say(RAIN[2], at * 10, None, Quality::Missing));
    }
    assert_eq!(steps(&said), ["none->heavy"], "the third gauge is not taken for zero");
    assert_eq!(said[0].measure.as_ref().unwrap().value.raw(), 60_000);
    assert_eq!(said[0].because.len(), 2);
}

#[test]
fn rule_06_one_gauge_of_three_speaks_for_officers_only() {
    let when = "{ accumulates = \"rainfall\", window_s = 3600, raise_mm = 60, clear_mm = 30 }";
    let mut site = Site::new(rain_rules(when));
    let said: Vec<_> =
        (1..=6).flat_map(|at| site.say(RAIN[0], at * 10, Some(12_000), Quality::Good)).collect();
    assert_eq!(steps(&said), ["none->heavy?"]);
}

#[test]
fn rule_07_a_release_is_judged_by_the_total_to_the_river() {
    let rules = rules_of(&format!(
        "[[rule]]\nid = \"q\"\nhazard = \"release\"\nstations = [\"ta-trach\"]\nzones = \"station\"\nissue = \"automatic\"\n{}",
        level("q800", 3, "{ releases = \"release\", raise_m3_s = 800, clear_m3_s = 650 }", "")
    ));
    let mut site = Site::new(rules);
    assert!(site.say(RELEASE, 0, Some(799_999), Quality::Good).is_empty());
    assert_eq!(steps(&site.say(RELEASE, 10, Some(800_000), Quality::Good)), ["none->q800"]);
}

#[test]
fn rule_08_a_ladder_may_jump_several_levels_in_one_step() {
    let mut site = Site::new(ladder());
    let said = site.stage(0, 4000);
    assert_eq!(steps(&said), ["none->bd3"]);
    assert_eq!(said[0].alert.to_string(), "r.kim-long.20251116T140000Z");
    assert_eq!(steps(&site.stage(10, 2500)), ["bd3->bd2"]);
    let down: Vec<_> = (1..15).flat_map(|hour| site.stage(20 + hour * 60, 500)).collect();
    assert_eq!(steps(&down), ["bd2->bd1", "bd1->none"]);
    let down = &down[1..];
    assert_eq!(down[0].severity_max, Severity::new(4).unwrap());
    assert_eq!(site.states[0].episode, None);
}

#[test]
fn rule_08_a_level_is_confirmed_over_event_time() {
    let mut site = Site::new(at_2_0("confirm_s = 1200"));
    assert!(site.stage(0, 2100).is_empty());
    assert!(site.stage(10, 2100).is_empty());
    assert!(site.stage(15, 1900).is_empty());
    assert!(site.stage(30, 2100).is_empty(), "the wait begins anew");
    assert_eq!(steps(&site.stage(50, 2100)), ["none->bd2"]);
}

#[test]
fn rule_09_a_tide_is_one_episode_and_not_five() {
    let mut site = Site::new(ladder());
    let tide = |at: i64| {
        let phase = at as f64 / (12.42 * 60.0) * std::f64::consts::TAU;
        700 + (400.0 * phase.sin()) as i64
    };
    let said: Vec<_> = (0..360).flat_map(|n| site.stage(n * 10, tide(n * 10))).collect();
    assert_eq!(steps(&said), ["none->bd1"], "sixty hours of tide across BĐ1");
    assert_eq!(steps(&(360..460).flat_map(|n| site.stage(n * 10, 300)).collect::<Vec<_>>()), ["bd1->none"]);
}

#[test]
fn a_not_swaps_raise_and_clear() {
    let when = "{ not = { exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 } }";
    let mut site = Site::new(rules(&level("low", 1, when, "")));
    assert!(site.stage(0, 1900).is_empty(), "between the two nothing is sure");
    assert_eq!(steps(&site.stage(10, 1800)), ["none->low"]);
    assert!(site.stage(20, 1900).is_empty());
    assert!(site.say(STAGE, 30, Some(2500), SUSPECT).is_empty(), "a suspect reading never clears");
    assert_eq!(steps(&site.stage(40, 2000)), ["low->none"]);
}

#[test]
fn a_rule_raises_in_its_time_only_and_its_end_eases_nothing() {
    let rules = rules_of(&format!(
        "[[rule]]\nid = \"r\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"officer\"\n\
         from = \"2025-11-16T22:00:00+07:00\"\nuntil = \"2025-11-16T23:00:00+07:00\"\n{}",
        level("bd2", 3, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", "")
    ));
    let mut site = Site::new(rules);
    assert!(site.stage(50, 2500).is_empty());
    assert_eq!(steps(&site.stage(60, 2500)), ["none->bd2"]);
    assert!(site.stage(120, 2500).is_empty(), "the end of a rule is no news of the water");
    assert_eq!(steps(&site.stage(130, 1700)), ["bd2->none"]);
    assert!(site.stage(140, 2500).is_empty());
}

#[test]
fn a_rain_rule_that_begins_in_a_storm_sees_the_rain_that_fell_before() {
    let when =
        "{ accumulates = \"rainfall\", station = \"g1\", window_s = 3600, raise_mm = 50, clear_mm = 30 }";
    let rules = rules_of(&format!(
        "[[rule]]\nid = \"rain\"\nhazard = \"heavy-rain\"\nstations = [\"g1\"]\nzones = \"station\"\nissue = \"officer\"\n\
         from = \"2025-11-16T22:00:00+07:00\"\n{}",
        level("heavy", 2, when, "")
    ));
    let mut site = Site::new(rules);
    for at in 1..=5 {
        assert!(site.say(RAIN[0], at * 10, Some(15_000), Quality::Good).is_empty());
    }
    assert_eq!(steps(&site.say(RAIN[0], 60, Some(0), Quality::Good)), ["none->heavy"]);
}

#[test]
fn rule_04_a_value_over_the_instruments_range_reads_at_least() {
    let mut site = Site::new(at_2_0(""));
    let over = Quality::Suspect(Check::GrossRange);
    let said = site.say(STAGE, 0, Some(10_000), over);
    assert!(said[0].measure.as_ref().unwrap().at_least);
}

#[test]
fn an_episode_that_begins_anew_at_the_same_time_has_an_id_of_its_own() {
    let mut site = Site::new(at_2_0(""));
    let first = site.stage(0, 2100);
    site.stage(0, 1000);
    let second = site.stage(0, 2100);
    assert_ne!(first[0].alert, second[0].alert);
}

#[test]
fn a_level_that_was_taken_off_the_ladder_does_not_take_its_warning_along() {
    let mut site = Site::new(ladder());
    site.stage(0, 2500);
    let record = site.states[0].record(&site.rules.slots()[0]);
    site.rules = at_2_0("");
    let two = &site.rules;
    let other = rules(&level("high", 3, "{ exceeds = \"stage\", raise_m = 2.2, clear_m = 2.0 }", ""));
    for (rules, name) in [(two.clone(), "bd2"), (other, "high")] {
        let mut after = site.clone();
        after.states[0] = super::AlertState::restore(&record, &rules, crate::alert::SlotIx(0));
        after.rules = rules;
        assert_eq!(after.level(), name);
        assert!(after.stage(10, 2100).is_empty());
        assert_eq!(after.level(), name);
    }
}
