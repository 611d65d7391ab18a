//! A measurement, run by hand: it proves nothing on a machine that is not quiet.

use std::sync::Arc;

use sensors::station::SensorIx;

use crate::desk;
use crate::event::Event;
use crate::order::{Act as Ordered, OfficerId, Order};
use crate::watch::decide::decide;
use crate::watch::tests::rig::{min, reading};

use super::{Office, lower_bd2, whole};

/// How long the writer is held up by an approval that changes every rule, after a day of readings of
/// the whole city: printed, since no machine here is quiet. `cargo test --release -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long_an_approval_holds_the_writer_up() {
    let mut office = Office::open();
    for n in 0..(30 * 6) {
        let plan = Arc::clone(&office.town.plan);
        let words = (0..).map(SensorIx).zip(&plan.city.sensors).map(|(ix, sensor)| {
            // A storm: every gauge says another number each time, and most of them a large one.
            let raw = sensor.span.0.raw() + (sensor.span.1.raw() - sensor.span.0.raw()) / (8 + n % 5);
            reading(&plan, ix, office.town.now, raw)
        });
        let words: Vec<Event> = words.collect();
        office.town.decide(&words);
        office.town.now = office.town.now.plus(min(10));
        office.town.commits.clear();
    }
    office.town.stage("kim-long", 2.2);
    let all = whole(|text| text.replace("[[rule]]\n", "[[rule]]\nuntil = \"2099-01-01T00:00:00Z\"\n"));
    for (name, wanted) in [("one rule", lower_bd2()), ("every rule", all)] {
        let id = office.propose("truc-ban", &wanted);
        office.backtest(&id);
        let act = office.approval(&id);
        let order = Arc::new(Order {
            actor: OfficerId::new("chi-huy"),
            key: name.into(),
            note: None,
            if_match: None,
            act: Ordered::Desk(desk::Act::Draft(act)),
        });
        let events = [Event::Ordered(order)];
        let mut times: Vec<u128> = (0..50)
            .map(|_| {
                let state = office.town.state.clone();
                let began = std::time::Instant::now();
                let decision = decide(&state, office.town.now, &events);
                let took = began.elapsed().as_micros();
                assert!(decision.commit.plan_version.is_some());
                took
            })
            .collect();
        times.sort_unstable();
        let decision = decide(&office.town.state, office.town.now, &events);
        let began = std::time::Instant::now();
        office.book.keep(&decision.commit);
        let written = began.elapsed().as_micros();
        office.town.state = decision.next;
        office.town.plan = Arc::clone(&office.town.state.plan);
        println!(
            "{name}: decided in {} us (median), {} us (95 %); written in {written} us",
            times[25], times[47]
        );
    }
}
