//! A few read-only connections, lent one at a time; whoever comes when all are out waits.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::error::{Doing, StoreError};
use crate::store::schema;

/// How long a read waits for SQLite's own short locks.
const BUSY: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(in crate::store) struct Pool {
    idle: Mutex<Vec<Connection>>,
    back: Condvar,
}

impl Pool {
    pub(super) fn open(path: &Path, connections: usize) -> Result<Self, StoreError> {
        let open = || read_only(path);
        let idle = std::iter::repeat_with(open).take(connections).collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), back: Condvar::new() })
    }

    /// Lends a connection for one read.
    pub(in crate::store) fn with<T>(&self, read: impl FnOnce(&Connection) -> T) -> T {
        let connection = self.take();
        let result = catch_unwind(AssertUnwindSafe(|| read(&connection)));
        // Also after a panic: a pool that shrinks would end in a wait without end.
        self.give_back(connection);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn take(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = idle.pop() {
                return connection;
            }
            idle = self.back.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        self.back.notify_one();
    }
}

/// A connection that can't write.
fn read_only(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Absent { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("opening the database for reading")?;
    connection.busy_timeout(BUSY).doing("setting up a read connection")?;
    schema::require(&connection, path)?;
    Ok(connection)
}
