//! The judgement of a number: quality, and the checks that give it.
//!
//! One file a check (`gross_range`, `season`, `rate`, `spike`, `flat_line`, `attenuated`): a flag of one
//! point as `QARTOD` has it. `limit` makes of them what a value is by itself, `step` and `window` what it
//! is beside its neighbours in event time. All are plain functions of what was said, so that
//! the judgement is the same whatever arrived first.

mod attenuated;
mod checks;
mod flag;
mod flat_line;
mod gross_range;
pub(crate) mod limit;
pub mod neighbour;
mod rate;
pub(crate) mod run;
mod season;
mod spike;
pub(crate) mod step;
pub(crate) mod window;
mod word;

#[cfg(test)]
mod cases;

pub use attenuated::{Attenuated, Movement};
pub use checks::Checks;
pub use flag::{Flag, LimitError};
pub use flat_line::FlatLine;
pub use gross_range::GrossRange;
pub use rate::RateOfChange;
pub use run::Sample;
pub use season::{Season, Seasons};
pub use spike::{Spike, SpikeForm};
pub use word::{Words, why};

use std::fmt;

/// How far a reading can be trusted (`QARTOD` flags at the edge: IOOS QARTOD, "Manual for Real-Time
/// Quality Control of Water Level Data", section on data flags).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quality {
    /// Passed every check (flag 1).
    #[default]
    Good,
    /// No check could judge it yet (flag 2).
    Unchecked,
    /// Derived from other readings and marked so (flag 1 with a note).
    Estimated,
    /// Doubtful, kept, may never clear an alert (flag 3).
    Suspect(Check),
    /// Not a measurement of the water; neither raises nor clears (flag 4).
    Rejected(Check),
    /// No value (flag 9).
    Missing,
}

/// How many usable judgements are not good.
pub(crate) const DOUBTS: usize = 2 + Check::ALL.len();

/// The check that made a reading suspect or rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// What came is no number.
    Syntax,
    /// Measured in the future, or too long ago.
    Time,
    /// Outside the instrument's span (rejected), or outside the plausible range (suspect).
    GrossRange,
    /// Faster than the sensor's fastest plausible change.
    RateOfChange,
    /// One value stands out from its neighbours in time.
    Spike,
    /// A cumulative counter went backwards and it was no rollover.
    Counter,
    /// The device itself says that its value is doubtful or bad.
    Device,
    /// The same value for too long.
    FlatLine,
    /// It moves less than water does.
    AttenuatedSignal,
    /// Later than its interval allows: what lies between is unknown.
    Gap,
    /// Outside what the season has ever seen.
    Climatology,
    /// It contradicts the sensors around it.
    Neighbour,
    /// It contradicts what its station or its river measures otherwise.
    MultiVariate,
    /// A gauge that passes far less rain than all around it: leaves or a nest in the funnel.
    Clogged,
    /// A gauge that says zero while all around it rain falls.
    DeadOnZero,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 15] = [
        Self::Syntax,
        Self::Time,
        Self::GrossRange,
        Self::RateOfChange,
        Self::Spike,
        Self::Counter,
        Self::Device,
        Self::FlatLine,
        Self::AttenuatedSignal,
        Self::Gap,
        Self::Climatology,
        Self::Neighbour,
        Self::MultiVariate,
        Self::Clogged,
        Self::DeadOnZero,
    ];

    /// The spelling in files and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Time => "time",
            Self::GrossRange => "gross_range",
            Self::RateOfChange => "rate_of_change",
            Self::Spike => "spike",
            Self::Counter => "counter",
            Self::Device => "device",
            Self::FlatLine => "flat_line",
            Self::AttenuatedSignal => "attenuated_signal",
            Self::Gap => "gap",
            Self::Climatology => "climatology",
            Self::Neighbour => "neighbour",
            Self::MultiVariate => "multi_variate",
            Self::Clogged => "clogged",
            Self::DeadOnZero => "dead_on_zero",
        }
    }
}

impl Quality {
    /// The spelling in files and the API; the check stands beside it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unchecked => "unchecked",
            Self::Estimated => "estimated",
            Self::Suspect(_) => "suspect",
            Self::Rejected(_) => "rejected",
            Self::Missing => "missing",
        }
    }

    /// The check that gave the judgement, where one did.
    pub fn check(self) -> Option<Check> {
        match self {
            Self::Suspect(check) | Self::Rejected(check) => Some(check),
            Self::Good | Self::Unchecked | Self::Estimated | Self::Missing => None,
        }
    }

    /// The `QARTOD` flag.
    pub fn qartod(self) -> u8 {
        match self {
            Self::Good | Self::Estimated => 1,
            Self::Unchecked => 2,
            Self::Suspect(_) => 3,
            Self::Rejected(_) => 4,
            Self::Missing => 9,
        }
    }

    /// Whether the value says anything of the water: good, unchecked, estimated or suspect.
    pub fn is_usable(self) -> bool {
        !matches!(self, Self::Rejected(_) | Self::Missing)
    }

    /// The worse of two judgements; missing is the worst, good the best.
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        if other.badness() > self.badness() { other } else { self }
    }

    fn badness(self) -> (u8, Option<Check>) {
        let class = match self {
            Self::Good => 0,
            Self::Estimated => 1,
            Self::Unchecked => 2,
            Self::Suspect(_) => 3,
            Self::Rejected(_) => 4,
            Self::Missing => 5,
        };
        (class, self.check())
    }

    /// The place among [`DOUBTS`] of a usable judgement that is not good; a worse one is greater.
    pub(crate) fn doubt(self) -> Option<usize> {
        match self {
            Self::Estimated => Some(0),
            Self::Unchecked => Some(1),
            Self::Suspect(check) => Some(2 + check as usize),
            Self::Good | Self::Rejected(_) | Self::Missing => None,
        }
    }

    /// The judgement at a place among [`DOUBTS`]; good where there is none.
    pub(crate) fn of_doubt(place: usize) -> Self {
        match place {
            0 => Self::Estimated,
            1 => Self::Unchecked,
            _ => Check::ALL.get(place - 2).map_or(Self::Good, |check| Self::Suspect(*check)),
        }
    }

    /// Whether the value may help to clear an alert (a suspect one never may).
    pub fn may_clear(self) -> bool {
        matches!(self, Self::Good | Self::Unchecked | Self::Estimated)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.check() {
            Some(check) => write!(f, "{} ({})", self.as_str(), check.as_str()),
            None => f.write_str(self.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_doubt_has_a_place_and_a_worse_one_a_greater() {
        let doubts: Vec<Quality> = (0..DOUBTS).map(Quality::of_doubt).collect();
        for (place, doubt) in doubts.iter().enumerate() {
            assert_eq!(doubt.doubt(), Some(place));
            assert!(doubts[..place].iter().all(|better| better.or_worse(*doubt) == *doubt));
        }
        assert!(doubts.iter().all(|doubt| doubt.is_usable() && Quality::Good.or_worse(*doubt) == *doubt));
    }

    #[test]
    fn a_suspect_or_rejected_reading_never_helps_to_clear() {
        for check in Check::ALL {
            assert!(!Quality::Suspect(check).may_clear() && Quality::Suspect(check).is_usable());
            assert!(!Quality::Rejected(check).may_clear() && !Quality::Rejected(check).is_usable());
        }
        assert!(!Quality::Missing.may_clear() && !Quality::Missing.is_usable());
    }
}
