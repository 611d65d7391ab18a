//! One bulletin for one hazard and its zones; and no hazard mutes another.

use super::super::rig::{reading, sensor};
use super::score::{Score, anything, approve, between, decline, hue_with};
use crate::desk::warning::{Act, Phase};

/// Another alarm stage that is for the very wards of Kim Long.
const SECOND: &str = "[[rule]]\nid = \"stage-da-vien\"\nhazard = \"flood\"\nstations = [\"STATION\"]\nzones = [ZONES]\nPOLICY\n\n[[rule.level]]\nname = \"bd1\"\nseverity = 2\nwhen = { exceeds = \"stage\", raise_m = 1.0, clear_m = 0.8 }\nhold_s = 3600\n\n";

fn with_second(policy: &str) -> std::sync::Arc<crate::watch::snapshot::Plan> {
    with_second_of(policy, "severity = 2")
}

fn with_second_of(policy: &str, severity: &str) -> std::sync::Arc<crate::watch::snapshot::Plan> {
    let plan = crate::watch::snapshot::Plan::load(None).unwrap();
    let kim_long = plan.city.stations.iter().find(|s| s.id.as_str() == "kim-long").unwrap();
    let zones: Vec<String> = kim_long.zones.iter().map(|zone| format!("{:?}", zone.as_str())).collect();
    let second =
        SECOND.replace("ZONES", &zones.join(", ")).replace("STATION", "750044").replace("POLICY", policy);
    let second = second.replace("severity = 2", severity);
    let head = "[[rule]]\nid = \"stage-phu-oc\"";
    let first = "id = \"stage-kim-long\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"";
    let ours = first.replace("issue = \"automatic\"", policy);
    hue_with(&[(head, &format!("{second}{head}")), (first, &ours)])
}

fn both(score: &mut Score) {
    let plan = score.town.plan.clone();
    let stage = |id: &str, raw| reading(&plan, sensor(&plan, id), score.town.now, raw);
    let events = [stage("750044/stage", 1_200), stage("kim-long/stage", 2_100)];
    score.town.decide(&events);
}

#[test]
fn two_gauges_of_one_hazard_and_zones_are_one_bulletin_and_the_most_severe_speaks() {
    let mut score = Score::of(with_second("issue = \"automatic\""));
    score.at("17 03:00");
    both(&mut score);
    score.expect(between("17 03:00", "17 03:00"), anything("stage-"));
    let out = score.town.bulletins().into_iter().find(|b| b.automatic && b.hazard.is_public()).unwrap();
    assert!(out.alert.0.starts_with("stage-kim-long"), "{out:?}");
    let joined = score.paper("stage-da-vien");
    assert_eq!(joined.phase, Phase::Issued);
    assert_eq!(joined.last_step().unwrap().why.as_deref(), Some(&*out.alert.0), "it says who spoke for it");
    assert_eq!(score.paper("stage-kim-long").last_step().unwrap().what, "joined_by");
    // When it is over, those who were told are told.
    score.stays("750044", 0.5, "17 05:00");
    score.expect(between("17 04:00", "17 05:00"), super::score::eased("stage-da-vien", "none"));
}

#[test]
fn rule_10_a_release_and_a_stage_of_one_moment_are_two_bulletins() {
    let mut score = Score::new();
    score.at("17 03:00");
    let plan = score.town.plan.clone();
    let event = |id: &str, raw| reading(&plan, sensor(&plan, id), score.town.now, raw);
    let events = [event("ta-trach/release", 3_500_000), event("kim-long/stage", 1_100)];
    score.town.decide(&events);
    score.expect(between("17 03:00", "17 03:00"), anything("release"));
    score.expect(between("17 03:00", "17 03:00"), anything("stage-kim-long"));
}

#[test]
fn proposals_of_one_hazard_and_zones_wait_together_and_go_out_as_one() {
    let mut score = Score::of(with_second("issue = \"officer\""));
    score.at("17 03:00").stage("750044", 1.2);
    score.at("17 03:05").stage("kim-long", 2.1);
    let joins = |score: &Score| score.paper("stage-da-vien").proposal.clone().unwrap().joins;
    assert_eq!(joins(&score), Some(score.paper("stage-kim-long").id.clone()), "the more severe speaks");
    score.done("truc-ban", "stage-kim-long", approve);
    score.expect(between("17 03:05", "17 03:05"), anything("stage-"));
    let other = score.paper("stage-da-vien");
    assert_eq!((other.phase, other.proposal.is_none()), (Phase::Issued, true));
    assert_eq!(
        other.told.as_ref().unwrap().bulletins,
        score.paper("stage-kim-long").told.as_ref().unwrap().bulletins
    );
}

#[test]
fn what_waited_with_a_declined_one_waits_by_itself_and_is_named_to_the_officers() {
    let mut score = Score::of(with_second("issue = \"officer\""));
    score.at("17 03:00").stage("kim-long", 2.1).at("17 03:05").stage("750044", 1.2);
    assert!(score.paper("stage-da-vien").proposal.clone().unwrap().joins.is_some());
    score.town.forget();
    score.done("truc-ban", "stage-kim-long", decline);
    assert_eq!(score.phase("stage-kim-long"), Phase::Declined);
    assert_eq!(score.paper("stage-da-vien").proposal.clone().unwrap().joins, None);
    assert_eq!(score.town.notices().len(), 1, "{:?}", score.town.notices());
    score.expect_no(between("17 03:00", "17 03:30"), anything("stage-"));
}

#[test]
fn a_superseded_warning_leaves_its_audience_to_the_other() {
    let mut score = Score::of(with_second("issue = \"automatic\""));
    score.at("17 03:00").stage("750044", 1.2).at("17 03:05").stage("kim-long", 2.1);
    let other = score.paper("stage-kim-long").id.clone();
    let release =
        score.refused("truc-ban", "stage-da-vien", |id| Act::Supersede { id: id.clone(), with: id });
    assert!(release.contains("no other open warning"), "{release}");
    score.done("truc-ban", "stage-da-vien", |id| Act::Supersede { id, with: other.clone() });
    assert_eq!(score.phase("stage-da-vien"), Phase::Superseded);
    assert_eq!(score.paper("stage-da-vien").superseded_by.as_ref(), Some(&other));
    assert_eq!(score.paper("stage-kim-long").last_step().unwrap().what, "speaks_for");
}

#[test]
fn rule_13_what_fell_to_less_no_longer_speaks_for_the_more_severe_that_waited_with_it() {
    let mut score = Score::of(with_second_of("issue = \"officer\"", "severity = 3"));
    score.at("17 03:00").stage("kim-long", 2.1).at("17 03:05").stage("750044", 1.2);
    let first = score.paper("stage-kim-long").id.clone();
    assert_eq!(score.paper("stage-da-vien").proposal.clone().unwrap().joins, Some(first));
    // What spoke for both falls to BĐ1; the other still says what it said.
    for hour in 4..12 {
        score.at(&format!("17 {hour:02}:00")).stage("750044", 1.2 + f64::from(hour % 2) * 0.01);
        score.stays("kim-long", 1.3, &format!("17 {hour:02}:50"));
    }
    let (less, more) = (score.paper("stage-kim-long").proposal.clone(), score.paper("stage-da-vien"));
    let (less, more) = (less.unwrap(), more.proposal.clone().unwrap());
    assert!(less.severity < more.severity, "{} {}", less.severity, more.severity);
    assert_eq!(more.joins, None, "what is less does not speak for it");
    score.done("truc-ban", "stage-kim-long", approve);
    assert!(score.paper("stage-da-vien").told.is_none(), "nobody heard it");
}
