//! Where a series keeps its points: in chunks that clones share, each row with its running sums.
//!
//! A commit clones a series and then appends to it: only the last chunk is copied.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Point;
use crate::quality::DOUBTS;
use crate::quantity::Value;
use crate::time::{Span, Timestamp};

/// Rows in a chunk: what is copied when a shared series changes at its end (about 6 kB).
const CHUNK: usize = 64;

/// An interval that begins within a tenth of its length of where the one before it ended, and by
/// less than a minute, begins there: gauges stamp their reports late and early by seconds, and that
/// is neither rain counted twice nor a gap.
const TOUCHES_WITHIN: (i64, Span) = (10, Span::from_ms(59_999));

/// The same for a register that slides: there an overlap of a minute is one, when polls were missed.
const SLIDES_WITHIN: (i64, Span) = (100, Span::from_s(6));

/// An interval that overlaps the one before it by more than a quarter of its length is of a register
/// that slides (or a sum beside its parts), and so are so many after it.
const SLIDES: (i64, u8) = (4, 12);

/// A point with the sums over every depth up to and including it, since the series began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) point: Point,
    /// The value as it was said, also where it was rejected; 0 where there was none.
    pub(super) heard: Value,
    /// Where its interval begins, beside the one before it; `point.from` where none is near.
    pub(super) begin: Timestamp,
    /// Usable depths. Sums of a window are differences: exact as long as they fit.
    pub(super) depth_sum: i64,
    /// The milliseconds of their intervals.
    pub(super) length_sum: i64,
    /// The end of the newest usable interval.
    pub(super) reach: Timestamp,
    /// How many of the next rows count as those of a register that slides.
    pub(super) slides: u8,
    /// How many intervals began before the one before them had ended.
    pub(super) tangles: u32,
    /// How many usable depths were not good, by [`Quality::doubt`]. Wraps; a series is shorter.
    pub(super) doubts: [u16; DOUBTS],
}

impl Row {
    /// The row of a point that follows `before`.
    pub(super) fn after(before: Option<&Self>, point: Point, heard: Value) -> Self {
        let mut row = before.map_or(
            Self {
                point,
                heard,
                begin: point.from,
                depth_sum: 0,
                length_sum: 0,
                reach: Timestamp::MIN,
                slides: 0,
                tangles: 0,
                doubts: [0; DOUBTS],
            },
            |before| Self { point, heard, begin: point.from, ..*before },
        );
        if point.is_depth() {
            let overlap = row.reach.since(point.from).ms();
            let (share, rows) = SLIDES;
            let length = point.measured_at.since(point.from).ms();
            row.slides =
                if overlap.saturating_mul(share) > length { rows } else { row.slides.saturating_sub(1) };
            if touches(&point, row.reach, if row.slides > 0 { SLIDES_WITHIN } else { TOUCHES_WITHIN }) {
                row.begin = row.reach;
            }
        }
        if let Some((depth, length)) = row.depth() {
            row.depth_sum = row.depth_sum.wrapping_add(depth);
            row.length_sum = row.length_sum.wrapping_add(length);
            row.tangles = row.tangles.wrapping_add(u32::from(row.begin < row.reach));
            if let Some(count) = point.quality.doubt().and_then(|doubt| row.doubts.get_mut(doubt)) {
                *count = count.wrapping_add(1);
            }
            row.reach = point.measured_at;
        }
        row
    }

    /// The depth in finest steps and the milliseconds it fell in, for a usable depth.
    pub(super) fn depth(&self) -> Option<(i64, i64)> {
        let value = self.point.value.filter(|_| self.point.is_depth())?;
        Some((value.raw(), self.point.measured_at.since(self.begin).ms()))
    }
}

fn touches(point: &Point, reach: Timestamp, (share, most): (i64, Span)) -> bool {
    let apart = point.from.since(reach).ms().saturating_abs();
    apart <= most.ms() && apart.saturating_mul(share) <= point.measured_at.since(point.from).ms()
}

/// A queue of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    chunks: VecDeque<Arc<[Row; CHUNK]>>,
    /// Rows of the first chunk that are gone.
    gone: usize,
    len: usize,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn at(&self, at: usize) -> Option<&Row> {
        if at >= self.len {
            return None;
        }
        let place = self.gone + at;
        self.chunks.get(place / CHUNK)?.get(place % CHUNK)
    }

    pub(super) fn at_mut(&mut self, at: usize) -> Option<&mut Row> {
        if at >= self.len {
            return None;
        }
        let place = self.gone + at;
        Arc::make_mut(self.chunks.get_mut(place / CHUNK)?).get_mut(place % CHUNK)
    }

    pub(super) fn last(&self) -> Option<&Row> {
        self.at(self.len.checked_sub(1)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        (0..self.len).filter_map(|at| self.at(at))
    }

    pub(super) fn push(&mut self, row: Row) {
        let place = self.gone + self.len;
        match self.chunks.get_mut(place / CHUNK) {
            Some(chunk) => {
                if let Some(slot) = Arc::make_mut(chunk).get_mut(place % CHUNK) {
                    *slot = row;
                }
            }
            None => self.chunks.push_back(Arc::new([row; CHUNK])),
        }
        self.len += 1;
    }

    pub(super) fn pop_front(&mut self) {
        if self.len == 0 {
            return;
        }
        self.len -= 1;
        self.gone += 1;
        if self.gone == CHUNK {
            self.chunks.pop_front();
            self.gone = 0;
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.chunks.truncate((self.gone + self.len).div_ceil(CHUNK));
    }
}
