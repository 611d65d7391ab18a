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
