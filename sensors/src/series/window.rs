//! What a window of a series says: accumulation, rate of rise, crest.
//!
//! A depth covers `(from, measured_at]` and counts once. What reaches across a window's start
//! counts in the upper bound only, and what no usable interval covers is told as missing: nothing
//! here ever takes a gap for zero.

use super::{Point, Series};
use crate::quality::{DOUBTS, Quality};
use crate::quantity::Value;
use crate::time::{Span, Timestamp};

/// What fell during a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulation {
    /// The depths of the intervals that lie wholly inside the window.
    pub at_least: Value,
    /// `at_least` and the whole depths of the intervals that reach across its ends.
    pub at_most: Value,
    /// The time of the window that no usable interval covers.
    pub missing: Span,
    /// The part of `missing` that lies after the newest point: not measured yet, so no gap so far.
    pub pending: Span,
    /// The worst judgement among the readings that were summed; missing where there was none.
    pub quality: Quality,
}

/// How a value changed over a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// Newest minus oldest.
    pub change: Value,
    /// The time between the two.
    pub over: Span,
    /// The worse judgement of the two.
    pub quality: Quality,
}

/// How much earlier than asked a window may begin, where a reading stands there: a sixtieth of it,
/// at most a minute. Who polls every five minutes never polls at the same millisecond, and the
/// crest hour of a gauge must not lose its first five minutes for that.
const SLACK: (i64, Span) = (60, Span::from_min(1));

/// A usable depth and its interval.
#[derive(Clone, Copy)]
struct Depth {
    from: Timestamp,
    to: Timestamp,
    raw: i64,
}

impl Series {
    /// What fell in `(end - window, end]`, as far as it was measured at or before `end`.
    ///
    /// A window whose start an interval reaches across by a moment only (a sixtieth of the window,
    /// at most a minute) begins with that interval. Where intervals overlap, `at_least` is the heaviest set of them that does not, and
    /// `at_most` the sum of a chain that covers everything they cover: both hold whatever fell
    /// when, and neither counts the same rain twice.
    pub fn accumulation(&self, end: Timestamp, window: Span) -> Accumulation {
        let mut start = end.minus(window);
        let (low, high) = (self.rank(start), self.rank(end));
        if let Some(first) = self.depths(low, high).next()
            && (start.minus(slack(window))..start).contains(&first.from)
        {
            start = first.from;
        }
        let newest = high.checked_sub(1).and_then(|i| self.rows.at(i));
        let pending = newest
            .map_or(window, |row| Span::from_ms(end.since(row.point.measured_at).ms().min(window.ms())));
        let (Some(first), Some(last)) = (self.rows.at(low), newest.filter(|_| low < high)) else {
            return Accumulation {
                at_least: Value::default(),
                at_most: Value::default(),
                missing: window,
                pending,
                quality: Quality::Missing,
            };
        };
        let (own_depth, own_length) = first.depth().unwrap_or_default();
        let own_doubt = first.point.quality.doubt().filter(|_| own_length > 0);
        let mut covered = last.length_sum.wrapping_sub(first.length_sum).wrapping_add(own_length);
        let doubt = (0..DOUBTS)
            .rev()
            .find(|i| last.doubts.get(*i) != first.doubts.get(*i) || own_doubt.is_some_and(|own| own == *i));
        let quality = match (covered, doubt) {
            (0, _) => Quality::Missing,
            (_, None) => Quality::Good,
            (_, Some(doubt)) => Quality::of_doubt(doubt),
        };
        let (at_least, at_most);
        if last.tangles == first.tangles {
            let sum = last.depth_sum.wrapping_sub(first.depth_sum).wrapping_add(own_depth);
            let across = self.depths(low, high).next().filter(|depth| depth.from < start);
            covered -= across.map_or(0, |depth| start.since(depth.from).ms());
            at_least = sum.wrapping_sub(across.map_or(0, |depth| depth.raw));
            at_most = sum;
        } else {
            let depths: Vec<Depth> = self.depths(low, high).collect();
            at_least = heaviest_apart(&depths, start);
            let (chain, chain_covers) = covering_chain(depths, start);
            at_most = chain.max(at_least);
            covered = chain_covers;
        }
        Accumulation {
            at_least: Value::from_raw(at_least),
            at_most: Value::from_raw(at_most),
            missing: Span::from_ms(end.since(start).ms() - covered),
            pending,
            quality,
        }
    }

    /// How the value changed in `[end - window, end]`: its newest usable point minus its oldest,
    /// which may stand a slack earlier, as with an accumulation.
    ///
    /// `None` with fewer than two of them; the change is over [`Rise::over`], which a gap may make
    /// shorter than the window.
    pub fn rise(&self, end: Timestamp, window: Span) -> Option<Rise> {
        let start = end.minus(window);
        let newest = self.at_or_before(end).filter(|point| point.measured_at > start)?;
        let low = self.rank(start.minus(slack(window)).minus(Span::from_ms(1)));
        let oldest =
            (low..self.rank(end)).filter_map(|i| self.point(i)).find(|point| point.value.is_some())?;
        let over = newest.measured_at.since(oldest.measured_at);
        let change = newest.value?.raw() - oldest.value?.raw();
        (over > Span::ZERO).then(|| Rise {
            change: Value::from_raw(change),
            over,
            quality: newest.quality.or_worse(oldest.quality),
        })
    }

    /// The highest usable point measured in `(after, upto]`; the earliest of several as high.
    pub fn crest(&self, after: Timestamp, upto: Timestamp) -> Option<&Point> {
        // `max_by_key` gives the last of equals: going backwards makes it the earliest.
        self.points(after, upto).rev().filter(|p| p.value.is_some()).max_by_key(|p| p.value)
    }

    fn depths(&self, low: usize, high: usize) -> impl Iterator<Item = Depth> {
        (low..high).filter_map(|i| self.rows.at(i)).filter_map(|row| {
            let (raw, _) = row.depth()?;
            Some(Depth { from: row.begin, to: row.point.measured_at, raw })
        })
    }
}

fn slack(window: Span) -> Span {
    let (share, most) = SLACK;
    Span::from_ms(window.ms() / share).min(most)
}

/// The greatest sum of depths, sorted by their ends, that begin at or after `start` and of which
/// no two overlap (weighted interval scheduling).
fn heaviest_apart(depths: &[Depth], start: Timestamp) -> i64 {
    let mut best: Vec<(Timestamp, i64)> = Vec::with_capacity(depths.len());
    let (mut before, mut from) = (0, Timestamp::MIN);
    for depth in depths.iter().filter(|depth| depth.from >= start) {
        // Intervals of one length begin in the order in which they end: no search is needed then.
        if depth.from < from {
            before = best.partition_point(|(to, _)| *to <= depth.from);
        }
        while best.get(before).is_some_and(|(to, _)| *to <= depth.from) {
            before += 1;
        }
        from = depth.from;
        let beside = before.checked_sub(1).and_then(|i| best.get(i)).map_or(0, |(_, sum)| *sum);
        let with = beside.saturating_add(depth.raw);
        let without = best.last().map_or(0, |(_, sum)| *sum);
        best.push((depth.to, with.max(without)));
    }
    best.last().map_or(0, |(_, sum)| *sum)
}

/// Goes through the covered time from `start` on, always with the interval that reaches farthest:
/// the sum of those intervals, and the milliseconds after `start` that they cover.
fn covering_chain(mut depths: Vec<Depth>, start: Timestamp) -> (i64, i64) {
    depths.sort_by_key(|depth| (depth.from, depth.to));
    let (mut sum, mut covered, mut at) = (0_i64, 0, start);
    let mut ahead = depths.into_iter().peekable();
    let mut farthest: Option<Depth> = None;
    loop {
        while let Some(depth) = ahead.next_if(|depth| depth.from <= at) {
            if farthest.is_none_or(|best| best.to < depth.to) {
                farthest = Some(depth);
            }
        }
        match (farthest.filter(|best| best.to > at), ahead.peek()) {
            (Some(best), _) => {
                sum = sum.saturating_add(best.raw);
                covered += best.to.since(at).ms();
                at = best.to;
            }
            (None, Some(next)) => at = next.from,
            (None, None) => return (sum, covered),
        }
    }
}
