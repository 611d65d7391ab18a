//! An alert: one rule on one subject, one ladder of levels, one episode at a time.

use std::fmt;

use sensors::parameter::Parameter;
use sensors::place::{BasinId, ZoneId};
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::station::{SensorIx, StationId};
use sensors::time::{Span, Timestamp};

use crate::hazard::{Hazard, Severity};
use crate::rule::IssuePolicy;
use crate::threshold::Mark;

/// A rule's id, as written in `rules.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub std::sync::Arc<str>);

/// An episode of a rule on a subject: `{rule}.{subject}.{first raise, as 20251116T140000Z}`.
/// Derived, so that a replay gives the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub std::sync::Arc<str>);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The place of a (rule, subject) pair in the compiled rules; valid for one loaded configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotIx(pub u32);

impl SlotIx {
    /// As an index.
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A station.
    Station(StationId),
    /// A basin.
    Basin(BasinId),
    /// A line to the outside, for alerts of telemetry.
    Line(String),
}

/// `kim-long`, `basin:bo`, `line:gateway-upper`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station(id) => write!(f, "{id}"),
            Self::Basin(id) => write!(f, "basin:{id}"),
            Self::Line(name) => write!(f, "line:{name}"),
        }
    }
}

/// A reading that made a transition true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Who measured.
    pub sensor: SensorIx,
    /// What was measured.
    pub parameter: Parameter,
    /// Event time.
    pub measured_at: Timestamp,
    /// The value; for a window (accumulation, rise) what the window added up to.
    pub value: Value,
    /// The judgement of the reading (of the worst one in a window).
    pub quality: Quality,
    /// The window that the value was taken over; `None` for a single reading.
    pub window: Option<Span>,
}

/// A reading that an open episode rests on, after it was doubted or said something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRevised {
    /// The episode.
    pub alert: AlertId,
    /// When it became known, by the running clock.
    pub at: Timestamp,
    /// Who measured.
    pub sensor: SensorIx,
    /// Event time.
    pub measured_at: Timestamp,
    /// What it says now; over a window, what the window adds up to.
    pub value: Option<Value>,
    /// The judgement now.
    pub quality: Quality,
}

/// The quantity that decided a transition, as people are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// What was measured.
    pub parameter: Parameter,
    /// The value; the change for a rise, the sum or the basin's mean for an accumulation.
    pub value: Value,
    /// Whether it may be more: a sum with gaps says "at least".
    pub at_least: bool,
    /// The window of a rise or an accumulation.
    pub window: Option<Span>,
    /// The threshold that it is compared with in words.
    pub mark: Option<Mark>,
}

/// A change of an alert's level, with everything that explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The episode.
    pub alert: AlertId,
    /// Its (rule, subject) pair.
    pub slot: SlotIx,
    /// The rule.
    pub rule: RuleId,
    /// The rule's version: a hash of its definition.
    pub rule_version: String,
    /// The hazard.
    pub hazard: Hazard,
    /// The words that tell of it; usually the hazard's own.
    pub words: String,
    /// The subject.
    pub subject: Subject,
    /// The zones that the alert is for.
    pub zones: Vec<ZoneId>,
    /// The level before, `none` or a name of the ladder.
    pub from: String,
    /// The level now, `none` or a name of the ladder.
    pub to: String,
    /// The severity of the level now; of the level before where it is `none` now.
    pub severity: Severity,
    /// The greatest severity that the episode has had, this transition included.
    pub severity_max: Severity,
    /// Whether the level went up.
    pub raised: bool,
    /// Whether trusted readings made it. What suspect readings alone made is for officers; as soon
    /// as a trusted reading makes the level too, another transition says so, with this set.
    pub corroborated: bool,
    /// How the level now is issued; easing follows the level before.
    pub issue: IssuePolicy,
    /// When it became known, by the running clock.
    pub at: Timestamp,
    /// The event time that made it true.
    pub measured_at: Timestamp,
    /// The deciding quantity; `None` where it is silence.
    pub measure: Option<Measure>,
    /// The readings that made it true, the deciding one first.
    pub because: Vec<Evidence>,
}
