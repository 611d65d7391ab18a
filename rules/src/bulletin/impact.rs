//! What is under water at a stage: `impacts.toml`, and what of it a bulletin names.
//!
//! A table of what is known, written by people; it forecasts nothing.

use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quantity::Value;
use sensors::sheet::{Cell, Log, Row, Sheet};
use sensors::station::StationId;

/// The most steps of a station.
const STEPS_MAX: usize = 20;
/// The most names of a kind in a step.
const NAMES_MAX: usize = 40;

/// What floods, by the part of a bulletin that names it.
pub(super) const KINDS: [&str; 4] = ["villages", "roads", "bridges", "schools"];

/// What is under water at the stages of a city's stations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Impacts {
    stations: Vec<(StationId, Vec<Step>)>,
}

/// What a stage floods beyond the steps below it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// From this stage on.
    pub(super) stage: Value,
    zones: Vec<ZoneId>,
    /// Names, by [`KINDS`].
    pub(super) names: [Vec<String>; 4],
}

/// What is under water, and what comes next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reach<'a> {
    pub(super) reached: Vec<&'a Step>,
    pub(super) next: Option<&'a Step>,
}

impl Impacts {
    /// Reads `impacts.toml`.
    ///
    /// # Errors
    /// Every mistake: steps out of order, stations and zones that are not there, steps that name nothing.
    pub fn parse(file: &str, text: &str, city: &City) -> Result<Self, Vec<Mistake>> {
        let log = Log::default();
        let sheet = Sheet { file, text, log: &log };
        let (table, _) = sheet.parse();
        let top = Row::top(sheet, &table);
        let mut stations: Vec<(StationId, Vec<Step>)> = Vec::new();
        for row in top.rows("station") {
            let id = row.need("id", "a station that measures a stage").and_then(|cell| station(&cell, city));
            let steps = steps(&row, city);
            row.close();
            let Some(id) = id else { continue };
            if stations.iter().any(|(known, _)| *known == id) {
                top.note("station", format!("{id} is given twice"), "each station is allowed once");
            }
            stations.push((id, steps));
        }
        top.close();
        let mistakes = log.into_sorted();
        if mistakes.is_empty() { Ok(Self { stations }) } else { Err(mistakes) }
    }

    /// What a stage at a station floods in some zones.
    pub(super) fn reach(&self, station: &StationId, stage: Value, zones: &[ZoneId]) -> Reach<'_> {
        let Some((_, steps)) = self.stations.iter().find(|(id, _)| id == station) else {
            return Reach::default();
        };
        let here = |step: &&Step| step.zones.iter().any(|zone| zones.contains(zone));
        Reach {
            reached: steps.iter().filter(|step| step.stage <= stage).filter(here).collect(),
            next: steps.iter().filter(|step| step.stage > stage).find(here),
        }
    }
}

fn station(cell: &Cell<'_>, city: &City) -> Option<StationId> {
    let id = StationId::new(cell.id()?);
    let measures = city.station_named(&id).is_some_and(|(_, station)| {
        let sensors = station.sensors.iter().filter_map(|ix| city.sensor(*ix));
        sensors.into_iter().any(|sensor| sensor.id.parameter == Parameter::Stage)
    });
    if !measures {
        cell.note(format!("{id} measures no stage"), "allowed are the stations with a stage sensor");
        return None;
    }
    Some(id)
}

fn steps(row: &Row<'_>, city: &City) -> Vec<Step> {
    let rows = row.rows("stage");
    if rows.is_empty() || rows.len() > STEPS_MAX {
        row.note("stage", format!("{} steps are given", rows.len()), format!("allowed are 1 to {STEPS_MAX}"));
    }
    let mut steps: Vec<Step> = Vec::new();
    for row in rows {
        let step = step(&row, city);
        if let Some(step) = step {
            if steps.last().is_some_and(|last| last.stage >= step.stage) {
                row.note("from_m", "the stage is not above the one before", "allowed are rising stages");
            }
            steps.push(step);
        }
        row.close();
    }
    steps
}

fn step(row: &Row<'_>, city: &City) -> Option<Step> {
    let from = row.need("from_m", "a stage in metres").and_then(|cell| {
        let metres = cell.number()?;
        let stage = Value::from_unit(Parameter::Stage, metres).ok();
        if !(-5.0..=30.0).contains(&metres) {
            cell.note(format!("{metres} m is no stage"), "allowed is -5 to 30 m");
        }
        stage
    });
    let zone = |cell: &Cell<'_>| {
        let id = ZoneId::new(cell.id()?);
        if city.zone(&id).is_none() {
            cell.note(format!("there is no zone {id}"), "allowed are the zones of zones.toml");
        }
        Some(id)
    };
    let zones = row.need("zones", "the zones in which they lie").map(|cell| cell.list()).unwrap_or_default();
    let zones: Vec<ZoneId> = zones.iter().filter_map(zone).collect();
    let names = KINDS.map(|kind| {
        let cells = row.cell(kind).map(|cell| cell.list()).unwrap_or_default();
        if cells.len() > NAMES_MAX {
            row.note(kind, format!("{} names are given", cells.len()), format!("allowed are {NAMES_MAX}"));
        }
        cells.iter().filter_map(Cell::text).map(str::to_owned).collect::<Vec<_>>()
    });
    if names.iter().all(Vec::is_empty) {
        row.note("", "nothing is named", format!("needed is one of {}", KINDS.join(", ")));
    }
    Some(Step { stage: from?, zones, names })
}
