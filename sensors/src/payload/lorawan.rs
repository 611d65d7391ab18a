//! What a `LoRaWAN` network server publishes: JSON around the bytes of a device's frame.
//!
//! The forms of `ChirpStack` 4 and of The Things Stack 3 are known by their shape; another server's
//! is described by pointers.

use super::tlv::Channel;
use super::{Decoded, PayloadError};
use crate::parameter::Parameter;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// An uplink and the channels of its frame.
#[derive(Clone, Debug, PartialEq)]
pub struct LorawanForm {
    /// Where the frame stands in the JSON.
    pub uplink: Uplink,
    /// The port that carries measurements; frames of other ports are left in silence.
    pub port: Option<u8>,
    /// The sensor that gets the strength at the best gateway, dBm.
    pub signal: Option<SensorIx>,
    /// What the frame may carry.
    pub channels: Vec<Channel>,
}

/// Where a frame stands in the JSON of a network server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uplink {
    /// `ChirpStack` 4 or The Things Stack 3, told apart by their shape.
    Known,
    /// As these pointers say.
    Pointers {
        /// Pointer of the frame's text.
        payload: String,
        /// How the text writes the bytes.
        encoding: Encoding,
        /// Pointer of the time at which the frame was heard; absent: that of arrival.
        time: Option<String>,
        /// Pointer of the port.
        port: Option<String>,
        /// Pointer of the frame's counter.
        frame: Option<String>,
        /// Pointer of the strength, dBm.
        rssi: Option<String>,
    },
}

/// How a text writes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Base64 (RFC 4648, section 4), with or without its padding.
    Base64,
    /// Two hexadecimal digits a byte.
    Hex,
}

impl LorawanForm {
    pub(super) fn sensors(&self) -> impl Iterator<Item = SensorIx> {
        let values = self.channels.iter().flat_map(|channel| channel.values.iter().map(|v| v.sensor));
        values.chain(self.signal)
    }

    pub(super) fn bound(&self, of: &impl Fn(SensorIx) -> Option<SensorIx>) -> Self {
        let mut form = self.clone();
        form.signal = form.signal.and_then(of);
        for channel in &mut form.channels {
            channel.values.retain_mut(|value| of(value.sensor).map(|ix| value.sensor = ix).is_some());
            for mark in &mut channel.marks {
                mark.of = mark.of.iter().filter_map(|ix| of(*ix)).collect();
            }
        }
        form
    }

    pub(super) fn decode(
        &self,
        _payload: &[u8],
        _arrived_at: Timestamp,
        _parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        Ok(Decoded::default())
    }
}
