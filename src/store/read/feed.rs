//! The one change feed: what each commit made known, in order, from any commit on.

use std::sync::Arc;

use rusqlite::{Connection, Row};
use sensors::time::Timestamp;

use crate::store::commit::Seq;
use crate::store::error::StoreError;
use crate::store::read::{Reader, Sensors, alert};
use crate::store::record::{Change, Page, StoredLineEvent, StoredStray};
use crate::store::rows;

/// No page of the feed has more commits.
const COMMITS_MAX: usize = 1_000;

/// After so many readings a page ends with the commit that it is in.
const READINGS_MAX: usize = 10_000;

impl Reader {
    /// The commits after `since`, oldest first, at most `limit` and about ten thousand readings.
    /// `next` is the last one on the page, `None` when the page ends with the newest.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn changes(&self, since: Seq, limit: usize) -> Result<Page<Change, Seq>, StoreError> {
        let limit = limit.clamp(1, COMMITS_MAX);
        self.read("reading the change feed", |connection| {
            let (mut items, mut readings): (Vec<Change>, usize) = (Vec::new(), 0);
            let mut statement = connection.prepare_cached(
                "SELECT seq, at, version FROM committed JOIN config ON config.pk = committed.config
                 WHERE seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            for commit in statement.query_map((since.0 as i64, limit as i64 + 1), begun)? {
                let full = items.len() == limit || readings >= READINGS_MAX;
                if let Some(last) = items.last()
                    && full
                {
                    let next = Some(last.seq);
                    return Ok(Page { items, next });
                }
                let mut change = commit?;
                fill(connection, &self.sensors, &mut change)?;
                readings += change.readings.len();
                items.push(change);
            }
            Ok(Page { items, next: None })
        })
    }

    /// The newest commit whose time by the running clock is not after `at`; 0 when there is none.
    /// A running clock that was set back makes the answer one of several.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn seq_at(&self, at: Timestamp) -> Result<Seq, StoreError> {
        self.read("looking for a commit by its time", |connection| {
            let newest = "SELECT coalesce(max(seq), 0) FROM committed";
            let (mut known, mut beyond) =
                (0, connection.query_row(newest, [], |row| row.get::<_, i64>(0))? + 1);
            let mut time =
                connection.prepare_cached("SELECT at FROM committed WHERE seq >= ?1 ORDER BY seq LIMIT 1")?;
            while beyond - known > 1 {
                let middle = known + (beyond - known) / 2;
                let is_known = time.query_row([middle], |row| row.get::<_, i64>(0))? <= at.ms();
                if is_known { known = middle } else { beyond = middle }
            }
            Ok(Seq(known as u64))
        })
    }

    /// What could not be read, the newest first; only about the last thousand are kept.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn strays(&self, limit: usize) -> Result<Vec<StoredStray>, StoreError> {
        self.read("reading what could not be read", |connection| {
            connection
                .prepare_cached("SELECT line, at, place, why FROM stray ORDER BY number DESC LIMIT ?1")?
                .query_map([limit.min(super::PAGE_MAX) as i64], |row| {
                    Ok(StoredStray {
                        line: row.get("line")?,
                        at: rows::time(row, "at")?,
                        place: row.get("place")?,
                        why: row.get("why")?,
                    })
                })?
                .collect()
        })
    }
}

fn begun(row: &Row) -> rusqlite::Result<Change> {
    Ok(Change {
        seq: rows::seq(row)?,
        at: rows::time(row, "at")?,
        config_version: Arc::from(row.get::<_, String>("version")?),
        readings: Vec::new(),
        transitions: Vec::new(),
        bulletins: Vec::new(),
        ended: Vec::new(),
        lines: Vec::new(),
        revised: Vec::new(),
    })
}

fn fill(connection: &Connection, sensors: &Sensors, change: &mut Change) -> rusqlite::Result<()> {
    let seq = change.seq.0 as i64;
    change.readings = connection
        .prepare_cached("SELECT * FROM reading WHERE seq = ?1 ORDER BY nth")?
        .query_map([seq], |row| Ok((sensors.id(row.get("sensor")?)?, rows::reading(row)?)))?
        .collect::<Result<_, _>>()?;
    change.transitions = connection
        .prepare_cached("SELECT * FROM transition WHERE seq = ?1 ORDER BY pk")?
        .query_map([seq], |row| alert::transition(connection, sensors, row))?
        .collect::<Result<_, _>>()?;
    change.bulletins = connection
        .prepare_cached("SELECT * FROM bulletin WHERE seq = ?1 ORDER BY pk")?
        .query_map([seq], alert::bulletin)?
        .collect::<Result<_, _>>()?;
    change.ended = connection
        .prepare_cached("SELECT * FROM delivery WHERE ended_seq = ?1 ORDER BY pk")?
        .query_map([seq], rows::delivery_end)?
        .collect::<Result<_, _>>()?;
    change.lines = connection
        .prepare_cached("SELECT * FROM line_event WHERE seq = ?1 ORDER BY pk")?
        .query_map([seq], |row| {
            Ok(StoredLineEvent {
                line: row.get("line")?,
                at: rows::time(row, "at")?,
                state: rows::line_state(row)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    change.revised = connection
        .prepare_cached("SELECT * FROM evidence_revised WHERE seq = ?1 ORDER BY pk")?
        .query_map([seq], |row| alert::revised(sensors, row))?
        .collect::<Result<_, _>>()?;
    Ok(())
}
