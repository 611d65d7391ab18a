//! Cumulative counters (tipping buckets) become depths over intervals.
//!
//! Each depth is a plain function of the counter's readings around it in event time, so that any
//! order of arrival ends in the same rain. A late reading splits the interval that was fed across
//! it (the later part becomes a revision); a repeated one feeds nothing. Nothing here guesses when
//! in a gap the rain fell: the whole depth covers the whole gap.

use crate::quality::{Check, Quality};
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::series::{Point, Series};
use crate::station::{Sensor, SensorIx};
use crate::time::{Span, Timestamp};

/// A depth for the sensor that a counter feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// The depth over `(from, measured_at]`, or that it is not known.
    pub observation: Observation,
    /// Set where the depth is at least so much, because the counter restarted in the interval.
    pub doubt: Option<Check>,
}

/// From one reading of a counter to another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It counted on, perhaps over its modulus.
    Counted(i64),
    /// It restarted near 0: what it shows fell since then, what fell before is not known.
    Restarted(i64),
    /// It jumped: nothing is known of the rain between.
    Broken,
}

/// How many usable points after a changed one depend on it.
const SEEN_BEFORE: usize = 2;

/// The most rain that a counter is believed, in µm per hour: the world's record for less than an
/// hour, 305 mm in 42 minutes (Holt, Missouri, 22 June 1947; WMO archive of extremes).
const BELIEVED_PER_HOUR_UM: i64 = 436_000;

/// A counter may be read more often than it counts: what it adds at once may be of an hour.
const COUNTS_WITHIN: Span = Span::from_h(1);

/// What a restarted counter shows fell since its restart, which is taken to be this recent.
const RESTARTED_WITHIN: Span = Span::from_min(10);

/// A part of the modulus that a roll-over is at most believed: more is a restart or a jump.
const ROLLOVER_SHARE: i64 = 4;

/// The judgement of the counter's usable point at a place.
pub(crate) fn judge(sensor: &Sensor, series: &Series, at: usize) -> Quality {
    match base_of(sensor, series, at) {
        Some((_, Step::Restarted(_) | Step::Broken)) => Quality::Suspect(Check::Counter),
        Some((_, Step::Counted(_))) | None => Quality::Good,
    }
}

/// The places whose judgement or depth depends on the point at a place: the usable one before it,
/// itself, and those after it.
pub(crate) fn around(series: &Series, at: usize) -> Vec<usize> {
    let mut places: Vec<usize> = series.usable_before(at).take(1).collect();
    places.push(at);
    places.extend(series.usable_after(at).take(SEEN_BEFORE));
    places
}

/// The reading before a changed one, itself, and those after it that depend on it.
type Concerned<T> = [Option<T>; 2 + SEEN_BEFORE];

/// A time and what it feeds.
pub(crate) type Feeding = (Timestamp, Option<Depth>);

/// The times whose depth may change with a reading at `t`, in order, `t` among them.
pub(crate) fn concerned(series: &Series, t: Timestamp) -> Concerned<Timestamp> {
    let rank = series.rank(t);
    let place = if series.at(t).is_some() { rank - 1 } else { rank };
    let time = |i: usize| series.point(i).map(|point| point.measured_at);
    let mut after = (rank..series.len()).filter(|i| series.point(*i).is_some_and(|p| p.value.is_some()));
    [
        series.usable_before(place).next().and_then(time),
        Some(t),
        after.next().and_then(time),
        after.next().and_then(time),
    ]
}

/// What each of these times feeds; a time that the series does not have is left out.
pub(crate) fn fed_at(sensor: &Sensor, series: &Series, times: &Concerned<Timestamp>) -> Concerned<Feeding> {
    times.map(|t| {
        let t = t?;
        let at = series.rank(t).checked_sub(1)?;
        let there = series.point(at)?.measured_at == t;
        there.then(|| (t, depth_at(sensor, series, at)))
    })
}

/// What must be fed so that `now` stands where `before` stood.
pub(crate) fn difference(
    feeds: SensorIx,
    before: &Concerned<Feeding>,
    now: &Concerned<Feeding>,
    arrived_at: Timestamp,
) -> Vec<Fed> {
    now.iter()
        .flatten()
        .filter_map(|(t, depth)| {
            let stood = before.iter().flatten().find(|(other, _)| other == t);
            let stood = stood.and_then(|(_, depth)| *depth);
            if *depth == stood {
                return None;
            }
            // A depth that no longer holds leaves a gap, never a zero.
            let depth = depth.or(stood.map(|stood| Depth { value: None, doubt: None, ..stood }))?;
            Some(Fed {
                observation: Observation {
                    sensor: feeds,
                    measured_at: *t,
                    from: Some(depth.from),
                    arrived_at,
                    value: depth.value.map_or(Observed::Missing, Observed::Value),
                },
                doubt: depth.doubt,
            })
        })
        .collect()
}

/// What one reading of a counter feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    from: Timestamp,
    value: Option<Value>,
    doubt: Option<Check>,
}

/// What the reading at a place feeds; the first contact feeds nothing.
fn depth_at(sensor: &Sensor, series: &Series, at: usize) -> Option<Depth> {
    series.point(at)?.value?;
    let last = series.usable_before(at).next()?;
    let stands_out =
        series.usable_after(at).next().is_some_and(|next| is_outlier(sensor, series, last, at, next));
    if stands_out {
        let from = series.point(last)?.measured_at;
        return Some(Depth { from, value: None, doubt: None });
    }
    let (base, step) = base_of(sensor, series, at)?;
    let (value, doubt) = match step {
        Step::Counted(raw) => {
            let doubtful = base == last && is_ambiguous(sensor, series, at);
            let doubt = doubtful.then_some(Check::Counter);
            (Some(Value::from_raw(raw)), doubt)
        }
        Step::Restarted(raw) => (Some(Value::from_raw(raw)), Some(Check::Counter)),
        Step::Broken => (None, None),
    };
    Some(Depth { from: series.point(base)?.measured_at, value, doubt })
}

/// The reading that a depth counts from, past one that stands out; and the step from there.
fn base_of(sensor: &Sensor, series: &Series, at: usize) -> Option<(usize, Step)> {
    let mut before = series.usable_before(at);
    let last = before.next()?;
    let base = match before.next() {
        Some(second) if is_outlier(sensor, series, second, last, at) => second,
        _ => last,
    };
    Some((base, step(sensor, series.point(base)?, series.point(at)?)))
}

/// Whether the middle one of three stands out: the last counts on from the first, and not so well
/// by way of the middle one.
fn is_outlier(sensor: &Sensor, series: &Series, first: usize, middle: usize, last: usize) -> bool {
    let (Some(first), Some(middle), Some(last)) =
        (series.point(first), series.point(middle), series.point(last))
    else {
        return false;
    };
    let onwards = step(sensor, middle, last);
    let by_way_of_it = match (step(sensor, first, middle), onwards) {
        (_, Step::Restarted(_) | Step::Broken) => false,
        (Step::Counted(_), Step::Counted(_)) => true,
        // Two that agree after a jump up are the counter; after a jump back one came back.
        (Step::Broken, Step::Counted(_)) => middle.value > first.value,
        // It showed 0 once, or it restarted and this much fell since.
        (Step::Restarted(_), Step::Counted(since)) => fell_since_restart(sensor, middle, last, since),
    };
    !by_way_of_it && matches!(step(sensor, first, last), Step::Counted(_))
}

/// Whether a depth counted from a restart, where the counter may as well have shown 0 once and
/// counted on: the greater rain is kept, and doubted.
fn is_ambiguous(sensor: &Sensor, series: &Series, at: usize) -> bool {
    let mut before = series.usable_before(at);
    let (last, second) = (before.next(), before.next());
    let point = |place: Option<usize>| place.and_then(|i| series.point(i));
    let (Some(second), Some(last), Some(now)) = (point(second), point(last), series.point(at)) else {
        return false;
    };
    matches!(step(sensor, second, last), Step::Restarted(_))
        && matches!(step(sensor, second, now), Step::Counted(_))
}

fn step(sensor: &Sensor, from: &Point, to: &Point) -> Step {
    let (Some(before), Some(now)) = (from.value.map(Value::raw), to.value.map(Value::raw)) else {
        return Step::Broken;
    };
    let took = to.measured_at.since(from.measured_at);
    let believed = |depth: i64| is_believed(sensor, depth, took.max(COUNTS_WITHIN));
    if now >= before {
        return if believed(now - before) { Step::Counted(now - before) } else { Step::Broken };
    }
    if let Some(modulus) = sensor.rollover.map(Value::raw) {
        let over = modulus - before + now;
        if (0..=modulus / ROLLOVER_SHARE).contains(&over) && believed(over) {
            return Step::Counted(over);
        }
    }
    // 10 mm that become 8 are no restart: it would have rained 8 mm since.
    let near_zero = (0..=before / 2).contains(&now) && fell_since_restart(sensor, from, to, now);
    if near_zero { Step::Restarted(now) } else { Step::Broken }
}

/// Whether a counter that restarted is believed to have counted so much since.
fn fell_since_restart(sensor: &Sensor, from: &Point, to: &Point, depth: i64) -> bool {
    let took = to.measured_at.since(from.measured_at);
    is_believed(sensor, depth, took.max(RESTARTED_WITHIN))
}

/// Whether a counter is believed to add so much in a time.
fn is_believed(sensor: &Sensor, depth: i64, time: Span) -> bool {
    let (change, per) =
        sensor.rate_max.map_or((BELIEVED_PER_HOUR_UM, Span::from_h(1)), |rate| (rate.change.raw(), rate.per));
    i128::from(depth) * i128::from(per.ms()) <= i128::from(change) * i128::from(time.ms())
}

#[cfg(test)]
mod tests;
