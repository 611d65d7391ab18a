//! Moves committed pages from the write-ahead log into the database, beside the writer.
//!
//! A thread with a connection of its own does it whenever the log has grown by a few megabytes;
//! writing goes on meanwhile. Only when the log has grown past its bound all the same, the writer
//! finishes the rest itself, so that the log can begin anew. Never makes a commit fail.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
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

/// How long the writer may wait for the thread or a reader when it finishes the rest itself.
const PATIENCE: Duration = Duration::from_millis(100);

/// The thread, and the bell that wakes it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    bell: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    pages_max: i64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path).doing("opening the database for checkpoints")?;
        connection.pragma_update(None, "synchronous", "full").doing("setting up checkpoints")?;
        let (bell, rung) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || {
                while rung.recv().is_ok() {
                    if let Err(error) = catch_up(&connection) {
                        tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                    }
                }
            })
            .map_err(|source| StoreError::File {
                path: path.to_owned(),
                doing: "starting the checkpoint thread",
                source,
            })?;
        Ok(Self { bell: Some(bell), thread: Some(thread), pages_max: PAGES_MAX })
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
            self.pages_max = if finish(writer) { PAGES_MAX } else { log.pages + PAGES_PATIENCE };
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
fn catch_up(connection: &Connection) -> rusqlite::Result<()> {
    for _pass in 0..PASSES {
        let log = checkpoint(connection, "PASSIVE")?;
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
