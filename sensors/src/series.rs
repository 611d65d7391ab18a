//! The readings of one sensor in event time, and what a window of them says.
//!
//! Sorted, bounded by a retention, indifferent to the order of arrival. It keeps the newest
//! revision of each time; the store keeps them all.

use crate::quality::Quality;
use crate::quantity::Value;
use crate::reading::Reading;
use crate::time::{Span, Timestamp};

/// One time of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Event time; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval; otherwise `measured_at`.
    pub from: Timestamp,
    /// The value; `None` where the newest revision has none or was rejected.
    pub value: Option<Value>,
    /// The judgement.
    pub quality: Quality,
}

/// What an insertion changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Newer than everything before.
    Appended,
    /// Between or before older ones: late.
    Late,
    /// Another value or judgement for a time that was there: a revision.
    Revised,
    /// The same once more: nothing changed.
    Same,
    /// Older than the retention: kept by the store only.
    TooOld,
}

/// What fell during a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulation {
    /// The depths of the intervals that lie wholly inside the window.
    pub at_least: Value,
    /// `at_least` and the whole depths of the intervals that reach across its ends.
    pub at_most: Value,
    /// The time of the window that no usable interval covers.
    pub missing: Span,
    /// The worst judgement among the readings that were summed.
    pub quality: Quality,
}

/// How a value changed over a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// Newest minus oldest.
    pub change: Value,
    /// The time between the two.
    pub over: Span,
    /// The worse judgement of the two.
    pub quality: Quality,
}

/// The series of one sensor.
#[derive(Clone, Debug, Default)]
pub struct Series {
    points: std::collections::VecDeque<Point>,
    retention: Span,
}

impl Series {
    /// An empty series that keeps so much time before its newest reading.
    pub fn new(retention: Span) -> Self {
        Self { points: std::collections::VecDeque::new(), retention }
    }

    /// Puts a reading in its place.
    pub fn insert(&mut self, _reading: &Reading) -> Inserted {
        Inserted::Same
    }
}
