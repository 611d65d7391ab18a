//! The rain field: a background that leans on high ground, and cells that move.
//!
//! It is a plain function of place and hour; a storm is made of it, a gauge samples it.

use sensors::place::Position;

use crate::course::Course;
use crate::river::Ridge;

/// A rain cell that moves in a straight line, grows to its peak and fades.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// Where its centre is at its crest.
    pub(crate) at: Position,
    pub(crate) east_km_h: f64,
    pub(crate) north_km_h: f64,
    /// Distance at which the rain has fallen to 1/e of that at the centre.
    pub(crate) radius_km: f64,
    pub(crate) peak_mm_h: f64,
    pub(crate) begins_h: f64,
    pub(crate) crest_h: f64,
    pub(crate) ends_h: f64,
}

/// The rain of a storm over the ridges of a city.
#[derive(Clone, Debug)]
pub(crate) struct Field<'s> {
    pub(crate) background: &'s Course,
    pub(crate) cells: &'s [Cell],
    pub(crate) ridges: &'s [Ridge],
}

/// Kilometres in a degree of latitude on the mean sphere.
const KM_PER_DEG: f64 = 111.195;

impl Field<'_> {
    /// Rain rate at a place, mm/h.
    pub(crate) fn rate_mm_h(&self, at: Position, hour: f64) -> f64 {
        let lean = self.ridges.iter().map(|ridge| {
            let away = ridge.at.distance_m(at) / 1000.0 / ridge.radius_km;
            ridge.more * libm::exp(-away * away)
        });
        let background = self.background.at(hour) * (1.0 + lean.sum::<f64>()).max(0.0);
        background + self.cells.iter().map(|cell| cell.rate_mm_h(at, hour)).sum::<f64>()
    }
}

impl Cell {
    fn rate_mm_h(&self, at: Position, hour: f64) -> f64 {
        let strength = if hour <= self.begins_h || hour >= self.ends_h {
            return 0.0;
        } else if hour <= self.crest_h {
            (hour - self.begins_h) / (self.crest_h - self.begins_h)
        } else {
            (self.ends_h - hour) / (self.ends_h - self.crest_h)
        };
        let since = hour - self.crest_h;
        let north = (at.lat() - self.at.lat()) * KM_PER_DEG - self.north_km_h * since;
        let narrowing = libm::cos(self.at.lat().to_radians());
        let east = (at.lon() - self.at.lon()) * KM_PER_DEG * narrowing - self.east_km_h * since;
        let away = (north * north + east * east) / (self.radius_km * self.radius_km);
        self.peak_mm_h * strength * libm::exp(-away)
    }
}
