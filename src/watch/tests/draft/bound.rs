//! What a proposal may not do, and how many may wait.

use crate::desk::draft::compile::compile;
use crate::desk::draft::{Act, OPEN_MAX, Proposal};
use crate::watch::tests::rig::{hue, min, sensor};

use super::{Office, filed, lower_bd2, whole, why, without};

#[test]
fn a_proposal_with_typos_is_told_every_mistake_by_its_line() {
    let wanted = whole(|text| {
        let text = text.replacen("raise_m = 2.0, clear_m = 1.8", "raise_mm = 2.0, clear_m = 1.8", 1);
        text.replacen("hold_s = 21600", "hold_h = 6", 1).replacen("hazard = \"wind\"", "hazard = \"wnid\"", 1)
    });
    let mistakes = compile(&hue(), &wanted).err().unwrap();
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    for expected in ["raise_mm", "hold_h", "wnid"] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{lines:#?}");
    }
    assert!(mistakes.iter().all(|mistake| mistake.file == "rules.toml" && mistake.line > 1), "{lines:#?}");
}

#[test]
fn the_last_rule_of_a_hazard_goes_only_where_that_is_confirmed() {
    let mut wanted = whole(|text| without(&without(text, "wind"), "gust"));
    let refused = compile(&hue(), &wanted).err().unwrap();
    assert!(refused[0].to_string().contains("confirm_removal"), "{}", refused[0]);
    wanted.confirm_removal = vec!["wind".to_owned()];
    compile(&hue(), &wanted).unwrap();
}

#[test]
fn no_more_drafts_are_open_than_the_bound_and_no_two_say_the_same() {
    let mut office = Office::open();
    let plan = hue();
    let (first, _) = compile(&plan, &lower_bd2()).unwrap();
    for n in 0..10_000 {
        let proposal = Proposal { version: format!("{n:064}"), ..first.clone() };
        let answer = office.order("truc-ban", None, Act::Propose(proposal));
        if n < OPEN_MAX {
            filed(&answer);
        } else {
            assert!(why(&answer).contains("no more may be"));
        }
        office.town.commits.clear();
    }
    assert_eq!(office.town.state.desk.drafts.len(), OPEN_MAX);
    let same = Proposal { version: format!("{:064}", 3), ..first };
    assert!(why(&office.order("truc-ban", None, Act::Propose(same))).contains("the very same"));
    let (id, _) = office
        .town
        .state
        .desk
        .drafts
        .iter()
        .next()
        .map(|(id, filed)| (id.to_owned(), filed.version))
        .unwrap();
    let withdraw = Act::Withdraw { id: id.clone() };
    assert!(why(&office.order("chi-huy", Some(1), withdraw)).contains("alone may withdraw"));
    filed(&office.order("chi-huy", Some(1), Act::Decline { id }));
}

#[test]
fn rules_that_look_back_further_get_their_readings_from_the_store() {
    let mut office = Office::open();
    let stage = sensor(&hue(), "kim-long/stage");
    let before = office.town.plan.retention(office.town.plan.city.sensor(stage).unwrap());
    for _ in 0..16 {
        office.stage("kim-long", 0.5);
        office.town.now = office.town.now.plus(min(240));
    }
    office.stage("kim-long", 0.7);
    let kept = |office: &Office| office.town.state.tracks[stage.at()].series().len();
    let short = kept(&office);
    assert!(short < 17, "the window before does not hold them all: {short}");
    let longer = whole(|text| {
        let rise = "{ rises = \"stage\", window_s = 3600, raise_m = 0.3, clear_m = 0.15 }";
        text.replacen(rise, "{ rises = \"stage\", window_s = 216000, raise_m = 0.2, clear_m = 0.1 }", 1)
    });
    let commit = office.change(&longer);
    assert_eq!(kept(&office), 17, "{before:?}");
    assert!(
        commit.transitions.iter().any(|t| t.rule.0.as_ref() == "rise" && t.to == "fast"),
        "{:#?}",
        commit.transitions
    );
    let before = office.town.state.clone();
    let (town, ..) = office.restart();
    assert_eq!(town.state.tracks[stage.at()], before.tracks[stage.at()], "as after a restart");
}
