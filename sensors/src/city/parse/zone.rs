//! `zones.toml`: wards and communes with their people and their outlines.

use geo::{Coord, LineString, MultiPolygon, Polygon, Validation};

use super::head::Bounds;
use crate::place::{Boundary, Position, Zone, ZoneId};
use crate::sheet::{Cell, Known, Row};

const BOUNDARIES: [(&str, Boundary); 2] =
    [("approximate", Boundary::Approximate), ("official", Boundary::Official)];

/// Reads the file: the zones, and the ids that others may name.
pub(super) fn read(top: Row<'_>, whole: bool, bounds: Bounds) -> (Vec<Zone>, Known<ZoneId>) {
    let mut known = Known::new("zone", "zones.toml", whole);
    let boundary = top.cell("boundary").and_then(|cell| cell.one_of(&BOUNDARIES));
    let mut zones = Vec::new();
    for row in top.rows("zone") {
        let id = row.need("id", "an id").and_then(|cell| Some((cell.id()?, cell)));
        let zone = read_zone(&row, boundary, bounds);
        row.close();
        let Some((id, cell)) = id else { continue };
        if known.add(&cell, id, Some(ZoneId::new(id))) {
            zones.push(Zone { id: ZoneId::new(id), ..zone });
        }
    }
    top.close();
    (zones, known)
}

/// Everything of a zone but its id; something harmless stands in for what is wrong.
fn read_zone(row: &Row<'_>, boundary: Option<Boundary>, bounds: Bounds) -> Zone {
    let code = row.need("code", "the official code as a text").and_then(|cell| cell.text());
    let name = row.need("name", "the name with its type").and_then(|cell| cell.text());
    let class = row.cell("class").and_then(|cell| Some(cell.id()?.to_owned()));
    let people = row.need("population", "people").and_then(|cell| cell.whole(0, 100_000_000));
    let centroid = super::station::position(row, bounds);
    let outlines = row.need("outlines_deg", "a list of closed rings of [longitude, latitude]");
    let shape = outlines.as_ref().and_then(|cell| shape_of(cell, bounds));
    let own = row.cell("boundary").and_then(|cell| cell.one_of(&BOUNDARIES));
    let boundary = own.or(boundary);
    if boundary.is_none() {
        row.note(
            "boundary",
            "the key is missing",
            "needed is one of approximate, official, here or at the top",
        );
    }
    Zone {
        id: ZoneId::new(""),
        code: code.unwrap_or_default().to_owned(),
        name: name.unwrap_or_default().to_owned(),
        class,
        population: people.and_then(|people| u32::try_from(people).ok()).unwrap_or_default(),
        centroid: centroid.unwrap_or(Position::NOWHERE),
        shape: shape.unwrap_or_else(|| MultiPolygon::new(Vec::new())),
        boundary: boundary.unwrap_or(Boundary::Approximate),
    }
}

/// Closed, simple rings that do not cross each other.
fn shape_of(cell: &Cell<'_>, bounds: Bounds) -> Option<MultiPolygon<f64>> {
    let rings = cell.list();
    if rings.is_empty() {
        cell.note("there is no ring", "needed is at least one closed ring of [longitude, latitude]");
        return None;
    }
    let polygons: Vec<Option<Polygon<f64>>> = rings.iter().map(|ring| polygon_of(ring, bounds)).collect();
    let shape = MultiPolygon::new(polygons.into_iter().collect::<Option<Vec<_>>>()?);
    if let Err(why) = shape.check_validation() {
        cell.note(
            format!("the rings cross: {why}"),
            "allowed are rings that do not touch or cross each other",
        );
        return None;
    }
    Some(shape)
}

/// One closed, simple ring.
pub(super) fn polygon_of(ring: &Cell<'_>, bounds: Bounds) -> Option<Polygon<f64>> {
    let corners: Vec<Option<Coord<f64>>> = ring.list().iter().map(|cell| corner_of(cell, bounds)).collect();
    let corners = corners.into_iter().collect::<Option<Vec<_>>>()?;
    if corners.len() < 4 || corners.first() != corners.last() {
        ring.note(
            format!("the ring of {} corners is not closed", corners.len()),
            "needed are at least four corners, the last one equal to the first",
        );
        return None;
    }
    let polygon = Polygon::new(LineString::new(corners), Vec::new());
    if let Err(why) = polygon.check_validation() {
        ring.note(format!("the ring is not simple: {why}"), "allowed is a ring that does not cross itself");
        return None;
    }
    Some(polygon)
}

fn corner_of(cell: &Cell<'_>, bounds: Bounds) -> Option<Coord<f64>> {
    let (x, y) = cell.pair()?;
    match bounds.place(y, x) {
        Ok(_) => Some(Coord { x, y }),
        Err((wrong, allowed)) => {
            cell.note(wrong, allowed);
            None
        }
    }
}
