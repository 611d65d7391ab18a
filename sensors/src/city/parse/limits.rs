//! The limits of a sensor as configured: its kind's defaults, and what its station says otherwise.

use super::check::Further;
use crate::parameter::Parameter;
use crate::quality::Checks;
use crate::quantity::Value;
use crate::sheet::{Cell, Row};
use crate::station::{Deadline, Rate};
use crate::time::Span;

/// A day, the longest deadline that makes sense for a gauge that warns.
const DAY_S: i64 = 86_400;

/// Every value.
const ANY: (Value, Value) = (Value::from_raw(i64::MIN), Value::from_raw(i64::MAX));

/// Limits that may still be incomplete.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    pub(super) span: Option<(Value, Value)>,
    pub(super) plausible: Option<(Value, Value)>,
    rate_max: Option<Value>,
    pub(super) rate_per: Option<Span>,
    pub(super) spike_max: Option<Value>,
    pub(super) rollover: Option<Value>,
    pub(super) mount: Option<Value>,
    interval: Option<Span>,
    jitter: Option<Span>,
    patience: Option<Span>,
    further: Further,
}

impl Limits {
    /// Reads a table of limits over others that hold where it says nothing, and checks the whole.
    pub(super) fn read(row: Row<'_>, parameter: Parameter, base: &Self) -> Self {
        let unit = parameter.key_unit();
        let value = |key: &str| {
            let cell = row.cell(&format!("{key}_{unit}"))?;
            positive(&cell, parameter)
        };
        let range = |key: &str| range_of(&row.cell(&format!("{key}_{unit}"))?, parameter);
        // Where a value is wrong, a harmless one stands in, so that it is not missed as well.
        let span = row.cell(&format!("span_{unit}")).map(|cell| range_of(&cell, parameter).unwrap_or(ANY));
        let time = |key: &str, least| Some(Span::from_s(row.cell(key)?.whole(least, DAY_S).unwrap_or(DAY_S)));
        let over = base.clone();
        let limits = Self {
            span: span.or(over.span),
            plausible: range("plausible").or(over.plausible),
            rate_max: value("rate_max").or(over.rate_max),
            rate_per: time("rate_per_s", 1).or(over.rate_per),
            spike_max: value("spike_max").or(over.spike_max),
            rollover: value("rollover").or(over.rollover),
            mount: value("mount").or(over.mount),
            interval: time("interval_s", 1).or(over.interval),
            jitter: time("jitter_s", 0).or(over.jitter),
            patience: time("patience_s", 0).or(over.patience),
            further: Further::read(&row, parameter, &base.further),
        };
        limits.check(base, &row, parameter);
        row.close();
        limits
    }

    /// Names what does not fit together, unless it did not fit in the defaults already.
    fn check(&self, base: &Self, row: &Row<'_>, parameter: Parameter) {
        let unit = parameter.key_unit();
        if self.allows_negative_rain(parameter) && !base.allows_negative_rain(parameter) {
            let wrong = "a negative depth of rain would be taken off the others";
            row.note(&format!("span_{unit}"), wrong, "allowed is a span from 0 up");
        }
        if self.plausible_leaves_span() && !base.plausible_leaves_span() {
            let (least, most) = self.span.unwrap_or_default();
            let (least, most) = (least.display(parameter), most.display(parameter));
            let allowed = format!("allowed is a part of the span {least} to {most} {}", parameter.unit());
            row.note(&format!("plausible_{unit}"), "the plausible range leaves the span", allowed);
        }
        if self.rate_is_half_given() && !base.rate_is_half_given() {
            let key = format!("rate_max_{unit}");
            row.note(&key, "a rate has a change and a time", format!("needed are both {key} and rate_per_s"));
        }
        if self.rollover.is_some() && base.rollover.is_none() && parameter != Parameter::RainTotal {
            let wrong = format!("{parameter} does not roll over");
            row.note(&format!("rollover_{unit}"), wrong, "allowed for cumulative counters, as rain_total");
        }
        if self.mount.is_some() && base.mount.is_none() && parameter != Parameter::AirGap {
            let wrong = format!("{parameter} is not measured from above");
            row.note(&format!("mount_{unit}"), wrong, "allowed for distance sensors, as air_gap");
        }
        let known = base.further.misfits(base, parameter);
        for (key, wrong, allowed) in self.further.misfits(self, parameter) {
            if !known.iter().any(|(other, ..)| *other == key) {
                row.note(&key, wrong, allowed);
            }
        }
    }

    /// The limits of the further checks, by the city's clocks.
    pub(super) fn checks(&self, offset: Span) -> Checks {
        self.further.checks(self, offset)
    }

    fn allows_negative_rain(&self, parameter: Parameter) -> bool {
        parameter.is_depth_over_interval()
            && self.span.is_some_and(|span| span != ANY && span.0 < Value::default())
    }

    fn plausible_leaves_span(&self) -> bool {
        self.span
            .zip(self.plausible)
            .is_some_and(|(span, plausible)| plausible.0 < span.0 || plausible.1 > span.1)
    }

    fn rate_is_half_given(&self) -> bool {
        self.rate_max.is_some() != self.rate_per.is_some()
    }

    /// The instrument's span; every value where a mistake left it open.
    pub(super) fn span_or_any(&self) -> (Value, Value) {
        self.span.unwrap_or(ANY)
    }

    /// How long the sensor may be quiet; a day where a mistake left it open.
    pub(super) fn deadline_or_day(&self) -> Deadline {
        let day = Deadline { interval: Span::from_s(DAY_S), jitter: Span::ZERO, patience: Span::ZERO };
        self.deadline().unwrap_or(day)
    }

    /// The fastest plausible change.
    pub(super) fn rate(&self) -> Option<Rate> {
        Some(Rate { change: self.rate_max?, per: self.rate_per? })
    }

    /// How long the sensor may be quiet, where that is configured.
    pub(super) fn deadline(&self) -> Option<Deadline> {
        let (jitter, patience) = (self.jitter.unwrap_or_default(), self.patience.unwrap_or_default());
        Some(Deadline { interval: self.interval?, jitter, patience })
    }
}

fn value_of(cell: &Cell<'_>, parameter: Parameter) -> Option<Value> {
    match Value::from_unit(parameter, cell.number()?) {
        Ok(value) => Some(value),
        Err(why) => {
            cell.note(why.to_string(), format!("allowed is a measurable number of {}", parameter.unit()));
            None
        }
    }
}

pub(super) fn positive(cell: &Cell<'_>, parameter: Parameter) -> Option<Value> {
    let value = value_of(cell, parameter)?;
    if value.raw() <= 0 {
        let wrong = format!("{} {} is not positive", value.display(parameter), parameter.unit());
        cell.note(wrong, "allowed is more than 0");
        return None;
    }
    Some(value)
}

pub(super) fn range_of(cell: &Cell<'_>, parameter: Parameter) -> Option<(Value, Value)> {
    let ends = cell.list();
    let [least, most] = ends.as_slice() else {
        cell.note(format!("{} values are given", ends.len()), "allowed are exactly two, [lower, upper]");
        return None;
    };
    let (least, most) = (value_of(least, parameter)?, value_of(most, parameter)?);
    if least >= most {
        let (lower, upper) = (least.display(parameter), most.display(parameter));
        cell.note(
            format!("lower {lower} is not below upper {upper}"),
            "allowed is [lower, upper] with lower < upper",
        );
        return None;
    }
    Some((least, most))
}
