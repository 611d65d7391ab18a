//! What an officer orders about the duty.

use serde::{Deserialize, Serialize};

/// An order about silences, maintenance or the duty itself.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Staff know of it: no reminders and no repeats for a while.
    Silence {
        /// Of what.
        scope: Scope,
        /// Until when.
        until_ms: i64,
        /// Why.
        reason: String,
    },
    /// Ends a silence.
    EndSilence {
        /// Which.
        id: String,
    },
    /// Stations or lines are being repaired.
    Maintain {
        /// Stations, by id.
        stations: Vec<String>,
        /// Lines, by name.
        lines: Vec<String>,
        /// From when; `None` from now.
        from_ms: Option<i64>,
        /// Until when.
        until_ms: i64,
        /// Why.
        reason: String,
    },
    /// Ends a maintenance window.
    EndMaintenance {
        /// Which.
        id: String,
    },
    /// Gives the duty to the next one.
    HandOver {
        /// To whom.
        to: String,
        /// What the next one must know.
        note: String,
    },
    /// Takes the duty that was handed over.
    AcceptHandOver {
        /// Which.
        id: String,
    },
    /// Answers a call: somebody looks after it.
    TakeCall {
        /// Which.
        id: String,
    },
}

/// What a silence is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// A rule, by its id.
    Rule(String),
    /// A subject: `kim-long`, `basin:bo`.
    Subject(String),
    /// A hazard.
    Hazard(String),
    /// A zone, by its id.
    Zone(String),
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Silence { .. } => "silence",
            Self::EndSilence { .. } => "end_silence",
            Self::Maintain { .. } => "maintain",
            Self::EndMaintenance { .. } => "end_maintenance",
            Self::HandOver { .. } => "hand_over",
            Self::AcceptHandOver { .. } => "accept_hand_over",
            Self::TakeCall { .. } => "take_call",
        }
    }
}
