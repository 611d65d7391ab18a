//! The same storm gives the same record, bit for bit, with and without a restart in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::Transition;
use rules::bulletin::BulletinId;
use sensors::reading::{Observation, Observed};
use sensors::time::{Span, Timestamp};
use simulator::offline::{Row, offline};
use simulator::storm::Storm;

use super::rig::{Book, Town, hue};
use crate::event::Event;
use crate::notify::delivery::DeliveryId;
use crate::store::ledger::Head;
use crate::watch::decide::decide;
use crate::watch::rerun::Rerun;
use crate::watch::snapshot::{Plan, State};

/// Everything that a run leaves behind.
#[derive(PartialEq)]
struct Record {
    head: Head,
    transitions: Vec<Transition>,
    bulletins: Vec<BulletinId>,
    deliveries: Vec<DeliveryId>,
}

/// The hours in which the Bồ passes BĐ2 and BĐ3, minute by minute of arrival.
fn flood(plan: &Plan) -> BTreeMap<Timestamp, Vec<Event>> {
    let storm = Storm::named("2025-11").unwrap();
    let (from, to) = (storm.begins().plus(Span::from_h(12)), storm.begins().plus(Span::from_h(30)));
    let mut moments: BTreeMap<Timestamp, Vec<Event>> = BTreeMap::new();
    for row in offline(&plan.city, &storm, storm.seed()).unwrap() {
        if (from..to).contains(&row.arrives_at) {
            let minute = Timestamp::from_ms(row.arrives_at.ms().div_euclid(60_000) * 60_000 + 60_000);
            moments.entry(minute).or_default().push(Event::Observed(observation(&row)));
        }
    }
    moments
}

fn observation(row: &Row) -> Observation {
    let (from, value) = (row.period.map(|period| row.measured_at.minus(period)), row.value);
    Observation {
        sensor: row.sensor,
        measured_at: row.measured_at,
        from,
        arrived_at: row.arrives_at,
        value: value.map_or(Observed::Missing, Observed::Value),
    }
}

fn run(plan: &Arc<Plan>, flood: &BTreeMap<Timestamp, Vec<Event>>, restart_at: Option<usize>) -> Record {
    let dir = tempfile::tempdir().unwrap();
    let began = *flood.keys().next().unwrap();
    let (mut book, mut state) = Book::open(dir.path(), plan, began);
    let (mut transitions, mut bulletins, mut deliveries) = (Vec::new(), Vec::new(), Vec::new());
    for (n, (at, events)) in flood.iter().enumerate() {
        if restart_at == Some(n) {
            drop(book);
            let restored: State;
            (book, restored) = Book::open(dir.path(), plan, *at);
            // A restart gives everybody a full deadline; all else is as it was.
            state = State { due: state.due, wake_at: state.wake_at, recheck: state.recheck, ..restored };
        }
        let decision = decide(&state, *at, events);
        book.keep(&decision.commit);
        transitions.extend(decision.commit.transitions);
        bulletins.extend(decision.commit.bulletins.into_iter().map(|b| b.id));
        deliveries.extend(decision.commit.deliveries.into_iter().map(|d| d.id));
        state = decision.next;
        state.outbox.clear();
    }
    let head = book.store.reader(1).unwrap().verify_ledger().unwrap();
    Record { head, transitions, bulletins, deliveries }
}

/// A city that has lived through those hours.
pub(super) fn played() -> Town {
    let plan = hue();
    let flood = flood(&plan);
    let mut town = Town::of(plan, *flood.keys().next().unwrap());
    for (at, events) in &flood {
        town.now = *at;
        town.decide(events);
        town.state.outbox.clear();
    }
    town
}

#[test]
fn the_same_storm_gives_the_same_ledger_bit_for_bit_with_and_without_a_restart() {
    let plan = hue();
    let flood = flood(&plan);
    let first = run(&plan, &flood, None);
    assert!(first.transitions.iter().any(|t| t.to == "bd3"), "the storm is worth it");
    assert!(first.deliveries.len() > 100 && first.head.n > 100, "{}", first.head.n);
    for restart_at in [None, Some(flood.len() / 2)] {
        let again = run(&plan, &flood, restart_at);
        assert_eq!(again.transitions, first.transitions, "restart at {restart_at:?}");
        assert_eq!(again.bulletins, first.bulletins, "restart at {restart_at:?}");
        assert!(again == first, "restart at {restart_at:?}: {:?} {:?}", again.head, first.head);
    }
    println!("{} entries in the ledger, head {:?}", first.head.n, first.head);
}

#[test]
fn the_engine_run_again_over_what_a_storm_left_in_the_store_gives_the_same_transitions() {
    let plan = hue();
    let dir = tempfile::tempdir().unwrap();
    let flood = flood(&plan);
    let (mut book, mut state) = Book::open(dir.path(), &plan, *flood.keys().next().unwrap());
    let (mut again, mut compared) = (Rerun::new(Arc::clone(&plan)), 0);
    for (at, events) in &flood {
        let decision = decide(&state, *at, events);
        book.keep(&decision.commit);
        let by_readings = |t: &&Transition| !plan.rules.runs_on_the_clock(t.slot);
        let first: Vec<Transition> =
            decision.commit.transitions.iter().filter(by_readings).cloned().collect();
        assert_eq!(again.commit(*at, &decision.commit.readings), first, "at {at}");
        compared += first.len();
        state = decision.next;
        state.outbox.clear();
    }
    assert!(compared > 30, "the storm is worth it: {compared}");
}
