//! The tests of rules, tested.

use std::sync::Arc;

use super::{FILE, What, run_rule_tests};
use crate::backtest::plan_with;
use crate::plan::Texts;
use crate::watch::snapshot::Plan;

fn hue() -> Arc<Plan> {
    Arc::new(Plan::join(&Texts::embedded()).unwrap())
}

const HEAD: &str = "[[test]]\nname = \"t\"\n[[test.series]]\nstation = \"phu-oc\"\nstart = \"2025-11-16T00:00:00+07:00\"\nstep_s = 3600\nvalues = [1.2, 1.6, 2.0]\n";

fn expecting(what: &str) -> String {
    format!("{HEAD}[[test.expect]]\n{what}\n")
}

#[test]
fn the_rules_of_hue_make_of_readings_what_their_tests_say() {
    let plan = hue();
    let failures: Vec<String> = plan.rule_tests.run(&plan).iter().map(ToString::to_string).collect();
    assert!(plan.rule_tests.len() > 30);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_rule_of_hue_has_a_test_that_raises_it_one_that_eases_it_and_one_that_does_neither() {
    let plan = hue();
    for slot in plan.rules.slots() {
        let rule = &slot.rule.id.0;
        let expected = || plan.rule_tests.tests.iter().flat_map(|test| &test.expected);
        let has = |wanted: Option<bool>| {
            expected().any(|expected| match &expected.what {
                What::Change { alert, raised, .. } => alert.rule == *rule && wanted == Some(*raised),
                What::Nothing(alert) => alert.rule == *rule && wanted.is_none(),
                What::Silence => false,
            })
        };
        assert!(has(Some(true)), "no test raises {rule}");
        assert!(has(Some(false)), "no test eases {rule}");
        assert!(has(None), "no test leaves {rule} alone");
    }
}

#[test]
fn a_test_that_fails_says_what_was_expected_and_what_happened() {
    let text = expecting(
        "at = \"2025-11-16T02:00:00+07:00\"\nrule = \"stage-phu-oc\"\nsubject = \"phu-oc\"\nchange = \"raised\"\nlevel = \"bd1\"",
    );
    let failures = run_rule_tests(&hue(), &text).unwrap();
    let told = failures[0].to_string();
    assert!(told.starts_with(&format!("{FILE}:9: test \"t\": expected at 2025-11-15T19:00:00Z")), "{told}");
    assert!(
        told.contains("what happened: at 2025-11-15T18:00:00Z stage-phu-oc.phu-oc none -> bd1"),
        "{told}"
    );
    // The change that nobody expected is told too.
    assert!(failures[1].to_string().contains("nothing more of this alert"), "{}", failures[1]);
}

#[test]
fn a_changed_rule_fails_the_test_that_its_threshold_broke() {
    let old = hue();
    let rules = Texts::embedded().text("rules.toml").unwrap().replacen(
        "raise_m = 3.0, clear_m = 2.8",
        "raise_m = 2.9, clear_m = 2.7",
        1,
    );
    let new = Arc::new(plan_with(&old, "rules.toml", &rules).unwrap());
    let failed: Vec<String> = old.rule_tests.run(&new).into_iter().map(|failure| failure.test).collect();
    assert!(failed.contains(&"a stage just below BĐ2 at Phú Ốc stays BĐ1".to_owned()), "{failed:?}");
}

#[test]
fn mistakes_are_told_with_their_line() {
    let plan = hue();
    let wrong = |what: &str| {
        let mistakes = run_rule_tests(&plan, &expecting(what)).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let told = wrong("at = \"yesterday\"\nrule = \"r\"\nsubject = \"s\"\nchange = \"flies\"\ncolour = 1");
    assert!(told.contains("rules.test.toml:9: test[0].expect[0].at: this is no time"), "{told}");
    assert!(told.contains("test[0].expect[0].change: \"flies\" is not known"), "{told}");
    assert!(told.contains("test[0].expect[0].colour: the key is unknown"), "{told}");
    let strange = HEAD.replace("phu-oc", "atlantis");
    let told = format!("{:?}", run_rule_tests(&plan, &strange).unwrap_err());
    let told = told.replace('\\', "");
    assert!(told.contains("there is no station \"atlantis\""), "{told}");
}

/// Huế with a barometer on every mast, and the rule that stands in a comment for that day.
fn with_barometers() -> Arc<Plan> {
    let mut texts = Texts::embedded();
    let rename = |text: &mut String, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        *text = text.replace(from, to);
    };
    let limits = "[defaults.air_pressure]\nspan_hPa = [850.0, 1080.0]\ninterval_s = 600\njitter_s = 120\n\
                  patience_s = 1200\n\n[defaults.wind_speed]";
    let field = "[[field]]\nparameter = \"air_pressure\"\npointer = \"/pressure\"\n";
    for (name, text) in &mut texts.files {
        match name.as_str() {
            "stations.toml" => {
                rename(text, "[defaults.wind_speed]", limits);
                rename(text, "\"wind_direction\"]", "\"wind_direction\", \"air_pressure\"]");
            }
            "rules.toml" => {
                let (_, rest) = text.split_once("# A storm's pressure fall.").unwrap();
                let lines = rest.lines().skip(1).take_while(|line| line.starts_with('#'));
                let lines = lines.skip_while(|line| !line.starts_with("# [[rule]]"));
                let rule: Vec<&str> = lines.map(|line| line.trim_start_matches(['#', ' '])).collect();
                *text = format!("{text}\n{}\n", rule.join("\n"));
            }
            _ if name.starts_with("phrases.") => {
                rename(text, "\n[unit]\n", "\n[unit]\nhPa = \"hPa\"\n");
                rename(text, "\n[parameter]\n", "\n[parameter]\nair_pressure = \"khí áp\"\n");
                rename(text, "\n[level]\n", "\n[level]\nfalling = \"giảm\"\nfalling-fast = \"giảm nhanh\"\n");
                rename(text, "\n[warning.wind]\n", "\n[warning.wind]\nadvice_2 = \"neo tàu.\"\n");
            }
            _ if name.ends_with("wind-json.toml") => {
                let (fields, _) = text.split_once("[[recorded]]").unwrap();
                *text = format!("{fields}{field}");
            }
            _ => {}
        }
    }
    Arc::new(Plan::join(&texts).unwrap_or_else(|wrong| panic!("{wrong}")))
}

#[test]
fn the_pressure_rule_that_waits_for_a_barometer_raises_eases_and_leaves_the_daily_tide_alone() {
    let plan = with_barometers();
    let head = |name: &str, values: &str| {
        format!(
            "[[test]]\nname = \"{name}\"\n[[test.series]]\nstation = \"759002\"\nparameter = \"air_pressure\"\n\
             start = \"2025-11-16T00:00:00+07:00\"\nstep_s = 3600\nvalues = [{values}]\n[[test.expect]]\n"
        )
    };
    let expect = |at: &str, change: &str, level: &str| {
        format!(
            "at = \"2025-11-16T{at}:00:00+07:00\"\nrule = \"pressure-fall\"\nsubject = \"759002\"\n\
             change = \"{change}\"\nlevel = \"{level}\"\n"
        )
    };
    // A storm: 9 hPa in three hours, then it holds.
    let storm =
        head("storm", "1008.0, 1007.0, 1004.0, 999.0, 997.0, 997.0, 997.0, 997.0, 997.0, 997.0, 997.0")
            + &[expect("02", "raised", "falling"), expect("03", "raised", "falling-fast")]
                .join("[[test.expect]]\n")
            + "[[test.expect]]\n"
            + &expect("07", "eased", "falling")
            + "[[test.expect]]\n"
            + &expect("08", "eased", "none");
    // The half-daily tide of the air is about 2 hPa in the tropics [K].
    let quiet = head("tide", "1010.0, 1009.5, 1009.0, 1008.3, 1008.0, 1008.4, 1009.0, 1010.0")
        + "between = [\"2025-11-16T00:00:00+07:00\", \"2025-11-16T08:00:00+07:00\"]\nrule = \"pressure-fall\"\n\
           subject = \"759002\"\nchange = \"none\"\n";
    for text in [storm, quiet] {
        let failures: Vec<String> =
            run_rule_tests(&plan, &text).unwrap().iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
    // It tells officers and says nothing in Huế as it is.
    assert!(hue().rules.slots().iter().all(|slot| slot.rule.id.0.as_ref() != "pressure-fall"));
}
