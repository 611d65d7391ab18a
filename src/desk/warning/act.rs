//! What an officer orders about a warning.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Words;

/// An order about one warning, by its id.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Lets what waits out.
    Approve {
        /// Which.
        id: String,
        /// Other zones than were proposed; never empty, and empty is never everybody.
        zones: Option<Vec<String>>,
        /// Other texts than were proposed, for the languages that are named.
        texts: Vec<Words>,
    },
    /// Says that what waits does not go out.
    Decline {
        /// Which.
        id: String,
        /// Why.
        reason: String,
    },
    /// Puts the fuse off.
    Extend {
        /// Which.
        id: String,
        /// By how many seconds.
        by_s: i64,
        /// Why.
        reason: String,
    },
    /// Has seen it.
    Acknowledge {
        /// Which.
        id: String,
    },
    /// Gives it to somebody.
    Assign {
        /// Which.
        id: String,
        /// To whom; `None` to nobody.
        to: Option<String>,
    },
    /// Says something about it to the other officers.
    Comment {
        /// Which.
        id: String,
        /// What.
        text: String,
    },
    /// Changes what waits, or says again what went out, to more zones or in other words.
    Update {
        /// Which.
        id: String,
        /// The zones; of what went out none is lost.
        zones: Option<Vec<String>>,
        /// The texts, for the languages that are named.
        texts: Vec<Words>,
    },
    /// Says that the danger is over.
    AllClear {
        /// Which.
        id: String,
        /// The version of the checks that the officer saw.
        preflight: String,
        /// Why although a check is not well, by its name.
        despite: BTreeMap<String, String>,
        /// Why.
        reason: String,
    },
    /// Says that it was an error, to everybody who was told.
    Cancel {
        /// Which.
        id: String,
        /// Why.
        reason: String,
    },
    /// Lets another warning speak in its place.
    Supersede {
        /// Which.
        id: String,
        /// The other one.
        with: String,
    },
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve_warning",
            Self::Decline { .. } => "decline_warning",
            Self::Extend { .. } => "extend_fuse",
            Self::Acknowledge { .. } => "acknowledge_warning",
            Self::Assign { .. } => "assign_warning",
            Self::Comment { .. } => "comment_warning",
            Self::Update { .. } => "update_warning",
            Self::AllClear { .. } => "all_clear",
            Self::Cancel { .. } => "cancel_warning",
            Self::Supersede { .. } => "supersede_warning",
        }
    }

    /// The warning that it is about.
    pub fn id(&self) -> &str {
        match self {
            Self::Approve { id, .. }
            | Self::Decline { id, .. }
            | Self::Extend { id, .. }
            | Self::Acknowledge { id }
            | Self::Assign { id, .. }
            | Self::Comment { id, .. }
            | Self::Update { id, .. }
            | Self::AllClear { id, .. }
            | Self::Cancel { id, .. }
            | Self::Supersede { id, .. } => id,
        }
    }
}
