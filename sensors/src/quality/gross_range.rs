//! Gross range: is a value of this instrument, and is it plausible (`QARTOD` test "gross range").

use super::flag::{Flag, LimitError};
use crate::quantity::Value;

/// The span that an instrument has and the range that is plausible, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrossRange {
    span: (Value, Value),
    plausible: Option<(Value, Value)>,
}

impl GrossRange {
    /// Outside the span a value fails, outside the plausible range it is suspect.
    ///
    /// # Errors
    /// Refuses an empty range, and a plausible one that leaves the span.
    pub fn new(span: (Value, Value), plausible: Option<(Value, Value)>) -> Result<Self, LimitError> {
        if span.0 >= span.1 || plausible.is_some_and(|range| range.0 >= range.1) {
            return Err(LimitError::Empty);
        }
        if plausible.is_some_and(|range| range.0 < span.0 || range.1 > span.1) {
            return Err(LimitError::Leaves);
        }
        Ok(Self { span, plausible })
    }

    /// The flag of a value.
    pub fn flag(&self, value: Value) -> Flag {
        flag(self.span, self.plausible, value)
    }
}

/// The flag of a value within a span and a plausible range.
pub(crate) fn flag(span: (Value, Value), plausible: Option<(Value, Value)>, value: Value) -> Flag {
    if !within(span, value) {
        Flag::Fail
    } else if plausible.is_some_and(|range| !within(range, value)) {
        Flag::Suspect
    } else {
        Flag::Good
    }
}

pub(crate) fn within((low, high): (Value, Value), value: Value) -> bool {
    low <= value && value <= high
}
