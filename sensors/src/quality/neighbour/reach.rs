//! A stage beside the rain, the releases and the stages of its reach.
//!
//! Three contradictions, none of them proof: a river that lies still under hours of heavy rain, a
//! rise that nothing explains, and a stage that lies still while those up- and downstream rise.
//! What is not known explains everything: without rain gauges or releases nobody is doubted.

use crate::quality::Check;
use crate::quantity::Value;
use crate::series::{Point, Series};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

use super::rain::Verdict;
use super::row::{Hour, Rows};
use super::{Finding, Graph, Reach, STEP, StageLimits};

/// The window in which a stage must have moved or has risen.
const WINDOW: Span = Span::from_h(3);
/// The hours of rain that must move a river.
const RAIN_HOURS: i64 = 6;
/// How long before a rise its cause may lie, beside the lag.
pub(super) const CAUSE: Span = Span::from_h(12);
/// The fewest gauges that speak for a basin, and the fewest stages that speak against one.
const WITNESSES_MIN: (usize, usize) = (3, 2);

/// A reach at a step.
pub(super) struct Bank<'a, S> {
    pub(super) reach: &'a Reach,
    pub(super) limits: &'a StageLimits,
    pub(super) graph: &'a Graph,
    pub(super) rows: &'a Rows,
    pub(super) trusts: &'a dyn Fn(usize) -> bool,
    pub(super) series: &'a S,
}

/// The lowest and highest value in a window, and the first and last.
struct Course {
    low: i64,
    high: i64,
    first: i64,
    last: i64,
}

impl Course {
    fn range(&self) -> i64 {
        self.high - self.low
    }

    fn rise(&self) -> i64 {
        self.last - self.first
    }
}

impl<'s, S: Fn(SensorIx) -> Option<&'s Series>> Bank<'_, S> {
    /// What speaks against the stage at a step.
    pub(super) fn contradiction(&self, end: Timestamp) -> Option<Verdict> {
        let own = self.course(self.reach.stage, end, WINDOW)?;
        let still = own.range() <= self.limits.still.raw();
        if still {
            self.still_in_heavy_rain(end).or_else(|| self.still_beside_rising(end))
        } else if !self.reach.tidal && own.rise() >= self.limits.rise.raw() {
            self.rises_without_cause(end, &own)
        } else {
            None
        }
    }

    /// Whether a doubt is over: the stage moves again, or has come back from its rise.
    pub(super) fn is_over(&self, end: Timestamp, verdict: &Verdict) -> bool {
        let rose = verdict.check == Check::MultiVariate && verdict.finding.own >= self.limits.rise;
        if !rose {
            let Some(now) = self.course(self.reach.stage, end, STEP) else { return false };
            return now.range() > self.limits.still.raw();
        }
        let before = (self.series)(self.reach.stage).and_then(|s| s.at_or_before(verdict.since));
        let now = (self.series)(self.reach.stage).and_then(|s| s.at_or_before(end));
        before.zip(now).and_then(|(b, n)| b.value.zip(n.value)).is_some_and(|(before, now)| {
            (now.raw() - before.raw()).saturating_mul(3) <= verdict.finding.own.raw()
        })
    }

    /// Whether a rise that nothing explained is explained by what became known since.
    pub(super) fn is_explained(&self, end: Timestamp, verdict: &Verdict) -> bool {
        let rose = verdict.finding.own >= self.limits.rise;
        rose && verdict.check == Check::MultiVariate && self.cause(end, end.since(verdict.since)).is_none()
    }

    fn still_in_heavy_rain(&self, end: Timestamp) -> Option<Verdict> {
        let lag = self.reach.lag_max;
        let upto = end.minus(Span::from_ms(lag.ms().div_euclid(STEP.ms()) * STEP.ms()));
        let sums = self.rain(upto, RAIN_HOURS)?;
        let around = *sums.get(sums.len() / 4)?;
        if around < self.limits.heavy.raw() {
            return None;
        }
        // It lay still from the rain on, and it said so all the time.
        let whole = self.course(self.reach.stage, end, Span::from_ms(lag.ms() + RAIN_HOURS * STEP.ms()))?;
        if whole.range() > self.limits.still.raw() {
            return None;
        }
        let (own, window) = (whole.range(), Span::from_ms(RAIN_HOURS * STEP.ms()));
        Some(verdict(Check::MultiVariate, upto, own, &sums, window))
    }

    fn still_beside_rising(&self, end: Timestamp) -> Option<Verdict> {
        // The wave needs its time from one to the other: it must have passed both.
        let span = Span::from_ms(WINDOW.ms() + self.reach.lag_max.ms());
        let own = self.course(self.reach.stage, end, span)?;
        if own.range() > self.limits.still.raw() {
            return None;
        }
        let mut rises: Vec<i64> = self
            .reach
            .beside
            .iter()
            .filter_map(|stage| Some(self.course(*stage, end.minus(self.reach.lag_max), WINDOW)?.rise()))
            .collect();
        rises.sort_unstable();
        let all = rises.len() >= WITNESSES_MIN.1 && *rises.first()? >= self.limits.rise.raw();
        let since = end.minus(span);
        all.then(|| verdict(Check::Neighbour, since, own.range(), &rises, WINDOW))
    }

    fn rises_without_cause(&self, end: Timestamp, own: &Course) -> Option<Verdict> {
        let sums = self.cause(end, WINDOW)?;
        Some(verdict(Check::MultiVariate, end.minus(WINDOW), own.rise(), &sums, CAUSE))
    }

    /// The rain before a rise, where it is known and nothing explains the rise.
    fn cause(&self, end: Timestamp, rise: Span) -> Option<Vec<i64>> {
        let before = Span::from_ms(rise.ms() + self.reach.lag_max.ms());
        let hours = (before.ms() + CAUSE.ms()) / STEP.ms();
        let sums = self.rain(end, hours).filter(|sums| sums.last() < Some(&self.limits.dry.raw()))?;
        let calm = |sensor: &SensorIx, most: i64| {
            self.course(*sensor, end, before).is_some_and(|course| course.range() < most)
        };
        let releases = self.reach.releases.iter().all(|sensor| calm(sensor, self.limits.release.raw()));
        let beside = self.reach.beside.iter().all(|sensor| {
            // A stage that says nothing explains nothing, and a release that says nothing may.
            (self.series)(*sensor).is_none_or(Series::is_empty) || calm(sensor, self.limits.rise.raw() / 3)
        });
        (releases && beside).then_some(sums)
    }

    /// The sums of the trusted gauges over some hours, sorted; `None` where too few are known.
    fn rain(&self, end: Timestamp, hours: i64) -> Option<Vec<i64>> {
        let hours = usize::try_from(hours).ok()?;
        let sum = |gauge: &SensorIx| {
            let place = self.graph.place(*gauge).filter(|place| (self.trusts)(*place))?;
            let known: Option<Vec<Hour>> = self.rows.back(place, end).take(hours).collect();
            let known =
                known.filter(|known| known.len() == hours && known.iter().all(|hour| hour.trusted))?;
            Some(known.iter().map(|hour| hour.high).sum())
        };
        let mut sums: Vec<i64> = self.reach.gauges.iter().filter_map(sum).collect();
        sums.sort_unstable();
        (sums.len() >= WITNESSES_MIN.0).then_some(sums)
    }

    /// How a sensor went in a window that it spoke through: from its first hour to its last.
    fn course(&self, sensor: SensorIx, end: Timestamp, window: Span) -> Option<Course> {
        let series = (self.series)(sensor)?;
        let begin = end.minus(window);
        let values = |point: &Point| Some((point.measured_at, point.value.filter(|_| sound(point))?.raw()));
        let mut points = series.points(begin.minus(Span::from_ms(1)), end).filter_map(values);
        let (first_at, first) = points.next()?;
        let (mut low, mut high, mut last, mut last_at) = (first, first, first, first_at);
        for (at, value) in points {
            (low, high, last, last_at) = (low.min(value), high.max(value), value, at);
        }
        let whole = first_at.since(begin) <= STEP && end.since(last_at) <= STEP && last_at > first_at;
        whole.then_some(Course { low, high, first, last })
    }
}

fn verdict(check: Check, since: Timestamp, own: i64, sums: &[i64], window: Span) -> Verdict {
    let value = |raw: Option<&i64>| Value::from_raw(raw.copied().unwrap_or_default());
    let least = value(sums.get(sums.len() / 4));
    let finding = Finding { own: Value::from_raw(own), least, most: value(sums.last()), window };
    Verdict { check, since, finding }
}

/// Whether no other check doubts a point; what these checks doubted themselves stands in the cases.
fn sound(point: &Point) -> bool {
    point.quality.check().is_none_or(|check| check >= Check::Neighbour)
}
