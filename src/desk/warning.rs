//! The life of a warning, as a paper: what waits, what went out, to whom, and who did what when.
//!
//! Plain data. It decides nothing and sends nothing; times are milliseconds of the running clock.

mod act;
pub mod check;

use rules::hazard::{Hazard, Severity};
use sensors::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::paper::{Kind, Record};

pub use act::Act;

/// Steps that a paper carries; older ones stand in its earlier versions.
pub const STEPS_MAX: usize = 48;
/// Bulletins that a paper names; all of them stand in the store.
pub const BULLETINS_MAX: usize = 64;
/// Comments on one warning.
pub const COMMENTS_MAX: usize = 100;
/// The longest comment or reason, bytes.
pub const COMMENT_BYTES_MAX: usize = 2000;
/// By how much officers may put a fuse off in all, seconds: an hour.
pub const EXTENSION_MAX_S: i64 = 3600;
/// Officers who are named as having acknowledged one level.
pub const ACKNOWLEDGED_MAX: usize = 16;

/// Where a warning is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for a signature, and nobody was told of it.
    Proposed,
    /// People were told.
    Issued,
    /// People were told again: it was raised, eased to a lower level, or said better.
    Updated,
    /// Its condition is over and people were told so; that is no all-clear.
    Eased,
    /// An officer said that the danger is over.
    AllCleared,
    /// It was an error, and everybody who was told has the correction.
    Cancelled,
    /// Another warning speaks in its place.
    Superseded,
    /// An officer decided that it does not go out.
    Declined,
    /// What it would have said stopped being true before it went out.
    Withdrawn,
}

/// A text in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// BCP 47.
    pub lang: String,
    /// At most 50 characters.
    pub title: String,
    /// At most 160 characters.
    pub body: String,
    /// The whole bulletin; empty where there is no more than the push.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub full: String,
    /// For a text message; empty where none is written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sms: String,
    /// For loudspeakers; empty where none is written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub spoken: String,
}

/// What waits for a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The bulletin that it is kept as.
    pub bulletin: String,
    /// The level that it tells of.
    pub level: String,
    /// 1 to 5.
    pub severity: u8,
    /// The greatest of the episode.
    pub severity_max: u8,
    /// Where it goes. Empty is an error for an officer, and the station's wards for the fuse.
    pub zones: Vec<String>,
    /// What it says, the city's first language first.
    pub texts: Vec<Words>,
    /// Whether trusted readings made it; what suspect ones made has no fuse.
    pub corroborated: bool,
    /// Since when it waits.
    pub since_ms: i64,
    /// When it goes out by itself.
    pub fuse_ms: Option<i64>,
    /// By how much the fuse was put off so far.
    pub extended_s: i64,
    /// The more severe warning of the same hazard and zones that it goes out with.
    pub joins: Option<String>,
    /// Whether an officer wrote the texts or the zones.
    pub edited: bool,
    /// The forms that an officer wrote, as `vi.body`: they go out as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
}

/// Who was told, in the whole life of the warning. Nobody is ever taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Every zone.
    pub zones: Vec<String>,
    /// Every language.
    pub langs: Vec<String>,
    /// The greatest severity: whose subscribers heard.
    pub severity_max: u8,
    /// The newest bulletins, oldest first.
    pub bulletins: Vec<String>,
    /// What they said last.
    pub said: Vec<Words>,
}

/// Something that was done to it, or that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// In one word: `proposed`, `approved`, `fuse`, `eased`.
    pub what: String,
    /// Who; `None` for the clock or the engine.
    pub by: Option<String>,
    /// When.
    pub at_ms: i64,
    /// Why, in the officer's words or ours.
    pub why: Option<String>,
}

/// A word of an officer about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// Who.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// What.
    pub text: String,
}

/// Who has seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who.
    pub by: String,
    /// When.
    pub at_ms: i64,
}

/// A warning from its proposal to its all-clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The alert's id; of a bulletin typed by hand, its own.
    pub id: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether the engine's episode still runs: nothing is closed before it ends.
    pub running: bool,
    /// `{rule}.{subject}`; `None` where no rule made it.
    pub slot: Option<String>,
    /// The hazard.
    pub hazard: String,
    /// The level now, `none` when the condition is over.
    pub level: String,
    /// 1 to 5; of the last level where the condition is over.
    pub severity: u8,
    /// When it began.
    pub began_ms: i64,
    /// What waits.
    pub proposal: Option<Proposal>,
    /// A more severe level that only suspect readings made, behind what trusted ones made and what
    /// keeps its fuse: it waits after that.
    #[serde(default)]
    pub doubt: Option<Proposal>,
    /// Whether the level that stands was not told because the newest readings did not bear it out: it is
    /// proposed again when they do.
    #[serde(default)]
    pub lapsed: bool,
    /// Who was told.
    pub told: Option<Audience>,
    /// What happened, oldest first, at most [`STEPS_MAX`].
    pub steps: Vec<Step>,
    /// Who has seen its present level.
    pub acknowledged: Vec<Acknowledged>,
    /// Since when its present level waits for somebody to have seen it.
    pub unacknowledged_ms: Option<i64>,
    /// When somebody was last reminded of it.
    pub reminded_ms: Option<i64>,
    /// Whose it is.
    pub assigned: Option<String>,
    /// What officers said of it, oldest first.
    pub comments: Vec<Comment>,
    /// The warning that speaks in its place.
    pub superseded_by: Option<String>,
}

impl Phase {
    /// The spelling in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Issued => "issued",
            Self::Updated => "updated",
            Self::Eased => "eased",
            Self::AllCleared => "all_cleared",
            Self::Cancelled => "cancelled",
            Self::Superseded => "superseded",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether nothing is in force or waits.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::AllCleared | Self::Cancelled | Self::Superseded | Self::Declined | Self::Withdrawn
        )
    }
}

impl Proposal {
    /// Whether it speaks for another that waits: as severe, in its wards, and as sure.
    pub fn says_all_of(&self, other: &Self) -> bool {
        self.severity >= other.severity
            && self.corroborated == other.corroborated
            && other.zones.iter().all(|zone| self.zones.contains(zone))
    }
}

impl Warning {
    /// The hazard; a word of a later version counts as a flood.
    pub fn hazard(&self) -> Hazard {
        self.hazard.parse().unwrap_or(Hazard::Flood)
    }

    /// The severity of its level.
    pub fn severity(&self) -> Severity {
        Severity::new(self.severity).unwrap_or(Severity::MAX)
    }

    /// The fuse of what waits, where it has one.
    pub fn fuse(&self) -> Option<Timestamp> {
        self.proposal.as_ref()?.fuse_ms.map(Timestamp::from_ms)
    }

    /// Since when nobody has seen its present level; `None` where somebody has, or where nothing is
    /// in force and nothing waits.
    pub fn unacknowledged_since(&self) -> Option<Timestamp> {
        self.unacknowledged_ms.filter(|_| !self.phase.is_over()).map(Timestamp::from_ms)
    }

    /// When somebody was last reminded of it.
    pub fn reminded_at(&self) -> Option<Timestamp> {
        self.reminded_ms.map(Timestamp::from_ms)
    }

    /// The last thing that was done to it.
    pub fn last_step(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// What is doubted waits where nothing else does, if it is more severe than what people were told.
    pub fn promote(&mut self, told: u8) {
        if self.proposal.is_none() {
            self.proposal = self.doubt.take().filter(|doubt| doubt.severity > told);
        }
    }

    /// Adds a step; the oldest goes where there are too many.
    pub fn step(&mut self, what: &str, by: Option<&str>, at: Timestamp, why: Option<String>) {
        if self.steps.len() >= STEPS_MAX {
            self.steps.remove(0);
        }
        self.steps.push(Step { what: what.to_owned(), by: by.map(str::to_owned), at_ms: at.ms(), why });
    }
}

impl Record for Warning {
    const KIND: Kind = Kind::Warning;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        self.running || !self.phase.is_over()
    }
}
