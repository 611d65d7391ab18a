//! What a rule is about: its subjects, and the zones of each.

use std::fmt::Display;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::{Basin, BasinId, ZoneId};
use sensors::sheet::{Cell, Row};
use sensors::station::{Station, StationId};

use crate::alert::Subject;
use crate::hazard::Hazard;

/// One subject with its zones.
pub(super) struct Scope {
    pub(super) subject: Subject,
    pub(super) zones: Vec<ZoneId>,
}

impl Scope {
    /// The station that conditions speak of when they name none.
    pub(super) fn station<'a>(&self, city: &'a City) -> Option<&'a Station> {
        match &self.subject {
            Subject::Station(id) => city.station_named(id).map(|(_, station)| station),
            _ => None,
        }
    }

    /// The basin that conditions speak of when they name none.
    pub(super) fn basin<'a>(&self, city: &'a City) -> Option<&'a Basin> {
        match &self.subject {
            Subject::Basin(id) => city.basin(id),
            _ => None,
        }
    }
}

/// Every subject of a rule.
pub(super) fn scopes(row: &Row<'_>, hazard: Hazard, city: &City) -> Vec<Scope> {
    let (stations, every, basins) = (row.cell("stations"), row.cell("every"), row.cell("basins"));
    if [&stations, &every, &basins].into_iter().flatten().count() != 1 {
        row.note("", "a rule needs one kind of subject", "needed is one of stations, every, basins");
    }
    let except = row.cell("except");
    if let Some(cell) = except.as_ref().filter(|_| every.is_none()) {
        cell.note("there is no `every`", "allowed are exceptions from every, a list has none");
    }
    let except = except.map(|cell| listed(&cell, city, station)).unwrap_or_default();
    let stations = stations.map(|cell| listed(&cell, city, station)).unwrap_or_default();
    let every = every.map(|cell| every_of(&cell, city, &except)).unwrap_or_default();
    let basins = basins.map(|cell| listed(&cell, city, basin)).unwrap_or_default();
    let zones = row.cell("zones");
    if zones.is_none() && hazard.is_public() {
        row.note("zones", "the key is missing", "needed is \"station\", or a list of zones, or \"all\"");
    }
    let zones_of =
        |subject: &Subject| zones.as_ref().map_or(Vec::new(), |cell| zones_of(cell, subject, city));
    let stations = stations.into_iter().chain(every).map(Subject::Station);
    let subjects = stations.chain(basins.into_iter().map(Subject::Basin));
    let scopes = subjects.map(|subject| Scope { zones: zones_of(&subject), subject }).collect();
    match row.cell("zone_class") {
        Some(cell) => of_class(&cell, scopes, city),
        None => scopes,
    }
}

/// The scopes as far as they lie in zones of a class; who has none of it is no subject.
fn of_class(cell: &Cell<'_>, scopes: Vec<Scope>, city: &City) -> Vec<Scope> {
    let Some(class) = cell.id() else { return scopes };
    let is_of = |zone: &ZoneId| city.zone(zone).is_some_and(|zone| zone.class.as_deref() == Some(class));
    let within = |scope: Scope| {
        let zones: Vec<ZoneId> = scope.zones.into_iter().filter(is_of).collect();
        (!zones.is_empty()).then_some(Scope { zones, ..scope })
    };
    let had_some = !scopes.is_empty();
    let scopes: Vec<Scope> = scopes.into_iter().filter_map(within).collect();
    if scopes.is_empty() && had_some {
        cell.note(
            format!("no subject lies in a zone of class {class:?}"),
            "allowed are the classes of zones.toml",
        );
    }
    scopes
}

/// Ids from a list, each looked up and each once: what is named twice would warn twice.
fn listed<T: PartialEq + Display>(
    list: &Cell<'_>,
    city: &City,
    find: fn(&Cell<'_>, &City) -> Option<T>,
) -> Vec<T> {
    let cells = list.list();
    if cells.is_empty() && list.is_list() {
        list.note("nothing is named", "needed is at least one");
    }
    let mut found = Vec::new();
    for cell in &cells {
        let Some(id) = find(cell, city) else { continue };
        if found.contains(&id) {
            cell.note(format!("{id} is named twice"), "each is allowed once");
        } else {
            found.push(id);
        }
    }
    found
}

/// A station by its id.
pub(super) fn station(cell: &Cell<'_>, city: &City) -> Option<StationId> {
    let id = StationId::new(cell.id()?);
    if city.station_named(&id).is_none() {
        cell.note(format!("there is no station {id}"), "allowed are the stations of the city");
        return None;
    }
    Some(id)
}

/// A basin by its id.
pub(super) fn basin(cell: &Cell<'_>, city: &City) -> Option<BasinId> {
    let id = BasinId::new(cell.id()?);
    match city.basin(&id) {
        None => cell.note(format!("there is no basin {id}"), "allowed are the basins of the city"),
        Some(basin) if basin.gauges().is_empty() => {
            cell.note(format!("basin {id} has no rain gauge"), "allowed are basins with gauges");
        }
        Some(_) => return Some(id),
    }
    None
}

/// `every = "rainfall"`: the stations that measure it; `every = "station"`: those with a sensor.
fn every_of(cell: &Cell<'_>, city: &City, except: &[StationId]) -> Vec<StationId> {
    let Some(text) = cell.text() else { return Vec::new() };
    let parameter = text.parse::<Parameter>().ok();
    if parameter.is_none() && text != "station" {
        cell.note(format!("{text:?} is no parameter"), "allowed is \"station\" or a parameter");
        return Vec::new();
    }
    let measures = |station: &Station| {
        let sensors = || station.sensors.iter().filter_map(|ix| city.sensor(*ix));
        parameter.map_or(!station.sensors.is_empty(), |p| sensors().any(|sensor| sensor.id.parameter == p))
    };
    let chosen = city.stations.iter().filter(|s| measures(s) && !except.contains(&s.id));
    let stations: Vec<StationId> = chosen.map(|s| s.id.clone()).collect();
    if stations.is_empty() {
        cell.note("no station is meant", "allowed is a parameter that some station measures");
    }
    stations
}

fn zones_of(cell: &Cell<'_>, subject: &Subject, city: &City) -> Vec<ZoneId> {
    if cell.is_list() {
        return listed(cell, city, zone);
    }
    let zones: Vec<ZoneId> = match (cell.text(), subject) {
        (Some("station"), Subject::Station(id)) => {
            city.station_named(id).map(|(_, station)| station.zones.clone()).unwrap_or_default()
        }
        (Some("all"), Subject::Basin(_)) => city.zones.iter().map(|zone| zone.id.clone()).collect(),
        (Some(text), _) => {
            let allowed = "allowed is \"station\" for stations, \"all\" for basins, or a list of zones";
            cell.note(format!("{text:?} gives no zones for {subject}"), allowed);
            return Vec::new();
        }
        (None, _) => return Vec::new(),
    };
    if zones.is_empty() {
        cell.note(format!("the rule has no zone for {subject}"), "needed is at least one zone");
    }
    zones
}

fn zone(cell: &Cell<'_>, city: &City) -> Option<ZoneId> {
    let id = ZoneId::new(cell.id()?);
    if city.zone(&id).is_none() {
        cell.note(format!("there is no zone {id}"), "allowed are the zones of the city");
        return None;
    }
    Some(id)
}
