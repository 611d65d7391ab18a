//! What people read of an officer's decision: in all forms, each ward its own name, nothing left out.

use std::collections::BTreeMap;

use rules::bulletin::{Act as Deed, Bulletin};

use super::score::{Score, approve, with_fuse};
use crate::desk::paper::Record;
use crate::desk::typed::{
    Fields, Kind, Moment, Phase as TypedPhase, ReleaseOrder, ReleasePhase, ReleaseTerms, Typed,
};
use crate::desk::warning::{Act, Words};
use crate::watch::preflight::{Verdict, preflight};

const STAGE: &str = "stage-kim-long";

fn waiting() -> Score {
    let mut score = Score::of(with_fuse());
    score.at("17 03:00").stage("kim-long", 2.1);
    score
}

fn words(body: &str, full: &str) -> Vec<Words> {
    let (lang, title) = ("vi".to_owned(), "Lũ sông Hương".to_owned());
    let (body, full) = (body.to_owned(), full.to_owned());
    vec![Words { lang, title, body, full, sms: String::new(), spoken: String::new() }]
}

fn last(score: &Score) -> Bulletin {
    score.town.bulletins().into_iter().rfind(|b| b.automatic && b.hazard.is_public()).unwrap()
}

/// What a ward's phones show of the newest bulletin.
fn ward(score: &Score, zone: &str, lang: &str) -> (String, String) {
    let id = last(score).id;
    let own = |d: &&crate::notify::delivery::Delivery| {
        d.bulletin == id && d.zone.as_ref().is_some_and(|own| own.as_str() == zone) && *d.lang.0 == *lang
    };
    let found = score.town.deliveries().iter().find(own).map(|d| (d.title.clone(), d.body.clone()));
    found.unwrap()
}

#[test]
fn each_ward_reads_its_own_name_in_what_an_officer_let_out_and_the_officer_is_named() {
    let mut score = waiting();
    score.done("truc-ban", STAGE, approve);
    for lang in ["vi", "en"] {
        let (_, body) = ward(&score, "kim-long", lang);
        assert!(body.to_lowercase().contains("phường kim long") && !body.contains("11 "), "{body}");
    }
    let full = &last(&score).texts[0].full;
    assert!(full.contains("Trực ban Ban chỉ huy Phòng thủ dân sự"), "{full}");
}

#[test]
fn what_an_officer_wrote_is_read_everywhere_as_it_was_written_with_the_forms_that_were_left_out() {
    let mut score = waiting();
    let composed = score.paper(STAGE).proposal.clone().unwrap().texts[0].clone();
    let own = words("Nước lên tại 11 phường, xã, rời nơi trũng ngay.", "");
    score.done("truc-ban", STAGE, |id| Act::Update { id, zones: None, texts: own.clone() });
    assert_eq!(score.paper(STAGE).proposal.as_ref().unwrap().texts[0].full, composed.full);
    score.done("truc-ban", STAGE, approve);
    assert_eq!(ward(&score, "kim-long", "vi").1, own[0].body);
    assert!(ward(&score, "kim-long", "en").1.contains("Kim Long"));
    let text = &last(&score).texts[0];
    assert_eq!(text.sms, composed.sms);
    assert!(!text.spoken.is_empty() && text.full.contains("Trực ban Ban chỉ huy"), "{}", text.full);
}

#[test]
fn what_an_edited_text_lacks_is_named_and_nothing_goes_out() {
    let mut score = waiting();
    let bulletins = score.town.bulletins().len();
    let body = score.refused("truc-ban", STAGE, |id| Act::Approve {
        id,
        zones: None,
        texts: words("Nước lên, rời nơi trũng.", ""),
    });
    assert!(body.contains("vi: body: it does not say where"), "{body}");
    let full = score.refused("truc-ban", STAGE, |id| Act::Update {
        id,
        zones: None,
        texts: words(
            "Phường Kim Long: nước lên, rời nơi trũng.",
            "Phường Kim Long: nước đang lên rất nhanh.",
        ),
    });
    for lack in ["what to do", "how sure it is", "when the next bulletin comes", "who answers", "the hour"] {
        assert!(full.contains(lack), "{lack}: {full}");
    }
    assert_eq!(score.town.bulletins().len(), bulletins);
    assert!(!score.paper(STAGE).proposal.as_ref().unwrap().edited);
}

#[test]
fn other_wards_are_said_in_every_form_of_a_text_that_nobody_wrote() {
    let mut score = waiting();
    let zones = ["phu-bai".to_owned(), "kim-long".to_owned(), "vy-da".to_owned()];
    score.done("truc-ban", STAGE, |id| Act::Approve { id, zones: Some(zones.to_vec()), texts: Vec::new() });
    let text = &last(&score).texts[0];
    for form in [&text.full, &text.sms, &text.spoken] {
        assert!(form.contains("Phú Bài") && !form.contains("Phú Xuân"), "{form}");
    }
    assert!(text.body.contains("3 phường, xã"), "{}", text.body);
}

#[test]
fn a_correction_says_in_every_form_what_was_wrong_and_quotes_no_risk_level_without_its_issuer() {
    let mut score = waiting();
    score.done("truc-ban", STAGE, approve);
    let risk = |id| Act::Cancel { id, reason: "cấp độ rủi ro thiên tai chỉ là 1".to_owned() };
    let refused = score.refused("truc-ban", STAGE, risk);
    assert!(refused.contains("people read the reason") && refused.contains("only quoted"), "{refused}");
    let cancel = |id| Act::Cancel { id, reason: "đọc nhầm thước nước".to_owned() };
    score.done("truc-ban-thuy-van", STAGE, cancel);
    let bulletin = last(&score);
    assert_eq!(bulletin.act, Deed::Cancelled);
    let text = &bulletin.texts[0];
    assert!(text.title.starts_with("ĐÍNH CHÍNH"), "{}", text.title);
    for form in [&text.full, &text.spoken] {
        assert!(form.contains("đọc nhầm thước nước"), "{form}");
    }
    assert!(text.full.contains("Trực ban thủy văn") && !text.sms.is_empty(), "{}", text.full);
    let (_, body) = ward(&score, "kim-long", "vi");
    assert!(
        body.to_lowercase().contains("phường kim long") && body.contains("đọc nhầm thước nước"),
        "{body}"
    );
    assert!(ward(&score, "kim-long", "en").0.starts_with("CORRECTION"));
}

/// Files a paper as if it had been typed.
fn lay<T: Record>(
    score: &mut Score,
    shelf: impl Fn(&mut crate::desk::Desk) -> &mut crate::desk::paper::Shelf<T>,
    record: T,
) {
    let now = score.town.now;
    shelf(&mut score.town.state.desk).file(record, None, now).unwrap();
}

fn check(score: &Score, name: &str) -> (Verdict, Vec<String>) {
    let flight = preflight(&score.town.state, score.town.now, score.paper(STAGE));
    let check = flight.checks.into_iter().find(|check| check.name == name).unwrap();
    (check.verdict, check.facts.into_iter().map(|fact| fact.subject).collect())
}

#[test]
fn the_preflight_looks_at_quoted_forecasts_of_the_hazard_and_at_dams_above_only() {
    let mut score = waiting();
    // Hóa Châu lies below the dams of both rivers, Kim Long does not.
    let zones = vec!["kim-long".to_owned()];
    score.done("truc-ban", STAGE, |id| Act::Approve { id, zones: Some(zones.clone()), texts: Vec::new() });
    let fields = |kind, hazard: &str, zone: &str| Fields {
        hazard: Some(hazard.to_owned()),
        zones: vec![zone.to_owned()],
        ..Fields::empty(kind)
    };
    let typed = |id: &str, fields| Typed {
        id: id.to_owned(),
        phase: TypedPhase::Open,
        fields,
        typed_by: "truc-ban".to_owned(),
        why: None,
    };
    for (id, fields) in [
        ("free", fields(Kind::Free, "flood", "kim-long")),
        ("heat", fields(Kind::National, "wind", "kim-long")),
        ("elsewhere", fields(Kind::National, "flood", "phu-loc")),
    ] {
        lay(&mut score, |desk| &mut desk.typed, typed(id, fields));
    }
    assert_eq!(check(&score, "forecast"), (Verdict::Unknown, Vec::new()));
    lay(&mut score, |desk| &mut desk.typed, typed("flood", fields(Kind::National, "flood", "kim-long")));
    assert_eq!(check(&score, "forecast"), (Verdict::NotOk, vec!["typed flood".to_owned()]));
    let now = Moment(score.town.now);
    let order = |dam: &str| ReleaseOrder {
        id: format!("release-{dam}"),
        phase: ReleasePhase::Announced,
        order: ReleaseTerms {
            dam: dam.to_owned(),
            from_m3_s: 100,
            to_m3_s: 200,
            starts_at: now,
            gradually: true,
            authority: "Ban chỉ huy".to_owned(),
            number: "1".to_owned(),
            received_at: None,
            note: None,
        },
        told: None,
        received_at: now,
        released_before_l_s: None,
        under_way_since: None,
        short_notice: false,
        entered_by: "truc-ban".to_owned(),
        why: None,
    };
    lay(&mut score, |desk| &mut desk.release_orders, order("huong-dien"));
    assert_eq!(check(&score, "releases").0, Verdict::Ok, "it lets water into the Bồ");
    lay(&mut score, |desk| &mut desk.release_orders, order("ta-trach"));
    let expected = (Verdict::NotOk, vec!["release_order release-ta-trach".to_owned()]);
    assert_eq!(check(&score, "releases"), expected);
}

#[test]
fn an_all_clear_gives_the_reason_and_not_what_it_was_given_despite_of() {
    let mut score = Score::new();
    score.at("17 02:00").stage("kim-long", 1.1);
    score.stays("kim-long", 0.6, "17 17:00");
    let flight = preflight(&score.town.state, score.town.now, score.paper(STAGE));
    let bad = flight.checks.iter().filter(|check| check.verdict != Verdict::Ok);
    let despite: BTreeMap<String, String> =
        bad.map(|check| (check.name.to_owned(), "đã gọi điện xác nhận".to_owned())).collect();
    score.done("truc-ban", STAGE, |id| Act::AllClear {
        id,
        preflight: flight.version.clone(),
        despite: despite.clone(),
        reason: "Nước đã rút hết.".to_owned(),
    });
    let text = &last(&score).texts[0];
    assert!(
        text.full.contains("Lý do: Nước đã rút hết.") && !text.full.contains("gọi điện"),
        "{}",
        text.full
    );
    assert!(ward(&score, "kim-long", "vi").1.to_lowercase().contains("phường kim long"));
}

#[test]
fn rule_6_rain_with_gaps_is_at_least_so_much_and_never_well() {
    let mut score = waiting();
    score.done("truc-ban", STAGE, |id| Act::Approve { id, zones: None, texts: Vec::new() });
    score.quiet_until("17 04:00", &[]);
    assert_eq!(check(&score, "rain").0, Verdict::Unknown, "what fell before the first word nobody knows");
    score.quiet_until("17 10:00", &[]);
    assert_eq!(check(&score, "rain").0, Verdict::Ok, "six hours were measured, and nothing fell");
}
