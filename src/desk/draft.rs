//! Changes of the rules: proposed as texts, backtested, approved by a second officer, kept for ever.
//!
//! Plain data. What is in force is a paper of its own, of which every version stays in the store; a
//! draft that is closed keeps no text, since its first version has them.

pub mod compile;
pub mod diff;
pub mod edit;
mod prepared;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::paper::{Kind, Record};

pub use diff::Change;
pub use prepared::{Longer, PrepareError, Prepared};

/// Drafts that may be open at once.
pub const OPEN_MAX: usize = 64;
/// The texts of one draft, bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;
/// The id of the paper that holds the rules in force.
pub const IN_FORCE: &str = "in-force";

/// A governed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, as `rules.toml`.
    pub name: String,
    /// Every byte of it.
    pub text: String,
}

/// What an officer does to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Proposes other texts.
    Propose(Proposal),
    /// Files that the very version was run over what happened.
    Backtested {
        /// The draft.
        id: String,
        /// What came of it.
        done: BacktestDone,
    },
    /// Puts it into force; somebody else than who proposed it.
    Approve {
        /// The draft.
        id: String,
        /// The version that was seen, so that the order says what it put into force.
        version: String,
        /// The tests of the city that fail under it, as far as the officer takes that upon them; the
        /// order's note says why.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        accepts_failing: Vec<String>,
        /// The same compiled, with what it needs to begin at once.
        #[serde(skip)]
        prepared: Option<Arc<Prepared>>,
    },
    /// Says no.
    Decline {
        /// The draft.
        id: String,
    },
    /// Takes it back; only who proposed it.
    Withdraw {
        /// The draft.
        id: String,
    },
}

/// Texts that were compiled without a mistake, and what they change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The version that it changes.
    pub base: String,
    /// The version that it makes: a hash over every governed text.
    pub version: String,
    /// Files that become others; the ledger holds their hash in `version`, the paper their text.
    #[serde(skip)]
    pub files: Arc<Vec<File>>,
    /// What changes, said in the words of the rules.
    #[serde(skip)]
    pub diff: Arc<Vec<Change>>,
}

/// A backtest that ended, of one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BacktestDone {
    /// The version that was run: [`Draft::version`].
    pub draft_version_hash: String,
    /// A hash over the whole result, hexadecimal.
    pub digest: String,
    /// The result in one line.
    pub summary: String,
    /// When it ended, milliseconds since 1970 by the running clock.
    pub at: i64,
}

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It waits for a backtest.
    Proposed,
    /// It waits for a second officer.
    Backtested,
    /// It came into force.
    Approved,
    /// A second officer said no.
    Declined,
    /// Who proposed it took it back.
    Withdrawn,
    /// Other rules came into force before it.
    Overtaken,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub standing: Standing,
    /// The version that it changes.
    pub base: String,
    /// The version that it makes.
    pub version: String,
    /// Files that become others; none once it is closed.
    pub files: Vec<File>,
    /// What changes.
    pub diff: Vec<Change>,
    /// Who proposed it.
    pub proposed_by: String,
    /// When, milliseconds since 1970 by the running clock.
    pub proposed_at: i64,
    /// What for.
    pub note: Option<String>,
    /// The backtest of this version.
    pub backtest: Option<BacktestDone>,
    /// The tests of the city that failed under it and that the approving officer accepted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_failing: Vec<String>,
    /// Who closed it; `None` where other rules did.
    pub closed_by: Option<String>,
    /// Why it was closed.
    pub closed_because: Option<String>,
}

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    /// A hash over every governed text.
    pub version: String,
    /// The version before.
    pub before: Option<String>,
    /// Every governed text, sorted by name.
    pub files: Vec<File>,
    /// The draft that brought it; `None` where a folder did.
    pub draft: Option<String>,
    /// Who proposed it.
    pub proposed_by: Option<String>,
    /// Who approved it, or took it upon them at a start.
    pub approved_by: Option<String>,
    /// What for.
    pub note: Option<String>,
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Propose(_) => "propose_rules",
            Self::Backtested { .. } => "backtested_rules",
            Self::Approve { .. } => "approve_rules",
            Self::Decline { .. } => "decline_rules",
            Self::Withdraw { .. } => "withdraw_rules",
        }
    }
}

impl Standing {
    /// The spelling in the store and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Backtested => "backtested",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Overtaken => "overtaken",
        }
    }
}

impl Draft {
    /// The draft when nothing can happen to it any more; its texts stay in its first version.
    #[must_use]
    pub fn closed(&self, standing: Standing, by: Option<&str>, because: Option<String>) -> Self {
        Self {
            standing,
            files: Vec::new(),
            closed_by: by.map(str::to_owned),
            closed_because: because,
            ..self.clone()
        }
    }
}

impl Record for Draft {
    const KIND: Kind = Kind::Draft;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Proposed | Standing::Backtested)
    }
}

impl Record for InForce {
    const KIND: Kind = Kind::Rules;

    fn id(&self) -> &str {
        IN_FORCE
    }

    fn is_open(&self) -> bool {
        true
    }
}
