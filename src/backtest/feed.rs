//! Where the readings of a backtest come from, in event time and a handful at once.

use std::collections::{BinaryHeap, VecDeque};
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use sensors::city::City;
use sensors::reading::{Observation, Observed};
use sensors::station::{SensorId, SensorIx};
use sensors::time::Timestamp;

use super::BacktestError;
use crate::store::commit::Seq;
use crate::store::read::{PAGE_MAX, Reader};
use crate::store::record::StoredReading;
use crate::table::Table;
use crate::table::map::Map;
use crate::table::order::Rows;

/// Readings that go to the judges at once.
pub(super) const HANDFUL: usize = 4096;
/// Readings of one sensor that are read from the store at once.
const PAGE: usize = if PAGE_MAX < 512 { PAGE_MAX } else { 512 };
/// A recorded table that was sent to us has at most so many bytes unpacked.
const SENT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Readings to judge by.
#[derive(Clone, Debug)]
pub enum Source {
    /// Tables of readings, merged by time.
    Recorded(Vec<Recorded>),
    /// What the service stored.
    History(History),
    /// A storm of the simulator, without wires.
    #[cfg(feature = "demo")]
    Storm(Box<simulator::storm::Storm>),
    /// Rows that a program makes, for measurements.
    Made(Made),
}

/// A table of readings, CSV of the contract's header.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// A file; gzip is recognised.
    File(PathBuf),
    /// One that was sent, with its name.
    Sent(Arc<str>, Arc<[u8]>),
}

/// A time of the stored history.
#[derive(Clone, Debug)]
pub struct History {
    /// The store.
    pub reader: Reader,
    /// Readings measured in `[from, to)`.
    pub span: (Timestamp, Timestamp),
    /// As they were known at this commit.
    pub known_at: Seq,
}

/// Makes one reading after the other, in event time.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its name in the report.
    pub name: Arc<str>,
    /// The `n`th reading; `None` at the end.
    pub nth: fn(&City, u64) -> Option<Observation>,
}

/// An open source.
pub(super) enum Feed<'a> {
    Rows(Box<Rows<'a>>),
    History(Box<Merge>),
    #[cfg(feature = "demo")]
    Storm(std::vec::IntoIter<simulator::offline::Row>),
    Made {
        city: &'a City,
        nth: u64,
        make: fn(&City, u64) -> Option<Observation>,
    },
}

impl Source {
    /// Its name in the report.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Recorded(tables) => {
                let names: Vec<String> = tables.iter().map(Recorded::name).collect();
                names.join(" + ")
            }
            Self::History(history) => {
                let (from, to) = history.span;
                format!("history [{from}, {to}) as known at commit {}", history.known_at.0)
            }
            #[cfg(feature = "demo")]
            Self::Storm(storm) => format!("storm {}", storm.name()),
            Self::Made(made) => made.name.to_string(),
        }
    }

    /// Opens it.
    pub(super) fn open<'a>(&self, city: &'a City, map: &'a Map) -> Result<Feed<'a>, BacktestError> {
        match self {
            Self::Recorded(tables) => {
                let open = |table: &Recorded| table.open(city, map);
                let tables: Result<Vec<Table<'_>>, BacktestError> = tables.iter().map(open).collect();
                Ok(Feed::Rows(Box::new(Rows::new(tables?))))
            }
            Self::History(history) => Ok(Feed::History(Box::new(Merge::open(history, city)?))),
            #[cfg(feature = "demo")]
            Self::Storm(storm) => {
                let rows = simulator::offline::offline(city, storm, storm.seed());
                let mut rows = rows.map_err(|error| BacktestError::Input(error.to_string()))?;
                rows.sort_by_key(|row| row.measured_at);
                Ok(Feed::Storm(rows.into_iter()))
            }
            Self::Made(made) => Ok(Feed::Made { city, nth: 0, make: made.nth }),
        }
    }
}

impl Recorded {
    /// The file's name without its folder: a report is the same wherever the file lies.
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            Self::Sent(name, _) => name.to_string(),
        }
    }

    fn open<'a>(&self, city: &'a City, map: &'a Map) -> Result<Table<'a>, BacktestError> {
        let table = match self {
            Self::File(path) => Table::open(path, city, map),
            Self::Sent(name, bytes) => {
                let raw = Box::new(Cursor::new(Arc::clone(bytes)));
                Table::read(name.to_string(), raw, SENT_BYTES_MAX, city, map)
            }
        };
        table.map_err(|error| BacktestError::Input(error.to_string()))
    }
}

impl Feed<'_> {
    /// The next handful; empty at the end.
    pub(super) fn next(&mut self) -> Result<Vec<Observation>, BacktestError> {
        let mut handful = Vec::with_capacity(HANDFUL);
        while handful.len() < HANDFUL {
            let Some(observation) = self.one()? else { break };
            handful.push(observation);
        }
        Ok(handful)
    }

    fn one(&mut self) -> Result<Option<Observation>, BacktestError> {
        match self {
            Self::Rows(rows) => rows.next().map_err(|error| BacktestError::Input(error.to_string())),
            Self::History(merge) => merge.next(),
            #[cfg(feature = "demo")]
            Self::Storm(rows) => Ok(rows.next().map(|row| Observation {
                sensor: row.sensor,
                measured_at: row.measured_at,
                from: row.period.map(|period| row.measured_at.minus(period)),
                arrived_at: row.measured_at,
                value: row.value.map_or(Observed::Missing, Observed::Value),
            })),
            Self::Made { city, nth, make } => {
                *nth += 1;
                Ok(make(city, *nth - 1))
            }
        }
    }

    /// What is to be known of it, once it was read.
    pub(super) fn notes(&self) -> Vec<String> {
        match self {
            Self::Rows(rows) => rows.notes(),
            Self::History(merge) => merge.notes.clone(),
            #[cfg(feature = "demo")]
            Self::Storm(_) => Vec::new(),
            Self::Made { .. } => Vec::new(),
        }
    }
}

/// Every sensor's series, a page at a time, merged by event time.
pub(super) struct Merge {
    history: History,
    pages: Vec<Page>,
    /// The time of each page's first reading, the earliest first; later sensors of the same time after.
    heads: BinaryHeap<std::cmp::Reverse<(Timestamp, usize)>>,
    notes: Vec<String>,
}

struct Page {
    ix: SensorIx,
    id: SensorId,
    readings: VecDeque<StoredReading>,
    next: Option<Timestamp>,
}

impl Merge {
    fn open(history: &History, city: &City) -> Result<Self, BacktestError> {
        // What another sensor feeds is made anew from what that one said.
        let fed: Vec<SensorIx> = city.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
        let named = (0_u32..).map(SensorIx).zip(&city.sensors).filter(|(ix, _)| !fed.contains(ix));
        let mut merge =
            Self { history: history.clone(), pages: Vec::new(), heads: BinaryHeap::new(), notes: Vec::new() };
        for (ix, sensor) in named {
            let mut page = Page { ix, id: sensor.id.clone(), readings: VecDeque::new(), next: None };
            page.fill(history, None)?;
            if let Some(first) = page.readings.front() {
                merge.heads.push(std::cmp::Reverse((first.measured_at, merge.pages.len())));
                merge.pages.push(page);
            }
        }
        if !fed.is_empty() {
            let note = "readings that are made from a counter or a distance were made anew from those";
            merge.notes.push(note.to_owned());
        }
        Ok(merge)
    }

    fn next(&mut self) -> Result<Option<Observation>, BacktestError> {
        let Some(std::cmp::Reverse((_, place))) = self.heads.pop() else { return Ok(None) };
        let Some(page) = self.pages.get_mut(place) else { return Ok(None) };
        let Some(reading) = page.readings.pop_front() else { return Ok(None) };
        if let (true, Some(after)) = (page.readings.is_empty(), page.next) {
            page.fill(&self.history, Some(after))?;
        }
        if let Some(first) = page.readings.front() {
            self.heads.push(std::cmp::Reverse((first.measured_at, place)));
        }
        Ok(Some(observed(page.ix, &reading)))
    }
}

impl Page {
    fn fill(&mut self, history: &History, after: Option<Timestamp>) -> Result<(), BacktestError> {
        let page = history.reader.series(&self.id, history.span, Some(history.known_at), after, PAGE);
        let page = page.map_err(|error| BacktestError::Store(error.to_string()))?;
        self.next = page.next;
        self.readings = page.items.into();
        Ok(())
    }
}

/// A stored reading as it was said; it is judged anew.
fn observed(sensor: SensorIx, reading: &StoredReading) -> Observation {
    use sensors::quality::{Check, Quality};
    let value = match (reading.value, reading.quality) {
        (None, Quality::Missing) => Observed::Missing,
        (None, _) => Observed::Nonsense,
        (Some(value), Quality::Suspect(Check::Device)) => Observed::Doubtful(value),
        (Some(value), _) => Observed::Value(value),
    };
    let StoredReading { measured_at, from, .. } = *reading;
    Observation { sensor, measured_at, from, arrived_at: measured_at, value }
}
