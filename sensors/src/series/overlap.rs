//! What intervals that overlap can have brought together: never the same rain twice.
//!
//! A register that says "the last ten minutes" and is read every minute covers each minute ten
//! times; an hourly sum beside its ten-minute parts covers each one twice. What fell is at least
//! the heaviest set of intervals that lie apart, and at most the lightest set that covers all that
//! is covered. Nothing here differences two sums: the noise of one would stay in all that follow.

use crate::time::{Span, Timestamp};

/// A usable depth and its interval.
#[derive(Clone, Copy)]
pub(super) struct Depth {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) raw: i64,
}

/// Two intervals lie apart, and cover without a gap, when the later begins within a hundredth of
/// its length of the end of the earlier, and within this time: who polls every minute never polls at
/// the same millisecond.
const APART_WITHIN: (i64, Span) = (100, Span::from_s(6));

impl Depth {
    fn slack(&self) -> Span {
        let (share, most) = APART_WITHIN;
        Span::from_ms(self.to.since(self.from).ms() / share).min(most)
    }
}

/// The greatest sum of depths, sorted by their ends, that begin at or after `start` and of which
/// no two overlap (weighted interval scheduling).
pub(super) fn heaviest_apart(depths: &[Depth], start: Timestamp) -> i64 {
    let mut best: Vec<(Timestamp, i64)> = Vec::with_capacity(depths.len());
    let (mut before, mut last_from) = (0, Timestamp::MIN);
    for depth in depths.iter().filter(|depth| depth.from >= start) {
        let from = depth.from.plus(depth.slack());
        // Intervals of one length begin in the order in which they end: no search is needed then.
        if from < last_from {
            before = best.partition_point(|(to, _)| *to <= from);
        }
        while best.get(before).is_some_and(|(to, _)| *to <= from) {
            before += 1;
        }
        last_from = from;
        let beside = before.checked_sub(1).and_then(|i| best.get(i)).map_or(0, |(_, sum)| *sum);
        let with = beside.saturating_add(depth.raw);
        let without = best.last().map_or(0, |(_, sum)| *sum);
        best.push((depth.to, with.max(without)));
    }
    best.last().map_or(0, |(_, sum)| *sum)
}

/// The least sum of depths, sorted by their ends, that cover after `start` all that any of them
/// covers.
pub(super) fn lightest_cover(depths: &[Depth], start: Timestamp) -> i64 {
    let later_begins = depths.iter().rev().scan(Timestamp::MAX, |earliest, depth| {
        let later = *earliest;
        *earliest = later.min(depth.from);
        Some(later)
    });
    let later_begins: Vec<Timestamp> = later_begins.collect();
    // Ends up to which all is covered, and for how much; who reaches farther costs more.
    let mut reached: Vec<(Timestamp, i64)> = vec![(start, 0)];
    for (depth, later) in depths.iter().zip(later_begins.into_iter().rev()) {
        let from = depth.from.minus(depth.slack());
        let beside = match reached.get(reached.partition_point(|(to, _)| *to < from)) {
            Some((_, sum)) => *sum,
            // Something before it is covered by a later one, which then covers this one too.
            None if later < depth.from => continue,
            // Nothing covers what lies before it.
            None => {
                let sum = reached.last().map_or(0, |(_, sum)| *sum);
                reached.push((depth.from, sum));
                sum
            }
        };
        let sum = beside.saturating_add(depth.raw);
        while reached.pop_if(|(_, other)| *other >= sum).is_some() {}
        reached.push((depth.to, sum));
    }
    reached.last().map_or(0, |(_, sum)| *sum)
}

/// The milliseconds after `start` that any of the depths, sorted by their ends, covers.
pub(super) fn covered(depths: &[Depth], start: Timestamp) -> i64 {
    let (mut sum, mut low, mut slack) = (0, Timestamp::MAX, Span::ZERO);
    for depth in depths.iter().rev() {
        // All from `low` to its end is counted already.
        let to = if low.minus(slack) <= depth.to { low } else { depth.to };
        sum += to.since(depth.from.max(start)).ms().max(0);
        if depth.from < low {
            (low, slack) = (depth.from, depth.slack());
        }
    }
    sum
}
