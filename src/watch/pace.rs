//! Storm pace: whose devices are asked faster now, because a rule says so.
//!
//! It follows what was committed and tells the collectors; how much faster is the devices' configuration.

use std::collections::BTreeSet;
use std::sync::Arc;

use rules::alert::Subject;
use rules::rule::StormPace;
use sensors::city::City;
use sensors::place::{Basin, BasinId};
use sensors::station::{Station, StationIx};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::watch::snapshot::{Snapshot, State};

/// The stations whose devices are asked at their storm interval.
pub type Hurried = Arc<BTreeSet<StationIx>>;

/// Who is hurried by the alerts that stand, also by those that only officers were told of.
pub fn hurried(state: &State) -> BTreeSet<StationIx> {
    let stations = || (0_u32..).map(StationIx).zip(&state.plan.city.stations);
    let mut hurried = BTreeSet::new();
    for (slot, alert) in state.plan.rules.slots().iter().zip(&state.alerts) {
        let Some(pace) = slot.rule.storm_pace.filter(|_| alert.doubted > 0) else { continue };
        let named = stations().filter(|(_, station)| match (pace, &slot.subject) {
            (StormPace::All, _) => true,
            (StormPace::Subject, Subject::Station(id)) => station.id == *id,
            (StormPace::Subject, Subject::Basin(id)) => lies_in(station, id, &state.plan.city),
            (StormPace::Subject, _) => false,
        });
        hurried.extend(named.map(|(ix, _)| ix));
    }
    hurried
}

/// Whether a station is of a basin, or one of the gauges that its rain is taken from.
fn lies_in(station: &Station, id: &BasinId, city: &City) -> bool {
    let is_gauge = |basin: &Basin| basin.gauges().iter().any(|gauge| station.sensors.contains(gauge));
    station.basin.as_ref() == Some(id) || city.basin(id).is_some_and(is_gauge)
}

/// Tells the collectors whenever it changes, until cancelled.
pub async fn follow(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    told: watch::Sender<Hurried>,
    cancel: CancellationToken,
) {
    loop {
        let now = hurried(&snapshots.borrow_and_update().state);
        let changed = told.send_if_modified(|known| {
            let differs = **known != now;
            if differs {
                *known = Arc::new(now);
            }
            differs
        });
        if changed {
            let stations = told.borrow().len();
            tracing::info!(stations, "devices that are asked at their storm interval");
            metrics::gauge!("baolu_collect_hurried_stations").set(stations as f64);
        }
        match cancel.run_until_cancelled(snapshots.changed()).await {
            Some(Ok(())) => {}
            Some(Err(_)) | None => return,
        }
    }
}
