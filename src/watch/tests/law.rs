//! Laws that hold for any readings: order of arrival, cuts and restarts leave no trace.

use std::sync::Arc;

use proptest::prelude::*;
use sensors::time::{Span, Timestamp};

use super::rig::{Book, Town, evening, hue, min, reading, sensor};
use crate::event::Event;
use crate::store::commit::Commit;
use crate::watch::decide::decide;
use crate::watch::snapshot::State;

/// Two stations on one river bank, a rain gauge and a dam, at moments of some hours.
const SENSORS: [(&str, i64); 4] =
    [("kim-long/stage", 1), ("phu-oc/stage", 1), ("228005/rainfall", 10), ("ta-trach/release", 400)];

/// A sensor, a tenth of an hour, and how high.
type Word = (usize, i64, i64);

fn words() -> impl Strategy<Value = Vec<Word>> {
    let word = (0..SENSORS.len(), 0_i64..40, 0_i64..5_500);
    proptest::collection::vec(word, 1..40).prop_map(|words| {
        // One word for a moment: of two revisions the later one holds, in whatever order they come.
        let mut once = std::collections::BTreeMap::new();
        once.extend(words.into_iter().map(|(sensor, at, raw)| ((sensor, at), raw)));
        once.into_iter().map(|((sensor, at), raw)| (sensor, at, raw)).collect()
    })
}

fn said(words: &[Word]) -> Vec<Event> {
    let plan = hue();
    let event = |(which, at, raw): &Word| {
        let (id, scale) = SENSORS[*which];
        let at = evening().plus(min(6 * at));
        reading(&plan, sensor(&plan, id), at, raw / scale * scale * scale)
    };
    words.iter().map(event).collect()
}

/// Everybody has been heard by now, and nobody is late yet.
fn now() -> Timestamp {
    evening().plus(min(240))
}

fn decided(state: &State, cuts: &[&[Event]]) -> Town {
    let mut town = Town::of(hue(), now());
    town.state = state.clone();
    for events in cuts {
        town.decide(events);
    }
    town
}

fn joined(commits: &[Commit]) -> (Vec<sensors::reading::Reading>, Vec<rules::alert::Transition>) {
    let readings = commits.iter().flat_map(|commit| commit.readings.clone()).collect();
    (readings, commits.iter().flat_map(|commit| commit.transitions.clone()).collect())
}

/// The same, alert by alert: which of two alerts is written first may depend on the cut.
fn by_alert(commits: &[Commit]) -> (Vec<sensors::reading::Reading>, Vec<rules::alert::Transition>) {
    let (readings, mut transitions) = joined(commits);
    transitions.sort_by(|a, b| a.alert.cmp(&b.alert));
    (readings, transitions)
}

fn levels(town: &Town) -> Vec<u8> {
    town.state.alerts.iter().map(|alert| alert.level).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn rule_02_any_order_of_arrival_ends_in_the_same_state(
        (words, shuffled) in words().prop_flat_map(|words| (Just(words.clone()), Just(words).prop_shuffle())),
    ) {
        let fresh = State::new(hue(), now(), false);
        let (a, b) = (said(&words), said(&shuffled));
        let (a, b) = (decided(&fresh, &[&a]), decided(&fresh, &[&b]));
        prop_assert_eq!(levels(&a), levels(&b));
        for (a, b) in a.state.tracks.iter().zip(&b.state.tracks) {
            prop_assert_eq!(a.series(), b.series());
        }
    }

    #[test]
    fn a_batch_gives_the_same_however_it_is_cut(words in words(), cut in 0_usize..40) {
        let fresh = State::new(hue(), now(), false);
        let events = said(&words);
        let (left, right) = events.split_at(cut.min(events.len()));
        let (whole, cut) = (decided(&fresh, &[&events]), decided(&fresh, &[left, right]));
        prop_assert_eq!(by_alert(&whole.commits), by_alert(&cut.commits));
        prop_assert_eq!(&whole.state.alerts, &cut.state.alerts);
        prop_assert_eq!(&whole.state.tracks, &cut.state.tracks);
    }

    #[test]
    fn a_restart_at_any_point_leaves_no_trace(words in words(), at in 0_usize..40) {
        let plan = hue();
        let dir = tempfile::tempdir().unwrap();
        let (mut book, mut state) = Book::open(dir.path(), &plan, now());
        let mut unbroken = Town::of(Arc::clone(&plan), now());
        for (n, event) in said(&words).chunks(1).enumerate() {
            if n == at {
                drop(book);
                (book, state) = Book::open(dir.path(), &plan, now());
            }
            // No two commits are made in one millisecond.
            unbroken.now = now().plus(Span::from_ms(n as i64));
            let decision = decide(&state, unbroken.now, event);
            let commit = unbroken.decide(event);
            prop_assert_eq!(&decision.commit.transitions, &commit.transitions);
            prop_assert_eq!(&decision.commit.bulletins, &commit.bulletins);
            prop_assert_eq!(&decision.commit.deliveries, &commit.deliveries);
            book.keep(&decision.commit);
            state = decision.next;
        }
        prop_assert_eq!(&state.alerts, &unbroken.state.alerts);
        prop_assert_eq!(&state.tracks, &unbroken.state.tracks);
        prop_assert_eq!(&state.told, &unbroken.state.told);
        prop_assert_eq!(&state.outbox, &unbroken.state.outbox);
    }
}
