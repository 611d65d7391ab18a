//! Attenuated signal: it moves less than water does (`QARTOD` test "attenuated signal").

use super::flag::{Flag, LimitError};
use super::run::{Rolling, Run};
use crate::quantity::Value;
use crate::time::Span;

/// How movement is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Movement {
    /// The greatest value less the smallest.
    #[default]
    Range,
    /// The standard deviation of the sample.
    Deviation,
}

impl Movement {
    /// Every measure.
    pub const ALL: [Self; 2] = [Self::Range, Self::Deviation];

    /// The spelling in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Deviation => "std",
        }
    }
}

/// How much a value must move within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attenuated {
    by: Movement,
    suspect: Value,
    fail: Option<Value>,
    window: Option<Span>,
    least_values: usize,
    least_period: Span,
}

impl Attenuated {
    /// Suspect where it moves less than `suspect` within `window` (ever, without one), failed where less
    /// than `fail`.
    ///
    /// # Errors
    /// Refuses what is not positive (a `fail` of 0 never fails), and a rejection within what is not
    /// doubted.
    pub fn new(
        by: Movement,
        suspect: Value,
        fail: Option<Value>,
        window: Option<Span>,
    ) -> Result<Self, LimitError> {
        if suspect.raw() <= 0 || fail.is_some_and(|fail| fail.raw() < 0) {
            return Err(LimitError::NotPositive);
        }
        if window.is_some_and(|window| window <= Span::ZERO) {
            return Err(LimitError::NotPositive);
        }
        if fail.is_some_and(|fail| fail > suspect) {
            return Err(LimitError::Crossed);
        }
        Ok(Self { by, suspect, fail, window, least_values: 1, least_period: Span::ZERO })
    }

    /// The same where a window with fewer values says nothing, or with fewer than usually come in a
    /// period.
    #[must_use]
    pub fn with_at_least(self, values: usize, period: Span) -> Self {
        Self { least_values: values.max(1), least_period: period, ..self }
    }

    /// What it must move by to be trusted.
    pub fn suspect(&self) -> Value {
        self.suspect
    }

    /// How movement is measured.
    pub fn by(&self) -> Movement {
        self.by
    }

    /// The time within which it must move.
    pub fn window(&self) -> Option<Span> {
        self.window
    }

    /// Whether anything is rejected.
    pub fn fails(&self) -> bool {
        self.fail.is_some()
    }

    /// Takes in the point at a place, the one after the newest of `window`, and flags it. `interval` is
    /// the usual time between two points.
    pub(crate) fn take(&self, window: &mut Rolling, run: Run<'_>, place: usize, interval: Span) -> Flag {
        let Some(at) = run.time(place) else { return Flag::Unchecked };
        let sample = run.sample(place);
        window.enter(sample.map(|sample| sample.raw));
        while let Some(length) = self.window
            && let Some(oldest) = window.oldest(place)
            && run.time(oldest).is_some_and(|time| time <= at.minus(length))
        {
            window.leave(run.sample(oldest).map(|sample| sample.raw));
        }
        if sample.is_some() { self.flag(window, interval) } else { Flag::Unchecked }
    }

    /// The flag of a window.
    pub(crate) fn flag(&self, window: &Rolling, interval: Span) -> Flag {
        let usual = self.least_period.ms() / interval.ms().max(1);
        let least = self.least_values.max(usize::try_from(usual).unwrap_or(usize::MAX));
        if window.values < least {
            return Flag::Unchecked;
        }
        match self.moves_less(window, self.suspect) {
            None => Flag::Unchecked,
            Some(true) if self.fail.and_then(|fail| self.moves_less(window, fail)) == Some(true) => {
                Flag::Fail
            }
            Some(true) => Flag::Suspect,
            Some(false) => Flag::Good,
        }
    }

    fn moves_less(&self, window: &Rolling, than: Value) -> Option<bool> {
        match self.by {
            Movement::Range => Some(window.range()? < than.raw()),
            Movement::Deviation => {
                let n = i128::try_from(window.values).ok().filter(|n| *n > 1)?;
                // n² s² (n - 1) / n, whole on both sides: no rounding.
                let spread = n.saturating_mul(window.squares) - window.sum.saturating_mul(window.sum);
                let limit = i128::from(than.raw()).saturating_mul(i128::from(than.raw()));
                Some(spread < limit.saturating_mul(n * (n - 1)))
            }
        }
    }
}
