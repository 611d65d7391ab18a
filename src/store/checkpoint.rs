//! Moves committed pages from the write-ahead log into the database, beside the writer.
//!
//! A thread with a connection of its own does it whenever the log has grown by a few megabytes;
//! writing goes on meanwhile. Only when the log has grown past its bound all the same, the writer
//! finishes the rest itself, so that the log can begin anew. Never makes a commit fail.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use crate::store::error::{Doing, StoreError};

/// The log file is cut down to this when it begins anew: to its bound, because writing over what
/// is there is several times faster than making a file longer.
pub(super) const LOG_BYTES_KEPT: i64 = 68 * 1024 * 1024;

/// Pages in the log and not yet in the database that wake the thread: 4 MiB.
const PAGES_WAKE: i64 = 1_024;

/// Pages of the log past which the writer finishes the rest itself: 64 MiB.
const PAGES_MAX: i64 = 16_384;

/// How often the thread looks for what was written while it moved pages.
const PASSES: usize = 4;

/// After a reader kept the log from beginning anew, so many more pages before the next try: 16 MiB.
const PAGES_PATIENCE: i64 = 4_096;

/// How long the writer waits for readers of the old log when it finishes the rest itself.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long a commit waits for the thread once the log is past its bound: the disk does not keep
/// up, and waiting is better than a log without end.
const BACK_PRESSURE: Duration = Duration::from_secs(1);

/// The thread, and the bell that wakes it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    bell: Option<SyncSender<()>>,
    turn: Arc<Turn>,
    thread: Option<JoinHandle<()>>,
    pages_max: i64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path).doing("opening the database for checkpoints")?;
        connection.pragma_update(None, "synchronous", "full").doing("setting up checkpoints")?;
        let (bell, rung) = sync_channel(1);
        let turn = Arc::new(Turn::default());
        let of_thread = Arc::clone(&turn);
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || {
                while rung.recv().is_ok() {
                    if let Err(error) = catch_up(&of_thread, &connection) {
                        tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                    }
                }
            })
            .map_err(|source| StoreError::File {
                path: path.to_owned(),
                doing: "starting the checkpoint thread",
                source,
            })?;
        Ok(Self { bell: Some(bell), turn, thread: Some(thread), pages_max: PAGES_MAX })
    }

    /// Looks at the log after a commit.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let Ok(log) = checkpoint(writer, "NOOP") else { return };
        if log.pages - log.moved >= PAGES_WAKE
            && let Some(bell) = &self.bell
        {
            // Full means that it is awake.
            let _awake = bell.try_send(());
        }
        if log.pages < PAGES_MAX {
            self.pages_max = PAGES_MAX;
        } else if log.pages >= self.pages_max {
            match self.turn.after_pass(|| finish(writer)) {
                Some(true) => self.pages_max = PAGES_MAX,
                Some(false) => self.pages_max = log.pages + PAGES_PATIENCE,
                // The next commit waits again.
                None => {}
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.bell.take());
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// Whose turn it is: SQLite lets only one connection move pages and does not wait for it.
#[derive(Debug, Default)]
struct Turn {
    thread_moves: Mutex<bool>,
    ended: Condvar,
}

impl Turn {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.thread_moves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One pass of the thread.
    fn pass(&self, connection: &Connection) -> rusqlite::Result<Log> {
        *self.lock() = true;
        let log = checkpoint(connection, "PASSIVE");
        *self.lock() = false;
        self.ended.notify_one();
        log
    }

    /// Lets the writer move pages, after the pass that is under way; `None` when that takes too long.
    fn after_pass<T>(&self, act: impl FnOnce() -> T) -> Option<T> {
        let (moving, _waited) = self
            .ended
            .wait_timeout_while(self.lock(), BACK_PRESSURE, |moving| *moving)
            .unwrap_or_else(PoisonError::into_inner);
        if *moving { None } else { Some(act()) }
    }
}

struct Log {
    busy: bool,
    pages: i64,
    moved: i64,
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<Log> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row([], |row| Ok(Log { busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? }))
}

/// Moves what is there, and then what was written meanwhile: once nothing is left, the next commit
/// begins the log anew.
fn catch_up(turn: &Turn, connection: &Connection) -> rusqlite::Result<()> {
    for _pass in 0..PASSES {
        let log = turn.pass(connection)?;
        if log.moved == log.pages {
            break;
        }
    }
    Ok(())
}

/// Moves everything that is left and lets the log begin anew; false when a reader still needs it.
fn finish(writer: &Connection) -> bool {
    let finished = writer.busy_timeout(PATIENCE).and_then(|()| checkpoint(writer, "RESTART"));
    if let Err(error) = writer.busy_timeout(super::BUSY) {
        tracing::warn!(%error, "the patience of the writer could not be restored");
    }
    finished.is_ok_and(|log| !log.busy)
}
