//! Conditions as they are written: `{ exceeds = "stage", raise_m = 2.0, clear_m = 1.8 }`.
//!
//! The unit stands in the key, so that millimetres for metres are an unknown key, and what no
//! sensor of the city could ever measure is refused too.

mod storm;

use std::sync::Arc;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::series::Series;
use sensors::sheet::{Cell, Row};
use sensors::station::{Sensor, SensorIx, Station};
use sensors::time::Span;

use super::scope::{self, Scope};
use crate::rule::{Catchment, Condition};
use crate::threshold::Threshold;

/// The bounds of a window, seconds: what fewer than two readings could fill, and what the series
/// of a gauge can hold (72 h).
const WINDOW_S: (i64, i64) = (60, 259_200);

/// How deep `all`, `any` and `not` may stand in each other.
const DEPTH_MAX: usize = 4;

const KINDS: [&str; 11] = [
    "exceeds",
    "rises",
    "falls",
    "accumulates",
    "releases",
    "fills",
    "stands_in",
    "silent",
    "all",
    "any",
    "not",
];

/// Reads one condition for one subject.
pub(super) fn condition(cell: &Cell<'_>, city: &City, scope: &Scope, depth: usize) -> Option<Condition> {
    if depth > DEPTH_MAX {
        cell.note("the condition is nested too deep", format!("allowed are {DEPTH_MAX} steps"));
        return None;
    }
    let row = cell.row()?;
    let kinds: Vec<(&str, Cell<'_>)> =
        KINDS.iter().filter_map(|kind| Some((*kind, row.cell(kind)?))).collect();
    let found = if let [(kind, value)] = kinds.as_slice() {
        one(kind, value, &row, city, scope, depth)
    } else {
        let wrong = format!("{} conditions are given", kinds.len());
        cell.note(wrong, format!("needed is exactly one of {}", KINDS.join(", ")));
        None
    };
    row.close();
    found
}

fn one(
    kind: &str,
    value: &Cell<'_>,
    row: &Row<'_>,
    city: &City,
    scope: &Scope,
    depth: usize,
) -> Option<Condition> {
    let parts = || {
        let cells = value.list();
        if cells.is_empty() {
            value.note("there is nothing in it", "needed is at least one condition");
        }
        let parts: Vec<_> = cells.iter().map(|cell| condition(cell, city, scope, depth + 1)).collect();
        parts.into_iter().collect::<Option<Box<[Condition]>>>().filter(|parts| !parts.is_empty())
    };
    match kind {
        "all" => Some(Condition::All(parts()?)),
        "any" => Some(Condition::Any(parts()?)),
        "not" => Some(Condition::Not(Box::new(condition(value, city, scope, depth + 1)?))),
        "silent" => silent(value, row, city, scope),
        "accumulates" => accumulates(value, row, city, scope),
        "fills" => storm::fills(value, row, city, scope),
        "stands_in" => storm::stands_in(value, row, city, scope),
        "rises" | "falls" => {
            let (sensor, config) = measured(kind, value, row, city, scope)?;
            let range = (
                Value::from_raw(0),
                Value::from_raw(config.span.1.raw().saturating_sub(config.span.0.raw())),
            );
            let window = window(row, config.deadline.interval);
            let threshold = threshold(row, config.id.parameter, range);
            let (window, threshold) = (window?, threshold?);
            Some(match kind {
                "falls" => Condition::Falls { sensor, window, threshold },
                _ => Condition::Rises { sensor, window, threshold },
            })
        }
        _ => {
            let (sensor, config) = measured(kind, value, row, city, scope)?;
            let release = config.id.parameter == Parameter::Release;
            if (kind == "releases") != release {
                let wrong = format!("{kind} does not judge {}", config.id.parameter);
                value.note(wrong, "allowed is releases = \"release\", and exceeds for everything else");
                return None;
            }
            if let Some(cell) = row.cell("over") {
                return storm::outruns(&cell, row, city, scope, (sensor, config));
            }
            let threshold = threshold(row, config.id.parameter, config.span)?;
            Some(match kind {
                "releases" => Condition::Releases { sensor, threshold },
                _ => Condition::Exceeds { sensor, threshold },
            })
        }
    }
}

/// The station that is meant: the one that is named, or the subject.
fn station<'a>(value: &Cell<'_>, row: &Row<'_>, city: &'a City, scope: &Scope) -> Option<&'a Station> {
    if let Some(cell) = row.cell("station") {
        let id = scope::station(&cell, city)?;
        return city.station_named(&id).map(|(_, station)| station);
    }
    let station = scope.station(city);
    if station.is_none() {
        value.note(format!("{} is no station", scope.subject), "needed is `station` in the condition");
    }
    station
}

/// The sensor that is meant, where its values can be compared. Without one nobody can say which
/// other keys are right: they are left alone.
fn measured<'a>(
    kind: &str,
    value: &Cell<'_>,
    row: &Row<'_>,
    city: &'a City,
    scope: &Scope,
) -> Option<(SensorIx, &'a Sensor)> {
    let found = sensor(value, row, city, scope)
        .filter(|(_, sensor)| kind == "accumulates" || comparable(value, kind, sensor.id.parameter));
    if found.is_none() {
        row.entries();
    }
    found
}

/// The sensor of the named parameter, and of the name that `sensor` gives.
fn sensor<'a>(
    value: &Cell<'_>,
    row: &Row<'_>,
    city: &'a City,
    scope: &Scope,
) -> Option<(SensorIx, &'a Sensor)> {
    let name = row.cell("sensor").and_then(|cell| cell.id());
    let parameter: Parameter = super::word(value)?;
    let station = station(value, row, city, scope)?;
    let sensors = station.sensors.iter().filter_map(|ix| Some((*ix, city.sensor(*ix)?)));
    let of_it: Vec<_> = sensors.filter(|(_, sensor)| sensor.id.parameter == parameter).collect();
    let only = of_it.first().filter(|_| name.is_none() && of_it.len() == 1);
    let found = of_it.iter().find(|(_, sensor)| sensor.id.name.as_deref() == name).or(only).copied();
    if found.is_none() {
        let (wrong, allowed) = match of_it.len() {
            0 => (
                format!("{} does not measure {parameter}", station.id),
                "the parameters of the station's sensors",
            ),
            n => (
                format!("{} has {n} sensors of {parameter}", station.id),
                "`sensor` with the name of one of them",
            ),
        };
        value.note(wrong, format!("allowed is {allowed}"));
    }
    found
}

fn silent(value: &Cell<'_>, row: &Row<'_>, city: &City, scope: &Scope) -> Option<Condition> {
    let station = station(value, row, city, scope)?;
    let of = |parameter: Parameter| {
        let sensors = station.sensors.iter().filter_map(|ix| Some((*ix, city.sensor(*ix)?)));
        sensors.filter(move |(_, s)| s.id.parameter == parameter).map(|(ix, _)| ix)
    };
    let sensors: Vec<SensorIx> = if value.is_list() {
        value.list().iter().filter_map(super::word).flat_map(of).collect()
    } else if value.text()? == "station" {
        station.sensors.clone()
    } else {
        of(super::word(value)?).collect()
    };
    if sensors.is_empty() {
        let wrong = format!("{} has no such sensor", station.id);
        value.note(wrong, "allowed is \"station\", or parameters that it measures");
        return None;
    }
    Some(Condition::Silent { sensors: sensors.into() })
}

fn accumulates(value: &Cell<'_>, row: &Row<'_>, city: &City, scope: &Scope) -> Option<Condition> {
    let parameter: Parameter = super::word(value)?;
    if !parameter.is_depth_over_interval() {
        value.note(format!("{parameter} can't be added up"), "allowed is rainfall");
        return None;
    }
    let named = row.cell("basin").map(|cell| scope::basin(&cell, city));
    let basin = match named {
        Some(id) => Some(city.basin(&id?)?),
        None => scope.basin(city).filter(|_| row.cell("station").is_none()),
    };
    let (over, span_max, interval) = if let Some(basin) = basin {
        let gauges = || basin.gauges().iter().filter_map(|ix| city.sensor(*ix));
        let interval = gauges().map(|sensor| sensor.deadline.interval).max()?;
        (Catchment::Basin(Arc::clone(&basin.rain)), gauges().map(|sensor| sensor.span.1).max()?, interval)
    } else {
        let (sensor, config) = measured("accumulates", value, row, city, scope)?;
        (Catchment::Gauge(sensor), config.span.1, config.deadline.interval)
    };
    let window = window(row, interval);
    // A gauge's span holds a whole day of rain, since one depth may cover so long a gap.
    let days = window.map_or(1, |window| 1 + window.whole_s() / 86_400);
    let range = (Value::from_raw(0), Value::from_raw(span_max.raw().saturating_mul(days)));
    let threshold = threshold(row, parameter, range);
    Some(Condition::Accumulates { over, window: window?, threshold: threshold? })
}

/// Refuses to compare what means nothing by itself: a depth is of an interval of any length, a
/// counter counts since ever, a direction has no order.
fn comparable(value: &Cell<'_>, kind: &str, parameter: Parameter) -> bool {
    let allowed = match parameter {
        Parameter::Rainfall | Parameter::RainTotal => "allowed is accumulates = \"rainfall\"",
        Parameter::WindDirection => "allowed is what has an order",
        _ => return true,
    };
    value.note(format!("{kind} does not judge {parameter}"), allowed);
    false
}

/// A window that a sensor of this interval can fill.
fn window(row: &Row<'_>, interval: Span) -> Option<Span> {
    let cell = row.need("window_s", "a window in seconds")?;
    let window = cell.whole(WINDOW_S.0, WINDOW_S.1).map(Span::from_s)?;
    let most = interval.ms().saturating_mul(Series::POINTS_MAX as i64);
    if window.ms() > most {
        let wrong = format!("a window of {} s holds more readings than are kept", window.whole_s());
        cell.note(wrong, format!("allowed are {} s for a sensor of this interval", most / 1000));
        return None;
    }
    if window < interval {
        let wrong = format!("a window of {} s is shorter than the sensor's interval", window.whole_s());
        cell.note(wrong, format!("allowed is {} s or more", interval.whole_s()));
        return None;
    }
    Some(window)
}

/// Raise and clear with the parameter's unit in their keys, within what can be measured.
fn threshold(row: &Row<'_>, parameter: Parameter, range: (Value, Value)) -> Option<Threshold> {
    let unit = parameter.key_unit();
    let (low, high) = (range.0.display(parameter), range.1.display(parameter));
    let value = |key: &str| {
        let allowed = format!("a number of {}; from {low} to {high}", parameter.unit());
        let cell = row.need(&format!("{key}_{unit}"), &allowed)?;
        let number = cell.number()?;
        let value = Value::from_unit(parameter, number).ok().filter(|v| (range.0..=range.1).contains(v));
        if value.is_none() {
            let unit = parameter.unit();
            let wrong = format!("{number} {unit} is more or less than could be measured");
            let guess = smaller(unit, number, |number| {
                Value::from_unit(parameter, number).is_ok_and(|value| (range.0..=range.1).contains(&value))
            });
            let guess = guess.map(|unit| format!("; is it {unit}?")).unwrap_or_default();
            cell.note(wrong, format!("allowed is {low} to {high} {unit}{guess}"));
        }
        Some((cell, value?))
    };
    let (raise, clear) = (value("raise"), value("clear"));
    let ((_, raise), (cell, clear)) = raise.zip(clear)?;
    let threshold = Threshold::new(raise, clear);
    if threshold.is_err() {
        let (raise, unit) = (raise.display(parameter), parameter.unit());
        cell.note("there is no hysteresis", format!("allowed is less than the raise of {raise} {unit}"));
    }
    threshold.ok()
}

/// The smaller unit in which a number that is too large would be possible: what people mix up most.
fn smaller(unit: &str, number: f64, is_possible: impl Fn(f64) -> bool) -> Option<&'static str> {
    let units: &[(&'static str, f64)] = match unit {
        "m" => &[("cm", 100.0), ("mm", 1000.0)],
        "m3/s" => &[("l/s", 1000.0)],
        _ => &[],
    };
    // From a thousand on millimetres are meant, below it centimetres.
    let likely =
        |(_, by): &&(&str, f64)| is_possible(number / by) && (*by > 100.0) == (number.abs() >= 1000.0);
    units.iter().find(likely).map(|(unit, _)| *unit)
}
