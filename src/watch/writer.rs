//! The one writer: gathers what is waiting, decides, commits, and only then lets anybody see it.
//!
//! It runs on a thread of its own, because a commit waits for the disk. Officers' orders go before
//! outcomes of deliveries, and these before readings, so that a flood of readings never makes a phone ring twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Pace};
use crate::desk;
use crate::event::{Envelope, Event, Ordered, Receipt};
use crate::order::{Act, Answer};
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
    /// Officers' orders.
    pub orders: mpsc::Receiver<Ordered>,
    /// Outcomes of deliveries.
    pub outcomes: mpsc::Receiver<Envelope>,
    /// Readings, lines, strays.
    pub readings: mpsc::Receiver<Envelope>,
}

/// What waits for the writer.
#[derive(Debug)]
struct Inlet {
    lanes: Lanes,
    /// Rules that are to come into force. They come first in a commit of their own, so that it stays
    /// known which readings were judged by which rules.
    rules: Option<Ordered>,
}

/// Whether an order puts other rules into force.
fn brings_rules(ordered: &Ordered) -> bool {
    matches!(&ordered.order.act, Act::Desk(desk::Act::Draft(desk::draft::Act::Approve { .. })))
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
    pub async fn run(mut self, lanes: Lanes, cancel: CancellationToken) -> Result<(), WriterError> {
        let mut state = self.snapshots.borrow().state.clone();
        let mut pace = Pace::of(&self.clock);
        let mut most = GATHER_MAX;
        let mut stopping_since: Option<Instant> = None;
        let mut inlet = Inlet { lanes, rules: None };
        loop {
            self.pulse.turn();
            let mut batch = Batch::default();
            let pause = state.wake_at.map_or(IDLE_TURN, |at| self.clock.until(at).min(IDLE_TURN));
            if let Some(rules) = inlet.rules.take() {
                batch.obey(rules);
            }
            let waits = batch.events.is_empty();
            let Lanes { orders, outcomes, readings } = &mut inlet.lanes;
            let stopping = tokio::select! {
                biased;
                () = cancel.cancelled() => true,
                () = std::future::ready(()), if !waits => false,
                Some(ordered) = orders.recv() => { batch.obey(ordered); false }
                Some(envelope) = outcomes.recv() => { batch.take(envelope); false }
                Some(envelope) = readings.recv() => { batch.take(envelope); false }
                () = tokio::time::sleep(pause) => false,
            };
            batch.gather(&mut inlet, most);
            batch.look_at(&mut pace, &self.clock);
            let nothing_came = batch.events.is_empty();
            if !nothing_came || state.wake_at.is_some_and(|at| at <= self.clock.now()) {
                match self.turn(state, batch, &mut pace, &mut inlet, &cancel).await? {
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
        inlet: &mut Inlet,
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
                    batch.answer(decision.answers);
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
                    batch.gather(inlet, REFUSED_MAX);
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
    /// Of the orders among the events, in their order.
    replies: Vec<oneshot::Sender<Answer>>,
}

impl Batch {
    fn take(&mut self, envelope: Envelope) {
        self.events.extend(envelope.events);
        self.receipts.extend(envelope.receipt);
    }

    fn obey(&mut self, Ordered { order, reply }: Ordered) {
        self.events.push(Event::Ordered(order));
        self.replies.push(reply);
    }

    /// Tells those who ordered; who does not wait any more finds it in the ledger.
    fn answer(self, answers: Vec<Answer>) {
        for (reply, answer) in self.replies.into_iter().zip(answers) {
            let _ = reply.send(answer);
        }
    }

    /// Adds what is waiting already, without waiting for more: the disk's own pace groups commits.
    fn gather(&mut self, inlet: &mut Inlet, most: usize) {
        while inlet.rules.is_none()
            && let Ok(ordered) = inlet.lanes.orders.try_recv()
        {
            if brings_rules(&ordered) && !self.events.is_empty() {
                inlet.rules = Some(ordered);
            } else {
                self.obey(ordered);
            }
        }
        while self.events.len() < most
            && let Ok(envelope) = inlet.lanes.outcomes.try_recv().or_else(|_| inlet.lanes.readings.try_recv())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{OfficerId, Order};

    fn ordered(act: desk::draft::Act) -> Ordered {
        let act = Act::Desk(desk::Act::Draft(act));
        let order = Order { actor: OfficerId::new("a"), key: "k".into(), note: None, if_match: None, act };
        Ordered { order: Arc::new(order), reply: oneshot::channel().0 }
    }

    #[test]
    fn rules_that_come_into_force_come_first_in_a_commit_of_their_own() {
        let (give, orders) = mpsc::channel(4);
        let (_keep, outcomes) = mpsc::channel(1);
        let (say, readings) = mpsc::channel(4);
        let mut inlet = Inlet { lanes: Lanes { orders, outcomes, readings }, rules: None };
        let event = || Envelope { events: vec![Event::Stepped(sensors::time::Span::ZERO)], receipt: None };
        let approve = desk::draft::Act::Approve {
            id: "d".into(),
            version: "v".into(),
            accepts_failing: Vec::new(),
            prepared: None,
        };
        say.try_send(event()).unwrap();
        give.try_send(ordered(approve)).unwrap();
        give.try_send(ordered(desk::draft::Act::Decline { id: "e".into() })).unwrap();
        let mut batch = Batch::default();
        batch.take(event());
        batch.gather(&mut inlet, GATHER_MAX);
        assert_eq!(batch.events.len(), 2, "what was there before goes before");
        assert!(batch.replies.is_empty() && inlet.rules.is_some());
        let mut batch = Batch::default();
        batch.obey(inlet.rules.take().unwrap());
        batch.gather(&mut inlet, GATHER_MAX);
        assert_eq!((batch.events.len(), batch.replies.len()), (2, 2), "what comes after may join");
    }
}
