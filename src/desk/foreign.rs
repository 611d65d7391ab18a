//! Officers' desk: alerts of other authorities, as they were heard, and how they follow each other.
//!
//! They are shown and quoted. Nothing here goes to the public by itself.

mod area;
mod quote;

use sensors::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::paper::{Kind, Record};
use super::typed::Moment;
use crate::cap::read::{Info, Message, Reference};
use crate::notify::outbox::hex;

pub use area::{POINTS_MAX, Place, places};
pub use quote::quoted;

/// Alerts that may be open; the least severe and oldest goes first.
pub const OPEN_MAX: usize = 1000;
/// Typed bulletins that one alert is quoted in.
pub const QUOTED_MAX: usize = 16;
/// How long an alert stands that says no end.
pub const STANDS: Span = Span::from_h(24);
/// How far ahead of our clock `sent` may be.
pub const AHEAD_MAX: Span = Span::from_h(1);

/// What an officer does to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Quotes it: its issuer, number, hour and words become a typed bulletin.
    Quote {
        /// Which.
        id: String,
        /// What its issuer can't say for us.
        frame: Box<Frame>,
    },
    /// Puts it aside: it is shown to nobody any more.
    Dismiss {
        /// Which.
        id: String,
        /// Why.
        reason: String,
    },
}

impl Act {
    /// Its name in the store and the ledger.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Quote { .. } => "quote_foreign_alert",
            Self::Dismiss { .. } => "dismiss_foreign_alert",
        }
    }
}

/// What an officer adds to a quotation: for whom, and how severe it counts here. The words are its
/// issuer's and are not the officer's to change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QuoteFrame)]
pub struct Frame {
    /// The hazard, as `flood`.
    pub hazard: String,
    /// The wards that it is for; never empty, and empty is never everybody.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Whether it is for every ward of the city; then `zones` stays empty.
    #[serde(default)]
    pub whole_city: bool,
    /// 1 to 5 by our own steps; as its issuer says, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<u8>,
    /// Until when it holds; until its own end, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Moment>,
    /// When the next bulletin comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Moment>,
}

/// Who put an alert aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissal {
    /// Who.
    pub by: String,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// Why.
    pub reason: String,
}

/// Whether an alert's area touches the city.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touch {
    /// It does.
    City,
    /// It lies elsewhere.
    Elsewhere,
    /// It says no shape, or one that can't be understood: it may.
    Unclear,
}

/// What stands of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is its issuer's newest word.
    InForce,
    /// A newer one refers to it.
    Superseded,
    /// Its issuer withdrew it as an error.
    Cancelled,
    /// It withdraws others and warns of nothing itself.
    Cancel,
    /// An officer put it aside; its issuer's next word is heard again.
    Dismissed,
    /// It says otherwise than the one of the same number that came before.
    Contradiction,
    /// It was sent before what is known of its chain.
    Backwards,
    /// It had to make room.
    Dropped,
    /// Its time is over.
    Expired,
}

/// What was strange about an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Odd {
    /// The same number says something else.
    Contradicts,
    /// It is older than what it speaks of, or ahead of the clock.
    Backwards,
    /// It speaks of what nobody has heard.
    Unknown,
}

/// An alert as it reached the desk.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The feed's name, or `folder`.
    pub source: String,
    /// What it says.
    pub message: Message,
    /// Whether it touches the city; worked out before, because it takes time.
    pub touch: Touch,
    /// Where it holds, as it is drawn; worked out before.
    pub places: Vec<Place>,
    /// The standard's rules that it breaks, by name.
    pub breaches: Vec<String>,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// Its id here.
    pub id: String,
    /// Whether anything can still happen to it.
    pub open: bool,
    /// Its issuer's name for itself.
    pub sender: String,
    /// Its number at its issuer.
    pub identifier: String,
    /// When it was sent, ms since 1970.
    pub sent_ms: i64,
    /// When it reached us, ms since 1970.
    pub received_ms: i64,
    /// When it ends: its latest `expires`, or [`STANDS`] after it was sent; ms since 1970.
    pub ends_ms: i64,
    /// Where it came from.
    pub source: String,
    /// Actual, Exercise, Test, ...
    pub status: String,
    /// Alert, Update, Cancel.
    pub kind: String,
    /// Public, Restricted, Private.
    pub scope: String,
    /// Its greatest severity, 1 to 5; 0 where it is Unknown or nothing is said.
    pub severity: u8,
    /// Whether it touches the city.
    pub touch: Touch,
    /// What stands of it.
    pub standing: Standing,
    /// The id of the one that took its place.
    pub followed_by: Option<String>,
    /// What was strange about it.
    pub odd: Option<Odd>,
    /// When officers were told of what is strange, ms since 1970.
    pub odd_told_ms: Option<i64>,
    /// When officers were told of it, ms since 1970.
    pub told_ms: Option<i64>,
    /// When officers were told that there is no room for all, ms since 1970; kept on any one.
    pub full_told_ms: Option<i64>,
    /// The standard's rules that it breaks.
    pub breaches: Vec<String>,
    /// The alerts that it refers to.
    pub references: Vec<Reference>,
    /// What it says, in each language.
    pub said: Vec<Said>,
    /// Where it holds, as it is drawn.
    #[serde(default)]
    pub places: Vec<Place>,
    /// The typed bulletins that quote it, at most [`QUOTED_MAX`].
    #[serde(default)]
    pub quoted_in: Vec<String>,
    /// Who put it aside, when and why.
    #[serde(default)]
    pub dismissed: Option<Dismissal>,
    /// SHA-256 over what its issuer wrote.
    pub content: String,
}

/// What it says in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// The language tag.
    pub language: String,
    /// The event.
    pub event: String,
    /// Urgency, severity and certainty, in CAP's words.
    pub urgency: String,
    /// See [`Said::urgency`].
    pub severity: String,
    /// See [`Said::urgency`].
    pub certainty: String,
    /// When it begins, ms since 1970.
    pub onset_ms: Option<i64>,
    /// When it ends, ms since 1970.
    pub expires_ms: Option<i64>,
    /// Who speaks, for people.
    pub sender_name: Option<String>,
    /// The headline.
    pub headline: Option<String>,
    /// What happens.
    pub description: Option<String>,
    /// What to do.
    pub instruction: Option<String>,
    /// More of it, elsewhere; never followed by us.
    pub web: Option<String>,
    /// The areas' names, at most 64.
    pub areas: Vec<String>,
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

impl Foreign {
    /// The record of an alert that arrives at `now`.
    pub fn new(heard: &Heard, now: Timestamp) -> Self {
        let message = &heard.message;
        // What it says has its own hash: the same message from another feed is the same.
        let content = Sha256::digest(format!("{message:?}"));
        let content = hex(&content);
        let ends = message.infos.iter().filter_map(|info| info.expires).max();
        let ends = ends.unwrap_or_else(|| message.sent.plus(STANDS));
        Self {
            id: format!("{}-{:x}", content.get(..16).unwrap_or_default(), now.ms()),
            open: true,
            sender: message.sender.clone(),
            identifier: message.identifier.clone(),
            sent_ms: message.sent.ms(),
            received_ms: now.ms(),
            ends_ms: ends.ms(),
            source: heard.source.clone(),
            status: message.status.clone(),
            kind: message.kind.clone(),
            scope: message.scope.clone(),
            severity: message.infos.iter().map(|info| step(&info.severity)).max().unwrap_or(0),
            touch: heard.touch,
            standing: Standing::InForce,
            followed_by: None,
            odd: None,
            odd_told_ms: None,
            told_ms: None,
            full_told_ms: None,
            breaches: heard.breaches.iter().take(16).cloned().collect(),
            references: message.references.clone(),
            said: message.infos.iter().map(said).collect(),
            places: heard.places.clone(),
            quoted_in: Vec::new(),
            dismissed: None,
            content,
        }
    }

    /// Whether it is a warning to live by at this moment.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.standing == Standing::InForce && self.ends_ms > now.ms()
    }

    /// Whether the public may see it: addressed to everybody.
    pub fn is_public(&self) -> bool {
        self.scope == "Public"
    }

    /// What it says in a language, or else in its first one.
    pub fn said_in(&self, lang: &str) -> Option<&Said> {
        self.said.iter().find(|said| said.speaks(lang)).or_else(|| self.said.first())
    }
}

impl Said {
    /// Whether it is in this language, of whatever country.
    pub fn speaks(&self, lang: &str) -> bool {
        self.language.split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case(lang))
    }
}

/// CAP's severity as a step: Minor 2, Moderate 3, Severe 4, Extreme 5.
fn step(word: &str) -> u8 {
    match word {
        "Minor" => 2,
        "Moderate" => 3,
        "Severe" => 4,
        "Extreme" => 5,
        _ => 0,
    }
}

fn said(info: &Info) -> Said {
    Said {
        language: info.language.clone(),
        event: info.event.clone(),
        urgency: info.urgency.clone(),
        severity: info.severity.clone(),
        certainty: info.certainty.clone(),
        onset_ms: info.onset.or(info.effective).map(Timestamp::ms),
        expires_ms: info.expires.map(Timestamp::ms),
        sender_name: info.sender_name.clone(),
        headline: info.headline.clone(),
        description: info.description.clone(),
        instruction: info.instruction.clone(),
        web: info.web.clone(),
        areas: info.areas.iter().take(64).map(|area| area.name.clone()).collect(),
    }
}
