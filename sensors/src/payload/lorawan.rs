//! What a `LoRaWAN` network server publishes: JSON around the bytes of a device's frame.
//!
//! The forms of `ChirpStack` 4 and of The Things Stack 3 are known by their shape; another server's
//! is described by pointers.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value as Json;

use super::tlv::{Channel, Heard, read_frame};
use super::{Decoded, PayloadError, TimeForm, excerpt, json};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;
use crate::time::Timestamp;

/// Servers differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

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
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        let json = json::parse(payload, false)?;
        let no_uplink = |why: &str| PayloadError::NoUplink { why: why.to_owned(), excerpt: excerpt(payload) };
        let said = match &self.uplink {
            Uplink::Known => known(&json).ok_or_else(|| {
                no_uplink("it has neither the shape of ChirpStack 4 nor that of The Things Stack 3")
            })?,
            Uplink::Pointers { payload, encoding, time, port, frame, rssi } => {
                let at = |pointer: &Option<String>| json.pointer(pointer.as_deref()?);
                Said {
                    bytes: json.pointer(payload),
                    encoding: *encoding,
                    time: at(time),
                    port: at(port),
                    frame: at(frame),
                    rssi: at(rssi).and_then(Json::as_f64),
                }
            }
        };
        let heard_at = match said.time {
            None => arrived_at,
            Some(time) => time_of(time).ok_or_else(|| PayloadError::NoTime {
                pointer: "time".to_owned(),
                excerpt: excerpt(time.to_string().as_bytes()),
                allowed: TimeForm::Told.allowed(),
            })?,
        };
        let bytes = match said.bytes {
            // A frame without data: it only keeps the connection.
            None | Some(Json::Null) if self.uplink == Uplink::Known => Vec::new(),
            found => {
                let text = found.and_then(Json::as_str).ok_or_else(|| no_uplink("it carries no bytes"))?;
                said.encoding.bytes(text).ok_or_else(|| no_uplink(said.encoding.complaint()))?
            }
        };
        // The servers that are known leave out a counter of zero.
        let zero = Json::from(0);
        let frame = said.frame.or((self.uplink == Uplink::Known).then_some(&zero));
        let frame = frame.and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok());
        let mut decoded = Decoded { frame, ..Decoded::default() };
        let heard = Heard { at: heard_at, arrived_at };
        let port = said.port.and_then(Json::as_u64);
        if self.port.is_none() || said.port.is_none() || port == self.port.map(u64::from) {
            read_frame(&self.channels, &bytes, heard, &parameter, &mut decoded);
        }
        if let (Some(sensor), Some(rssi)) = (self.signal, said.rssi)
            && let Ok(value) = Value::from_unit(Parameter::Signal, rssi)
        {
            let (from, value) = (None, Observed::Value(value));
            decoded.observations.push(Observation { sensor, measured_at: heard_at, from, arrived_at, value });
        }
        Ok(decoded)
    }
}

/// What a network server said, not yet believed.
struct Said<'j> {
    bytes: Option<&'j Json>,
    encoding: Encoding,
    time: Option<&'j Json>,
    port: Option<&'j Json>,
    frame: Option<&'j Json>,
    rssi: Option<f64>,
}

/// `ChirpStack` 4, "Event types: up", or The Things Stack 3, "Data formats: uplink".
fn known(json: &Json) -> Option<Said<'_>> {
    let strongest = |list: Option<&Json>| {
        let all = list?.as_array()?.iter().filter_map(|gateway| gateway.get("rssi")?.as_f64());
        all.max_by(f64::total_cmp)
    };
    let encoding = Encoding::Base64;
    if json.pointer("/deviceInfo/devEui").is_some() {
        let (bytes, time, port) = (json.get("data"), json.get("time"), json.get("fPort"));
        return Some(Said {
            bytes,
            encoding,
            time,
            port,
            frame: json.get("fCnt"),
            rssi: strongest(json.get("rxInfo")),
        });
    }
    let uplink = json.get("uplink_message").filter(|uplink| uplink.is_object())?;
    Some(Said {
        bytes: uplink.get("frm_payload"),
        encoding,
        time: uplink.get("received_at").or_else(|| json.get("received_at")),
        port: uplink.get("f_port"),
        frame: uplink.get("f_cnt"),
        rssi: strongest(uplink.get("rx_metadata")),
    })
}

fn time_of(json: &Json) -> Option<Timestamp> {
    match json {
        Json::String(text) => TimeForm::Told.of_text(text),
        Json::Number(number) => TimeForm::Told.of_number(number.as_f64()?),
        _ => None,
    }
}

impl Encoding {
    fn bytes(self, text: &str) -> Option<Vec<u8>> {
        let text = text.trim_ascii();
        match self {
            Self::Base64 => BASE64.decode(text).ok(),
            Self::Hex => hex_bytes(text),
        }
    }

    fn complaint(self) -> &'static str {
        match self {
            Self::Base64 => "its bytes are no base64",
            Self::Hex => "its bytes are no pairs of hexadecimal digits",
        }
    }
}

/// The bytes of a text of hexadecimal digits.
pub(crate) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let pairs = digits?;
    let (pairs, rest) = pairs.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
