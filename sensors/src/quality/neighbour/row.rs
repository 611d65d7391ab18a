//! What every gauge had in one step, and the last steps of all of them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::quality::{Check, Quality};
use crate::series::Series;
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

use super::{Graph, STEP};

/// The rain of a step in finest steps: at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) low: i64,
    pub(super) high: i64,
    /// No other check doubts it.
    pub(super) trusted: bool,
}

/// The steps that are remembered at most: what a late reading may change is judged anew from here.
pub(super) const ROWS_MAX: usize = 120;

/// How much of a step may be missing: one reading of ten minutes.
const MISSING_MAX: Span = Span::from_min(10);

/// The last steps, each with one entry for a gauge. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    /// The end of the newest step.
    end: Option<Timestamp>,
    rows: VecDeque<Arc<[Option<Hour>]>>,
}

impl Rows {
    pub(super) fn end(&self) -> Option<Timestamp> {
        self.end
    }

    /// The end of the oldest step.
    pub(super) fn begin(&self) -> Option<Timestamp> {
        let back = self.rows.len().checked_sub(1)? as i64;
        Some(self.end?.minus(Span::from_ms(STEP.ms() * back)))
    }

    /// Forgets the steps that end at `from` or later.
    pub(super) fn cut(&mut self, from: Timestamp) {
        while let Some(end) = self.end.filter(|end| *end >= from) {
            self.rows.pop_back();
            self.end = (!self.rows.is_empty()).then(|| end.minus(STEP));
        }
    }

    /// Reads one more step from the series; a step that does not follow the newest begins anew.
    pub(super) fn read<'s>(
        &mut self,
        end: Timestamp,
        graph: &Graph,
        series: &impl Fn(SensorIx) -> Option<&'s Series>,
    ) {
        if self.end.is_some_and(|newest| newest.plus(STEP) != end) {
            self.rows.clear();
        }
        self.end = Some(end);
        self.rows.push_back(graph.gauges().iter().map(|gauge| hour(series(*gauge)?, end)).collect());
        if self.rows.len() > ROWS_MAX {
            self.rows.pop_front();
        }
    }

    /// A gauge's hours backwards from a step, as far as they are remembered.
    pub(super) fn back(&self, place: usize, from: Timestamp) -> impl Iterator<Item = Option<Hour>> {
        let skip = self.end.map_or(usize::MAX, |end| {
            usize::try_from(end.since(from).ms() / STEP.ms()).unwrap_or(usize::MAX)
        });
        self.rows.iter().rev().skip(skip).map(move |row| row.get(place).copied().flatten())
    }
}

fn hour(series: &Series, end: Timestamp) -> Option<Hour> {
    if series.newest()?.measured_at <= end.minus(STEP) {
        return None;
    }
    let sum = series.accumulation(end, STEP);
    // What these checks found themselves is in the cases, with its event time; it must not come
    // back from the readings that were doubted for it.
    let trusted = match sum.quality {
        Quality::Suspect(check) => check >= Check::Neighbour,
        quality => quality.is_usable(),
    };
    let known = sum.quality.is_usable() && sum.missing <= MISSING_MAX;
    known.then_some(Hour { low: sum.at_least.raw(), high: sum.at_most.raw(), trusted })
}

/// The end of the step that a moment lies in.
pub(super) fn step_of(at: Timestamp) -> Timestamp {
    let ms = at.ms();
    Timestamp::from_ms(ms.saturating_add(STEP.ms() - 1).div_euclid(STEP.ms()) * STEP.ms())
}
