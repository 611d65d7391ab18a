//! Episodes and bulletins as they were committed, with everything that explains them.

use std::sync::Arc;

use rules::alert::{AlertId, RuleId};
use rusqlite::{Connection, OptionalExtension, Row};
use sensors::quantity::Value;
use sensors::time::{Span, Timestamp};

use crate::store::commit::Seq;
use crate::store::error::StoreError;
use crate::store::read::{PAGE_MAX, Reader, Sensors};
use crate::store::record::{
    AlertHistory, AlertSummary, DeliveryState, Page, StoredBulletin, StoredEvidence, StoredRevised,
    StoredTransition,
};
use crate::store::rows;

/// Which episodes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that run.
    Open,
    /// Those and the ones that are over.
    All,
}

/// Where a page of episodes ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertCursor {
    /// The start of the last episode on it.
    pub began_at: Timestamp,
    /// Its id.
    pub alert: AlertId,
}

impl Reader {
    /// Episodes, the newest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn alerts(
        &self,
        which: Which,
        after: Option<&AlertCursor>,
        limit: usize,
    ) -> Result<Page<AlertSummary, AlertCursor>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let sql = match which {
            Which::Open => {
                "SELECT * FROM episode WHERE level <> 'none' AND (began_at, alert) < (?1, ?2)
                            ORDER BY began_at DESC, alert DESC LIMIT ?3"
            }
            Which::All => {
                "SELECT * FROM episode WHERE (began_at, alert) < (?1, ?2)
                           ORDER BY began_at DESC, alert DESC LIMIT ?3"
            }
        };
        let (began_at, alert) = after.map_or((i64::MAX, ""), |c| (c.began_at.ms(), &*c.alert.0));
        let items: Vec<AlertSummary> = self.read("reading the alerts", |connection| {
            let summary = |row: &Row| summary(connection, &self.sensors, row);
            connection.prepare_cached(sql)?.query_map((began_at, alert, limit as i64 + 1), summary)?.collect()
        })?;
        let cursor = |last: &AlertSummary| AlertCursor { began_at: last.began_at, alert: last.alert.clone() };
        Ok(cut(items, limit, cursor))
    }

    /// One episode with its transitions and their evidence, its bulletins and their deliveries;
    /// `None` when there is no such episode.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn alert(&self, id: &AlertId) -> Result<Option<AlertHistory>, StoreError> {
        self.read("reading an alert", |connection| {
            let found = connection
                .prepare_cached("SELECT * FROM episode WHERE alert = ?1")?
                .query_row([&id.0], |row| summary(connection, &self.sensors, row))
                .optional()?;
            let Some(summary) = found else { return Ok(None) };
            let transitions = connection
                .prepare_cached("SELECT * FROM transition WHERE alert = ?1 ORDER BY pk LIMIT ?2")?
                .query_map((&id.0, PAGE_MAX as i64), |row| transition(connection, &self.sensors, row))?
                .collect::<Result<_, _>>()?;
            let bulletins: Vec<StoredBulletin> = connection
                .prepare_cached("SELECT * FROM bulletin WHERE alert = ?1 ORDER BY pk LIMIT ?2")?
                .query_map((&id.0, PAGE_MAX as i64), bulletin)?
                .collect::<Result<_, _>>()?;
            let deliveries = deliveries(connection, &bulletins)?;
            Ok(Some(AlertHistory { summary, transitions, bulletins, deliveries }))
        })
    }

    /// How many deliveries have not ended.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn waiting_deliveries(&self) -> Result<u64, StoreError> {
        self.read("counting the deliveries that wait", |connection| {
            let sql = "SELECT count(*) FROM delivery WHERE ended_at IS NULL";
            connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        })
    }

    /// Bulletins, the oldest first, from those after commit `since`; a page may hold more than
    /// `limit` so as to end with a commit.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn bulletins(&self, since: Seq, limit: usize) -> Result<Page<StoredBulletin, Seq>, StoreError> {
        let limit = limit.clamp(1, PAGE_MAX);
        self.read("reading the bulletins", |connection| {
            let mut items: Vec<StoredBulletin> = Vec::new();
            let mut statement =
                connection.prepare_cached("SELECT * FROM bulletin WHERE seq > ?1 ORDER BY seq, pk")?;
            for row in statement.query_map([since.0 as i64], bulletin)? {
                let row = row?;
                match items.last() {
                    Some(last) if items.len() >= limit && last.seq != row.seq => {
                        let next = Some(last.seq);
                        return Ok(Page { items, next });
                    }
                    _ => items.push(row),
                }
            }
            Ok(Page { items, next: None })
        })
    }
}

fn cut<T, C>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> C) -> Page<T, C> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

fn summary(connection: &Connection, sensors: &Sensors, row: &Row) -> rusqlite::Result<AlertSummary> {
    let alert = AlertId(row.get("alert")?);
    let revised = connection
        .prepare_cached("SELECT * FROM evidence_revised WHERE alert = ?1 ORDER BY pk LIMIT ?2")?
        .query_map((&alert.0, PAGE_MAX as i64), |row| revised(sensors, row))?
        .collect::<Result<_, _>>()?;
    Ok(AlertSummary {
        alert,
        revised,
        rule: RuleId(row.get("rule")?),
        hazard: rows::hazard(row)?,
        subject: rows::subject(row)?,
        zones: rows::zones(row)?,
        level: row.get("level")?,
        severity: rows::severity(row, "severity")?,
        severity_max: rows::severity(row, "severity_max")?,
        began_at: rows::time(row, "began_at")?,
        changed_at: rows::time(row, "changed_at")?,
        seq: rows::seq(row)?,
    })
}

pub(super) fn bulletin(row: &Row) -> rusqlite::Result<StoredBulletin> {
    Ok(StoredBulletin { seq: rows::seq(row)?, bulletin: rows::bulletin(row)? })
}

pub(super) fn transition(
    connection: &Connection,
    sensors: &Sensors,
    row: &Row,
) -> rusqlite::Result<StoredTransition> {
    let because = connection
        .prepare_cached("SELECT * FROM evidence WHERE transition = ?1 ORDER BY nth")?
        .query_map([row.get::<_, i64>("pk")?], |row| evidence(sensors, row))?
        .collect::<Result<_, _>>()?;
    Ok(StoredTransition {
        seq: rows::seq(row)?,
        alert: AlertId(row.get("alert")?),
        rule: RuleId(row.get("rule")?),
        rule_version: row.get("rule_version")?,
        hazard: rows::hazard(row)?,
        words: row.get("words")?,
        subject: rows::subject(row)?,
        zones: rows::zones(row)?,
        from: row.get("level_before")?,
        to: row.get("level")?,
        severity: rows::severity(row, "severity")?,
        severity_max: rows::severity(row, "severity_max")?,
        raised: row.get("raised")?,
        corroborated: row.get("corroborated")?,
        issue: rows::issue(row)?,
        at: rows::time(row, "at")?,
        measured_at: rows::time(row, "measured_at")?,
        measure: rows::measure(row)?,
        because,
    })
}

fn evidence(sensors: &Sensors, row: &Row) -> rusqlite::Result<StoredEvidence> {
    let sensor: Arc<_> = sensors.id(row.get("sensor")?)?;
    Ok(StoredEvidence {
        sensor,
        parameter: rows::parameter(row)?,
        measured_at: rows::time(row, "measured_at")?,
        value: Value::from_raw(row.get("value")?),
        quality: rows::quality(row)?,
        window: row.get::<_, Option<i64>>("window_ms")?.map(Span::from_ms),
    })
}

pub(super) fn revised(sensors: &Sensors, row: &Row) -> rusqlite::Result<StoredRevised> {
    Ok(StoredRevised {
        seq: rows::seq(row)?,
        alert: AlertId(row.get("alert")?),
        at: rows::time(row, "at")?,
        sensor: sensors.id(row.get("sensor")?)?,
        measured_at: rows::time(row, "measured_at")?,
        value: row.get::<_, Option<i64>>("value")?.map(Value::from_raw),
        quality: rows::quality(row)?,
    })
}

fn deliveries(connection: &Connection, bulletins: &[StoredBulletin]) -> rusqlite::Result<Vec<DeliveryState>> {
    let mut found = Vec::new();
    let mut statement =
        connection.prepare_cached("SELECT * FROM delivery WHERE bulletin = ?1 ORDER BY pk LIMIT ?2")?;
    for stored in bulletins {
        let room = PAGE_MAX.saturating_sub(found.len()) as i64;
        for row in statement.query_map((&stored.bulletin.id.0, room), rows::delivery_state)? {
            found.push(row?);
        }
    }
    Ok(found)
}
