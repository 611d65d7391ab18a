//! Rows of several files in event time, within a window and within a bound.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use sensors::reading::Observation;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::coverage::Missing;
use super::{Table, TableError};

/// How far out of order rows may come.
pub(crate) const REORDER: Span = Span::from_h(1);
/// Rows that wait at most (about 20 MB). Where an hour has more of them, the earliest go before the
/// hour is over.
const WAITING_MAX: usize = 262_144;

/// The rows of several files.
pub(crate) struct Rows<'a> {
    tables: Vec<Table<'a>>,
    /// How far each was read; `None` at its end.
    newest: Vec<Option<Reach>>,
    /// Rows that came in order.
    queue: VecDeque<Waiting>,
    /// Rows that did not.
    astray: BinaryHeap<Reverse<Waiting>>,
    taken: u64,
    crowded: u64,
    record: csv::ByteRecord,
}

/// How far a file was read, by two rows in succession: one wrong time must not end the waiting.
#[derive(Clone, Copy)]
struct Reach {
    upto: Timestamp,
    last: Timestamp,
}

/// A row that waits for earlier ones; in order of event time, then of arrival.
#[derive(PartialEq, Eq)]
struct Waiting {
    measured_at: Timestamp,
    nth: u64,
    observation: Observation,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.measured_at, self.nth).cmp(&(other.measured_at, other.nth))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<'a> Rows<'a> {
    /// Rows of these files.
    pub(crate) fn new(tables: Vec<Table<'a>>) -> Self {
        let newest = vec![Some(Reach { upto: Timestamp::MIN, last: Timestamp::MIN }); tables.len()];
        let (queue, astray) = (VecDeque::new(), BinaryHeap::new());
        Self { tables, newest, queue, astray, taken: 0, crowded: 0, record: csv::ByteRecord::new() }
    }

    /// The earliest row that no unread row can precede by less than the window.
    pub(crate) fn next(&mut self) -> Result<Option<Observation>, TableError> {
        loop {
            // The file that is farthest behind.
            let reading =
                self.newest.iter().enumerate().filter_map(|(table, reach)| Some((table, (*reach)?.upto)));
            let Some((behind, read_upto)) = reading.min_by_key(|(_, at)| *at) else { break };
            if self.earliest().is_some_and(|at| at.plus(REORDER) <= read_upto) {
                break;
            }
            if self.queue.len() + self.astray.len() >= WAITING_MAX {
                self.crowded += 1;
                break;
            }
            self.read(behind)?;
        }
        Ok(self.pop())
    }

    fn earliest(&self) -> Option<Timestamp> {
        let astray = self.astray.peek().map(|Reverse(waiting)| waiting.measured_at);
        let queued = self.queue.front().map(|waiting| waiting.measured_at);
        match (queued, astray) {
            (Some(queued), Some(astray)) => Some(queued.min(astray)),
            (queued, astray) => queued.or(astray),
        }
    }

    fn pop(&mut self) -> Option<Observation> {
        let astray_first = match (self.queue.front(), self.astray.peek()) {
            (Some(queued), Some(Reverse(astray))) => astray < queued,
            (queued, _) => queued.is_none(),
        };
        if astray_first {
            return self.astray.pop().map(|Reverse(waiting)| waiting.observation);
        }
        self.queue.pop_front().map(|waiting| waiting.observation)
    }

    fn read(&mut self, table: usize) -> Result<(), TableError> {
        let (Some(source), Some(newest)) = (self.tables.get_mut(table), self.newest.get_mut(table)) else {
            return Ok(());
        };
        let Some(observation) = source.next(&mut self.record)? else {
            *newest = None;
            return Ok(());
        };
        let measured_at = observation.measured_at;
        *newest = newest
            .map(|Reach { upto, last }| Reach { upto: upto.max(last.min(measured_at)), last: measured_at });
        self.taken += 1;
        let waiting = Waiting { measured_at, nth: self.taken, observation };
        if self.queue.back().is_none_or(|last| last.measured_at <= measured_at) {
            self.queue.push_back(waiting);
        } else {
            self.astray.push(Reverse(waiting));
        }
        Ok(())
    }

    /// How many stations the configuration does not know.
    pub(crate) fn unknown_stations(&self) -> u64 {
        let all: BTreeSet<&str> = self.tables.iter().flat_map(Table::unknown_stations).collect();
        all.len() as u64
    }

    /// Rows that are no readings.
    pub(crate) fn refused(&self) -> u64 {
        self.tables.iter().map(Table::refused).sum()
    }

    /// Whether a sensor has any value in any file.
    pub(crate) fn has(&self, sensor: SensorIx) -> bool {
        self.tables.iter().any(|table| table.coverage.has(sensor))
    }

    /// The holes in every file, up to its own end.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        self.tables.iter().flat_map(|table| table.coverage.missing()).collect()
    }

    /// What is to be told of the files.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.tables.iter().flat_map(Table::notes).collect();
        if self.crowded > 0 {
            notes.push(format!(
                "{} rows had to go before their hour was over, because {WAITING_MAX} of them wait at most; rows that came out of order there count as late",
                self.crowded
            ));
        }
        notes
    }
}
