//! One gauge beside its neighbours, hour by hour.
//!
//! Strict downwards: a gauge is accused of passing too little only by hours in which it rained at
//! three of four neighbours at once; night convection and the edge of a front are no such hours.
//! Generous upwards: what falls on one gauge alone is doubtful for one hour, unless the hours
//! beside it bear it out.

use crate::quality::Check;
use crate::quantity::Value;
use crate::time::{Span, Timestamp};

use super::graph::NEAR_MAX;
use super::row::{Hour, Rows};
use super::{Finding, Graph, Near, RainLimits, STEP};

/// What the hours up to a step say of a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) check: Check,
    pub(super) since: Timestamp,
    pub(super) finding: Finding,
}

/// What surrounds a gauge at a step.
pub(super) struct Around<'a> {
    pub(super) limits: &'a RainLimits,
    pub(super) graph: &'a Graph,
    pub(super) rows: &'a Rows,
    /// Whether the gauge at a place may judge others.
    pub(super) trusts: &'a dyn Fn(usize) -> bool,
}

/// A neighbour and its hours, backwards.
type Judge<'a> = (&'a Near, Vec<Option<Hour>>);
/// What neighbours had in one hour.
type Hours = [i64; NEAR_MAX];
/// Neighbours that leave a wider gap than this between them stand on one side only.
const GAP_MAX_DEG: i64 = 200;
/// An hour bears an extreme beside it out from this share of [`RainLimits::extreme`] on.
const BEARS_OUT: i64 = 4;
/// Nearly dry: less than this share of the extreme.
const NEARLY_DRY: i64 = 20;

/// The value that three of four reach: of so many, this many may stay below.
fn quartile(sums: &mut [i64]) -> Option<i64> {
    sums.sort_unstable();
    sums.get(sums.len() / 4).copied()
}

impl Around<'_> {
    /// The nearest trusted neighbours of a gauge that speak of a step, with what they had.
    fn judges(&self, place: usize, end: Timestamp) -> impl Iterator<Item = (&Near, Hour)> {
        let trusted = self.graph.near(place).iter().filter(|near| (self.trusts)(near.place));
        let speaking = trusted.filter_map(move |near| {
            Some((near, self.rows.back(near.place, end).next()?.filter(|hour| hour.trusted)?))
        });
        speaking.take(self.limits.gauges_max)
    }

    /// Whether a gauge passes far less than it rains around it, by the hours up to `end` and not
    /// before `not_before`.
    pub(super) fn too_little(&self, place: usize, end: Timestamp, not_before: Timestamp) -> Option<Verdict> {
        let limits = self.limits;
        // The cheap question first: hardly ever is it wet around a gauge that is dry.
        let newest = self.rows.back(place, end).next()??;
        let mut around: Hours = [0; NEAR_MAX];
        let known = fill(&mut around, self.judges(place, end).map(|(_, hour)| hour.low));
        if newest.high > wet_around(around.get_mut(..known)?, limits)? / 2 {
            return None;
        }
        let own: Vec<Hour> =
            self.rows.back(place, end).take(limits.hours_max).map_while(|hour| hour).collect();
        let judges: Vec<Judge<'_>> = self
            .judges(place, end)
            .map(|(near, _)| (near, self.rows.back(near.place, end).take(own.len()).collect()))
            .collect();
        let mut tally = Tally::new(&judges, limits);
        let mut verdict = None;
        for (back, hour) in own.iter().enumerate() {
            let begins = end.minus(Span::from_ms(STEP.ms() * (back as i64 + 1)));
            if begins < not_before {
                break;
            }
            tally.add(back, hour);
            if let Some((check, around)) = tally.accuses() {
                let finding = finding(tally.own, &around, end.since(begins));
                verdict = Some(Verdict { check, since: begins, finding });
            }
        }
        verdict
    }

    /// Whether the hour that ends at `end` stands out so far that it is doubtful for now.
    pub(super) fn stands_out(&self, place: usize, end: Timestamp) -> Option<Verdict> {
        let extreme = self.limits.extreme.raw();
        let mut own = self.rows.back(place, end);
        let hour = own.next()??;
        if hour.low < extreme || own.next().flatten().is_some_and(|before| bears_out(&before, extreme)) {
            return None;
        }
        let mut around: Vec<i64> = self.judges(place, end).map(|(_, hour)| hour.high).collect();
        around.sort_unstable();
        let most = *around.last()?;
        if around.len() < self.limits.gauges_min || most.saturating_mul(NEARLY_DRY) > hour.low {
            return None;
        }
        let finding = finding(hour.low, &around, STEP);
        Some(Verdict { check: Check::Neighbour, since: end.minus(STEP), finding })
    }

    /// Whether the hour that ends at `end` bears out an extreme in the hour before it.
    pub(super) fn bears_out(&self, place: usize, end: Timestamp) -> bool {
        let hour = self.rows.back(place, end).next().flatten();
        hour.is_some_and(|hour| bears_out(&hour, self.limits.extreme.raw()))
    }
}

/// What a gauge and its judges had, added up backwards hour by hour.
struct Tally<'a> {
    limits: &'a RainLimits,
    judges: &'a [Judge<'a>],
    own: i64,
    sums: Vec<i64>,
    /// Hours that were wet at three of four judges, and at nearly all.
    wet: (usize, usize),
}

impl<'a> Tally<'a> {
    fn new(judges: &'a [Judge<'a>], limits: &'a RainLimits) -> Self {
        Self { limits, judges, own: 0, sums: vec![0; judges.len()], wet: (0, 0) }
    }

    fn add(&mut self, back: usize, own: &Hour) {
        self.own = self.own.saturating_add(own.high);
        let said = |(_, hours): &Judge<'_>| Some(hours.get(back).copied()??.low);
        let mut around: Hours = [0; NEAR_MAX];
        let known = fill(&mut around, self.judges.iter().filter_map(said));
        if let Some(hours) = around.get_mut(..known)
            && wet_around(hours, self.limits).is_some()
        {
            self.wet.0 += 1;
            self.wet.1 += usize::from(spared_few(hours).is_some_and(|least| least >= self.limits.wet.raw()));
        }
        for (total, judge) in self.sums.iter_mut().zip(self.judges) {
            *total = total.saturating_add(said(judge).unwrap_or(0));
        }
    }

    /// Whether the hours so far accuse the gauge, and what its judges had, sorted.
    fn accuses(&self) -> Option<(Check, Vec<i64>)> {
        let limits = self.limits;
        if self.wet.0 < limits.wet_hours_min {
            return None;
        }
        let mut sorted = self.sums.clone();
        let most_have = quartile(&mut sorted)?;
        let is_wet = |place: usize| self.sums.get(place).is_some_and(|sum| *sum >= most_have);
        // At the edge of the gauges a front may stand between a gauge and all others: there it
        // takes twice as much, and hardly anybody who was spared as well.
        let (around, wet, factor) = if surrounded(self.judges, is_wet) {
            (most_have, self.wet.0, 1)
        } else {
            (spared_few(&sorted)?, self.wet.1, 2)
        };
        if wet < limits.wet_hours_min * factor {
            return None;
        }
        let factor = factor as i64;
        let passes_little = self.own.saturating_mul(100) <= around.saturating_mul(limits.clogged_percent);
        let check = match self.own {
            0 if around >= limits.dead.raw() * factor => Check::DeadOnZero,
            1.. if passes_little && around >= limits.clogged.raw() * factor => Check::Clogged,
            _ => return None,
        };
        Some((check, sorted))
    }
}

/// What seven of eight reach, of sorted sums; fewer than eight must all reach it.
fn spared_few(sorted: &[i64]) -> Option<i64> {
    sorted.get(sorted.len() / 8).copied()
}

fn bears_out(hour: &Hour, extreme: i64) -> bool {
    hour.high.saturating_mul(BEARS_OUT) >= extreme
}

/// Takes over what fits; gives how many.
fn fill(hours: &mut Hours, from: impl Iterator<Item = i64>) -> usize {
    let mut count = 0;
    for (slot, sum) in hours.iter_mut().zip(from) {
        *slot = sum;
        count += 1;
    }
    count
}

/// What three of four neighbours had in an hour, where enough of them speak and it was wet.
fn wet_around(sums: &mut [i64], limits: &RainLimits) -> Option<i64> {
    let around = quartile(sums)?;
    (sums.len() >= limits.gauges_min && around >= limits.wet.raw()).then_some(around)
}

/// Whether those of the judges that are wet, by their place in the list, stand on all sides.
fn surrounded(judges: &[Judge<'_>], is_wet: impl Fn(usize) -> bool) -> bool {
    let wet = judges.iter().enumerate().filter(|(place, _)| is_wet(*place));
    let mut bearings: Vec<i64> = wet.map(|(_, (near, _))| near.bearing_deg).collect();
    bearings.sort_unstable();
    let Some((first, last)) = bearings.first().zip(bearings.last()) else { return false };
    let across = first + 360 - last;
    let widest = bearings.windows(2).map(|pair| pair.last().zip(pair.first()).map_or(0, |(b, a)| b - a));
    widest.max().unwrap_or(0).max(across) <= GAP_MAX_DEG
}

/// The figures for people: of the neighbours, those that three of four reach and the greatest.
fn finding(own: i64, sorted: &[i64], window: Span) -> Finding {
    let least = sorted.get(sorted.len() / 4).copied().unwrap_or_default();
    let most = sorted.last().copied().unwrap_or_default();
    let value = Value::from_raw;
    Finding { own: value(own), least: value(least), most: value(most), window }
}
