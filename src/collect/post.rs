//! Takes what a line heard to the writer, in numbered envelopes, and learns what became durable.
//!
//! Also the one place that says a change of the line's state once, and bounds its strays.

use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, Gauge, counter, gauge};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::event::{Envelope, Event, LineEvent, LineState, Receipt, Stray};

use super::stray::StrayMeter;

/// The writer has gone: the service is ending.
#[derive(Debug, thiserror::Error)]
#[error("nobody takes readings any more; the line is given up")]
pub(super) struct WriterGone;

/// One line's way to the writer.
pub(super) struct Post {
    line: u32,
    name: String,
    clock: Clock,
    inbox: mpsc::Sender<Envelope>,
    durable: Arc<watch::Sender<u64>>,
    ticket: u64,
    up: Option<bool>,
    strays: StrayMeter,
    meter: Meter,
}

struct Meter {
    up: Gauge,
    observations: Counter,
    strays: Counter,
    changes: Counter,
}

impl Post {
    /// The way of the line at this place of the city.
    pub(super) fn new(line: u32, name: &str, clock: Clock, inbox: mpsc::Sender<Envelope>) -> Self {
        let label = || name.to_owned();
        let meter = Meter {
            up: gauge!("baolu_collect_line_up", "line" => label()),
            observations: counter!("baolu_collect_observations_total", "line" => label()),
            strays: counter!("baolu_collect_strays_total", "line" => label()),
            changes: counter!("baolu_collect_line_changes_total", "line" => label()),
        };
        let durable = Arc::new(watch::Sender::new(0));
        let strays = StrayMeter::new(Instant::now());
        Self { line, name: label(), clock, inbox, durable, ticket: 0, up: None, strays, meter }
    }

    /// The line's place in [`sensors::city::City::lines`].
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The line's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where room for an envelope is waited for.
    pub(super) fn inbox(&self) -> mpsc::Sender<Envelope> {
        self.inbox.clone()
    }

    /// Tells the highest number whose envelope, with all before it, is durable.
    pub(super) fn durable(&self) -> watch::Receiver<u64> {
        self.durable.subscribe()
    }

    /// The number of the last envelope.
    pub(super) fn last_ticket(&self) -> u64 {
        self.ticket
    }

    /// Puts events into the room that was waited for; gives the envelope's number.
    pub(super) fn fill(&mut self, room: mpsc::Permit<'_, Envelope>, mut events: Vec<Event>) -> u64 {
        if let Some(untold) = self.strays.untold(Instant::now()) {
            let why = format!("{untold} more were counted and not kept; the first of each minute are");
            events.push(self.stray_event(String::from("the whole line"), why));
        }
        let observed = events.iter().filter(|e| matches!(e, Event::Observed(_))).count();
        self.meter.observations.increment(observed as u64);
        self.ticket += 1;
        let receipt = Receipt { ticket: self.ticket, line: Arc::clone(&self.durable) };
        room.send(Envelope { events, receipt: Some(receipt) });
        self.ticket
    }

    /// Sends events, waiting for room. Dropping the future before it ends sends nothing.
    pub(super) async fn send(&mut self, events: Vec<Event>) -> Result<(), WriterGone> {
        if events.is_empty() {
            return Ok(());
        }
        let inbox = self.inbox();
        let room = inbox.reserve().await.map_err(|_| WriterGone)?;
        self.fill(room, events);
        Ok(())
    }

    /// The line works; an event when it did not before.
    pub(super) fn up(&mut self) -> Option<Event> {
        self.turned(true, LineState::Up)
    }

    /// The line does not work; an event when it did before.
    pub(super) fn down(&mut self, why: String) -> Option<Event> {
        self.turned(false, LineState::Down { why })
    }

    fn turned(&mut self, up: bool, state: LineState) -> Option<Event> {
        if self.up == Some(up) {
            return None;
        }
        self.up = Some(up);
        self.meter.up.set(if up { 1.0 } else { 0.0 });
        self.meter.changes.increment(1);
        match &state {
            LineState::Up => tracing::info!(line = %self.name, "line is up"),
            LineState::Down { why } => tracing::warn!(line = %self.name, why, "line is down"),
        }
        Some(Event::Line(LineEvent { line: self.line, at: self.clock.now(), state }))
    }

    /// Counts something that could not be read; an event while there are not too many.
    pub(super) fn stray(&mut self, place: &str, why: String) -> Option<Event> {
        self.meter.strays.increment(1);
        let tell = self.strays.count(Instant::now());
        tell.then(|| self.stray_event(place.chars().take(120).collect(), why))
    }

    fn stray_event(&self, place: String, why: String) -> Event {
        Event::Stray(Stray { line: self.line, at: self.clock.now(), place, why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_stays_down_says_so_once() {
        let (inbox, _writer) = mpsc::channel(1);
        let mut post = Post::new(0, "ward-1", Clock::wall(), inbox);
        assert!(post.down(String::from("refused")).is_some());
        assert!(post.down(String::from("refused again")).is_none());
        assert!(post.up().is_some() && post.up().is_none());
    }

    #[tokio::test]
    async fn envelopes_are_numbered_upwards_and_receipts_come_back() {
        let (inbox, mut writer) = mpsc::channel(4);
        let mut post = Post::new(0, "ward-1", Clock::wall(), inbox);
        for _ in 0..2 {
            let event = post.stray("unit 1", String::from("nonsense")).unwrap();
            post.send(vec![event]).await.unwrap();
        }
        let durable = post.durable();
        for expected in 1..=2 {
            let receipt = writer.recv().await.unwrap().receipt.unwrap();
            assert_eq!(receipt.ticket, expected);
            receipt.give();
            assert_eq!(*durable.borrow(), expected);
        }
    }
}
