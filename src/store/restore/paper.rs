//! The officers' desk as it was left: every open paper in its newest version.

use rusqlite::Transaction;

use crate::desk::paper::Kept;
use crate::store::rows;

pub(super) fn open(transaction: &Transaction) -> rusqlite::Result<Vec<Kept>> {
    transaction
        .prepare(
            "SELECT paper.* FROM paper_head JOIN paper USING (kind, id, version)
             WHERE paper_head.open ORDER BY kind, id",
        )?
        .query_map([], rows::paper)?
        .collect()
}
