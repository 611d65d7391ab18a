//! `baolu replay`: recorded readings through the same decisions, without a store and without
//! telling anybody.
//!
//! A file has no arrival times, so a reading counts as arrived when it was measured; rows may come
//! up to an hour of event time out of order, and what is later is late data. One thread reads, the
//! other decides; what is said does not depend on which is faster.

mod order;

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Instant;

use sensors::city::City;
use sensors::reading::Observation;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::command::cli::{Failure, ReplayArgs};
use crate::command::event_line::{EventLines, Replayed, Summary};
use crate::event::Event;
pub(crate) use crate::table::coverage::Missing;
use crate::table::{Table, TableError, map};
use crate::watch::decide::advance;
use crate::watch::snapshot::{Plan, State};
use order::Rows;

/// Rows of one moment that are decided together at most.
const MOMENT_MAX: usize = 4096;
/// Rows that go from the reader to the judge at once, and how many such handfuls may wait.
const HANDFUL: usize = 4096;
const HANDFULS: usize = 8;

/// Runs it.
///
/// # Errors
/// When the configuration, a file or a row is wrong, or standard output is closed. Rows that are no
/// readings are passed over, and told when all the others were judged.
pub fn run(args: &ReplayArgs, out: &mut impl Write) -> Result<(), Failure> {
    let began = Instant::now();
    let plan = Arc::new(Plan::load(args.config.config.as_deref()).map_err(Failure::from)?);
    let map = map::read(args.map.as_deref(), &plan.city).map_err(Failure::Input)?;
    let input = |error: TableError| Failure::Input(vec![error.to_string()]);
    let tables: Result<Vec<Table<'_>>, TableError> =
        args.input.iter().map(|file| Table::open(file, &plan.city, &map)).collect();
    let rows = Rows::new(tables.map_err(input)?);
    let mut judge = Judge::new(&plan, args, BufWriter::with_capacity(1 << 16, out));
    let (send, receive) = sync_channel(HANDFULS);
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(move || read(rows, &send));
        let judged = judge.take_all(&receive);
        // Who does not listen any more ends the reader too.
        drop(receive);
        let read =
            reader.join().map_err(|_| Failure::Running("the reader of the files broke off".to_owned()))?;
        judged.map(|()| read)
    })?;
    let rows = read.map_err(input)?;
    for note in rows.notes() {
        eprintln!("{note}");
    }
    let refused = rows.refused();
    judge.finish(&rows, began)?;
    if refused > 0 {
        return Err(Failure::Input(vec![format!("{refused} rows are no readings; all others were judged")]));
    }
    Ok(())
}

fn closed(error: &std::io::Error) -> Failure {
    Failure::Running(format!("standard output: {error}"))
}

/// Reads to the end, or until nobody listens.
fn read<'a>(mut rows: Rows<'a>, send: &SyncSender<Vec<Observation>>) -> Result<Rows<'a>, TableError> {
    let mut handful = Vec::with_capacity(HANDFUL);
    while let Some(observation) = rows.next()? {
        handful.push(observation);
        if handful.len() == HANDFUL
            && send.send(std::mem::replace(&mut handful, Vec::with_capacity(HANDFUL))).is_err()
        {
            return Ok(rows);
        }
    }
    // The judge may have gone with standard output, and says so itself.
    let _ = send.send(handful);
    Ok(rows)
}

/// The state that goes through the readings, and what is written of it.
struct Judge<'a, W: Write> {
    city: &'a City,
    lines: EventLines<'a>,
    summary: Summary,
    deadlines: bool,
    state: Option<State>,
    moment: Vec<Event>,
    now: Timestamp,
    out: W,
}

impl<'a, W: Write> Judge<'a, W> {
    fn new(plan: &'a Arc<Plan>, args: &ReplayArgs, out: W) -> Self {
        let mut state = State::new(Arc::clone(plan), Timestamp::MIN, false);
        if !args.deadlines {
            state.wake_at = Some(Timestamp::MAX);
        }
        Self {
            city: &plan.city,
            lines: EventLines::new(plan, args.output),
            summary: Summary::default(),
            deadlines: args.deadlines,
            state: Some(state),
            moment: Vec::new(),
            now: Timestamp::MIN,
            out,
        }
    }

    fn take_all(&mut self, receive: &Receiver<Vec<Observation>>) -> Result<(), Failure> {
        loop {
            let handful = match receive.try_recv() {
                Ok(handful) => handful,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    // Whoever reads along sees what there is while we wait.
                    self.out.flush().map_err(|error| closed(&error))?;
                    match receive.recv() {
                        Ok(handful) => handful,
                        Err(_) => break,
                    }
                }
            };
            for observation in handful {
                self.take(observation)?;
            }
        }
        self.decide()
    }

    fn take(&mut self, observation: Observation) -> Result<(), Failure> {
        let at = observation.measured_at;
        if at > self.now || self.moment.len() >= MOMENT_MAX {
            self.decide()?;
        }
        if let (Timestamp::MIN, Some(state)) = (self.now, &mut self.state) {
            state.watch_from(at);
        }
        self.now = self.now.max(at);
        self.moment.push(Event::Observed(observation));
        Ok(())
    }

    fn decide(&mut self) -> Result<(), Failure> {
        if self.moment.is_empty() {
            return Ok(());
        }
        let Some(state) = self.state.take() else { return Ok(()) };
        let decision = advance(state, self.now, &self.moment);
        self.moment.clear();
        self.summary.count(&decision.commit);
        self.summary.pushes += decision.commit.deliveries.len() as u64;
        for line in self.lines.of_commit(&decision.commit) {
            writeln!(self.out, "{line}").map_err(|error| closed(&error))?;
        }
        let mut next = decision.next;
        // Nobody is told: what would have been sent counts as sent.
        next.outbox.clear();
        // The desk may ask to be looked at; that is no deadline of a sensor.
        if !self.deadlines {
            next.wake_at = Some(Timestamp::MAX);
        }
        self.state = Some(next);
        Ok(())
    }

    fn finish(&mut self, rows: &Rows<'_>, began: Instant) -> Result<(), Failure> {
        let named = (0..).map(SensorIx).zip(&self.city.sensors);
        let heard = named.filter(|(ix, _)| rows.has(*ix));
        let seen: BTreeSet<u32> = heard.map(|(_, sensor)| sensor.station.0).collect();
        let stations = (0_u32..).zip(&self.city.stations);
        let absent =
            stations.filter(|(place, _)| !seen.contains(place)).map(|(_, station)| station.id.clone());
        self.summary.replayed = Some(Replayed {
            refused: rows.refused(),
            not_in_file: absent.collect(),
            missing: rows.missing(),
            silence_judged: self.deadlines,
        });
        self.summary.unknown_stations = rows.unknown_stations();
        self.summary.seconds = began.elapsed().as_secs_f64();
        for line in self.lines.last(&self.summary) {
            writeln!(self.out, "{line}").map_err(|error| closed(&error))?;
        }
        self.out.flush().map_err(|error| closed(&error))
    }
}
