//! What reaches the writer: observations, the state of lines and stations, outcomes of deliveries, and the clock
//! when somebody sets it.
//!
//! An [`Envelope`] carries events that belong together and, where the sender waits for it, a
//! receipt that is given after the commit and never before.

use std::sync::Arc;

use sensors::reading::Observation;
use sensors::station::StationIx;
use sensors::time::{Span, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::desk::foreign::Heard;
use crate::notify::delivery::Outcome;
use crate::order::{Answer, Order};

/// One thing that happened outside.
#[derive(Clone, Debug)]
pub enum Event {
    /// A sensor said something.
    Observed(Observation),
    /// A line came up or went down.
    Line(LineEvent),
    /// Stations are said to be reachable or cut off, by their own word or by what stands before them.
    Station(StationHealth),
    /// Something arrived that belongs to no configured sensor or could not be read.
    Stray(Stray),
    /// An officer ordered something; its answer is in [`crate::watch::decide::Decision::answers`].
    Ordered(Arc<Order>),
    /// Another authority's alert was taken in.
    Foreign(Box<Heard>),
    /// A delivery ended or has to be tried again.
    Delivered(Outcome),
    /// The running clock was set by so much, backwards where it is negative. It goes before
    /// everything that is decided with it.
    Stepped(Span),
}

/// A line came up or went down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEvent {
    /// The place in [`sensors::city::City::lines`].
    pub line: u32,
    /// When.
    pub at: Timestamp,
    /// Up, or down with what failed, in words for an officer.
    pub state: LineState,
}

/// Whether a line is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineState {
    /// Connected and answering.
    Up,
    /// Not connected, or not answering.
    Down {
        /// What failed.
        why: String,
    },
}

/// Stations came or went, as a last will, a birth or a gateway says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationHealth {
    /// The place in [`sensors::city::City::lines`].
    pub line: u32,
    /// Whom it is about; never empty.
    pub stations: Vec<StationIx>,
    /// When it was heard.
    pub at: Timestamp,
    /// What is said.
    pub state: StationState,
    /// Whether it happened just now. What a broker had kept from before tells how things stand and
    /// not that they changed.
    pub is_news: bool,
}

/// Whether a station can be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationState {
    /// It is there.
    Online,
    /// It is known to be cut off, whether or not its deadline has passed.
    Offline {
        /// Who says so: the topic of a will, a gateway or a death.
        why: String,
    },
}

/// Something that could not become an observation; counted and told, never dropped silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The place in [`sensors::city::City::lines`].
    pub line: u32,
    /// When it arrived.
    pub at: Timestamp,
    /// The topic, or the unit and register.
    pub place: String,
    /// What was wrong with it, in words, with at most 80 bytes of what came.
    pub why: String,
}

/// Events that are committed together.
#[derive(Debug)]
pub struct Envelope {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Given after the commit.
    pub receipt: Option<Receipt>,
}

/// A promise to tell a line's task how far its events are durable.
///
/// A line numbers its envelopes upwards; the writer tells the highest number that is committed.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The envelope's number on its line.
    pub ticket: u64,
    /// Where the line listens.
    pub line: Arc<watch::Sender<u64>>,
}

impl Receipt {
    /// Says that everything up to this envelope is durable.
    pub fn give(&self) {
        self.line.send_if_modified(|durable| {
            let newer = self.ticket > *durable;
            if newer {
                *durable = self.ticket;
            }
            newer
        });
    }
}

/// An order, and where its answer goes once it is durable.
#[derive(Debug)]
pub struct Ordered {
    /// The order.
    pub order: Arc<Order>,
    /// Dropped without an answer when the writer ends before it could be carried out.
    pub reply: oneshot::Sender<Answer>,
}
