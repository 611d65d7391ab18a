//! The queue of one channel: what may be sent next, and when. It sends nothing and reads no clock.
//!
//! A channel that hangs holds up its own lane only.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rules::hazard::Severity;

use crate::notify::breaker::{Breaker, BreakerBounds, Gate};
use crate::notify::delivery::{Delivery, End, Target};
use crate::notify::fault::Fault;
use crate::notify::receiver::Bounds;

/// A delivery on its way.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) delivery: Arc<Delivery>,
    /// Its place among all deliveries that were taken.
    pub(crate) order: u64,
    /// Tries that began.
    pub(crate) tries: u32,
    /// When we took it from the outbox.
    pub(crate) taken: Instant,
    /// Its time to live ends; every delivery is tried once, whatever its age.
    pub(crate) expires: Instant,
}

/// The lane of one channel.
#[derive(Debug)]
pub(crate) struct Lane {
    ready: BTreeMap<(Reverse<Severity>, u64), Item>,
    waiting: BTreeMap<(Instant, u64), Item>,
    held_until: Option<Instant>,
    breaker: Breaker,
    /// Sent, and not yet committed as ended: what a crash now would repeat.
    unsettled: u32,
    bounds: Bounds,
}

impl Lane {
    pub(crate) fn new(bounds: Bounds, breaker: BreakerBounds) -> Self {
        Self {
            ready: BTreeMap::new(),
            waiting: BTreeMap::new(),
            held_until: None,
            breaker: Breaker::new(breaker),
            unsettled: 0,
            bounds,
        }
    }

    /// Queues a delivery: severity first, then order.
    pub(crate) fn take(&mut self, item: Item) {
        self.ready.insert((Reverse(item.delivery.severity), item.order), item);
    }

    /// The next delivery to try now, if any may be.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Item> {
        self.ripen(now);
        let free = self.unsettled < self.bounds.in_flight_max && self.held_until.is_none_or(|at| at <= now);
        if !free || self.ready.is_empty() || self.breaker.permit(now) != Gate::Open {
            return None;
        }
        let (_, mut item) = self.ready.pop_first()?;
        self.held_until = None;
        self.unsettled += 1;
        item.tries += 1;
        Some(item)
    }

    /// When [`Lane::next`] is worth asking again though nothing else happens.
    pub(crate) fn wake(&self, now: Instant) -> Option<Instant> {
        if self.unsettled >= self.bounds.in_flight_max {
            return None;
        }
        let ripe = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let ready = if self.ready.is_empty() { None } else { self.opens(now) };
        ripe.into_iter().chain(ready).min()
    }

    fn opens(&self, now: Instant) -> Option<Instant> {
        match self.breaker.clone().permit(now) {
            Gate::Probing => None,
            Gate::Shut(until) => Some(until.max(self.held_until.unwrap_or(until))),
            Gate::Open => self.held_until.or(Some(now)),
        }
    }

    fn ripen(&mut self, now: Instant) {
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= now
        {
            let item = entry.remove();
            self.take(item);
        }
    }

    /// Takes in what became of a try: how the delivery ended, or `None` when it is tried again.
    pub(crate) fn settle(&mut self, item: Item, result: Result<(), Fault>, now: Instant) -> Option<End> {
        let fault = match result {
            Ok(()) => {
                self.breaker.answered();
                return Some(End::Sent);
            }
            Err(fault) => fault,
        };
        let pause = self.bounds.backoff.pause(&item.delivery.id.0, item.tries);
        let pause = match &fault {
            Fault::Line { .. } => {
                self.breaker.failed(now);
                pause
            }
            Fault::Later { after, .. } => {
                self.breaker.answered();
                self.hold(&item, *after, now);
                after.unwrap_or(pause).max(self.bounds.backoff.first)
            }
            Fault::Gone { .. } | Fault::Refused { .. } => {
                self.breaker.answered();
                return Some(End::Failed { why: fault.to_string() });
            }
        };
        if item.tries >= self.bounds.tries_max || now >= item.expires {
            let why = format!("given up after {} tries: {fault}", item.tries);
            return Some(End::Failed { why });
        }
        self.unsettled = self.unsettled.saturating_sub(1);
        // The last try comes at the end of its life at the latest, however long it was asked to wait.
        self.waiting.insert(((now + pause).min(item.expires), item.order), item);
        None
    }

    /// A quota is the channel's, so the others wait too; that of one phone is its own.
    fn hold(&mut self, item: &Item, after: Option<Duration>, now: Instant) {
        if let (Some(after), false) = (after, matches!(item.delivery.target, Target::Token { .. })) {
            // Answers to what was out already don't shorten what was asked before.
            self.held_until = self.held_until.max(Some((now + after).min(item.expires.max(now))));
        }
    }

    /// Takes out what has waited for a dead channel longer than it lives, with the words for an officer.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<(Item, End)> {
        let ttl = self.bounds.ttl;
        let late = |item: &Item| item.taken + ttl <= now;
        let mut items: Vec<Item> =
            self.ready.extract_if(.., |_, item| late(item)).map(|(_, item)| item).collect();
        items.extend(self.waiting.extract_if(.., |_, item| late(item)).map(|(_, item)| item));
        let why = format!("the channel did not answer for {} s", ttl.as_secs());
        items.into_iter().map(|item| (item, End::Failed { why: why.clone() })).collect()
    }

    /// An end was committed: its place is free.
    pub(crate) fn release(&mut self) {
        self.unsettled = self.unsettled.saturating_sub(1);
    }

    /// Whether the breaker is open.
    pub(crate) fn rests(&self) -> bool {
        self.breaker.is_open()
    }

    /// Deliveries that wait, for the metrics.
    pub(crate) fn queued(&self) -> usize {
        self.ready.len() + self.waiting.len()
    }
}

#[cfg(test)]
mod tests;
