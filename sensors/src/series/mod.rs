//! The readings of one sensor in event time, and what a window of them says.
//!
//! Sorted, bounded by a retention and by a number of points, indifferent to the order of arrival.
//! It keeps the newest revision of each time; the store keeps them all. A question about a moment
//! never looks at a point after it, so that a fold over past event times answers as it did then.

mod overlap;
mod rows;
mod window;

use crate::quality::Quality;
use crate::quantity::Value;
use crate::reading::Reading;
use crate::time::{Span, Timestamp};

use rows::{Row, Rows};
pub use window::{Accumulation, Rise};

/// One time of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Event time; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval; otherwise `measured_at`.
    pub from: Timestamp,
    /// The value; `None` where the newest revision has none or was rejected.
    pub value: Option<Value>,
    /// The judgement.
    pub quality: Quality,
}

/// What an insertion changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Newer than everything before.
    Appended,
    /// Between or before older ones: late.
    Late,
    /// Another value or judgement for a time that was there: a revision.
    Revised,
    /// The same once more: nothing changed.
    Same,
    /// Older than the retention: kept by the store only.
    TooOld,
    /// Measured in the future and rejected for it: kept by the store only.
    Ahead,
}

impl Inserted {
    /// Whether the series says something else than before.
    pub fn changed(self) -> bool {
        matches!(self, Self::Appended | Self::Late | Self::Revised)
    }
}

/// The series of one sensor. A clone shares the points that do not change.
#[derive(Clone, Debug)]
pub struct Series {
    rows: Rows,
    retention: Span,
    points_max: usize,
}

/// Equal when the points are; how they came is not compared.
impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.retention == other.retention
            && self.points_max == other.points_max
            && self
                .rows
                .iter()
                .map(|row| (row.point, row.heard))
                .eq(other.rows.iter().map(|row| (row.point, row.heard)))
    }
}

impl Eq for Series {}

impl Default for Series {
    fn default() -> Self {
        Self::new(Span::ZERO)
    }
}

impl Point {
    fn of(reading: &Reading) -> Self {
        Self {
            measured_at: reading.measured_at,
            from: reading.from.unwrap_or(reading.measured_at),
            value: reading.value.filter(|_| reading.quality.is_usable()),
            quality: reading.quality,
        }
    }

    /// Whether it is a usable depth.
    fn is_depth(&self) -> bool {
        self.value.is_some() && self.from < self.measured_at
    }
}

impl Series {
    /// The most points a series keeps unless told otherwise: 76.8 h of one a minute.
    pub const POINTS_MAX: usize = 4_608;

    /// An empty series that keeps so much time before its newest reading, and at most
    /// [`Self::POINTS_MAX`] points.
    pub fn new(retention: Span) -> Self {
        Self::bounded(retention, Self::POINTS_MAX)
    }

    /// An empty series with a bound of its own, at most 65,535; the oldest points beyond it go first.
    pub fn bounded(retention: Span, points_max: usize) -> Self {
        Self { rows: Rows::default(), retention, points_max: points_max.clamp(1, usize::from(u16::MAX)) }
    }

    /// The same with a longer memory: `older` are readings from before the first point, in order of
    /// event time, which the store has kept. What is not older is passed over.
    #[must_use]
    pub fn lengthened(&self, retention: Span, older: &[Reading]) -> Self {
        let mut series = Self::bounded(self.retention.max(retention), self.points_max);
        let first = self.rows.at(0).map(|row| row.point.measured_at);
        for reading in older.iter().filter(|reading| first.is_none_or(|first| reading.measured_at < first)) {
            series.insert(reading);
        }
        for row in self.rows.iter() {
            series.push(row.point, row.heard);
        }
        series.trim();
        series
    }

    /// Puts a reading in its place. The last one inserted for a time is its newest revision.
    pub fn insert(&mut self, reading: &Reading) -> Inserted {
        let point = Point::of(reading);
        let heard = reading.value.unwrap_or_default();
        match self.rows.last() {
            Some(last) if point.measured_at <= last.point.measured_at => self.insert_late(point, heard),
            _ => {
                self.push(point, heard);
                self.trim();
                Inserted::Appended
            }
        }
    }

    fn insert_late(&mut self, point: Point, heard: Value) -> Inserted {
        let rank = self.rank(point.measured_at);
        if let Some((at, row)) = rank.checked_sub(1).and_then(|at| Some((at, self.rows.at(at)?)))
            && row.point.measured_at == point.measured_at
        {
            if row.point == point && row.heard == heard {
                return Inserted::Same;
            }
            self.rebuild(at, at + 1, point, heard);
            return Inserted::Revised;
        }
        let beyond =
            self.newest_time().is_some_and(|newest| point.measured_at < newest.minus(self.retention));
        if beyond || (rank == 0 && self.rows.len() >= self.points_max) {
            return Inserted::TooOld;
        }
        self.rebuild(rank, rank, point, heard);
        self.trim();
        Inserted::Late
    }

    /// Writes a point at `at` and the rows from `rest` on after it, with their sums made anew.
    fn rebuild(&mut self, at: usize, rest: usize, point: Point, heard: Value) {
        let after: Vec<(Point, Value)> =
            (rest..self.rows.len()).filter_map(|i| self.rows.at(i)).map(|r| (r.point, r.heard)).collect();
        self.rows.truncate(at);
        self.push(point, heard);
        for (point, heard) in after {
            self.push(point, heard);
        }
    }

    fn push(&mut self, point: Point, heard: Value) {
        self.rows.push(Row::after(self.rows.last(), point, heard));
    }

    fn trim(&mut self) {
        let Some(newest) = self.newest_time() else { return };
        let oldest = newest.minus(self.retention);
        while self.rows.len() > self.points_max
            || self.rows.at(0).is_some_and(|row| row.point.measured_at < oldest)
        {
            self.rows.pop_front();
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// Whether nothing after a time has been dropped for its age.
    pub fn keeps(&self, t: Timestamp) -> bool {
        self.newest_time().is_some_and(|newest| newest.minus(self.retention) <= t)
            && self
                .rows
                .at(0)
                .is_some_and(|row| row.point.measured_at <= t || self.rows.len() < self.points_max)
    }

    /// How much time before its newest point the series keeps.
    pub fn retention(&self) -> Span {
        self.retention
    }

    /// The newest point, whatever its quality.
    pub fn newest(&self) -> Option<&Point> {
        self.rows.last().map(|row| &row.point)
    }

    /// The point measured at exactly this time, whatever its quality.
    pub fn at(&self, t: Timestamp) -> Option<&Point> {
        self.row_at(t).map(|row| &row.point)
    }

    /// The newest point with a usable value at or before `t`, however old it is.
    pub fn at_or_before(&self, t: Timestamp) -> Option<&Point> {
        let rank = self.rank(t);
        (0..rank).rev().filter_map(|i| self.point(i)).find(|point| point.value.is_some())
    }

    /// The points measured in `(after, upto]`, in the order of event time, whatever their quality.
    pub fn points(&self, after: Timestamp, upto: Timestamp) -> impl DoubleEndedIterator<Item = &Point> {
        (self.rank(after)..self.rank(upto)).filter_map(|i| self.point(i))
    }

    /// The event times after `t`, in order: what a fold goes through again from a late reading.
    pub fn times_after(&self, t: Timestamp) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.points(t, Timestamp::MAX).map(|point| point.measured_at)
    }

    fn newest_time(&self) -> Option<Timestamp> {
        self.rows.last().map(|row| row.point.measured_at)
    }

    /// The point at a place, counted from the oldest.
    pub(crate) fn point(&self, at: usize) -> Option<&Point> {
        self.rows.at(at).map(|row| &row.point)
    }

    /// Judges a point anew. What was said stands again where it was rejected before.
    pub(crate) fn requalify(&mut self, at: usize, quality: Quality) {
        let Some(row) = self.rows.at_mut(at) else { return };
        let point = requalified(row, quality);
        if point.from == point.measured_at {
            row.point = point;
        } else {
            // The sums of what follows tell of its doubts.
            let heard = row.heard;
            self.rebuild(at, at + 1, point, heard);
        }
    }

    /// Judges the points from a place on anew, all at once.
    pub(crate) fn requalify_from(&mut self, at: usize, qualities: &[Quality]) {
        let after: Vec<(Point, Value)> = (at..self.rows.len())
            .zip(qualities)
            .filter_map(|(i, quality)| self.rows.at(i).map(|row| (requalified(row, *quality), row.heard)))
            .collect();
        self.rows.truncate(at);
        for (point, heard) in after {
            self.push(point, heard);
        }
    }

    /// What was said at a place, also where it was rejected; 0 where no number was.
    pub(crate) fn heard(&self, at: usize) -> Option<Value> {
        self.rows.at(at).map(|row| row.heard)
    }

    /// The places of usable points before a place, the nearest first.
    pub(crate) fn usable_before(&self, at: usize) -> impl Iterator<Item = usize> {
        (0..at).rev().filter(|i| self.is_usable(*i))
    }

    /// The places of usable points after a place, the nearest first.
    pub(crate) fn usable_after(&self, at: usize) -> impl Iterator<Item = usize> {
        (at + 1..self.len()).filter(|i| self.is_usable(*i))
    }

    fn is_usable(&self, at: usize) -> bool {
        self.point(at).is_some_and(|point| point.value.is_some())
    }

    /// The value that was said at a time, also where it was rejected; nothing where none was.
    pub(crate) fn heard_at(&self, t: Timestamp) -> Option<(Point, Value)> {
        self.row_at(t).map(|row| (row.point, row.heard))
    }

    fn row_at(&self, t: Timestamp) -> Option<&Row> {
        let row = self.rows.at(self.rank(t).checked_sub(1)?)?;
        (row.point.measured_at == t).then_some(row)
    }

    /// How many points were measured at or before `t`.
    ///
    /// Gauges report at regular times: a guess by the mean step is nearly always right.
    pub(crate) fn rank(&self, t: Timestamp) -> usize {
        let (Some(first), Some(last)) = (self.rows.at(0), self.rows.last()) else { return 0 };
        let (first, last) = (first.point.measured_at, last.point.measured_at);
        let len = self.rows.len();
        if t >= last {
            return len;
        }
        if t < first {
            return 0;
        }
        // Here first <= t < last, so that there are at least two points and the span is positive.
        let guess = guess_rank(t.since(first).ms(), last.since(first).ms(), len);
        let upto = |i: usize| self.rows.at(i).is_some_and(|row| row.point.measured_at <= t);
        if upto(guess - 1) && !upto(guess) {
            return guess;
        }
        let (mut low, mut high) = if upto(guess) { (guess, len) } else { (0, guess) };
        while low < high {
            let middle = low.midpoint(high);
            if upto(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

fn requalified(row: &Row, quality: Quality) -> Point {
    Point { value: Some(row.heard).filter(|_| quality.is_usable()), quality, ..row.point }
}

/// One more than the place where a time would stand if the points were evenly apart; `1..len`.
fn guess_rank(since_first: i64, span: i64, len: usize) -> usize {
    let steps = len as f64 - 1.0;
    let place = since_first as f64 / span as f64 * steps;
    ((place + 1.0 + 1e-6) as usize).clamp(1, len - 1)
}

#[cfg(test)]
mod tests;
