//! The service put together: collectors, writer, channels, API; started and stopped in order.
//!
//! It knows no simulator: what speaks to it speaks on its wires.

use std::any::Any;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::event::Envelope;
use crate::notify::channel::Channels;
use crate::serve::heartbeat::Heartbeat;
use crate::serve::{Bounds, Shared};
use crate::store::error::StoreError;
use crate::store::{Options, Reader, Store};
use crate::watch::feed::{FEED_CAPACITY, Feed};
use crate::watch::pace;
use crate::watch::pulse::Pulse;
use crate::watch::restore::{begin, restore};
use crate::watch::snapshot::{Plan, Snapshot};
use crate::watch::writer::{Lanes, Writer, WriterError};
use crate::{collect, notify, serve};

/// Envelopes that may wait for the writer on each lane.
const LANE_CAPACITY: usize = 1024;
/// Orders that may wait for the writer.
const ORDERS_WAITING_MAX: usize = 16;
/// Read connections beside the writer.
const READ_CONNECTIONS: usize = 4;

/// What a service is made of.
pub struct Setup {
    /// City, rules, words, receivers.
    pub plan: Arc<Plan>,
    /// The running clock.
    pub clock: Clock,
    /// The data folder.
    pub data: PathBuf,
    /// Where the API is served.
    pub listener: TcpListener,
    /// The open channels to people.
    pub channels: Arc<Channels>,
    /// The recorder of the process.
    pub metrics: PrometheusHandle,
    /// A watchdog outside, where one is configured.
    pub heartbeat: Option<Heartbeat>,
}

/// Why the service could not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The system of record.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The writer ended.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// A thread, a socket or a client could not be made.
    #[error("{doing}: {why}")]
    Start {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        why: String,
    },
}

/// A running service.
pub struct Running {
    /// Where the API is served.
    pub address: SocketAddr,
    /// The newest state after a commit.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Every commit from the start on.
    pub feed: Feed,
    /// Read connections.
    pub reader: Reader,
    stops: Stops,
    tracker: TaskTracker,
    /// Ends when the writer does, with its reason; gone once that was told.
    writer: Option<oneshot::Receiver<Result<(), WriterError>>>,
}

/// One token for each part, in the order in which they stop.
#[derive(Default)]
struct Stops {
    collect: CancellationToken,
    notify: CancellationToken,
    writer: CancellationToken,
    serve: CancellationToken,
}

/// Opens the store, rebuilds the state and starts every part.
///
/// # Errors
/// When the store or a socket can't be had.
pub fn start(setup: Setup) -> Result<Running, ServiceError> {
    let Setup { plan, clock, data, listener, channels, metrics, heartbeat } = setup;
    let address = listener.local_addr().map_err(|e| failed("asking the API's socket for its address", &e))?;
    let options = Options { exercise: clock.is_exercise(), ..Options::default() };
    let (mut store, restored) = Store::open(&data, &plan.city, &plan.version, clock.now(), &options)?;
    let reader = store.reader(READ_CONNECTIONS)?;
    let mut snapshot = restore(&store, &restored, Arc::clone(&plan), clock.now(), clock.is_exercise())?;
    let begun = begin(&mut snapshot.state, clock.now());
    snapshot.seq = store
        .commit(restored.epoch, snapshot.seq, &begun)
        .map_err(|e| failed("entering the rules in force", &e))?;
    let (snapshot_sender, snapshots) = watch::channel(Arc::new(snapshot));
    let feed: Feed = broadcast::channel(FEED_CAPACITY).0;
    let pulse = Arc::new(Pulse::default());
    let stops = Stops::default();
    let tracker = TaskTracker::new();

    let (order_lane, orders) = mpsc::channel(ORDERS_WAITING_MAX);
    let (outcome_lane, outcomes) = mpsc::channel(LANE_CAPACITY);
    let (reading_lane, readings) = mpsc::channel(LANE_CAPACITY);
    let writer = Writer {
        store,
        epoch: restored.epoch,
        clock,
        snapshots: snapshot_sender,
        feed: feed.clone(),
        pulse: Arc::clone(&pulse),
    };
    let writer = run_writer(writer, Lanes { orders, outcomes, readings }, stops.writer.clone())?;

    tracker.spawn(notify::runner::run(
        snapshots.clone(),
        outcome_lane,
        channels,
        clock,
        stops.notify.clone(),
    ));
    let cap_sources = Arc::new(collect::cap::Board::default());
    let shared = Shared {
        cap_sources: Arc::clone(&cap_sources),
        snapshots: snapshots.clone(),
        feed: feed.clone(),
        reader: reader.clone(),
        orders: order_lane,
        clock,
        metrics,
        pulse: Arc::clone(&pulse),
        bounds: Bounds::default(),
    };
    let serving = serve::run(listener, shared, stops.serve.clone());
    tracker.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the API ended");
        }
    });
    if let Some(heartbeat) = heartbeat {
        let client = reqwest::Client::builder()
            .timeout(heartbeat.interval)
            .build()
            .map_err(|e| failed("making the heartbeat's client", &e))?;
        tracker.spawn(serve::heartbeat::beat(heartbeat, client, pulse, stops.serve.clone()));
    }
    if let Some(out) = plan.cap.out.clone().filter(|out| out.folder.is_some()) {
        let follower =
            notify::cap_folder::run(out, reader.clone(), feed.subscribe(), clock, stops.notify.clone());
        tracker.spawn(follower);
    }
    let (hurrying, hurried) = watch::channel(Arc::default());
    tracker.spawn(pace::follow(snapshots.clone(), hurrying, stops.collect.clone()));
    collect(&plan, clock, &cap_sources, &reading_lane, &hurried, &stops, &tracker);
    tracker.close();
    Ok(Running { address, snapshots, feed, reader, stops, tracker, writer: Some(writer) })
}

/// Starts everything that listens outside.
fn collect(
    plan: &Plan,
    clock: Clock,
    board: &Arc<collect::cap::Board>,
    lane: &mpsc::Sender<Envelope>,
    hurried: &collect::Hurried,
    stops: &Stops,
    tracker: &TaskTracker,
) {
    let city = Arc::new(plan.city.clone());
    collect::run(&city, clock, lane, hurried, &stops.collect, tracker);
    let outline = plan.city.zones.iter().map(|zone| zone.shape.clone()).collect();
    collect::cap::run(&plan.cap_in, outline, (board, clock), lane, &stops.collect, tracker);
}

fn failed(doing: &'static str, error: &dyn std::error::Error) -> ServiceError {
    ServiceError::Start { doing, why: error.to_string() }
}

/// The writer waits for the disk, so it has a thread and a small runtime of its own.
fn run_writer(
    writer: Writer,
    lanes: Lanes,
    cancel: CancellationToken,
) -> Result<oneshot::Receiver<Result<(), WriterError>>, ServiceError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|e| failed("making the writer's runtime", &e))?;
    let (ended, end) = oneshot::channel();
    thread::Builder::new()
        .name("writer".into())
        .spawn(move || {
            let run = AssertUnwindSafe(|| runtime.block_on(writer.run(lanes, cancel)));
            let end = std::panic::catch_unwind(run).unwrap_or_else(|panic| Err(broken(panic.as_ref())));
            // Nobody waits any more when the service was dropped instead of stopped.
            let _ = ended.send(end);
        })
        .map_err(|e| failed("starting the writer's thread", &e))?;
    Ok(end)
}

/// What a panic said.
fn broken(panic: &(dyn Any + Send)) -> WriterError {
    let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    WriterError::Broken(said.unwrap_or_else(|| "without a word".to_owned()))
}

impl Running {
    /// Waits until the writer ends by itself: it is fenced, or it is broken. Without it nothing is
    /// watched, so the process has to end. Once told, it is not told again.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> Result<(), ServiceError> {
        let Some(writer) = &mut self.writer else { return std::future::pending().await };
        let end = writer.await;
        self.writer = None;
        Ok(end.unwrap_or_else(|_| Err(WriterError::Broken("its thread is gone".to_owned())))?)
    }

    /// Stops in order: no new readings, requests to phones end, what waits is committed, then the
    /// API says goodbye.
    ///
    /// # Errors
    /// When the writer had ended before by itself and nobody was told, and why.
    pub async fn stop(mut self) -> Result<(), ServiceError> {
        self.stops.collect.cancel();
        self.stops.notify.cancel();
        // The runner waits for the receipts of its last outcomes, which the writer still gives.
        let patience = Duration::from_secs(6);
        self.stops.serve.cancel();
        if tokio::time::timeout(patience, self.tracker.wait()).await.is_err() {
            tracing::warn!("some tasks did not end within 6 s and are left behind");
        }
        self.stops.writer.cancel();
        if self.writer.is_none() { Ok(()) } else { self.ended().await }
    }
}
