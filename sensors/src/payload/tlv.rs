//! The bytes of a radio frame as channels: a number, a type, and values of a known width.
//!
//! Which channels a device has is data (`config/devices/`); nothing of any device stands here.

use super::QualityWords;
use crate::station::SensorIx;

/// A channel of a device. In a frame it is its number, its type, and [`Channel::bytes`] of data.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its number.
    pub id: u8,
    /// Its type.
    pub kind: u8,
    /// Bytes of data after number and type.
    pub bytes: usize,
    /// Where its data tells its own time, in seconds since the epoch: a record of the past.
    pub time: Option<Part>,
    /// The values in it; none of a channel that is known and not read.
    pub values: Vec<ChannelValue>,
    /// Words on the quality of values of the same frame.
    pub marks: Vec<Mark>,
}

/// A whole number inside a channel's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its first byte, from 0.
    pub at: usize,
    /// Its width in bytes, 1 to 8.
    pub bytes: usize,
    /// Whether it is two's complement.
    pub signed: bool,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

/// One value of a channel: `raw * scale + offset` in the parameter's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelValue {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// Where it stands.
    pub part: Part,
    /// See above.
    pub scale: f64,
    /// See above.
    pub offset: f64,
    /// The seconds that a depth covers.
    pub period_s: Option<u32>,
    /// Raw numbers by which the device says that it has no value.
    pub missing: Vec<i64>,
}

/// A status in a channel that says how good the values of its frame are.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where it stands.
    pub part: Part,
    /// Its numbers, and what they mean.
    pub words: QualityWords,
    /// The sensors that it speaks of.
    pub of: Vec<SensorIx>,
}
