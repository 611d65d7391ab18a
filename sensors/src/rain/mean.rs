//! The mean over a basin, of the gauges that speak.

use super::missing_permille;
use crate::quality::{Check, Quality};
use crate::quantity::Value;
use crate::series::Accumulation;
use crate::thiessen::{Present, Tessellation};
use crate::time::Span;

/// A mean over a basin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasinMean {
    /// Of what surely fell at the gauges that speak.
    pub at_least: Value,
    /// Of what fell there at most; `None` where one of them has gaps.
    pub at_most: Option<Value>,
    /// The part of the basin, in thousandths, that those have when all speak. With less than half the
    /// mean is not to be trusted.
    pub speaking_permille: u32,
    /// The worst judgement in it; missing where nobody speaks.
    pub quality: Quality,
    /// The part that each gauge stands for now, by its place; 0 for those that are left out.
    pub weights: Vec<u32>,
}

/// Whether a gauge is left out of a mean: nothing usable, more than a tenth of the window missing, or
/// doubted for showing too little.
pub fn leaves(sum: &Accumulation, window: Span) -> bool {
    !sum.quality.is_usable() || missing_permille(sum.missing, window) > 100 || shows_too_little(sum.quality)
}

/// Whether a gauge is doubted because it shows less than what falls around it.
pub fn shows_too_little(quality: Quality) -> bool {
    matches!(quality, Quality::Suspect(Check::Clogged | Check::DeadOnZero))
}

/// The mean over a window of the sums at a basin's gauges, by their places; absent where nothing was
/// ever said. A gauge that is left out gives its part to its neighbours.
pub fn basin_mean(rain: &Tessellation, sums: &[Option<Accumulation>], window: Span) -> BasinMean {
    let counts = |place: usize| sums.get(place)?.as_ref().filter(|sum| !leaves(sum, window));
    let present: Present = (0..sums.len()).filter(|place| counts(*place).is_some()).collect();
    let (mut low, mut high, mut whole) = (0_i128, 0_i128, 0_i128);
    rain.share_out(present, &mut |place, part| {
        let Some(sum) = counts(place) else { return };
        low += i128::from(part) * i128::from(sum.at_least.raw());
        high += i128::from(part) * i128::from(sum.at_most.raw());
        whole += i128::from(part);
    });
    let mean = |sum: i128| Value::from_raw(i64::try_from(sum / whole.max(1)).unwrap_or(i64::MAX));
    let all = || (0..sums.len()).filter_map(counts);
    let mut own = 0_u64;
    rain.each_own(|place, part| own += if present.has(place) { u64::from(part) } else { 0 });
    BasinMean {
        at_least: mean(low),
        at_most: all().all(|sum| sum.missing == Span::ZERO).then(|| mean(high)).filter(|_| whole > 0),
        speaking_permille: (own * 1000 / u64::from(rain.total().max(1))) as u32,
        quality: if whole == 0 {
            Quality::Missing
        } else {
            all().fold(Quality::Good, |worst, sum| worst.or_worse(sum.quality))
        },
        weights: rain.weights(present),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::station::SensorIx;

    const HOUR: Span = Span::from_h(1);

    fn sum(mm: i64, missing_min: i64, quality: Quality) -> Accumulation {
        let (depth, missing) = (Value::from_raw(mm * 1000), Span::from_min(missing_min));
        Accumulation { at_least: depth, at_most: depth, missing, pending: Span::ZERO, quality }
    }

    fn thirds() -> Tessellation {
        Tessellation::weighted(&[(SensorIx(0), 1.0), (SensorIx(1), 1.0), (SensorIx(2), 1.0)])
    }

    #[test]
    fn missing_rejected_and_clogged_gauges_leave_the_mean_and_are_not_zero() {
        let good = || Some(sum(60, 0, Quality::Good));
        let out = [
            None,
            Some(sum(0, 60, Quality::Missing)),
            Some(sum(10, 10, Quality::Good)),
            Some(sum(0, 0, Quality::Suspect(Check::Clogged))),
            Some(sum(0, 0, Quality::Suspect(Check::DeadOnZero))),
        ];
        for left in out {
            let mean = basin_mean(&thirds(), &[good(), left, good()], HOUR);
            assert_eq!((mean.at_least.raw(), mean.speaking_permille), (60_000, 666), "{left:?}");
            assert_eq!(mean.weights[1], 0);
        }
        // Doubted for too much, it counts and is told.
        let doubted = Some(sum(120, 0, Quality::Suspect(Check::Neighbour)));
        let much = basin_mean(&thirds(), &[good(), doubted, good()], HOUR);
        assert_eq!((much.at_least.raw(), much.quality), (80_000, Quality::Suspect(Check::Neighbour)));
    }

    #[test]
    fn a_small_gap_leaves_the_mean_at_least() {
        let gap = [Some(sum(60, 5, Quality::Good)), Some(sum(30, 0, Quality::Good)), None];
        let mean = basin_mean(&thirds(), &gap, HOUR);
        assert_eq!((mean.at_least.raw(), mean.at_most), (45_000, None));
    }

    #[test]
    fn where_nobody_speaks_nothing_is_known() {
        let mean = basin_mean(&thirds(), &[None, None, None], HOUR);
        assert_eq!((mean.quality, mean.at_most, mean.speaking_permille), (Quality::Missing, None, 0));
    }
}
