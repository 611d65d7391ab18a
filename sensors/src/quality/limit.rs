//! What can be said of a value by itself: is it a number, of this instrument, plausible.

use super::gross_range::{self, within};
use super::{Check, Flag, Quality};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::Sensor;
use crate::time::{Span, Timestamp};

/// Judges what was said at an event time. `length` is the length of a depth's interval.
///
/// A depth over a longer interval than usual may be so much greater: a counter's whole depth over
/// a gap is no fault. The value comes back changed only where the instrument was over its range.
pub(crate) fn judge(
    sensor: &Sensor,
    said: Observed,
    at: Timestamp,
    length: Option<Span>,
) -> (Option<Value>, Quality) {
    let value = match said {
        Observed::Value(value) => value,
        Observed::Doubtful(value) => {
            return match judge(sensor, Observed::Value(value), at, length) {
                (value, Quality::Good) => (value, Quality::Suspect(Check::Device)),
                worse => worse,
            };
        }
        Observed::Missing => return (None, Quality::Missing),
        Observed::Nonsense => return (None, Quality::Rejected(Check::Syntax)),
    };
    let ranges = ranges(sensor, at, length);
    let (low, high) = ranges.span;
    match gross_range::flag(ranges.span, ranges.plausible, value) {
        Flag::Fail => {
            return match at_least(sensor.id.parameter, value, low, high) {
                Some(end) => (Some(end), Quality::Suspect(Check::GrossRange)),
                None => (Some(value), Quality::Rejected(Check::GrossRange)),
            };
        }
        Flag::Good => {}
        doubt => return (Some(value), doubt.of(Check::GrossRange)),
    }
    if ranges.climatology.is_some_and(|range| !within(range, value)) {
        return (Some(value), Quality::Suspect(Check::Climatology));
    }
    if length.is_some_and(|length| too_intense(sensor, value, length)) {
        return (Some(value), Quality::Suspect(Check::RateOfChange));
    }
    (Some(value), Quality::Good)
}

/// What holds for a value of an event time.
pub(crate) struct Held {
    pub(crate) span: (Value, Value),
    pub(crate) plausible: Option<(Value, Value)>,
    pub(crate) climatology: Option<(Value, Value)>,
}

/// The ranges of an event time, as wide as the interval of a depth makes them.
pub(crate) fn ranges(sensor: &Sensor, at: Timestamp, length: Option<Span>) -> Held {
    let times = length.map_or(1, |length| intervals(sensor, length));
    let wide = |(low, high)| (low, grown(high, times));
    let season = sensor.checks.seasons.at(at);
    Held {
        span: wide(sensor.span),
        plausible: season.plausible.or(sensor.plausible).map(wide),
        climatology: season.climatology.map(wide),
    }
}

/// Over its range an instrument still says "at least": the end of its span is kept as suspect, so
/// that no true extreme is lost. A value that lies beyond by more than half the span is not of
/// this instrument (a code for a fault, a wrong register).
fn at_least(parameter: Parameter, value: Value, low: Value, high: Value) -> Option<Value> {
    let margin = high.raw().saturating_sub(low.raw()) / 2;
    let beyond = if value > high { value.raw() - high.raw() } else { low.raw() - value.raw() };
    let (end, means_more) = match parameter {
        Parameter::Rainfall
        | Parameter::RainRate
        | Parameter::Stage
        | Parameter::StreetDepth
        | Parameter::PoolLevel
        | Parameter::Tailwater
        | Parameter::Storage
        | Parameter::Inflow
        | Parameter::Release
        | Parameter::Spill
        | Parameter::TurbineDischarge
        | Parameter::Discharge
        | Parameter::WindSpeed
        | Parameter::WindGust => (high, value > high),
        // Water closer to a distance sensor than it can see.
        Parameter::AirGap => (low, value < low),
        Parameter::RainTotal
        | Parameter::GateOpening
        | Parameter::GatesOpen
        | Parameter::WindDirection
        | Parameter::AirPressure
        | Parameter::AirTemperature
        | Parameter::Battery
        | Parameter::BatteryLevel
        | Parameter::Signal => return None,
    };
    (means_more && beyond <= margin).then_some(end)
}

/// How many usual intervals a depth covers, at least one.
fn intervals(sensor: &Sensor, length: Span) -> i64 {
    let usual = sensor.deadline.interval.ms();
    if usual <= 0 { 1 } else { ((length.ms() + usual - 1) / usual).max(1) }
}

fn grown(limit: Value, times: i64) -> Value {
    Value::from_raw(if limit.raw() > 0 { limit.raw().saturating_mul(times) } else { limit.raw() })
}

fn too_intense(sensor: &Sensor, depth: Value, length: Span) -> bool {
    sensor.rate_max.is_some_and(|rate| {
        i128::from(depth.raw()) * i128::from(rate.per.ms())
            > i128::from(rate.change.raw()) * i128::from(length.ms())
    })
}
