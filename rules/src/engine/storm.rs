//! Conditions that look at two or three sensors of one place: a release over the inflow, the time
//! until a reservoir is full, a gauge in the place of a silent one.

use sensors::quality::Quality;
use sensors::quantity::{Elevation, Value};
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use super::View;
use super::truth::{Measured, Scene};
use crate::rule::{Filling, StandIn};

/// So many pairs of readings are needed before an offset counts as learned.
const PAIRS_MIN: usize = 6;

/// What stands for "never" in seconds: longer than any threshold.
const NEVER_S: i64 = i64::MAX / 4;

impl<V: View> Scene<'_, V> {
    /// How far one value is over another; both must be fresh.
    pub(super) fn outrun(&self, sensor: SensorIx, over: SensorIx) -> Option<Measured> {
        let (more, less) = (self.look_up(sensor)?, self.look_up(over)?);
        let low = more.low.saturating_sub(less.high);
        let high = if more.high == i64::MAX { i64::MAX } else { more.high.saturating_sub(less.low) };
        let suspect = more.suspect || less.suspect;
        let quality = worse(more.quality, less.quality);
        let at = more.at.max(less.at);
        Some(Measured { low, high, sure_low: (!suspect).then_some(low), suspect, at, quality })
    }

    /// The time until a reservoir is full as negative seconds; `NEVER_S` of them while it does not fill.
    pub(super) fn filling(&self, of: &Filling) -> Option<Measured> {
        let pool = self.look_up(of.pool)?;
        let (inflow, release) = (self.look_up(of.inflow)?, self.look_up(of.release)?);
        let parts = [pool, inflow, release];
        let suspect = parts.iter().any(|part| part.suspect);
        let quality = parts.iter().fold(pool.quality, |worst, part| worse(worst, part.quality));
        let at = parts.iter().map(|part| part.at).max()?;
        let level = Elevation::from_mm(pool.low);
        let left_s = if level >= of.full {
            0
        } else {
            // Beyond the curve's low end there is more room than it says: nothing is claimed.
            let room_m3 = of.curve.storage(of.full)?.m3() - of.curve.storage(level)?.m3();
            let gain_l_s = inflow.low.saturating_sub(release.low);
            if gain_l_s > 0 { room_m3.saturating_mul(1000) / gain_l_s } else { NEVER_S }
        };
        let low = -left_s;
        Some(Measured { low, high: low, sure_low: (!suspect).then_some(low), suspect, at, quality })
    }

    /// What a silent gauge would say by another one: always doubtful, since nobody measured it.
    pub(super) fn stand_in(&self, of: &StandIn) -> Option<Measured> {
        let by = self.look_up(of.by)?;
        let offset = self.learned(of).or(of.offset)?;
        let low = by.low.saturating_add(offset);
        let high = if by.high == i64::MAX { i64::MAX } else { low };
        Some(Measured { low, high, sure_low: None, suspect: true, at: by.at, quality: Quality::Estimated })
    }

    /// The median of how far the silent one stood over the other, over what both said before the silence.
    fn learned(&self, of: &StandIn) -> Option<i64> {
        let (target, by) = (self.view.series(of.target)?, self.view.series(of.by)?);
        let last = target.newest()?.measured_at;
        let near = self.rules.patience(of.by);
        let trusted = |quality: Quality| quality.may_clear();
        let mut offsets: Vec<i64> = target
            .points(last.minus(of.learn), last)
            .filter(|point| trusted(point.quality))
            .filter_map(|point| {
                let beside = by.at_or_before(point.measured_at).filter(|beside| trusted(beside.quality))?;
                let is_near = point.measured_at.since(beside.measured_at) <= near;
                let value: (Value, Value) = (point.value?, beside.value?);
                is_near.then(|| value.0.raw() - value.1.raw())
            })
            .collect();
        offsets.sort_unstable();
        (offsets.len() >= PAIRS_MIN).then(|| offsets.get(offsets.len() / 2).copied()).flatten()
    }

    /// The end of the curve, or nothing, for who wants to tell the pool level itself.
    pub(super) fn pool_level(&self, of: &Filling) -> Option<(Value, Timestamp)> {
        self.look_up(of.pool).map(|pool| (Value::from_raw(pool.low), pool.at))
    }
}

/// The worse of two judgements.
fn worse(a: Quality, b: Quality) -> Quality {
    if a.may_clear() { b } else { a }
}
