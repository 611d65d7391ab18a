//! MQTT payloads and what they mean, in both directions.
//!
//! Bytes only: topics, sessions and acknowledgements live in the service. What can't be read is
//! told with its place and an excerpt, and never becomes a number that was not there.

mod json;

use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

/// What the payload of one topic carries.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadMap {
    /// Its form.
    pub format: PayloadFormat,
    /// JSON pointer (RFC 6901) of the time; absent: the time of arrival. A text is RFC 3339 with
    /// an offset; a number counts from the epoch, in milliseconds from 10^11 on (March 1973) and
    /// in seconds below (before the year 5138).
    pub time: Option<String>,
    /// The numbers in it.
    pub fields: Vec<PayloadField>,
}

/// The form of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// A JSON object.
    Json,
    /// One bare number.
    Plain,
}

/// One number in a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadField {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// JSON pointer of the number; empty for a plain payload.
    pub pointer: String,
    /// JSON pointer of the seconds that a depth covers, or a fixed number of them.
    pub period: Option<Period>,
    /// The number is `raw * scale + offset` in the parameter's unit.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
}

/// The length of the interval that a depth covers.
#[derive(Clone, Debug, PartialEq)]
pub enum Period {
    /// Said in the payload at this pointer, in seconds.
    Pointer(String),
    /// Always so many seconds.
    Seconds(u32),
}

/// What a payload gave: each field is either observed or told to be unreadable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What was said, in the order of the map's fields.
    pub observations: Vec<Observation>,
    /// What could not be read; the other fields are not harmed by it.
    pub faults: Vec<PayloadError>,
}

/// Why a payload, or one field of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Longer than [`PayloadMap::BYTES_MAX`].
    #[error("{bytes} bytes are more than the {} that are read", PayloadMap::BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No JSON object.
    #[error("no JSON object ({why}): {excerpt:?}")]
    NoObject {
        /// What the reader of JSON says.
        why: String,
        /// How it begins.
        excerpt: String,
    },
    /// Nothing stands at a pointer.
    #[error("nothing stands at {pointer:?}: {excerpt:?}")]
    Absent {
        /// The pointer.
        pointer: String,
        /// How the payload begins.
        excerpt: String,
    },
    /// What stands there is no number.
    #[error("no number stands at {pointer:?}: {excerpt:?}; a number, a text of one, or null is allowed")]
    NoNumber {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
    },
    /// What stands there is no time, so that nothing of the payload can be placed.
    #[error(
        "no time stands at {pointer:?}: {excerpt:?}; RFC 3339 with an offset, or seconds or milliseconds since the epoch are allowed"
    )]
    NoTime {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
    },
    /// What stands there is no length of an interval.
    #[error(
        "no period stands at {pointer:?}: {excerpt:?}; 1 to {} seconds are allowed",
        PayloadMap::PERIOD_MAX_S
    )]
    NoPeriod {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
    },
}

impl PayloadMap {
    /// The longest payload that is read, in bytes.
    pub const BYTES_MAX: usize = 65_536;

    /// The longest interval that a depth may cover, in seconds: 31 days.
    pub const PERIOD_MAX_S: u32 = 2_678_400;

    /// What a payload says. `parameter` tells what a sensor of the map measures.
    ///
    /// # Errors
    /// Says why nothing of it could be read; what concerns one field only is in
    /// [`Decoded::faults`].
    pub fn decode(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        if payload.len() > Self::BYTES_MAX {
            return Err(PayloadError::TooLong { bytes: payload.len() });
        }
        match self.format {
            PayloadFormat::Json => self.decode_json(payload, arrived_at, parameter),
            PayloadFormat::Plain => Ok(self.decode_plain(payload, arrived_at, parameter)),
        }
    }

    fn decode_plain(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Decoded {
        let mut decoded = Decoded::default();
        for field in &self.fields {
            let Some(parameter) = parameter(field.sensor) else { continue };
            let number = std::str::from_utf8(payload).ok().and_then(number_of_text);
            let Some(number) = number else {
                let (pointer, excerpt) = (field.pointer.clone(), excerpt(payload));
                decoded.faults.push(PayloadError::NoNumber { pointer, excerpt });
                continue;
            };
            let period = match &field.period {
                Some(Period::Seconds(s)) => Some(Span::from_s(i64::from(*s))),
                Some(Period::Pointer(_)) | None => None,
            };
            let value = field.observed(number, parameter);
            decoded.observations.push(field.observation(value, arrived_at, arrived_at, period));
        }
        decoded
    }

    /// The payload that says these observations: the inverse of [`Self::decode`], for a simulated
    /// gauge. All share the time of the first; a missing value is `null` (or an empty text),
    /// nonsense is `"NaN"`; a field without an observation is left out.
    ///
    /// A token of a pointer that is a number is written as a key, never as a place in a list.
    pub fn encode(
        &self,
        observations: &[Observation],
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Vec<u8> {
        match self.format {
            PayloadFormat::Json => self.encode_json(observations, parameter),
            PayloadFormat::Plain => self
                .fields
                .iter()
                .find_map(|field| {
                    let said = observations.iter().find(|o| o.sensor == field.sensor)?;
                    let parameter = parameter(field.sensor)?;
                    Some(match said.value {
                        Observed::Value(value) | Observed::Doubtful(value) => {
                            field.number_of(value, parameter).to_string()
                        }
                        Observed::Missing => String::new(),
                        Observed::Nonsense => "NaN".to_owned(),
                    })
                })
                .unwrap_or_default()
                .into_bytes(),
        }
    }
}

impl PayloadField {
    fn observed(&self, number: Number, parameter: Parameter) -> Observed {
        let Number::Some(raw) = number else { return Observed::Missing };
        match Value::from_unit(parameter, raw * self.scale + self.offset) {
            Ok(value) => Observed::Value(value),
            Err(_) => Observed::Nonsense,
        }
    }

    fn observation(
        &self,
        value: Observed,
        measured_at: Timestamp,
        arrived_at: Timestamp,
        period: Option<Span>,
    ) -> Observation {
        let from = period.map(|period| measured_at.minus(period));
        Observation { sensor: self.sensor, measured_at, from, arrived_at, value }
    }

    /// The number on the wire, with at most nine decimals.
    fn number_of(&self, value: Value, parameter: Parameter) -> f64 {
        ((value.in_unit(parameter) - self.offset) / self.scale * 1e9).round() / 1e9
    }
}

/// A number as it was written, or the word that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Some(f64),
    None,
}

/// The number that a text writes, NaN and infinity included; an empty one says that there is none.
fn number_of_text(text: &str) -> Option<Number> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(Number::None);
    }
    text.parse().ok().map(Number::Some)
}

/// The first 60 bytes, readable.
fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..60).unwrap_or(bytes)).into_owned()
}

#[cfg(test)]
mod tests;
