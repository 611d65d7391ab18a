//! A sensor's readings over a time, as they are known now or were known at a commit.

use rusqlite::Connection;
use sensors::station::SensorId;
use sensors::time::Timestamp;

use crate::store::commit::Seq;
use crate::store::error::StoreError;
use crate::store::read::{PAGE_MAX, Reader};
use crate::store::record::{Page, StoredReading};
use crate::store::rows;

impl Reader {
    /// The readings of a sensor measured in `[from, to)`, in event-time order, one per time: the
    /// newest revision, or the newest that was known at commit `known_at`. `after` is the `next`
    /// of the page before. A sensor that the database does not know has none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn series(
        &self,
        sensor: &SensorId,
        (from, to): (Timestamp, Timestamp),
        known_at: Option<Seq>,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Page<StoredReading, Timestamp>, StoreError> {
        let Some(&key) = self.sensors.by_id.get(sensor) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        // Times are whole milliseconds.
        let from = after.map_or(from.ms(), |after| from.ms().max(after.ms().saturating_add(1)));
        let known_at = known_at.map_or(i64::MAX, |seq| seq.0 as i64);
        self.read("reading a series", |connection| {
            page(connection, (key, from, to.ms(), known_at), limit.clamp(1, PAGE_MAX))
        })
    }

    /// Every revision of one time of a sensor, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn revisions(
        &self,
        sensor: &SensorId,
        measured_at: Timestamp,
    ) -> Result<Vec<StoredReading>, StoreError> {
        let Some(key) = self.sensors.by_id.get(sensor) else { return Ok(Vec::new()) };
        self.read("reading the revisions of a reading", |connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM reading WHERE sensor = ?1 AND measured_at = ?2 ORDER BY seq, nth LIMIT ?3",
                )?
                .query_map((key, measured_at.ms(), PAGE_MAX as i64), rows::reading)?
                .collect()
        })
    }
}

fn page(
    connection: &Connection,
    bounds: (i64, i64, i64, i64),
    limit: usize,
) -> rusqlite::Result<Page<StoredReading, Timestamp>> {
    let mut items: Vec<StoredReading> = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT * FROM reading WHERE sensor = ?1 AND measured_at >= ?2 AND measured_at < ?3 AND seq <= ?4
         ORDER BY measured_at, seq, nth",
    )?;
    for reading in statement.query_map(bounds, rows::reading)? {
        let reading = reading?;
        let full = items.len() == limit;
        match items.last_mut() {
            Some(last) if last.measured_at == reading.measured_at => *last = reading,
            Some(last) if full => {
                let next = Some(last.measured_at);
                return Ok(Page { items, next });
            }
            _ => items.push(reading),
        }
    }
    Ok(Page { items, next: None })
}
