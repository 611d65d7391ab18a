//! The newest snapshot, and since which commit each of its parts is as it is.
//!
//! Follows the snapshots and compares what they share: a part that is another one than before
//! changed. It may say that something changed which did not, never the other way round.

use std::sync::Arc;

use rules::engine::AlertState;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::commit::Seq;
use crate::watch::snapshot::{Snapshot, State};

/// A snapshot with the commits since which its parts are as they are.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    sensors: Vec<Seq>,
    alerts: Vec<Seq>,
    lines: Vec<Seq>,
}

impl Seen {
    /// The first one: everything is as new as the snapshot.
    pub(crate) fn first(snapshot: Arc<Snapshot>) -> Self {
        let State { tracks, alerts, lines, .. } = &snapshot.state;
        let all = |count| vec![snapshot.seq; count];
        Self { sensors: all(tracks.len()), alerts: all(alerts.len()), lines: all(lines.len()), snapshot }
    }

    /// What follows when another snapshot becomes visible.
    #[must_use]
    pub(crate) fn next(&self, snapshot: Arc<Snapshot>) -> Self {
        let (old, new) = (&self.snapshot.state, &snapshot.state);
        if !Arc::ptr_eq(&old.plan, &new.plan) {
            return Self::first(snapshot);
        }
        let seq = snapshot.seq;
        let sensors = stamped(&self.sensors, seq, new.tracks.len(), |at| {
            same(old.tracks.get(at), new.tracks.get(at)) && old.silent.get(at) == new.silent.get(at)
        });
        let alerts = stamped(&self.alerts, seq, new.alerts.len(), |at| {
            let (old, new) = (old.alerts.get(at), new.alerts.get(at));
            // What nobody sees of an alert changes with every reading.
            let shown = |alert: &Arc<AlertState>| (alert.level, alert.doubted, alert.episode.clone());
            same(old, new) || old.map(shown) == new.map(shown)
        });
        let lines = stamped(&self.lines, seq, new.lines.len(), |at| old.lines.get(at) == new.lines.get(at));
        Self { snapshot, sensors, alerts, lines }
    }

    /// Whether a sensor changed after a commit.
    pub(crate) fn sensor_changed(&self, at: usize, since: Option<Seq>) -> bool {
        changed(&self.sensors, at, since)
    }

    /// Whether an alert changed after a commit.
    pub(crate) fn alert_changed(&self, at: usize, since: Option<Seq>) -> bool {
        changed(&self.alerts, at, since)
    }

    /// Whether a line changed after a commit.
    pub(crate) fn line_changed(&self, at: usize, since: Option<Seq>) -> bool {
        changed(&self.lines, at, since)
    }
}

fn same<T>(old: Option<&Arc<T>>, new: Option<&Arc<T>>) -> bool {
    matches!((old, new), (Some(old), Some(new)) if Arc::ptr_eq(old, new))
}

fn stamped(before: &[Seq], seq: Seq, count: usize, is_same: impl Fn(usize) -> bool) -> Vec<Seq> {
    let stamp = |at: usize| before.get(at).copied().filter(|_| is_same(at)).unwrap_or(seq);
    (0..count).map(stamp).collect()
}

fn changed(stamps: &[Seq], at: usize, since: Option<Seq>) -> bool {
    let Some(since) = since else { return true };
    stamps.get(at).is_none_or(|stamp| *stamp > since)
}

/// Follows the snapshots until it is cancelled.
pub(crate) async fn follow(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    seen: watch::Sender<Arc<Seen>>,
    cancel: CancellationToken,
) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            changed = snapshots.changed() => if changed.is_err() { return },
        }
        let snapshot = snapshots.borrow_and_update().clone();
        seen.send_modify(|seen| *seen = Arc::new(seen.next(snapshot)));
    }
}
