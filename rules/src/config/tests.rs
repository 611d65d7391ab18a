//! Mistakes in rules are told all at once; what is right is compiled.

use sensors::city::{City, Parts};
use sensors::mistake::Mistake;
use sensors::quantity::Value;
use sensors::station::{Sensor, SensorId};
use sensors::time::Span;

use crate::rule::{IssuePolicy, RuleSet};
use crate::small::{RAIN, STAGE, city, level, rules, rules_of};

const HEAD: &str = "[[rule]]\nid = \"r\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"\n";

fn mistakes(text: &str) -> Vec<Mistake> {
    RuleSet::parse("rules.toml", text, &city()).unwrap_err()
}

/// The one mistake of a rule with one level of this condition, as it is told.
fn refusal(when: &str) -> String {
    let found = mistakes(&format!("{HEAD}{}", level("one", 2, when, "")));
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    told.concat()
}

#[test]
fn a_mistake_names_file_line_key_what_is_wrong_and_what_is_allowed() {
    assert_eq!(
        refusal("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 2.0 }"),
        "rules.toml:10: rule[0].level[0].when.clear_m: there is no hysteresis; allowed is less than the raise of 2 m"
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = format!(
        "surprise = 1\n{HEAD}{}{}\n[[rule]]\nid = \"r\"\nhazard = \"tsunami\"\nstations = [\"atlantis\"]\nzones = []\n{}",
        level("one", 3, "{ exceeds = \"stage\", raise_m = 1.0, clear_m = 0.8 }", "colour = \"red\""),
        level("two", 2, "{ exceeds = \"stage\", raise_m = 0.9, clear_m = 0.8 }", "hold_s = -1"),
        level("three", 9, "{ exceeds = \"flow\", raise_m = 1.0, clear_m = 0.8 }", ""),
    );
    let told: Vec<String> = mistakes(&text).iter().map(ToString::to_string).collect();
    for part in [
        "surprise: the key is unknown",
        "level[0].colour: the key is unknown",
        "level[1].hold_s: -1 is out of range",
        "level[1].severity: two is less severe",
        "level[1].when: two is raised or cleared lower",
        "rule[1].id: rule \"r\" is given twice",
        "rule[1].hazard: \"tsunami\" is no hazard; allowed are flood",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
}

#[test]
fn rule_09_a_rule_without_hysteresis_is_refused() {
    assert!(refusal("{ exceeds = \"stage\", raise_m = 2.0, clear_m = 2.5 }").contains("no hysteresis"));
    assert!(refusal("{ exceeds = \"stage\", raise_m = 2.0 }").contains("clear_m: the key is missing"));
}

#[test]
fn what_no_sensor_could_measure_is_refused() {
    let millimetres = refusal("{ exceeds = \"stage\", raise_m = 2000, clear_m = 1.8 }");
    assert!(millimetres.contains("2000 m is more or less than could be measured; allowed is -2 to 10 m"));
    assert!(
        refusal("{ rises = \"stage\", window_s = 3600, raise_m = 13.0, clear_m = 0.1 }")
            .contains("0 to 12 m")
    );
}

#[test]
fn what_is_not_there_is_refused() {
    for (when, part) in [
        ("{ exceeds = \"rainfall\", raise_mm = 2.0, clear_mm = 1.0 }", "kim-long does not measure rainfall"),
        ("{ exceeds = \"stage\", station = \"x\", raise_m = 2.0, clear_m = 1.0 }", "there is no station x"),
        (
            "{ accumulates = \"rainfall\", basin = \"x\", window_s = 60, raise_mm = 2, clear_mm = 1 }",
            "no basin x",
        ),
        ("{ accumulates = \"stage\", window_s = 60, raise_m = 2, clear_m = 1 }", "stage can't be added up"),
        ("{ silent = \"rainfall\" }", "kim-long has no such sensor"),
        ("{ all = [] }", "there is nothing in it"),
        ("{ }", "0 conditions are given; needed is exactly one of exceeds"),
    ] {
        let told: Vec<String> = mistakes(&format!("{HEAD}{}", level("one", 2, when, "")))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert!(told.iter().any(|line| line.contains(part)), "{part} is not in {told:#?}");
    }
}

#[test]
fn rule_07_a_release_is_judged_as_a_release_only() {
    let as_value = "{ exceeds = \"release\", station = \"ta-trach\", raise_m3_s = 800, clear_m3_s = 650 }";
    let told = mistakes(&format!("{HEAD}{}", level("one", 2, as_value, "")));
    assert!(told.iter().any(|m| m.wrong == "exceeds does not judge release"), "{told:#?}");
}

#[test]
fn a_public_rule_without_zones_is_refused() {
    let text = HEAD.replace("zones = \"station\"\n", "")
        + &level("one", 2, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.0 }", "");
    assert!(mistakes(&text)[0].to_string().contains("rule[0].zones: the key is missing"));
}

#[test]
fn silence_takes_no_delay_of_its_own() {
    let found = mistakes(&format!("{HEAD}{}", level("one", 2, "{ silent = \"stage\" }", "hold_s = 60")));
    assert!(found[0].to_string().contains("a ladder with silence in it has a delay"));
}

#[test]
fn issue_policies_are_read_and_kept() {
    let policy = |issue: &str| {
        let when = "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.0 }";
        rules(&level("one", 2, when, issue)).slots()[0].levels[0].issue
    };
    assert_eq!(policy(""), IssuePolicy::Automatic);
    assert_eq!(policy("issue = \"officer\""), IssuePolicy::Officer);
    assert_eq!(policy("officer_within_s = 600"), IssuePolicy::OfficerWithin(Span::from_min(10)));
}

#[test]
fn every_gauge_is_a_subject_of_its_own() {
    let rules = rules_of(&format!(
        "[[rule]]\nid = \"rain\"\nhazard = \"heavy-rain\"\nevery = \"rainfall\"\nexcept = [\"g2\"]\nzones = \"station\"\nissue = \"officer\"\n{}",
        level("r", 1, "{ accumulates = \"rainfall\", window_s = 86400, raise_mm = 100, clear_mm = 70 }", "")
    ));
    assert_eq!(rules.slots().iter().map(crate::rule::Slot::key).collect::<Vec<_>>(), ["rain.g1", "rain.g3"]);
    assert_eq!(rules.touched_by(RAIN[2]), [rules.slot_named("rain.g3").unwrap()]);
    assert!(rules.touched_by(RAIN[1]).is_empty() && rules.silence_slots(STAGE).is_empty());
    assert_eq!(rules.retention(), Span::from_min(24 * 60 + 6 * 60 + 30));
}

#[test]
fn a_version_follows_the_definition_and_not_the_layout() {
    let one = level("one", 2, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.0 }", "");
    let (plain, spaced) = (rules(&one), rules(&format!("\n# why\n{one}")));
    let other = rules(&one.replace("clear_m = 1.0", "clear_m = 1.1"));
    assert_eq!(plain.version, spaced.version);
    assert_ne!(plain.version, other.version);
    assert_ne!(plain.slots()[0].rule.version, other.slots()[0].rule.version);
    let version = |top: &str| rules_of(&format!("{top}{HEAD}{one}")).version;
    assert_ne!(version(""), version("reorder_horizon_s = 3600\n"), "how far back late data counts is of it");
    assert_eq!(version(""), version("reorder_horizon_s = 21600\n"), "as when it is not said");
}

/// Every mistake of a rules file, as told, in one text.
fn told(text: &str) -> String {
    mistakes(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_named_twice_would_warn_twice_and_is_refused() {
    let one = level("one", 2, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", "");
    let stations = HEAD.replace("[\"kim-long\"]", "[\"kim-long\", \"kim-long\"]");
    assert!(told(&format!("{stations}{one}")).contains("stations[1]: kim-long is named twice"));
    let zones = HEAD.replace("\"station\"", "[\"vy-da\", \"vy-da\"]");
    assert!(told(&format!("{zones}{one}")).contains("zones[1]: vy-da is named twice"));
}

#[test]
fn rule_06_the_depth_of_an_interval_of_any_length_is_no_value_to_compare() {
    let rain = HEAD.replace("kim-long", "g1");
    for when in [
        "{ exceeds = \"rainfall\", raise_mm = 20, clear_mm = 10 }",
        "{ rises = \"rainfall\", window_s = 3600, raise_mm = 20, clear_mm = 10 }",
    ] {
        let told = told(&format!("{rain}{}", level("one", 2, when, "")));
        assert!(told.contains("does not judge rainfall; allowed is accumulates"), "{told}");
    }
}

#[test]
fn a_window_that_no_reading_could_fill_is_refused() {
    let rises = refusal("{ rises = \"stage\", window_s = 300, raise_m = 0.2, clear_m = 0.1 }");
    assert!(rises.contains("window_s: a window of 300 s is shorter than the sensor's interval"), "{rises}");
    let rain = "{ accumulates = \"rainfall\", station = \"g1\", window_s = 300, raise_mm = 9, clear_mm = 3 }";
    assert!(refusal(rain).contains("allowed is 600 s or more"));
}

#[test]
fn no_level_beside_one_on_silence_takes_a_delay() {
    let silent = level("one", 2, "{ silent = \"stage\" }", "");
    let stage = "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }";
    let told = told(&format!("{HEAD}{silent}{}", level("two", 3, stage, "hold_s = 3600")));
    assert!(told.contains("level[1].hold_s: a ladder with silence in it has a delay"), "{told}");
}

#[test]
fn an_exception_from_a_list_is_refused() {
    let one = level("one", 2, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", "");
    let text = HEAD.replace("zones", "except = [\"phu-oc\"]\nzones");
    assert!(told(&format!("{text}{one}")).contains("except: there is no `every`"));
}

#[test]
fn a_rule_without_a_subject_is_told_so_and_nothing_else() {
    let one = level("one", 2, "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }", "");
    for (stations, wrong) in [("[]", "nothing is named"), ("[\"atlantis\"]", "there is no station atlantis")]
    {
        let told = told(&format!("{}{one}", HEAD.replace("[\"kim-long\"]", stations)));
        assert!(told.contains(wrong) && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn one_of_two_sensors_of_a_parameter_is_named_and_never_guessed() {
    let City { mut sensors, stations, zones, lines, .. } = city();
    for name in ["radar", "pressure"] {
        let id = SensorId { name: Some(name.into()), ..sensors[STAGE.at()].id.clone() };
        sensors.push(Sensor { id, ..sensors[STAGE.at()].clone() });
    }
    sensors.swap_remove(STAGE.at());
    let city =
        City::assemble("two", "Two", 420, Parts { stations, sensors, zones, basins: Vec::new(), lines })
            .unwrap();
    let parse = |sensor: &str| {
        let when = format!("{{ exceeds = \"stage\", {sensor}raise_m = 2.0, clear_m = 1.8 }}");
        RuleSet::parse("rules.toml", &format!("{HEAD}{}", level("one", 2, &when, "")), &city)
    };
    let mistakes = parse("").unwrap_err();
    let told = mistakes[0].to_string();
    assert!(told.contains("kim-long has 2 sensors of stage; allowed is `sensor`"), "{told}");
    assert_eq!(mistakes.len(), 1, "no other key is blamed for it");
    assert!(parse("sensor = \"radar\", ").is_ok() && parse("sensor = \"float\", ").is_err());
}

#[test]
fn rules_are_checked_beside_a_city_whose_limits_are_wrong() {
    let City { mut sensors, stations, zones, basins, lines, .. } = city();
    // What stands in for a span that could not be read.
    sensors[STAGE.at()].span = (Value::from_raw(i64::MIN), Value::from_raw(i64::MAX));
    let city = City::assemble("x", "X", 420, Parts { stations, sensors, zones, basins, lines }).unwrap();
    let when = "{ rises = \"stage\", window_s = 3600, raise_m = 0.3, clear_m = 0.1 }";
    assert!(RuleSet::parse("rules.toml", &format!("{HEAD}{}", level("one", 2, when, "")), &city).is_ok());
}
