//! A copy of the database while the service runs: consistent, checked, and never over another file.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::commit::Seq;
use crate::store::error::{Doing, StoreError};
use crate::store::ledger::{self, Head};
use crate::store::read::Reader;
use crate::store::rows;

/// What a finished copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The newest commit in it.
    pub seq: Seq,
    /// The newest ledger entry in it, its chain walked.
    pub ledger: Head,
    /// Its size.
    pub bytes: u64,
}

impl Reader {
    /// Copies the database as of now into a new file. The copy stands under `<file>.partial` until
    /// it is whole, checked and on the disk.
    ///
    /// # Errors
    /// Refuses to replace a file; says what was wrong with the copy, which is then removed.
    pub fn backup(&self, to: &Path) -> Result<Backup, StoreError> {
        if to.exists() {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        let partial = partial(to);
        if partial.exists() {
            return Err(StoreError::Exists { path: partial });
        }
        let made = self.copy(&partial).and_then(|()| inspect(&partial)).and_then(|backup| {
            settle(&partial, to)?;
            Ok(backup)
        });
        if made.is_err() {
            let _gone = std::fs::remove_file(&partial);
        }
        made
    }

    /// One read transaction over the whole time: writing goes on, the log grows meanwhile.
    fn copy(&self, partial: &Path) -> Result<(), StoreError> {
        let Some(name) = partial.to_str() else {
            return Err(failed(partial, "naming the copy")(std::io::ErrorKind::InvalidFilename.into()));
        };
        let copied = self.pool.with(|connection| connection.execute("VACUUM INTO ?1", [name]));
        copied.map(drop).doing("copying the database")
    }
}

fn partial(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, doing, source }
}

/// Reads every page of the copy and walks its ledger.
fn inspect(copy: &Path) -> Result<Backup, StoreError> {
    let connection = Connection::open(copy).doing("opening the copy")?;
    let verdict: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).doing("checking the copy")?;
    if verdict != "ok" {
        return Err(StoreError::Damaged { what: format!("the copy: {verdict}") });
    }
    let head = ledger::verify(&connection)?;
    let seq = connection.query_row("SELECT seq FROM door", [], rows::seq).doing("reading the copy")?;
    let bytes = std::fs::metadata(copy).map_err(failed(copy, "measuring the copy"))?.len();
    Ok(Backup { seq, ledger: head, bytes })
}

/// Makes the copy durable under its own name; a hard link never replaces a file.
fn settle(partial: &Path, to: &Path) -> Result<(), StoreError> {
    File::open(partial).and_then(|file| file.sync_all()).map_err(failed(partial, "syncing the copy"))?;
    std::fs::hard_link(partial, to).map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => StoreError::Exists { path: to.to_owned() },
        _ => failed(to, "naming the copy")(source),
    })?;
    std::fs::remove_file(partial).map_err(failed(partial, "removing the second name of the copy"))?;
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed(dir, "syncing the folder of the copy"))
}
