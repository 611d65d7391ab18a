//! The bytes of a radio frame as channels: a number, a type, and values of a known width.
//!
//! Which channels a device has is data (`config/devices/`); nothing of any device stands here.

use super::{Decoded, PayloadError, QualityWords, Said};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

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

/// When a frame was heard, and when it came to us.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    pub(super) at: Timestamp,
    pub(super) arrived_at: Timestamp,
}

impl Part {
    /// The whole number in a channel's data; `None` where the data ends before it does.
    fn read(self, data: &[u8]) -> Option<i128> {
        let bytes = data.get(self.at..self.at.checked_add(self.bytes)?)?;
        let push = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = match (bytes.len(), self.big_endian) {
            (1..=8, true) => bytes.iter().fold(0, push),
            (1..=8, false) => bytes.iter().rev().fold(0, push),
            _ => return None,
        };
        let bits = 8 * bytes.len() as u32;
        let is_negative = self.signed && number >> (bits - 1) == 1;
        Some(i128::from(number) - if is_negative { 1_i128 << bits } else { 0 })
    }
}

impl ChannelValue {
    fn observed(&self, raw: i128, parameter: Parameter) -> Observed {
        if self.missing.iter().any(|sentinel| i128::from(*sentinel) == raw) {
            return Observed::Missing;
        }
        match Value::from_unit(parameter, raw as f64 * self.scale + self.offset) {
            Ok(value) => Observed::Value(value),
            Err(_) => Observed::Nonsense,
        }
    }
}

/// Reads the channels of a frame one after the other. The first that is unknown or cut ends it:
/// where the next begins can't be known.
pub(super) fn read_frame(
    channels: &[Channel],
    frame: &[u8],
    heard: Heard,
    parameter: &impl Fn(SensorIx) -> Option<Parameter>,
    decoded: &mut Decoded,
) {
    let mut rest = frame;
    let mut doubts: Vec<(Said, &[SensorIx])> = Vec::new();
    let first = decoded.observations.len();
    let mut past = Vec::new();
    while let Some((&id, after)) = rest.split_first() {
        let Some((&kind, data)) = after.split_first() else {
            decoded.note(PayloadError::Cut { needed: 2, left: rest.len() });
            break;
        };
        let Some(channel) = channels.iter().find(|channel| (channel.id, channel.kind) == (id, kind)) else {
            decoded.note(PayloadError::UnknownChannel { channel: id, kind, left: data.len() });
            break;
        };
        let Some((data, next)) = data.split_at_checked(channel.bytes) else {
            decoded.note(PayloadError::Cut { needed: 2 + channel.bytes, left: rest.len() });
            break;
        };
        let into = if channel.time.is_some() { &mut past } else { &mut decoded.observations };
        channel.read_values(data, heard, parameter, into);
        for mark in &channel.marks {
            let Some(raw) = mark.part.read(data) else { continue };
            let (said, known) = mark.words.meaning(&raw.to_string());
            if !known {
                let pointer = format!("channel {id:#04x}");
                decoded.note(PayloadError::UnknownQuality { pointer, excerpt: raw.to_string() });
            }
            doubts.push((said, &mark.of));
        }
        rest = next;
    }
    // A status speaks of what was measured now, and stands before or after it.
    for observation in decoded.observations.iter_mut().skip(first) {
        for (said, _) in doubts.iter().filter(|(_, of)| of.contains(&observation.sensor)) {
            observation.value = said.on(observation.value);
        }
    }
    decoded.observations.append(&mut past);
}

impl Channel {
    fn read_values(
        &self,
        data: &[u8],
        heard: Heard,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        into: &mut Vec<Observation>,
    ) {
        let told = self.time.and_then(|part| part.read(data)).and_then(|s| i64::try_from(s).ok());
        let measured_at = match (self.time, told) {
            (None, _) => heard.at,
            (Some(_), Some(s)) => Timestamp::from_ms(s.saturating_mul(1000)),
            (Some(_), None) => return,
        };
        for value in &self.values {
            let Some(parameter) = parameter(value.sensor) else { continue };
            let Some(raw) = value.part.read(data) else { continue };
            let from = value.period_s.map(|s| measured_at.minus(Span::from_s(i64::from(s))));
            let arrived_at = heard.arrived_at;
            let (sensor, value) = (value.sensor, value.observed(raw, parameter));
            into.push(Observation { sensor, measured_at, from, arrived_at, value });
        }
    }
}
