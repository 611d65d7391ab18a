//! Who stands near whom: rain gauges by distance, an elevation difference counted as distance.

use crate::city::City;
use crate::parameter::Parameter;
use crate::place::Position;
use crate::station::{SensorIx, StationIx};

use super::RainLimits;

/// A neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its place among [`Graph::gauges`].
    pub place: usize,
    /// How far it stands in metres, elevation difference included.
    pub distance_m: i64,
    /// In which direction, in whole degrees from north.
    pub bearing_deg: i64,
}

/// The most neighbours that are kept of a gauge: where the nearest are silent, the next ones speak.
pub(super) const NEAR_MAX: usize = 16;

/// The rain gauges of a city with their nearest neighbours, the nearest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    gauges: Box<[SensorIx]>,
    near: Box<[Box<[Near]>]>,
    /// By sensor: one more than its place, 0 for what is no gauge.
    places: Box<[u32]>,
}

impl Graph {
    /// The graph of a city; `elevations` in metres, where they are known.
    pub fn of(city: &City, limits: &RainLimits, elevations: &[(StationIx, i64)]) -> Self {
        let mut gauges: Vec<(SensorIx, Position, Option<i64>)> = Vec::new();
        for (ix, sensor) in (0..).map(SensorIx).zip(&city.sensors) {
            if sensor.id.parameter != Parameter::Rainfall || sensor.id.name.is_some() {
                continue;
            }
            let Some(station) = city.station(sensor.station) else { continue };
            let elevation = elevations.iter().find(|(at, _)| *at == sensor.station).map(|(_, m)| *m);
            gauges.push((ix, station.position, elevation));
        }
        let near = gauges.iter().enumerate().map(|(own, from)| {
            let mut near: Vec<Near> = Vec::new();
            for (place, to) in gauges.iter().enumerate().filter(|(place, _)| *place != own) {
                let apart = from.1.distance_m(to.1).round() as i64;
                let climb = from.2.zip(to.2).map_or(0, |(a, b)| (a - b).abs());
                let distance_m = apart.saturating_add(climb.saturating_mul(limits.metres_per_elevation_m));
                if distance_m <= limits.distance_max_m {
                    near.push(Near { place, distance_m, bearing_deg: bearing(from.1, to.1) });
                }
            }
            near.sort_by_key(|near| (near.distance_m, near.place));
            near.truncate(NEAR_MAX);
            near.into_boxed_slice()
        });
        let near = near.collect();
        let mut places = vec![0; city.sensors.len()];
        for (place, (ix, ..)) in (1..).zip(&gauges) {
            if let Some(slot) = places.get_mut(ix.at()) {
                *slot = place;
            }
        }
        let gauges = gauges.into_iter().map(|(ix, ..)| ix).collect();
        Self { gauges, near, places: places.into() }
    }

    /// Every rain gauge, in the order of the city.
    pub fn gauges(&self) -> &[SensorIx] {
        &self.gauges
    }

    /// The neighbours of the gauge at a place, the nearest first.
    pub fn near(&self, place: usize) -> &[Near] {
        self.near.get(place).map_or(&[], |near| near)
    }

    /// The place of a sensor among the gauges.
    pub fn place(&self, sensor: SensorIx) -> Option<usize> {
        self.places.get(sensor.at())?.checked_sub(1).map(|place| place as usize)
    }
}

/// The initial bearing of the great circle, in whole degrees from north, `0..360`.
fn bearing(from: Position, to: Position) -> i64 {
    let (lat1, lat2) = (from.lat().to_radians(), to.lat().to_radians());
    let dlon = (to.lon() - from.lon()).to_radians();
    let east = libm::sin(dlon) * libm::cos(lat2);
    let north = libm::cos(lat1) * libm::sin(lat2) - libm::sin(lat1) * libm::cos(lat2) * libm::cos(dlon);
    (libm::atan2(east, north).to_degrees().round() as i64).rem_euclid(360)
}
