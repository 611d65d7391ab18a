//! `basins.toml`: river basins and the gauges whose mean stands for their rain.

use std::sync::Arc;

use super::Page;
use super::head::Bounds;
use super::station::Network;
use super::zone::polygon_of;
use crate::parameter::Parameter;
use crate::place::{Basin, BasinId, Position};
use crate::rain::Recession;
use crate::sheet::{Cell, Known, Row};
use crate::station::SensorIx;
use crate::thiessen::{GAUGES_MAX, Tessellation};

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
pub(super) fn read(top: Row<'_>, network: &Network<'_>, bounds: Bounds) -> Vec<Basin> {
    let mut basins = Vec::new();
    for row in top.rows("basin") {
        let id = row.cell("id").and_then(|cell| cell.id());
        let name = row.need("name", "its name").and_then(|cell| cell.text());
        let area = row.need("area_km2", "its area").and_then(|cell| above_zero(&cell));
        let ring = row.cell("outline_deg");
        let gauges = row.need("gauges", "rain gauges: a list of stations, or a table of station and weight");
        if let Some(cell) = gauges.as_ref().filter(|cell| ring.is_some() && !cell.is_list()) {
            cell.note("weights beside an outline", "allowed is a list: the outline gives the weights");
        }
        let gauges = gauges.map(|cell| gauges_of(&cell, network)).unwrap_or_default();
        let outline = ring.as_ref().and_then(|cell| polygon_of(cell, bounds));
        let recession = row.cell("wetness_recession_permille").and_then(|cell| {
            let (least, most) = Recession::RANGE_PERMILLE;
            Recession::from_permille(cell.whole(least, most)?)
        });
        row.close();
        let Some(id) = id else { continue };
        let rain = match &outline {
            Some(outline) => Tessellation::over(outline, &placed(&gauges, network)),
            None => Tessellation::weighted(&gauges),
        };
        if let Some(cell) = ring.filter(|_| outline.is_some() && rain.total() == 0 && !gauges.is_empty()) {
            cell.note("nothing lies inside the outline", "allowed is a ring around an area");
        }
        basins.push(Basin {
            id: BasinId::new(id),
            name: name.unwrap_or_default().to_owned(),
            area_km2: area.unwrap_or(1.0),
            outline,
            rain: Arc::new(rain),
            recession: recession.unwrap_or(Recession::USUAL),
        });
    }
    top.close();
    basins
}

/// The gauges with where they stand.
fn placed(gauges: &[(SensorIx, f64)], network: &Network<'_>) -> Vec<(SensorIx, Position)> {
    let station = |ix: SensorIx| network.stations.get(network.sensors.get(ix.at())?.station.at());
    gauges.iter().filter_map(|(ix, _)| Some((*ix, station(*ix)?.position))).collect()
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
            (Some(_), _) if gauges.len() == GAUGES_MAX => {
                cell.note("there are too many gauges", format!("allowed are {GAUGES_MAX} in a basin"));
            }
            (Some(ix), Some(weight)) => gauges.push((ix, weight)),
            (Some(_), None) => {}
        }
    }
    gauges
}
