//! `baolu replay`: recorded readings through the same decisions, without a store and without
//! telling anybody.
//!
//! A file has no arrival times, so a reading counts as arrived when it was measured; rows may come
//! up to an hour of event time out of order, and what is later is late data.

mod table;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use sensors::reading::Observation;
use sensors::time::{Span, Timestamp};

use crate::command::cli::{Failure, ReplayArgs};
use crate::command::event_line::{EventLines, Summary};
use crate::event::Event;
use crate::watch::decide::decide;
use crate::watch::snapshot::{Plan, State};
use table::{Table, TableError};

/// How far out of order rows may come.
const REORDER: Span = Span::from_h(1);
/// Rows of one moment that are decided together at most.
const MOMENT_MAX: usize = 4096;

/// Runs it.
///
/// # Errors
/// When the configuration or a row is wrong, or standard output is closed.
pub fn run(args: &ReplayArgs, out: &mut impl Write) -> Result<(), Failure> {
    let began = Instant::now();
    let input = |error: TableError| Failure::Input(vec![error.to_string()]);
    let plan = Arc::new(Plan::load(args.config.config.as_deref()).map_err(Failure::from)?);
    let renamed = table::renames(args.map.as_deref(), &plan.city).map_err(input)?;
    let tables: Result<Vec<Table<'_>>, TableError> =
        args.input.iter().map(|file| Table::open(file, &plan.city, &renamed)).collect();
    let mut rows = Rows::new(tables.map_err(input)?);
    let lines = EventLines::new(&plan, args.output);
    let mut summary = Summary::default();
    let mut state = State::new(Arc::clone(&plan), Timestamp::MIN, false);
    if !args.deadlines {
        state.wake_at = Some(Timestamp::MAX);
    }
    let mut moment: Vec<Event> = Vec::new();
    let mut now = Timestamp::MIN;
    loop {
        let next = rows.next().map_err(input)?;
        let same = next.as_ref().is_some_and(|o| o.measured_at <= now) && moment.len() < MOMENT_MAX;
        if !same && !moment.is_empty() {
            let decision = decide(&state, now, &moment);
            summary.count(&decision.commit);
            summary.pushes += decision.commit.deliveries.len() as u64;
            for line in lines.of_commit(&decision.commit) {
                writeln!(out, "{line}").map_err(|error| closed(&error))?;
            }
            state = decision.next;
            // Nobody is told: what would have been sent counts as sent.
            state.outbox.clear();
            moment.clear();
        }
        let Some(observation) = next else { break };
        if now == Timestamp::MIN {
            state.watch_from(observation.measured_at);
        }
        now = now.max(observation.measured_at);
        moment.push(Event::Observed(observation));
    }
    summary.unknown_stations = rows.unknown_stations();
    rows.passed_over().for_each(|line| eprintln!("{line}"));
    summary.seconds = began.elapsed().as_secs_f64();
    writeln!(out, "{}", lines.summary(&summary)).map_err(|error| closed(&error))
}

fn closed(error: &std::io::Error) -> Failure {
    Failure::Running(format!("standard output: {error}"))
}

/// Rows of several files in event time, within the reorder window.
struct Rows<'a> {
    tables: Vec<Table<'a>>,
    open: Vec<bool>,
    newest: Vec<Timestamp>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    taken: u64,
}

/// A row that waits for earlier ones; in order of event time, then of arrival.
#[derive(PartialEq, Eq)]
struct Waiting {
    measured_at: Timestamp,
    nth: u64,
    table: usize,
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
    fn new(tables: Vec<Table<'a>>) -> Self {
        let (open, newest) = (vec![true; tables.len()], vec![Timestamp::MIN; tables.len()]);
        Self { tables, open, newest, waiting: BinaryHeap::new(), taken: 0 }
    }

    /// The earliest row that no unread row can precede by less than the window.
    fn next(&mut self) -> Result<Option<Observation>, TableError> {
        loop {
            let behind = (0..self.tables.len())
                .filter(|i| self.open.get(*i).copied().unwrap_or(false))
                .min_by_key(|i| self.newest.get(*i).copied());
            let Some(behind) = behind else { break };
            let read_upto = self.newest.get(behind).copied().unwrap_or(Timestamp::MIN);
            let ready =
                self.waiting.peek().is_some_and(|Reverse(w)| w.measured_at.plus(REORDER) <= read_upto);
            if ready {
                break;
            }
            self.read(behind)?;
        }
        Ok(self.waiting.pop().map(|Reverse(waiting)| waiting.observation))
    }

    fn read(&mut self, table: usize) -> Result<(), TableError> {
        let Some(source) = self.tables.get_mut(table) else { return Ok(()) };
        match source.next_observation()? {
            Some(observation) => {
                let measured_at = observation.measured_at;
                if let Some(newest) = self.newest.get_mut(table) {
                    *newest = measured_at.max(*newest);
                }
                self.taken += 1;
                self.waiting.push(Reverse(Waiting { measured_at, nth: self.taken, table, observation }));
            }
            None => {
                if let Some(open) = self.open.get_mut(table) {
                    *open = false;
                }
            }
        }
        Ok(())
    }

    fn unknown_stations(&self) -> u64 {
        let all: BTreeSet<&str> = self.tables.iter().flat_map(Table::unknown_stations).collect();
        all.len() as u64
    }

    /// What was not judged, a line for each station or sensor.
    fn passed_over(&self) -> impl Iterator<Item = String> {
        self.tables.iter().flat_map(Table::passed_over)
    }
}
