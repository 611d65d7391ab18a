//! What can be said of a value beside its neighbours: rate of change and spike.
//!
//! A fast step is a doubt until the next reading: when that stays or goes on, the step was true;
//! when it returns, the value was a spike. Nothing here rejects: the rate of rise in a flood is a
//! fact. The judgement looks at the three usable points before a point and the one after it.

use super::{Check, Quality};
use crate::parameter::Parameter;
use crate::series::{Point, Series};
use crate::station::Sensor;
use crate::time::Span;

/// A step faster than the sensor's limits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Jump {
    up: bool,
    check: Check,
}

/// How many usable points after a changed one are judged by it.
pub(crate) const SEEN_BEFORE: usize = 3;

/// Whether steps of the sensor are judged at all.
pub(crate) fn applies(sensor: &Sensor) -> bool {
    let kind = sensor.id.parameter;
    (sensor.rate_max.is_some() || sensor.spike_max.is_some())
        && !kind.is_depth_over_interval()
        && kind != Parameter::RainTotal
        && kind != Parameter::WindDirection
}

/// Whether a judgement is a doubt from here, which the next reading may settle.
pub(crate) fn gave_doubt(quality: Quality) -> bool {
    matches!(quality, Quality::Suspect(Check::RateOfChange | Check::Spike))
}

/// The judgement of the usable point at a place.
pub(crate) fn judge(sensor: &Sensor, series: &Series, at: usize) -> Quality {
    let jump = |from: usize, to: usize| jump(sensor, series.point(from)?, series.point(to)?);
    let mut before = series.usable_before(at);
    let Some(last) = before.next() else { return Quality::Good };
    let Some(fast) = jump(last, at) else { return Quality::Good };
    if let Some(second) = before.next()
        && let Some(earlier) = jump(second, last)
    {
        let goes_on = earlier.up == fast.up;
        let mut returns = || {
            // In an alternating series nobody can say which side is the water.
            let last_returned = before.next().is_some_and(|third| {
                jump(third, second).is_some_and(|j| j.up != earlier.up) && jump(third, last).is_none()
            });
            jump(second, at).is_none() && !last_returned
        };
        if goes_on || returns() {
            return Quality::Good;
        }
    }
    let Some(next) = series.usable_after(at).next() else { return Quality::Suspect(fast.check) };
    match jump(at, next) {
        Some(back) if back.up != fast.up => {
            let spike = jump(last, next).is_none();
            Quality::Suspect(if spike { Check::Spike } else { fast.check })
        }
        _ => Quality::Good,
    }
}

fn jump(sensor: &Sensor, from: &Point, to: &Point) -> Option<Jump> {
    let change = to.value?.raw() - from.value?.raw();
    let took = to.measured_at.since(from.measured_at);
    // A change in less than the usual interval is judged as if it took that long: waves and steps
    // of the instrument are no rate of rise.
    let time = took.ms().max(sensor.deadline.interval.ms());
    let too_fast = sensor.rate_max.is_some_and(|rate| {
        i128::from(change.unsigned_abs()) * i128::from(rate.per.ms())
            > i128::from(rate.change.raw()) * i128::from(time)
    });
    let stands_out = took <= neighbourhood(sensor)
        && sensor.spike_max.is_some_and(|most| change.unsigned_abs() > most.raw().unsigned_abs());
    let check = match (too_fast, stands_out) {
        (true, _) => Check::RateOfChange,
        (false, true) => Check::Spike,
        (false, false) => return None,
    };
    Some(Jump { up: change > 0, check })
}

/// How far apart two readings are still neighbours: no deadline passed between them.
fn neighbourhood(sensor: &Sensor) -> Span {
    let total = sensor.deadline.total();
    if total > Span::ZERO { total } else { Span::from_h(3) }
}
