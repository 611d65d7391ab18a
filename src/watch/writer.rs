//! The one writer: gathers what is waiting, decides, commits, and only then lets anybody see it.
//!
//! It runs on a thread of its own, because a commit waits for the disk. Outcomes of deliveries go
//! before readings, so that a flood of readings never makes a phone ring twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Pace};
use crate::event::{Envelope, Event, Receipt};
use crate::store::Store;
use crate::store::commit::{Commit, Epoch, Seq};
use crate::store::error::CommitError;
use crate::watch::decide::decide;
use crate::watch::feed::{Committed, Feed};
use crate::watch::pulse::Pulse;
use crate::watch::snapshot::{Snapshot, State};

/// Events that one commit takes at most: a few milliseconds of work.
const GATHER_MAX: usize = 2048;
/// Events that one commit takes at least, where more are waiting and deciding them is slow. Going
/// back costs an alert about the same for one late reading as for a thousand: with fewer at a time
/// a backlog of them would only take longer.
const GATHER_MIN: usize = 1024;
/// Real time that deciding may take before the next batch is smaller. Late readings cost much more
/// than those in order; a river that rises must not wait for a backlog of them.
const DECIDE_MAX: Duration = Duration::from_millis(100);
/// Real time after the stop in which what waits is still committed; the rest was not acknowledged.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Events that may gather while the store refuses: about a day of a city. A gauge that rises must
/// still find a place among those that say nothing new, because only its warning may be written.
const REFUSED_MAX: usize = 32 * GATHER_MAX;
/// How long a refused commit waits before it is tried again (real time).
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How often the loop turns when nothing happens, so that a watchdog can tell that it lives.
const IDLE_TURN: Duration = Duration::from_secs(1);

/// The lanes into the writer, in the order of their right of way.
#[derive(Debug)]
pub struct Lanes {
    /// Outcomes of deliveries.
    pub outcomes: mpsc::Receiver<Envelope>,
    /// Readings, lines, strays.
    pub readings: mpsc::Receiver<Envelope>,
}

/// The writer.
#[derive(Debug)]
pub struct Writer {
    /// The system of record.
    pub store: Store,
    /// Our turn at it; a newer one fences us.
    pub epoch: Epoch,
    /// The running clock.
    pub clock: Clock,
    /// Where the state becomes visible.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Where commits are told.
    pub feed: Feed,
    /// Whether we live, and whether the store takes what we write.
    pub pulse: Arc<Pulse>,
}

/// Why the writer ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// Another process has taken the store over.
    #[error("another process has taken over this data folder; this one stops writing: {0}")]
    Fenced(CommitError),
    /// A decision named something that the store does not know: a mistake of ours.
    #[error("the store can't take a decision: {0}")]
    Mistaken(CommitError),
    /// It broke off in the middle of something: a mistake of ours.
    #[error("the writer broke off: {0}; nothing is watched any more, start the service again")]
    Broken(String),
}

impl Writer {
    /// Runs until cancelled, then takes what is still waiting and ends.
    ///
    /// # Errors
    /// When another process has taken the store over, or a decision can't be written.
    pub async fn run(mut self, mut lanes: Lanes, cancel: CancellationToken) -> Result<(), WriterError> {
        let mut state = self.snapshots.borrow().state.clone();
        let mut pace = Pace::of(&self.clock);
        let mut most = GATHER_MAX;
        let mut stopping_since: Option<Instant> = None;
        loop {
            self.pulse.turn();
            let mut batch = Batch::default();
            let pause = state.wake_at.map_or(IDLE_TURN, |at| self.clock.until(at).min(IDLE_TURN));
            let stopping = tokio::select! {
                biased;
                () = cancel.cancelled() => true,
                Some(envelope) = lanes.outcomes.recv() => { batch.take(envelope); false }
                Some(envelope) = lanes.readings.recv() => { batch.take(envelope); false }
                () = tokio::time::sleep(pause) => false,
            };
            batch.gather(&mut lanes, most);
            batch.look_at(&mut pace, &self.clock);
            let nothing_came = batch.events.is_empty();
            if !nothing_came || state.wake_at.is_some_and(|at| at <= self.clock.now()) {
                match self.turn(state, batch, &mut pace, &mut lanes, &cancel).await? {
                    Some((next, took)) => {
                        state = next;
                        let wanted = if took > DECIDE_MAX { most / 2 } else { most * 2 };
                        most = wanted.clamp(GATHER_MIN, GATHER_MAX);
                    }
                    // Stopped while the store refused: what waits was not acknowledged and comes again.
                    None => return Ok(()),
                }
            }
            if stopping {
                let since = *stopping_since.get_or_insert_with(Instant::now);
                if nothing_came {
                    return Ok(());
                }
                if since.elapsed() > STOP_PATIENCE {
                    tracing::warn!(
                        "stopped with readings waiting; they were not acknowledged and come again"
                    );
                    return Ok(());
                }
            }
        }
    }

    /// One decision, its commit, and how long deciding took; tried again until the store takes it, or until the stop.
    ///
    /// While the disk is nearly full, what arrives meanwhile joins the batch: a commit that warns
    /// somebody may use the last reserve, so a rising river must not wait behind idle gauges.
    async fn turn(
        &mut self,
        state: State,
        mut batch: Batch,
        pace: &mut Pace,
        lanes: &mut Lanes,
        cancel: &CancellationToken,
    ) -> Result<Option<(State, Duration)>, WriterError> {
        let began = Instant::now();
        let mut warned = false;
        loop {
            let deciding = Instant::now();
            let decision = decide(&state, self.clock.now(), &batch.events);
            let took = deciding.elapsed();
            match self.commit(&decision.commit) {
                Ok(seq) => {
                    self.pulse.writable();
                    let readings = decision.commit.readings.len() as u64;
                    if let Some(seq) = seq {
                        self.publish(seq, decision.commit, &decision.next);
                    }
                    batch.receipts.iter().for_each(Receipt::give);
                    metrics::counter!("baolu_readings_total").increment(readings);
                    metrics::histogram!("baolu_commit_seconds").record(began.elapsed().as_secs_f64());
                    return Ok(Some((decision.next, took)));
                }
                Err(error @ CommitError::Fenced { .. }) => return Err(WriterError::Fenced(error)),
                Err(error @ CommitError::Unplanned { .. }) => return Err(WriterError::Mistaken(error)),
                Err(error) => {
                    if !warned {
                        tracing::error!(%error, "the store refuses; {} events wait and nothing is acknowledged", batch.events.len());
                        warned = true;
                    }
                    self.pulse.unwritable(&error.to_string());
                    metrics::counter!("baolu_commit_refused_total").increment(1);
                    if cancel.run_until_cancelled(tokio::time::sleep(RETRY_PAUSE)).await.is_none() {
                        return Ok(None);
                    }
                    self.pulse.turn();
                    batch.gather(lanes, REFUSED_MAX);
                    batch.look_at(pace, &self.clock);
                }
            }
        }
    }

    fn commit(&mut self, commit: &Commit) -> Result<Option<Seq>, CommitError> {
        if commit.is_empty() {
            return Ok(None);
        }
        let expected = self.snapshots.borrow().seq;
        self.store.commit(self.epoch, expected, commit).map(Some)
    }

    fn publish(&self, seq: Seq, commit: Commit, next: &State) {
        let at = commit.at;
        self.snapshots.send_replace(Arc::new(Snapshot { seq, at, state: next.clone() }));
        // Nobody listening is fine: the store keeps what was told.
        let _ = self.feed.send(Arc::new(Committed { seq, at, commit: Arc::new(commit) }));
    }
}

/// What one commit takes.
#[derive(Debug, Default)]
struct Batch {
    events: Vec<Event>,
    receipts: Vec<Receipt>,
}

impl Batch {
    fn take(&mut self, envelope: Envelope) {
        self.events.extend(envelope.events);
        self.receipts.extend(envelope.receipt);
    }

    /// Adds what is waiting already, without waiting for more: the disk's own pace groups commits.
    fn gather(&mut self, lanes: &mut Lanes, most: usize) {
        while self.events.len() < most
            && let Ok(envelope) = lanes.outcomes.try_recv().or_else(|_| lanes.readings.try_recv())
        {
            self.take(envelope);
        }
    }

    /// A clock that was set comes first, so that everything here is decided by the clock as it is.
    fn look_at(&mut self, pace: &mut Pace, clock: &Clock) {
        if let Some(by) = pace.step(clock) {
            tracing::warn!(
                by_s = by.whole_s(),
                "the clock was set, or this process was held up; deadlines go with it"
            );
            self.events.insert(0, Event::Stepped(by));
        }
    }
}
