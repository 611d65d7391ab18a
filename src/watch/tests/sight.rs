//! What we see and what we do not: per zone as a number, and what silent stations have in common.

use std::sync::Arc;

use sensors::reading::Observation;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use super::rig::{Book, Town, hue, line, min, reading, sensor, switch};
use crate::event::Event;
use crate::watch::sight::{Blind, Blindness, CauseKind, blind, blindness, causes};
use crate::watch::snapshot::Plan;

fn of_zone(town: &Town, zone: &str) -> Blindness {
    blindness(&town.state).into_iter().find(|of| of.zone.as_str() == zone).unwrap()
}

/// A town where everybody has spoken.
fn awake(plan: Arc<Plan>) -> Town {
    let mut town = Town::of(plan, super::rig::evening());
    town.all_speak(&[]);
    town.go_on(10, &[]);
    town
}

#[test]
fn a_zone_is_as_blind_as_the_share_of_its_eyes_that_are_shut_and_knows_which() {
    let mut town = awake(hue());
    let before = of_zone(&town, "huong-tra");
    let stage = sensor(&town.plan, "phu-oc/stage");
    assert!(before.share < 0.05 && before.watching > 3, "{before:?}");
    town.go_on(60, &[stage]);
    let after = of_zone(&town, "huong-tra");
    assert!(after.blind.contains(&(stage, Blind::Silent)), "{after:?}");
    assert!((before.share + 0.1..1.0).contains(&after.share), "{after:?}");
    assert!(blindness(&town.state).iter().all(|zone| (0.0..=1.0).contains(&zone.share)));
    // Nobody has said anything yet: nobody is seen.
    let asleep = Town::new();
    assert!(blindness(&asleep.state).iter().all(|zone| (zone.share - 1.0).abs() < 1e-9));
}

#[test]
fn a_line_that_is_down_blinds_all_behind_it_and_a_counter_takes_its_depths_along() {
    let mut town = awake(hue());
    let gateway = line(&town.plan, "gateway-nam-dong");
    let event = switch(gateway, town.now, false);
    town.decide(&[event]);
    for ix in town.behind(gateway) {
        assert_eq!(blind(&town.state, ix), Some(Blind::Line));
        if let Some(depths) = town.plan.city.sensor(ix).and_then(|counter| counter.feeds) {
            assert_eq!(blind(&town.state, depths), Some(Blind::Line));
        }
    }
}

#[test]
fn stations_that_fell_silent_together_are_explained_by_what_most_of_its_sharers_lost() {
    let mut plan = Plan::load(None).unwrap();
    // Five posts behind one broker with thirty others; they share a feeder, and two of them a carrier.
    let posts = ["74647403", "751118", "751117", "750044", "74647402"];
    for (n, id) in posts.iter().enumerate() {
        let station = plan.city.stations.iter_mut().find(|station| station.id.as_str() == *id).unwrap();
        station.power = Some("feeder-471".to_owned());
        station.carrier = (n < 2).then(|| "carrier-a".to_owned());
    }
    let mut town = awake(Arc::new(plan));
    let quiet: Vec<SensorIx> =
        posts[..4].iter().map(|id| sensor(&town.plan, &format!("{id}/stage"))).collect();
    town.go_on(60, &quiet);
    let found = causes(&town.state);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].name.as_str()), (CauseKind::Power, "feeder-471"));
    assert_eq!((found[0].stations.len(), found[0].of), (4, 5));
    town.pass(min(1));
    town.all_speak(&[]);
    assert_eq!(causes(&town.state), []);
}

#[test]
fn a_silence_in_which_the_gauge_had_measured_all_the_while_counts_as_false() {
    let mut town = awake(hue());
    let dir = tempfile::tempdir().unwrap();
    let (mut book, _) = Book::open(dir.path(), &town.plan, town.now);
    let gauges = [sensor(&town.plan, "phu-oc/stage"), sensor(&town.plan, "kim-long/stage")];
    let began = town.now;
    town.go_on(120, &gauges);
    // One was cut off and sends what it has kept; the other was dead, and begins anew.
    let kept: Vec<Event> =
        (1..=12).map(|n| reading(&town.plan, gauges[0], began.plus(min(10 * n)), 900)).collect();
    let kept: Vec<Event> = kept.into_iter().map(|event| arriving(event, town.now)).collect();
    town.decide(&kept);
    town.all_speak(&[]);
    town.commits.iter().for_each(|commit| book.keep(commit));
    let silences = book.store.reader(1).unwrap().silences(began).unwrap();
    let of = |station: &str| silences.get(station).copied().unwrap_or_default();
    let (cut, dead) = (of("phu-oc"), of("kim-long"));
    assert_eq!(
        (cut.raised, cut.over, cut.false_ones),
        (cut.raised.max(1), cut.raised, cut.raised),
        "{cut:?}"
    );
    assert_eq!((dead.over, dead.false_ones), (dead.raised.max(1), 0), "{dead:?}");
}

fn arriving(event: Event, at: Timestamp) -> Event {
    match event {
        Event::Observed(said) => Event::Observed(Observation { arrived_at: at, ..said }),
        other => other,
    }
}
