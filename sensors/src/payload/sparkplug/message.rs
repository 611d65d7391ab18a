//! A Sparkplug B payload and its metrics (`sparkplug_b.proto`, section 6.4).
//!
//! Read without copying; values that are no numbers (data sets, templates, bytes) are known to be
//! there and not read.

use super::wire::{Broken, Fields, Wire, put_bytes, put_varint};
use crate::payload::number::{Number, number_of_text};
use crate::time::Timestamp;

/// A payload.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Payload<'a> {
    pub(super) timestamp: Option<u64>,
    pub(super) seq: Option<u64>,
    pub(super) metrics: Vec<Metric<'a>>,
    /// Metrics beyond those that were kept.
    pub(super) left: usize,
}

/// A metric of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Metric<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) alias: Option<u64>,
    pub(super) timestamp: Option<u64>,
    pub(super) datatype: Option<u64>,
    pub(super) is_null: bool,
    /// The property `Quality` (6.4.17): 192 good, 0 bad, 500 stale.
    pub(super) quality: Option<u64>,
    pub(super) value: Option<MetricValue<'a>>,
}

/// The value of a metric as it lies in the message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum MetricValue<'a> {
    Int(u64),
    Float(f64),
    Bool(bool),
    Text(&'a str),
    Other,
}

impl<'a> Payload<'a> {
    pub(super) fn read(bytes: &'a [u8], metrics_max: usize) -> Result<Self, Broken> {
        let mut payload = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Varint(ms)) => payload.timestamp = Some(ms),
                (2, Wire::Bytes(metric)) if payload.metrics.len() < metrics_max => {
                    payload.metrics.push(Metric::read(metric)?);
                }
                (2, Wire::Bytes(_)) => payload.left += 1,
                (3, Wire::Varint(seq)) => payload.seq = Some(seq),
                (1..=3, _) => return Err(Broken),
                _ => {}
            }
        }
        Ok(payload)
    }

    /// The number of the session of the node that was born or died.
    pub(super) fn bd_seq(&self) -> Option<u64> {
        let metric = self.metrics.iter().find(|metric| metric.name == Some("bdSeq"))?;
        match metric.value {
            Some(MetricValue::Int(number)) => Some(number),
            _ => None,
        }
    }
}

impl<'a> Metric<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut metric = Self::default();
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Bytes(name)) => metric.name = Some(text(name)?),
                (2, Wire::Varint(alias)) => metric.alias = Some(alias),
                (3, Wire::Varint(ms)) => metric.timestamp = Some(ms),
                (4, Wire::Varint(datatype)) => metric.datatype = Some(datatype),
                (7, Wire::Varint(flag)) => metric.is_null = flag != 0,
                (9, Wire::Bytes(properties)) => metric.quality = quality(properties)?,
                (10, Wire::Varint(int)) => {
                    metric.value = Some(MetricValue::Int(u64::from(u32::try_from(int).map_err(|_| Broken)?)));
                }
                (11, Wire::Varint(long)) => metric.value = Some(MetricValue::Int(long)),
                (12, Wire::Fixed32(bits)) => {
                    metric.value = Some(MetricValue::Float(shortest(f32::from_bits(bits))));
                }
                (13, Wire::Fixed64(bits)) => {
                    metric.value = Some(MetricValue::Float(f64::from_bits(bits)));
                }
                (14, Wire::Varint(flag)) => metric.value = Some(MetricValue::Bool(flag != 0)),
                (15, Wire::Bytes(bytes)) => metric.value = Some(MetricValue::Text(text(bytes)?)),
                (16..=19, Wire::Bytes(_)) => metric.value = Some(MetricValue::Other),
                (1..=4 | 7 | 9..=19, _) => return Err(Broken),
                _ => {}
            }
        }
        Ok(metric)
    }

    /// The number that it carries, by its datatype (section 6.4.16); `None` where it carries none,
    /// or one that its datatype can't hold.
    pub(super) fn number(&self, datatype: u64) -> Option<Number> {
        if self.is_null {
            return Some(Number::None);
        }
        let number = match (datatype, self.value?) {
            (1, MetricValue::Int(raw)) => signed(raw, 8)?,
            (2, MetricValue::Int(raw)) => signed(raw, 16)?,
            (3, MetricValue::Int(raw)) => signed(raw, 32)?,
            (4, MetricValue::Int(raw)) => raw as i64 as f64,
            (5, MetricValue::Int(raw)) => f64::from(u8::try_from(raw).ok()?),
            (6, MetricValue::Int(raw)) => f64::from(u16::try_from(raw).ok()?),
            (7, MetricValue::Int(raw)) => f64::from(u32::try_from(raw).ok()?),
            (8, MetricValue::Int(raw)) => raw as f64,
            (9 | 10, MetricValue::Float(number)) => number,
            (11, MetricValue::Bool(flag)) => f64::from(u8::from(flag)),
            (12 | 14, MetricValue::Text(text)) => return number_of_text(text),
            _ => return None,
        };
        Some(Number::Some(number))
    }
}

/// A float as it would be written: 1.23 and not 1.2300000190734863.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

/// Two's complement in so many bits, whether the sign was carried up to 32 or 64 bits or not:
/// publishers differ.
fn signed(raw: u64, bits: u32) -> Option<f64> {
    let (half, whole) = (1_i64 << (bits - 1), 1_i64 << bits);
    let number = if raw > u64::from(u32::MAX) {
        raw as i64
    } else if raw >= whole as u64 {
        i64::from(raw as u32 as i32)
    } else if raw >= half as u64 {
        raw as i64 - whole
    } else {
        raw as i64
    };
    (-half..half).contains(&number).then_some(number as f64)
}

fn text(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken)
}

/// The property `Quality` of a `PropertySet` (section 6.4.10): keys and values in the same order.
fn quality(properties: &[u8]) -> Result<Option<u64>, Broken> {
    let mut place = None;
    let mut keys = 0_usize;
    let mut values = Vec::new();
    for field in Fields(properties) {
        match field? {
            (1, Wire::Bytes(key)) => {
                if key == b"Quality" {
                    place = Some(keys);
                }
                keys += 1;
            }
            (2, Wire::Bytes(value)) => values.push(value),
            _ => {}
        }
    }
    let Some(value) = place.and_then(|place| values.get(place)) else { return Ok(None) };
    for field in Fields(value) {
        if let (3 | 4, Wire::Varint(number)) = field? {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// The command that asks a node for its birth (section 6.4.22, `tck-id-operational-behavior-data-commands-rebirth`).
pub(super) fn rebirth(now: Timestamp) -> Vec<u8> {
    let ms = now.ms().unsigned_abs();
    let mut metric = Vec::new();
    put_bytes(&mut metric, 1, b"Node Control/Rebirth");
    put_varint(&mut metric, 3, ms);
    put_varint(&mut metric, 4, 11);
    put_varint(&mut metric, 14, 1);
    let mut payload = Vec::new();
    put_varint(&mut payload, 1, ms);
    put_bytes(&mut payload, 2, &metric);
    payload
}
