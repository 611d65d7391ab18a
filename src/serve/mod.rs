//! The HTTP API: reads snapshots and the store, never in the way of a reading.
//!
//! It decides nothing and writes nothing. What is not in [`route::routes`] does not exist.

pub mod heartbeat;
pub mod metric;
pub mod openapi;
pub mod route;

mod alert;
mod answer;
mod backtest;
mod basin;
mod cap;
mod chart;
mod cursor;
mod desk;
mod discharge;
mod form;
mod guard;
mod health;
mod intake;
mod latest;
mod listen;
mod open;
mod order;
mod page;
mod place;
mod problem;
mod proof;
mod query;
mod rain;
mod reservoir;
mod risk;
mod seen;
mod station;
mod stream;
mod tell;
mod tile;

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backtest::jobs::Jobs;
use crate::clock::Clock;
use crate::event::Ordered;
use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::watch::feed::Feed;
use crate::watch::pulse::Pulse;
use crate::watch::snapshot::Snapshot;

pub use listen::{ServeError, run};

/// Everything that serving needs from the rest of the service.
#[derive(Clone)]
pub struct Shared {
    /// The newest state after a commit.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Every commit, sent after its snapshot is visible.
    pub feed: Feed,
    /// Read connections.
    pub reader: Reader,
    /// Where officers' orders go.
    pub orders: mpsc::Sender<Ordered>,
    /// The running clock.
    pub clock: Clock,
    /// What `/metrics` shows; see [`metric::install`].
    pub metrics: PrometheusHandle,
    /// How the sources of other authorities' alerts are doing.
    pub cap_sources: Arc<crate::collect::cap::Board>,
    /// Whether the writer lives, and whether the store takes what it writes.
    pub pulse: Arc<Pulse>,
    /// What is allowed at most.
    pub bounds: Bounds,
}

/// What is allowed at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Open connections; further ones wait in the kernel's backlog.
    pub connections: usize,
    /// Commits that a live stream may fall behind before it gets a fresh snapshot instead.
    pub stream_backlog: usize,
    /// Live streams that read from the store at the same time. After a restart all of them come back
    /// at once; questions and their read connections must not wait behind them.
    pub stream_replays: usize,
    /// Real time after which a peer that takes no bytes is cut off.
    pub stall: Duration,
    /// Real time between two heartbeats of a live stream on which nothing happens.
    pub stream_heartbeat: Duration,
    /// Real time that requests have to end after the stop.
    pub drain: Duration,
    /// Real time without a turn of the writer's loop after which the process counts as dead.
    pub pulse_silence: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 1024,
            stream_backlog: 1024,
            stream_replays: 2,
            stall: Duration::from_secs(30),
            stream_heartbeat: Duration::from_secs(15),
            drain: Duration::from_secs(5),
            pulse_silence: Duration::from_secs(10),
        }
    }
}

/// What every route sees.
#[derive(Clone)]
pub(crate) struct App {
    shared: Shared,
    seen: watch::Receiver<Arc<seen::Seen>>,
    told: broadcast::Sender<Arc<tell::Told>>,
    /// Places of live streams that read from the store what they missed.
    replays: Arc<Semaphore>,
    /// The wetness of basins, added up once a day.
    wetness: Arc<basin::wetness::Kept>,
    /// Backtests that wait, run or have ended.
    backtests: Arc<Jobs>,
    closing: CancellationToken,
}

impl App {
    /// The newest snapshot with the ages of its parts.
    fn seen(&self) -> Arc<seen::Seen> {
        self.seen.borrow().clone()
    }

    /// The envelope of an answer that shows this much.
    fn envelope(&self, seen: &seen::Seen) -> answer::Envelope {
        let clock = self.shared.clock;
        answer::Envelope { generated_at: clock.now(), seq: seen.snapshot.seq, exercise: clock.is_exercise() }
    }

    /// Asks the store where blocking is allowed. The place is kept until the store has answered,
    /// also when nobody waits for it any more.
    async fn read<T: Send + 'static>(
        &self,
        place: guard::Place,
        read: impl FnOnce(&Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, problem::Problem> {
        let reader = self.shared.reader.clone();
        let work = move || {
            let _place = place;
            read(&reader)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(why)) => {
                tracing::error!(%why, "the store could not be read");
                Err(problem::Problem::busy(
                    "the store can't be read now; ask again after Retry-After seconds",
                ))
            }
            Err(why) => {
                tracing::error!(%why, "a read of the store did not end");
                Err(problem::Problem::failed())
            }
        }
    }
}
