//! Faults of instruments and lines, as the storm file orders them.
//!
//! What was meant to be measured stays true; a fault changes only what the wire says.

use sensors::time::{Span, Timestamp};

/// A fault, in `[from, to)`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) of: Of,
    pub(crate) kind: Kind,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// What fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Station(String),
    Line(String),
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A share of the rain comes through the funnel.
    Clogged { share: f64 },
    /// It reports 0 whatever happens.
    Zero,
    /// It says nothing at all; what it measured meanwhile is lost.
    Dead,
    /// It repeats the value it had when the fault began.
    Stuck,
    /// It says that it has no value.
    Sentinel,
    /// Its messages come so much later.
    Late { by: Span },
    /// Its clock is off by so much; its messages carry the wrong time.
    ClockOff { by: Span },
    /// The line is cut: connections drop, messages wait until it is back.
    Cut,
}

impl Fault {
    /// Whether it acts on a station now.
    pub(crate) fn acts_on(&self, station: &str, at: Timestamp) -> bool {
        matches!(&self.of, Of::Station(name) if name == station) && self.lasts(at)
    }

    /// Whether it cuts a line now.
    pub(crate) fn cuts(&self, line: &str, at: Timestamp) -> bool {
        matches!(&self.of, Of::Line(name) if name == line) && self.kind == Kind::Cut && self.lasts(at)
    }

    fn lasts(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}
