//! The guard that refuses a commit before the disk is full, while there is still room to recover.
//!
//! Readings stop first; what warns people may use three quarters of the reserve more.

use std::path::{Path, PathBuf};

use crate::store::commit::Commit;
use crate::store::error::{CommitError, StoreError};

/// Kept free by default: room for a copy of the write-ahead log and for whoever clears up.
pub const RESERVE_BYTES: u64 = 256 * 1024 * 1024;

/// What the file system has left for the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes free, less those that the write-ahead log may yet claim.
    pub free: u64,
    /// Below this, commits without a warning are refused.
    pub reserve: u64,
    /// Below this, every commit is refused.
    pub reserve_last: u64,
}

/// Asks the file system of one folder.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    dir: PathBuf,
    wal: PathBuf,
    reserve: u64,
}

impl Guard {
    pub(super) fn new(dir: &Path, wal: PathBuf, reserve: u64) -> Self {
        Self { dir: dir.to_owned(), wal, reserve }
    }

    pub(super) fn space(&self) -> Result<Space, StoreError> {
        let fs = rustix::fs::statvfs(&self.dir).map_err(|errno| StoreError::File {
            path: self.dir.clone(),
            doing: "asking for the free space",
            source: errno.into(),
        })?;
        // A checkpoint moves pages from the log into the database, which may grow by as much.
        let log = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        let free = fs.f_bavail.saturating_mul(fs.f_frsize).saturating_sub(log);
        Ok(Space { free, reserve: self.reserve, reserve_last: self.reserve / 4 })
    }

    /// Lets a commit in, or says how little is left. A file system that doesn't answer lets it in:
    /// the write itself will tell.
    pub(super) fn admit(&self, commit: &Commit) -> Result<(), CommitError> {
        let Ok(space) = self.space() else { return Ok(()) };
        let reserve = if commit.is_vital() { space.reserve_last } else { space.reserve };
        if space.free < reserve { Err(CommitError::Full { free: space.free, reserve }) } else { Ok(()) }
    }

    /// A refusal of SQLite in our words: a full disk is told apart from every other trouble.
    pub(super) fn refusal(&self, doing: &'static str, source: rusqlite::Error) -> CommitError {
        let full = source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
        match self.space() {
            Ok(space) if full || space.free == 0 => {
                CommitError::Full { free: space.free, reserve: space.reserve }
            }
            _ => CommitError::Database { doing, source },
        }
    }
}
