//! The alert clock: how long each warning took from the water to the phones, leg by leg.

use rusqlite::{Connection, Row};
use sensors::time::{Span, Timestamp};

use crate::store::error::StoreError;
use crate::store::read::{PAGE_MAX, Reader};

/// A leg of the way from a measurement to a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leg {
    /// From the measurement to its arrival.
    Arrived,
    /// From the arrival to the transition.
    True,
    /// From the transition to the bulletin that goes out: an officer's approval, or the fuse.
    Approved,
    /// From the bulletin to the moment at which the last channel had taken it.
    HandedOver,
}

impl Leg {
    /// Every leg, in order.
    pub const ALL: [Self; 4] = [Self::Arrived, Self::True, Self::Approved, Self::HandedOver];

    /// The spelling in the API and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::True => "true",
            Self::Approved => "approved",
            Self::HandedOver => "handed_over",
        }
    }
}

/// The moments of one bulletin that went out, by the running clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legs {
    /// The bulletin.
    pub bulletin: String,
    /// The episode.
    pub alert: String,
    /// The level that it tells of.
    pub level: String,
    /// Its severity.
    pub severity: u8,
    /// When the deciding reading was measured.
    pub measured_at: Timestamp,
    /// When that reading arrived.
    pub arrived_at: Timestamp,
    /// When the transition was made.
    pub true_at: Timestamp,
    /// When the bulletin went out.
    pub approved_at: Timestamp,
    /// When the last of its deliveries had been taken; `None` while one waits, or where it had none.
    pub handed_over_at: Option<Timestamp>,
    /// Deliveries that were taken, and that failed.
    pub deliveries: (u64, u64),
}

impl Legs {
    /// How long a leg took; `None` while it lasts.
    pub fn span(&self, leg: Leg) -> Option<Span> {
        let (from, to) = match leg {
            Leg::Arrived => (self.measured_at, Some(self.arrived_at)),
            Leg::True => (self.arrived_at, Some(self.true_at)),
            Leg::Approved => (self.true_at, Some(self.approved_at)),
            Leg::HandedOver => (self.approved_at, self.handed_over_at),
        };
        // A gauge's clock may be ahead of ours.
        to.map(|to| to.since(from).max(Span::ZERO))
    }

    /// From the measurement to the last channel.
    pub fn whole(&self) -> Option<Span> {
        self.handed_over_at.map(|to| to.since(self.measured_at).max(Span::ZERO))
    }
}

/// Bulletins that raised, with the newest transition at or before each and its deciding reading.
const SQL: &str = "
  SELECT b.id AS bulletin, b.alert, t.level, b.severity, t.at AS true_at, b.at AS approved_at,
    coalesce(e.measured_at, t.measured_at) AS measured_at,
    coalesce((SELECT min(r.arrived_at) FROM reading r
              WHERE r.sensor = e.sensor AND r.measured_at = e.measured_at), t.at) AS arrived_at,
    (SELECT CASE WHEN count(*) = count(d.ended_at) THEN max(d.ended_at) END
     FROM delivery d WHERE d.bulletin = b.id) AS handed_over_at,
    (SELECT count(*) FROM delivery d WHERE d.bulletin = b.id AND d.sent = 1) AS sent,
    (SELECT count(*) FROM delivery d WHERE d.bulletin = b.id AND d.sent = 0) AS failed
  FROM bulletin b
  JOIN transition t ON t.pk = (SELECT max(pk) FROM transition
                               WHERE alert = b.alert AND raised AND seq <= b.seq)
  LEFT JOIN evidence e ON e.transition = t.pk AND e.nth = 0
  WHERE b.automatic AND b.hazard <> 'telemetry' AND b.act IN ('issued', 'raised')";

impl Reader {
    /// The clock of one episode's bulletins, the oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn alert_clock(&self, alert: &str) -> Result<Vec<Legs>, StoreError> {
        let sql = format!("{SQL} AND b.alert = ?1 ORDER BY b.pk LIMIT ?2");
        self.read("reading the clock of an alert", |connection| {
            rows(connection, &sql, (alert, PAGE_MAX as i64))
        })
    }

    /// The clock of the newest bulletins since a time, the newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn alert_clocks(&self, since: Timestamp, limit: usize) -> Result<Vec<Legs>, StoreError> {
        let sql = format!("{SQL} AND b.at >= ?1 ORDER BY b.pk DESC LIMIT ?2");
        let limit = limit.clamp(1, PAGE_MAX) as i64;
        self.read("reading the clocks of alerts", |connection| rows(connection, &sql, (since.ms(), limit)))
    }
}

fn rows(connection: &Connection, sql: &str, given: impl rusqlite::Params) -> rusqlite::Result<Vec<Legs>> {
    connection.prepare_cached(sql)?.query_map(given, legs)?.collect()
}

fn legs(row: &Row) -> rusqlite::Result<Legs> {
    let time = |column: &str| row.get(column).map(Timestamp::from_ms);
    let count = |column: &str| row.get::<_, i64>(column).map(i64::unsigned_abs);
    Ok(Legs {
        bulletin: row.get("bulletin")?,
        alert: row.get("alert")?,
        level: row.get("level")?,
        severity: row.get("severity")?,
        measured_at: time("measured_at")?,
        arrived_at: time("arrived_at")?,
        true_at: time("true_at")?,
        approved_at: time("approved_at")?,
        handed_over_at: row.get::<_, Option<i64>>("handed_over_at")?.map(Timestamp::from_ms),
        deliveries: (count("sent")?, count("failed")?),
    })
}
