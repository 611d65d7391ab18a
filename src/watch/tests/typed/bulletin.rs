//! Bulletins that officers type: what people read, when, and who signs.

use super::*;

#[test]
fn every_kind_reads_as_a_vietnamese_officer_would_sign_it() {
    for fields in [national(), storm(), school(), free()] {
        let mut town = town(ALONE);
        town.filed("truc-ban", None, Act::Type(Box::new(fields.clone())));
        let [bulletin] = &town.public()[..] else { panic!("{:?}", fields.kind) };
        assert_eq!(
            (bulletin.act, bulletin.author.clone()),
            (Deed::Issued, Author::Officer("truc-ban".into()))
        );
        insta::assert_snapshot!(fields.kind.as_str(), sheet(bulletin));
        assert!(bulletin.texts.iter().all(|text| !text.body.ends_with('…') && !text.title.ends_with('…')));
    }
}

#[test]
fn rule_15_a_risk_level_goes_out_only_as_a_quotation_with_issuer_number_and_hour() {
    let mut town = town(ALONE);
    for (field, fields) in [
        ("issuer", Fields { issuer: None, ..national() }),
        ("number", Fields { number: None, ..national() }),
        ("issued_at", Fields { issued_at: None, ..national() }),
        ("risk_level", Fields { risk_level: Some(2), ..free() }),
        ("text", Fields { text: words("Rủi ro thiên tai cấp 3."), ..free() }),
        ("schools", Fields { schools: words("cấp độ rủi ro 2"), ..school() }),
        ("risk_level", Fields { risk_level: Some(6), ..national() }),
    ] {
        let why = town.refused(Act::Type(Box::new(fields)));
        assert!(why.contains(field), "{field}: {why}");
    }
    town.filed("truc-ban", None, Act::Type(Box::new(national())));
    for text in &town.public()[0].texts {
        for form in [&text.body, &text.full, &text.sms, &text.spoken] {
            let level = form.contains("cấp 2") || form.contains("level 2");
            assert!(level && form.contains("27/LU-HUE") && form.contains("17"), "{form}");
            assert!(form.contains("KTTV"), "{form}");
        }
    }
}

#[test]
fn what_is_missing_is_named_field_by_field() {
    let plan = hue();
    let lacking = |fields: &Fields| -> Vec<String> {
        check(fields, &plan.city, &plan.phrases, evening()).into_iter().map(|lack| lack.field).collect()
    };
    let empty = |kind| lacking(&Fields::empty(kind));
    assert_eq!(
        empty(Kind::National),
        ["zones", "hazard", "severity", "valid_until", "issuer", "number", "issued_at", "text"]
    );
    assert_eq!(
        empty(Kind::StormApproach),
        ["zones", "valid_until", "issuer", "number", "issued_at", "storm", "position", "beaufort"]
    );
    assert_eq!(
        empty(Kind::SchoolClosing),
        ["zones", "hazard", "severity", "until", "from", "decided_by", "schools"]
    );
    assert_eq!(empty(Kind::Free), ["zones", "hazard", "severity", "valid_until", "text"]);
    for fields in [national(), storm(), school(), free()] {
        assert_eq!(lacking(&fields), [""; 0]);
    }
    let marks = Fields { text: words("an toàn \u{202E}gnôhk"), ..free() };
    let [lack] = &check(&marks, &plan.city, &plan.phrases, evening())[..] else { panic!() };
    assert_eq!((lack.field.as_str(), lack.wrong.contains("U+202E")), ("text", true));
    let long = Fields { text: Some("a".repeat(20_001)), ..free() };
    assert_eq!(lacking(&long), ["text"]);
    assert_eq!(lacking(&Fields { zones: Vec::new(), ..free() }), ["zones"], "empty is never everybody");
    assert_eq!(lacking(&Fields { valid_until: at("16T17:59"), ..free() }), ["valid_until"]);
    assert_eq!(lacking(&Fields { gust: Some(9), beaufort: Some(10), ..storm() }), ["gust"]);
}

#[test]
fn two_officers_sign_and_none_of_them_twice_also_with_a_restart_in_between() {
    let mut town = town("");
    let dir = tempfile::tempdir().unwrap();
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    let (id, version) = town.filed("truc-ban", None, Act::Type(Box::new(free())));
    assert_eq!((version, town.public().len()), (1, 0), "it waits");
    town.commits.iter().for_each(|commit| book.keep(commit));
    drop(book);
    town.forget();
    let (mut book, state) = Book::open(dir.path(), &town.plan, town.now);
    town.state = state;
    town.now = town.now.plus(min(5));
    let Answer::Refused(why) = town.approve("truc-ban", &id) else { panic!() };
    assert!(why.to_string().contains("another officer"), "{why}");
    assert!(matches!(town.approve("truc-ban-thuy-van", &id), Answer::Done(_)));
    let told = town.public();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].author, Author::Officer("truc-ban-thuy-van".into()));
    assert!(matches!(town.approve("truc-ban-thuy-van", &id), Answer::Refused(_)), "once");
    town.commits.iter().for_each(|commit| book.keep(commit));
    // Typed anew it is an update, and waits again; two officers at once: one wins, the other hears who.
    let anew = Fields { text: words("Đập Đá thông xe trở lại."), ..free() };
    let (_, version) =
        town.filed("truc-ban", Some(1), Act::Retype { id: id.clone(), fields: Box::new(anew.clone()) });
    assert_eq!(version, 2);
    let late =
        town.typing("truc-ban-thuy-van", Some(1), Act::Retype { id: id.clone(), fields: Box::new(anew) });
    let Answer::Refused(Refusal::Stale { current: 2, by, .. }) = late else { panic!("{late:?}") };
    assert_eq!(by, "truc-ban");
    assert!(matches!(town.approve("truc-ban-thuy-van", &id), Answer::Done(_)));
    assert!(town.public()[1].texts[0].title.starts_with("Tin mới: "), "{:?}", town.public()[1].texts[0]);
    assert_eq!(town.public()[1].act, Deed::Updated, "it says something else, and nothing rose");
    assert!(town.state.desk.warnings.find(&id).unwrap().record.proposal.is_none(), "it waits no more");
}

#[test]
fn a_typed_bulletin_ends_at_its_hour_silently_and_a_withdrawn_one_is_corrected_to_all() {
    let mut town = town(ALONE);
    let (id, _) = town.filed("truc-ban", None, Act::Type(Box::new(free())));
    town.pass(min(299));
    assert!(town.state.desk.typed.find(&id).is_some());
    town.pass(min(1));
    assert!(town.state.desk.typed.find(&id).is_none());
    assert_eq!(town.public().len(), 1, "its end is no all-clear");

    let mut wrong = super::town(ALONE);
    let (id, version) = wrong.filed("truc-ban", None, Act::Type(Box::new(national())));
    let is_kim_tra = |zone: &sensors::place::ZoneId| zone.as_str() == "kim-tra";
    let push = wrong.deliveries().into_iter().find(|d| d.zone.as_ref().is_some_and(is_kim_tra)).unwrap();
    assert!(push.body.contains("Kim Trà") && !push.body.contains("4 phường"), "{}", push.body);
    let fewer = Fields { zones: vec!["huong-tra".to_owned()], ..national() };
    let (_, version) =
        wrong.filed("truc-ban", Some(version), Act::Retype { id: id.clone(), fields: Box::new(fewer) });
    wrong.filed("truc-ban", Some(version), Act::Withdraw { id: id.clone(), reason: "gõ nhầm số".to_owned() });
    let told = wrong.public();
    assert_eq!(
        told.iter().map(|b| (b.act, b.zones.len())).collect::<Vec<_>>(),
        [(Deed::Issued, 4), (Deed::Updated, 4), (Deed::Cancelled, 4)]
    );
}

#[test]
fn what_is_declined_on_its_warning_leaves_the_desk_and_a_proposal_that_is_withdrawn_is_told_to_nobody() {
    let mut town = town("");
    let (declined, _) = town.filed("truc-ban", None, Act::Type(Box::new(free())));
    let act = warning::Act::Decline { id: declined.clone(), reason: "chưa cần".to_owned() };
    assert!(matches!(
        town.order("truc-ban-thuy-van", None, Ordering::Desk(desk::Act::Warning(act))),
        Answer::Done(_)
    ));
    assert!(town.state.desk.typed.find(&declined).is_none());
    assert!(town.state.desk.warnings.find(&declined).is_none());
    let (id, version) = town.filed("truc-ban", None, Act::Type(Box::new(free())));
    town.filed("truc-ban", Some(version), Act::Withdraw { id: id.clone(), reason: "gõ nhầm".to_owned() });
    assert!(town.state.desk.typed.is_empty() && town.state.desk.warnings.find(&id).is_none());
    assert_eq!(town.public(), []);
}

#[test]
fn ten_thousand_typed_bulletins_are_refused_beyond_the_bound() {
    let mut town = town("");
    for _ in 0..crate::watch::desk::TYPED_MAX {
        town.filed("truc-ban", None, Act::Type(Box::new(free())));
    }
    assert!(town.refused(Act::Type(Box::new(free()))).contains("200 typed bulletins are open"));
}

#[test]
fn two_bulletins_of_one_hazard_for_one_ward_are_never_one_and_each_is_told_in_its_own_words() {
    let mut town = town("");
    let bridge = Fields { text: words("Cấm xe qua đập Đá."), ..free() };
    let ferry = Fields { text: words("Bến đò Vỹ Dạ ngừng chạy."), ..free() };
    let (first, _) = town.filed("truc-ban", None, Act::Type(Box::new(bridge)));
    town.now = town.now.plus(min(1));
    let (second, _) = town.filed("truc-ban", None, Act::Type(Box::new(ferry)));
    for id in [&first, &second] {
        let seen = town.state.desk.warnings.find(id).unwrap().version;
        let act = warning::Act::Approve { id: id.clone(), zones: None, texts: Vec::new() };
        let answer = town.order("truc-ban-thuy-van", Some(seen), Ordering::Desk(desk::Act::Warning(act)));
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
    let said: Vec<String> = town.public().iter().map(|b| b.texts[0].full.clone()).collect();
    assert!(said.iter().any(|text| text.contains("đập Đá")), "{said:?}");
    assert!(said.iter().any(|text| text.contains("Vỹ Dạ")), "{said:?}");
}
