//! The sections of a storm file as they are written, and their checks.
//!
//! Serde stays in here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sensors::mistake::Mistake;
use sensors::place::Position;
use sensors::time::{Span, Timestamp};
use serde::Deserialize;

use super::{Soil, Storm, rivers_named};
use crate::course::Course;
use crate::fault::{Fault, Kind, Of};
use crate::rain::Cell;
use crate::river::Rivers;
use crate::source::{At, Source};
use crate::tide::{Constituent, Tide};
use crate::water::reservoir::{Control, Plan};
use crate::wind::{Vortex, Wind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    name: String,
    about: String,
    rivers: String,
    begins: String,
    duration_h: u32,
    seed: u64,
    background_mm_h: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CellSection {
    lat: f64,
    lon: f64,
    #[serde(default)]
    east_km_h: f64,
    #[serde(default)]
    north_km_h: f64,
    radius_km: f64,
    peak_mm_h: f64,
    begins_h: f64,
    crest_h: f64,
    ends_h: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TideSection {
    mean_m: f64,
    parts: Vec<TidePart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TidePart {
    amplitude_m: f64,
    period_h: f64,
    high_h: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindSection {
    speed_m_s: Vec<[f64; 2]>,
    from_deg: Vec<[f64; 2]>,
    gust_factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VortexSection {
    lat: f64,
    lon: f64,
    passes_h: f64,
    east_km_h: f64,
    north_km_h: f64,
    peak_m_s: f64,
    radius_km: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoilSection {
    basin: String,
    wetness: f64,
    baseflow_m3s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanSection {
    station: String,
    pool_m: f64,
    release_m3s: Vec<[f64; 2]>,
    control_station: Option<String>,
    control_stage_m: Option<f64>,
    control_share: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelSection {
    cell: String,
    level_m: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultSection {
    station: Option<String>,
    line: Option<String>,
    kind: String,
    from: Option<String>,
    to: Option<String>,
    share: Option<f64>,
    by_s: Option<i64>,
}

/// Reads everything, or says everything that is wrong.
pub(super) fn storm(mut source: Source<'_>) -> Result<Storm, Vec<Mistake>> {
    let Some((at, head)) = source.one::<Head>("storm") else { return Err(source.close(KNOWN)) };
    let begins = moment(&mut source, &at, "begins", &head.begins);
    source.within(&at, "duration_h", f64::from(head.duration_h), (1.0, 240.0));
    let rivers = rivers(&mut source, &at, &head.rivers);
    let duration = Span::from_h(i64::from(head.duration_h));
    let storm = Storm {
        background: course(&mut source, &at, "background_mm_h", &head.background_mm_h, (0.0, 500.0)),
        name: head.name,
        about: head.about,
        begins,
        duration,
        seed: head.seed,
        cells: cells(&mut source),
        tide: tide(&mut source),
        wind: wind(&mut source),
        soils: soils(&mut source, &rivers),
        plans: plans(&mut source, &rivers),
        levels_m: levels(&mut source, &rivers),
        faults: faults(&mut source, (begins, begins.plus(duration))),
        post_positions: vec![None; rivers.posts.len()],
        rivers,
    };
    match source.close(KNOWN) {
        mistakes if mistakes.is_empty() => Ok(storm),
        mistakes => Err(mistakes),
    }
}

const KNOWN: &str = "sections are storm, cell, tide, wind, vortex, soil, reservoir, level and fault";

fn moment(source: &mut Source<'_>, at: &At, key: &str, text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap_or_else(|error| {
        source.wrong(at, key, &error.to_string(), "write it with +07:00");
        Timestamp::default()
    })
}

fn rivers(source: &mut Source<'_>, at: &At, name: &str) -> Rivers {
    let Some((file, text)) = rivers_named(name) else {
        source.wrong(at, "rivers", &format!("{name:?} is unknown"), "rivers are hue");
        return Rivers::default();
    };
    Rivers::parse(file, text).unwrap_or_else(|mistakes| {
        for mistake in mistakes {
            source.wrong(at, "rivers", &mistake.to_string(), "mend that file");
        }
        Rivers::default()
    })
}

fn course(source: &mut Source<'_>, at: &At, key: &str, points: &[[f64; 2]], range: (f64, f64)) -> Course {
    for point in points {
        source.within(at, key, point[1], range);
    }
    Course::new(points).unwrap_or_else(|| {
        source.wrong(at, key, "hours do not rise", "write [[hour, value], ..] with rising hours");
        Course::default()
    })
}

fn place(source: &mut Source<'_>, at: &At, lat: f64, lon: f64) -> Option<Position> {
    let found = Position::new(lat, lon);
    if found.is_none() {
        source.wrong(at, "lat", &format!("{lat}, {lon} is off the globe"), "write degrees north and east");
    }
    found
}

fn cells(source: &mut Source<'_>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (at, cell) in source.many::<CellSection>("cell") {
        source.within(&at, "radius_km", cell.radius_km, (0.5, 500.0));
        source.within(&at, "peak_mm_h", cell.peak_mm_h, (0.0, 500.0));
        if !(cell.begins_h < cell.crest_h && cell.crest_h < cell.ends_h) {
            source.wrong(&at, "crest_h", "is not between begins_h and ends_h", "begins_h < crest_h < ends_h");
        }
        let Some(centre) = place(source, &at, cell.lat, cell.lon) else { continue };
        cells.push(Cell {
            at: centre,
            east_km_h: cell.east_km_h,
            north_km_h: cell.north_km_h,
            radius_km: cell.radius_km,
            peak_mm_h: cell.peak_mm_h,
            begins_h: cell.begins_h,
            crest_h: cell.crest_h,
            ends_h: cell.ends_h,
        });
    }
    cells
}

fn tide(source: &mut Source<'_>) -> Tide {
    let Some((at, tide)) = source.one::<TideSection>("tide") else { return Tide::default() };
    let mut parts = Vec::new();
    for part in &tide.parts {
        source.within(&at, "parts", part.period_h, (1.0, 10_000.0));
        source.within(&at, "parts", part.amplitude_m, (0.0, 10.0));
        let TidePart { amplitude_m, period_h, high_h } = *part;
        parts.push(Constituent { amplitude_m, period_h, high_h });
    }
    Tide { mean_m: tide.mean_m, parts }
}

fn wind(source: &mut Source<'_>) -> Wind {
    let Some((at, wind)) = source.one::<WindSection>("wind") else { return Wind::default() };
    source.within(&at, "gust_factor", wind.gust_factor, (1.0, 3.0));
    let mut vortices = Vec::new();
    for (at, vortex) in source.many::<VortexSection>("vortex") {
        source.within(&at, "peak_m_s", vortex.peak_m_s, (0.0, 100.0));
        source.within(&at, "radius_km", vortex.radius_km, (5.0, 500.0));
        let Some(centre) = place(source, &at, vortex.lat, vortex.lon) else { continue };
        vortices.push(Vortex {
            at: centre,
            passes_h: vortex.passes_h,
            east_km_h: vortex.east_km_h,
            north_km_h: vortex.north_km_h,
            peak_m_s: vortex.peak_m_s,
            radius_km: vortex.radius_km,
        });
    }
    Wind {
        speed_m_s: course(source, &at, "speed_m_s", &wind.speed_m_s, (0.0, 100.0)),
        from_deg: course(source, &at, "from_deg", &wind.from_deg, (0.0, 720.0)),
        gust_factor: wind.gust_factor,
        vortices,
    }
}

/// One section for each of the names; what is missing, unknown or there twice is a mistake.
fn each<T>(
    source: &mut Source<'_>,
    (section, key): (&str, &str),
    names: &[&str],
    found: Vec<(At, String, T)>,
) -> Vec<Option<(At, T)>> {
    let mut by_name = BTreeMap::new();
    for (at, name, value) in found {
        if names.contains(&name.as_str()) {
            match by_name.entry(name) {
                Entry::Vacant(free) => {
                    free.insert((at, value));
                }
                Entry::Occupied(taken) => {
                    source.wrong(&at, key, &format!("{:?} stands twice", taken.key()), "write each once");
                }
            }
        } else {
            let allowed = format!("names are {}", names.join(", "));
            source.wrong(&at, key, &format!("{name:?} is unknown"), &allowed);
        }
    }
    let mut sorted = Vec::new();
    for name in names {
        let value = by_name.remove(*name);
        if value.is_none() {
            let wrong = format!("{key} {name:?} is missing");
            source.wrong(&At::default(), section, &wrong, &format!("write a section [[{section}]] for it"));
        }
        sorted.push(value);
    }
    sorted
}

fn soils(source: &mut Source<'_>, rivers: &Rivers) -> Vec<Soil> {
    let names: Vec<&str> = rivers.basins.iter().map(|basin| basin.id.as_str()).collect();
    let found = source.many::<SoilSection>("soil").into_iter().map(|(at, s)| (at, s.basin.clone(), s));
    let found = found.collect();
    let mut soils = Vec::new();
    for (at, soil) in each(source, ("soil", "basin"), &names, found).into_iter().flatten() {
        source.within(&at, "wetness", soil.wetness, (0.0, 1.0));
        source.within(&at, "baseflow_m3s", soil.baseflow_m3s, (0.0, 10_000.0));
        soils.push(Soil { wetness: soil.wetness, baseflow_m3s: soil.baseflow_m3s });
    }
    soils
}

fn plans(source: &mut Source<'_>, rivers: &Rivers) -> Vec<Plan> {
    let names: Vec<&str> = rivers.reservoirs.iter().map(|dam| dam.shape.station.as_str()).collect();
    let found = source.many::<PlanSection>("reservoir").into_iter().map(|(at, p)| (at, p.station.clone(), p));
    let found = found.collect();
    let mut plans = Vec::new();
    for (at, plan) in each(source, ("reservoir", "station"), &names, found).into_iter().flatten() {
        source.within(&at, "pool_m", plan.pool_m, (0.0, 3000.0));
        let orders = course(source, &at, "release_m3s", &plan.release_m3s, (0.0, 50_000.0));
        let control = control(source, &at, rivers, &plan);
        plans.push(Plan { pool_m: plan.pool_m, orders, control });
    }
    plans
}

fn control(source: &mut Source<'_>, at: &At, rivers: &Rivers, plan: &PlanSection) -> Option<Control> {
    let station = plan.control_station.as_deref()?;
    let Some(gauge) = rivers.gauge(station) else {
        source.wrong(
            at,
            "control_station",
            &format!("{station:?} is no gauge"),
            "name a gauge of the rivers",
        );
        return None;
    };
    let Some(stage_m) = plan.control_stage_m else {
        source.wrong(at, "control_stage_m", "is missing", "a control station needs its control stage");
        return None;
    };
    let share = plan.control_share.unwrap_or(1.0);
    source.within(at, "control_share", share, (0.0, 1.0));
    Some(Control { gauge, stage_m, share })
}

fn levels(source: &mut Source<'_>, rivers: &Rivers) -> Vec<f64> {
    let names: Vec<&str> = rivers.cells.iter().map(|cell| cell.id.as_str()).collect();
    let found = source.many::<LevelSection>("level").into_iter().map(|(at, l)| (at, l.cell.clone(), l));
    let found = found.collect();
    let mut levels = Vec::new();
    for (at, level) in each(source, ("level", "cell"), &names, found).into_iter().flatten() {
        source.within(&at, "level_m", level.level_m, (-5.0, 20.0));
        levels.push(level.level_m);
    }
    levels
}

fn faults(source: &mut Source<'_>, whole: (Timestamp, Timestamp)) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (at, fault) in source.many::<FaultSection>("fault") {
        let from = fault.from.as_deref().map_or(whole.0, |text| moment(source, &at, "from", text));
        let to = fault.to.as_deref().map_or(Timestamp::MAX, |text| moment(source, &at, "to", text));
        if from >= to {
            source.wrong(&at, "to", "is not after from", "a fault ends after it begins, or has no end");
        }
        let Some(kind) = kind(source, &at, &fault) else { continue };
        let of = match (fault.station, fault.line) {
            (Some(station), None) if kind != Kind::Cut => Of::Station(station),
            (None, Some(line)) if kind == Kind::Cut => Of::Line(line),
            _ => {
                let allowed = "write line for a cut and station for everything else, one of the two";
                source.wrong(&at, "station", "does not fit its kind", allowed);
                continue;
            }
        };
        faults.push(Fault { of, kind, from, to });
    }
    faults
}

fn kind(source: &mut Source<'_>, at: &At, fault: &FaultSection) -> Option<Kind> {
    let by = fault.by_s.map(Span::from_s);
    let kind = match (fault.kind.as_str(), fault.share, by) {
        ("clogged", Some(share), None) if (0.0..=1.0).contains(&share) => Kind::Clogged { share },
        ("zero", None, None) => Kind::Zero,
        ("dead", None, None) => Kind::Dead,
        ("stuck", None, None) => Kind::Stuck,
        ("sentinel", None, None) => Kind::Sentinel,
        ("late", None, Some(by)) if by > Span::ZERO => Kind::Late { by },
        ("clock_off", None, Some(by)) => Kind::ClockOff { by },
        ("cut", None, None) => Kind::Cut,
        (kind, ..) => {
            let allowed = "kinds are clogged (with share 0 to 1), zero, dead, stuck, sentinel, \
                           late (with by_s > 0), clock_off (with by_s) and cut";
            source.wrong(at, "kind", &format!("{kind:?} with these keys is no fault"), allowed);
            return None;
        }
    };
    Some(kind)
}
