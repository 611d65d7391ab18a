//! `city.toml`: what the city is called, what its clocks show, where on the globe it lies.

use crate::place::Position;
use crate::sheet::Row;

/// The opening of a city.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) utc_offset_min: i32,
    pub(super) bounds: Bounds,
}

/// A box in degrees in which everything of the city lies; the whole globe until it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) south: f64,
    pub(super) north: f64,
    pub(super) west: f64,
    pub(super) east: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { south: -90.0, north: 90.0, west: -180.0, east: 180.0 }
    }
}

impl Bounds {
    /// The position, or what is wrong with it and what is allowed.
    pub(super) fn place(&self, lat: f64, lon: f64) -> Result<Position, (String, String)> {
        let Some(position) = Position::new(lat, lon) else {
            let wrong = format!("{lat}, {lon} is not on the globe");
            return Err((wrong, "allowed are latitudes -90 to 90, longitudes -180 to 180".to_owned()));
        };
        let Self { south, north, west, east } = *self;
        if (south..=north).contains(&lat) && (west..=east).contains(&lon) {
            return Ok(position);
        }
        let wrong = format!("latitude {lat}, longitude {lon} lies outside the city's bounds");
        Err((wrong, format!("allowed are latitudes {south} to {north}, longitudes {west} to {east}")))
    }
}

/// Reads the file; what is wrong stands in the log and is empty here.
pub(super) fn read(row: Row<'_>) -> Head {
    let slug = row.need("slug", "a slug, as \"hue\"").and_then(|cell| cell.id());
    let name = row.need("name", "the city's name").and_then(|cell| cell.text());
    let offset = row.need("utc_offset_min", "minutes east of UTC").and_then(|cell| cell.whole(-720, 840));
    let bounds = row.need("bounds", "a table of south_deg, north_deg, west_deg, east_deg");
    let bounds = bounds.and_then(|cell| cell.row()).and_then(bounds_of);
    row.close();
    Head {
        slug: slug.unwrap_or_default().to_owned(),
        name: name.unwrap_or_default().to_owned(),
        utc_offset_min: offset.unwrap_or_default() as i32,
        bounds: bounds.unwrap_or_default(),
    }
}

fn bounds_of(row: Row<'_>) -> Option<Bounds> {
    let side = |key| row.need(key, "degrees").and_then(|cell| cell.number());
    let (south, north) = (side("south_deg"), side("north_deg"));
    let (west, east) = (side("west_deg"), side("east_deg"));
    let bounds = Bounds { south: south?, north: north?, west: west?, east: east? };
    let on_globe = Position::new(bounds.south, bounds.west).and(Position::new(bounds.north, bounds.east));
    if on_globe.is_none() || bounds.south >= bounds.north || bounds.west >= bounds.east {
        row.note("", "the sides are not in order", "allowed is south < north and west < east, on the globe");
        return None;
    }
    row.close();
    Some(bounds)
}
