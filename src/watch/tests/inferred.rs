//! Levels reached in a silence, and the gauge that speaks in the place of a silent one.

use rules::bulletin::Bulletin;

use super::rig::{Town, min, sensor};

/// What officers were told was inferred, in Vietnamese.
fn inferred(town: &Town) -> Vec<Bulletin> {
    town.bulletins().into_iter().filter(|b| b.id.0.starts_with("desk.inferred.")).collect()
}

#[test]
fn a_level_that_was_reached_in_a_silence_is_told_to_officers_with_the_two_times() {
    let mut town = Town::new();
    town.stage("phu-oc", 2.6);
    town.pass(min(90));
    town.stage("phu-oc", 4.7);
    let told = inferred(&town);
    assert_eq!(told.len(), 1, "one sentence for one jump");
    let body = &told[0].texts[0].body;
    assert!(body.contains("Phú Ốc") && body.contains("BĐ3"), "{body}");
    assert!(body.contains("18:00") && body.contains("19:30") && body.contains("không quan trắc"), "{body}");
    assert!(told[0].zones.is_empty(), "the public never reads it");
}

#[test]
fn a_level_that_was_watched_as_it_was_reached_is_inferred_by_nobody() {
    let mut town = Town::new();
    for step in 0..12 {
        town.stage("phu-oc", 2.6 + f64::from(step) * 0.2);
        town.pass(min(10));
    }
    assert!(inferred(&town).is_empty());
}

#[test]
fn while_phu_oc_is_silent_tu_phu_speaks_to_officers_only_and_is_marked_so() {
    let mut town = Town::new();
    let quiet = [sensor(&town.plan, "phu-oc/stage"), sensor(&town.plan, "74647404/stage")];
    for _ in 0..8 {
        town.stage("74647404", 2.5);
        town.stage("phu-oc", 2.1);
        town.pass(min(10));
    }
    town.forget();
    for step in 0..24 {
        town.all_speak(&quiet);
        town.stage("74647404", 2.5 + f64::from(step) * 0.1);
        town.pass(min(10));
    }
    assert_eq!(town.level("stage-phu-oc.phu-oc"), "bd1", "what Phú Ốc said last stands");
    let of = |b: &Bulletin| b.alert.0.starts_with("stand-in-phu-oc.");
    let estimates: Vec<Bulletin> =
        town.bulletins().into_iter().filter(|b| of(b) && b.hazard.is_public()).collect();
    assert!(!estimates.is_empty(), "BĐ2 is reached by the estimate");
    for bulletin in &estimates {
        assert!(!bulletin.automatic, "nobody measured it: {bulletin:?}");
        assert!(bulletin.texts[0].title.starts_with("Chưa chắc"), "{}", bulletin.texts[0].title);
    }
    assert!(inferred(&town).iter().any(|b| b.texts[0].title.contains("BĐ2")), "and between when and when");
    assert!(town.deliveries().iter().all(|d| !d.bulletin.0.starts_with("stand-in")));
}
