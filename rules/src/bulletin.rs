//! A bulletin: what people are told of one hazard in some zones.
//!
//! It states what was observed and what to do; it never gives an all-clear and never names a
//! disaster-risk level, which are not ours to give.

mod compose;
mod doubt;
mod follow;
mod form;
mod impact;
mod lint;
mod notice;
mod place;
mod rehearse;
mod sign;
mod sms;
mod telemetry;

use std::fmt;

use sensors::place::ZoneId;
use sensors::time::Timestamp;

use crate::alert::AlertId;
use crate::hazard::{Hazard, Severity};

pub use compose::{compose, compose_to, zone_texts};
pub(crate) use compose::{cut, marked};
pub use doubt::{Lessened, compose_doubt, compose_lessened};
pub use follow::{
    Issued, Observation, Word, compose_all_clear, compose_correction, compose_update, fill_missing,
    generic_text,
};
pub use impact::Impacts;
pub use lint::{FULL_MAX, Form, Lack, Want, lint};
pub use notice::{Notice, compose_notice};
pub use place::{place, place_anew};
pub use rehearse::rehearse;
pub use sign::{sign, sign_typed};
pub use sms::{SMS_MAX, Sms};
pub use telemetry::{Cause, compose_telemetry, compose_undelivered};

/// The most characters of a title.
pub const TITLE_MAX: usize = 50;

/// The most characters of a body: what a locked phone shows of a push.
pub const BODY_MAX: usize = 160;

/// Derived from the transition that made it: the same in every replay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BulletinId(pub std::sync::Arc<str>);

impl fmt::Display for BulletinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A language of the city, as its BCP 47 tag: `vi`, `en`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lang(pub std::sync::Arc<str>);

/// What the bulletin does in its episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// The first of an episode.
    Issued,
    /// The level went up.
    Raised,
    /// The level went down and is not `none`, or the condition is over; not an all-clear.
    Eased,
    /// The same level, with another text or more zones.
    Updated,
    /// An officer says that the danger is over; only people say so.
    AllClear,
    /// It was an error: everybody who got it gets the correction.
    Cancelled,
}

/// Who let a bulletin out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// The rule by itself; or nobody yet, where it waits.
    Rule,
    /// The fuse of the rule, because nobody was there in time.
    Fuse,
    /// The officer of this id.
    Officer(std::sync::Arc<str>),
}

/// Text in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The language.
    pub lang: Lang,
    /// At most 50 characters.
    pub title: String,
    /// At most 160 characters in a push; what, where, when, what to do.
    pub body: String,
    /// The whole bulletin, as it is read on a page; empty where there is no more than the push.
    pub full: String,
    /// For a text message; empty where none is written.
    pub sms: String,
    /// For loudspeakers, with numbers as they are spoken; empty where none is written.
    pub spoken: String,
}

impl Text {
    /// A text that is only pushed.
    pub fn push(lang: Lang, title: String, body: String) -> Self {
        Self { lang, title, body, full: String::new(), sms: String::new(), spoken: String::new() }
    }
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 6] =
        [Self::Issued, Self::Raised, Self::Eased, Self::Updated, Self::AllClear, Self::Cancelled];

    /// The spelling in the store, the ledger and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Raised => "raised",
            Self::Eased => "eased",
            Self::Updated => "updated",
            Self::AllClear => "all_clear",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What people get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// Its id.
    pub id: BulletinId,
    /// The episode that it belongs to.
    pub alert: AlertId,
    /// The hazard.
    pub hazard: Hazard,
    /// What it does.
    pub act: Act,
    /// The severity of the level it tells of.
    pub severity: Severity,
    /// The greatest severity of the episode: everybody who was told then is told now.
    pub severity_max: Severity,
    /// The zones it is for, in configuration order; empty only for telemetry.
    pub zones: Vec<ZoneId>,
    /// When it was made, by the running clock.
    pub at: Timestamp,
    /// Whether it goes out now; otherwise it is a proposal that waits for an officer.
    pub automatic: bool,
    /// Who let it out.
    pub author: Author,
    /// One text per language, Vietnamese first.
    pub texts: Vec<Text>,
}

#[cfg(test)]
mod tests;
