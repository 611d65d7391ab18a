//! Rating curves: from the stage at a section to its discharge.
//!
//! A curve is strictly increasing, dated, and valid in a range of stages (WMO-No. 1044, "Manual on
//! Stream Gauging", volume II; ISO 1100-2). Outside of it nothing is invented: over its top the answer
//! is "at least", under its foot "at most". What comes out is estimated, never measured.

use crate::quantity::{Discharge, Stage};
use crate::time::Timestamp;

/// How the discharge runs between two points of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// On a straight line.
    Straight,
    /// On a straight line of the logarithms of discharge and of the stage over this zero: as a power
    /// law would.
    Logarithmic(Stage),
}

/// A part of a curve with the law `Q = a * (h - h0)^b`; Q in m³/s, h in m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// The lowest stage of the part.
    pub from: Stage,
    /// The highest stage of the part.
    pub to: Stage,
    /// The factor, m³/s at one metre over the zero.
    pub a: f64,
    /// The exponent.
    pub b: f64,
    /// The stage of no discharge.
    pub h0: Stage,
}

#[derive(Clone, Debug, PartialEq)]
enum Law {
    Table(Box<[(Stage, Discharge)]>, Between),
    Powers(Box<[Power]>),
}

/// A rating curve of a section.
#[derive(Clone, Debug, PartialEq)]
pub struct RatingCurve {
    valid_from: Timestamp,
    law: Law,
}

/// A discharge by a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rated {
    /// The discharge; at the end of the curve where the stage lies beyond it.
    pub discharge: Discharge,
    /// What that says of the true one.
    pub bound: Bound,
}

/// On which side of a number the truth lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// As the curve says.
    Estimate,
    /// The stage lies over the curve: so much or more.
    AtLeast,
    /// The stage lies under the curve: so much or less.
    AtMost,
}

/// Numbers that make no rating curve.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RatingError {
    /// A line has two ends.
    #[error("the curve has {given} point(s); needed are at least two")]
    TooFew {
        /// How many there are.
        given: usize,
    },
    /// The curve stands still or falls.
    #[error(
        "point {place} ({stage_mm} mm, {discharge_l_s} l/s) does not lie above the one before it in both"
    )]
    NotIncreasing {
        /// Which point, counted from 1.
        place: usize,
        /// Its stage.
        stage_mm: i64,
        /// Its discharge.
        discharge_l_s: i64,
    },
    /// No logarithm there.
    #[error("point {place} has no logarithm: its stage must lie over {zero_mm} mm and its discharge over 0")]
    NoLogarithm {
        /// Which point, counted from 1.
        place: usize,
        /// The stage of no discharge.
        zero_mm: i64,
    },
    /// A part's law means nothing.
    #[error("part {place} has no increasing law: needed are a > 0, b > 0 and h0 <= from < to, all finite")]
    NoLaw {
        /// Which part, counted from 1.
        place: usize,
    },
    /// Two parts do not join.
    #[error(
        "part {place} does not join the one before it: it must begin where that ends, with a discharge that is \
         not lower and at most a tenth higher"
    )]
    NotJoined {
        /// Which part, counted from 1.
        place: usize,
    },
}

impl Power {
    /// The discharge at a stage of the part.
    fn discharge(&self, stage: Stage) -> Discharge {
        let over = (stage.mm() - self.h0.mm()).max(0) as f64 / 1000.0;
        l_per_s(self.a * libm::pow(over, self.b) * 1000.0)
    }
}

fn l_per_s(litres: f64) -> Discharge {
    // Saturating: a law that overflows is refused by the constructor's comparison of its ends.
    Discharge::from_l_per_s(litres.round() as i64)
}

impl RatingCurve {
    /// A curve through points of stage and discharge, valid from a time until the next curve of the
    /// section.
    ///
    /// # Errors
    /// Fewer than two points; a point that does not lie above its predecessor in both; no logarithm
    /// where one is needed.
    pub fn table(
        valid_from: Timestamp,
        points: Vec<(Stage, Discharge)>,
        between: Between,
    ) -> Result<Self, RatingError> {
        if points.len() < 2 {
            return Err(RatingError::TooFew { given: points.len() });
        }
        for (place, (before, (stage, discharge))) in (2..).zip(points.iter().zip(points.iter().skip(1))) {
            if *stage <= before.0 || *discharge <= before.1 {
                let (stage_mm, discharge_l_s) = (stage.mm(), discharge.l_per_s());
                return Err(RatingError::NotIncreasing { place, stage_mm, discharge_l_s });
            }
        }
        if let Between::Logarithmic(zero) = between {
            let none = |(stage, discharge): &(Stage, Discharge)| *stage <= zero || discharge.l_per_s() <= 0;
            if let Some(place) = points.iter().position(none) {
                return Err(RatingError::NoLogarithm { place: place + 1, zero_mm: zero.mm() });
            }
        }
        Ok(Self { valid_from, law: Law::Table(points.into(), between) })
    }

    /// A curve of power laws, one over the other.
    ///
    /// # Errors
    /// No part; a part that does not increase; parts that do not join.
    pub fn powers(valid_from: Timestamp, parts: Vec<Power>) -> Result<Self, RatingError> {
        if parts.is_empty() {
            return Err(RatingError::TooFew { given: 0 });
        }
        for (place, part) in (1..).zip(&parts) {
            let sound = part.a.is_finite() && part.b.is_finite() && part.a > 0.0 && part.b > 0.0;
            let rises = part.h0 <= part.from && part.discharge(part.from) < part.discharge(part.to);
            if !sound || !rises || part.discharge(part.to).l_per_s() == i64::MAX {
                return Err(RatingError::NoLaw { place });
            }
        }
        for (place, (before, part)) in (2..).zip(parts.iter().zip(parts.iter().skip(1))) {
            let (ended, begins) =
                (before.discharge(before.to).l_per_s(), part.discharge(part.from).l_per_s());
            let joined =
                before.to == part.from && (ended..=ended.saturating_add(ended / 10)).contains(&begins);
            if !joined {
                return Err(RatingError::NotJoined { place });
            }
        }
        Ok(Self { valid_from, law: Law::Powers(parts.into()) })
    }

    /// Since when it is valid.
    pub fn valid_from(&self) -> Timestamp {
        self.valid_from
    }

    /// The lowest and the highest stage that it knows.
    pub fn range(&self) -> (Stage, Stage) {
        let ends = match &self.law {
            Law::Table(points, _) => points.first().zip(points.last()).map(|(low, high)| (low.0, high.0)),
            Law::Powers(parts) => parts.first().zip(parts.last()).map(|(low, high)| (low.from, high.to)),
        };
        ends.unwrap_or_default()
    }

    /// The discharge at a stage.
    pub fn rate(&self, stage: Stage) -> Rated {
        let (low, high) = self.range();
        let discharge = self.inside(stage.clamp(low, high));
        let bound = match () {
            () if stage > high => Bound::AtLeast,
            () if stage < low => Bound::AtMost,
            () => Bound::Estimate,
        };
        Rated { discharge, bound }
    }

    fn inside(&self, stage: Stage) -> Discharge {
        match &self.law {
            Law::Table(points, between) => {
                let above = points.partition_point(|(at, _)| *at < stage).max(1);
                let ends = points.get(above - 1).zip(points.get(above));
                ends.map_or_else(Discharge::default, |(low, high)| between.at(*low, *high, stage))
            }
            Law::Powers(parts) => {
                let part = parts.iter().find(|part| stage <= part.to).or(parts.last());
                part.map_or_else(Discharge::default, |part| part.discharge(stage))
            }
        }
    }
}

impl Between {
    fn at(self, low: (Stage, Discharge), high: (Stage, Discharge), stage: Stage) -> Discharge {
        if stage == high.0 {
            return high.1;
        }
        match self {
            Self::Straight => {
                let rise = i128::from(high.1.l_per_s() - low.1.l_per_s());
                let part = rise * i128::from(stage.mm() - low.0.mm()) / i128::from(high.0.mm() - low.0.mm());
                Discharge::from_l_per_s(low.1.l_per_s() + i64::try_from(part).unwrap_or_default())
            }
            Self::Logarithmic(zero) => {
                let over = |at: Stage| libm::log((at.mm() - zero.mm()) as f64);
                let flow = |at: Discharge| libm::log(at.l_per_s() as f64);
                let share = (over(stage) - over(low.0)) / (over(high.0) - over(low.0));
                l_per_s(libm::exp(flow(low.1) + share * (flow(high.1) - flow(low.1))))
            }
        }
    }
}

/// The curves of one section, by the time from which each is valid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ratings(Vec<RatingCurve>);

impl Ratings {
    /// Takes a curve in; gives it back where there is one with the same date.
    ///
    /// # Errors
    /// The curve, when another one is valid from the same time.
    pub fn add(&mut self, curve: RatingCurve) -> Result<(), RatingCurve> {
        let place = self.0.partition_point(|other| other.valid_from < curve.valid_from);
        if self.0.get(place).is_some_and(|other| other.valid_from == curve.valid_from) {
            return Err(curve);
        }
        self.0.insert(place, curve);
        Ok(())
    }

    /// The curve that is valid at a time; none before the first.
    pub fn at(&self, at: Timestamp) -> Option<&RatingCurve> {
        self.0.get(self.0.partition_point(|curve| curve.valid_from <= at).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests;
