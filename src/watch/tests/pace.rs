//! Storm pace: as long as a rule says so, and no longer.

use std::sync::Arc;

use sensors::station::StationId;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::rig::{Town, min};
use crate::store::commit::Seq;
use crate::watch::pace::{follow, hurried};
use crate::watch::snapshot::Snapshot;

#[test]
fn a_river_that_rises_fast_hurries_its_own_devices_until_it_does_so_no_more() {
    let mut town = Town::new();
    let (phu_oc, _) = town.plan.city.station_named(&StationId::new("phu-oc")).unwrap();
    town.stage("phu-oc", 2.0);
    assert!(hurried(&town.state).is_empty());
    for step in 1..=6 {
        town.pass(min(10));
        town.stage("phu-oc", 2.0 + 0.2 * f64::from(step));
    }
    assert_eq!(hurried(&town.state).into_iter().collect::<Vec<_>>(), [phu_oc]);
    for _ in 0..30 {
        town.pass(min(10));
        town.stage("phu-oc", 3.2);
    }
    assert!(hurried(&town.state).is_empty());
}

#[tokio::test]
async fn the_collectors_are_told_when_it_changes_and_only_then() {
    let mut town = Town::new();
    let seen =
        |town: &Town, seq| Arc::new(Snapshot { seq: Seq(seq), at: town.now, state: town.state.clone() });
    let (snapshots, following) = watch::channel(seen(&town, 0));
    let (told, mut heard) = watch::channel(Arc::default());
    let cancel = CancellationToken::new();
    let task = tokio::spawn(follow(following, told, cancel.clone()));
    for step in 0..=6 {
        town.stage("phu-oc", 2.0 + 0.2 * f64::from(step));
        town.pass(min(10));
        snapshots.send_replace(seen(&town, step as u64));
    }
    heard.changed().await.unwrap();
    assert_eq!(heard.borrow_and_update().len(), 1);
    snapshots.send_replace(seen(&town, 7));
    cancel.cancel();
    task.await.unwrap();
    assert!(heard.has_changed().is_err() || !heard.has_changed().unwrap(), "the same is not told twice");
}
