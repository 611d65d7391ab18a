//! The points of a series that checks beside the neighbours look at, and rolling windows over them.
//!
//! What such a check itself rejected stays in the run: else the judgement of one reading would
//! depend on which of its neighbours was judged first.

use std::collections::VecDeque;

use super::{Check, Quality};
use crate::series::{Point, Series};
use crate::time::Timestamp;

/// A value and its event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Event time.
    pub at: Timestamp,
    /// The value in finest steps.
    pub raw: i64,
}

/// The checks that look at a run, and may reject what is in it.
const GIVEN_BESIDE: [Check; 4] =
    [Check::RateOfChange, Check::Spike, Check::FlatLine, Check::AttenuatedSignal];

/// A series as the checks see it.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a>(pub(crate) &'a Series);

impl<'a> Run<'a> {
    /// The value at a place; `None` where there is none that a check may look at.
    pub(crate) fn sample(self, place: usize) -> Option<Sample> {
        let Point { measured_at: at, value, quality, .. } = *self.0.point(place)?;
        let raw = match (value, quality) {
            (Some(value), _) => value.raw(),
            (None, Quality::Rejected(check)) if GIVEN_BESIDE.contains(&check) => self.0.heard(place)?.raw(),
            _ => return None,
        };
        Some(Sample { at, raw })
    }

    /// The values before a place, the nearest first.
    pub(crate) fn before(self, place: usize) -> impl Iterator<Item = (usize, Sample)> + use<'a> {
        (0..place).rev().filter_map(move |i| Some((i, self.sample(i)?)))
    }

    /// The values after a place, the nearest first.
    pub(crate) fn after(self, place: usize) -> impl Iterator<Item = (usize, Sample)> + use<'a> {
        (place + 1..self.0.len()).filter_map(move |i| Some((i, self.sample(i)?)))
    }

    pub(crate) fn time(self, place: usize) -> Option<Timestamp> {
        self.0.point(place).map(|point| point.measured_at)
    }
}

/// A window that ends at a place of a run: its values' number, sums and extremes. Each point enters and
/// leaves once, so that a step costs a bounded time whatever the window's length (the extremes in
/// queues that only ever keep what may still become one).
#[derive(Clone, Debug, Default)]
pub(crate) struct Rolling {
    /// How many points entered so far.
    entered: u64,
    /// Points in the window, those without a value too.
    pub(crate) points: usize,
    /// Values in it.
    pub(crate) values: usize,
    pub(crate) sum: i128,
    pub(crate) squares: i128,
    least: VecDeque<(u64, i64)>,
    most: VecDeque<(u64, i64)>,
}

impl Rolling {
    /// Takes in the point after the newest one.
    pub(crate) fn enter(&mut self, raw: Option<i64>) {
        self.entered += 1;
        self.points += 1;
        let Some(raw) = raw else { return };
        self.values += 1;
        self.sum += i128::from(raw);
        self.squares += i128::from(raw) * i128::from(raw);
        while self.least.pop_back_if(|(_, other)| *other >= raw).is_some() {}
        while self.most.pop_back_if(|(_, other)| *other <= raw).is_some() {}
        self.least.push_back((self.entered, raw));
        self.most.push_back((self.entered, raw));
    }

    /// Lets the oldest point go, which `raw` was the value of.
    pub(crate) fn leave(&mut self, raw: Option<i64>) {
        let oldest = self.entered.wrapping_add(1).wrapping_sub(self.points as u64);
        self.points -= 1;
        let Some(raw) = raw else { return };
        self.values -= 1;
        self.sum -= i128::from(raw);
        self.squares -= i128::from(raw) * i128::from(raw);
        self.least.pop_front_if(|(entered, _)| *entered == oldest);
        self.most.pop_front_if(|(entered, _)| *entered == oldest);
    }

    /// The place of the oldest point, where the newest one stands at `place`; `None` where the series
    /// has let it go.
    pub(crate) fn oldest(&self, place: usize) -> Option<usize> {
        (place + 1).checked_sub(self.points)
    }

    /// The greatest value less the smallest.
    pub(crate) fn range(&self) -> Option<i64> {
        Some(self.most.front()?.1.saturating_sub(self.least.front()?.1))
    }
}
