//! What can go wrong at the door of the store, in words for whoever has to mend it.

use std::path::PathBuf;

use crate::store::commit::{Epoch, Seq};

/// The store could not be opened, read or copied.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder or one of its files.
    #[error("{}: {doing} failed: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process holds the lock of the data folder.
    #[error("{}: another baolu is writing to this data folder; stop it first, or give --data another folder", path.display())]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// A SQLite file of somebody else.
    #[error("{}: this is a database, but not one of baolu (application id {found:#x}); nothing was changed", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// Its application id.
        found: i64,
    },
    /// Written by a newer baolu.
    #[error("{}: written by a newer baolu (schema {found}, this one knows up to {known}); nothing was changed; start the newer one, or restore a backup from before it", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema that this binary knows.
        known: i64,
    },
    /// Written by an older baolu, and opened for reading only.
    #[error("{}: written by an older baolu (schema {found}, this one reads {known}); start the service once, it brings the database forward", path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The schema that this binary reads.
        known: i64,
    },
    /// An exercise and real warnings don't go into one database.
    #[error(
        "{}: what stands in it is {}; nothing was changed; give --data another folder, for each its own",
        path.display(),
        if *kept { "an exercise, and this service is real" } else { "real, and this service runs an exercise" }
    )]
    Mixed {
        /// The file.
        path: PathBuf,
        /// Whether what stands in it is an exercise.
        kept: bool,
    },
    /// Something stands in the database that this code never writes.
    #[error("the store is damaged: {what}; stop the service and restore a backup")]
    Damaged {
        /// What, and where.
        what: String,
    },
    /// The ledger's chain does not hold.
    #[error("the ledger is broken at entry {entry}: {why}")]
    BrokenLedger {
        /// The first entry that does not fit.
        entry: u64,
        /// What does not fit.
        why: &'static str,
    },
    /// A copy must not replace a file.
    #[error("{}: exists already and is not overwritten; name a new file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// No database where one was expected.
    #[error("{}: there is no database of baolu here; --data names the data folder of the running service", path.display())]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("{doing} failed: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the call was wrong, and not the disk or the database.
    pub fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Exists { .. }
                | Self::Absent { .. }
                | Self::InUse { .. }
                | Self::NotOurs { .. }
                | Self::Mixed { .. }
        )
    }
}

/// A commit was not made; nothing of it was written, and the state before it stands.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Somebody else writes to this database now. Stop: the state in memory is no longer the newest.
    #[error("fenced: another writer took over (epoch {} and commit {} are stored, {} and {} were expected)",
        stored.0, stored_seq.0, held.0, expected.0)]
    Fenced {
        /// The epoch that the caller holds.
        held: Epoch,
        /// The epoch in the database.
        stored: Epoch,
        /// The commit that the caller builds upon.
        expected: Seq,
        /// The newest commit in the database.
        stored_seq: Seq,
    },
    /// Too little space. Keep the events unacknowledged and try again; it recovers by itself.
    #[error(
        "the disk is nearly full: {free} bytes are free and {reserve} are kept in reserve; nothing is lost, readings wait until there is space"
    )]
    Full {
        /// Bytes free for the database.
        free: u64,
        /// Bytes that must stay free for such a commit.
        reserve: u64,
    },
    /// An index of another configuration: a mistake of the caller.
    #[error("{what} {index} is not in the configuration that the store was opened with")]
    Unplanned {
        /// A sensor or a line.
        what: &'static str,
        /// The index.
        index: u32,
    },
    /// SQLite refused; try again within bounds.
    #[error("{doing} failed: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Says what was being done when SQLite refused.
pub(crate) trait Doing<T> {
    /// As a [`StoreError`].
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Database { doing: what, source })
    }
}
