//! `reservoirs.toml`: what the reservoirs hold, and how long their releases take to stations.

use super::station::Network;
use crate::parameter::Parameter;
use crate::quantity::{Discharge, Elevation, Volume};
use crate::reservoir::{Reservoir, StorageCurve, Terms};
use crate::sheet::{Cell, Row};
use crate::station::{StationId, StationIx};
use crate::time::Span;
use crate::travel::{Range, Travel};

/// The step of a pool level when nothing else is configured: a centimetre.
const RESOLUTION: Elevation = Elevation::from_mm(10);

/// Travel times may be so long, seconds: the lagoon holds floods back for days.
const TRAVEL_MAX_S: i64 = 10 * 86_400;

/// An order may be asked for so long before, seconds.
const NOTICE_MAX_S: i64 = 7 * 86_400;
/// No dam lets out more than this, m³/s.
const RISE_MAX_M3_S: i64 = 100_000;

/// Reads the file.
pub(super) fn read(top: Row<'_>, network: &Network<'_>) -> (Vec<Reservoir>, Vec<Travel>, Terms) {
    let mut reservoirs: Vec<Reservoir> = Vec::new();
    let mut terms = terms(&top);
    for row in top.rows("reservoir") {
        let cell = row.need("station", "a dam");
        let station = cell.as_ref().and_then(|cell| dam(cell, network));
        let reservoir = reservoir(&row, station.clone());
        let largest = row.cell("largest_release_m3_s").and_then(|cell| fixed(&cell, 1e3));
        row.close();
        let (Some(cell), Some(station)) = (cell, station) else { continue };
        if reservoirs.iter().any(|other| other.station == station) {
            cell.note(format!("reservoir {station} is given twice"), "each is allowed once");
        } else {
            terms.largest.extend(largest.map(|l_per_s| (station, Discharge::from_l_per_s(l_per_s))));
            reservoirs.push(reservoir);
        }
    }
    let mut travels: Vec<Travel> = Vec::new();
    for row in top.rows("travel") {
        let travel = travel(&row, network);
        let same = |other: &Travel| {
            travel.as_ref().is_some_and(|t| (t.dam(), t.station()) == (other.dam(), other.station()))
        };
        if travels.iter().any(same) {
            row.note("", "the travel time of these two is given twice", "each pair is allowed once");
        } else {
            travels.extend(travel);
        }
        row.close();
    }
    top.close();
    (reservoirs, travels, terms)
}

fn terms(top: &Row<'_>) -> Terms {
    let default = Terms::default();
    let notice = top.cell("release_notice_s").and_then(|cell| cell.whole(0, NOTICE_MAX_S));
    let rise = top.cell("release_rise_m3_s").and_then(|cell| cell.whole(1, RISE_MAX_M3_S));
    let rise = rise.map(|m3_s| Discharge::from_l_per_s(m3_s * 1000));
    let percent = top.cell("release_plausible_percent").and_then(|cell| cell.whole(100, 1000));
    let plausible_percent = percent.unwrap_or(default.plausible_percent);
    Terms { notice: notice.map(Span::from_s), rise, plausible_percent, ..default }
}

/// A station that measures a pool level or a release.
fn dam(cell: &Cell<'_>, network: &Network<'_>) -> Option<StationId> {
    let ix: StationIx = network.ids.find(cell, cell.id()?)?;
    let measures = |parameter| network.id_of(ix, parameter, None).filter(|id| network.sensor(id).is_some());
    let found = measures(Parameter::PoolLevel).or_else(|| measures(Parameter::Release));
    if found.is_none() {
        cell.note("the station is no dam", "allowed are stations with a pool_level or a release");
    }
    found.map(|id| id.station)
}

fn reservoir(row: &Row<'_>, station: Option<StationId>) -> Reservoir {
    let level = |key: &str| row.cell(key).and_then(|cell| fixed(&cell, 1e3)).map(Elevation::from_mm);
    let normal_level = level("normal_m");
    let stored = row.cell("normal_Mm3").and_then(|cell| fixed(&cell, 1e6)).map(Volume::from_m3);
    if normal_level.is_some() != stored.is_some() {
        row.note("normal_m", "the normal pool is half given", "needed are both normal_m and normal_Mm3");
    }
    let (dead, surcharge) = (level("dead_m"), level("surcharge_m"));
    let ordered = [dead, normal_level, surcharge];
    if !ordered.iter().flatten().is_sorted() {
        row.note("", "the levels are not in order", "allowed is dead_m <= normal_m <= surcharge_m");
    }
    let resolution = row.cell("resolution_m").and_then(|cell| Some((fixed(&cell, 1e3)?, cell)));
    if let Some((_, cell)) = resolution.as_ref().filter(|(mm, _)| !(1..=1000).contains(mm)) {
        cell.note("a pool level is not told in such steps", "allowed is 0.001 to 1 m");
    }
    let curve = row.cell("curve_m_Mm3").and_then(|cell| curve(&cell));
    Reservoir {
        station: station.unwrap_or_else(|| StationId::new("")),
        normal: normal_level.zip(stored),
        dead,
        surcharge,
        curve,
        resolution: resolution.map_or(RESOLUTION, |(mm, _)| Elevation::from_mm(mm)),
    }
}

fn curve(cell: &Cell<'_>) -> Option<StorageCurve> {
    let points = cell.list();
    if points.len() > 10_000 {
        cell.note(format!("{} points are given", points.len()), "allowed are 10000");
        return None;
    }
    let point = |cell: &Cell<'_>| {
        let (m, millions) = cell.pair()?;
        Some((Elevation::from_mm(scaled(cell, m, 1e3)?), Volume::from_m3(scaled(cell, millions, 1e6)?)))
    };
    let points = points.iter().map(point).collect::<Option<Vec<_>>>()?;
    let refused = |why: crate::reservoir::StorageError| {
        cell.note(
            why.to_string(),
            "allowed are pairs of elevation and storage, each above the one before it",
        );
    };
    StorageCurve::new(points).map_err(refused).ok()
}

fn fixed(cell: &Cell<'_>, scale: f64) -> Option<i64> {
    scaled(cell, cell.number()?, scale)
}

fn scaled(cell: &Cell<'_>, number: f64, scale: f64) -> Option<i64> {
    if number.abs() > 1e6 {
        cell.note(format!("{number} is more than any reservoir has"), "allowed is at most a million");
        return None;
    }
    Some((number * scale).round() as i64)
}

fn travel(row: &Row<'_>, network: &Network<'_>) -> Option<Travel> {
    let from = row.need("dam", "a dam").and_then(|cell| dam(&cell, network));
    let to = row.need("station", "a station below it");
    let to = to.and_then(|cell| network.ids.find(&cell, cell.id()?));
    let to = to.and_then(|ix| Some(network.stations.get(ix.at())?.id.clone()));
    let first_rise = range(row, "first_rise_s");
    let crest = range(row, "crest_s");
    match Travel::new(from?, to?, first_rise?, crest?) {
        Ok(travel) => Some(travel),
        Err(why) => {
            row.note("first_rise_s", why.to_string(), "allowed is [earliest, latest], the crest later");
            None
        }
    }
}

fn range(row: &Row<'_>, key: &str) -> Option<Range<Span>> {
    let cell = row.need(key, "[earliest, latest] in seconds")?;
    let ends = cell.list();
    let [earliest, latest] = ends.as_slice() else {
        cell.note(format!("{} values are given", ends.len()), "allowed are exactly two, [earliest, latest]");
        return None;
    };
    let seconds = |cell: &Cell<'_>| cell.whole(0, TRAVEL_MAX_S).map(Span::from_s);
    Some((seconds(earliest)?, seconds(latest)?))
}
