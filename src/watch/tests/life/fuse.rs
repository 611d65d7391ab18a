//! Rules 13 and 14: the fuse fails open, only raises, and is never everybody.

use sensors::time::{Span, Timestamp};

use super::score::{
    Score, anything, approve, between, fused, hue_with, issued, moment, notice, proposed, with_fuse,
};
use crate::desk::warning::{Act, Phase};

const STAGE: &str = "stage-kim-long";

#[test]
fn rule_13_at_three_in_the_morning_with_nobody_awake_it_goes_out_in_every_language_and_32_wards() {
    let all = crate::watch::snapshot::Plan::load(None).unwrap();
    let wards: Vec<String> =
        all.city.zones.iter().take(32).map(|zone| format!("{:?}", zone.id.as_str())).collect();
    let wards = format!("zones = [{}]\nofficer_within_s = 900", wards.join(", "));
    let old = "id = \"stage-kim-long\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"";
    let new = old.replace("zones = \"station\"\nissue = \"automatic\"", &wards);
    let mut score = Score::of(hue_with(&[(old, &new)]));
    score.at("17 03:00").stage("kim-long", 2.1);
    score.expect(between("17 03:00", "17 03:00"), proposed(STAGE, "bd2"));
    score.expect(between("17 03:00", "17 03:00"), notice("Chờ duyệt"));
    // Nobody wrote the English text.
    score.done("truc-ban", STAGE, |id| {
        let words = |lang: &str, title: &str, body: &str| crate::desk::warning::Words {
            lang: lang.to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            full: String::new(),
            sms: String::new(),
            spoken: String::new(),
        };
        Act::Update {
            id,
            zones: None,
            texts: vec![words("vi", "Lũ sông Hương", "Nước lên tại 32 phường, xã, rời nơi trũng.")],
        }
    });
    let mut lacking = score.town.state.clone();
    strip(&mut lacking, STAGE);
    score.town.state = lacking;
    score.expect_no(between("17 03:00", "17 03:14"), anything(STAGE));
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd2"));
    score.expect(between("17 03:15", "17 03:15"), notice("Đã tự phát"));
    let out =
        score.town.bulletins().into_iter().rfind(|b| b.alert.0.starts_with(STAGE) && b.automatic).unwrap();
    assert_eq!(out.zones.len(), 32);
    let langs: Vec<&str> = out.texts.iter().map(|text| &*text.lang.0).collect();
    assert_eq!(langs, ["vi", "en"], "Vietnamese first, and none is missing");
    assert_eq!(out.texts[0].title, "Lũ sông Hương");
    assert!(out.texts[1].title.starts_with("Warning: flood"), "{:?}", out.texts[1]);
    assert!(out.texts[1].body.contains("Keep off rivers"), "{:?}", out.texts[1]);
    let phones = score.town.deliveries().iter().filter(|d| d.bulletin == out.id && d.zone.is_some()).count();
    assert!(!out.texts[1].full.is_empty() && !out.texts[1].sms.is_empty() && !out.texts[1].spoken.is_empty());
    assert_eq!(phones, 64, "each ward in each language");
}

/// Takes the English text off what waits, as if nobody had written one.
fn strip(state: &mut crate::watch::snapshot::State, rule: &str) {
    let (id, mut warning) = {
        let (id, filed) = state.desk.warnings.iter().find(|(id, _)| id.starts_with(rule)).unwrap();
        (id.to_owned(), filed.record.clone())
    };
    warning.proposal.as_mut().unwrap().texts.retain(|text| text.lang == "vi");
    let at = Timestamp::from_ms(warning.began_ms);
    state.desk.warnings.file(warning, None, at).unwrap();
    assert!(state.desk.warnings.find(&id).is_some());
}

#[test]
fn rule_13_a_value_that_falls_back_before_the_fuse_ends_is_told_to_nobody() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 1.02).at("17 03:10").stage("kim-long", 0.79);
    assert_eq!(score.town.level("stage-kim-long.kim-long"), "bd1", "the level is held for hours");
    score.expect_no(between("17 03:00", "17 05:00"), anything(STAGE));
    score.expect(between("17 03:15", "17 03:15"), notice("Không phát"));
    assert_eq!(score.phase(STAGE), Phase::Withdrawn);
    // It comes back within the hold: no level changes, and yet it is laid before the officers again.
    score.at("17 05:30").stage("kim-long", 1.05);
    score.expect(between("17 05:30", "17 05:30"), proposed(STAGE, "bd1"));
    score.expect(between("17 05:45", "17 05:45"), fused(STAGE, "bd1"));
}

#[test]
fn rule_13_a_suspect_fall_does_not_stop_the_fuse() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.1).at("17 03:10").stage("kim-long", 0.5);
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd2"));
}

#[test]
fn rule_13_a_doubtful_higher_level_does_not_put_out_the_fuse_of_what_is_sure() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 1.1).at("17 03:10").stage("kim-long", 3.9);
    let paper = score.paper(STAGE).clone();
    assert_eq!(paper.proposal.unwrap().level, "bd1");
    assert_eq!(paper.doubt.unwrap().level, "bd3");
    score.expect(between("17 03:10", "17 03:10"), notice("Chờ duyệt: Chưa chắc: Lũ"));
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd1"));
    let waits = score.paper(STAGE).proposal.clone().unwrap();
    assert_eq!((waits.level.as_str(), waits.fuse_ms), ("bd3", None), "the doubt is an officer's");
}

#[test]
fn rule_13_what_falls_to_a_lower_level_that_has_a_fuse_goes_out_as_that_level() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.02);
    score.at("17 03:10").stage("kim-long", 1.79);
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd1"));
    let out = score.town.bulletins().into_iter().rfind(|b| b.alert.0.starts_with(STAGE)).unwrap();
    assert!(out.texts[0].body.contains("1,79 m"), "by the newest reading: {:?}", out.texts[0]);
    assert_eq!(score.town.level("stage-kim-long.kim-long"), "bd2", "which is held; nobody was told of it");
    score.at("17 03:20").stage("kim-long", 2.05);
    score.expect(between("17 03:20", "17 03:20"), proposed(STAGE, "bd2"));
    score.expect(between("17 03:35", "17 03:35"), super::score::fuse_raised(STAGE, "bd2"));
}

#[test]
fn rule_13_a_rise_does_not_put_the_fuse_off_and_an_officer_may_within_bounds() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 1.95);
    score.at("17 03:10").stage("kim-long", 2.1);
    score.expect(between("17 03:10", "17 03:10"), proposed(STAGE, "bd2"));
    let fuse = |score: &Score| score.paper(STAGE).fuse().unwrap();
    assert_eq!(fuse(&score), moment("17 03:15"), "it burns since the first level");
    let extend = |by_s: i64, reason: &str| {
        let reason = reason.to_owned();
        move |id| Act::Extend { id, by_s, reason: reason.clone() }
    };
    let mute = score.refused("truc-ban", STAGE, extend(600, " "));
    assert!(mute.contains("the reason is empty"), "{mute}");
    score.done("truc-ban", STAGE, extend(3000, "đang gọi trạm Kim Long"));
    let more = score.refused("truc-ban-thuy-van", STAGE, extend(601, "chờ thêm"));
    assert!(more.contains("by 1 to 600 s more, 3600 s in all"), "{more}");
    score.done("truc-ban-thuy-van", STAGE, extend(600, "chờ thêm"));
    let none = score.refused("truc-ban", STAGE, extend(1, "chờ thêm"));
    assert!(none.contains("3600 s in all"), "{none}");
    assert_eq!(fuse(&score), moment("17 04:15"));
    score.stays("kim-long", 2.2, "17 04:10");
    score.expect_no(between("17 03:00", "17 04:14"), anything(STAGE));
    score.expect(between("17 04:15", "17 04:15"), fused(STAGE, "bd2"));
}

#[test]
fn rule_13_a_fuse_goes_with_the_clock_when_that_is_set() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.1);
    score.at("17 03:05").clock_set(Span::from_h(2));
    score.expect_no(between("17 05:05", "17 05:14"), anything(STAGE));
    score.expect(between("17 05:15", "17 05:15"), fused(STAGE, "bd2"));
}

#[test]
fn rule_14_an_empty_area_is_an_error_for_an_officer_and_the_stations_wards_for_the_fuse() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.1);
    let nobody =
        score.refused("truc-ban", STAGE, |id| Act::Approve { id, zones: Some(vec![]), texts: vec![] });
    assert!(nobody.contains("nobody is never everybody"), "{nobody}");
    let nowhere =
        score.refused("truc-ban", STAGE, |id| Act::Update { id, zones: Some(vec![]), texts: vec![] });
    assert!(nowhere.contains("nobody is never everybody"), "{nowhere}");
    let strange = vec!["ha-noi".to_owned()];
    let strange = score.refused("truc-ban", STAGE, |id| Act::Approve {
        id,
        zones: Some(strange.clone()),
        texts: vec![],
    });
    assert!(strange.contains("ha-noi is no zone"), "{strange}");
    // What waits lost its area, however that came about.
    let (id, mut warning) = (score.paper(STAGE).id.clone(), score.paper(STAGE).clone());
    let proposal = warning.proposal.as_mut().unwrap();
    (proposal.zones, proposal.edited) = (Vec::new(), true);
    let now = score.town.now;
    score.town.state.desk.warnings.file(warning, None, now).unwrap();
    let area = crate::watch::area::area(&score.town.plan, score.paper(STAGE), None).unwrap();
    assert!(area.errors[0].contains("name the wards") && area.left_out.len() == 11, "{area:?}");
    let refused = score.refused("truc-ban", STAGE, approve);
    assert!(refused.contains("nobody is never everybody"), "{refused}");
    score.expect(between("17 03:15", "17 03:15"), fused(STAGE, "bd2"));
    let out = score.town.bulletins().into_iter().rfind(|b| b.alert.0 == id.as_str().into()).unwrap();
    let kim_long = score.town.plan.city.stations.iter().find(|s| s.id.as_str() == "kim-long").unwrap();
    assert!(out.zones.len() == 11 && kim_long.zones.iter().all(|zone| out.zones.contains(zone)), "{out:?}");
}

#[test]
fn rule_13_the_automatic_policy_never_waits_and_easing_has_no_fuse() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("phu-oc", 3.1);
    score.expect(between("17 03:00", "17 03:00"), issued("stage-phu-oc", "bd2"));
    score.at("17 03:10").stage("kim-long", 2.1);
    score.done("truc-ban", STAGE, approve);
    score.stays("kim-long", 0.6, "17 04:30");
    score.expect(between("17 04:10", "17 04:30"), super::score::eased(STAGE, "bd1"));
    assert_eq!(score.paper(STAGE).proposal, None);
}

#[test]
fn rule_15_what_the_public_reads_by_itself_names_no_risk_level() {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 5.1).at("17 03:16").stage("kim-long", 5.0);
    let said = score.town.bulletins().into_iter().filter(|b| b.automatic && b.hazard.is_public());
    let texts: Vec<String> = said.flat_map(|b| b.texts).map(|t| format!("{} {}", t.title, t.body)).collect();
    assert!(!texts.is_empty());
    for text in texts {
        let text = text.to_lowercase();
        assert!(!text.contains("cấp độ rủi ro") && !text.contains("risk level"), "{text}");
        assert!(text.contains("5,10 m") || text.contains("5.10 m") || text.contains("kim long"), "{text}");
    }
}
