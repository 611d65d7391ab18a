//! What proves a warning afterwards: its entries in the ledger, and what stands beside the ledger
//! compared with the hashes in it.

use rusqlite::{Connection, OptionalExtension};
use sensors::station::SensorId;
use sensors::time::Timestamp;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::store::commit::Seq;
use crate::store::error::{Doing, StoreError};
use crate::store::ledger::{self, Head};
use crate::store::read::{PAGE_MAX, Reader};

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its number.
    pub n: u64,
    /// When, by the running clock.
    pub at: Timestamp,
    /// What it is about: transition, bulletin, delivery, order, paper, cap, config.
    pub kind: String,
    /// Its body as it was chained.
    pub body: String,
}

/// What was found when the ledger and what it vouches for were walked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The end of the chain.
    pub head: Head,
    /// Papers whose records give the hash that the ledger holds.
    pub papers: u64,
    /// CAP messages of which the same holds.
    pub caps: u64,
    /// Bulletins whose words are those that the ledger holds.
    pub bulletins: u64,
    /// What differs or is missing, in words; at most a page of it.
    pub differences: Vec<String>,
}

impl Reader {
    /// Walks the ledger, and compares papers, CAP messages and bulletins with what it says of them.
    ///
    /// # Errors
    /// [`StoreError::BrokenLedger`] where the chain itself is broken; what merely differs stands in
    /// [`Verified::differences`].
    pub fn verify(&self) -> Result<Verified, StoreError> {
        self.pool.with(|connection| {
            let transaction = connection.unchecked_transaction().doing("walking the ledger")?;
            let mut verified = Verified { head: ledger::verify(&transaction)?, ..Verified::default() };
            compare(&transaction, &mut verified).doing("comparing with the ledger")?;
            Ok(verified)
        })
    }

    /// The entries of the ledger that speak of an alert, the oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn ledger_of(&self, alert: &str) -> Result<Vec<LedgerEntry>, StoreError> {
        self.read("reading the ledger of an alert", |connection| {
            let sql = "SELECT n, at, kind, body FROM ledger WHERE json_extract(body, '$.alert') = ?1
                       OR (kind = 'delivery' AND json_extract(body, '$.delivery') IN
                             (SELECT delivery.id FROM delivery JOIN bulletin ON bulletin.id = delivery.bulletin
                              WHERE bulletin.alert = ?1))
                       OR (kind = 'paper' AND json_extract(body, '$.id') = ?1)
                       ORDER BY n LIMIT ?2";
            connection.prepare_cached(sql)?.query_map((alert, PAGE_MAX as i64), entry)?.collect()
        })
    }

    /// The newest sequence that a commit has, and its time and configuration.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn commit_at(&self, seq: Seq) -> Result<Option<(Timestamp, String)>, StoreError> {
        self.read("reading a commit", |connection| {
            connection
                .prepare_cached(
                    "SELECT at, version FROM committed JOIN config ON config.pk = committed.config WHERE seq = ?1",
                )?
                .query_row([seq.0 as i64], |row| Ok((Timestamp::from_ms(row.get(0)?), row.get(1)?)))
                .optional()
        })
    }
}

fn entry(row: &rusqlite::Row) -> rusqlite::Result<LedgerEntry> {
    Ok(LedgerEntry {
        n: row.get::<_, i64>("n")? as u64,
        at: Timestamp::from_ms(row.get("at")?),
        kind: row.get("kind")?,
        body: row.get("body")?,
    })
}

fn compare(connection: &Connection, verified: &mut Verified) -> rusqlite::Result<()> {
    let mut walk = connection.prepare(
        "SELECT n, at, kind, body FROM ledger WHERE kind IN ('paper', 'cap', 'bulletin') ORDER BY n",
    )?;
    let mut entries = walk.query([])?;
    while let Some(row) = entries.next()? {
        let entry = entry(row)?;
        let body: Json = serde_json::from_str(&entry.body).unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(Json::as_str).unwrap_or_default();
        let (count, what, holds) = match entry.kind.as_str() {
            "paper" => {
                let what = format!("paper {} {}", text("kind"), text("id"));
                let version = body.get("version").and_then(Json::as_i64).unwrap_or_default();
                let record = paper(connection, text("kind"), text("id"), version)?;
                (&mut verified.papers, what, record.is_some_and(|record| sha256(&record) == text("sha256")))
            }
            "cap" => {
                let xml = cap(connection, text("identifier"))?;
                let holds = xml.is_some_and(|xml| sha256(&xml) == text("sha256"));
                (&mut verified.caps, format!("CAP message {}", text("identifier")), holds)
            }
            _ => {
                let kept = words(connection, text("bulletin"))?;
                let kept = kept.and_then(|kept| serde_json::from_str::<Json>(&kept).ok());
                let holds = kept.as_ref() == body.get("texts");
                (&mut verified.bulletins, format!("bulletin {}", text("bulletin")), holds)
            }
        };
        if holds {
            *count += 1;
        } else if verified.differences.len() < PAGE_MAX {
            let difference = format!("{what} is not what entry {} of the ledger says", entry.n);
            verified.differences.push(difference);
        }
    }
    Ok(())
}

fn sha256(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

fn paper(connection: &Connection, kind: &str, id: &str, version: i64) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT record FROM paper WHERE kind = ?1 AND id = ?2 AND version = ?3";
    connection.prepare_cached(sql)?.query_row((kind, id, version), |row| row.get(0)).optional()
}

fn cap(connection: &Connection, identifier: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT xml FROM cap_message WHERE identifier = ?1";
    connection.prepare_cached(sql)?.query_row([identifier], |row| row.get(0)).optional()
}

fn words(connection: &Connection, bulletin: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT texts FROM bulletin WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([bulletin], |row| row.get(0)).optional()
}

/// An episode as it stood at a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoodAt {
    /// The episode.
    pub alert: String,
    /// Its level then.
    pub level: String,
    /// Its severity then.
    pub severity: u8,
    /// Since when, by the running clock.
    pub since: Timestamp,
    /// What people had last been told of it, in the first language; `None` where nobody had been told.
    pub told: Option<String>,
}

/// A sensor's newest reading as it was known at a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownAt {
    /// The sensor.
    pub sensor: String,
    /// Event time.
    pub measured_at: Timestamp,
    /// The value in its unit, and the unit; `None` where it was missing.
    pub value: Option<(f64, String)>,
}

impl Reader {
    /// The episodes that ran at a commit, the most severe first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn stood_at(&self, seq: Seq) -> Result<Vec<StoodAt>, StoreError> {
        self.read("reading what stood at a commit", |connection| {
            let sql = "SELECT t.alert, t.level, t.severity, t.at,
                         (SELECT json_extract(b.texts, '$[0][1]') FROM bulletin b
                          WHERE b.alert = t.alert AND b.automatic AND b.seq <= ?1 ORDER BY b.pk DESC LIMIT 1) AS told
                       FROM transition t
                       WHERE t.pk IN (SELECT max(pk) FROM transition WHERE seq <= ?1 GROUP BY alert)
                         AND t.level <> 'none' ORDER BY t.severity DESC, t.alert LIMIT ?2";
            connection
                .prepare_cached(sql)?
                .query_map((seq.0 as i64, PAGE_MAX as i64), |row| {
                    Ok(StoodAt {
                        alert: row.get("alert")?,
                        level: row.get("level")?,
                        severity: row.get("severity")?,
                        since: Timestamp::from_ms(row.get("at")?),
                        told: row.get("told")?,
                    })
                })?
                .collect()
        })
    }

    /// What each sensor had last said, as it was known at a commit.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn known_at(&self, seq: Seq) -> Result<Vec<KnownAt>, StoreError> {
        self.read("reading what was known at a commit", |connection| {
            let mut newest = connection.prepare_cached(
                "SELECT measured_at, value FROM reading WHERE sensor = ?1 AND seq <= ?2 AND failed IS NOT 'time'
                 ORDER BY measured_at DESC, seq DESC, nth DESC LIMIT 1",
            )?;
            let mut known = Vec::new();
            let mut sensors = connection.prepare("SELECT pk, id, unit, decimals FROM sensor ORDER BY id")?;
            let mut rows = sensors.query([])?;
            while let Some(row) = rows.next()? {
                let (key, sensor, unit, decimals): (i64, String, String, i32) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                let found: Option<(i64, Option<i64>)> = newest
                    .query_row((key, seq.0 as i64), |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                if let Some((at, value)) = found {
                    let value = value.map(|raw| (raw as f64 / 10_f64.powi(decimals), unit));
                    known.push(KnownAt { sensor, measured_at: Timestamp::from_ms(at), value });
                }
            }
            Ok(known)
        })
    }
}

impl Reader {
    /// The hash of an entry, in hexadecimal.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn ledger_hash(&self, n: u64) -> Result<Option<String>, StoreError> {
        self.read("reading an entry of the ledger", |connection| {
            let sql = "SELECT lower(hex(hash)) FROM ledger WHERE n = ?1";
            connection.prepare_cached(sql)?.query_row([n as i64], |row| row.get(0)).optional()
        })
    }
}

impl Reader {
    /// When a reading of this event time first arrived.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn arrived_at(
        &self,
        sensor: &SensorId,
        measured_at: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(key) = self.sensors.by_id.get(sensor) else { return Ok(None) };
        self.read("reading when a reading arrived", |connection| {
            let sql = "SELECT min(arrived_at) FROM reading WHERE sensor = ?1 AND measured_at = ?2";
            let row = connection.prepare_cached(sql)?.query_row((key, measured_at.ms()), |row| row.get(0));
            row.map(|at: Option<i64>| at.map(Timestamp::from_ms))
        })
    }
}
