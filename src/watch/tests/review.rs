//! What sensors show of each other takes its way: to officers, into the store, over a restart.

use std::sync::Arc;

use sensors::parameter::Parameter;
use sensors::quality::{Check, Quality};
use sensors::station::SensorIx;
use tempfile::TempDir;

use super::rig::{Book, Town, evening, hue, min, reading, sensor};
use crate::event::Event;
use crate::order::{Act, OfficerId, Order};
use crate::watch::snapshot::State;

/// The rain gauges of the city.
fn gauges(town: &Town) -> Vec<SensorIx> {
    town.plan.city.neighbours.graph.gauges().to_vec()
}

/// Hours of rain at every gauge, in hundredths of a millimetre every ten minutes; `own` says what
/// one of them has instead.
fn pour(town: &mut Town, hours: i64, depth: i64, gauge: SensorIx, own: impl Fn(i64) -> i64) {
    let all = gauges(town);
    for step in 1..=hours * 6 {
        town.now = town.now.plus(min(10));
        let depth = |ix: &SensorIx| if *ix == gauge { own(step) } else { depth } * 10;
        let words: Vec<Event> = all.iter().map(|ix| reading(&town.plan, *ix, town.now, depth(ix))).collect();
        town.decide(&words);
    }
}

fn quality(state: &State, gauge: SensorIx) -> Quality {
    state.tracks[gauge.at()].latest().unwrap().quality
}

fn restarted(town: &mut Town, dir: &TempDir) {
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    town.commits.iter().for_each(|commit| book.keep(commit));
    drop(book);
    town.forget();
    town.state = Book::open(dir.path(), &town.plan, town.now).1;
}

#[test]
fn a_clogged_gauge_is_named_to_officers_once_and_stays_doubtful_over_a_restart_until_a_person_releases_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = Town::new();
    let gauge = sensor(&town.plan, "750063/rainfall");
    drop(Book::open(dir.path(), &town.plan, town.now));
    pour(&mut town, 9, 100, gauge, |step| if step % 24 == 0 { 20 } else { 0 });
    let clogged = Quality::Suspect(Check::Clogged);
    assert_eq!(quality(&town.state, gauge), clogged);
    let notices: Vec<_> = town.bulletins().into_iter().filter(|b| b.alert.0.starts_with("doubt.")).collect();
    let last = notices.last().unwrap();
    assert!(notices.len() <= 2, "{notices:#?}");
    assert!(notices.iter().all(|notice| !notice.hazard.is_public()));
    assert_eq!(last.texts[0].title, "Nghi ngờ số liệu: Phú Sơn");
    assert!(
        last.texts[0].body.contains("0,2 mm trong 4 giờ, các trạm lân cận 24–24 mm"),
        "{}",
        last.texts[0].body
    );
    assert!(
        last.texts[1].body.contains("0.2 mm in 4 h, its neighbours 24 to 24 mm"),
        "{}",
        last.texts[1].body
    );
    let revised = town.commits.iter().flat_map(|commit| &commit.readings);
    let revised = revised
        .filter(|r| r.sensor == gauge && r.quality == clogged && r.measured_at <= evening().plus(min(60)));
    assert!(revised.count() >= 6, "what it said before is judged anew");

    let before = town.state.clone();
    restarted(&mut town, &dir);
    assert_eq!(town.state.tracks, before.tracks);
    let cases = |state: &State| state.inspection.cases().copied().collect::<Vec<_>>();
    assert_eq!(cases(&town.state), cases(&before));
    pour(&mut town, 3, 0, gauge, |_| 0);
    assert_eq!(quality(&town.state, gauge), clogged);
    assert!(town.notices().iter().all(|notice| !notice.contains("Nghi ngờ")), "{:?}", town.notices());

    let act = Act::Trust(gauge);
    let trust = Order { actor: OfficerId::new("truc-ban"), key: "k".into(), note: None, if_match: None, act };
    town.decide(&[Event::Ordered(Arc::new(trust))]);
    pour(&mut town, 1, 100, gauge, |_| 100);
    assert_eq!(quality(&town.state, gauge), Quality::Good);
    restarted(&mut town, &dir);
    pour(&mut town, 1, 100, gauge, |_| 100);
    assert_eq!(quality(&town.state, gauge), Quality::Good, "the release is kept");
}

#[test]
fn a_suspect_dry_gauge_neither_lowers_the_mean_of_its_basin_nor_keeps_it_from_clearing() {
    let mut town = Town::new();
    let gauge = sensor(&town.plan, "750063/rainfall");
    pour(&mut town, 24, 110, gauge, |_| 0);
    assert_eq!(town.level("basin-huong.basin:ta-trach"), "b150");
    let raised =
        town.transitions().into_iter().find(|t| t.rule.0.as_ref() == "basin-huong" && t.corroborated);
    let raised = raised.unwrap();
    assert!(raised.measured_at <= evening().plus(min(24 * 60 - 60)), "{}", raised.measured_at);
    pour(&mut town, 34, 0, gauge, |_| 0);
    assert_eq!(quality(&town.state, gauge), Quality::Suspect(Check::DeadOnZero));
    assert_eq!(town.level("basin-huong.basin:ta-trach"), "none");
}

#[test]
fn an_alert_whose_evidence_is_revised_is_marked_once_and_the_warning_stands() {
    let dir = tempfile::tempdir().unwrap();
    let mut town = Town::new();
    drop(Book::open(dir.path(), &town.plan, town.now));
    town.stage("kim-long", 1.9);
    town.now = town.now.plus(min(10));
    town.stage("kim-long", 2.1);
    let crossed = town.now;
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    town.now = town.now.plus(min(10));
    town.stage("kim-long", 2.15);
    town.forget();

    let kim_long = sensor(&town.plan, "kim-long/stage");
    let again = reading(&town.plan, kim_long, crossed, 2_050);
    let commit = town.decide(std::slice::from_ref(&again)).clone();
    assert_eq!(commit.revised.len(), 1);
    let notice = &commit.bulletins[0];
    assert_eq!(notice.alert, commit.revised[0].alert);
    assert!(!notice.hazard.is_public(), "{notice:?}");
    assert_eq!(notice.texts[0].title, "Căn cứ cảnh báo bị nghi ngờ: Kim Long");
    assert!(notice.texts[1].body.contains("2.05 m"), "{}", notice.texts[1].body);
    assert_eq!(town.level("stage-kim-long.kim-long"), "bd2");
    let later = reading(&town.plan, kim_long, crossed, 2_060);
    assert!(town.decide(&[again, later]).revised.is_empty(), "once for one reason");

    let before = town.state.grounds.clone();
    let alert = commit.revised[0].alert.clone();
    restart_keeps(&mut town, &dir, &before);
    assert_eq!(town.state.grounds.of(&alert).unwrap().revised.len(), 1);
    town.now = town.now.plus(min(10));
    let later = reading(&town.plan, kim_long, crossed, 2_070);
    assert!(town.decide(&[later]).revised.is_empty(), "nor after a restart");
}

fn restart_keeps(town: &mut Town, dir: &TempDir, before: &crate::watch::review::Grounds) {
    // The first commits were forgotten on purpose: a store that never saw them can't give them back.
    let mut whole = Town::new();
    let kim_long = sensor(&whole.plan, "kim-long/stage");
    for (minutes, raw) in [(0, 1_900), (10, 2_100), (20, 2_150)] {
        whole.now = evening().plus(min(minutes));
        let event = reading(&whole.plan, kim_long, whole.now, raw);
        whole.decide(&[event]);
    }
    whole.commits.append(&mut town.commits);
    std::mem::swap(&mut whole.commits, &mut town.commits);
    restarted(town, dir);
    assert_eq!(town.state.grounds, *before);
}

#[test]
fn a_basin_warning_is_marked_when_a_gauge_it_rests_on_turns_out_to_be_clogged() {
    let mut town = Town::new();
    let gauge = sensor(&town.plan, "750012/rainfall");
    // It rains on one basin only, where too few stand around the gauge to accuse it; then everywhere.
    let bo: Vec<SensorIx> = ["677851", "678628", "681524", "750008", "958573"]
        .map(|id| sensor(&town.plan, &format!("{id}/rainfall")))
        .to_vec();
    assert!(
        !bo.contains(&gauge) && town.plan.city.sensor(gauge).unwrap().id.parameter == Parameter::Rainfall
    );
    pour(&mut town, 2, 900, gauge, |_| 700);
    let alert = town.state.grounds.clone();
    assert_ne!(alert, crate::watch::review::Grounds::default(), "something was raised");
    pour(&mut town, 22, 100, gauge, |_| 0);
    let marks: Vec<_> = town.commits.iter().flat_map(|commit| &commit.revised).collect();
    assert!(marks.iter().all(|mark| mark.quality.check().is_some()), "{marks:#?}");
    let mut seen = std::collections::BTreeSet::new();
    assert!(
        marks.iter().all(|m| seen.insert((&m.alert, m.sensor, m.quality.check()))),
        "once each: {marks:#?}"
    );
}

#[test]
fn drizzle_accuses_nobody() {
    let mut town = Town::new();
    let gauge = sensor(&hue(), "750063/rainfall");
    pour(&mut town, 24, 5, gauge, |_| 0);
    assert_eq!(town.state.inspection.cases().count(), 0);
    assert!(town.bulletins().iter().all(|b| !b.hazard.is_public() && !b.alert.0.starts_with("doubt.")));
}
