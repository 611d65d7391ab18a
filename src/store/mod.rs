//! The system of record: one SQL database behind a narrow door.
//!
//! One [`Store`] writes, on one thread, and what it acknowledged survives a crash; any number of
//! [`Reader`]s see whole commits only. Nothing here decides anything and nothing reads a clock.

pub mod backup;
mod checkpoint;
pub mod commit;
pub mod error;
pub mod ledger;
pub mod read;
pub mod record;
mod restore;
mod rows;
mod schema;
pub mod space;
mod write;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sensors::city::City;
use sensors::time::Timestamp;

use crate::store::checkpoint::Checkpointer;
pub use crate::store::commit::Epoch;
use crate::store::commit::{Commit, Seq};
pub use crate::store::error::CommitError;
use crate::store::error::{Doing, StoreError};
pub use crate::store::read::Reader;
use crate::store::record::Restored;
use crate::store::space::{Guard, RESERVE_BYTES, Space};

/// The database inside the data folder.
pub const DATABASE: &str = "baolu.db";

/// The file whose lock says that somebody writes.
const LOCK: &str = "baolu.lock";

/// How long to wait for a foreign tool that holds the database's write lock.
const BUSY: Duration = Duration::from_secs(2);

/// How long a lock may outlive its writer: while a killed process is being cleared away, and while a
/// process that was forked beside it has not yet closed what it inherited.
const LEAVING: Duration = Duration::from_secs(1);

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of the file system that stay free; below it commits are refused, warnings below a quarter.
    pub reserve_bytes: u64,
    /// Most pages of 4 KiB that the database may have; a quota for small disks, `None` for no bound.
    pub page_count_max: Option<u32>,
    /// Open in spite of another writer's lock, which is fenced from then on.
    pub take_over: bool,
    /// Whether the running clock is that of an exercise.
    pub exercise: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { reserve_bytes: RESERVE_BYTES, page_count_max: None, take_over: false, exercise: false }
    }
}

/// The database as its one writer holds it. Every call blocks: it belongs on a thread of its own.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    keys: Keys,
    guard: Guard,
    checkpointer: Checkpointer,
    /// Held for the life of the store; the system frees it when the process dies.
    _lock: Option<File>,
}

/// Where the indexes of the running configuration stand in the database.
#[derive(Clone, Debug, Default)]
struct Keys {
    config: i64,
    /// By `SensorIx`: the row of `sensor`, and the sensor's id.
    sensors: Vec<(i64, String)>,
    /// By the place in `City::lines`.
    lines: Vec<String>,
}

impl Store {
    /// Opens the database in a data folder, makes it where there is none, brings its schema
    /// forward, and begins a new epoch. A configuration other than the last one is entered into
    /// the ledger at `now`.
    ///
    /// # Errors
    /// Says which file and why; a database that is locked, newer or not ours is left as it is, and
    /// so is that of an exercise to a real service and the other way round.
    pub fn open(
        dir: &Path,
        city: &City,
        config_version: &str,
        now: Timestamp,
        options: &Options,
    ) -> Result<(Self, Restored), StoreError> {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::File {
            path: dir.to_owned(),
            doing: "making the data folder",
            source,
        })?;
        let lock = lock(&dir.join(LOCK), options.take_over)?;
        let path = dir.join(DATABASE);
        let mut connection = Connection::open(&path).doing("opening the database")?;
        tune(&connection, options).doing("setting up the database")?;
        schema::migrate(&mut connection, &path)?;
        schema::admit(&connection, &path, options.exercise)?;
        let (keys, restored) = restore::begin(&mut connection, city, config_version, now)?;
        let wal = dir.join(format!("{DATABASE}-wal"));
        let checkpointer = Checkpointer::start(&path)?;
        let guard = Guard::new(dir, wal, options.reserve_bytes);
        Ok((Self { connection, path, keys, guard, checkpointer, _lock: lock }, restored))
    }

    /// Writes one transaction; when this returns, it is on the disk. An empty commit writes
    /// nothing and gives `expected` back.
    ///
    /// # Errors
    /// Nothing was written. [`CommitError::Fenced`] when `epoch` or `expected` is not the stored
    /// one; [`CommitError::Full`] while space is short, to be tried again.
    pub fn commit(&mut self, epoch: Epoch, expected: Seq, commit: &Commit) -> Result<Seq, CommitError> {
        if commit.is_empty() {
            return Ok(expected);
        }
        self.guard.admit(commit)?;
        let term = write::Term { epoch, expected };
        let (seq, config) = write::commit(&mut self.connection, &self.keys, &self.guard, term, commit)?;
        self.keys.config = config;
        self.checkpointer.after_commit(&self.connection);
        Ok(seq)
    }

    /// A door for reading beside this writer, with at most `connections` at once.
    ///
    /// # Errors
    /// When the database can't be opened a second time.
    pub fn reader(&self, connections: usize) -> Result<Reader, StoreError> {
        Reader::open(&self.path, connections)
    }

    /// What the disk has left.
    ///
    /// # Errors
    /// When the file system does not answer.
    pub fn space(&self) -> Result<Space, StoreError> {
        self.guard.space()
    }
}

fn lock(path: &Path, take_over: bool) -> Result<Option<File>, StoreError> {
    let failed = |doing| move |source| StoreError::File { path: path.to_owned(), doing, source };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(failed("opening the lock file"))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(_) if take_over => return Ok(None),
            Err(TryLockError::WouldBlock) if began.elapsed() < LEAVING => thread::sleep(LEAVING / 50),
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed("locking the data folder")(source)),
        }
    }
}

fn tune(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // One fdatasync of the log before a commit returns.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16 * 1024)?;
    // The checkpointer does it, off the hot path.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", checkpoint::LOG_BYTES_KEPT)?;
    if let Some(pages) = options.page_count_max {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}
