//! The words of foreign files in ours: stations, parameters, units. Nothing here reads a row.

use std::collections::BTreeMap;
use std::path::Path;

use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::parameter::Parameter;
use sensors::sheet::{Cell, Log, Row, Sheet};
use sensors::station::StationId;

/// Their words, each with ours; words that are ours already need no entry.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) stations: BTreeMap<String, String>,
    pub(super) parameters: BTreeMap<String, Parameter>,
    pub(super) units: BTreeMap<String, Unit>,
}

/// A foreign unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// Our unit for the same.
    pub(super) is: String,
    /// How many of ours one of theirs is.
    pub(super) times: f64,
}

/// The largest and the smallest factor between two units that anybody means.
const TIMES: (f64, f64) = (1e-9, 1e9);

/// Reads the file of `--map`.
///
/// # Errors
/// Every mistake at once, by file, line and key.
pub(super) fn read(path: Option<&Path>, city: &City) -> Result<Map, Vec<String>> {
    let Some(path) = path else { return Ok(Map::default()) };
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("{file}: {error}")])?;
    let log = Log::default();
    let map = parse(Sheet { file: &file, text: &text, log: &log }, city);
    let mistakes = log.into_sorted();
    if mistakes.is_empty() { Ok(map) } else { Err(mistakes.iter().map(Mistake::to_string).collect()) }
}

fn parse(sheet: Sheet<'_>, city: &City) -> Map {
    let (table, _) = sheet.parse();
    let top = Row::top(sheet, &table);
    let map = Map {
        stations: words(&top, "stations", |cell| {
            let id = cell.text()?;
            if city.station_named(&StationId::new(id)).is_none() {
                cell.note(
                    format!("there is no station {id:?}"),
                    "allowed are the stations of the configuration",
                );
            }
            Some(id.to_owned())
        }),
        parameters: words(&top, "parameters", |cell| {
            let word = cell.text()?;
            let refused = || cell.note(format!("{word:?} is no parameter"), super::row::allowed_parameters());
            word.parse().map_err(|_| refused()).ok()
        }),
        units: words(&top, "units", unit),
    };
    top.close();
    map
}

fn words<T>(top: &Row<'_>, key: &str, read: impl Fn(&Cell<'_>) -> Option<T>) -> BTreeMap<String, T> {
    let table = top.cell(key).and_then(|cell| cell.row());
    let entries = table.iter().flat_map(Row::entries);
    entries.filter_map(|(word, cell)| Some((word.to_owned(), read(&cell)?))).collect()
}

fn unit(cell: &Cell<'_>) -> Option<Unit> {
    let row = cell.row()?;
    let is = row.need("is", "a unit of ours").and_then(|cell| {
        let unit = cell.text()?;
        if Parameter::all().all(|parameter| parameter.unit() != unit) {
            cell.note(
                format!("{unit:?} is none of our units"),
                "allowed are those of the contract, as m or mm",
            );
        }
        Some(unit.to_owned())
    });
    let times = row.cell("times").and_then(|cell| {
        let times = cell.number()?;
        if !(TIMES.0..=TIMES.1).contains(&times) {
            cell.note(format!("{times} is no factor between units"), "allowed are 1e-9 to 1e9");
        }
        Some(times)
    });
    row.close();
    Some(Unit { is: is?, times: times.unwrap_or(1.0) })
}
