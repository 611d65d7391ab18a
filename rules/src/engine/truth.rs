//! Whether a condition is true at a moment: three-valued, and asked twice.
//!
//! `Raise` asks with the raise thresholds, `Stay` with the clear thresholds; `not` swaps the two.
//! What is missing, rejected or too old is unknown. A suspect reading may make the answer true,
//! never false, and what it raises is known apart. A sum with gaps is a lower bound: it may raise,
//! never clear.

use std::cell::Cell;

use sensors::quality::Quality;
use sensors::series::{Point, Series};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::View;
use crate::rule::{Catchment, Condition, Level, RuleSet};
use crate::threshold::Threshold;

/// Three-valued truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

/// What is asked of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Is it true with the raise thresholds?
    Raise,
    /// Does it stay true with the clear thresholds?
    Stay,
}

/// The truth by all usable readings, and by trusted ones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) any: Truth,
    pub(super) sure: Truth,
}

/// The moment of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// An event time: what was measured up to then, as long as it is fresh.
    Event(Timestamp),
    /// Now, by the running clock: what was last said, however long ago.
    Now,
}

/// A measured quantity in finest steps, between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) low: i64,
    /// `i64::MAX` where nothing bounds it.
    pub(super) high: i64,
    /// The lower bound by trusted readings alone, where there are some.
    pub(super) sure_low: Option<i64>,
    /// Whether a suspect reading, or too few gauges, stand behind it.
    pub(super) suspect: bool,
    /// The event time of the newest reading in it.
    pub(super) at: Timestamp,
    /// The worst judgement in it.
    pub(super) quality: Quality,
}

/// A view at a moment.
pub(super) struct Scene<'a, V> {
    pub(super) rules: &'a RuleSet,
    pub(super) view: &'a V,
    pub(super) moment: Moment,
    /// The last value looked up: the levels of a ladder ask for the same one.
    looked_up: Cell<Option<(SensorIx, Option<Measured>)>>,
    /// The last two windows that were looked through, for the same reason.
    looked_through: [Cell<Seen<'a>>; 2],
}

/// What a condition over a window saw.
type Seen<'a> = Option<(&'a Condition, Option<Measured>)>;

impl Truth {
    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    fn of(yes: bool) -> Self {
        if yes { Self::True } else { Self::False }
    }
}

impl Answer {
    const UNKNOWN: Self = Self::both(Truth::Unknown);
    /// False, whatever the readings say.
    pub(super) const NO: Self = Self::both(Truth::False);

    const fn both(truth: Truth) -> Self {
        Self { any: truth, sure: truth }
    }

    fn zip(self, other: Self, join: fn(Truth, Truth) -> Truth) -> Self {
        Self { any: join(self.any, other.any), sure: join(self.sure, other.sure) }
    }
}

impl Ask {
    fn swapped(self, swap: bool) -> Self {
        match (self, swap) {
            (Self::Raise, true) => Self::Stay,
            (Self::Stay, true) => Self::Raise,
            (same, false) => same,
        }
    }
}

impl Measured {
    /// Compares with a threshold; `ask` is what was asked of the whole tree.
    pub(super) fn against(&self, threshold: Threshold, ask: Ask, negated: bool) -> Answer {
        let truth = match ask.swapped(negated) {
            Ask::Raise => self.reaches(threshold.raise().raw()),
            Ask::Stay => self.reaches(threshold.clear().raw().saturating_add(1)),
        };
        if !self.suspect {
            return Answer::both(truth);
        }
        let helps = matches!((truth, negated), (Truth::True, false) | (Truth::False, true));
        match (helps, ask) {
            (false, _) => Answer::UNKNOWN,
            (true, Ask::Stay) => Answer::both(truth),
            (true, Ask::Raise) => {
                let trusted = self.sure_low.is_some_and(|low| low >= threshold.raise().raw());
                let sure = if trusted && !negated { Truth::True } else { Truth::Unknown };
                Answer { any: truth, sure }
            }
        }
    }

    fn reaches(&self, mark: i64) -> Truth {
        if self.low >= mark {
            Truth::True
        } else if self.high < mark {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}

impl<'a, V: View> Scene<'a, V> {
    pub(super) fn new(rules: &'a RuleSet, view: &'a V, moment: Moment) -> Self {
        Self { rules, view, moment, looked_up: Cell::new(None), looked_through: Default::default() }
    }

    /// Answers for a whole tree.
    pub(super) fn answer(&self, condition: &'a Condition, ask: Ask) -> Answer {
        self.within(condition, ask, false)
    }

    fn within(&self, condition: &'a Condition, ask: Ask, negated: bool) -> Answer {
        let join = |parts: &'a [Condition], start: Truth, join: fn(Truth, Truth) -> Truth| {
            parts.iter().fold(Answer::both(start), |sum, part| sum.zip(self.within(part, ask, negated), join))
        };
        match condition {
            Condition::All(parts) => join(parts, Truth::True, Truth::and),
            Condition::Any(parts) => join(parts, Truth::False, Truth::or),
            Condition::Not(part) => {
                let inner = self.within(part, ask, !negated);
                Answer { any: inner.any.not(), sure: inner.sure.not() }
            }
            Condition::Silent { sensors } => {
                Answer::both(Truth::of(sensors.iter().any(|sensor| self.view.is_silent(*sensor))))
            }
            Condition::StandsIn(of) if !self.view.is_silent(of.target) => Answer::NO,
            leaf => match (self.measure(leaf), leaf.threshold()) {
                (Some(measured), Some(threshold)) => {
                    let answer = measured.against(threshold, ask, negated);
                    if ask == Ask::Raise && !negated {
                        self.borne_out(leaf, threshold, answer)
                    } else {
                        answer
                    }
                }
                _ => Answer::UNKNOWN,
            },
        }
    }

    /// Whether no sensor of the level comes back just now from a silence longer than the hold: what
    /// the water did meanwhile is not known, and no data is not good news. Sums know their gaps
    /// themselves.
    pub(super) fn measured(&self, level: &Level) -> bool {
        let Moment::Event(at) = self.moment else { return true };
        let mut measured = true;
        level.when.leaves(false, &mut |leaf, _| {
            let (Condition::Exceeds { sensor, .. }
            | Condition::Releases { sensor, .. }
            | Condition::Outruns { sensor, .. }
            | Condition::Falls { sensor, .. }
            | Condition::Rises { sensor, .. }) = leaf
            else {
                return;
            };
            let Some(series) = self.view.series(*sensor) else { return };
            let trusted = |point: &&Point| point.value.is_some() && point.quality.may_clear();
            let mut trusted = series.points(Timestamp::MIN, at).rev().filter(trusted);
            if trusted.next().is_some_and(|point| point.measured_at == at) {
                let most = level.hold.max(self.rules.patience(*sensor));
                measured &= trusted.next().is_some_and(|before| at.since(before.measured_at) <= most);
            }
        });
        measured
    }

    /// What a condition without parts compares with its threshold.
    pub(super) fn measure(&self, leaf: &'a Condition) -> Option<Measured> {
        match leaf {
            Condition::Exceeds { sensor, .. } | Condition::Releases { sensor, .. } => self.value(*sensor),
            Condition::Outruns { sensor, over, .. } => self.outrun(*sensor, *over),
            Condition::Fills(of) => self.filling(of),
            Condition::StandsIn(of) => self.stand_in(of),
            Condition::Rises { .. } | Condition::Falls { .. } | Condition::Accumulates { .. } => {
                let [last, before] = &self.looked_through;
                let seen = |cell: &Cell<Seen<'a>>| cell.get().filter(|(seen, _)| leaf.measures_as(seen));
                if let Some((_, measured)) = seen(last).or_else(|| seen(before)) {
                    return measured;
                }
                let measured = self.look_through(leaf);
                before.set(last.replace(Some((leaf, measured))));
                measured
            }
            _ => None,
        }
    }

    fn look_through(&self, leaf: &Condition) -> Option<Measured> {
        match leaf {
            Condition::Rises { sensor, window, .. } => self.rise(*sensor, *window, false),
            Condition::Falls { sensor, window, .. } => self.rise(*sensor, *window, true),
            Condition::Accumulates { over: Catchment::Gauge(sensor), window, .. } => {
                self.gauge(*sensor, *window)
            }
            Condition::Accumulates { over: Catchment::Basin(rain), window, .. } => self.basin(rain, *window),
            _ => None,
        }
    }

    /// The newest point of the moment, whatever its quality, and its series.
    pub(super) fn newest(&self, sensor: SensorIx) -> Option<(&Series, &Point)> {
        let series = self.view.series(sensor)?;
        let last = series.newest()?;
        let Moment::Event(at) = self.moment else { return Some((series, last)) };
        let point =
            if last.measured_at <= at { last } else { series.points(Timestamp::MIN, at).next_back()? };
        (at.since(point.measured_at) <= self.rules.patience(sensor)).then_some((series, point))
    }

    fn value(&self, sensor: SensorIx) -> Option<Measured> {
        if let Some((_, measured)) = self.looked_up.get().filter(|(last, _)| *last == sensor) {
            return measured;
        }
        let measured = self.look_up(sensor);
        self.looked_up.set(Some((sensor, measured)));
        measured
    }

    pub(super) fn look_up(&self, sensor: SensorIx) -> Option<Measured> {
        let (_, point) = self.newest(sensor)?;
        let value = point.value?;
        let low = value.raw();
        let high = if self.rules.is_top(sensor, value) { i64::MAX } else { low };
        let suspect = !point.quality.may_clear();
        let (at, quality) = (point.measured_at, point.quality);
        Some(Measured { low, high, sure_low: (!suspect).then_some(low), suspect, at, quality })
    }

    /// The change over a window, upwards or (`falling`) downwards.
    fn rise(&self, sensor: SensorIx, window: Span, falling: bool) -> Option<Measured> {
        let (series, point) = self.newest(sensor)?;
        point.value?;
        let rise = series.rise(point.measured_at, window)?;
        let low = if falling { -rise.change.raw() } else { rise.change.raw() };
        let suspect = !rise.quality.may_clear();
        // A change over less than half the window says nothing of how little the rest changed.
        let high = if rise.over.ms() * 2 < window.ms() { i64::MAX } else { low };
        let (at, quality) = (point.measured_at, rise.quality);
        Some(Measured { low, high, sure_low: (!suspect).then_some(low), suspect, at, quality })
    }

    /// One gauge's window, which ends at its newest reading: gauges do not report at the same second.
    fn gauge(&self, sensor: SensorIx, window: Span) -> Option<Measured> {
        self.sum(sensor, window).map(|(measured, _)| measured)
    }

    /// What fell at a gauge, and how much of the window is missing.
    fn sum(&self, sensor: SensorIx, window: Span) -> Option<(Measured, Span)> {
        let (series, point) = self.newest(sensor)?;
        self.sum_to(sensor, series, point, window)
    }

    pub(super) fn sum_to(
        &self,
        sensor: SensorIx,
        series: &Series,
        point: &Point,
        window: Span,
    ) -> Option<(Measured, Span)> {
        let look = || Self::sum_of(series, point, window);
        match self.view.sums() {
            Some(sums) => sums.of((sensor, window, point.measured_at), look),
            None => look(),
        }
    }

    fn sum_of(series: &Series, point: &Point, window: Span) -> Option<(Measured, Span)> {
        let sum = series.accumulation(point.measured_at, window);
        if !sum.quality.is_usable() {
            return None;
        }
        let low = sum.at_least.raw();
        let high = if sum.missing > Span::ZERO { i64::MAX } else { sum.at_most.raw() };
        let suspect = !sum.quality.may_clear();
        let (at, quality) = (point.measured_at, sum.quality);
        let measured = Measured { low, high, sure_low: (!suspect).then_some(low), suspect, at, quality };
        Some((measured, sum.missing))
    }
}
