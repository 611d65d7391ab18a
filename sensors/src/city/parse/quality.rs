//! `quality.toml`: the limits of the checks between sensors, and what stages are compared with.
//! The file may be absent: then the defaults hold, and no stage is compared.

use super::station::Network;
use crate::city::City;
use crate::parameter::Parameter;
use crate::place::{Basin, BasinId};
use crate::quality::neighbour::{Neighbours, RainLimits, Reach, StageLimits};
use crate::quantity::Value;
use crate::sheet::{Cell, Known, Row};
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

/// The file's name.
pub(super) const FILE: &str = "quality.toml";

/// The highest place on earth is lower, in metres.
const ELEVATION_MAX_M: i64 = 9_000;

/// What the file says.
pub(super) struct Settings {
    rain: RainLimits,
    stage: StageLimits,
    reaches: Vec<(Reach, Vec<BasinId>)>,
    elevations: Vec<(StationIx, i64)>,
}

/// Reads the file.
pub(super) fn read(top: Row<'_>, network: &Network<'_>, basins: &Known<BasinId>) -> Settings {
    let rain = top.cell("rain").and_then(|cell| cell.row()).map(|row| rain(row)).unwrap_or_default();
    let stage = top.cell("stage").and_then(|cell| cell.row()).map(|row| stage(row)).unwrap_or_default();
    let elevations = top.cell("elevation_m").and_then(|cell| cell.row()).map(|row| row.entries());
    let elevation = |(id, cell): (&str, Cell<'_>)| {
        Some((network.ids.find(&cell, id)?, cell.whole(-ELEVATION_MAX_M, ELEVATION_MAX_M)?))
    };
    let elevations = elevations.unwrap_or_default().into_iter().filter_map(elevation).collect();
    let mut reaches: Vec<(Reach, Vec<BasinId>)> = Vec::new();
    for row in top.rows("reach") {
        let station = row.need("station", "the station whose stage is compared");
        let cell = station.clone();
        let reach = reach(&row, station, network, basins);
        row.close();
        let Some((reach, cell)) = reach.zip(cell) else { continue };
        if reaches.iter().any(|(other, _)| other.stage == reach.0.stage) {
            cell.note("its stage is compared twice", "each station is allowed once");
        } else {
            reaches.push(reach);
        }
    }
    top.close();
    Settings { rain, stage, reaches, elevations }
}

/// The checks of a city by what the file says.
pub(super) fn join(settings: Settings, city: &City) -> Neighbours {
    let Settings { rain, stage, reaches, elevations } = settings;
    let reaches = reaches.into_iter().map(|(reach, basins)| {
        let gauges = basins.iter().filter_map(|id| city.basin(id)).flat_map(Basin::gauges);
        let mut gauges: Vec<SensorIx> = gauges.copied().collect();
        gauges.sort_unstable();
        gauges.dedup();
        Reach { gauges: gauges.into(), ..reach }
    });
    Neighbours::new(city, rain, stage, reaches.collect(), &elevations)
}

fn rain(row: Row<'_>) -> RainLimits {
    let base = RainLimits::default();
    let depth = |key: &str, base: Value| {
        row.cell(key).and_then(|c| positive(&c, Parameter::Rainfall)).unwrap_or(base)
    };
    let count = |key: &str, base: usize, least, most| {
        row.cell(key).and_then(|cell| cell.whole(least, most)).map_or(base, |n| n as usize)
    };
    let limits = RainLimits {
        distance_max_m: row
            .cell("distance_max_km")
            .and_then(|cell| cell.whole(1, 200))
            .map_or(base.distance_max_m, |km| km * 1000),
        metres_per_elevation_m: row
            .cell("elevation_factor")
            .and_then(|cell| cell.whole(0, 1000))
            .unwrap_or(base.metres_per_elevation_m),
        gauges_max: count("gauges_max", base.gauges_max, 3, 16),
        gauges_min: count("gauges_min", base.gauges_min, 3, 16),
        wet: depth("wet_mm", base.wet),
        wet_hours_min: count("wet_hours_min", base.wet_hours_min, 2, 24),
        hours_max: count("hours_max", base.hours_max, 3, 48),
        dead: depth("dead_mm", base.dead),
        clogged: depth("clogged_mm", base.clogged),
        clogged_percent: row
            .cell("clogged_percent")
            .and_then(|cell| cell.whole(1, 50))
            .unwrap_or(base.clogged_percent),
        extreme: depth("extreme_mm", base.extreme),
    };
    if limits.gauges_min > limits.gauges_max {
        let wrong = format!("{} are needed and {} are looked at", limits.gauges_min, limits.gauges_max);
        row.note("gauges_min", wrong, "allowed is at most gauges_max");
    }
    row.close();
    limits
}

fn stage(row: Row<'_>) -> StageLimits {
    let base = StageLimits::default();
    let value = |key: &str, parameter, base: Value| {
        row.cell(key).and_then(|cell| positive(&cell, parameter)).unwrap_or(base)
    };
    let limits = StageLimits {
        heavy: value("heavy_mm", Parameter::Rainfall, base.heavy),
        still: value("still_m", Parameter::Stage, base.still),
        rise: value("rise_m", Parameter::Stage, base.rise),
        dry: value("dry_mm", Parameter::Rainfall, base.dry),
        release: value("release_m3_s", Parameter::Release, base.release),
        bears_out_rain: value("bears_out_mm", Parameter::Rainfall, base.bears_out_rain),
        bears_out_release: value("bears_out_m3_s", Parameter::Release, base.bears_out_release),
    };
    row.close();
    limits
}

fn reach(
    row: &Row<'_>,
    station: Option<Cell<'_>>,
    network: &Network<'_>,
    basins: &Known<BasinId>,
) -> Option<(Reach, Vec<BasinId>)> {
    let stage = station.and_then(|cell| sensor(&cell, Parameter::Stage, network));
    let listed = |key: &str| row.cell(key).map(|cell| cell.list()).unwrap_or_default();
    let sensors = |key: &str, parameter| -> Box<[SensorIx]> {
        listed(key).iter().filter_map(|cell| sensor(cell, parameter, network)).collect()
    };
    let named = row.need("basins", "the basins whose rain comes down here").map(|cell| cell.list());
    let basins = named.unwrap_or_default().iter().filter_map(|cell| basins.find(cell, cell.id()?)).collect();
    let (releases, beside) = (sensors("releases", Parameter::Release), sensors("beside", Parameter::Stage));
    let lag = row.need("lag_max_s", "the latest first rise after rain or release");
    let lag = lag.and_then(|cell| cell.whole(3_600, 172_800));
    let tidal = row.cell("tidal").and_then(|cell| cell.flag()).unwrap_or_default();
    let lag_max = Span::from_s(lag?);
    Some((Reach { stage: stage?, gauges: Box::default(), releases, beside, lag_max, tidal }, basins))
}

/// The sensor of the station that a value names.
fn sensor(cell: &Cell<'_>, parameter: Parameter, network: &Network<'_>) -> Option<SensorIx> {
    let id = cell.id()?;
    let station = network.ids.find(cell, id)?;
    let found = network.id_of(station, parameter, None).and_then(|id| network.sensor(&id));
    if found.is_none() {
        cell.note(
            format!("station {id} measures no {parameter}"),
            format!("allowed are stations with {parameter}"),
        );
    }
    found
}

fn positive(cell: &Cell<'_>, parameter: Parameter) -> Option<Value> {
    let number = cell.number()?;
    let value = Value::from_unit(parameter, number).ok().filter(|value| value.raw() > 0);
    if value.is_none() {
        cell.note(format!("{number} is no limit"), format!("allowed is more than 0 {}", parameter.unit()));
    }
    value
}
