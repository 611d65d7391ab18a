//! What fell: the usual windows, the rain day, the wetness that earlier rain left behind.
//!
//! Sums carry their bounds and their gaps: a sum with gaps is "at least", and what is not known is
//! never taken for dry. Nothing here says when much is too much.

mod mean;

use crate::quality::Quality;
use crate::quantity::Value;
use crate::series::{Accumulation, Series};
use crate::time::{Span, Timestamp};

pub use mean::{BasinMean, basin_mean, leaves, shows_too_little};

/// The windows that rain is told over.
pub const WINDOWS: [Span; 9] = [
    Span::from_min(15),
    Span::from_min(30),
    Span::from_h(1),
    Span::from_h(3),
    Span::from_h(6),
    Span::from_h(12),
    Span::from_h(24),
    Span::from_h(48),
    Span::from_h(72),
];

/// How much of a gauge's series these need, with a deadline and a late reading or two.
pub const RETENTION: Span = Span::from_h(76);

/// When the rain day begins on the city's clocks: 19:00, by the practice of the Vietnamese service.
const DAY_BEGINS: Span = Span::from_h(19);
const DAY: Span = Span::from_h(24);

/// A rain day, `(begins, ends]`: what is measured at its end belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RainDay {
    begins: Timestamp,
}

impl RainDay {
    /// The rain day that a moment lies in, in a city so many minutes east of UTC all year.
    pub fn of(at: Timestamp, utc_offset_min: i32) -> Self {
        let local = at.plus(Span::from_min(i64::from(utc_offset_min))).minus(DAY_BEGINS);
        // A day ends with its end: 19:00:00.000 is of the day before.
        let into = (local.ms() - 1).rem_euclid(DAY.ms()) + 1;
        Self { begins: at.minus(Span::from_ms(into)) }
    }

    /// Where it begins; what is measured then is of the day before.
    pub fn begins(self) -> Timestamp {
        self.begins
    }

    /// Its last moment.
    pub fn ends(self) -> Timestamp {
        self.begins.plus(DAY)
    }

    /// The day before.
    #[must_use]
    pub fn before(self) -> Self {
        Self { begins: self.begins.minus(DAY) }
    }

    /// What fell during the day, as far as it was measured by `upto`.
    pub fn rain(self, series: &Series, upto: Timestamp) -> Accumulation {
        let end = upto.min(self.ends());
        series.accumulation(end, Span::from_ms(end.since(self.begins).ms().max(0)))
    }
}

/// The share of a window that is not measured, in thousandths, rounded up: a gap is never nothing.
pub fn missing_permille(missing: Span, window: Span) -> u32 {
    let (missing, window) = (missing.ms().clamp(0, window.ms().max(0)), window.ms().max(1));
    u32::try_from((missing * 1000 + window - 1) / window).unwrap_or(1000)
}

/// The wetness that the rain of earlier days left behind.
///
/// The antecedent precipitation index `API = k * API(day before) + P` of M. A. Kohler and
/// R. K. Linsley, "Predicting the runoff from storm rainfall", US Weather Bureau Research Paper 34
/// (1951), with a constant k of 0.85 to 0.98 by the season and the basin; days are rain days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wetness {
    /// The index in µm, by what is known to have fallen.
    pub at_least: Value,
    /// The days that went into it.
    pub days: u32,
    /// The days of which more than a tenth was not measured; with any, the index is "at least".
    pub days_missing: u32,
}

/// How fast the wetness is lost: a factor a day, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recession(u16);

impl Recession {
    /// What is used when nothing else is configured: 0.90 a day, the middle of the published range.
    pub const USUAL: Self = Self(900);
    /// The least and the most that is allowed, in thousandths.
    pub const RANGE_PERMILLE: (i64, i64) = (500, 990);

    /// A factor from thousandths; `None` outside [`Self::RANGE_PERMILLE`].
    pub fn from_permille(permille: i64) -> Option<Self> {
        let (least, most) = Self::RANGE_PERMILLE;
        (least..=most).contains(&permille).then(|| Self(permille.unsigned_abs() as u16))
    }

    /// In thousandths.
    pub fn permille(self) -> u16 {
        self.0
    }
}

/// How many rain days back the wetness is followed: at 0.90 what fell before is a twentieth of it.
pub const WETNESS_DAYS: u32 = 30;

/// The wetness after rain days in order, the oldest first.
pub fn wetness(days: impl IntoIterator<Item = Accumulation>, recession: Recession) -> Wetness {
    let mut sum = Wetness { at_least: Value::default(), days: 0, days_missing: 0 };
    let mut index = 0_i128;
    for day in days {
        index = (index * i128::from(recession.0)) / 1000 + i128::from(day.at_least.raw().max(0));
        sum.days += 1;
        let gap = day.quality == Quality::Missing || missing_permille(day.missing, DAY) > 100;
        sum.days_missing += u32::from(gap);
    }
    sum.at_least = Value::from_raw(i64::try_from(index).unwrap_or(i64::MAX));
    sum
}

/// One step of a hyetograph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The end of the step.
    pub to: Timestamp,
    /// What fell in it.
    pub rain: Accumulation,
}

/// The rain before `end` in equal steps, the oldest first.
pub fn hyetograph(series: &Series, end: Timestamp, step: Span, steps: u32) -> Vec<Step> {
    let ends = (0..i64::from(steps)).rev().map(|n| end.minus(Span::from_ms(step.ms() * n)));
    ends.map(|to| Step { to, rain: series.accumulation(to, step) }).collect()
}

#[cfg(test)]
mod tests;
