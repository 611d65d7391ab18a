//! MQTT payloads and what they mean.

use crate::station::SensorIx;

/// What the payload of one topic carries.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadMap {
    /// Its form.
    pub format: PayloadFormat,
    /// JSON pointer (RFC 6901) of the time, RFC 3339 or seconds since the epoch; absent: the time of arrival.
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
