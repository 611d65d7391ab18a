//! What can be said of a value beside the next ones: rate of change, spike and gap.
//!
//! A fast step is a doubt until the next reading: when that stays or goes on, the step was true;
//! when it returns, the value was a spike. Only where a city configured it does anything here
//! reject: the rate of rise in a flood is a fact. The judgement looks at the three values before a
//! point and the one after it.

use super::rate::RateOfChange;
use super::run::{Run, Sample};
use super::spike::{Spike, SpikeForm};
use super::{Check, Flag, Quality};
use crate::parameter::Parameter;
use crate::station::Sensor;
use crate::time::Span;

/// A step faster than the sensor's limits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Jump {
    up: bool,
    check: Check,
}

/// How many values after a changed one are judged by it.
pub(crate) const SEEN_BEFORE: usize = 3;

/// Whether a value of the sensor is judged by the next ones. A depth is not: zero is normal for it, and
/// so is any depth after any other; and a direction has no greater and no smaller.
pub(crate) fn applies(sensor: &Sensor) -> bool {
    let (kind, checks) = (sensor.id.parameter, &sensor.checks);
    let limited = sensor.rate_max.is_some() || sensor.spike_max.is_some() || checks.gap_max.is_some();
    (limited || checks.rate_fail.is_some() || checks.spike_fail.is_some())
        && !kind.is_depth_over_interval()
        && kind != Parameter::RainTotal
        && kind != Parameter::WindDirection
}

/// Whether a next value may change the judgement of the one before it.
pub(crate) fn may_settle(sensor: &Sensor, judged: Quality) -> bool {
    let checks = &sensor.checks;
    matches!(judged, Quality::Suspect(Check::RateOfChange | Check::Spike) | Quality::Rejected(_))
        || checks.spike_fail.is_some()
        || checks.spike_form == SpikeForm::Average
}

/// The judgement of the value at a place.
pub(crate) fn judge(sensor: &Sensor, run: Run<'_>, at: usize) -> Quality {
    let Some(this) = run.sample(at) else { return Quality::Good };
    let before = run.before(at).next();
    let Some((_, last)) = before else { return Quality::Good };
    gap(sensor, last, this).or_worse(match settled(sensor, run, at, this) {
        doubt @ Quality::Suspect(_) => doubt.or_worse(flagged(sensor, run, at, last, this)),
        _ => flagged(sensor, run, at, last, this),
    })
}

/// A reading that comes too long after the one before it.
fn gap(sensor: &Sensor, last: Sample, this: Sample) -> Quality {
    let late = sensor.checks.gap_max.is_some_and(|most| this.at.since(last.at) > most);
    if late { Quality::Suspect(Check::Gap) } else { Quality::Good }
}

/// What is flagged whatever follows: where a city rejects steps, and spikes by their mean.
fn flagged(sensor: &Sensor, run: Run<'_>, at: usize, last: Sample, this: Sample) -> Quality {
    let checks = &sensor.checks;
    let mut quality = Quality::Good;
    if checks.rate_fail.is_some() {
        let rate = RateOfChange::trusted(None, checks.rate_fail);
        quality = rate.flag(Some(last), this, sensor.deadline.interval).of(Check::RateOfChange);
    }
    if checks.spike_fail.is_some() || checks.spike_form == SpikeForm::Average {
        let flag = spike(sensor, last, this, run.after(at).next().map(|(_, next)| next));
        let differential = checks.spike_form == SpikeForm::Differential;
        // A doubt by the differences is settled by what follows; see below.
        if flag == Flag::Fail || (flag == Flag::Suspect && !differential) {
            quality = quality.or_worse(flag.of(Check::Spike));
        }
    }
    quality
}

/// The flag of a spike, unchecked where a neighbour is too far away in time to be one.
fn spike(sensor: &Sensor, last: Sample, this: Sample, next: Option<Sample>) -> Flag {
    let checks = &sensor.checks;
    let near = |a: Sample, b: Sample| b.at.since(a.at) <= neighbourhood(sensor);
    let last = Some(last.raw).filter(|_| near(last, this));
    let next = next.filter(|next| near(this, *next)).map(|next| next.raw);
    Spike::trusted(checks.spike_form, sensor.spike_max, checks.spike_fail).flag(last, this.raw, next)
}

/// The doubt of a fast step, as far as what follows has not settled it.
fn settled(sensor: &Sensor, run: Run<'_>, at: usize, this: Sample) -> Quality {
    let mut before = run.before(at).map(|(_, sample)| sample);
    let Some(last) = before.next() else { return Quality::Good };
    let Some(fast) = jump(sensor, last, this) else { return Quality::Good };
    if let Some(second) = before.next()
        && let Some(earlier) = jump(sensor, second, last)
    {
        let goes_on = earlier.up == fast.up;
        let mut returns = || {
            // In an alternating series nobody can say which side is the water.
            let last_returned = before.next().is_some_and(|third| {
                jump(sensor, third, second).is_some_and(|j| j.up != earlier.up)
                    && jump(sensor, third, last).is_none()
            });
            jump(sensor, second, this).is_none() && !last_returned
        };
        if goes_on || returns() {
            return Quality::Good;
        }
    }
    let Some((_, next)) = run.after(at).next() else { return Quality::Suspect(fast.check) };
    match jump(sensor, this, next) {
        Some(back) if back.up != fast.up => {
            let returned = jump(sensor, last, next).is_none();
            Quality::Suspect(if returned { Check::Spike } else { fast.check })
        }
        _ => Quality::Good,
    }
}

fn jump(sensor: &Sensor, from: Sample, to: Sample) -> Option<Jump> {
    // A change in less than the usual interval is judged as if it took that long: waves and steps
    // of the instrument are no rate of rise.
    let rate = RateOfChange::trusted(sensor.rate_max, None);
    let too_fast = rate.flag(Some(from), to, sensor.deadline.interval) == Flag::Suspect;
    let stands_out = || {
        to.at.since(from.at) <= neighbourhood(sensor)
            && sensor.spike_max.is_some_and(|most| (to.raw - from.raw).abs() > most.raw())
    };
    let check = match too_fast {
        true => Check::RateOfChange,
        false if stands_out() => Check::Spike,
        false => return None,
    };
    Some(Jump { up: to.raw > from.raw, check })
}

/// How far apart two readings are still neighbours: no deadline passed between them.
fn neighbourhood(sensor: &Sensor) -> Span {
    let total = sensor.deadline.total();
    if total > Span::ZERO { total } else { Span::from_h(3) }
}
