//! Rate of change: how fast a value left the one before it (`QARTOD` test "rate of change").

use super::flag::{Flag, LimitError};
use super::run::Sample;
use crate::station::Rate;
use crate::time::Span;

/// The fastest changes that are not doubted and not rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateOfChange {
    suspect: Option<Rate>,
    fail: Option<Rate>,
}

impl RateOfChange {
    /// A faster change than `suspect` is suspect, than `fail` fails.
    ///
    /// # Errors
    /// Refuses rates that are not positive, and a rejection within what is not doubted.
    pub fn new(suspect: Option<Rate>, fail: Option<Rate>) -> Result<Self, LimitError> {
        if suspect.iter().chain(&fail).any(|rate| rate.change.raw() <= 0 || rate.per <= Span::ZERO) {
            return Err(LimitError::NotPositive);
        }
        if let (Some(suspect), Some(fail)) = (suspect, fail)
            && is_faster(suspect.change.raw(), suspect.per, fail)
        {
            return Err(LimitError::Crossed);
        }
        Ok(Self { suspect, fail })
    }

    /// The limits of rejection and of doubt that hold for a sensor.
    pub(crate) fn trusted(suspect: Option<Rate>, fail: Option<Rate>) -> Self {
        Self { suspect, fail }
    }

    /// The flag of a point that stands beside `before`, no sooner after it than `least`; good where
    /// nothing stands before it.
    pub fn flag(&self, before: Option<Sample>, this: Sample, least: Span) -> Flag {
        let Some(before) = before else { return Flag::Good };
        let change = this.raw.saturating_sub(before.raw);
        let took = this.at.since(before.at).max(least);
        if self.fail.is_some_and(|rate| is_faster(change, took, rate)) {
            Flag::Fail
        } else if self.suspect.is_some_and(|rate| is_faster(change, took, rate)) {
            Flag::Suspect
        } else {
            Flag::Good
        }
    }
}

fn is_faster(change: i64, took: Span, rate: Rate) -> bool {
    i128::from(change.unsigned_abs()) * i128::from(rate.per.ms())
        > i128::from(rate.change.raw()) * i128::from(took.ms())
}
