//! What the store gives back: records that stand on ids, not on the indexes of one configuration.
//!
//! Plain data; nothing here talks to the database.

use std::sync::Arc;

use rules::alert::{AlertId, Evidence, EvidenceRevised, Measure, RuleId, Subject};
use rules::bulletin::{Bulletin, BulletinId, Lang};
use rules::engine::AlertRecord;
use rules::hazard::{Hazard, Severity};
use rules::reason::Sent;
use rules::rule::IssuePolicy;
use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quality::Quality;
use sensors::quality::neighbour::Case;
use sensors::quantity::Value;
use sensors::station::SensorId;
use sensors::time::{Span, Timestamp};

use crate::cap::Message;
use crate::desk::paper::Kept;
use crate::event::LineState;
use crate::notify::delivery::{Delivery, DeliveryId, End, Target};
use crate::store::commit::{Epoch, Seq};
use crate::watch::sending::Sending;

/// What a restart begins with.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The keys and digests of the newest orders, oldest first.
    pub orders: Vec<(Arc<str>, [u8; 32])>,
    /// The newest commit; 0 in a new database.
    pub seq: Seq,
    /// The epoch that was begun now; name it in every commit.
    pub epoch: Epoch,
    /// The time of the newest commit by the running clock.
    pub at: Option<Timestamp>,
    /// The configuration that was in force before this start; `None` in a new database.
    pub config_before: Option<String>,
    /// The state of every alert that ever changed, by `{rule}.{subject}`, in order of the key.
    pub alerts: Vec<(String, AlertRecord)>,
    /// What was last sent, by episode or line; those that were said to be over are gone.
    pub told: Vec<(AlertId, Sent)>,
    /// The cases that sensors raise against each other, by sensor, the oldest first.
    pub suspicions: Vec<Case>,
    /// What open episodes of the public rest on, by episode.
    pub grounds: Vec<(AlertId, Vec<Evidence>)>,
    /// What of it is worth less now, oldest first.
    pub revised: Vec<EvidenceRevised>,
    /// Deliveries that have not ended, oldest first.
    pub outbox: Vec<Delivery>,
    /// By the place in [`sensors::city::City::lines`]: since when, and what.
    pub lines: Vec<Option<(Timestamp, LineState)>>,
    /// The officers' open papers, each in its newest version.
    pub papers: Vec<Kept>,
    /// What went out in the 24 hours before the start, the oldest first.
    pub sendings: Vec<Sending>,
    /// Our CAP messages of the last days, the oldest first; `xml` only where it may be renewed.
    pub caps: Vec<Message>,
    /// How much could not be read since the first start.
    pub strays: u64,
}

/// A reading as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredReading {
    /// Event time; for a depth, the end of its interval.
    pub measured_at: Timestamp,
    /// For a depth, the start of its interval.
    pub from: Option<Timestamp>,
    /// When it reached us.
    pub arrived_at: Timestamp,
    /// The value.
    pub value: Option<Value>,
    /// The judgement.
    pub quality: Quality,
    /// The commit that made it known.
    pub seq: Seq,
}

/// A reading that explains a transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvidence {
    /// Who measured.
    pub sensor: Arc<SensorId>,
    /// What was measured.
    pub parameter: Parameter,
    /// Event time.
    pub measured_at: Timestamp,
    /// The value.
    pub value: Value,
    /// The judgement.
    pub quality: Quality,
    /// The window that the value was taken over; `None` for a single reading.
    pub window: Option<Span>,
}

/// A reading that an episode rests on, after it was doubted or said something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRevised {
    /// The commit that made it known.
    pub seq: Seq,
    /// The episode.
    pub alert: AlertId,
    /// When it became known.
    pub at: Timestamp,
    /// Who measured.
    pub sensor: Arc<SensorId>,
    /// Event time.
    pub measured_at: Timestamp,
    /// What it says now; over a window, what the window adds up to.
    pub value: Option<Value>,
    /// The judgement now.
    pub quality: Quality,
}

/// A transition as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTransition {
    /// The commit that made it.
    pub seq: Seq,
    /// The episode.
    pub alert: AlertId,
    /// The rule.
    pub rule: RuleId,
    /// The rule's version.
    pub rule_version: String,
    /// The hazard.
    pub hazard: Hazard,
    /// The words that tell of it.
    pub words: String,
    /// The subject.
    pub subject: Subject,
    /// The zones.
    pub zones: Vec<ZoneId>,
    /// The level before.
    pub from: String,
    /// The level after.
    pub to: String,
    /// The severity of the level after; of the level before where it is `none` after.
    pub severity: Severity,
    /// The greatest severity of the episode so far.
    pub severity_max: Severity,
    /// Whether the level went up.
    pub raised: bool,
    /// Whether trusted readings made it.
    pub corroborated: bool,
    /// Who lets it out.
    pub issue: IssuePolicy,
    /// When it became known.
    pub at: Timestamp,
    /// The event time that made it true.
    pub measured_at: Timestamp,
    /// The deciding quantity; `None` where it is silence.
    pub measure: Option<Measure>,
    /// The readings that made it true, the deciding one first.
    pub because: Vec<StoredEvidence>,
}

/// An episode in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertSummary {
    /// The episode.
    pub alert: AlertId,
    /// The rule.
    pub rule: RuleId,
    /// The hazard.
    pub hazard: Hazard,
    /// The subject.
    pub subject: Subject,
    /// The zones of the newest transition.
    pub zones: Vec<ZoneId>,
    /// The level now; `none` when the episode is over.
    pub level: String,
    /// The severity of the newest transition.
    pub severity: Severity,
    /// The greatest severity of the episode.
    pub severity_max: Severity,
    /// When the first raise became known.
    pub began_at: Timestamp,
    /// When the level last changed.
    pub changed_at: Timestamp,
    /// The commit of the newest transition.
    pub seq: Seq,
    /// What it rests on and is worth less now, oldest first; at most a few.
    pub revised: Vec<StoredRevised>,
}

impl AlertSummary {
    /// Whether the episode still runs.
    pub fn is_open(&self) -> bool {
        self.level != "none"
    }
}

/// An episode with everything that explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertHistory {
    /// In one line.
    pub summary: AlertSummary,
    /// Every transition, oldest first.
    pub transitions: Vec<StoredTransition>,
    /// What people were told, oldest first.
    pub bulletins: Vec<StoredBulletin>,
    /// To whom, and what became of it, oldest first.
    pub deliveries: Vec<DeliveryState>,
}

/// A bulletin and the commit that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBulletin {
    /// The commit.
    pub seq: Seq,
    /// What people get.
    pub bulletin: Bulletin,
}

/// A delivery without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryState {
    /// Its id.
    pub id: DeliveryId,
    /// What it carries.
    pub bulletin: BulletinId,
    /// The zone; `None` for staff.
    pub zone: Option<ZoneId>,
    /// The language.
    pub lang: Lang,
    /// Where it goes.
    pub target: Target,
    /// When it was intended.
    pub at: Timestamp,
    /// When and how it ended; `None` while it is in the outbox.
    pub ended: Option<DeliveryEnd>,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEnd {
    /// Which one.
    pub delivery: DeliveryId,
    /// When, by the running clock.
    pub at: Timestamp,
    /// Tries that it took.
    pub tries: u32,
    /// The end.
    pub end: End,
    /// The commit that recorded it.
    pub seq: Seq,
}

/// A line that came up or went down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLineEvent {
    /// The line's name.
    pub line: String,
    /// When.
    pub at: Timestamp,
    /// Up, or down with what failed.
    pub state: LineState,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredStray {
    /// The line's name.
    pub line: String,
    /// When it arrived.
    pub at: Timestamp,
    /// The topic, or the unit and register.
    pub place: String,
    /// What was wrong with it.
    pub why: String,
}

/// One commit in the change feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The commit.
    pub seq: Seq,
    /// Its time by the running clock.
    pub at: Timestamp,
    /// The configuration that it was made under.
    pub config_version: Arc<str>,
    /// Readings and revisions, in the order of the commit.
    pub readings: Vec<(Arc<SensorId>, StoredReading)>,
    /// Changes of alerts.
    pub transitions: Vec<StoredTransition>,
    /// What people were told.
    pub bulletins: Vec<StoredBulletin>,
    /// Deliveries that ended.
    pub ended: Vec<DeliveryEnd>,
    /// Lines that came up or went down.
    pub lines: Vec<StoredLineEvent>,
    /// Readings that open episodes rest on and that are worth less now.
    pub revised: Vec<StoredRevised>,
}

/// One page of something, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Give it back as `after` for the next page; `None` on the last one.
    pub next: Option<C>,
}
