//! Wind: a background with gusts, and a vortex where the storm has one.
//!
//! Directions are where the wind comes from, in degrees.

use sensors::place::Position;

use crate::course::Course;

/// The wind of a storm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wind {
    pub(crate) speed_m_s: Course,
    pub(crate) from_deg: Course,
    pub(crate) gust_factor: f64,
    pub(crate) vortices: Vec<Vortex>,
}

/// A tropical cyclone of Rankine's form, moving in a straight line.
#[derive(Clone, Debug)]
pub(crate) struct Vortex {
    /// Where its centre is at `passes_h`.
    pub(crate) at: Position,
    pub(crate) passes_h: f64,
    pub(crate) east_km_h: f64,
    pub(crate) north_km_h: f64,
    pub(crate) peak_m_s: f64,
    pub(crate) radius_km: f64,
}

const KM_PER_DEG: f64 = 111.195;

impl Wind {
    /// Mean speed (m/s) and direction (degrees, from) at a place.
    pub(crate) fn at(&self, place: Position, hour: f64) -> (f64, f64) {
        let speed = self.speed_m_s.at(hour);
        let toward = (self.from_deg.at(hour) + 180.0).to_radians();
        let (mut east, mut north) = (speed * libm::sin(toward), speed * libm::cos(toward));
        for vortex in &self.vortices {
            let (e, n) = vortex.at(place, hour);
            east += e;
            north += n;
        }
        let from = libm::atan2(-east, -north).to_degrees();
        (libm::hypot(east, north), if from < 0.0 { from + 360.0 } else { from })
    }
}

impl Vortex {
    /// Counter-clockwise, as on the northern half of the globe; components to east and north.
    fn at(&self, place: Position, hour: f64) -> (f64, f64) {
        let since = hour - self.passes_h;
        let north_km = (place.lat() - self.at.lat()) * KM_PER_DEG - self.north_km_h * since;
        let narrowing = libm::cos(self.at.lat().to_radians());
        let east_km = (place.lon() - self.at.lon()) * KM_PER_DEG * narrowing - self.east_km_h * since;
        let away_km = libm::hypot(east_km, north_km).max(0.1);
        let inside = away_km / self.radius_km;
        let speed = self.peak_m_s * if inside < 1.0 { inside } else { libm::pow(inside, -0.6) };
        (-speed * north_km / away_km, speed * east_km / away_km)
    }
}
