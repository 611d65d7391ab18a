//! Release orders: told, revised, taken back, carried out; and the hours that are not named.

use super::*;

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
    let mut early = super::town(ALONE);
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

/// What officers were told of releases that began without notice.
fn surprises(town: &Town) -> Vec<String> {
    let desk = |b: &Bulletin| {
        b.id.0.starts_with("desk.release_unannounced") || b.id.0.starts_with("desk.release_early")
    };
    let all = town.bulletins().into_iter().filter(desk);
    all.map(|b| {
        assert!(!b.hazard.is_public() && b.zones.is_empty(), "officers only");
        b.texts[0].body.clone()
    })
    .collect()
}

#[test]
fn a_release_without_the_notice_that_is_demanded_is_told_to_officers_once_in_that_time() {
    let mut town = town(ALONE);
    let say = |town: &mut Town, m3_s: f64| {
        let event = town.releases(m3_s);
        town.decide(&[event]);
        town.pass(min(30));
    };
    for m3_s in [150.0, 330.0, 300.0] {
        say(&mut town, m3_s);
    }
    assert!(surprises(&town).is_empty(), "what turbines pass is no release");
    say(&mut town, 900.0);
    let told = surprises(&town);
    assert!(matches!(&told[..], [one] if one.contains("150–900 m³/s")), "{told:?}");
    say(&mut town, 1000.0);
    say(&mut town, 1200.0);
    assert_eq!(surprises(&town).len(), 1, "it goes on rising");
    town.pass(Span::from_h(9));
    say(&mut town, 1200.0);
    say(&mut town, 1500.0);
    assert_eq!(surprises(&town).len(), 2, "and again, hours later");
}

#[test]
fn a_release_that_was_ordered_in_time_is_no_surprise_and_one_before_its_hour_is() {
    for (starts, surprise) in [("16T22:30", None), ("17T03:00", Some("03:00 17/11"))] {
        let mut town = town(ALONE);
        let event = town.releases(150.0);
        town.decide(&[event]);
        let order = ReleaseTerms { starts_at: Moment(time(starts)), ..release() };
        town.filed("truc-ban", None, Act::Release(Box::new(order)));
        for _ in 0..9 {
            town.pass(min(30));
            let event = town.releases(150.0);
            town.decide(&[event]);
        }
        let event = town.releases(800.0);
        town.decide(&[event]);
        let told = surprises(&town);
        assert_eq!(told.len(), usize::from(surprise.is_some()), "{starts}: {told:?}");
        assert!(surprise.is_none_or(|hour| told[0].contains(hour)), "{told:?}");
    }
}
