//! Officers' orders about warnings: one wins, the other hears who did what; nothing is half applied.

use super::score::{Score, anything, approve, between, cancel, decline, with_fuse};
use crate::desk::warning::{Act, COMMENTS_MAX, Phase, Words};
use crate::order::{Answer, Refusal};

const STAGE: &str = "stage-kim-long";

fn waiting() -> Score {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.1);
    score
}

#[test]
fn of_two_officers_at_once_one_wins_and_the_other_hears_who_did_what_when() {
    let mut score = waiting();
    let seen = score.version(STAGE);
    score.done("truc-ban", STAGE, approve);
    let late = score.order_seen("truc-ban-thuy-van", STAGE, seen, decline);
    let Answer::Refused(why @ Refusal::Stale { .. }) = late else { panic!("{late:?}") };
    let why = why.to_string();
    assert!(why.contains("truc-ban (approved)") && why.contains("2025-11-16T20:00:00"), "{why}");
    // Having looked again, there is nothing left to decline.
    let why = score.refused("truc-ban-thuy-van", STAGE, decline);
    assert!(why.contains("nothing of") && why.contains("approved by truc-ban at"), "{why}");
    let why = score.refused("truc-ban", STAGE, approve);
    assert!(why.contains("approved by truc-ban"), "{why}");
    let flood = score.town.bulletins().into_iter().filter(|b| b.automatic && b.alert.0.starts_with(STAGE));
    assert_eq!(flood.count(), 2, "the notice to officers and one bulletin");
}

#[test]
fn acknowledging_twice_is_fine_and_a_rise_must_be_seen_anew() {
    let mut score = waiting();
    assert!(score.paper(STAGE).unacknowledged_since().is_some());
    let acknowledge = |id| Act::Acknowledge { id };
    let first = score.done("truc-ban", STAGE, acknowledge);
    assert_eq!(score.done("truc-ban", STAGE, acknowledge), first, "it is the same version");
    score.done("truc-ban-thuy-van", STAGE, acknowledge);
    let by: Vec<String> = score.paper(STAGE).acknowledged.iter().map(|seen| seen.by.clone()).collect();
    assert_eq!(by, ["truc-ban", "truc-ban-thuy-van"]);
    assert_eq!(score.paper(STAGE).unacknowledged_since(), None);
    score.at("17 03:10").stage("kim-long", 3.6);
    assert!(score.paper(STAGE).acknowledged.is_empty());
    assert_eq!(score.paper(STAGE).unacknowledged_since(), Some(score.town.now));
}

#[test]
fn what_officers_write_is_bounded_and_hides_nothing() {
    let mut score = waiting();
    let comment = |text: &str| {
        let text = text.to_owned();
        move |id| Act::Comment { id, text: text.clone() }
    };
    let hidden = score.refused("truc-ban", STAGE, comment("mở cửa \u{202E}xả"));
    assert!(hidden.contains("U+202E") && hidden.contains("right-to-left"), "{hidden}");
    let long = score.refused("truc-ban", STAGE, comment(&"a".repeat(10_000_000)));
    assert!(long.contains("10000000 bytes long; allowed are 2000"), "{long}");
    for _ in 0..COMMENTS_MAX {
        score.done("truc-ban", STAGE, comment("đã gọi trạm"));
    }
    let full = score.refused("truc-ban", STAGE, comment("đã gọi trạm"));
    assert!(full.contains("takes no more"), "{full}");
    let words = Words {
        lang: "vi".to_owned(),
        title: "t".repeat(51),
        body: "b".to_owned(),
        full: String::new(),
        sms: String::new(),
        spoken: String::new(),
    };
    let title =
        score.refused("truc-ban", STAGE, |id| Act::Approve { id, zones: None, texts: vec![words.clone()] });
    assert!(title.contains("texts[0].title has 51 characters"), "{title}");
    let nobody = score.refused("truc-ban", STAGE, |id| Act::Assign { id, to: Some("ai-do".to_owned()) });
    assert!(nobody.contains("nobody of officers.toml"), "{nobody}");
    score.done("truc-ban", STAGE, |id| Act::Assign { id, to: Some("truc-ban-thuy-van".to_owned()) });
    assert_eq!(score.paper(STAGE).assigned.as_deref(), Some("truc-ban-thuy-van"));
    assert!(score.paper(STAGE).proposal.is_some(), "nothing of all this let it out");
}

#[test]
fn what_was_declined_stays_declined_until_it_rises() {
    let mut score = waiting();
    score.done("truc-ban", STAGE, decline);
    score.stays("kim-long", 2.2, "17 05:00");
    score.expect_no(between("17 03:00", "17 05:00"), anything(STAGE));
    assert_eq!(score.phase(STAGE), Phase::Declined);
    score.at("17 08:10").stage("kim-long", 3.7);
    assert_eq!(score.phase(STAGE), Phase::Proposed);
    score.expect(between("17 08:25", "17 08:25"), super::score::fused(STAGE, "bd3"));
}

#[test]
fn nobody_is_corrected_who_was_told_nothing_and_an_update_says_it_again() {
    let mut score = waiting();
    let why = score.refused("truc-ban", STAGE, cancel);
    assert!(why.contains("nobody was told of it; decline it"), "{why}");
    score.done("truc-ban", STAGE, approve);
    let nothing = score.refused("truc-ban", STAGE, |id| Act::Update { id, zones: None, texts: Vec::new() });
    assert!(nothing.contains("say what is to be changed"), "{nothing}");
    let zone = score.town.plan.city.zones.iter().map(|zone| zone.id.to_string());
    let told = score.paper(STAGE).told.clone().unwrap();
    let other: String = zone.into_iter().find(|zone| !told.zones.contains(zone)).unwrap();
    score.done("truc-ban", STAGE, |id| Act::Update {
        id,
        zones: Some(vec![other.clone()]),
        texts: Vec::new(),
    });
    let out = score.town.bulletins().pop().unwrap();
    assert_eq!((out.act, out.zones.len()), (rules::bulletin::Act::Updated, told.zones.len() + 1));
    assert_eq!(score.phase(STAGE), Phase::Updated);
}

#[test]
fn what_the_area_holds_is_said_in_people_before_a_signature() {
    let score = waiting();
    let area = crate::watch::area::area(&score.town.plan, score.paper(STAGE), None).unwrap();
    assert_eq!((area.wards.len(), area.errors.len(), area.left_out.len()), (11, 0, 0));
    assert!(area.people > 100_000 && area.people < area.people_in_city, "{area:?}");
    let other = ["phu-bai".to_owned(), "kim-long".to_owned()];
    let area = crate::watch::area::area(&score.town.plan, score.paper(STAGE), Some(&other)).unwrap();
    assert_eq!((area.wards.len(), area.left_out.len(), area.added), (2, 10, vec!["phu-bai".to_owned()]));
}
