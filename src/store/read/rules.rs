//! The rules in force, read before the store is opened: the plan that it is opened with needs them.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::desk::draft::IN_FORCE;
use crate::desk::paper::{Kept, Kind};
use crate::store::DATABASE;
use crate::store::error::{Doing, StoreError};
use crate::store::rows;

/// The paper of the rules in force in a data folder; `None` where none was ever filed, also in a
/// database of an older schema or of somebody else, which opening it will tell.
///
/// # Errors
/// When the database can't be read.
pub fn rules_in_force(dir: &Path) -> Result<Option<Kept>, StoreError> {
    let path = dir.join(DATABASE);
    if !path.is_file() {
        return Ok(None);
    }
    let doing = "reading the rules in force";
    // A log that was left behind is taken in, so that it must be allowed to write.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).doing(doing)?;
    connection.busy_timeout(super::super::BUSY).doing(doing)?;
    let known: bool = connection
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'paper_head'", [], |row| row.get(0))
        .doing(doing)?;
    if !known {
        return Ok(None);
    }
    connection
        .query_row(
            "SELECT paper.* FROM paper_head JOIN paper USING (kind, id, version) WHERE kind = ?1 AND id = ?2",
            (Kind::Rules.as_str(), IN_FORCE),
            rows::paper,
        )
        .optional()
        .doing(doing)
}
