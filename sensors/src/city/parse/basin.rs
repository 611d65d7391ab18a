//! `basins.toml`: river basins and the gauges whose mean stands for their rain.

use super::Page;
use super::station::Network;
use crate::parameter::Parameter;
use crate::place::{Basin, BasinId};
use crate::sheet::{Cell, Known, Row};
use crate::station::SensorIx;

/// The ids of the basins, before their gauges are known.
pub(super) fn ids(page: &Page<'_>) -> Known<BasinId> {
    let mut known = Known::new("basin", "basins.toml", page.whole);
    for row in page.row().rows("basin") {
        if let Some((id, cell)) = row.need("id", "an id").and_then(|cell| Some((cell.id()?, cell))) {
            known.add(&cell, id, Some(BasinId::new(id)));
        }
    }
    known
}

/// Reads the file; doubled ids were noted by [`ids`].
pub(super) fn read(top: Row<'_>, network: &Network<'_>) -> Vec<Basin> {
    let mut basins = Vec::new();
    for row in top.rows("basin") {
        let id = row.cell("id").and_then(|cell| cell.id());
        let name = row.need("name", "its name").and_then(|cell| cell.text());
        let area = row.need("area_km2", "its area").and_then(|cell| above_zero(&cell));
        let gauges = row.need("gauges", "rain gauges: a list of stations, or a table of station and weight");
        let gauges = gauges.map(|cell| gauges_of(&cell, network));
        row.close();
        let Some(id) = id else { continue };
        basins.push(Basin {
            id: BasinId::new(id),
            name: name.unwrap_or_default().to_owned(),
            area_km2: area.unwrap_or(1.0),
            gauges: gauges.unwrap_or_default(),
        });
    }
    top.close();
    basins
}

fn above_zero(cell: &Cell<'_>) -> Option<f64> {
    let number = cell.number()?;
    if number <= 0.0 {
        cell.note(format!("{number} is not positive"), "allowed is more than 0");
        return None;
    }
    Some(number)
}

fn gauges_of(cell: &Cell<'_>, network: &Network<'_>) -> Vec<(SensorIx, f64)> {
    let weighted: Vec<(&str, Cell<'_>, Option<f64>)> = if cell.is_list() {
        cell.list().into_iter().filter_map(|cell| Some((cell.id()?, cell, Some(1.0)))).collect()
    } else {
        let entries = cell.row().map(|row| row.entries()).unwrap_or_default();
        entries.into_iter().map(|(id, cell)| (id, cell.clone(), above_zero(&cell))).collect()
    };
    let mut gauges: Vec<(SensorIx, f64)> = Vec::new();
    for (id, cell, weight) in weighted {
        let Some(station) = network.ids.find(&cell, id) else { continue };
        let rainfall = network.id_of(station, Parameter::Rainfall, None).and_then(|id| network.sensor(&id));
        match (rainfall, weight) {
            (None, _) => cell.note(format!("station {id} measures no rainfall"), "allowed are rain gauges"),
            (Some(ix), _) if gauges.iter().any(|(other, _)| *other == ix) => {
                cell.note(format!("gauge {id} is named twice"), "each gauge is allowed once in a basin");
            }
            (Some(ix), Some(weight)) => gauges.push((ix, weight)),
            (Some(_), None) => {}
        }
    }
    gauges
}
