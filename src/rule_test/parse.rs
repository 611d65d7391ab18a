//! Reads `rules.test.toml` strictly: unknown keys, unknown stations and readings of no time are mistakes.

use std::sync::Arc;

use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::{Observation, Observed};
use sensors::sheet::{Cell, Log, Row, Sheet};
use sensors::station::{SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};

use super::{Alert, Expected, RuleTests, Telling, Test, What};
use crate::backtest::truth::{LATE, LEAD, Step, Truth};

/// Tests of a file at most.
const TESTS_MAX: usize = 1000;
/// Readings of a test at most.
const READINGS_MAX: usize = 20_000;
/// The longest span that a key may give, seconds.
const SPAN_MAX_S: i64 = 31 * 86_400;

const A_TIME: &str = "RFC 3339 with an offset, as \"2025-11-16T21:00:00+07:00\"";

pub(super) fn rule_tests(file: &str, text: &str, city: &City) -> Result<RuleTests, Vec<Mistake>> {
    let log = Log::default();
    let sheet = Sheet { file, text, log: &log };
    let (table, _) = sheet.parse();
    let top = Row::top(sheet, &table);
    let truths = top.rows("truth").into_iter().filter_map(|row| truth(row, city)).collect();
    let rows = top.rows("test");
    if rows.len() > TESTS_MAX {
        top.note("test", format!("{} tests are given", rows.len()), format!("allowed are {TESTS_MAX}"));
    }
    let tests = rows.into_iter().filter_map(|row| test(file, row, city)).collect();
    top.close();
    let mistakes = log.into_sorted();
    if mistakes.is_empty() { Ok(RuleTests { truths, tests }) } else { Err(mistakes) }
}

fn truth(row: Row<'_>, city: &City) -> Option<Truth> {
    let sensor = sensor(&row, city);
    let name = row.need("name", "a name for reports").and_then(|cell| cell.text());
    let names = |key: &str| -> Vec<Arc<str>> {
        let cells = row.cell(key).map(|cell| cell.list()).unwrap_or_default();
        cells.iter().filter_map(Cell::text).map(Arc::from).collect()
    };
    let (rules, subjects) = (names("rules"), names("subjects"));
    let span = |key: &str, default: Span| {
        row.cell(key).map_or(Some(default), |cell| cell.whole(0, SPAN_MAX_S).map(Span::from_s))
    };
    let (lead, late) = (span("lead_s", LEAD), span("late_s", LATE));
    let parameter = sensor.and_then(|ix| city.sensor(ix)).map(|sensor| sensor.id.parameter);
    let rows = row.rows("step");
    if rows.is_empty() {
        row.note("step", "no step is given", "needed is at least one [[truth.step]]");
    }
    let steps = rows.into_iter().filter_map(|row| step(row, parameter)).collect();
    row.close();
    Some(Truth {
        name: name?.into(),
        sensor: sensor?,
        parameter: parameter?,
        rules,
        subjects,
        lead: lead?,
        late: late?,
        steps,
    })
}

fn step(row: Row<'_>, parameter: Option<Parameter>) -> Option<Step> {
    let name = row.need("name", "the stage's name").and_then(|cell| cell.text());
    let unit = parameter.map(Parameter::key_unit);
    let value = |word: &str| {
        let cell = row.need(&format!("{word}_{}", unit.as_deref()?), "a number")?;
        value_of(&cell, parameter?)
    };
    let (raise, clear) = (value("raise"), value("clear"));
    let severity = row.need("severity", "1 to 5").and_then(|cell| cell.whole(1, 5));
    let hold = row.cell("hold_s").map_or(Some(Span::ZERO), |c| c.whole(0, SPAN_MAX_S).map(Span::from_s));
    if raise.zip(clear).is_some_and(|(raise, clear)| clear >= raise) {
        row.note("", "the event ends at or above where it begins", "allowed is a clear below the raise");
    }
    if parameter.is_some() {
        row.close();
    }
    let severity = severity? as u8;
    Some(Step { name: name?.into(), raise: raise?, clear: clear?, hold: hold?, severity })
}

fn value_of(cell: &Cell<'_>, parameter: Parameter) -> Option<Value> {
    let value = Value::from_unit(parameter, cell.number()?).ok();
    if value.is_none() {
        cell.note("no gauge could mean this number", format!("allowed is a number of {}", parameter.unit()));
    }
    value
}

/// The sensor of `station`, `parameter` (stage where it is absent) and `sensor` (its name, if it has one).
fn sensor(row: &Row<'_>, city: &City) -> Option<SensorIx> {
    let station = row.need("station", "a station's id");
    let named = (row.cell("parameter"), row.cell("sensor").and_then(|cell| cell.text()));
    sensor_of(&station?, &named, city)
}

/// The same of `stations`, which say the same together, or of the one `station`.
fn sensors(row: &Row<'_>, city: &City) -> Vec<SensorIx> {
    let Some(stations) = row.cell("stations") else { return sensor(row, city).into_iter().collect() };
    let named = (row.cell("parameter"), row.cell("sensor").and_then(|cell| cell.text()));
    stations.list().iter().filter_map(|cell| sensor_of(cell, &named, city)).collect()
}

/// The sensor of a station by its parameter and name.
fn sensor_of(
    cell: &Cell<'_>,
    (parameter, name): &(Option<Cell<'_>>, Option<&str>),
    city: &City,
) -> Option<SensorIx> {
    let id = StationId::new(cell.text()?);
    if city.station_named(&id).is_none() {
        cell.note(
            format!("there is no station {:?}", id.as_str()),
            "allowed are the stations of stations.toml",
        );
        return None;
    }
    let parameter = match parameter {
        None => Parameter::Stage,
        Some(cell) => match cell.text()?.parse() {
            Ok(parameter) => parameter,
            Err(why) => {
                cell.note(format!("{why}"), "allowed is a parameter of the contract");
                return None;
            }
        },
    };
    let id = SensorId { station: id, parameter, name: name.map(Arc::from) };
    let found = city.sensor_named(&id);
    if found.is_none() {
        cell.note(format!("there is no sensor {id}"), "allowed are the sensors of stations.toml");
    }
    found
}

fn time(cell: &Cell<'_>) -> Option<Timestamp> {
    let time = Timestamp::parse_rfc3339(cell.text()?).ok();
    if time.is_none() {
        cell.note("this is no time", format!("allowed is {A_TIME}"));
    }
    time
}

fn test(file: &str, row: Row<'_>, city: &City) -> Option<Test> {
    let name = row.need("name", "a sentence that names the promise").and_then(|cell| cell.text());
    let deadlines = row.cell("deadlines").and_then(|cell| cell.flag()).unwrap_or(false);
    let until = row.cell("until").and_then(|cell| time(&cell));
    let mut readings: Vec<Observation> = Vec::new();
    for reading in row.rows("reading") {
        readings.extend(one(reading, city));
    }
    for series_row in row.rows("series") {
        series(series_row, city, &mut readings);
    }
    if readings.is_empty() {
        row.note("reading", "the test has no readings", "needed is a [[test.reading]] or a [[test.series]]");
    }
    if readings.len() > READINGS_MAX {
        row.note("", "the test has too many readings", format!("allowed are {READINGS_MAX}"));
    }
    readings.sort_by_key(|reading| reading.measured_at);
    let rows = row.rows("expect");
    if rows.is_empty() {
        row.note("expect", "the test expects nothing", "needed is a [[test.expect]]");
    }
    let expected = rows.into_iter().filter_map(|row| expectation(file, row)).collect();
    row.close();
    Some(Test { name: name?.into(), readings, deadlines, until, expected })
}

/// A number, or what stands in its place.
fn observed(cell: &Cell<'_>, parameter: Parameter, doubtful: bool) -> Option<Observed> {
    if cell.is_text() {
        return cell.one_of(&[("missing", Observed::Missing), ("nonsense", Observed::Nonsense)]);
    }
    let value = value_of(cell, parameter)?;
    Some(if doubtful { Observed::Doubtful(value) } else { Observed::Value(value) })
}

fn one(row: Row<'_>, city: &City) -> Option<Observation> {
    let sensor = sensor(&row, city);
    let at = row.need("at", A_TIME).and_then(|cell| time(&cell));
    let period = row.cell("period_s").and_then(|cell| cell.whole(1, SPAN_MAX_S)).map(Span::from_s);
    let doubtful = row.cell("doubtful").and_then(|cell| cell.flag()).unwrap_or(false);
    let parameter = sensor.and_then(|ix| city.sensor(ix)).map(|sensor| sensor.id.parameter);
    let cell = row.need("value", "a number in the parameter's unit, \"missing\" or \"nonsense\"");
    let value = cell.zip(parameter).and_then(|(cell, parameter)| observed(&cell, parameter, doubtful));
    row.close();
    let (at, from) = (at?, period.map(|period| at.map(|at| at.minus(period))));
    Some(Observation {
        sensor: sensor?,
        measured_at: at,
        from: from.flatten(),
        arrived_at: at,
        value: value?,
    })
}

fn series(row: Row<'_>, city: &City, readings: &mut Vec<Observation>) {
    let sensors = sensors(&row, city);
    let start = row.need("start", A_TIME).and_then(|cell| time(&cell));
    let step = row.need("step_s", "whole seconds").and_then(|cell| cell.whole(1, SPAN_MAX_S));
    let period = row.cell("period_s").and_then(|cell| cell.whole(1, SPAN_MAX_S)).map(Span::from_s);
    let doubtful = row.cell("doubtful").and_then(|cell| cell.flag()).unwrap_or(false);
    let times = row.cell("times").map_or(Some(1), |cell| cell.whole(1, READINGS_MAX as i64));
    let cells = row.need("values", "a list of numbers").map(|cell| cell.list()).unwrap_or_default();
    row.close();
    let parameter = sensors.first().and_then(|ix| city.sensor(*ix)).map(|sensor| sensor.id.parameter);
    let (Some(parameter), Some(start), Some(step), Some(times)) = (parameter, start, step, times) else {
        return;
    };
    let said: Vec<Option<Observed>> = cells.iter().map(|cell| observed(cell, parameter, doubtful)).collect();
    for sensor in sensors {
        let mut at = start;
        for value in (0..times).flat_map(|_| &said).take(READINGS_MAX + 1) {
            if let Some(value) = *value {
                let from = period.map(|period| at.minus(period));
                readings.push(Observation { sensor, measured_at: at, from, arrived_at: at, value });
            }
            at = at.plus(Span::from_s(step));
        }
    }
}

fn expectation(file: &str, row: Row<'_>) -> Option<Expected> {
    let at = row.cell("at");
    let between = row.cell("between");
    let (from, to) = match (&at, &between) {
        (Some(at), None) => {
            let at = time(at);
            (at, at)
        }
        (None, Some(between)) => {
            if let [from, to] = between.list().as_slice() {
                (time(from), time(to))
            } else {
                between.note("these are not two times", "allowed are exactly two, both included");
                (None, None)
            }
        }
        _ => {
            row.note("at", "one of at and between is needed", format!("allowed is one of them, {A_TIME}"));
            (None, None)
        }
    };
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        row.note("between", "it ends before it begins", "allowed are two times in their order");
    }
    let line = at.or(between).map_or(0, |cell| cell.line());
    let what = what(&row);
    row.close();
    Some(Expected { place: format!("{file}:{line}").into(), from: from?, to: to?, what: what? })
}

fn what(row: &Row<'_>) -> Option<What> {
    if row.cell("silent").and_then(|cell| cell.flag()) == Some(true) {
        return Some(What::Silence);
    }
    let name = |key: &str, allowed: &str| row.need(key, allowed).and_then(|cell| cell.text());
    let rule = name("rule", "a rule's id, or silent = true");
    let subject = name("subject", "a station's id, or \"basin:bo\"");
    let change = row.need("change", "one of raised, eased, none");
    let change = change
        .and_then(|cell| cell.one_of(&[("raised", Some(true)), ("eased", Some(false)), ("none", None)]));
    let doubted = row.cell("doubted").and_then(|cell| cell.flag()).unwrap_or(false);
    let told = row.cell("told").and_then(|cell| cell.one_of(&Telling::WORDS));
    let level = row.cell("level").and_then(|cell| cell.text());
    let alert = Alert { rule: rule?.into(), subject: subject?.into() };
    let Some(raised) = change? else { return Some(What::Nothing(alert)) };
    if level.is_none() {
        row.note(
            "level",
            "the key is missing",
            "needed is the level after the change, \"none\" where it is over",
        );
    }
    Some(What::Change { alert, raised, level: level?.into(), doubted, told })
}
