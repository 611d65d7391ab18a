//! The officers' papers and our CAP messages in a commit, each with its hash in the ledger.

use rusqlite::OptionalExtension;

use super::{Door, Stop, Write};
use crate::store::commit::Commit;
use crate::store::ledger::{self, Entry};

impl Write<'_> {
    pub(super) fn papers(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        for paper in &commit.papers {
            let version = self.next_version(paper.kind.as_str(), &paper.id)?.max(paper.version);
            self.transaction
                .prepare_cached(
                    "INSERT INTO paper (kind, id, version, seq, officer, at, open, record)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute((
                    paper.kind.as_str(),
                    &paper.id,
                    version as i64,
                    self.seq(),
                    paper.by.as_deref(),
                    paper.at.ms(),
                    paper.is_open,
                    &paper.record,
                ))?;
            self.transaction
                .prepare_cached(
                    "INSERT INTO paper_head (kind, id, version, open) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, open = excluded.open",
                )?
                .execute((paper.kind.as_str(), &paper.id, version as i64, paper.is_open))?;
            ledger::append(self.transaction, &mut door.head, Entry::paper(paper, version))?;
        }
        self.caps(door, commit)
    }

    /// A paper that was closed and is opened again goes on counting where it stopped.
    fn next_version(&self, kind: &str, id: &str) -> Result<u64, Stop> {
        let mut head =
            self.transaction.prepare_cached("SELECT version FROM paper_head WHERE kind = ?1 AND id = ?2")?;
        let known: Option<i64> = head.query_row((kind, id), |row| row.get(0)).optional()?;
        Ok(known.map_or(1, |version| version as u64 + 1))
    }

    fn caps(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        for message in &commit.caps {
            let new = self
                .transaction
                .prepare_cached(
                    "INSERT INTO cap_message (identifier, seq, alert, bulletin, sent, expires, exercise, hash, xml)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (identifier) DO NOTHING",
                )?
                .execute((
                    &message.identifier,
                    self.seq(),
                    &message.alert.0,
                    message.bulletin.as_ref().map(|id| &id.0),
                    message.sent.ms(),
                    message.expires.ms(),
                    message.exercise,
                    message.hash,
                    &message.xml,
                ))?;
            if new == 0 {
                tracing::error!(identifier = %message.identifier, "a CAP message of this identifier was committed before; it is not kept twice");
                continue;
            }
            ledger::append(self.transaction, &mut door.head, Entry::cap(commit.at, message))?;
        }
        Ok(())
    }
}
