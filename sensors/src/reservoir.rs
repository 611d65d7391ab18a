//! Reservoirs: what a pool level holds, what is let out in all, what came in by the balance.
//!
//! Nothing here knows rules of operation, and nothing is read off a curve beyond its ends.

mod balance;
mod release;
mod terms;

use crate::quantity::{Elevation, Volume};
use crate::station::StationId;

pub use balance::{Balance, Gauges, Reported, balance};
pub use release::{Flow, total_release};
pub use terms::Terms;

/// Elevation and storage of a reservoir, strictly increasing in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageCurve(Box<[(Elevation, Volume)]>);

/// Pairs that make no storage curve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// A line has two ends.
    #[error("the curve has {given} point(s); needed are at least two")]
    TooFew {
        /// How many there are.
        given: usize,
    },
    /// More water holds less, or a typing error.
    #[error(
        "point {place} ({} m, {} Mm3) does not lie above the one before it in both; correct it or leave it out",
        metres(*elevation_mm), millions(*storage_m3)
    )]
    NotIncreasing {
        /// Which point, counted from 1.
        place: usize,
        /// Its elevation.
        elevation_mm: i64,
        /// Its storage.
        storage_m3: i64,
    },
}

fn metres(mm: i64) -> f64 {
    mm as f64 / 1e3
}

fn millions(m3: i64) -> f64 {
    m3 as f64 / 1e6
}

impl StorageCurve {
    /// A curve through pairs of elevation and storage.
    ///
    /// # Errors
    /// Fewer than two pairs; a pair that does not lie above its predecessor in both, which is nearly
    /// always a typing error in one of the two.
    pub fn new(points: Vec<(Elevation, Volume)>) -> Result<Self, StorageError> {
        if points.len() < 2 {
            return Err(StorageError::TooFew { given: points.len() });
        }
        for (place, (before, (at, holds))) in (2..).zip(points.iter().zip(points.iter().skip(1))) {
            if *at <= before.0 || *holds <= before.1 {
                let (elevation_mm, storage_m3) = (at.mm(), holds.m3());
                return Err(StorageError::NotIncreasing { place, elevation_mm, storage_m3 });
            }
        }
        Ok(Self(points.into()))
    }

    /// The lowest and the highest elevation that it knows.
    pub fn range(&self) -> (Elevation, Elevation) {
        self.0.first().zip(self.0.last()).map(|(low, high)| (low.0, high.0)).unwrap_or_default()
    }

    /// What the reservoir holds at an elevation; `None` beyond the ends of the curve.
    pub fn storage(&self, at: Elevation) -> Option<Volume> {
        let (low, high) = self.range();
        if at < low || at > high {
            return None;
        }
        let (low, high) = self.around(at)?;
        let part = i128::from(high.1.m3() - low.1.m3()) * i128::from(at.mm() - low.0.mm())
            / i128::from(high.0.mm() - low.0.mm());
        Some(Volume::from_m3(low.1.m3() + i64::try_from(part).ok()?))
    }

    /// How many m³ a millimetre of the pool is: of the nearest part where the curve does not reach.
    pub fn m3_per_mm(&self, at: Elevation) -> i64 {
        self.around(at).map_or(0, |(low, high)| {
            (high.1.m3() - low.1.m3() + (high.0.mm() - low.0.mm()) / 2) / (high.0.mm() - low.0.mm())
        })
    }

    fn around(&self, at: Elevation) -> Option<((Elevation, Volume), (Elevation, Volume))> {
        let above = self.0.partition_point(|(elevation, _)| *elevation < at).clamp(1, self.0.len() - 1);
        Some((*self.0.get(above - 1)?, *self.0.get(above)?))
    }
}

/// A reservoir as the city knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservoir {
    /// The dam.
    pub station: StationId,
    /// The normal pool level, and what is stored at it.
    pub normal: Option<(Elevation, Volume)>,
    /// The pool level below which nothing can be let out.
    pub dead: Option<Elevation>,
    /// The highest pool level of the design flood.
    pub surcharge: Option<Elevation>,
    /// Elevation and storage.
    pub curve: Option<StorageCurve>,
    /// The finest step in which the pool level is told.
    pub resolution: Elevation,
}

#[cfg(test)]
mod tests;
