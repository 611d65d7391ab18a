//! Places: positions, zones with their people, basins.
//!
//! Distances here are on the sphere, in metres; nothing mixes them with degrees.

use std::sync::Arc;

use geo::{MultiPolygon, Polygon};

use crate::rain::Recession;
use crate::station::{SensorIx, text_id};
use crate::thiessen::Tessellation;

text_id!(
    /// A warning zone: a ward or commune, by slug.
    ZoneId
);
text_id!(
    /// A river basin or sub-basin, by slug.
    BasinId
);

/// A position in WGS 84 degrees, checked: latitude in -90..=90, longitude in -180..=180.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    lat: f64,
    lon: f64,
}

/// Mean radius of the earth in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Position {
    /// Stands in for a position that was wrong, so that whoever names the place is still judged.
    pub(crate) const NOWHERE: Self = Self { lat: 0.0, lon: 0.0 };

    /// A position, or `None` outside the globe.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_globe.then_some(Self { lat, lon })
    }

    /// Latitude in degrees north.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude in degrees east.
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Great-circle distance in metres (haversine on the mean sphere).
    pub fn distance_m(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let dlat = lat2 - lat1;
        let dlon = (other.lon - self.lon).to_radians();
        let (s, t) = (libm::sin(dlat / 2.0), libm::sin(dlon / 2.0));
        let h = s * s + libm::cos(lat1) * libm::cos(lat2) * t * t;
        2.0 * EARTH_RADIUS_M * libm::asin(libm::sqrt(h.clamp(0.0, 1.0)))
    }
}

/// How a zone's boundary came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// A cell around a centroid: for the demo; misplaces about a quarter of the people.
    Approximate,
    /// Imported from the authority.
    Official,
}

/// A warning zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// The official code of the ward or commune.
    pub code: String,
    /// Its name with its type, as "Phường Thuận Hóa".
    pub name: String,
    /// What kind of ground it is, in the city's own words, as "mountain"; rules may speak of one.
    pub class: Option<String>,
    /// The people who live there.
    pub population: u32,
    /// A point that stands for it.
    pub centroid: Position,
    /// Closed, valid polygons in degrees (x = longitude, y = latitude).
    pub shape: MultiPolygon<f64>,
    /// How the shape came to be.
    pub boundary: Boundary,
}

/// A basin whose mean rainfall is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Basin {
    /// Its id.
    pub id: BasinId,
    /// Its name as residents know it.
    pub name: String,
    /// Its area in km².
    pub area_km2: f64,
    /// What is inside of it, in degrees (x = longitude, y = latitude), where it is known.
    pub outline: Option<Polygon<f64>>,
    /// The rain gauges that stand for it, and what part of it each has: by its outline, else by
    /// weights that configuration gives, else all alike.
    pub rain: Arc<Tessellation>,
    /// How fast its wetness is lost.
    pub recession: Recession,
}

impl Basin {
    /// The rain gauges that stand for it, in the order of configuration.
    pub fn gauges(&self) -> &[SensorIx] {
        self.rain.gauges()
    }
}
