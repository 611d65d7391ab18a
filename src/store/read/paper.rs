//! The officers' papers in all their versions, and our CAP messages.

use rusqlite::OptionalExtension;
use sensors::time::Timestamp;

use crate::desk::paper::{Kept, Kind};
use crate::store::error::StoreError;
use crate::store::read::{PAGE_MAX, Reader};
use crate::store::record::Page;
use crate::store::rows;

/// Which papers of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Papers {
    /// Those to which something can still happen.
    Open,
    /// All of them.
    All,
}

/// A CAP message as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapEntry {
    /// Its place in the order of commits.
    pub pk: i64,
    /// `identifier`.
    pub identifier: String,
    /// What it speaks of.
    pub alert: String,
    /// `sent`.
    pub sent: Timestamp,
    /// `expires`.
    pub expires: Timestamp,
    /// Whether it belongs to the exercises' feed.
    pub exercise: bool,
    /// The message.
    pub xml: String,
}

fn entry(row: &rusqlite::Row) -> rusqlite::Result<CapEntry> {
    Ok(CapEntry {
        pk: row.get("pk")?,
        identifier: row.get("identifier")?,
        alert: row.get("alert")?,
        sent: rows::time(row, "sent")?,
        expires: rows::time(row, "expires")?,
        exercise: row.get("exercise")?,
        xml: row.get("xml")?,
    })
}

impl Reader {
    /// A paper in its newest version, open or closed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn paper(&self, kind: Kind, id: &str) -> Result<Option<Kept>, StoreError> {
        self.read("reading a paper", |connection| {
            connection
                .prepare_cached(
                    "SELECT paper.* FROM paper_head JOIN paper USING (kind, id, version)
                     WHERE kind = ?1 AND id = ?2",
                )?
                .query_row((kind.as_str(), id), rows::paper)
                .optional()
        })
    }

    /// Every version of a paper, the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn paper_versions(&self, kind: Kind, id: &str, limit: usize) -> Result<Vec<Kept>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.read("reading the versions of a paper", |connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM paper WHERE kind = ?1 AND id = ?2 ORDER BY version DESC LIMIT ?3",
                )?
                .query_map((kind.as_str(), id, limit as i64), rows::paper)?
                .collect()
        })
    }

    /// Papers of a kind in their newest versions by id, those after `after`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn papers(
        &self,
        kind: Kind,
        which: Papers,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Kept, String>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.read("listing papers", |connection| {
            let mut items: Vec<Kept> = connection
                .prepare_cached(
                    "SELECT paper.* FROM paper_head JOIN paper USING (kind, id, version)
                     WHERE kind = ?1 AND id > ?2 AND (paper_head.open OR ?3) ORDER BY id LIMIT ?4",
                )?
                .query_map(
                    (kind.as_str(), after.unwrap_or_default(), which == Papers::All, limit as i64 + 1),
                    rows::paper,
                )?
                .collect::<rusqlite::Result<_>>()?;
            let next = (items.len() > limit).then(|| {
                items.truncate(limit);
                items.last().map(|paper| paper.id.clone())
            });
            Ok(Page { items, next: next.flatten() })
        })
    }

    /// A CAP message of ours.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cap_message(&self, identifier: &str) -> Result<Option<CapEntry>, StoreError> {
        self.read("reading a CAP message", |connection| {
            connection
                .prepare_cached("SELECT * FROM cap_message WHERE identifier = ?1")?
                .query_row([identifier], entry)
                .optional()
        })
    }

    /// The newest CAP messages of the real feed or of the exercises', the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cap_newest(&self, exercise: bool, limit: usize) -> Result<Vec<CapEntry>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.read("listing CAP messages", |connection| {
            connection
                .prepare_cached("SELECT * FROM cap_message WHERE exercise = ?1 ORDER BY pk DESC LIMIT ?2")?
                .query_map((exercise, limit as i64), entry)?
                .collect()
        })
    }

    /// The CAP messages of a feed, at most `limit`: those in force at `now`, then those that expired;
    /// the newest first in each.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cap_feed(
        &self,
        exercise: bool,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<CapEntry>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX) as i64;
        self.read("listing CAP messages", |connection| {
            let mut entries: Vec<CapEntry> = connection
                .prepare_cached(
                    "SELECT * FROM cap_message WHERE expires > ?2 AND exercise = ?1 ORDER BY pk DESC LIMIT ?3",
                )?
                .query_map((exercise, now.ms(), limit), entry)?
                .collect::<rusqlite::Result<_>>()?;
            let left = limit - entries.len() as i64;
            let expired: Vec<CapEntry> = connection
                .prepare_cached(
                    "SELECT * FROM cap_message WHERE expires <= ?2 AND exercise = ?1 ORDER BY pk DESC LIMIT ?3",
                )?
                .query_map((exercise, now.ms(), left), entry)?
                .collect::<rusqlite::Result<_>>()?;
            entries.extend(expired);
            Ok(entries)
        })
    }

    /// The places and identifiers of the CAP messages after a place, the oldest first, at most `limit`;
    /// with each whether it is an exercise's.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cap_after(&self, pk: i64, limit: usize) -> Result<Vec<(i64, String, bool)>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.read("listing CAP messages", |connection| {
            connection
                .prepare_cached(
                    "SELECT pk, identifier, exercise FROM cap_message WHERE pk > ?1 ORDER BY pk LIMIT ?2",
                )?
                .query_map((pk, limit as i64), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        })
    }

    /// Every CAP message of an alert, the oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cap_chain(&self, alert: &str) -> Result<Vec<CapEntry>, StoreError> {
        self.read("reading the CAP messages of an alert", |connection| {
            connection
                .prepare_cached("SELECT * FROM cap_message WHERE alert = ?1 ORDER BY pk LIMIT ?2")?
                .query_map((alert, PAGE_MAX as i64), entry)?
                .collect()
        })
    }
}
