//! One city as configured: stations, sensors, zones, basins, and how they are reached.
//!
//! Built from the texts of `config/<city>/` by [`City::parse`], or in memory by [`City::assemble`]; this
//! module reads no disk.

pub mod parse;

use std::collections::{BTreeMap, BTreeSet};

use geo::{Area, BooleanOps, BoundingRect, Intersects};

use crate::line::Line;
use crate::place::{Basin, BasinId, Boundary, Zone, ZoneId};
use crate::quality::neighbour::Neighbours;
use crate::rating::Ratings;
use crate::reservoir::{Reservoir, Terms};
use crate::station::{Sensor, SensorId, SensorIx, Station, StationId, StationIx};
use crate::travel::Travel;

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
    /// Which sensors are compared with which, and the limits of that.
    pub neighbours: Neighbours,
    /// The rating curves of stations.
    pub ratings: BTreeMap<StationId, Ratings>,
    /// The reservoirs whose storage is known.
    pub reservoirs: Vec<Reservoir>,
    /// How long releases take to stations.
    pub travels: Vec<Travel>,
    /// What orders to release may say.
    pub release_terms: Terms,
    by_sensor: BTreeMap<SensorId, SensorIx>,
    by_station: BTreeMap<StationId, StationIx>,
}

/// What a city is put together from. Indexes are places in these vectors.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Stations; their `sensors` are filled in by [`City::assemble`].
    pub stations: Vec<Station>,
    /// Sensors; each names its station by place and by id.
    pub sensors: Vec<Sensor>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// Basins.
    pub basins: Vec<Basin>,
    /// Lines.
    pub lines: Vec<Line>,
}

/// Parts that make no city.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// Two things of a kind share an id or a name.
    #[error("two {kind}s are called {id:?}; each needs its own id")]
    Twice {
        /// What they are.
        kind: &'static str,
        /// What both are called.
        id: String,
    },
    /// Something is named that is not there.
    #[error("{who} names {kind} {id}, which is not in the city")]
    Absent {
        /// Who names it.
        who: String,
        /// What is named.
        kind: &'static str,
        /// Its id or place.
        id: String,
    },
}

impl City {
    /// Puts a city together and builds its indexes.
    ///
    /// # Errors
    /// Refuses ids or names given twice, and anything named that is not there.
    pub fn assemble(
        slug: &str,
        name: &str,
        utc_offset_min: i32,
        parts: Parts,
    ) -> Result<Self, AssembleError> {
        let Parts { mut stations, sensors, zones, basins, lines } = parts;
        unique("station", stations.iter().map(|s| s.id.as_str().to_owned()))?;
        unique("sensor", sensors.iter().map(|s| s.id.to_string()))?;
        unique("zone", zones.iter().map(|z| z.id.as_str().to_owned()))?;
        unique("basin", basins.iter().map(|b| b.id.as_str().to_owned()))?;
        unique("line", lines.iter().map(|l| l.name.clone()))?;
        for station in &mut stations {
            station.sensors.clear();
        }
        for (ix, sensor) in (0_u32..).map(SensorIx).zip(&sensors) {
            match stations.get_mut(sensor.station.at()).filter(|s| s.id == sensor.id.station) {
                Some(station) => station.sensors.push(ix),
                None => return Err(absent(&sensor.id, "station", &sensor.id.station)),
            }
        }
        let by_sensor = (0_u32..).map(SensorIx).zip(&sensors).map(|(ix, s)| (s.id.clone(), ix)).collect();
        let by_station = (0_u32..).map(StationIx).zip(&stations).map(|(ix, s)| (s.id.clone(), ix)).collect();
        let slug = slug.to_owned();
        let name = name.to_owned();
        let mut city = Self {
            slug,
            name,
            utc_offset_min,
            stations,
            sensors,
            zones,
            basins,
            lines,
            neighbours: Neighbours::default(),
            ratings: BTreeMap::new(),
            reservoirs: Vec::new(),
            travels: Vec::new(),
            release_terms: Terms::default(),
            by_sensor,
            by_station,
        };
        city.check_references()?;
        city.neighbours = Neighbours::of(&city);
        Ok(city)
    }

    fn check_references(&self) -> Result<(), AssembleError> {
        for station in &self.stations {
            if let Some(basin) = station.basin.as_ref().filter(|id| self.basin(id).is_none()) {
                return Err(absent(&station.id, "basin", basin));
            }
            if let Some(zone) = station.zones.iter().find(|id| self.zone(id).is_none()) {
                return Err(absent(&station.id, "zone", zone));
            }
        }
        let fed = self.sensors.iter().filter_map(|s| Some((s.id.to_string(), s.feeds?)));
        let gauges = self.basins.iter().flat_map(|b| b.gauges().iter().map(|ix| (b.id.to_string(), *ix)));
        let reached = self.lines.iter().flat_map(|l| l.sensors().into_iter().map(|ix| (l.name.clone(), ix)));
        match fed.chain(gauges).chain(reached).find(|(_, ix)| self.sensor(*ix).is_none()) {
            Some((who, ix)) => Err(absent(&who, "sensor", &ix.0)),
            None => Ok(()),
        }
    }

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

    /// Finds a basin by its id.
    pub fn basin(&self, id: &BasinId) -> Option<&Basin> {
        self.basins.iter().find(|basin| basin.id == *id)
    }

    /// What is known of a dam's reservoir.
    pub fn reservoir(&self, station: &StationId) -> Option<&Reservoir> {
        self.reservoirs.iter().find(|reservoir| reservoir.station == *station)
    }

    /// Pairs of zones that share more than 1 % of the smaller one, and how many per cent. Allowed,
    /// but seldom meant.
    pub fn overlapping_zones(&self) -> Vec<(&ZoneId, &ZoneId, f64)> {
        let boxes: Vec<_> = self.zones.iter().map(|zone| (zone, zone.shape.bounding_rect())).collect();
        let mut shared = Vec::new();
        for (n, (zone, own)) in boxes.iter().enumerate() {
            for (other, theirs) in boxes.iter().skip(n + 1) {
                let apart = own.zip(*theirs).is_none_or(|(own, theirs)| !own.intersects(&theirs));
                if apart {
                    continue;
                }
                let smaller = zone.shape.unsigned_area().min(other.shape.unsigned_area());
                let share = 100.0 * zone.shape.intersection(&other.shape).unsigned_area() / smaller;
                if share > 1.0 {
                    shared.push((&zone.id, &other.id, share));
                }
            }
        }
        shared
    }

    /// Whether any zone's boundary is approximate: good for a demo, not for telling people.
    pub fn has_approximate_zones(&self) -> bool {
        self.zones.iter().any(|zone| zone.boundary == Boundary::Approximate)
    }
}

fn unique(kind: &'static str, ids: impl Iterator<Item = String>) -> Result<(), AssembleError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id.clone()) {
            return Err(AssembleError::Twice { kind, id });
        }
    }
    Ok(())
}

fn absent(who: &impl std::fmt::Display, kind: &'static str, id: &impl std::fmt::Display) -> AssembleError {
    AssembleError::Absent { who: who.to_string(), kind, id: id.to_string() }
}
