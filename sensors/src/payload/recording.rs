//! Payloads that a device is known to have sent, and what they mean.

use super::sparkplug::SparkplugKind;
use crate::reading::Observation;
use crate::time::Timestamp;

/// What a device is known to have published.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadRecording {
    /// What it shows.
    pub title: String,
    /// What was sent.
    pub sent: Sent,
    /// What it means. Sensors are counted as in the type's `measured`; what tells no time was measured at
    /// [`Self::ARRIVED_AT`].
    pub observations: Vec<Observation>,
    /// What is told beside it, in words.
    pub faults: Vec<String>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The payload of one message.
    Payload(Vec<u8>),
    /// A `LoRaWAN` frame without the JSON of a network server around it.
    Frame(Vec<u8>),
    /// Messages of a Sparkplug node in their order; those of a device all of one.
    Messages(Vec<(SparkplugKind, Vec<u8>)>),
}

impl PayloadRecording {
    /// The recordings arrive at 21:00 on 16 November 2025 in Huế.
    pub const ARRIVED_AT: Timestamp = Timestamp::from_ms(1_763_301_600_000);
}
