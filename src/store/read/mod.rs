//! Reading beside the writer: whole commits only, over a small pool of read-only connections.
//!
//! Every method blocks and waits for a free connection; call it where blocking is allowed. Every
//! page is bounded, whatever was asked for.

mod alert;
mod feed;
mod paper;
mod pool;
mod rules;
mod series;
pub mod vitals;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sensors::station::SensorId;
use sensors::time::Timestamp;

use crate::store::commit::Seq;
use crate::store::error::{Doing, StoreError};
use crate::store::ledger::{self, Head};
use crate::store::read::pool::Pool;
use crate::store::rows;

pub use crate::store::read::alert::{AlertCursor, Which};
pub use crate::store::read::paper::{CapEntry, Papers};
pub use crate::store::read::rules::rules_in_force;

/// No page has more items.
pub const PAGE_MAX: usize = 10_000;

/// A door for reading. Cheap to clone; clones share the connections.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) pool: Arc<Pool>,
    sensors: Arc<Sensors>,
}

/// The sensors that the database knew when the reader was opened.
#[derive(Debug, Default)]
struct Sensors {
    by_key: BTreeMap<i64, Arc<SensorId>>,
    by_id: BTreeMap<SensorId, i64>,
}

impl Sensors {
    fn id(&self, key: i64) -> rusqlite::Result<Arc<SensorId>> {
        let id = self.by_key.get(&key).cloned();
        id.ok_or_else(|| rows::foreign("sensor", &key.to_string(), "known sensor"))
    }
}

impl Reader {
    /// Opens the database of a data folder, also from another process while the service runs.
    ///
    /// # Errors
    /// When there is none, or it is newer or not ours. An older schema is refused as well: the
    /// service brings it forward.
    pub fn open_dir(dir: &Path, connections: usize) -> Result<Self, StoreError> {
        Self::open(&dir.join(super::DATABASE), connections)
    }

    pub(super) fn open(path: &Path, connections: usize) -> Result<Self, StoreError> {
        let pool = Pool::open(path, connections.max(1))?;
        let sensors = pool.with(sensors).doing("reading the sensors")?;
        Ok(Self { pool: Arc::new(pool), sensors: Arc::new(sensors) })
    }

    /// The newest commit and its time; 0 and nothing in a new database.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn newest(&self) -> Result<(Seq, Option<Timestamp>), StoreError> {
        let read = |connection: &Connection| {
            connection.query_row(
                "SELECT door.seq, committed.at FROM door LEFT JOIN committed USING (seq)",
                [],
                |row| Ok((rows::seq(row)?, row.get::<_, Option<i64>>(1)?.map(Timestamp::from_ms))),
            )
        };
        self.pool.with(read).doing("reading the newest commit")
    }

    /// Walks the whole ledger and gives its head.
    ///
    /// # Errors
    /// [`StoreError::BrokenLedger`] names the first entry that does not fit.
    pub fn verify_ledger(&self) -> Result<Head, StoreError> {
        self.pool.with(|connection| {
            // One transaction, so that chain and head are of the same commit.
            let transaction = connection.unchecked_transaction().doing("walking the ledger")?;
            ledger::verify(&transaction)
        })
    }

    /// One read over one connection; everything inside sees the same commit.
    fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.pool
            .with(|connection| {
                let transaction = connection.unchecked_transaction()?;
                read(&transaction)
            })
            .doing(doing)
    }
}

fn sensors(connection: &Connection) -> rusqlite::Result<Sensors> {
    let mut sensors = Sensors::default();
    let mut statement = connection.prepare("SELECT pk, id FROM sensor")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, text): (i64, String) = (row.get(0)?, row.get(1)?);
        let id = rows::sensor_id(&text)?;
        sensors.by_key.insert(key, Arc::new(id.clone()));
        sensors.by_id.insert(id, key);
    }
    Ok(sensors)
}
