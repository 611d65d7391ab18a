//! However readings are gathered into decisions, the same is said of those that come in order, and
//! what comes late ends in the same levels.

use rules::alert::Transition;
use sensors::reading::Observed;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use simulator::offline::{Row, offline};
use simulator::storm::Storm;

use super::rig::{Town, hue, reading, sensor};
use crate::event::Event;
use crate::watch::snapshot::State;

/// A day of the storm in which both rivers pass their alarm stages, as everybody measured it.
fn day() -> Vec<Row> {
    let (plan, storm) = (hue(), Storm::named("2025-11").unwrap());
    let from = storm.begins().plus(Span::from_h(10));
    let mut rows = offline(&plan.city, &storm, storm.seed()).unwrap();
    rows.retain(|row| (from..from.plus(Span::from_h(24))).contains(&row.measured_at));
    rows.sort_by_key(|row| row.measured_at);
    rows
}

/// Everything has arrived by now: the time of a decision is the same in every cut.
fn said(row: &Row, now: Timestamp) -> Event {
    Event::Observed(sensors::reading::Observation {
        sensor: row.sensor,
        measured_at: row.measured_at,
        from: row.period.map(|period| row.measured_at.minus(period)),
        arrived_at: now,
        value: row.value.map_or(Observed::Missing, Observed::Value),
    })
}

fn decided<'a>(rows: &[Row], cuts: impl Iterator<Item = &'a [Row]>) -> Town {
    let now = rows.iter().map(|row| row.measured_at).max().unwrap();
    let mut town = Town::of(hue(), now);
    town.state = State::new(hue(), now, false);
    for cut in cuts {
        let events: Vec<Event> = cut.iter().map(|row| said(row, now)).collect();
        town.decide(&events);
    }
    town
}

/// What is said, and on what grounds.
fn lines(town: &Town) -> Vec<String> {
    let line = |t: &Transition| {
        let sure = if t.corroborated { "" } else { "?" };
        format!("{} {} {}->{}{sure} {} {}", t.measured_at, t.alert, t.from, t.to, t.at, t.because.len())
    };
    town.transitions().iter().map(line).collect()
}

/// The same, whatever of one moment came first.
fn sorted(town: &Town) -> Vec<String> {
    let mut lines = lines(town);
    lines.sort();
    lines
}

#[test]
fn readings_in_order_give_the_same_transitions_in_batches_of_any_size() {
    let rows = day();
    let whole = decided(&rows, std::iter::once(rows.as_slice()));
    assert!(whole.transitions().len() > 20, "{:?}", lines(&whole));
    // Also where a cut goes through the moment of a basin: same ids, stamps and grounds.
    for size in [1, 7, 256, 2048] {
        let cut = decided(&rows, rows.chunks(size));
        assert_eq!(sorted(&whole), sorted(&cut), "in batches of {size}");
        assert_eq!(whole.state.alerts, cut.state.alerts, "in batches of {size}");
    }
    // Between two moments no cut shows at all, not even in the order.
    let moments = decided(&rows, rows.chunk_by(|a, b| a.measured_at == b.measured_at));
    assert_eq!(lines(&whole), lines(&moments));
}

#[test]
fn rule_02_what_comes_late_in_batches_of_any_size_ends_in_the_same_levels() {
    let rows = day();
    let straight = decided(&rows, std::iter::once(rows.as_slice()));
    let levels = |town: &Town| -> Vec<(u8, u8)> {
        town.state.alerts.iter().map(|alert| (alert.level, alert.doubted)).collect()
    };
    // The newest hour is known, then the three before it come back to front.
    let newest = rows.last().unwrap().measured_at;
    let back = |hours: i64| newest.minus(Span::from_h(hours));
    let mut late: Vec<Row> = rows.iter().filter(|row| row.measured_at <= back(4)).copied().collect();
    late.extend(rows.iter().filter(|row| row.measured_at > back(1)).copied());
    late.extend(
        rows.iter().rev().filter(|row| row.measured_at > back(4) && row.measured_at <= back(1)).copied(),
    );
    assert_eq!(late.len(), rows.len());
    for size in [1, 7, 256, 2048] {
        let cut = decided(&rows, late.chunks(size));
        assert_eq!(levels(&straight), levels(&cut), "in batches of {size}");
    }
}

/// A day of rain over the Bồ that stays just below the first level, and the gauges of that basin.
fn nearly_150_mm() -> (Town, Vec<SensorIx>) {
    let mut town = Town::new();
    let gauges = ["677851", "678628", "681524", "750008", "958573"];
    let gauges: Vec<SensorIx> =
        gauges.iter().map(|id| sensor(&town.plan, &format!("{id}/rainfall"))).collect();
    for _ in 0..142 {
        town.now = town.now.plus(Span::from_min(10));
        let said: Vec<Event> = gauges.iter().map(|ix| reading(&town.plan, *ix, town.now, 1_050)).collect();
        town.decide(&said);
    }
    assert_eq!(town.level("basin-bo.basin:bo"), "none");
    town.now = town.now.plus(Span::from_min(10));
    (town, gauges)
}

#[test]
fn a_basin_is_judged_when_the_last_of_its_gauges_has_spoken_of_the_moment() {
    let (mut town, gauges) = nearly_150_mm();
    town.forget();
    for (nth, ix) in gauges.iter().enumerate() {
        let um = if nth == 0 { 60_000 } else { 0 };
        let event = reading(&town.plan, *ix, town.now, um);
        let basin = |commit: &crate::store::commit::Commit| {
            commit.transitions.iter().filter(|t| &*t.rule.0 == "basin-bo").count()
        };
        let said = basin(town.decide(&[event]));
        assert_eq!(said, usize::from(nth == gauges.len() - 1), "after gauge {nth}");
    }
    let transitions = town.transitions();
    let raised = transitions.iter().find(|t| &*t.rule.0 == "basin-bo").unwrap();
    assert_eq!((raised.because.len(), raised.corroborated), (gauges.len(), true));
}

#[test]
fn a_basin_waits_for_a_gauge_that_does_not_come_for_its_interval_and_no_longer() {
    let (mut town, gauges) = nearly_150_mm();
    let level = |town: &Town| town.level("basin-bo.basin:bo");
    // One gauge is dead; the others say on.
    let begin = town.now;
    while level(&town) == "none" {
        for ix in &gauges[1..] {
            let event = reading(&town.plan, *ix, town.now, 20_000);
            town.decide(&[event]);
        }
        town.now = town.now.plus(Span::from_min(10));
        assert!(town.now.since(begin) <= Span::from_min(20), "it waited for the dead one");
    }
}
