//! `baolu replay`: recorded readings through the same decisions, without a store and without
//! telling anybody.
//!
//! A file has no arrival times, so a reading counts as arrived when it was measured; rows may come
//! up to an hour of event time out of order, and what is later is late data. One thread reads, the
//! other decides; what is said does not depend on which is faster.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Instant;

use sensors::city::City;
use sensors::reading::Observation;
use sensors::station::SensorIx;

use crate::backtest::play::Play;
use crate::command::cli::{Failure, ReplayArgs};
use crate::command::event_line::{EventLines, Replayed, Summary};
use crate::store::commit::Commit;
pub(crate) use crate::table::coverage::Missing;
use crate::table::order::Rows;
use crate::table::{Table, TableError, map};
use crate::watch::snapshot::Plan;

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

/// The play of the readings, and what is written of it.
struct Judge<'a, W: Write> {
    city: &'a City,
    lines: EventLines<'a>,
    summary: Summary,
    deadlines: bool,
    play: Play,
    out: W,
}

impl<'a, W: Write> Judge<'a, W> {
    fn new(plan: &'a Arc<Plan>, args: &ReplayArgs, out: W) -> Self {
        Self {
            city: &plan.city,
            lines: EventLines::new(plan, args.output),
            summary: Summary::default(),
            deadlines: args.deadlines,
            play: Play::new(plan, args.deadlines),
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
                if let Some(commit) = self.play.take(observation) {
                    self.tell(&commit)?;
                }
            }
        }
        self.play.decide().map_or(Ok(()), |commit| self.tell(&commit))
    }

    fn tell(&mut self, commit: &Commit) -> Result<(), Failure> {
        self.summary.count(commit);
        self.summary.pushes += commit.deliveries.len() as u64;
        for line in self.lines.of_commit(commit) {
            writeln!(self.out, "{line}").map_err(|error| closed(&error))?;
        }
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
