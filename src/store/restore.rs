//! What a start finds: the state to go on from, and the rows that the configuration's indexes mean.

use std::sync::Arc;

use rules::alert::AlertId;
use rules::reason::Sent;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use sensors::city::City;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::Timestamp;
use sensors::track::ENTERED_MAX;

use crate::event::LineState;
use crate::order::REMEMBERED_MAX;
use crate::store::commit::{Epoch, Seq};
use crate::store::error::{Doing, StoreError};
use crate::store::record::{Restored, StoredReading};
use crate::store::{Keys, Store, ledger, rows};

mod cap;
mod doubt;
mod paper;
mod sending;

/// Begins an epoch: fences whoever wrote before, and reads everything a restart needs.
pub(super) fn begin(
    connection: &mut Connection,
    city: &City,
    version: &str,
    now: Timestamp,
) -> Result<(Keys, Restored), StoreError> {
    let doing = "beginning an epoch";
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing)?;
    transaction.execute("UPDATE door SET epoch = epoch + 1", []).doing(doing)?;
    let mut restored = restored(&transaction, city, now).doing("reading the state before the start")?;
    let config = config(&transaction, version, restored.config_before.as_deref(), now)
        .doing("entering the configuration")?;
    let sensors = sensors(&transaction, city).doing("entering the sensors")?;
    doubt::restore(&transaction, &sensors, &mut restored).doing("reading what is doubted")?;
    transaction.commit().doing(doing)?;
    let lines = city.lines.iter().map(|line| line.name.clone()).collect();
    Ok((Keys { config, sensors, lines }, restored))
}

fn restored(transaction: &Transaction, city: &City, now: Timestamp) -> rusqlite::Result<Restored> {
    let (epoch, seq, strays, config): (i64, i64, i64, Option<i64>) =
        transaction.query_row("SELECT epoch, seq, strays, config FROM door", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    let config_before = transaction
        .query_row("SELECT version FROM config WHERE pk = ?1", [config], |row| row.get(0))
        .optional()?;
    let at = transaction
        .query_row("SELECT at FROM committed WHERE seq = ?1", [seq], |row| row.get(0))
        .optional()?
        .map(Timestamp::from_ms);
    let alerts = transaction
        .prepare("SELECT key, record FROM alert_state ORDER BY key")?
        .query_map([], |row| {
            let text: String = row.get(1)?;
            let record = serde_json::from_str(&text)
                .map_err(|_| rows::foreign("record", &text, "state of an alert"))?;
            Ok((row.get(0)?, record))
        })?
        .collect::<Result<_, _>>()?;
    let outbox = transaction
        .prepare("SELECT * FROM delivery WHERE ended_at IS NULL ORDER BY pk")?
        .query_map([], rows::delivery)?
        .collect::<Result<_, _>>()?;
    let told = transaction
        .prepare("SELECT alert, level, severity, zones FROM told ORDER BY alert")?
        .query_map([], |row| {
            let alert: String = row.get("alert")?;
            let (level, severity, zones) =
                (row.get("level")?, rows::severity(row, "severity")?, rows::zones(row)?);
            Ok((AlertId(alert.into()), Sent { level, severity, zones }))
        })?
        .collect::<Result<_, _>>()?;
    Ok(Restored {
        orders: orders(transaction)?,
        papers: paper::open(transaction)?,
        sendings: sending::recent(transaction, now)?,
        caps: cap::chains(transaction, at)?,
        suspicions: Vec::new(),
        grounds: Vec::new(),
        revised: Vec::new(),
        told,
        seq: Seq(seq as u64),
        epoch: Epoch(epoch as u64),
        at,
        config_before,
        alerts,
        outbox,
        lines: lines(transaction, city)?,
        strays: strays as u64,
    })
}

/// The newest orders, oldest first.
fn orders(transaction: &Transaction) -> rusqlite::Result<Vec<(Arc<str>, [u8; 32])>> {
    let mut newest =
        transaction.prepare("SELECT key, digest FROM officer_order ORDER BY nth DESC LIMIT ?1")?;
    let kept = newest.query_map([REMEMBERED_MAX as i64], |row| {
        let key: String = row.get(0)?;
        Ok((Arc::from(key), row.get(1)?))
    })?;
    let mut kept: Vec<_> = kept.collect::<Result<_, _>>()?;
    kept.reverse();
    Ok(kept)
}

fn lines(transaction: &Transaction, city: &City) -> rusqlite::Result<Vec<Option<(Timestamp, LineState)>>> {
    let mut newest =
        transaction.prepare("SELECT at, down FROM line_event WHERE line = ?1 ORDER BY pk DESC LIMIT 1")?;
    let states = city.lines.iter().map(|line| {
        newest.query_row([&line.name], |row| Ok((rows::time(row, "at")?, rows::line_state(row)?))).optional()
    });
    states.collect()
}

fn config(
    transaction: &Transaction,
    version: &str,
    before: Option<&str>,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    transaction.execute("INSERT INTO config (version) VALUES (?1) ON CONFLICT DO NOTHING", [version])?;
    let pk =
        transaction.query_row("SELECT pk FROM config WHERE version = ?1", [version], |row| row.get(0))?;
    if before != Some(version) {
        let mut head = ledger::stored_head(transaction)?;
        ledger::append(transaction, &mut head, ledger::Entry::config(now, version, before))?;
        transaction.execute(
            "UPDATE door SET config = ?1, ledger_n = ?2, ledger_hash = ?3",
            (pk, head.n as i64, head.hash),
        )?;
    }
    Ok(pk)
}

fn sensors(transaction: &Transaction, city: &City) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut enter = transaction.prepare(
        "INSERT INTO sensor (id, parameter, unit, decimals) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    let mut find = transaction.prepare("SELECT pk FROM sensor WHERE id = ?1")?;
    let keys = city.sensors.iter().map(|sensor| {
        let id = sensor.id.to_string();
        let parameter = sensor.id.parameter;
        enter.execute((&id, parameter.as_str(), parameter.unit(), parameter.decimals()))?;
        Ok((find.query_row([&id], |row| row.get(0))?, id))
    });
    keys.collect()
}

impl Store {
    /// The readings of one sensor measured at `since` or later, in event-time order, the newest
    /// revision of each time: what a window is rebuilt from.
    ///
    /// # Errors
    /// When the database can't be read, or the index is not of this configuration.
    pub fn recent_readings(&self, sensor: SensorIx, since: Timestamp) -> Result<Vec<Reading>, StoreError> {
        let doing = "reading the recent readings of a sensor";
        let mut found: Vec<Reading> = Vec::new();
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT * FROM reading WHERE sensor = ?1 AND measured_at >= ?2
                 ORDER BY measured_at, seq, nth",
            )
            .doing(doing)?;
        let rows = statement.query_map((self.key(sensor)?, since.ms()), rows::reading).doing(doing)?;
        for stored in rows {
            let reading = of(sensor, &stored.doing(doing)?);
            match found.last_mut() {
                Some(last) if last.measured_at == reading.measured_at => *last = reading,
                _ => found.push(reading),
            }
        }
        Ok(found)
    }

    /// The newest times at which a person read in a sensor's place.
    ///
    /// # Errors
    /// When the database can't be read, or the index is not of this configuration.
    pub fn entered_times(&self, sensor: SensorIx) -> Result<Vec<Timestamp>, StoreError> {
        let doing = "reading what officers entered";
        let mut times = self
            .connection
            .prepare_cached(
                "SELECT DISTINCT measured_at FROM officer_order WHERE sensor = ?1 AND measured_at IS NOT NULL
                 ORDER BY measured_at DESC LIMIT ?2",
            )
            .doing(doing)?;
        let rows = times.query_map((self.key(sensor)?, ENTERED_MAX as i64), |row| row.get(0)).doing(doing)?;
        rows.map(|row| row.map(Timestamp::from_ms)).collect::<Result<_, _>>().doing(doing)
    }

    /// The reading of a sensor with the newest event time, however old it is, in its newest revision.
    /// One that was rejected for its time is passed over: a clock that is years ahead says nothing of now.
    ///
    /// # Errors
    /// When the database can't be read, or the index is not of this configuration.
    pub fn newest_reading(&self, sensor: SensorIx) -> Result<Option<Reading>, StoreError> {
        let doing = "reading the newest reading of a sensor";
        let key = self.key(sensor)?;
        let mut newest = self
            .connection
            .prepare_cached(
                "SELECT * FROM reading WHERE sensor = ?1 AND failed IS NOT 'time'
                 ORDER BY measured_at DESC, seq DESC, nth DESC LIMIT 1",
            )
            .doing(doing)?;
        let stored = newest.query_row([key], rows::reading).optional().doing(doing)?;
        Ok(stored.map(|stored| of(sensor, &stored)))
    }

    fn key(&self, sensor: SensorIx) -> Result<i64, StoreError> {
        let key = self.keys.sensors.get(sensor.at()).map(|(pk, _)| *pk);
        key.ok_or_else(|| StoreError::Damaged {
            what: format!("sensor {} is not in the configuration that the store was opened with", sensor.0),
        })
    }
}

fn of(sensor: SensorIx, stored: &StoredReading) -> Reading {
    Reading {
        sensor,
        measured_at: stored.measured_at,
        from: stored.from,
        arrived_at: stored.arrived_at,
        value: stored.value,
        quality: stored.quality,
    }
}
