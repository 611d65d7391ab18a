//! The state after a restart: what was recorded, rebuilt. Nothing fires again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rules::alert::SlotIx;
use rules::engine::{AlertRecord, AlertState};
use sensors::quality::neighbour::Inspection;
use sensors::station::SensorIx;
use sensors::time::Timestamp;
use sensors::track::Track;

use crate::desk::Desk;
use crate::event::LineState;
use crate::order::Remembered;
use crate::store::Store;
use crate::store::commit::Commit;
use crate::store::error::StoreError;
use crate::store::record::Restored;
use crate::watch::review::Grounds;
use crate::watch::snapshot::{Plan, Snapshot, State};
use crate::watch::told::Told;

/// Rebuilds windows from the stored readings and takes alerts, lines and the outbox as they were
/// committed. `now` is when watching begins: every sensor gets a full deadline from here.
///
/// # Errors
/// When the store can't be read.
pub fn restore(
    store: &Store,
    restored: &Restored,
    plan: Arc<Plan>,
    now: Timestamp,
    exercise: bool,
) -> Result<Snapshot, StoreError> {
    let mut tracks = tracks(store, &plan)?;
    let (alerts, retired) = alerts(restored, &plan);
    let silent = silent(restored, &plan, &tracks, &alerts);
    let mut lines = restored.lines.clone();
    lines.resize(plan.city.lines.len(), None);
    let inspection = inspection(restored, &plan, &mut tracks);
    let mut state = State {
        tracks,
        alerts,
        retired,
        lines,
        silent,
        outbox: restored.outbox.iter().cloned().map(Arc::new).collect(),
        strays: restored.strays,
        orders: Arc::new(Remembered::new(restored.orders.iter().cloned())),
        desk: desk(restored),
        told: Told::new(restored.told.iter().cloned()),
        inspection,
        grounds: Grounds::new(restored.grounds.iter().cloned(), restored.revised.iter().cloned()),
        ..State::new(plan, now, exercise)
    };
    for line in 0..state.lines.len() {
        // Who was silent behind an outage and never named gets a full deadline as well.
        let is_down = matches!(state.lines.get(line), Some(Some((_, LineState::Down { .. }))));
        let at = now.plus(state.longest_deadline_behind(line));
        if let Some(recheck) = state.recheck.get_mut(line).filter(|_| !is_down) {
            *recheck = Some(at);
        }
    }
    Ok(Snapshot { seq: restored.seq, at: restored.at.unwrap_or(now), state })
}

/// What a start has to commit before anything else: the rules that come into force with it. The
/// state has them already; nearly always there is nothing.
pub fn begin(state: &mut State, now: Timestamp) -> Commit {
    crate::watch::desk::draft::seed(state, now)
}

fn desk(restored: &Restored) -> Desk {
    let (desk, strange) = Desk::restore(&restored.papers);
    for paper in strange {
        tracing::error!(paper, "a paper of the desk can't be read; it stays in the store and is passed over");
    }
    desk
}

fn tracks(store: &Store, plan: &Plan) -> Result<Vec<Arc<Track>>, StoreError> {
    let mut tracks = Vec::with_capacity(plan.city.sensors.len());
    for (place, sensor) in (0..).zip(&plan.city.sensors) {
        let retention = plan.retention(sensor);
        let mut track = Track::new(sensor, retention);
        for measured_at in store.entered_times(SensorIx(place))? {
            track.note_entered(measured_at);
        }
        if let Some(newest) = store.newest_reading(SensorIx(place))? {
            let since = newest.measured_at.minus(retention);
            for reading in store.recent_readings(SensorIx(place), since)? {
                track.restore(sensor, &reading);
            }
        }
        tracks.push(Arc::new(track));
    }
    Ok(tracks)
}

/// Goes on with the cases that were open or may still be judged anew: what their sensors say is
/// doubtful from the first word on.
fn inspection(restored: &Restored, plan: &Plan, tracks: &mut [Arc<Track>]) -> Inspection {
    let inspection = Inspection::restore(restored.suspicions.iter().copied());
    for case in inspection.cases() {
        if let Some((track, suspicion)) = tracks.get_mut(case.sensor.at()).zip(case.suspicion()) {
            Arc::make_mut(track).restore_suspicion(suspicion);
        }
    }
    let mut inspection = inspection;
    for (ix, track) in (0..).map(SensorIx).zip(tracks) {
        if let Some(newest) = track.series().newest() {
            inspection.note(&plan.city.neighbours, ix, newest.measured_at);
        }
    }
    inspection
}

/// The alerts of the rules, and what is kept of those that the rules no longer have.
fn alerts(restored: &Restored, plan: &Plan) -> (Vec<Arc<AlertState>>, Arc<BTreeMap<String, AlertRecord>>) {
    let mut retired = BTreeMap::new();
    let mut alerts: Vec<Arc<AlertState>> = plan.rules.slots().iter().map(|_| Arc::default()).collect();
    for (key, record) in &restored.alerts {
        let slot = plan.rules.slot_named(key);
        if let Some((ix, alert)) = slot.and_then(|ix| Some((ix, alerts.get_mut(ix.at())?))) {
            *alert = Arc::new(AlertState::restore(record, &plan.rules, ix));
        } else {
            if record.is_raised() {
                tracing::warn!(
                    alert = key,
                    "the rules no longer have this alert; its record stays in the store"
                );
            }
            retired.insert(key.clone(), record.clone());
        }
    }
    (alerts, Arc::new(retired))
}

/// Who was silent at the last commit; they stay so until they speak, and are not told of again.
///
/// Silence that no alert tells of is not brought back: it may be that nobody was told, so their
/// deadline runs anew.
fn silent(
    restored: &Restored,
    plan: &Plan,
    tracks: &[Arc<Track>],
    alerts: &[Arc<AlertState>],
) -> Vec<Option<Timestamp>> {
    let down = |state: &Option<(Timestamp, LineState)>| matches!(state, Some((_, LineState::Down { .. })));
    let lines = plan.city.lines.iter().zip(&restored.lines).filter(|(_, state)| down(state));
    let cut_off: BTreeSet<SensorIx> = lines.flat_map(|(line, _)| line.sensors()).collect();
    let open = |slot: &SlotIx| alerts.get(slot.at()).is_some_and(|alert| alert.level > 0);
    let silent = |(ix, (sensor, track)): (SensorIx, (&sensors::station::Sensor, &Arc<Track>))| {
        let at = restored.at.filter(|_| plan.rules.silence_slots(ix).iter().any(open))?;
        match track.last_contact() {
            Some(heard) if !cut_off.contains(&ix) => {
                Some(heard.plus(sensor.deadline.total())).filter(|deadline| *deadline <= at)
            }
            _ => Some(at),
        }
    };
    (0..).map(SensorIx).zip(plan.city.sensors.iter().zip(tracks)).map(silent).collect()
}
