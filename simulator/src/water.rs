//! The water of a city through a storm, a minute at a time: rain, runoff, pools, reaches, stages.
//!
//! Pure and deterministic (`f64` with `libm`): the same storm gives the same bits on every
//! machine. It knows no instrument and no threshold.

pub(crate) mod basin;
pub(crate) mod cascade;
pub(crate) mod reservoir;

use crate::rain::Field;
use crate::river::{Below, CellShape, GaugeShape, Node, PostShape, Rivers};
use crate::storm::Storm;
use basin::Basin;
use cascade::Cascade;
use reservoir::Reservoir;
use sensors::place::Position;

/// The step of the water, s.
pub(crate) const STEP_S: f64 = 60.0;

/// All the water at one moment.
#[derive(Debug)]
pub(crate) struct Water<'s> {
    storm: &'s Storm,
    rivers: &'s Rivers,
    hour: f64,
    basins: Vec<Basin>,
    reservoirs: Vec<Reservoir>,
    reaches: Vec<Cascade>,
    cells: Vec<f64>,
    levels_m: Vec<f64>,
    discharges_m3s: Vec<f64>,
    stages_m: Vec<f64>,
    ponds_mm: Vec<f64>,
}

impl<'s> Water<'s> {
    /// The water at the storm's beginning.
    pub(crate) fn new(storm: &'s Storm) -> Self {
        let rivers = &storm.rivers;
        let mut water = Self {
            storm,
            rivers,
            hour: 0.0,
            basins: rivers
                .basins
                .iter()
                .zip(&storm.soils)
                .map(|(basin, soil)| Basin::new(&basin.shape, soil.wetness, soil.baseflow_m3s))
                .collect(),
            reservoirs: Vec::new(),
            reaches: Vec::new(),
            cells: rivers.cells.iter().zip(&storm.levels_m).map(|(c, m)| volume_m3(c, *m)).collect(),
            levels_m: storm.levels_m.clone(),
            discharges_m3s: storm.soils.iter().map(|soil| soil.baseflow_m3s).collect(),
            stages_m: vec![0.0; rivers.gauges.len()],
            ponds_mm: vec![0.0; rivers.posts.len()],
        };
        for (dam, plan) in rivers.reservoirs.iter().zip(&storm.plans) {
            let inflow = water.sum_m3s(&dam.from);
            let reservoir = Reservoir::new(&dam.shape, plan, inflow);
            water.discharges_m3s.push(reservoir.release_m3s());
            water.reservoirs.push(reservoir);
        }
        for reach in &rivers.reaches {
            let inflow = water.sum_m3s(&reach.from);
            water.reaches.push(Cascade::new(reach.stores, reach.store_h, inflow));
            water.discharges_m3s.push(inflow);
        }
        water.read_stages();
        water
    }

    /// The rain that falls.
    pub(crate) fn field(&self) -> Field<'s> {
        self.storm.field()
    }

    /// Hours since the storm's beginning.
    pub(crate) fn hour(&self) -> f64 {
        self.hour
    }

    /// One step on.
    pub(crate) fn step(&mut self) {
        let field = self.field();
        let mid = self.hour + STEP_S / 7200.0;
        let mut next = Vec::with_capacity(self.discharges_m3s.len());
        for (basin, sub) in self.basins.iter_mut().zip(&self.rivers.basins) {
            let rain_mm = areal_mm_h(&field, &sub.at, mid) * STEP_S / 3600.0;
            next.push(basin.step(rain_mm, STEP_S) / STEP_S);
        }
        for ((reservoir, dam), plan) in
            self.reservoirs.iter_mut().zip(&self.rivers.reservoirs).zip(&self.storm.plans)
        {
            let inflow_m3 = sum(&next, &dam.from) * STEP_S;
            let control = plan.control.as_ref().and_then(|c| self.stages_m.get(c.gauge)).copied();
            next.push(reservoir.step(self.hour, inflow_m3, control, STEP_S) / STEP_S);
        }
        for (cascade, reach) in self.reaches.iter_mut().zip(&self.rivers.reaches) {
            next.push(cascade.step(sum(&next, &reach.from) * STEP_S, STEP_S) / STEP_S);
        }
        self.discharges_m3s = next;
        self.step_cells(&field, mid);
        self.step_ponds();
        self.hour += STEP_S / 3600.0;
        self.read_stages();
    }

    fn step_cells(&mut self, field: &Field<'_>, hour: f64) {
        let mut change: Vec<f64> = vec![0.0; self.cells.len()];
        for (ix, cell) in self.rivers.cells.iter().enumerate() {
            let level = self.levels_m.get(ix).copied().unwrap_or_default();
            let away = level - self.level_m(cell.below);
            let out = cell.conveyance_m3s * away / libm::sqrt(away.abs() + 0.02);
            let rain = areal_mm_h(field, &cell.at, hour) * cell.area_km2 / 3.6;
            let inflow = sum(&self.discharges_m3s, &cell.from) + rain;
            if let Some(change) = change.get_mut(ix) {
                *change += (inflow - out) * STEP_S;
            }
            if let Below::Cell(below) = cell.below
                && let Some(change) = change.get_mut(below)
            {
                *change += out * STEP_S;
            }
        }
        for (((volume, level), change), cell) in
            self.cells.iter_mut().zip(&mut self.levels_m).zip(change).zip(&self.rivers.cells)
        {
            *volume += change;
            *level = level_m(cell, *volume);
        }
    }

    fn step_ponds(&mut self) {
        let hours = STEP_S / 3600.0;
        for (pond, (post, at)) in
            self.ponds_mm.iter_mut().zip(self.rivers.posts.iter().zip(&self.storm.post_positions))
        {
            let rate = at.map_or(0.0, |at| self.storm.field().rate_mm_h(at, self.hour));
            *pond = (*pond + (post.gathers * rate - post.drains_mm_h) * hours).max(0.0);
        }
    }

    fn read_stages(&mut self) {
        self.stages_m = self.rivers.gauges.iter().map(|gauge| self.stage_of(gauge)).collect();
    }

    /// Uniform flow and backwater mixed by their squares: the larger one governs, both count.
    fn stage_of(&self, gauge: &GaugeShape) -> f64 {
        let sea = self.storm.tide.level_m(self.hour);
        let below = gauge.sea_share * sea + (1.0 - gauge.sea_share) * self.level_m(gauge.below);
        let uniform = gauge.scale * libm::pow(self.sum_m3s(&gauge.from).max(0.0), gauge.exponent);
        let level = if below > 0.0 { libm::hypot(uniform, below) } else { uniform + below };
        level - gauge.zero_m
    }

    fn level_m(&self, below: Below) -> f64 {
        match below {
            Below::Sea => self.storm.tide.level_m(self.hour),
            Below::Cell(ix) => self.levels_m.get(ix).copied().unwrap_or_default(),
        }
    }

    /// The sum of the discharges of some nodes, m³/s.
    pub(crate) fn sum_m3s(&self, nodes: &[Node]) -> f64 {
        sum(&self.discharges_m3s, nodes)
    }

    /// Stage of a gauge, m.
    pub(crate) fn stage_m(&self, gauge: usize) -> f64 {
        self.stages_m.get(gauge).copied().unwrap_or_default()
    }

    /// A reservoir.
    pub(crate) fn reservoir(&self, ix: usize) -> Option<&Reservoir> {
        self.reservoirs.get(ix)
    }

    /// Depth over the road at a street post, m.
    pub(crate) fn street_m(&self, ix: usize) -> f64 {
        let pond = self.ponds_mm.get(ix).copied().unwrap_or_default() / 1000.0;
        let over = |post: &PostShape| (self.stage_m(post.gauge) - post.floods_at_m).max(0.0);
        pond + self.rivers.posts.get(ix).map_or(0.0, over)
    }
}

fn sum(discharges: &[f64], nodes: &[Node]) -> f64 {
    nodes.iter().filter_map(|node| discharges.get(*node)).sum()
}

fn areal_mm_h(field: &Field<'_>, at: &[Position], hour: f64) -> f64 {
    at.iter().map(|place| field.rate_mm_h(*place, hour)).sum::<f64>() / at.len().max(1) as f64
}

/// The volume over the zero level of a cell whose area grows with its level.
fn volume_m3(cell: &CellShape, level_m: f64) -> f64 {
    let grown = cell.growth_km2_per_m * level_m.max(0.0) * level_m / 2.0;
    (cell.area_km2 * level_m + grown) * 1e6
}

fn level_m(cell: &CellShape, volume_m3: f64) -> f64 {
    let (area, growth, volume) = (cell.area_km2, cell.growth_km2_per_m, volume_m3 / 1e6);
    if volume <= 0.0 || growth <= 0.0 {
        return volume / area;
    }
    (libm::sqrt(area * area + 2.0 * growth * volume) - area) / growth
}
