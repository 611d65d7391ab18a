//! At least once on the wire, once on the phone: also when the service dies between the two.

use baolu::notify::delivery::End;
use baolu::notify::receiver::Bounds;

use super::rig::{Rig, bounds, delivery, open, phones, receivers, until};

const COUNT: usize = 200;
const IN_FLIGHT: u32 = 16;

#[tokio::test]
async fn at_least_once_on_the_wire_once_on_the_phone_also_when_the_service_dies_between() {
    let phones = phones().await;
    let mut receivers = receivers(&phones);
    receivers.bounds = Bounds { in_flight_max: IN_FLIGHT, ..bounds() };
    let outbox = || (0..COUNT).map(delivery).collect::<Vec<_>>();

    // This writer never commits an outcome: as many go out as may be in flight, and no more.
    let first_life = Rig::start(open(&receivers), outbox());
    until("requests are out", || phones.counts().accepted == u64::from(IN_FLIGHT)).await;
    first_life.die().await;

    let mut second_life = Rig::start(open(&receivers), outbox());
    let outcomes = second_life.ends(COUNT).await;
    assert!(outcomes.iter().all(|outcome| outcome.end == End::Sent));
    let counts = phones.counts();
    assert_eq!(counts.shown, COUNT as u64, "each is shown once");
    assert_eq!(counts.repeats, u64::from(IN_FLIGHT), "only what was in flight is repeated");
    assert_eq!(phones.by_delivery().len(), COUNT, "with the same ids");
}

#[tokio::test]
async fn a_stop_in_peace_reports_what_is_out() {
    let phones = phones().await;
    let mut receivers = receivers(&phones);
    receivers.bounds = Bounds { in_flight_max: IN_FLIGHT, ..bounds() };
    let rig = Rig::start(open(&receivers), (0..COUNT).map(delivery).collect());
    until("requests are out", || phones.counts().requests >= 1).await;
    let reported = rig.stop().await as u64;
    assert!(reported <= u64::from(IN_FLIGHT) && reported == phones.counts().accepted, "{reported}");
}

#[tokio::test]
async fn phones_outlive_the_service() {
    let phones = phones().await;
    for life in 0..3 {
        let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(life)]);
        assert_eq!(rig.end().await.end, End::Sent);
        rig.stop().await;
    }
    let counts = phones.counts();
    assert_eq!((counts.shown, counts.repeats, counts.tokens), (3, 0, 3));
}
