//! `ratings.toml`: the rating curves of stations, each with the date from which it is valid.
//!
//! A curve that is not enabled is checked like any other and then left out.

use std::collections::BTreeMap;

use super::station::Network;
use crate::parameter::Parameter;
use crate::quantity::{Discharge, Stage};
use crate::rating::{Between, Power, RatingCurve, RatingError, Ratings};
use crate::sheet::{Cell, Row};
use crate::station::{StationId, StationIx};
use crate::time::Timestamp;

/// The most points or parts of one curve.
const POINTS_MAX: usize = 1000;

/// Reads the file.
pub(super) fn read(top: Row<'_>, network: &Network<'_>) -> BTreeMap<StationId, Ratings> {
    let mut ratings: BTreeMap<StationId, Ratings> = BTreeMap::new();
    for row in top.rows("rating") {
        let cell = row.need("station", "a station");
        let station = cell.as_ref().and_then(|cell| station_with_stage(cell, network));
        let valid_from = row.need("valid_from", "a time as \"2025-01-01T00:00:00+07:00\"");
        let valid_from = valid_from.and_then(|cell| time(&cell));
        // Where it comes from, for people.
        let _ = row.need("source", "where the curve comes from").map(|cell| cell.text());
        let enabled = row.cell("enabled").and_then(|cell| cell.yes()).unwrap_or(true);
        let curve = curve(&row, valid_from.unwrap_or(Timestamp::MIN));
        row.close();
        if let (Some(cell), Some(station), Some(curve), Some(_), true) =
            (cell, station, curve, valid_from, enabled)
            && ratings.entry(station).or_default().add(curve).is_err()
        {
            cell.note("two curves of the station are valid from the same time", "each date is allowed once");
        }
    }
    top.close();
    ratings
}

fn station_with_stage(cell: &Cell<'_>, network: &Network<'_>) -> Option<StationId> {
    let ix: StationIx = network.ids.find(cell, cell.id()?)?;
    let id = network.id_of(ix, Parameter::Stage, None)?;
    if network.sensor(&id).is_none() {
        cell.note(format!("station {} measures no stage", id.station), "allowed are stations with a stage");
        return None;
    }
    Some(id.station)
}

fn time(cell: &Cell<'_>) -> Option<Timestamp> {
    let time = Timestamp::parse_rfc3339(cell.text()?);
    match time {
        Ok(time) => Some(time),
        Err(why) => {
            cell.note(why.to_string(), "allowed is RFC 3339 with an offset");
            None
        }
    }
}

/// A curve as points, or as parts with a power law each.
fn curve(row: &Row<'_>, valid_from: Timestamp) -> Option<RatingCurve> {
    let (points, parts) = (row.cell("points_m_m3_s"), row.cell("part"));
    let zero = row.cell("h0_m");
    let words = [("straight", false), ("logarithmic", true)];
    let logarithmic = row.cell("between").and_then(|cell| cell.one_of(&words)).unwrap_or(false);
    let (cell, curve) = match (points, parts) {
        (Some(cell), None) => {
            if let Some(zero) = zero.as_ref().filter(|_| !logarithmic) {
                zero.note(
                    "h0_m has no meaning on straight lines",
                    "allowed beside between = \"logarithmic\"",
                );
            }
            let zero = zero.and_then(|cell| millimetres(&cell)).unwrap_or_default();
            let between =
                if logarithmic { Between::Logarithmic(Stage::from_mm(zero)) } else { Between::Straight };
            let curve = RatingCurve::table(valid_from, points_of(&cell)?, between);
            (cell, curve)
        }
        (None, Some(cell)) => {
            let rows = cell.list();
            let parts: Vec<_> = rows.iter().take(POINTS_MAX).map(power).collect();
            let curve = RatingCurve::powers(valid_from, parts.into_iter().collect::<Option<Vec<_>>>()?);
            (cell, curve)
        }
        _ => {
            row.note("", "a curve is one thing", "needed is one of points_m_m3_s, [[rating.part]]");
            return None;
        }
    };
    curve
        .map_err(|why: RatingError| cell.note(why.to_string(), "allowed is a strictly increasing curve"))
        .ok()
}

fn points_of(cell: &Cell<'_>) -> Option<Vec<(Stage, Discharge)>> {
    let cells = cell.list();
    if cells.len() > POINTS_MAX {
        cell.note(format!("{} points are given", cells.len()), format!("allowed are {POINTS_MAX}"));
        return None;
    }
    let point = |cell: &Cell<'_>| {
        let (m, m3_s) = cell.pair()?;
        Some((Stage::from_mm(fixed(cell, m)?), Discharge::from_l_per_s(fixed(cell, m3_s)?)))
    };
    cells.iter().map(point).collect()
}

fn power(cell: &Cell<'_>) -> Option<Power> {
    let row = cell.row()?;
    let stage = |key: &str| {
        row.need(key, "a stage in metres").and_then(|cell| millimetres(&cell)).map(Stage::from_mm)
    };
    let (from, to, h0) = (stage("from_m"), stage("to_m"), stage("h0_m"));
    let number = |key: &str| row.need(key, "a number of Q = a * (h - h0)^b").and_then(|cell| cell.number());
    let (a, b) = (number("a"), number("b"));
    row.close();
    Some(Power { from: from?, to: to?, a: a?, b: b?, h0: h0? })
}

fn millimetres(cell: &Cell<'_>) -> Option<i64> {
    fixed(cell, cell.number()?)
}

/// Thousandths of a number that any river could have.
fn fixed(cell: &Cell<'_>, number: f64) -> Option<i64> {
    if number.abs() > 1e6 {
        cell.note(format!("{number} is more than any river has"), "allowed is at most a million");
        return None;
    }
    Some((number * 1000.0).round() as i64)
}
