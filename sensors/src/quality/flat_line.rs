//! Flat line: the same value for too long (`QARTOD` test "flat line").

use super::flag::{Flag, LimitError};
use super::run::{Rolling, Run};
use crate::quantity::Value;
use crate::time::{Span, Timestamp};

/// How long a value may stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlatLine {
    tolerance: Value,
    suspect: Span,
    fail: Option<Span>,
}

impl FlatLine {
    /// Suspect or failed where all values of so long a time lie within less than `tolerance`.
    ///
    /// # Errors
    /// Refuses what is not positive, and a rejection sooner than the doubt.
    pub fn new(tolerance: Value, suspect: Span, fail: Option<Span>) -> Result<Self, LimitError> {
        if tolerance.raw() <= 0 || suspect <= Span::ZERO || fail.is_some_and(|fail| fail <= Span::ZERO) {
            return Err(LimitError::NotPositive);
        }
        if fail.is_some_and(|fail| fail < suspect) {
            return Err(LimitError::Crossed);
        }
        Ok(Self { tolerance, suspect, fail })
    }

    /// Values within less than this stand still.
    pub fn tolerance(&self) -> Value {
        self.tolerance
    }

    /// The time after which standing still is doubted.
    pub fn suspect(&self) -> Span {
        self.suspect
    }

    /// The longest time that it looks back.
    pub(crate) fn looks_back(&self) -> Span {
        self.fail.unwrap_or(self.suspect).max(self.suspect)
    }

    /// Whether anything is rejected.
    pub fn fails(&self) -> bool {
        self.fail.is_some()
    }

    /// Takes in the point at a place, the one after the newest of `window`, and flags it. `interval` is
    /// the usual time between two points: a time of standing still is counted in whole ones.
    ///
    /// The window is the longest run that stands still, as far as it matters; one point at or
    /// before the beginning stays in it, so that what lies beyond a silence is not forgotten. A run
    /// of which less than a third has a value says nothing.
    pub(crate) fn take(&self, window: &mut Rolling, run: Run<'_>, place: usize, interval: Span) -> Flag {
        let Some(at) = run.time(place) else { return Flag::Unchecked };
        let sample = run.sample(place);
        window.enter(sample.map(|sample| sample.raw));
        let start = whole_intervals_before(at, self.looks_back(), interval);
        let mut since = at;
        while let Some(oldest) = window.oldest(place) {
            let moved = window.range().is_some_and(|range| range >= self.tolerance.raw());
            let no_longer_matters =
                || window.points > 1 && run.time(oldest + 1).is_some_and(|next| next <= start);
            if !moved && !no_longer_matters() {
                since = run.time(oldest).unwrap_or(at);
                break;
            }
            window.leave(run.sample(oldest).map(|sample| sample.raw));
        }
        if sample.is_none() {
            return Flag::Unchecked;
        }
        let still = |span| since <= whole_intervals_before(at, span, interval);
        let enough = window.values > 1 && window.values * 3 >= window.points;
        match (enough && self.fail.is_some_and(still), enough && still(self.suspect)) {
            (true, _) => Flag::Fail,
            (false, true) => Flag::Suspect,
            (false, false) => Flag::Good,
        }
    }
}

fn whole_intervals_before(at: Timestamp, span: Span, interval: Span) -> Timestamp {
    let step = interval.ms().max(1);
    at.minus(Span::from_ms((span.ms() / step).max(1) * step))
}
