//! Promises of what bears out a doubted stage.

use sensors::quality::neighbour::{Neighbours, RainLimits, Reach, StageLimits};
use sensors::quality::{Check, Quality};
use sensors::time::Span;

use crate::alert::Transition;
use crate::rule::RuleSet;
use crate::small::{RAIN, RELEASE, STAGE, Site, city, level};

/// Kim Long with its basin and its dam.
fn site() -> Site {
    let mut city = city();
    let reach = Reach {
        stage: STAGE,
        gauges: RAIN.into(),
        releases: [RELEASE].into(),
        beside: Box::default(),
        lag_max: Span::from_h(6),
        tidal: false,
    };
    city.neighbours = Neighbours::new(&city, RainLimits::default(), StageLimits::default(), vec![reach], &[]);
    let when = "{ exceeds = \"stage\", raise_m = 2.0, clear_m = 1.8 }";
    let text = format!(
        "[[rule]]\nid = \"r\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"\n{}",
        level("bd2", 3, when, "")
    );
    Site::new(RuleSet::parse("rules.toml", &text, &city).unwrap())
}

/// Six hours of rain at every gauge and of a release, then a stage of 2.4 m that a check doubts.
fn flood(rain_um: i64, release_l_s: i64, doubt: Check, minutes: i64) -> Vec<Transition> {
    let mut site = site();
    for n in 1..=36 {
        for gauge in RAIN {
            site.say(gauge, n * 10 - 360, Some(rain_um), Quality::Good);
        }
        site.say(RELEASE, n * 10 - 360, Some(release_l_s), Quality::Good);
    }
    let high = (0..=minutes / 10).flat_map(|n| site.say(STAGE, n * 10, Some(2_400), Quality::Suspect(doubt)));
    high.filter(|transition| transition.corroborated).collect()
}

#[test]
fn rule_04_a_suspect_stage_that_lasts_is_borne_out_by_rain_or_a_release_upstream() {
    for (rain, release) in [(3_000, 100_000), (0, 900_000)] {
        let said = flood(rain, release, Check::GrossRange, 90);
        assert_eq!(said.len(), 1, "{rain} µm, {release} l/s");
        assert_eq!((said[0].to.as_str(), said[0].measured_at), ("bd2", crate::small::minute(60)));
    }
}

#[test]
fn rule_04_a_suspect_stage_that_nothing_explains_or_that_does_not_last_stays_with_officers() {
    assert_eq!(flood(0, 100_000, Check::GrossRange, 300), [], "neither rain nor a release");
    assert_eq!(flood(3_000, 900_000, Check::GrossRange, 50), [], "not for an hour");
    for stuck in [Check::FlatLine, Check::AttenuatedSignal, Check::Device, Check::MultiVariate] {
        assert_eq!(flood(3_000, 900_000, stuck, 300), [], "{stuck:?} is no doubt of its height");
    }
}
