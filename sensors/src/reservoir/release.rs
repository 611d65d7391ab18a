//! What a dam lets into the river in all.
//!
//! `release` is the total; `spill` and `turbine_discharge` are its parts and are never added to it.
//! Only where no total is told do the parts make one, which is marked as derived.

use crate::quality::Quality;
use crate::quantity::{Discharge, Value};
use crate::series::{Point, Series};
use crate::time::{Span, Timestamp};

/// A part that was told so long before still stands.
const PART_STANDS: Span = Span::from_h(3);

/// What was let out at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub discharge: Discharge,
    /// Whether it is a sum of parts, because no total was told.
    pub derived: bool,
    /// Whether a part of the sum is not known, so that it is "at least".
    pub at_least: bool,
    /// The worst judgement in it; estimated where it is a sum of good ones.
    pub quality: Quality,
}

/// The release of a dam in `(after, upto]`, in order: as it was told, else as the sum of its parts.
pub fn total_release(
    release: Option<&Series>,
    (spill, turbine): (Option<&Series>, Option<&Series>),
    after: Timestamp,
    upto: Timestamp,
) -> Vec<Flow> {
    let told: Vec<Flow> = points(release, after, upto).filter_map(Flow::told).collect();
    if !told.is_empty() {
        return told;
    }
    let mut times: Vec<Timestamp> = points(spill, after, upto)
        .chain(points(turbine, after, upto))
        .map(|point| point.measured_at)
        .collect();
    times.sort_unstable();
    times.dedup();
    times.into_iter().filter_map(|at| Flow::of_parts(at, part(spill, at), part(turbine, at))).collect()
}

fn points(series: Option<&Series>, after: Timestamp, upto: Timestamp) -> impl Iterator<Item = &Point> {
    series.into_iter().flat_map(move |series| series.points(after, upto)).filter(|p| p.value.is_some())
}

fn part(series: Option<&Series>, at: Timestamp) -> Option<&Point> {
    series?.at_or_before(at).filter(|point| at.since(point.measured_at) <= PART_STANDS)
}

impl Flow {
    fn told(point: &Point) -> Option<Self> {
        let (at, discharge) = (point.measured_at, Discharge::from_l_per_s(point.value?.raw()));
        Some(Self { at, discharge, derived: false, at_least: false, quality: point.quality })
    }

    fn of_parts(at: Timestamp, spill: Option<&Point>, turbine: Option<&Point>) -> Option<Self> {
        let parts = [spill, turbine];
        let known = || parts.into_iter().flatten();
        known().next()?;
        let sum = known().filter_map(|point| point.value).map(Value::raw).sum();
        let quality = known().map(|point| point.quality).fold(Quality::Estimated, Quality::or_worse);
        let at_least = parts.iter().any(Option::is_none);
        Some(Self { at, discharge: Discharge::from_l_per_s(sum), derived: true, at_least, quality })
    }
}
