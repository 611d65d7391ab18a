//! Conditions over several sensors of a place, as they are written:
//! `{ releases = "release", over = "inflow", raise_m3_s = 100, clear_m3_s = 20 }`,
//! `{ fills = "pool_level", full_m = 45.0, raise_s = 21600, clear_s = 43200 }`,
//! `{ stands_in = "stage", by = "tu-phu", offset_m = -0.2, raise_m = 3.0, clear_m = 2.8 }`.

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::{Elevation, Value};
use sensors::sheet::{Cell, Row};
use sensors::station::{Sensor, SensorIx, Station};
use sensors::time::Span;

use super::super::scope::{self, Scope};
use super::{measured, station, threshold};
use crate::rule::{Condition, Filling, StandIn};
use crate::threshold::Threshold;

/// From how much time before the silence an offset is learned, when nothing else is said.
const LEARN: Span = Span::from_h(6);
/// The bounds of `learn_s`, and of the time until a reservoir is full.
const LEARN_S: (i64, i64) = (3_600, 86_400);
const FULL_S: (i64, i64) = (600, 604_800);

/// One value over another of the same unit.
pub(super) fn outruns(
    cell: &Cell<'_>,
    row: &Row<'_>,
    city: &City,
    scope: &Scope,
    (sensor, config): (SensorIx, &Sensor),
) -> Option<Condition> {
    let parameter = config.id.parameter;
    let (over, other) = measured("exceeds", cell, row, city, scope)?;
    if over == sensor || other.id.parameter.unit() != parameter.unit() {
        let wrong = format!("{parameter} can't be compared with {}", other.id.parameter);
        cell.note(wrong, format!("allowed is another value in {}", parameter.unit()));
        return None;
    }
    let widest = config.span.1.raw().saturating_sub(other.span.0.raw());
    let threshold = threshold(row, parameter, (Value::from_raw(0), Value::from_raw(widest)))?;
    Some(Condition::Outruns { sensor, over, threshold })
}

/// A reservoir that will be full within a time.
pub(super) fn fills(value: &Cell<'_>, row: &Row<'_>, city: &City, scope: &Scope) -> Option<Condition> {
    let full = row.cell("full_m").and_then(|cell| Some((cell.number()?, cell)));
    let (raise, clear) = (seconds(row, "raise_s"), seconds(row, "clear_s"));
    let (pool, _) = measured("fills", value, row, city, scope)?;
    let station = station(value, row, city, scope)?;
    let (inflow, release) = (of(station, Parameter::Inflow, city), of(station, Parameter::Release, city));
    let reservoir = city.reservoir(&station.id);
    let curve = reservoir.and_then(|reservoir| reservoir.curve.clone());
    let (Some(inflow), Some(release), Some(curve)) = (inflow, release, curve) else {
        let wrong = format!("{} does not tell when it is full", station.id);
        value.note(wrong, "needed are inflow, release and a storage curve in reservoirs.toml");
        return None;
    };
    let normal = reservoir.and_then(|reservoir| reservoir.normal).map(|(level, _)| level);
    let written = full.as_ref().map(|(metres, _)| Elevation::from_mm((metres * 1000.0).round() as i64));
    let Some(level) = written.or(normal) else {
        value.note("it is not said when it is full", "needed is full_m, or normal_m in reservoirs.toml");
        return None;
    };
    let (low, high) = curve.range();
    if level < low || level > high {
        let metres = |level: Elevation| level.mm() as f64 / 1e3;
        let allowed = format!("allowed is {} to {} m, as far as the curve goes", metres(low), metres(high));
        let cell = full.as_ref().map_or(value, |(_, cell)| cell);
        cell.note(format!("{} m is beyond the storage curve", metres(level)), allowed);
        return None;
    }
    let (raise, clear) = (raise?, clear?);
    let Ok(threshold) = Threshold::new(Value::from_raw(-raise), Value::from_raw(-clear)) else {
        row.note("clear_s", "there is no hysteresis", format!("allowed is more than the raise of {raise} s"));
        return None;
    };
    Some(Condition::Fills(Box::new(Filling { pool, inflow, release, curve, full: level, threshold })))
}

fn seconds(row: &Row<'_>, key: &str) -> Option<i64> {
    row.need(key, "a time until it is full, in seconds").and_then(|cell| cell.whole(FULL_S.0, FULL_S.1))
}

fn of(station: &Station, parameter: Parameter, city: &City) -> Option<SensorIx> {
    let mut sensors = station.sensors.iter().copied();
    sensors.find(|ix| city.sensor(*ix).is_some_and(|sensor| sensor.id.parameter == parameter))
}

/// A gauge in the place of a silent one.
pub(super) fn stands_in(value: &Cell<'_>, row: &Row<'_>, city: &City, scope: &Scope) -> Option<Condition> {
    let by = row.need("by", "the station that speaks in its place");
    let offset = row.cell("offset_m").and_then(|cell| Some((cell.number()?, cell)));
    let learn = row.cell("learn_s").and_then(|cell| cell.whole(LEARN_S.0, LEARN_S.1));
    let learn = learn.map_or(LEARN, Span::from_s);
    let (target, config) = measured("stands_in", value, row, city, scope)?;
    let parameter = config.id.parameter;
    let cell = by?;
    let id = scope::station(&cell, city)?;
    let (_, station) = city.station_named(&id)?;
    let Some(by) = of(station, parameter, city).filter(|ix| *ix != target) else {
        let allowed = format!("allowed is another station that measures {parameter}");
        cell.note(format!("{id} can't stand in"), allowed);
        return None;
    };
    let widest = config.span.1.raw().saturating_sub(config.span.0.raw());
    let raw = |metres: f64| Value::from_unit(parameter, metres).ok().map(Value::raw);
    let fits = |(metres, _): &(f64, Cell<'_>)| raw(*metres).is_some_and(|raw| raw.abs() <= widest);
    if let Some((metres, cell)) = offset.as_ref().filter(|offset| !fits(offset)) {
        let allowed = "allowed is less than the sensor's span";
        cell.note(format!("{metres} m lies between no two gauges"), allowed);
        return None;
    }
    let offset = offset.and_then(|(metres, _)| raw(metres));
    let threshold = threshold(row, parameter, config.span)?;
    Some(Condition::StandsIn(Box::new(StandIn { target, by, offset, learn, threshold })))
}
