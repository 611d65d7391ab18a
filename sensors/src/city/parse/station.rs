//! `stations.toml`: stations, their sensors, and the limits that readings are judged by.

use std::collections::BTreeMap;

use super::Page;
use super::head::Bounds;
use super::limits::Limits;
use crate::parameter::Parameter;
use crate::place::{BasinId, Position, ZoneId};
use crate::quantity::{Datum, Elevation};
use crate::sheet::{Cell, Known, Row};
use crate::station::{Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};

type Defaults = BTreeMap<Parameter, Limits>;

/// The stations with their sensors, and where each sensor was written.
pub(super) struct Network<'a> {
    pub(super) stations: Vec<Station>,
    pub(super) sensors: Vec<Sensor>,
    /// Where a sensor is listed; `None` for one that only its counter feeds.
    pub(super) listed: Vec<Option<Cell<'a>>>,
    pub(super) ids: Known<StationIx>,
    by_id: BTreeMap<SensorId, SensorIx>,
}

impl Network<'_> {
    /// The sensor of a station by what it measures.
    pub(super) fn sensor(&self, id: &SensorId) -> Option<SensorIx> {
        self.by_id.get(id).copied()
    }

    /// The id of a sensor of this station.
    pub(super) fn id_of(
        &self,
        station: StationIx,
        parameter: Parameter,
        name: Option<&str>,
    ) -> Option<SensorId> {
        let station = self.stations.get(station.at())?.id.clone();
        Some(SensorId { station, parameter, name: name.map(Into::into) })
    }
}

/// Reads the file.
pub(super) fn read<'a>(
    page: &'a Page<'a>,
    bounds: Bounds,
    zones: &Known<ZoneId>,
    basins: &Known<BasinId>,
) -> Network<'a> {
    let top = page.row();
    let defaults =
        top.cell("defaults").and_then(|cell| cell.row()).map(|row| read_defaults(&row)).unwrap_or_default();
    let mut network = Network {
        stations: Vec::new(),
        sensors: Vec::new(),
        listed: Vec::new(),
        ids: Known::new("station", "stations.toml", page.whole),
        by_id: BTreeMap::new(),
    };
    for row in top.rows("station") {
        let id = row.need("id", "an id").and_then(|cell| Some((cell.id()?, cell)));
        let kind = row.need("kind", "what it is for");
        let kind = kind.and_then(|cell| cell.one_of(&StationKind::ALL.map(|kind| (kind.as_str(), kind))));
        let station = read_station(&row, kind, bounds, zones, basins);
        let wanted = read_sensors(&row, &defaults);
        row.close();
        let Some((id, cell)) = id else { continue };
        let ix = StationIx(network.stations.len() as u32);
        if network.ids.add(&cell, id, Some(ix)) {
            network.stations.push(Station { id: StationId::new(id), ..station });
            network.hang(ix, wanted);
        }
    }
    top.close();
    network
}

/// The parameter of a word that a value says or that is its key.
pub(super) fn parameter_of(cell: &Cell<'_>, word: &str) -> Option<Parameter> {
    let found = word.parse().ok();
    if found.is_none() {
        let allowed = Parameter::all().map(Parameter::as_str).collect::<Vec<_>>().join(", ");
        cell.note(format!("{word:?} is no parameter"), format!("allowed are {allowed}"));
    }
    found
}

fn read_defaults(row: &Row<'_>) -> Defaults {
    let mut defaults = Defaults::new();
    for (word, cell) in row.entries() {
        if let (Some(parameter), Some(limits)) = (parameter_of(&cell, word), cell.row()) {
            defaults.insert(parameter, Limits::read(limits, parameter, &Limits::default()));
        }
    }
    defaults
}

/// The position of a row with `lat_deg` and `lon_deg`.
pub(super) fn position(row: &Row<'_>, bounds: Bounds) -> Option<Position> {
    let lat = row.need("lat_deg", "the latitude").and_then(|cell| Some((cell.number()?, cell)));
    let lon = row.need("lon_deg", "the longitude").and_then(|cell| cell.number());
    let (lat, cell) = lat?;
    match bounds.place(lat, lon?) {
        Ok(position) => Some(position),
        Err((wrong, allowed)) => {
            cell.note(wrong, allowed);
            None
        }
    }
}

/// Everything of a station but its id and its sensors; something harmless stands in for what is
/// wrong.
fn read_station(
    row: &Row<'_>,
    kind: Option<StationKind>,
    bounds: Bounds,
    zones: &Known<ZoneId>,
    basins: &Known<BasinId>,
) -> Station {
    let name = row.need("name", "its name").and_then(|cell| cell.text());
    let position = position(row, bounds);
    let metres = row.cell("datum_m").and_then(|cell| cell.number());
    let datum = metres.map(|m| Datum(Elevation::from_mm((m * 1000.0).round() as i64)));
    let river = row.cell("river").and_then(|cell| cell.text()).map(str::to_owned);
    let basin = row.cell("basin").and_then(|cell| basins.find(&cell, cell.id()?));
    let listed = row.need("zones", "the zones that its warnings are for");
    let zones: Vec<ZoneId> = listed.as_ref().map(|cell| named_zones(cell, zones)).unwrap_or_default();
    Station {
        id: StationId::new(""),
        kind: kind.unwrap_or(StationKind::Stage),
        name: name.unwrap_or_default().to_owned(),
        position: position.unwrap_or(Position::NOWHERE),
        datum,
        river,
        basin,
        zones,
        sensors: Vec::new(),
    }
}

fn named_zones(list: &Cell<'_>, known: &Known<ZoneId>) -> Vec<ZoneId> {
    let cells = list.list();
    if cells.is_empty() && list.is_list() {
        list.note("no zone is named", "needed is at least one: an empty area is never \"everyone\"");
    }
    let mut zones: Vec<ZoneId> = Vec::new();
    for cell in &cells {
        let Some(zone) = cell.id().and_then(|id| known.find(cell, id)) else { continue };
        if zones.contains(&zone) {
            cell.note(format!("zone {zone} is named twice"), "each zone is allowed once");
        } else {
            zones.push(zone);
        }
    }
    zones
}

/// A sensor that a station lists, or that its counter feeds.
struct Wanted<'a> {
    cell: Option<Cell<'a>>,
    parameter: Parameter,
    name: Option<&'a str>,
    limits: Limits,
}

fn read_sensors<'a>(row: &Row<'a>, defaults: &Defaults) -> Vec<Wanted<'a>> {
    let own = row.cell("limits").and_then(|cell| cell.row());
    let limits_of = |parameter: Parameter, key: &str| {
        let base = defaults.get(&parameter).cloned().unwrap_or_default();
        match own.as_ref().and_then(|own| own.cell(key)).and_then(|cell| cell.row()) {
            Some(row) => Limits::read(row, parameter, &base),
            None => base,
        }
    };
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    let list = row.need("sensors", "a list of parameters, as [\"stage\"]").map(|cell| cell.list());
    for cell in list.unwrap_or_default() {
        let Some(text) = cell.text() else { continue };
        let (word, name) = text.split_once('/').map_or((text, None), |(word, name)| (word, Some(name)));
        let Some(parameter) = parameter_of(&cell, word) else { continue };
        if wanted.iter().any(|w| (w.parameter, w.name) == (parameter, name)) {
            cell.note(
                format!("sensor {text:?} is listed twice"),
                "a second one needs a name, as \"stage/radar\"",
            );
            continue;
        }
        let limits = limits_of(parameter, text);
        require(&cell, text, &limits);
        wanted.push(Wanted { cell: Some(cell), parameter, name, limits });
    }
    for (cell, name) in unfed(&wanted) {
        let limits = limits_of(Parameter::Rainfall, "rainfall");
        require(&cell, "rainfall", &limits);
        wanted.push(Wanted { cell: None, parameter: Parameter::Rainfall, name, limits });
    }
    if let Some(own) = own {
        own.close();
    }
    wanted
}

/// The counters whose depths no listed sensor takes.
fn unfed<'a>(wanted: &[Wanted<'a>]) -> Vec<(Cell<'a>, Option<&'a str>)> {
    let taken = |name| wanted.iter().any(|w| w.parameter == Parameter::Rainfall && w.name == name);
    let counters = wanted.iter().filter(|w| w.parameter == Parameter::RainTotal && !taken(w.name));
    counters.filter_map(|w| Some((w.cell.clone()?, w.name))).collect()
}

/// A sensor can't do without a span and a deadline.
fn require(cell: &Cell<'_>, sensor: &str, limits: &Limits) {
    let parameter = sensor.split('/').next().unwrap_or(sensor);
    let needed =
        |key| format!("needed is {key} in defaults.{parameter} or in limits.{sensor} of the station");
    if limits.span.is_none() {
        cell.note(format!("{sensor} has no span"), needed("span_<unit>"));
    }
    if limits.deadline().is_none() {
        cell.note(format!("{sensor} has no deadline"), needed("interval_s"));
    }
}

impl<'a> Network<'a> {
    /// Hangs sensors at a station; a counter feeds the rainfall of the same name.
    fn hang(&mut self, station: StationIx, wanted: Vec<Wanted<'a>>) {
        for Wanted { cell, parameter, name, limits } in wanted {
            let Some(id) = self.id_of(station, parameter, name) else { continue };
            let ix = SensorIx(self.sensors.len() as u32);
            self.by_id.insert(id.clone(), ix);
            self.listed.push(cell);
            self.sensors.push(Sensor {
                id,
                station,
                span: limits.span_or_any(),
                plausible: limits.plausible,
                rate_max: limits.rate(),
                spike_max: limits.spike_max,
                checks: crate::quality::Checks::default(),
                rollover: limits.rollover,
                feeds: None,
                deadline: limits.deadline_or_day(),
            });
        }
        for sensor in self.sensors.iter_mut().filter(|s| s.station == station) {
            if sensor.id.parameter == Parameter::RainTotal {
                let depth = SensorId { parameter: Parameter::Rainfall, ..sensor.id.clone() };
                sensor.feeds = self.by_id.get(&depth).copied();
            }
        }
    }
}
