//! Writes one commit in one transaction: everything of a decision, or nothing.

use rules::alert::Transition;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use sensors::quantity::Value;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::event::LineState;
use crate::notify::delivery::{End, Outcome};
use crate::store::commit::{Commit, Epoch, Seq};
use crate::store::error::CommitError;
use crate::store::ledger::{Entry, Head};
use crate::store::space::Guard;
use crate::store::{Keys, ledger, rows};

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
) -> Result<Seq, CommitError> {
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
    match (Write { transaction: &transaction, keys, seq: door.seq }).all(&mut door, commit) {
        Ok(()) => {}
        Err(Stop::Database(source)) => return Err(guard.refusal("writing a commit", source)),
        Err(Stop::Unplanned(what, index)) => return Err(CommitError::Unplanned { what, index }),
    }
    transaction.commit().map_err(refusal("making a commit durable"))?;
    Ok(door.seq)
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
    fn all(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        self.transaction
            .prepare_cached("INSERT INTO committed (seq, at, epoch, config) VALUES (?1, ?2, ?3, ?4)")?
            .execute((self.seq(), commit.at.ms(), door.epoch.0 as i64, self.keys.config))?;
        self.readings(commit)?;
        for transition in &commit.transitions {
            self.transition(door, transition)?;
        }
        self.alerts(commit)?;
        self.bulletins(door, commit)?;
        self.deliveries(commit)?;
        for outcome in &commit.outcomes {
            self.outcome(door, outcome)?;
        }
        self.lines(commit)?;
        self.strays(door, commit)?;
        self.transaction
            .prepare_cached("UPDATE door SET seq = ?1, strays = ?2, ledger_n = ?3, ledger_hash = ?4")?
            .execute((self.seq(), door.strays as i64, door.head.n as i64, door.head.hash))?;
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

    fn transition(&self, door: &mut Door, t: &Transition) -> Result<(), Stop> {
        let (subject, zones) = (t.subject.to_string(), rows::zones_text(&t.zones));
        let key = self
            .transaction
            .prepare_cached(
                "INSERT INTO transition (seq, alert, rule, rule_version, hazard, subject, zones, level_before,
                   level, severity, severity_max, raised, issue, at, measured_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .insert(rusqlite::params![
                self.seq(), t.alert.0, t.rule.0, t.rule_version, t.hazard.as_str(), subject, zones,
                t.from, t.to, t.severity.step(), t.severity_max.step(), t.raised,
                rows::issue_text(t.issue), t.at.ms(), t.measured_at.ms(),
            ])?;
        self.transaction
            .prepare_cached(
                "INSERT INTO episode (alert, rule, hazard, subject, zones, level, severity, severity_max,
                   began_at, changed_at, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)
                 ON CONFLICT (alert) DO UPDATE SET zones = excluded.zones, level = excluded.level,
                   severity = excluded.severity, severity_max = excluded.severity_max,
                   changed_at = excluded.changed_at, seq = excluded.seq",
            )?
            .execute(rusqlite::params![
                t.alert.0,
                t.rule.0,
                t.hazard.as_str(),
                subject,
                zones,
                t.to,
                t.severity.step(),
                t.severity_max.step(),
                t.at.ms(),
                self.seq(),
            ])?;
        let mut evidence = self.transaction.prepare_cached(
            "INSERT INTO evidence (transition, nth, sensor, parameter, measured_at, value, quality, failed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let mut sensors = Vec::with_capacity(t.because.len());
        for (nth, because) in (0_i64..).zip(&t.because) {
            let (pk, id) = self.sensor(because.sensor)?;
            let (quality, failed) = rows::quality_code(because.quality);
            evidence.execute((
                key,
                nth,
                pk,
                because.parameter.as_str(),
                because.measured_at.ms(),
                because.value.raw(),
                quality,
                failed,
            ))?;
            sensors.push(id.as_str());
        }
        Ok(ledger::append(self.transaction, &mut door.head, Entry::transition(t, &sensors))?)
    }

    fn alerts(&self, commit: &Commit) -> Result<(), Stop> {
        let mut keep = self.transaction.prepare_cached(
            "INSERT INTO alert_state (key, seq, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, record = excluded.record",
        )?;
        for (key, record) in &commit.alerts {
            let text = serde_json::to_string(record)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            keep.execute((key, self.seq(), text))?;
        }
        Ok(())
    }

    /// An id that is already there is the same bulletin once more: told in the log, not written twice.
    fn bulletins(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO bulletin (id, seq, alert, hazard, act, severity, severity_max, zones, at, automatic, texts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING",
        )?;
        for b in &commit.bulletins {
            let new = insert.execute((
                &b.id.0,
                self.seq(),
                &b.alert.0,
                b.hazard.as_str(),
                rows::act_text(b.act),
                b.severity.step(),
                b.severity_max.step(),
                rows::zones_text(&b.zones),
                b.at.ms(),
                b.automatic,
                rows::texts_text(&b.texts),
            ))?;
            if new == 0 {
                tracing::error!(bulletin = %b.id, "a bulletin of this id was committed before; it is not kept twice");
                continue;
            }
            ledger::append(self.transaction, &mut door.head, Entry::bulletin(b))?;
        }
        Ok(())
    }

    fn deliveries(&self, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO delivery (id, bulletin, hazard, severity, zone, lang, target, title, body, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING",
        )?;
        for d in &commit.deliveries {
            insert.execute((
                &d.id.0,
                &d.bulletin.0,
                d.hazard.as_str(),
                d.severity.step(),
                d.zone.as_ref().map(sensors::place::ZoneId::as_str),
                &d.lang.0,
                rows::target_text(&d.target),
                &d.title,
                &d.body,
                d.at.ms(),
            ))?;
        }
        Ok(())
    }

    /// The first end stands; a second one is the echo of a repeat after a crash.
    fn outcome(&self, door: &mut Door, outcome: &Outcome) -> Result<(), Stop> {
        let why = match &outcome.end {
            End::Sent => None,
            End::Failed { why } => Some(why),
        };
        let ended = self
            .transaction
            .prepare_cached(
                "UPDATE delivery SET ended_at = ?2, ended_seq = ?3, tries = ?4, sent = ?5, why = ?6
                 WHERE id = ?1 AND ended_at IS NULL",
            )?
            .execute((&outcome.delivery.0, outcome.at.ms(), self.seq(), outcome.tries, why.is_none(), why))?;
        if ended == 0 {
            return Ok(());
        }
        Ok(ledger::append(self.transaction, &mut door.head, Entry::delivery(outcome))?)
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
