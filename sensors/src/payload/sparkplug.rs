//! Sparkplug B 3.0: edge nodes that are born, tell what changed, and die.
//!
//! A pure state machine. The service subscribes and publishes; this says what the messages meant,
//! who is there, and when a node must be asked for its birth. Data that no birth explains is never
//! guessed.
//!
//! Sections are those of the Eclipse Sparkplug Specification 3.0.0.

mod message;
mod node;
mod taken;
mod topic;
mod wire;

pub use topic::{SparkplugKind, SparkplugTopic};

use std::collections::BTreeMap;

use node::Node;
use taken::Message;

use super::{Decoded, PayloadMap, Presence};
use crate::parameter::Parameter;
use crate::reading::Observation;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// An edge node, or a device behind one, that a station belongs to. Several stations may share one.
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
    nodes: BTreeMap<(String, String), Node>,
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

/// Why a message, or a metric of it, could not be read, or not be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SparkplugFault {
    /// No source belongs to the topic.
    #[error("no station belongs to this Sparkplug topic")]
    Unconfigured,
    /// Longer than [`SparkplugHost::BYTES_MAX`].
    #[error("{bytes} bytes are more than the {} that are read", SparkplugHost::BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More metrics than [`SparkplugHost::METRICS_MAX`].
    #[error("{metrics} metrics in one message; the first {} are read", SparkplugHost::METRICS_MAX)]
    TooMany {
        /// How many there are.
        metrics: usize,
    },
    /// No Sparkplug B payload.
    #[error("no Sparkplug B payload")]
    NoPayload,
    /// A message without its number, or with one that is none.
    #[error("its seq is missing or not 0 to 255")]
    NoSeq,
    /// Messages were lost.
    #[error(
        "messages were lost: seq {expected} was expected, {seq} came; numbers by alias are doubtful until the node is born again"
    )]
    Gap {
        /// The number that should have come.
        expected: u8,
        /// The number that came.
        seq: u8,
    },
    /// Data of somebody who was not born to us.
    #[error("data before its birth can't be understood; its birth is asked for")]
    Unborn,
    /// A death of an earlier life.
    #[error("a death of an earlier session of the node is ignored (bdSeq)")]
    OldDeath,
    /// An alias that no birth explained.
    #[error("alias {alias} was not explained at its birth")]
    UnknownAlias {
        /// The alias.
        alias: u64,
    },
    /// A metric that a field reads and that was not born, or has no datatype.
    #[error("metric {name:?} was not explained at its birth")]
    UnknownMetric {
        /// Its name.
        name: String,
    },
    /// A metric whose value is no number of its datatype.
    #[error("metric {name:?} carries no number of its datatype {datatype}")]
    NoNumber {
        /// Its name.
        name: String,
        /// Its datatype as in section 6.4.16.
        datatype: u64,
    },
    /// More faults than are told one by one.
    #[error("{faults} more faults in the same message")]
    More {
        /// How many more.
        faults: usize,
    },
}

impl SparkplugHost {
    /// The longest payload that is read, in bytes; births name every metric and are long.
    pub const BYTES_MAX: usize = 1 << 20;

    /// The most metrics of one message.
    pub const METRICS_MAX: usize = 10_000;

    /// A host that knows nothing of its nodes but their names.
    pub fn new(sources: Vec<SparkplugSource>) -> Self {
        let names = sources.iter().map(|source| (source.group.clone(), source.node.clone()));
        let nodes = names.map(|name| (name, Node::default())).collect();
        Self { sources, nodes }
    }

    /// The sources, in the order in which they were given.
    pub fn sources(&self) -> &[SparkplugSource] {
        &self.sources
    }

    /// Takes a message in. `now` is its arrival; it also paces the requests for a birth.
    pub fn take(
        &mut self,
        topic: &SparkplugTopic<'_>,
        payload: &[u8],
        now: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> SparkplugSaid {
        let mut said = SparkplugSaid::default();
        let Self { sources, nodes } = self;
        let name = (topic.group.to_owned(), topic.node.to_owned());
        let Some(node) = nodes.get_mut(&name) else {
            said.note(SparkplugFault::Unconfigured);
            return said;
        };
        let message = Message { sources, topic, now };
        let asks = match taken::read(payload, &mut said) {
            Ok(payload) => message.take(node, &payload, parameter, &mut said),
            Err(fault) => {
                said.note(fault);
                false
            }
        };
        if asks && node.may_ask(now) {
            said.ask_rebirth = Some(SparkplugCommand::rebirth(topic.group, topic.node, now));
        }
        said
    }

    /// Forgets all births: for a connection that was taken up without its session, since messages
    /// may have been lost.
    pub fn forget(&mut self) {
        for node in self.nodes.values_mut() {
            node.forget();
        }
    }

    /// What is to be published now to learn of the nodes that were not born to us, or whose
    /// messages were lost: at most one for each node per waiting time (30 s, then ever longer, up
    /// to 32 minutes). To be asked after subscribing, and every few seconds.
    pub fn unborn(&mut self, now: Timestamp) -> Vec<SparkplugCommand> {
        let asks = |(name, node): (&(String, String), &mut Node)| {
            let is_due = (!node.is_alive() || node.is_torn()) && node.may_ask(now);
            is_due.then(|| SparkplugCommand::rebirth(&name.0, &name.1, now))
        };
        self.nodes.iter_mut().filter_map(asks).collect()
    }
}

impl SparkplugCommand {
    fn rebirth(group: &str, node: &str, now: Timestamp) -> Self {
        Self { topic: format!("spBv1.0/{group}/NCMD/{node}"), payload: message::rebirth(now) }
    }
}

impl SparkplugSaid {
    fn note(&mut self, fault: SparkplugFault) {
        if self.faults.len() < Decoded::FAULTS_MAX {
            self.faults.push(fault);
            return;
        }
        match self.faults.last_mut() {
            Some(SparkplugFault::More { faults }) => *faults += 1,
            _ => self.faults.push(SparkplugFault::More { faults: 1 }),
        }
    }
}

#[cfg(test)]
mod tests;
