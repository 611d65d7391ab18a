//! Officers' desk: foreign.

use serde::{Deserialize, Serialize};

use super::paper::{Kind, Record};

/// What an officer does to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match *self {}
    }
}

/// The record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// Its id.
    pub id: String,
    /// Whether anything can still happen to it.
    pub open: bool,
}

impl Record for Foreign {
    const KIND: Kind = Kind::Foreign;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        self.open
    }
}
