//! What the duty keeps: silences and maintenance windows, calls, hand-overs, and what was held back.
//!
//! Plain data. It decides nothing and tells nobody; times are milliseconds of the running clock.

mod act;
pub mod call;
pub mod rota;
mod sheet;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::paper::{Kind, Record};

pub use act::{Act, Scope};
pub use call::{About, Call};
pub use rota::Duty;
pub use sheet::Names;

/// Silences and maintenance windows that may be open at once.
pub const SILENCES_MAX: usize = 200;
/// Stations and lines that one maintenance window names at most.
pub const NAMES_MAX: usize = 200;

/// A silence or a maintenance window: what staff are not told of for a while. The public is told
/// whatever it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its id.
    pub id: String,
    /// What is left in peace.
    pub peace: Peace,
    /// When it ends by itself.
    pub until_ms: i64,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub by: String,
    /// When it was made.
    pub made_ms: i64,
    /// Why it is over: `until`, `officer` or `level_rose`; `None` while it holds.
    pub ended: Option<String>,
}

/// What is left in peace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peace {
    /// Staff know of it: no reminders, no repeats.
    Silence {
        /// Of what.
        scope: Scope,
        /// The alerts that stood in it when it was made, by `{rule}.{subject}`, with their severities.
        /// It mutes these and no others, and none of them beyond its severity.
        seen: BTreeMap<String, u8>,
    },
    /// It is being repaired: its silence and its doubts are no news until the end.
    Maintenance {
        /// The stations, by id; those behind a line are among them.
        stations: Vec<String>,
        /// The lines that were named.
        lines: Vec<String>,
        /// When it begins.
        from_ms: i64,
    },
}

impl Silence {
    /// Whether it is a maintenance window that holds at `now_ms` for a station.
    pub fn repairs(&self, station: &str, now_ms: i64) -> bool {
        match &self.peace {
            Peace::Maintenance { stations, from_ms, .. } => {
                *from_ms <= now_ms && now_ms < self.until_ms && stations.iter().any(|id| id == station)
            }
            Peace::Silence { .. } => false,
        }
    }

    /// Whether it is a maintenance window.
    pub fn is_maintenance(&self) -> bool {
        matches!(self.peace, Peace::Maintenance { .. })
    }

    /// Whether it mutes an alert of this severity at `now_ms`.
    pub fn mutes(&self, slot: &str, severity: u8, now_ms: i64) -> bool {
        match &self.peace {
            Peace::Silence { seen, .. } => {
                now_ms < self.until_ms && seen.get(slot).is_some_and(|known| severity <= *known)
            }
            Peace::Maintenance { .. } => false,
        }
    }
}

impl Record for Silence {
    const KIND: Kind = Kind::Silence;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}
