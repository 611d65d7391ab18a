//! Sends what was committed, within bounds, and says what became of it.
//!
//! Pending deliveries of the last life come back from the outbox with the same ids: at least once
//! on the wire. A delivery keeps its place in flight until its end is committed, so that a crash
//! repeats at most `in_flight_max` a channel.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::event::{Envelope, Event, Receipt};
use crate::notify::channel::Channels;
use crate::notify::delivery::{Delivery, End, Outcome};
use crate::notify::fault::Fault;
use crate::notify::intake::Intake;
use crate::notify::lane::{Item, Lane};
use crate::watch::snapshot::Snapshot;

/// Outcomes that go into one envelope at most.
const ENVELOPE_MAX: usize = 256;
/// How often tokens are looked after; far less than the time before expiry at which they are renewed.
const WARM_INTERVAL: Duration = Duration::from_mins(1);
/// How long a graceful stop waits for requests that are out.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What shows the deliveries that have not ended, oldest first; it grows at its end.
pub trait Pending: Send + Sync + 'static {
    /// The deliveries.
    fn pending(&self) -> &[Arc<Delivery>];
}

impl Pending for Snapshot {
    fn pending(&self) -> &[Arc<Delivery>] {
        &self.state.outbox
    }
}

/// Runs until cancelled, or until the writer is gone.
///
/// Every envelope carries a receipt; the writer gives it after the commit of its outcomes, and
/// keeps the envelope until that commit succeeds.
pub async fn run<S: Pending>(
    snapshots: watch::Receiver<Arc<S>>,
    outcomes: mpsc::Sender<Envelope>,
    channels: Arc<Channels>,
    clock: Clock,
    cancel: CancellationToken,
) {
    tokio::spawn(keep_warm(Arc::clone(&channels), cancel.clone()));
    Runner::new(snapshots, outcomes, channels, clock).run(cancel).await;
}

/// Renews access tokens before they expire, also in the quiet before a storm.
async fn keep_warm(channels: Arc<Channels>, cancel: CancellationToken) {
    let warming = async {
        loop {
            channels.warm().await;
            tokio::time::sleep(WARM_INTERVAL).await;
        }
    };
    let _: Option<()> = cancel.run_until_cancelled(warming).await;
}

struct Runner<S> {
    snapshots: watch::Receiver<Arc<S>>,
    outcomes: mpsc::Sender<Envelope>,
    channels: Arc<Channels>,
    clock: Clock,
    intake: Intake,
    names: Vec<String>,
    lanes: Vec<Lane>,
    order: u64,
    out: JoinSet<(usize, Item, Result<(), Fault>)>,
    /// Ended and not yet handed to the writer: the lane whose place each one keeps, if any.
    ended: VecDeque<(Option<usize>, Outcome)>,
    durable: Arc<watch::Sender<u64>>,
    ticket: u64,
    /// Handed to the writer and not yet durable: the ticket, and the lanes whose places it keeps.
    uncommitted: VecDeque<(u64, Vec<usize>)>,
}

impl<S: Pending> Runner<S> {
    fn new(
        snapshots: watch::Receiver<Arc<S>>,
        outcomes: mpsc::Sender<Envelope>,
        channels: Arc<Channels>,
        clock: Clock,
    ) -> Self {
        let names = channels.names();
        let lanes = names.iter().map(|_| Lane::new(channels.bounds, channels.breaker)).collect();
        Self {
            snapshots,
            outcomes,
            channels,
            clock,
            intake: Intake::default(),
            names,
            lanes,
            order: 0,
            out: JoinSet::new(),
            ended: VecDeque::new(),
            durable: Arc::new(watch::Sender::new(0)),
            ticket: 0,
            uncommitted: VecDeque::new(),
        }
    }

    async fn run(mut self, cancel: CancellationToken) {
        let mut committed = self.durable.subscribe();
        self.take_new();
        loop {
            let wake = self.send_ready();
            let rest = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                changed = self.snapshots.changed() => match changed {
                    Ok(()) => self.take_new(),
                    Err(_) => break,
                },
                Some(joined) = self.out.join_next() => self.settle(joined),
                Ok(()) = committed.changed() => self.release(*committed.borrow_and_update()),
                place = self.outcomes.clone().reserve_owned(), if !self.ended.is_empty() => match place {
                    Ok(place) => drop(place.send(self.envelope())),
                    Err(_) => break,
                },
                () = rest => {}
            }
        }
        self.stop().await;
    }

    fn take_new(&mut self) {
        let snapshot = Arc::clone(&self.snapshots.borrow_and_update());
        let now = Instant::now();
        for delivery in self.intake.take(snapshot.pending()) {
            self.order += 1;
            let place = self.channels.place(&delivery.target);
            let expires = now + self.left_to_live(&delivery);
            if let Some(lane) = place.and_then(|place| self.lanes.get_mut(place)) {
                lane.take(Item { delivery, order: self.order, tries: 0, taken: now, expires });
            } else {
                let why = "receivers.toml has no such receiver any more".to_owned();
                self.end(None, &delivery, 0, End::Failed { why });
            }
        }
    }

    /// Age is told by the running clock, lives end in real time.
    fn left_to_live(&self, delivery: &Delivery) -> Duration {
        let age_ms = self.clock.now().since(delivery.at).ms().max(0) as f64 / self.clock.factor();
        self.channels.bounds.ttl.saturating_sub(Duration::from_millis(age_ms as u64))
    }

    /// Starts what may start, and says when to look again.
    fn send_ready(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut wake = None;
        for (place, lane) in self.lanes.iter_mut().enumerate() {
            while let Some(item) = lane.next(now) {
                let channels = Arc::clone(&self.channels);
                self.out.spawn(async move {
                    // A place that is never given back would in the end silence the channel.
                    let broken = |_| Err(Fault::Line { why: "the try broke off inside".to_owned() });
                    let sending = AssertUnwindSafe(channels.send(&item.delivery)).catch_unwind();
                    let result = sending.await.unwrap_or_else(broken);
                    (place, item, result)
                });
            }
            wake = wake.into_iter().chain(lane.wake(now)).min();
        }
        wake
    }

    fn settle(&mut self, joined: Result<(usize, Item, Result<(), Fault>), tokio::task::JoinError>) {
        let Ok((place, item, result)) = joined else {
            tracing::error!("a try was aborted; its delivery is sent again after a restart");
            return;
        };
        let (Some(lane), Some(name)) = (self.lanes.get_mut(place), self.names.get(place)) else { return };
        let now = Instant::now();
        let (delivery, tries, rested) = (Arc::clone(&item.delivery), item.tries, lane.rests());
        let label = result.as_ref().err().map_or("sent", Fault::class);
        metrics::counter!("baolu_notify_tries_total", "channel" => name.clone(), "result" => label)
            .increment(1);
        if let Err(fault) = &result {
            tracing::debug!(channel = %name, delivery = %delivery.id.0, tries, %fault, "a try did not succeed");
        }
        let end = lane.settle(item, result, now);
        metrics::gauge!("baolu_notify_queued", "channel" => name.clone()).set(lane.queued() as f64);
        metrics::gauge!("baolu_notify_resting", "channel" => name.clone())
            .set(f64::from(u8::from(lane.rests())));
        match (rested, lane.rests()) {
            (false, true) => tracing::warn!(channel = %name, "the channel does not answer; it rests"),
            (true, false) => tracing::info!(channel = %name, "the channel answers again"),
            _ => {}
        }
        let expired = if lane.rests() { lane.expired(now) } else { Vec::new() };
        for (item, end) in expired {
            self.end(None, &item.delivery, item.tries, end);
        }
        if let Some(end) = end {
            self.end(Some(place), &delivery, tries, end);
        }
    }

    fn end(&mut self, place: Option<usize>, delivery: &Delivery, tries: u32, end: End) {
        if let End::Failed { why } = &end {
            tracing::warn!(delivery = %delivery.id.0, tries, why, "a delivery failed");
        }
        let outcome = Outcome { delivery: delivery.id.clone(), at: self.clock.now(), tries, end };
        self.ended.push_back((place, outcome));
    }

    /// The next envelope for the writer; its receipt frees the places of what is in it.
    fn envelope(&mut self) -> Envelope {
        self.ticket += 1;
        let upto = self.ended.len().min(ENVELOPE_MAX);
        let (places, events): (Vec<_>, Vec<_>) =
            self.ended.drain(..upto).map(|(place, outcome)| (place, Event::Delivered(outcome))).unzip();
        self.uncommitted.push_back((self.ticket, places.into_iter().flatten().collect()));
        Envelope { events, receipt: Some(Receipt { ticket: self.ticket, line: Arc::clone(&self.durable) }) }
    }

    fn release(&mut self, durable: u64) {
        while let Some((ticket, places)) = self.uncommitted.pop_front() {
            if ticket > durable {
                self.uncommitted.push_front((ticket, places));
                break;
            }
            for place in places {
                if let Some(lane) = self.lanes.get_mut(place) {
                    lane.release();
                }
            }
        }
    }

    /// Waits for what is out, so that a stop in peace repeats nothing.
    async fn stop(mut self) {
        let deadline = tokio::time::Instant::now() + STOP_PATIENCE;
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, self.out.join_next()).await {
            self.settle(joined);
        }
        while !self.ended.is_empty() {
            let envelope = self.envelope();
            if !matches!(tokio::time::timeout_at(deadline, self.outcomes.send(envelope)).await, Ok(Ok(()))) {
                break;
            }
        }
    }
}
