//! Sparkplug B 3.0: edge nodes that are born, tell what changed, and die.
//!
//! A pure state machine. The service subscribes and publishes; this says what the messages meant,
//! who is there, and when a node must be asked for its birth. Data that no birth explains is never
//! guessed.
//!
//! Sections are those of the Eclipse Sparkplug Specification 3.0.0.

mod topic;

pub use topic::{SparkplugKind, SparkplugTopic};

use super::{PayloadMap, Presence};
use crate::parameter::Parameter;
use crate::reading::Observation;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// An edge node, or a device behind one, that a station belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct SparkplugSource {
    /// The group.
    pub group: String,
    /// The edge node.
    pub node: String,
    /// The device behind it; absent: the node's own metrics.
    pub device: Option<String>,
    /// Its metrics: [`super::PayloadField::pointer`] is the metric's name.
    pub map: PayloadMap,
}

/// The host application's view of the nodes that it was given. Bounded by them: other nodes and
/// devices are told and leave nothing behind.
#[derive(Clone, Debug)]
pub struct SparkplugHost {
    sources: Vec<SparkplugSource>,
}

/// What a message said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparkplugSaid {
    /// What was measured.
    pub observations: Vec<Observation>,
    /// What could not be read, or not be believed.
    pub faults: Vec<SparkplugFault>,
    /// Who came or went with it, by the place of its source.
    pub presence: Vec<SparkplugPresence>,
    /// What is to be published to ask the node for its birth; at most once per waiting time.
    pub ask_rebirth: Option<SparkplugCommand>,
}

/// Somebody came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparkplugPresence {
    /// Place in the sources that the host was given.
    pub source: usize,
    /// Which of both.
    pub presence: Presence,
    /// When, as the message says, or else by its arrival.
    pub at: Timestamp,
}

/// A message that the service is to publish, `QoS` 0, not retained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparkplugCommand {
    /// Where to.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// Why a message, or a metric of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SparkplugFault {
    /// No source belongs to the topic.
    #[error("no station belongs to the topic")]
    Unconfigured,
}

impl SparkplugHost {
    /// A host that knows nothing of its nodes but their names.
    pub fn new(sources: Vec<SparkplugSource>) -> Self {
        Self { sources }
    }

    /// The sources, in the order in which they were given.
    pub fn sources(&self) -> &[SparkplugSource] {
        &self.sources
    }

    /// Takes a message in. `now` is its arrival; it also paces the requests for a birth.
    pub fn take(
        &mut self,
        _topic: &SparkplugTopic,
        _payload: &[u8],
        _now: Timestamp,
        _parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> SparkplugSaid {
        SparkplugSaid::default()
    }

    /// Forgets all births: for a connection that was taken up without its session, since messages
    /// may have been lost.
    pub fn forget(&mut self) {}

    /// What is to be published now to learn of the nodes that were not born to us: at most one for
    /// each node per waiting time. To be asked after subscribing, and every few seconds.
    pub fn unborn(&mut self, _now: Timestamp) -> Vec<SparkplugCommand> {
        Vec::new()
    }
}
