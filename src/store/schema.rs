//! The shape of the database and its way forward; never back, and never a guess at a newer one.

use std::path::Path;

use rusqlite::Connection;

use crate::store::error::{Doing, StoreError};

/// `baol` in ASCII: marks a file as ours.
const APPLICATION_ID: i64 = 0x6261_6f6c;

/// Step `n` brings version `n` to `n + 1`. A step that was released is never edited.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
];

/// Brings a database to the newest version, each step in its own transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    migrate_by(connection, path, STEPS)
}

/// Refuses a file that is not ours, or that a newer baolu wrote.
fn recognise(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let (id, version, tables) = identity(connection).doing("reading the schema version")?;
    if id != APPLICATION_ID && (id != 0 || version != 0 || tables > 0) {
        return Err(StoreError::NotOurs { path: path.to_owned(), found: id });
    }
    let known = STEPS.len() as i64;
    if version > known {
        return Err(StoreError::Newer { path: path.to_owned(), found: version, known });
    }
    Ok(version)
}

/// Refuses to read a schema other than the newest; only the writer brings it forward.
pub(super) fn require(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = recognise(connection, path)?;
    let known = STEPS.len() as i64;
    if found < known {
        return Err(StoreError::Older { path: path.to_owned(), found, known });
    }
    Ok(())
}

/// Refuses the database of an exercise to a real service, and the other way round; one without a
/// commit becomes what it is opened for.
pub(super) fn admit(connection: &Connection, path: &Path, exercise: bool) -> Result<(), StoreError> {
    let doing = "marking the database as an exercise or not";
    connection
        .execute("UPDATE door SET exercise = ?1 WHERE exercise IS NULL OR seq = 0", [exercise])
        .doing(doing)?;
    let kept: bool = connection.query_row("SELECT exercise FROM door", [], |row| row.get(0)).doing(doing)?;
    if kept == exercise { Ok(()) } else { Err(StoreError::Mixed { path: path.to_owned(), kept }) }
}

fn identity(connection: &Connection) -> rusqlite::Result<(i64, i64, i64)> {
    let id = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((id, version, tables))
}

fn migrate_by(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), StoreError> {
    let version = recognise(connection, path)?;
    for (step, sql) in steps.iter().enumerate().skip(version.max(0) as usize) {
        let transaction = connection.transaction().doing("beginning a migration")?;
        transaction.execute_batch(sql).doing("migrating the database")?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).doing("marking the database")?;
        transaction.pragma_update(None, "user_version", step as i64 + 1).doing("marking the migration")?;
        transaction.commit().doing("committing a migration")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_step_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE a (x)", "ALTER TABLE a ADD y; CREATE TABLE a (x)"];
        let path = Path::new("baolu.db");
        assert!(migrate_by(&mut connection, path, &steps).is_err());
        assert_eq!(version(&connection), 1);
        let columns: i64 =
            connection.query_row("SELECT count(*) FROM pragma_table_info('a')", [], |r| r.get(0)).unwrap();
        assert_eq!(columns, 1, "half a step was kept");
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_as_it_is() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("baolu.db")).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let refusal = migrate(&mut connection, Path::new("data/baolu.db")).unwrap_err().to_string();
        assert!(refusal.contains("data/baolu.db") && refusal.contains("schema 99"), "{refusal}");
        assert_eq!(version(&connection), 99);
    }

    #[test]
    fn a_database_of_somebody_else_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE photos (x)").unwrap();
        assert!(matches!(migrate(&mut connection, Path::new("x")), Err(StoreError::NotOurs { .. })));
    }
}
