//! What a sensor said, before and after judgement.
//!
//! An [`Observation`] is what came over the wire with its meaning; only [`crate::quality`] makes
//! a [`Reading`] of it. A reading is never changed: another value for the same time is a revision,
//! and both are kept.

use crate::quality::{Check, Quality};
use crate::quantity::Value;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// A number or its absence as it arrived, not yet judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Who measured.
    pub sensor: SensorIx,
    /// Event time: when it was measured; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval `(from, measured_at]`, where the wire named it.
    pub from: Option<Timestamp>,
    /// When it reached us, by our clock.
    pub arrived_at: Timestamp,
    /// What was measured.
    pub value: Observed,
}

/// What the wire gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// A number in the sensor's parameter.
    Value(Value),
    /// A number that the device itself calls doubtful (a status bit, a quality code).
    Doubtful(Value),
    /// The device said that it has no value (a sentinel, a null, a refusal).
    Missing,
    /// There was something, and it is no value (NaN, text, a number no gauge could mean).
    Nonsense,
}

impl Reading {
    /// Whether it shows that the sensor sees: a device that says only that it has no value, or what no
    /// water can be, is as blind as one that says nothing; and what is told of another time is not of now.
    pub fn is_contact(&self) -> bool {
        self.quality.is_usable() && self.quality.check() != Some(Check::Time)
    }
}

/// A judged reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Who measured.
    pub sensor: SensorIx,
    /// Event time; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval `(from, measured_at]`.
    pub from: Option<Timestamp>,
    /// When it reached us.
    pub arrived_at: Timestamp,
    /// The value; absent when the quality is missing or nothing could be read.
    pub value: Option<Value>,
    /// The judgement and, where it is not good, the check that gave it.
    pub quality: Quality,
}
