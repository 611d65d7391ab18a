//! Writes one commit in one transaction: everything of a decision, or nothing.

mod doubt;
mod order;
mod paper;
mod warning;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use sensors::quality::Check;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::event::LineState;
use crate::store::commit::{Commit, Epoch, Seq};
use crate::store::error::CommitError;
use crate::store::ledger::{self, Entry, Head};
use crate::store::space::Guard;
use crate::store::{Keys, rows};

/// So many strays are kept; the newest push out the oldest.
const STRAYS_KEPT: u64 = 1_000;

/// In whose name, and upon what, a commit is made.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) epoch: Epoch,
    pub(super) expected: Seq,
}

/// The one row that every commit checks and moves on.
struct Door {
    epoch: Epoch,
    seq: Seq,
    strays: u64,
    head: Head,
}

/// Why a write stopped: the database, or an index of another configuration.
enum Stop {
    Database(rusqlite::Error),
    Unplanned(&'static str, u32),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

pub(super) fn commit(
    connection: &mut Connection,
    keys: &Keys,
    guard: &Guard,
    term: Term,
    commit: &Commit,
) -> Result<(Seq, i64), CommitError> {
    let refusal = |doing| move |source| guard.refusal(doing, source);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(refusal("beginning a commit"))?;
    let mut door = door(&transaction).map_err(refusal("reading the newest commit"))?;
    if door.epoch != term.epoch || door.seq != term.expected {
        return Err(CommitError::Fenced {
            held: term.epoch,
            stored: door.epoch,
            expected: term.expected,
            stored_seq: door.seq,
        });
    }
    door.seq = Seq(door.seq.0 + 1);
    let config = match (Write { transaction: &transaction, keys, seq: door.seq }).all(&mut door, commit) {
        Ok(config) => config,
        Err(Stop::Database(source)) => return Err(guard.refusal("writing a commit", source)),
        Err(Stop::Unplanned(what, index)) => return Err(CommitError::Unplanned { what, index }),
    };
    transaction.commit().map_err(refusal("making a commit durable"))?;
    Ok((door.seq, config))
}

fn door(transaction: &Transaction) -> rusqlite::Result<Door> {
    let mut row = transaction.prepare_cached("SELECT epoch, seq, strays, ledger_n, ledger_hash FROM door")?;
    row.query_row([], |row| {
        let number = |column| row.get::<_, i64>(column).map(|n| n as u64);
        Ok(Door {
            epoch: Epoch(number(0)?),
            seq: Seq(number(1)?),
            strays: number(2)?,
            head: Head { n: number(3)?, hash: row.get(4)? },
        })
    })
}

struct Write<'a> {
    transaction: &'a Transaction<'a>,
    keys: &'a Keys,
    seq: Seq,
}

impl Write<'_> {
    /// Writes everything, and gives the row of the configuration that is in force afterwards.
    fn all(&self, door: &mut Door, commit: &Commit) -> Result<i64, Stop> {
        let config = self.config(commit)?;
        self.transaction
            .prepare_cached("INSERT INTO committed (seq, at, epoch, config) VALUES (?1, ?2, ?3, ?4)")?
            .execute((self.seq(), commit.at.ms(), door.epoch.0 as i64, config))?;
        self.readings(commit)?;
        self.orders(door, commit)?;
        self.configured(door, commit, config)?;
        self.suspicions(commit)?;
        self.revised(commit)?;
        self.papers(door, commit)?;
        self.warnings(door, commit)?;
        self.lines(commit)?;
        self.strays(door, commit)?;
        self.transaction
            .prepare_cached("UPDATE door SET seq = ?1, strays = ?2, ledger_n = ?3, ledger_hash = ?4")?
            .execute((self.seq(), door.strays as i64, door.head.n as i64, door.head.hash))?;
        Ok(config)
    }

    /// The row of the configuration that the commit is made under.
    fn config(&self, commit: &Commit) -> Result<i64, Stop> {
        let Some(version) = &commit.plan_version else { return Ok(self.keys.config) };
        self.transaction
            .prepare_cached("INSERT INTO config (version) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([version])?;
        let mut find = self.transaction.prepare_cached("SELECT pk FROM config WHERE version = ?1")?;
        Ok(find.query_row([version], |row| row.get(0))?)
    }

    /// Enters a new configuration into the ledger, after the order that brought it.
    fn configured(&self, door: &mut Door, commit: &Commit, config: i64) -> Result<(), Stop> {
        let Some(version) = &commit.plan_version else { return Ok(()) };
        let mut find = self.transaction.prepare_cached("SELECT version FROM config WHERE pk = ?1")?;
        let before: Option<String> = find.query_row([self.keys.config], |row| row.get(0)).optional()?;
        let entry = Entry::config(commit.at, version, before.as_deref());
        ledger::append(self.transaction, &mut door.head, entry)?;
        self.transaction.prepare_cached("UPDATE door SET config = ?1")?.execute([config])?;
        Ok(())
    }

    fn seq(&self) -> i64 {
        self.seq.0 as i64
    }

    fn sensor(&self, ix: SensorIx) -> Result<&(i64, String), Stop> {
        self.keys.sensors.get(ix.at()).ok_or(Stop::Unplanned("sensor", ix.0))
    }

    fn line(&self, line: u32) -> Result<&str, Stop> {
        let name = self.keys.lines.get(line as usize).map(String::as_str);
        name.ok_or(Stop::Unplanned("line", line))
    }

    fn readings(&self, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO reading (sensor, measured_at, seq, nth, since, arrived_at, value, quality, failed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (nth, reading) in (0_i64..).zip(&commit.readings) {
            if reading.quality.check() == Some(Check::Time) && self.stands_already(reading)? {
                continue;
            }
            let (quality, failed) = rows::quality_code(reading.quality);
            insert.execute((
                self.sensor(reading.sensor)?.0,
                reading.measured_at.ms(),
                self.seq(),
                nth,
                reading.from.map(Timestamp::ms),
                reading.arrived_at.ms(),
                reading.value.map(Value::raw),
                quality,
                failed,
            ))?;
        }
        Ok(())
    }

    /// Whether the newest that is kept of its time says the very same. What came too late for the windows
    /// is not compared with them; sent again, it must not be kept twice.
    fn stands_already(&self, reading: &Reading) -> Result<bool, Stop> {
        let mut newest = self.transaction.prepare_cached(
            "SELECT * FROM reading WHERE sensor = ?1 AND measured_at = ?2 ORDER BY seq DESC, nth DESC LIMIT 1",
        )?;
        let place = (self.sensor(reading.sensor)?.0, reading.measured_at.ms());
        let kept = newest.query_row(place, rows::reading).optional()?;
        Ok(kept.is_some_and(|kept| {
            (kept.value, kept.quality, kept.from) == (reading.value, reading.quality, reading.from)
        }))
    }

    fn lines(&self, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self
            .transaction
            .prepare_cached("INSERT INTO line_event (seq, line, at, down) VALUES (?1, ?2, ?3, ?4)")?;
        for event in &commit.lines {
            let down = match &event.state {
                LineState::Up => None,
                LineState::Down { why } => Some(why),
            };
            insert.execute((self.seq(), self.line(event.line)?, event.at.ms(), down))?;
        }
        Ok(())
    }

    fn strays(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        let mut keep = self.transaction.prepare_cached(
            "INSERT OR REPLACE INTO stray (slot, number, seq, line, at, place, why)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for stray in &commit.strays {
            door.strays += 1;
            let slot = (door.strays % STRAYS_KEPT) as i64;
            let line = self.line(stray.line)?;
            keep.execute((
                slot,
                door.strays as i64,
                self.seq(),
                line,
                stray.at.ms(),
                &stray.place,
                &stray.why,
            ))?;
        }
        Ok(())
    }
}
