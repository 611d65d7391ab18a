//! One city as configured: stations, sensors, zones, basins, and how they are reached.
//!
//! Built from the texts of `config/<city>/`; this file reads no disk.

use std::collections::BTreeMap;

use crate::line::Line;
use crate::place::{Basin, Zone, ZoneId};
use crate::station::{Sensor, SensorId, SensorIx, Station, StationId, StationIx};

/// A city. Immutable after loading; indexes are valid for this value only.
#[derive(Clone, Debug, Default)]
pub struct City {
    /// The slug that opens topics and folders, as `hue`.
    pub slug: String,
    /// Its name as residents know it.
    pub name: String,
    /// Minutes east of UTC on the city's clocks.
    pub utc_offset_min: i32,
    /// Every station.
    pub stations: Vec<Station>,
    /// Every sensor, dense: `sensors[ix.at()]`.
    pub sensors: Vec<Sensor>,
    /// Every zone.
    pub zones: Vec<Zone>,
    /// Every basin.
    pub basins: Vec<Basin>,
    /// Every line to the outside.
    pub lines: Vec<Line>,
    by_sensor: BTreeMap<SensorId, SensorIx>,
    by_station: BTreeMap<StationId, StationIx>,
}

impl City {
    /// The sensor at an index of this city.
    pub fn sensor(&self, ix: SensorIx) -> Option<&Sensor> {
        self.sensors.get(ix.at())
    }

    /// The station at an index of this city.
    pub fn station(&self, ix: StationIx) -> Option<&Station> {
        self.stations.get(ix.at())
    }

    /// Finds a station by its id.
    pub fn station_named(&self, id: &StationId) -> Option<(StationIx, &Station)> {
        let ix = *self.by_station.get(id)?;
        Some((ix, self.station(ix)?))
    }

    /// Finds a sensor by its id.
    pub fn sensor_named(&self, id: &SensorId) -> Option<SensorIx> {
        self.by_sensor.get(id).copied()
    }

    /// Finds a zone by its id.
    pub fn zone(&self, id: &ZoneId) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.id == *id)
    }
}
