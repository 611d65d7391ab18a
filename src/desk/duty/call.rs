//! What the duty holds in its hands: who was called, what was handed over, what was held back.

use serde::{Deserialize, Serialize};

use crate::desk::paper::{Kind, Record};

/// A paper of the duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub about: About,
    /// How it ended; `None` while it is open.
    pub ended: Option<String>,
}

/// What a paper of the duty is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A warning that nobody has acknowledged. Ends `acknowledged`, `taken`, or `overtaken` by a more severe level.
    Warning(Waiting),
    /// A hand-over. Ends `accepted` or `lapsed`.
    HandOver(HandOver),
    /// Notices that went beyond what an officer can take in. Ends `told`.
    Gathered(Gathered),
    /// A bulletin that waits for the end of the quiet hours. Ends `told`, `over` or `overtaken`.
    Delayed(Delayed),
    /// Pushes that went beyond what a resident can take in. Ends `past` a day later.
    Withheld(Withheld),
}

/// A warning that waits for somebody to have seen it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The warning.
    pub warning: String,
    /// Its title.
    pub what: String,
    /// 1 to 5.
    pub severity: u8,
    /// Since when it waits.
    pub since_ms: i64,
    /// Who was called, in order; nobody stands here twice.
    pub called: Vec<Called>,
    /// Reminders after everybody was called.
    pub reminders: u32,
    /// When the next one is called or reminded; `None` when everything was tried.
    pub next_ms: Option<i64>,
    /// Who answered the call.
    pub taken_by: Option<String>,
}

/// Somebody who was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Who.
    pub officer: String,
    /// When.
    pub at_ms: i64,
}

/// A hand-over from one officer to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Who gives; responsible until it is accepted.
    pub from: String,
    /// Who takes.
    pub to: String,
    /// What the next one must know.
    pub note: String,
    /// When it was written.
    pub at_ms: i64,
    /// The warnings that were open, the most severe first.
    pub warnings: Vec<String>,
    /// How many were open; `warnings` names no more than 50.
    pub open: usize,
}

/// Notices that were held back from a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// Whose.
    pub webhook: String,
    /// How many.
    pub count: u32,
    /// The severity of the most pressing one.
    pub severity: u8,
    /// Since when.
    pub since_ms: i64,
}

/// A bulletin that waits for the morning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delayed {
    /// The episode.
    pub alert: String,
    /// `{rule}.{subject}`.
    pub slot: String,
    /// The level that it told of.
    pub level: String,
    /// 1 or 2.
    pub severity: u8,
    /// The end of the quiet hours.
    pub until_ms: i64,
}

/// Pushes that did not go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The bulletin; it stands in the API and in the feeds.
    pub bulletin: String,
    /// Its title.
    pub what: String,
    /// The zones whose residents had enough that day.
    pub zones: Vec<String>,
    /// How many deliveries were not made.
    pub deliveries: usize,
    /// When.
    pub at_ms: i64,
}

impl Record for Call {
    const KIND: Kind = Kind::Call;

    fn id(&self) -> &str {
        &self.id
    }

    fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}
