//! The promises of one channel's queue, in a time that the tests make up.

use super::*;
use crate::notify::backoff::Backoff;
use crate::notify::delivery::tests::delivery;

fn bounds() -> Bounds {
    Bounds {
        tries_max: 4,
        ttl: Duration::from_mins(1),
        backoff: Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) },
        in_flight_max: 2,
        ..Bounds::default()
    }
}

fn lane() -> Lane {
    Lane::new(bounds(), BreakerBounds { failures_max: 3, open_for: Duration::from_secs(5) })
}

fn item(order: u64, severity: u8, now: Instant) -> Item {
    let mut delivery = delivery(&order.to_string());
    delivery.severity = Severity::new(severity).unwrap();
    Item { delivery: Arc::new(delivery), order, tries: 0, taken: now, expires: now + bounds().ttl }
}

fn cut() -> Result<(), Fault> {
    Err(Fault::Line { why: "cut".to_owned() })
}

fn later(seconds: u64) -> Result<(), Fault> {
    Err(Fault::Later { why: "busy".to_owned(), after: Some(Duration::from_secs(seconds)) })
}

#[test]
fn the_most_severe_goes_first_and_equals_in_their_order() {
    let (mut lane, now) = (lane(), Instant::now());
    for (order, severity) in [(1, 2), (2, 5), (3, 2), (4, 5)] {
        lane.take(item(order, severity, now));
    }
    let mut went = Vec::new();
    while let Some(next) = lane.next(now) {
        went.push(next.order);
        lane.release();
    }
    assert_eq!(went, [2, 4, 1, 3]);
}

#[test]
fn no_more_are_unsettled_than_may_be_repeated_after_a_crash() {
    let (mut lane, now) = (lane(), Instant::now());
    (0..5).for_each(|order| lane.take(item(order, 3, now)));
    let (first, _second) = (lane.next(now).unwrap(), lane.next(now).unwrap());
    assert!(lane.next(now).is_none());
    assert_eq!(lane.settle(first, Ok(()), now), Some(End::Sent));
    assert!(lane.next(now).is_none(), "sent, but its end is not committed yet");
    lane.release();
    assert!(lane.next(now).is_some());
}

#[test]
fn a_delivery_that_was_asked_to_wait_waits_so_long_and_so_do_the_others() {
    let (mut lane, now) = (lane(), Instant::now());
    lane.take(item(1, 3, now));
    lane.take(item(2, 3, now));
    let first = lane.next(now).unwrap();
    assert_eq!(lane.settle(first, later(7), now), None);
    assert!(lane.next(now + Duration::from_secs(6)).is_none());
    assert_eq!(lane.wake(now), Some(now + Duration::from_secs(7)));
    assert_eq!(lane.next(now + Duration::from_secs(7)).unwrap().order, 1);
}

#[test]
fn a_later_answer_that_asks_for_less_does_not_shorten_a_quota() {
    let (mut lane, now) = (lane(), Instant::now());
    (1..=3).for_each(|order| lane.take(item(order, 3, now)));
    let (first, second) = (lane.next(now).unwrap(), lane.next(now).unwrap());
    assert_eq!(lane.settle(first, later(30), now), None);
    assert_eq!(lane.settle(second, later(1), now), None);
    assert!(lane.next(now + Duration::from_secs(29)).is_none());
    assert!(lane.next(now + Duration::from_secs(30)).is_some());
}

#[test]
fn the_quota_of_one_phone_holds_up_nobody_else() {
    let (mut lane, now) = (lane(), Instant::now());
    let mut one = item(1, 3, now);
    Arc::get_mut(&mut one.delivery).unwrap().target = Target::Token { receiver: "p".to_owned() };
    lane.take(one);
    lane.take(item(2, 3, now));
    let first = lane.next(now).unwrap();
    assert_eq!(lane.settle(first, later(30), now), None);
    assert_eq!(lane.next(now).unwrap().order, 2);
}

#[test]
fn a_wait_longer_than_its_life_still_leaves_a_last_try() {
    let (mut lane, now) = (lane(), Instant::now());
    lane.take(item(1, 3, now));
    let first = lane.next(now).unwrap();
    assert_eq!(lane.settle(first, later(86_400), now), None);
    let end_of_life = now + bounds().ttl;
    let last = lane.next(end_of_life).unwrap();
    let end = lane.settle(last, later(86_400), end_of_life);
    assert!(matches!(end, Some(End::Failed { why }) if why.contains("2 tries")));
}

#[test]
fn a_stale_delivery_is_tried_once_and_then_given_up() {
    let (mut lane, now) = (lane(), Instant::now());
    let stale = Item { expires: now, ..item(1, 3, now) };
    lane.take(stale);
    let only = lane.next(now).unwrap();
    assert!(matches!(lane.settle(only, cut(), now), Some(End::Failed { .. })));
}

#[test]
fn tries_are_bounded_and_the_words_name_the_fault() {
    let (mut lane, mut now) = (lane(), Instant::now());
    lane.take(item(1, 3, now));
    for _ in 0..3 {
        let item = lane.next(now).unwrap();
        assert_eq!(lane.settle(item, later(1), now), None);
        now = lane.wake(now).unwrap();
    }
    let last = lane.next(now).unwrap();
    let end = lane.settle(last, later(1), now);
    assert_eq!(end, Some(End::Failed { why: "given up after 4 tries: busy".to_owned() }));
}

#[test]
fn a_dead_channel_is_probed_by_one_and_tells_when_its_deliveries_outlived_themselves() {
    let (mut lane, start) = (lane(), Instant::now());
    (0..6).for_each(|order| lane.take(item(order, 3, start)));
    for _ in 0..3 {
        let item = lane.next(start).unwrap();
        assert_eq!(lane.settle(item, cut(), start), None);
    }
    assert!(lane.rests() && lane.next(start).is_none());
    let probe_at = start + Duration::from_secs(5);
    let probe = lane.next(probe_at).unwrap();
    assert!(lane.next(probe_at).is_none(), "one probe at a time");
    assert_eq!(lane.settle(probe, cut(), probe_at), None);
    assert!(lane.expired(probe_at).is_empty());
    let over = start + bounds().ttl;
    assert_eq!(lane.expired(over).len(), 6);
    assert_eq!(lane.queued(), 0);
}
