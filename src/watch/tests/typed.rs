//! Bulletins that officers type, and release orders: what people read, when, and who signs.

use std::sync::Arc;

use rules::bulletin::{Act as Deed, Author, Bulletin};
use rules::hazard::Hazard;
use sensors::quantity::{Discharge, Value};
use sensors::station::StationId;
use sensors::time::{Span, Timestamp};
use sensors::travel::Travel;

use super::rig::{Book, Town, evening, hue, min, reading, sensor};
use crate::desk::typed::{Act, Fields, Kind, Moment, ReleasePhase, ReleaseTerms, check, check_order};
use crate::desk::{self, warning};
use crate::event::Event;
use crate::order::{Act as Ordering, Answer, Done, OfficerId, Order, Refusal};
use crate::plan::Texts;
use crate::watch::decide::decide;
use crate::watch::snapshot::Plan;

/// Huế where one officer lets everything out, or whatever `officers.toml` says.
fn plan(typed: &str) -> Arc<Plan> {
    let mut texts = Texts::read(None).unwrap();
    for (name, text) in &mut texts.files {
        if name == "officers.toml" {
            let (officers, _) = text.split_once("[typed]").unwrap();
            *text = format!("{officers}[typed]\n{typed}\n");
        }
    }
    let mut plan = Plan::join(&texts).unwrap();
    plan.receivers = hue().receivers.clone();
    Arc::new(plan)
}

fn town(typed: &str) -> Town {
    Town::of(plan(typed), evening())
}

const ALONE: &str = "national = \"one\"\nstorm_approach = \"one\"\nschool_closing = \"one\"\nfree = \"one\"\nrelease_order = \"one\"";

fn time(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("2025-11-{text}:00+07:00")).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "a field that was typed")]
fn at(text: &str) -> Option<Moment> {
    Some(Moment(time(text)))
}

#[expect(clippy::unnecessary_wraps, reason = "a field that was typed")]
fn words(text: &str) -> Option<String> {
    Some(text.to_owned())
}

impl Town {
    fn order(&mut self, by: &str, if_match: Option<u64>, act: Ordering) -> Answer {
        let key = format!("{by}-{}-{}", self.now.ms(), self.commits.len());
        let actor = OfficerId::new(by);
        let order = Arc::new(Order { actor, key: key.into(), note: None, if_match, act });
        let decision = decide(&self.state, self.now, &[Event::Ordered(order)]);
        self.state = decision.next;
        self.commits.push(decision.commit);
        let [answer] = decision.answers.try_into().unwrap();
        answer
    }

    fn typing(&mut self, by: &str, if_match: Option<u64>, act: Act) -> Answer {
        self.order(by, if_match, Ordering::Desk(desk::Act::Typed(act)))
    }

    /// The id and the version of what was filed.
    fn filed(&mut self, by: &str, if_match: Option<u64>, act: Act) -> (String, u64) {
        match self.typing(by, if_match, act) {
            Answer::Done(Done::Filed { id, version, .. }) => (id.to_string(), version),
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, act: Act) -> String {
        let answer = self.typing("truc-ban", None, act);
        assert!(self.commits.last().unwrap().is_empty(), "nothing is half done");
        let Answer::Refused(why) = answer else { panic!("{answer:?}") };
        why.to_string()
    }

    fn approve(&mut self, by: &str, id: &str) -> Answer {
        let act = warning::Act::Approve { id: id.to_owned(), zones: None, texts: Vec::new() };
        self.order(by, None, Ordering::Desk(desk::Act::Warning(act)))
    }

    /// What went out to the public, oldest first.
    fn public(&self) -> Vec<Bulletin> {
        self.bulletins().into_iter().filter(|b| b.hazard.is_public() && b.automatic).collect()
    }

    fn releases(&self, metres: f64) -> Event {
        let sensor = sensor(&self.plan, "huong-dien/release");
        reading(&self.plan, sensor, self.now, (metres * 1000.0) as i64)
    }
}

/// Every form in every language, as an officer signs it.
fn sheet(bulletin: &Bulletin) -> String {
    let texts = bulletin.texts.iter().map(|text| {
        let lang = &text.lang.0;
        format!(
            "[{lang}] title\n{}\n\n[{lang}] body\n{}\n\n[{lang}] full\n{}\n\n[{lang}] sms\n{}\n\n[{lang}] spoken\n{}\n",
            text.title, text.body, text.full, text.sms, text.spoken
        )
    });
    let head = format!("{} {} {} wards\n", bulletin.hazard, bulletin.severity.step(), bulletin.zones.len());
    std::iter::once(head).chain(texts).collect::<Vec<_>>().join("\n")
}

fn national() -> Fields {
    Fields {
        hazard: words("flood"),
        zones: ["huong-tra", "kim-tra", "quang-dien", "dan-dien"].map(str::to_owned).to_vec(),
        valid_until: at("17T06:00"),
        next_at: at("16T21:00"),
        text: words(
            "Mực nước sông Bồ tại Phú Ốc lúc 17 giờ là 2,95 m.\nTrong 12 giờ tới, lũ trên sông Bồ tiếp tục lên.",
        ),
        issuer: words("Đài KTTV thành phố Huế"),
        number: words("27/LU-HUE"),
        issued_at: at("16T17:30"),
        risk_level: Some(2),
        ..Fields::empty(Kind::National)
    }
}

fn storm() -> Fields {
    Fields {
        whole_city: true,
        valid_until: at("17T18:00"),
        issuer: words("Trung tâm Dự báo KTTV quốc gia"),
        number: words("DBQG-13/17h"),
        issued_at: at("16T17:00"),
        storm: words("Bão số 13"),
        position: words("cách Huế 320 km về phía đông"),
        beaufort: Some(11),
        gust: Some(14),
        wind_from: at("17T04:00"),
        translations: [(
            "en".to_owned(),
            [
                ("storm".to_owned(), "Storm no. 13".to_owned()),
                ("position".to_owned(), "320 km east of Huế".to_owned()),
            ]
            .into(),
        )]
        .into(),
        ..Fields::empty(Kind::StormApproach)
    }
}

fn school() -> Fields {
    Fields {
        hazard: words("flood"),
        zones: vec!["huong-tra".to_owned(), "kim-tra".to_owned()],
        severity: Some(2),
        decided_by: words("Sở Giáo dục và Đào tạo, công văn 312"),
        schools: words("học sinh các cấp"),
        from: at("17T00:00"),
        until: at("18T00:00"),
        translations: [("en".to_owned(), [("schools".to_owned(), "all schools".to_owned())].into())].into(),
        ..Fields::empty(Kind::SchoolClosing)
    }
}

fn free() -> Fields {
    Fields {
        hazard: words("street-flood"),
        zones: vec!["thuan-hoa".to_owned()],
        severity: Some(2),
        valid_until: at("16T23:00"),
        text: words("Cấm xe qua đập Đá đến khi nước rút."),
        translations: [(
            "en".to_owned(),
            [("text".to_owned(), "Đập Đá is closed to traffic until the water falls.".to_owned())].into(),
        )]
        .into(),
        ..Fields::empty(Kind::Free)
    }
}

fn release() -> ReleaseTerms {
    ReleaseTerms {
        dam: "huong-dien".to_owned(),
        from_m3_s: 500,
        to_m3_s: 1600,
        starts_at: Moment(time("16T22:30")),
        gradually: true,
        authority: "Ban Chỉ huy Phòng thủ dân sự thành phố".to_owned(),
        number: "118/CĐ-PTDS".to_owned(),
        received_at: None,
        note: None,
    }
}

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
fn a_release_order_is_told_revised_and_completed_to_everybody_below_the_dam() {
    let mut town = town(ALONE);
    let (id, version) = town.filed("truc-ban", None, Act::Release(Box::new(release())));
    let later = ReleaseTerms { to_m3_s: 2200, starts_at: Moment(time("16T21:00")), ..release() };
    town.pass(min(30));
    let (_, version) =
        town.filed("truc-ban", Some(version), Act::Revise { id: id.clone(), order: Box::new(later) });
    town.pass(Span::from_h(3));
    let order = &town.state.desk.release_orders.find(&id).unwrap();
    assert_eq!(
        (order.record.phase, order.by.as_deref()),
        (ReleasePhase::UnderWay, None),
        "its hour has come"
    );
    assert_eq!(order.version, version + 1);
    let reason = "hồ đã về mực nước cho phép".to_owned();
    town.filed("truc-ban", Some(version + 1), Act::CompleteRelease { id: id.clone(), reason });
    assert!(town.state.desk.release_orders.is_empty());
    let told = town.public();
    assert_eq!(told.iter().map(|b| b.act).collect::<Vec<_>>(), [Deed::Issued, Deed::Updated, Deed::Eased]);
    let zones = &town.plan.city.station_named(&StationId::new("huong-dien")).unwrap().1.zones;
    for (bulletin, name) in told.iter().zip(["release", "release_revised", "release_completed"]) {
        assert!(
            zones.iter().all(|zone| bulletin.zones.contains(zone)) && bulletin.zones.len() == zones.len()
        );
        assert_eq!(bulletin.hazard, Hazard::Release);
        insta::assert_snapshot!(name, sheet(bulletin));
    }
    assert_eq!(
        told.iter().map(|b| b.severity.step()).collect::<Vec<_>>(),
        [4, 4, 4],
        "by the ladder of the dam"
    );
}

#[test]
fn a_withdrawn_order_is_taken_back_and_a_wrong_one_is_corrected_to_everybody() {
    for (in_error, deed) in [(false, Deed::Eased), (true, Deed::Cancelled)] {
        let mut town = town(ALONE);
        let (id, version) = town.filed("truc-ban", None, Act::Release(Box::new(release())));
        let reason = "mưa thượng nguồn đã giảm".to_owned();
        town.filed("truc-ban", Some(version), Act::WithdrawRelease { id: id.clone(), reason, in_error });
        let told = town.public();
        assert_eq!(told.last().unwrap().act, deed);
        assert_eq!(told[0].zones, told[1].zones);
        if !in_error {
            insta::assert_snapshot!("release_withdrawn", sheet(&told[1]));
        }
        assert_eq!(
            town.typing("truc-ban", Some(2), Act::CompleteRelease { id: id.clone(), reason: "x".to_owned() }),
            Answer::Refused(Refusal::Absent { what: id })
        );
    }
}

#[test]
fn rule_24_where_the_travel_time_is_unknown_no_hour_of_arrival_is_named() {
    let mut unknown = town(ALONE);
    unknown.filed("truc-ban", None, Act::Release(Box::new(release())));
    let text = &unknown.public()[0].texts[0];
    for form in [&text.body, &text.full, &text.sms, &text.spoken] {
        assert!(!form.contains("sớm nhất"), "{form}");
    }
    let mut plan = Arc::into_inner(plan(ALONE)).unwrap();
    let id = StationId::new;
    let hours = |from: i64, to: i64| (Span::from_h(from), Span::from_h(to));
    // Made up: nobody knows it for Huế.
    plan.city.travels = vec![Travel::new(id("huong-dien"), id("phu-oc"), hours(2, 3), hours(5, 8)).unwrap()];
    let mut known = Town::of(Arc::new(plan), evening());
    known.filed("truc-ban", None, Act::Release(Box::new(release())));
    let bulletin = &known.public()[0];
    assert!(bulletin.texts[0].body.contains("Phú Ốc sớm nhất 00:30 17/11"), "{}", bulletin.texts[0].body);
    insta::assert_snapshot!("release_with_travel_time", sheet(bulletin));
}

#[test]
fn rule_10_a_release_never_mutes_an_alarm_stage_and_is_never_muted_by_one() {
    let mut town = town(ALONE);
    town.stage("phu-oc", 2.9);
    town.filed("truc-ban", None, Act::Release(Box::new(release())));
    town.pass(min(10));
    town.stage("phu-oc", 3.05);
    let hazards: Vec<Hazard> = town.public().iter().map(|b| b.hazard).collect();
    assert_eq!(hazards, [Hazard::Flood, Hazard::Release, Hazard::Flood]);
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
fn an_order_that_no_dam_could_carry_out_or_of_another_day_is_refused() {
    let mut town = town(ALONE);
    for (field, terms) in [
        ("dam", ReleaseTerms { dam: "kim-long".to_owned(), ..release() }),
        ("to_m3_s", ReleaseTerms { from_m3_s: 1700, ..release() }),
        ("to_m3_s", ReleaseTerms { to_m3_s: 16_000, ..release() }),
        ("to_m3_s", ReleaseTerms { from_m3_s: 0, to_m3_s: 0, ..release() }),
        ("starts_at", ReleaseTerms { starts_at: Moment(time("15T17:00")), ..release() }),
        ("starts_at", ReleaseTerms { starts_at: Moment(time("24T17:00")), ..release() }),
        ("received_at", ReleaseTerms { received_at: at("16T19:00"), ..release() }),
        ("number", ReleaseTerms { number: " ".to_owned(), ..release() }),
        ("note", ReleaseTerms { note: words("rủi ro thiên tai cấp 3"), ..release() }),
    ] {
        let why = town.refused(Act::Release(Box::new(terms)));
        assert!(why.starts_with(field), "{field}: {why}");
    }
    assert!(
        check_order(
            &ReleaseTerms { starts_at: Moment(time("16T12:00")), ..release() },
            &town.plan.city,
            town.now
        )
        .is_empty(),
        "a late word is still a word"
    );
    town.filed("truc-ban", None, Act::Release(Box::new(release())));
    assert!(town.refused(Act::Release(Box::new(release()))).contains("revise"), "the same order twice");
}

#[test]
fn an_order_that_comes_later_than_the_law_asks_for_is_told_to_officers_and_goes_out_all_the_same() {
    let mut town = town(ALONE);
    let soon = ReleaseTerms { starts_at: Moment(time("16T19:00")), ..release() };
    let (id, _) = town.filed("truc-ban", None, Act::Release(Box::new(soon)));
    assert!(town.state.desk.release_orders.find(&id).unwrap().record.short_notice);
    assert_eq!(town.public().len(), 1);
    let notices = town.notices();
    assert!(notices.iter().any(|title| title == "Báo xả gấp: Thủy điện Hương Điền"), "{notices:?}");
    let mut early = self::town(ALONE);
    let (id, _) = early.filed("truc-ban", None, Act::Release(Box::new(release())));
    assert!(!early.state.desk.release_orders.find(&id).unwrap().record.short_notice, "4.5 h before");
}

#[test]
fn an_order_is_under_way_before_its_hour_when_the_dam_lets_out_as_much() {
    let mut town = town(ALONE);
    town.decide(&[town.releases(200.0)]);
    town.pass(min(10));
    let (id, _) = town.filed("truc-ban", None, Act::Release(Box::new(release())));
    let phase = |town: &Town| town.state.desk.release_orders.find(&id).unwrap().record.phase;
    town.pass(min(60));
    town.decide(&[town.releases(450.0)]);
    assert_eq!(phase(&town), ReleasePhase::Announced);
    town.pass(min(60));
    town.decide(&[town.releases(520.0)]);
    assert_eq!(phase(&town), ReleasePhase::UnderWay);
    let since = town.state.desk.release_orders.find(&id).unwrap().record.under_way_since;
    assert_eq!(since, Some(Moment(town.now)));
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

    let mut wrong = self::town(ALONE);
    let (id, version) = wrong.filed("truc-ban", None, Act::Type(Box::new(national())));
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
fn the_text_of_every_order_of_every_dam_fits_a_locked_phone() {
    let mut plan = Arc::into_inner(plan(ALONE)).unwrap();
    let dams = ["ta-trach", "binh-dien", "huong-dien"];
    let hours = |from: i64, to: i64| (Span::from_h(from), Span::from_h(to));
    let below = |dam: &str| StationId::new(if dam == "huong-dien" { "phu-oc" } else { "kim-long" });
    plan.city.travels = dams
        .map(|dam| Travel::new(StationId::new(dam), below(dam), hours(2, 3), hours(5, 8)).unwrap())
        .to_vec();
    for dam in dams {
        let id = StationId::new(dam);
        plan.city.release_terms.largest.insert(id, Discharge::from_l_per_s(Value::from_raw(9_000_000).raw()));
    }
    let plan = Arc::new(plan);
    for dam in dams {
        let mut town = Town::of(Arc::clone(&plan), evening());
        town.state.exercise = true;
        let terms = ReleaseTerms { dam: dam.to_owned(), from_m3_s: 1250, to_m3_s: 2500, ..release() };
        let (id, version) = town.filed("truc-ban", None, Act::Release(Box::new(terms.clone())));
        let more = ReleaseTerms { to_m3_s: 3500, ..terms };
        town.filed("truc-ban", Some(version), Act::Revise { id: id.clone(), order: Box::new(more) });
        let reason = "hết mưa".to_owned();
        town.filed("truc-ban", Some(version + 1), Act::WithdrawRelease { id, reason, in_error: false });
        for text in town.public().iter().flat_map(|bulletin| bulletin.texts.clone()) {
            assert!(
                !text.title.ends_with('…') && !text.body.ends_with('…'),
                "{} / {}",
                text.title,
                text.body
            );
            assert!(!text.sms.ends_with('…') && !text.full.contains("  "), "{}", text.sms);
        }
    }
}
