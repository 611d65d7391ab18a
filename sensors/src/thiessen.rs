//! What part of a basin each rain gauge stands for, whichever of them speak.
//!
//! Thiessen polygons (A. H. Thiessen, "Precipitation averages for large areas", Monthly Weather
//! Review 39, 1911): a place belongs to its nearest gauge. Where that says nothing, it belongs to
//! the nearest that speaks, so that a missing gauge gives its area to its neighbours and never
//! counts as dry. Nothing here knows what a gauge said.

use geo::{BoundingRect, Contains, Coord, Point, Polygon};

use crate::place::Position;
use crate::station::SensorIx;

/// The most gauges of one basin.
pub const GAUGES_MAX: usize = 64;

/// About so many cells of equal size fill the box around an outline: a gauge's part is right to a
/// hundredth.
const CELLS: f64 = 4096.0;

/// The whole of a basin whose gauges count by weights that somebody gave.
const MILLION: f64 = 1e6;

/// A basin divided among its gauges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tessellation {
    gauges: Box<[SensorIx]>,
    nodes: Box<[Node]>,
    /// The first nodes are the nearest gauges of all that is inside.
    roots: u32,
    total: u32,
}

/// A part of the basin whose nearest gauges, in this order, are those on the way to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Node {
    gauge: u16,
    cells: u32,
    /// The same part by the next nearest gauge: `len` nodes from `first` on; none after the last.
    first: u32,
    len: u32,
}

/// Gauges that speak, by their places in [`Tessellation::gauges`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present(u64);

impl Present {
    const ALL: Self = Self(u64::MAX);

    /// Adds the gauge at a place; places from [`GAUGES_MAX`] on are left out.
    pub fn add(&mut self, place: usize) {
        self.0 |= 1_u64.checked_shl(place as u32).unwrap_or_default();
    }

    /// Whether the gauge at a place speaks.
    pub fn has(self, place: usize) -> bool {
        1_u64.checked_shl(place as u32).is_some_and(|bit| self.0 & bit != 0)
    }
}

impl FromIterator<usize> for Present {
    fn from_iter<T: IntoIterator<Item = usize>>(places: T) -> Self {
        let mut present = Self::default();
        places.into_iter().for_each(|place| present.add(place));
        present
    }
}

impl Tessellation {
    /// Divides what lies inside an outline (degrees; x = longitude, y = latitude) among gauges, of
    /// which at most [`GAUGES_MAX`] are used. Distances are on the plane that touches the earth in the
    /// outline's middle latitude: right to a thousandth over a hundred kilometres.
    pub fn over(outline: &Polygon<f64>, gauges: &[(SensorIx, Position)]) -> Self {
        let gauges = gauges.get(..GAUGES_MAX).unwrap_or(gauges);
        let mut orders: Vec<Vec<u16>> =
            cells(outline).into_iter().map(|cell| nearest_first(cell, outline, gauges)).collect();
        orders.sort_unstable();
        let mut nodes = Vec::new();
        let roots = if gauges.is_empty() { 0 } else { grow(&mut nodes, &orders, 0).1 };
        let total = if gauges.is_empty() { 0 } else { orders.len() as u32 };
        Self { gauges: gauges.iter().map(|(ix, _)| *ix).collect(), nodes: nodes.into(), roots, total }
    }

    /// Gauges that count by given weights, which nobody takes over from one that is missing. At most
    /// [`GAUGES_MAX`] are used.
    pub fn weighted(gauges: &[(SensorIx, f64)]) -> Self {
        let gauges = gauges.get(..GAUGES_MAX).unwrap_or(gauges);
        let sum: f64 = gauges.iter().map(|(_, weight)| weight).sum();
        let part = |weight: f64| (weight / sum * MILLION).round().clamp(1.0, MILLION) as u32;
        let nodes: Box<[Node]> = (0_u16..)
            .zip(gauges)
            .map(|(gauge, (_, weight))| Node { gauge, cells: part(*weight), ..Node::default() })
            .collect();
        let total = nodes.iter().map(|node| node.cells).sum();
        Self { gauges: gauges.iter().map(|(ix, _)| *ix).collect(), roots: nodes.len() as u32, nodes, total }
    }

    /// The gauges, in the order of configuration.
    pub fn gauges(&self) -> &[SensorIx] {
        &self.gauges
    }

    /// The whole, in the unit of the weights.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Gives each gauge that speaks its weight, in parts; a gauge may get several. Without a gauge that
    /// speaks nothing is given, and with all of them this is one step for each.
    pub fn share_out(&self, present: Present, give: &mut impl FnMut(usize, u32)) {
        self.descend(0, self.roots, present, give);
    }

    /// The weight of each gauge that has one while all speak, by its place.
    pub fn each_own(&self, mut give: impl FnMut(usize, u32)) {
        self.descend(0, self.roots, Present::ALL, &mut give);
    }

    /// The weight of each gauge, by its place, while these speak; 0 for the others.
    pub fn weights(&self, present: Present) -> Vec<u32> {
        let mut weights = vec![0; self.gauges.len()];
        self.share_out(present, &mut |place, part| {
            if let Some(weight) = weights.get_mut(place) {
                *weight += part;
            }
        });
        weights
    }

    /// The weight of each gauge, by its place, while all speak.
    pub fn full_weights(&self) -> Vec<u32> {
        self.weights(Present::ALL)
    }

    fn descend(&self, first: u32, len: u32, present: Present, give: &mut impl FnMut(usize, u32)) {
        let (first, end) = (first as usize, first as usize + len as usize);
        for node in self.nodes.get(first..end).unwrap_or_default() {
            if present.has(usize::from(node.gauge)) {
                give(usize::from(node.gauge), node.cells);
            } else {
                self.descend(node.first, node.len, present, give);
            }
        }
    }
}

/// The middles of equal cells that lie inside.
fn cells(outline: &Polygon<f64>) -> Vec<Coord<f64>> {
    let Some(around) = outline.bounding_rect() else { return Vec::new() };
    let squeeze = squeeze(outline);
    let step = libm::sqrt(around.width() * squeeze * around.height() / CELLS);
    if step <= 0.0 {
        return Vec::new();
    }
    let (columns, rows) = (around.width() * squeeze / step, around.height() / step);
    // A sliver has one column and would have rows without end.
    let (columns, rows) = (columns.ceil().min(CELLS) as u32, rows.ceil().min(CELLS) as u32);
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
    let middles = places.map(|(column, row)| Coord {
        x: around.min().x + (f64::from(column) + 0.5) * step / squeeze,
        y: around.min().y + (f64::from(row) + 0.5) * step,
    });
    middles.filter(|middle| outline.contains(&Point(*middle))).collect()
}

/// How much shorter a degree of longitude is than one of latitude.
fn squeeze(outline: &Polygon<f64>) -> f64 {
    let middle = outline.bounding_rect().map_or(0.0, |around| around.center().y);
    libm::cos(middle.to_radians())
}

/// The places of the gauges, the nearest to a cell first; of two as near, the earlier.
fn nearest_first(cell: Coord<f64>, outline: &Polygon<f64>, gauges: &[(SensorIx, Position)]) -> Vec<u16> {
    let squeeze = squeeze(outline);
    let mut order: Vec<(f64, u16)> = gauges
        .iter()
        .zip(0_u16..)
        .map(|((_, at), place)| {
            let (x, y) = ((at.lon() - cell.x) * squeeze, at.lat() - cell.y);
            (x * x + y * y, place)
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, place)| place).collect()
}

/// Writes the nodes of sorted orders that are alike up to `depth`, side by side, and what is below
/// them; gives the first and how many.
fn grow(nodes: &mut Vec<Node>, orders: &[Vec<u16>], depth: usize) -> (u32, u32) {
    let at = |order: &Vec<u16>| order.get(depth).copied();
    let groups: Vec<&[Vec<u16>]> = orders
        .chunk_by(|a, b| at(a) == at(b))
        .filter(|group| group.first().is_some_and(|order| order.len() > depth))
        .collect();
    let first = nodes.len();
    nodes.resize(first + groups.len(), Node::default());
    for (place, group) in groups.iter().enumerate() {
        let (below, len) = grow(nodes, group, depth + 1);
        let gauge = group.first().and_then(at).unwrap_or_default();
        if let Some(node) = nodes.get_mut(first + place) {
            *node = Node { gauge, cells: group.len() as u32, first: below, len };
        }
    }
    (first as u32, groups.len() as u32)
}

#[cfg(test)]
mod tests;
