//! The rivers of a city as water sees them: sub-basins, reservoirs, reaches, cells, gauges.
//!
//! Written by us from published facts (`simulator/rivers/<city>.toml`); it holds geography only,
//! no thresholds and no storm.

use std::collections::BTreeMap;

use sensors::mistake::Mistake;
use sensors::place::Position;

use crate::source::{At, Source};
use crate::water::basin::BasinShape;
use crate::water::reservoir::ReservoirShape;

mod section;

/// A place in the list of discharges: basins first, then reservoirs, then reaches.
pub(crate) type Node = usize;

/// The rivers of a city.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rivers {
    pub(crate) ridges: Vec<Ridge>,
    pub(crate) basins: Vec<SubBasin>,
    pub(crate) reservoirs: Vec<Dam>,
    pub(crate) reaches: Vec<Reach>,
    pub(crate) cells: Vec<CellShape>,
    pub(crate) gauges: Vec<GaugeShape>,
    pub(crate) posts: Vec<PostShape>,
    pub(crate) weirs: Vec<Weir>,
}

/// High ground that rain leans on: within the radius it is `1 + more` times as heavy.
#[derive(Clone, Debug)]
pub(crate) struct Ridge {
    pub(crate) at: Position,
    pub(crate) radius_km: f64,
    pub(crate) more: f64,
}

/// A sub-basin and the points whose mean rain is its areal rain.
#[derive(Clone, Debug)]
pub(crate) struct SubBasin {
    pub(crate) id: String,
    pub(crate) shape: BasinShape,
    pub(crate) at: Vec<Position>,
}

/// A reservoir and what flows into it.
#[derive(Clone, Debug)]
pub(crate) struct Dam {
    pub(crate) shape: ReservoirShape,
    pub(crate) from: Vec<Node>,
}

/// A stretch of river.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) from: Vec<Node>,
    pub(crate) stores: u8,
    pub(crate) store_h: f64,
}

/// Where a cell drains, and what a gauge's backwater comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    Sea,
    Cell(usize),
}

/// A floodplain or lagoon with one level.
#[derive(Clone, Debug)]
pub(crate) struct CellShape {
    pub(crate) id: String,
    pub(crate) from: Vec<Node>,
    pub(crate) area_km2: f64,
    pub(crate) growth_km2_per_m: f64,
    pub(crate) at: Vec<Position>,
    pub(crate) below: Below,
    /// Discharge at one metre of difference, m³/s.
    pub(crate) conveyance_m3s: f64,
}

/// A stage gauge: its level is that of uniform flow and that of the water below, mixed.
#[derive(Clone, Debug)]
pub(crate) struct GaugeShape {
    pub(crate) station: String,
    pub(crate) from: Vec<Node>,
    pub(crate) scale: f64,
    pub(crate) exponent: f64,
    pub(crate) below: Below,
    /// The share of the open sea in the level below, for mouths.
    pub(crate) sea_share: f64,
    /// Elevation of the gauge's zero over the sea's zero, m.
    pub(crate) zero_m: f64,
}

/// A street post: rain that does not drain, and the river when it comes over the bank.
#[derive(Clone, Debug)]
pub(crate) struct PostShape {
    pub(crate) station: String,
    pub(crate) gauge: usize,
    pub(crate) floods_at_m: f64,
    pub(crate) drains_mm_h: f64,
    pub(crate) gathers: f64,
}

/// A small dam or barrage that lets through what comes.
#[derive(Clone, Debug)]
pub(crate) struct Weir {
    pub(crate) station: String,
    pub(crate) from: Vec<Node>,
    pub(crate) share: f64,
    pub(crate) pool_m: f64,
    pub(crate) tail_m: f64,
    pub(crate) turbine_m3s: f64,
}

impl Rivers {
    /// Reads a rivers file.
    ///
    /// # Errors
    /// Every mistake in it.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        let mut source = Source::open(file, text)?;
        let mut rivers = Self::default();
        let mut nodes = Names::default();
        rivers.take_ridges(&mut source);
        rivers.take_basins(&mut source, &mut nodes);
        rivers.take_reservoirs(&mut source, &mut nodes);
        rivers.take_reaches(&mut source, &mut nodes);
        rivers.take_cells(&mut source, &nodes);
        rivers.take_gauges(&mut source, &nodes);
        rivers.take_posts(&mut source);
        rivers.take_weirs(&mut source, &nodes);
        let known = "sections are ridge, basin, reservoir, reach, cell, gauge, post and weir";
        match source.close(known) {
            mistakes if mistakes.is_empty() => Ok(rivers),
            mistakes => Err(mistakes),
        }
    }

    /// The gauge of a station.
    pub(crate) fn gauge(&self, station: &str) -> Option<usize> {
        self.gauges.iter().position(|gauge| gauge.station == station)
    }

    /// The reservoir of a station.
    pub(crate) fn reservoir(&self, station: &str) -> Option<usize> {
        self.reservoirs.iter().position(|dam| dam.shape.station == station)
    }
}

/// What names mean so far in the file.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, Node>);

impl Names {
    fn add(&mut self, source: &mut Source<'_>, at: &At, key: &str, name: &str) {
        let node = self.0.len();
        if self.0.insert(name.to_owned(), node).is_some() {
            source.wrong(at, key, &format!("{name:?} stands twice"), "give each its own name");
        }
    }

    fn find(&self, source: &mut Source<'_>, at: &At, names: &[String]) -> Vec<Node> {
        let mut found = Vec::new();
        for name in names {
            if let Some(node) = self.0.get(name) {
                found.push(*node);
            } else {
                let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
                let allowed = format!("name what stands before it: {}", known.join(", "));
                source.wrong(at, "from", &format!("{name:?} is unknown here"), &allowed);
            }
        }
        found
    }
}

/// Reads positions.
pub(crate) fn positions(source: &mut Source<'_>, at: &At, key: &str, points: &[[f64; 2]]) -> Vec<Position> {
    let found: Vec<Position> = points.iter().filter_map(|p| Position::new(p[0], p[1])).collect();
    if found.len() < points.len() || found.is_empty() {
        source.wrong(at, key, "has no position or one off the globe", "write [[latitude, longitude], ..]");
    }
    found
}
