//! What one transaction writes: everything of a decision, or nothing.

use std::sync::Arc;

use rules::alert::{AlertId, EvidenceRevised, Transition};
use rules::bulletin::Bulletin;
use rules::engine::AlertRecord;
use rules::reason::Sent;
use sensors::quality::neighbour::Case;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::cap::Message;
use crate::desk::paper::Paper;
use crate::event::{LineEvent, StationHealth, Stray};
use crate::notify::delivery::{Delivery, Outcome};
use crate::order::Order;

/// The number of a commit; grows by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

/// A writer's term; every opening for writing begins a new one and fences the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// One transaction.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// By the running clock.
    pub at: Timestamp,
    /// New readings and revisions.
    pub readings: Vec<Reading>,
    /// Changes of alerts, in order.
    pub transitions: Vec<Transition>,
    /// The state after them, by `{rule}.{subject}`, of every alert that changed.
    pub alerts: Vec<(String, AlertRecord)>,
    /// What people are told.
    pub bulletins: Vec<Bulletin>,
    /// What was last sent, by episode (or `line.{name}` of a line that is down).
    pub told: Vec<(AlertId, Sent)>,
    /// To whom.
    pub deliveries: Vec<Delivery>,
    /// What became of earlier deliveries.
    pub outcomes: Vec<Outcome>,
    /// Lines that came up or went down.
    pub lines: Vec<LineEvent>,
    /// Stations that came or went.
    pub stations: Vec<StationHealth>,
    /// What could not be read.
    pub strays: Vec<Stray>,
    /// Orders that were carried out, each with its digest.
    pub orders: Vec<(Arc<Order>, [u8; 32])>,
    /// Every case of a sensor whose cases changed, in place of those that were kept.
    pub suspicions: Vec<(SensorIx, Vec<Case>)>,
    /// Readings that open episodes rest on and that are worth less now.
    pub revised: Vec<EvidenceRevised>,
    /// Versions of the officers' papers.
    pub papers: Vec<Paper>,
    /// Our CAP messages.
    pub caps: Vec<Message>,
    /// The configuration that comes into force with this commit, which is made under it.
    pub plan_version: Option<String>,
}

impl Commit {
    /// Whether somebody waits to be warned by it: such a commit may use the last reserve of the disk.
    pub fn is_vital(&self) -> bool {
        !(self.transitions.is_empty()
            && self.bulletins.is_empty()
            && self.deliveries.is_empty()
            && self.outcomes.is_empty()
            && self.orders.is_empty()
            && self.revised.is_empty()
            && self.papers.is_empty()
            && self.caps.is_empty()
            && self.plan_version.is_none())
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
            && self.transitions.is_empty()
            && self.alerts.is_empty()
            && self.bulletins.is_empty()
            && self.told.is_empty()
            && self.deliveries.is_empty()
            && self.outcomes.is_empty()
            && self.lines.is_empty()
            && self.stations.is_empty()
            && self.strays.is_empty()
            && self.orders.is_empty()
            && self.suspicions.is_empty()
            && self.revised.is_empty()
            && self.papers.is_empty()
            && self.caps.is_empty()
            && self.plan_version.is_none()
    }
}
