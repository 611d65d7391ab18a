//! Where a message holds: the zones of the city as `area` elements, written once for a configuration.
//!
//! Outlines are never simplified: who writes them decides how fine they are. CAP has no word for a
//! hole, so that an outline with holes is said without them, larger than it is and never smaller.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use geo::LineString;
use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::place::{Zone, ZoneId};

use super::page::Page;

/// The outlines of all zones may not be longer than this in one language of a message.
pub const AREAS_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The `area` element of every zone. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Areas(Arc<BTreeMap<ZoneId, String>>);

impl Areas {
    /// Writes every zone of a city; `geocode` says whose codes they have, `file` is what is wrong
    /// where they are too long.
    ///
    /// # Errors
    /// When they are longer than [`AREAS_BYTES_MAX`].
    pub fn write(file: &str, city: &City, geocode: &str) -> Result<Self, Vec<Mistake>> {
        let areas: BTreeMap<ZoneId, String> =
            city.zones.iter().map(|zone| (zone.id.clone(), area(zone, geocode))).collect();
        let bytes: usize = areas.values().map(String::len).sum();
        if bytes <= AREAS_BYTES_MAX {
            return Ok(Self(Arc::new(areas)));
        }
        let (file, key) = (file.to_owned(), "out".to_owned());
        let wrong = format!("the outlines of zones.toml take {bytes} bytes in every message");
        let allowed =
            format!("allowed are {AREAS_BYTES_MAX}; give coarser outlines, they are not simplified");
        Err(vec![Mistake { file, line: 0, key, wrong, allowed }])
    }

    /// The element of a zone.
    pub fn of(&self, zone: &ZoneId) -> Option<&str> {
        self.0.get(zone).map(String::as_str)
    }
}

fn area(zone: &Zone, geocode: &str) -> String {
    let mut page = Page::new();
    page.open("area", &[]);
    page.leaf("areaDesc", &zone.name);
    for polygon in &zone.shape {
        page.leaf("polygon", &ring(polygon.exterior()));
    }
    page.pair("geocode", geocode, &zone.code);
    page.close("area");
    page.into_text()
}

/// A closed ring as `lat,lon` pairs; empty where it encloses nothing.
fn ring(outline: &LineString<f64>) -> String {
    let mut text = String::new();
    if outline.0.len() < 4 || !outline.is_closed() {
        return text;
    }
    for corner in outline {
        let space = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{space}{},{}", corner.y, corner.x);
    }
    text
}
