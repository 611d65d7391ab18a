//! The stories of the issue: the tide, the second crest, the false jump, the gauge that dies.

use super::super::rig::sensor;
use super::score::{
    Score, all_clear, anything, approve, approved, between, cancel, correction, eased, issued, notice,
    proposed, raised,
};
use crate::desk::warning::{Act, Phase};

const STAGE: &str = "stage-kim-long";

#[test]
fn rule_09_five_tides_are_one_episode_one_bulletin_and_one_paper() {
    let mut score = Score::new();
    for (up, down) in [
        ("16 20:00", "17 02:00"),
        ("17 08:00", "17 14:00"),
        ("17 20:00", "18 02:00"),
        ("18 08:00", "18 14:00"),
        ("18 20:00", "19 02:00"),
    ] {
        score.at(up).stage("kim-long", 1.05).at(down).stage("kim-long", 0.7);
    }
    score.expect(between("16 20:00", "16 20:00"), issued(STAGE, "bd1"));
    score.expect_no(between("16 20:01", "19 02:00"), anything(STAGE));
    assert_eq!((score.version(STAGE), score.phase(STAGE)), (1, Phase::Issued));
    // Thirteen hours below, in which nobody hears anything, and then that it eased, which is no all-clear.
    score.stays("kim-long", 0.65, "19 17:00");
    score.expect(between("19 15:00", "19 17:00"), eased(STAGE, "none"));
    assert_eq!(score.phase(STAGE), Phase::Eased);
}

#[test]
fn rule_08_the_second_crest_is_told_again_in_the_same_life() {
    let mut score = Score::new();
    score.at("17 02:00").stage("kim-long", 2.2).expect(between("17 02:00", "17 02:00"), issued(STAGE, "bd2"));
    score.at("17 06:00").stage("kim-long", 3.6).expect(between("17 06:00", "17 06:00"), raised(STAGE, "bd3"));
    score.stays("kim-long", 1.5, "17 08:00");
    score.expect(between("17 07:00", "17 08:00"), eased(STAGE, "bd1"));
    assert_eq!(score.phase(STAGE), Phase::Updated, "BĐ1 stands: it is not over");
    // The second crest, BĐ3 again and a step above it that forces an update.
    score.at("18 11:00").stage("kim-long", 3.7);
    score.expect(between("18 11:00", "18 11:00"), raised(STAGE, "bd3"));
    score.at("18 13:00").stage("kim-long", 4.05);
    score.expect(between("18 13:00", "18 13:00"), raised(STAGE, "bd3+0.5"));
    let paper = score.paper(STAGE);
    assert_eq!(paper.told.as_ref().unwrap().bulletins.len(), 5, "{:#?}", paper.steps);
    assert_eq!((paper.severity, paper.level.as_str()), (5, "bd3+0.5"));
    let steps: Vec<&str> = paper.steps.iter().map(|step| step.what.as_str()).collect();
    assert_eq!(steps, ["issued", "raised", "eased", "raised", "raised"]);
}

#[test]
fn rule_04_the_false_jump_of_one_gauge_is_for_an_officer_and_never_has_a_fuse() {
    let plan = super::score::with_fuse();
    let mut score = Score::of(plan);
    // A rise that nothing explains, from a gauge that stood still: doubted, and raised all the same.
    for (at, metres) in [("16 19:00", 0.52), ("16 19:10", 0.53), ("16 19:20", 0.51), ("16 19:30", 0.52)] {
        score.at(at).stage("kim-long", metres);
    }
    score.at("16 19:31").stage("kim-long", 9.9);
    let doubted = score.town.transitions().iter().any(|t| !t.corroborated && t.raised);
    if !doubted {
        let quality = score.town.commits.last().unwrap().readings[0].quality;
        panic!("the jump is {quality:?}, not doubted: {:?}", score.town.transitions());
    }
    let paper = score.paper(STAGE).clone();
    let proposal = paper.proposal.unwrap();
    assert_eq!((paper.phase, proposal.fuse_ms, proposal.corroborated), (Phase::Proposed, None, false));
    score.expect_no(between("16 19:31", "16 20:30"), anything(STAGE));
    // The gauge comes to its senses, and the proposal goes.
    score.stays("kim-long", 0.52, "17 12:00");
    score.expect_no(between("16 19:31", "17 12:00"), anything(STAGE));
    assert!(score.find(STAGE).is_none(), "{:#?}", score.paper(STAGE).steps);
}

#[test]
fn rule_03_the_gauge_that_dies_on_the_rise_stays_and_says_so_and_its_fuse_burns_on() {
    let mut score = Score::of(super::score::with_fuse());
    score.at("17 02:50").stage("kim-long", 1.9);
    score.at("17 03:00").stage("kim-long", 2.1);
    score.expect(between("17 03:00", "17 03:00"), proposed(STAGE, "bd2"));
    // Not a word any more. No data is not good news: it goes out with the last that was known.
    score.expect(between("17 03:05", "17 03:05"), super::score::fused(STAGE, "bd2"));
    score.quiet_until("17 06:00", &["kim-long/stage"]);
    score.expect(between("17 03:15", "17 06:00"), notice("Mất tín hiệu: Kim Long"));
    assert_eq!(
        (score.town.level("stage-kim-long.kim-long").as_str(), score.phase(STAGE)),
        ("bd2", Phase::Issued)
    );
    let told = |b: &rules::bulletin::Bulletin| b.alert.0.starts_with(STAGE) && b.hazard.is_public();
    let body = score.town.bulletins().into_iter().rfind(told).unwrap();
    assert!(body.texts[0].body.contains("03:00 17/11") && body.texts[0].body.contains("2,10 m"), "{body:?}");
}

#[test]
fn rule_12_eased_is_automatic_and_the_all_clear_is_an_officers() {
    let mut score = Score::new();
    score.at("17 02:00").stage("kim-long", 2.2);
    let high = score.paper(STAGE).clone();
    let refused = score.refused("truc-ban", STAGE, |id| clear(id, "x"));
    assert!(refused.contains("its condition is true, the level is bd2"), "{refused}");
    score.stays("kim-long", 0.6, "17 17:00");
    score.expect(between("17 02:00", "17 17:00"), eased(STAGE, "none"));
    score.expect_no(between("17 02:00", "17 17:00"), all_clear(STAGE));
    let (paper, now) = (score.paper(STAGE).clone(), score.town.now);
    assert_eq!(paper.phase, Phase::Eased);
    let flight = crate::watch::preflight::preflight(&score.town.state, now, &paper);
    let names: Vec<&str> = flight.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["condition", "gauges", "rain", "pools", "releases", "forecast", "lagoon"]);
    // Nobody else ever spoke in this town: unknown is not well, and each of them needs a reason.
    let stale = score.refused("truc-ban", STAGE, |id| clear(id, "0"));
    assert!(stale.contains("look at the preflight again"), "{stale}");
    let hasty = score.refused("truc-ban", STAGE, |id| clear(id, &flight.version));
    assert!(hasty.contains("give a reason for it in despite"), "{hasty}");
    let bad = flight.checks.iter().filter(|check| check.verdict != crate::watch::preflight::Verdict::Ok);
    let despite: std::collections::BTreeMap<String, String> =
        bad.map(|check| (check.name.to_owned(), "đã gọi điện xác nhận".to_owned())).collect();
    score.done("truc-ban", STAGE, |id| Act::AllClear {
        id,
        preflight: flight.version.clone(),
        despite: despite.clone(),
        reason: "nước đã rút".to_owned(),
    });
    score.expect(between("17 17:00", "17 17:00"), all_clear(STAGE));
    assert!(score.find(STAGE).is_none(), "it is closed");
    let last = score.town.bulletins().pop().unwrap();
    let told = high.told.unwrap();
    let zones: Vec<String> = last.zones.iter().map(ToString::to_string).collect();
    assert!(told.zones.iter().all(|zone| zones.contains(zone)), "to everybody who was told");
    assert_eq!(last.severity_max.step(), told.severity_max, "on every topic that was used");
    assert!(last.texts[0].title.starts_with("Hết cảnh báo") && last.texts[1].title.starts_with("All clear"));
}

fn clear(id: String, preflight: &str) -> Act {
    let (preflight, reason) = (preflight.to_owned(), "nước đã rút".to_owned());
    Act::AllClear { id, preflight, despite: std::collections::BTreeMap::new(), reason }
}

#[test]
fn rule_12_a_gauge_that_stands_between_raise_and_clear_is_no_gauge_below_clear() {
    let mut score = Score::new();
    score.at("17 02:00").stage("kim-long", 1.1);
    score.stays("kim-long", 0.6, "17 16:00");
    let gauges = |score: &Score| {
        let flight =
            crate::watch::preflight::preflight(&score.town.state, score.town.now, score.paper(STAGE));
        let check = flight.checks.into_iter().find(|check| check.name == "gauges").unwrap();
        check.facts.into_iter().find(|fact| fact.subject == "stage-kim-long.kim-long").unwrap().verdict
    };
    assert_eq!(gauges(&score), crate::watch::preflight::Verdict::Ok);
    score.at("17 16:10").stage("kim-long", 0.9);
    assert_eq!(gauges(&score), crate::watch::preflight::Verdict::NotOk);
    score.at("17 16:20").stage("kim-long", 0.6);
    assert_eq!(gauges(&score), crate::watch::preflight::Verdict::NotOk, "not for the hold");
}

#[test]
fn rule_18_a_correction_goes_to_everybody_who_got_any_bulletin_of_it() {
    let mut score = Score::new();
    score.at("17 02:00").stage("kim-long", 1.2).at("17 03:00").stage("kim-long", 3.7);
    // Told to more wards by hand, and eased since.
    let more = vec!["a-luoi-1".to_owned()];
    let zone = score.town.plan.city.zones.iter().map(|zone| zone.id.to_string());
    let other = zone.into_iter().find(|zone| !score.paper(STAGE).told.as_ref().unwrap().zones.contains(zone));
    let more = other.map_or(more, |zone| vec![zone]);
    score.done("truc-ban", STAGE, |id| Act::Update { id, zones: Some(more.clone()), texts: Vec::new() });
    score.stays("kim-long", 2.2, "17 06:00");
    let before = topics(&score);
    score.done("truc-ban", STAGE, cancel);
    score.expect(between("17 06:00", "17 06:00"), correction(STAGE));
    let corrected = topics_of(&score, score.town.commits.last().unwrap());
    assert!(!before.is_empty() && before.is_subset(&corrected), "{before:?}\n{corrected:?}");
    assert_eq!(score.phase(STAGE), Phase::Cancelled, "the condition is still true, so the paper follows it");
    let again = score.refused("truc-ban", STAGE, cancel);
    assert!(again.contains("was cancelled already"), "{again}");
    // Nobody hears that it eased: they know that it was an error. A higher level is told again.
    score.expect_no(between("17 06:01", "17 07:00"), anything(STAGE));
    score.at("17 07:10").stage("kim-long", 3.8);
    score.expect(between("17 07:10", "17 07:10"), issued(STAGE, "bd3"));
}

/// Every zone, severity and language that was told of the stages.
fn topics(score: &Score) -> std::collections::BTreeSet<String> {
    score.town.commits.iter().flat_map(|commit| topics_of(score, commit)).collect()
}

fn topics_of(score: &Score, commit: &crate::store::commit::Commit) -> std::collections::BTreeSet<String> {
    let of = |d: &crate::notify::delivery::Delivery| match d.target {
        crate::notify::delivery::Target::Topic { severity_max } => {
            let city = &score.town.plan.city.slug;
            crate::notify::outbox::topics(city, d.hazard, d.zone.as_ref().unwrap(), severity_max, &d.lang)
        }
        _ => Vec::new(),
    };
    let flood = commit.deliveries.iter().filter(|d| d.hazard == rules::hazard::Hazard::Flood);
    flood.flat_map(of).collect()
}

#[test]
fn rule_13_an_officer_approves_what_waits_and_it_goes_out_as_it_was_seen() {
    let mut score = Score::new();
    let heavy = 70_200;
    let gauge = "750046/rainfall";
    assert!(sensor(&score.town.plan, gauge).at() > 0);
    score.at("17 03:00").says(gauge, heavy);
    score.expect(between("17 03:00", "17 03:00"), proposed("rain-street", "heavy"));
    score.expect(between("17 03:00", "17 03:00"), notice("Chờ duyệt"));
    let waits = score.paper("rain-street").proposal.clone().unwrap();
    score.done("truc-ban", "rain-street", approve);
    score.expect(between("17 03:00", "17 03:00"), approved("rain-street", "heavy"));
    let out = score.town.bulletins().into_iter().rfind(|b| b.automatic).unwrap();
    assert_eq!(out.texts[0].title, waits.texts[0].title);
    assert_eq!(out.texts[0].body, waits.texts[0].body);
    let paper = score.paper("rain-street");
    assert_eq!((paper.phase, paper.proposal.is_none()), (Phase::Issued, true));
    assert_eq!(paper.last_step().unwrap().by.as_deref(), Some("truc-ban"));
}
