//! What alerts, bulletins and deliveries look like in JSON.

use rules::alert::Measure;
use rules::bulletin::{Author, Bulletin};
use sensors::quality::Check;
use sensors::time::Span;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Time, exact, texts};
use crate::notify::delivery::{End, Target};
use crate::store::record::{
    AlertSummary, DeliveryState, StoredBulletin, StoredEvidence, StoredRevised, StoredTransition,
};

/// A reading that explains a transition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceForm {
    /// The station.
    pub station: String,
    /// What was measured.
    pub parameter: &'static str,
    /// The sensor's name where the station measures the parameter twice.
    pub sensor: Option<String>,
    /// Event time.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Time,
    /// The value; of a window, what the window added up to.
    #[schema(value_type = Option<f64>)]
    pub value: Option<serde_json::Number>,
    /// The unit of the value.
    pub unit: &'static str,
    /// The window that the value was taken over; null for a single reading.
    pub window_s: Option<i64>,
    /// The judgement of the reading, of the worst one in a window.
    pub quality: &'static str,
}

impl EvidenceForm {
    fn of(evidence: &StoredEvidence) -> Self {
        Self {
            station: evidence.sensor.station.to_string(),
            parameter: evidence.parameter.as_str(),
            sensor: evidence.sensor.name.as_deref().map(str::to_owned),
            measured_at: Time(evidence.measured_at),
            value: exact(evidence.value, evidence.parameter),
            unit: evidence.parameter.unit(),
            window_s: evidence.window.map(Span::whole_s),
            quality: evidence.quality.as_str(),
        }
    }
}

/// A reading that an alert rests on, after it was doubted or said something else.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RevisedForm {
    /// When it became known, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The station.
    pub station: String,
    /// What was measured.
    pub parameter: &'static str,
    /// The sensor's name where the station measures the parameter twice.
    pub sensor: Option<String>,
    /// Event time of the reading.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Time,
    /// What it says now; over a window, what the window adds up to; null where it says nothing.
    #[schema(value_type = Option<f64>)]
    pub value: Option<serde_json::Number>,
    /// The unit of the value.
    pub unit: &'static str,
    /// The judgement now.
    pub quality: &'static str,
    /// The check that doubts it; null where only the value is another one.
    pub check: Option<&'static str>,
}

impl RevisedForm {
    /// As it is stored.
    pub(crate) fn of(revised: &StoredRevised) -> Self {
        let parameter = revised.sensor.parameter;
        Self {
            at: Time(revised.at),
            station: revised.sensor.station.to_string(),
            parameter: parameter.as_str(),
            sensor: revised.sensor.name.as_deref().map(str::to_owned),
            measured_at: Time(revised.measured_at),
            value: revised.value.and_then(|value| exact(value, parameter)),
            unit: parameter.unit(),
            quality: revised.quality.as_str(),
            check: revised.quality.check().map(Check::as_str),
        }
    }
}

/// A change of an alert's level with everything that explains it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TransitionForm {
    /// The commit.
    pub seq: u64,
    /// The episode.
    pub alert: String,
    /// The rule.
    pub rule: String,
    /// A hash of the rule's definition at that time.
    pub rule_version: String,
    /// The hazard.
    pub hazard: &'static str,
    /// What the alert is about: a station, `basin:{id}` or `line:{name}`.
    pub subject: String,
    /// The zones it is for.
    pub zones: Vec<String>,
    /// The level before, `none` or a name of the rule's ladder.
    pub from: String,
    /// The level after.
    pub to: String,
    /// 1 to 5; where the level after is `none`, of the level before.
    pub severity: u8,
    /// When it became known, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// The event time that made it true.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Time,
    /// Whether trusted readings made it; what suspect readings alone made is for officers.
    pub corroborated: bool,
    /// The deciding quantity as people are told it; null where it is silence.
    pub measure: Option<MeasureForm>,
    /// The readings that made it true, the deciding one first.
    pub because: Vec<EvidenceForm>,
}

/// The quantity that decided a transition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MeasureForm {
    /// What was measured.
    pub parameter: &'static str,
    /// The value; the change for a rise, the sum or the basin's mean for an accumulation.
    #[schema(value_type = Option<f64>)]
    pub value: Option<serde_json::Number>,
    /// The unit of the value.
    pub unit: &'static str,
    /// Whether it may be more: a sum with gaps says "at least".
    pub at_least: bool,
    /// The window of a rise or an accumulation.
    pub window_s: Option<i64>,
}

impl MeasureForm {
    fn of(measure: &Measure) -> Self {
        Self {
            parameter: measure.parameter.as_str(),
            value: exact(measure.value, measure.parameter),
            unit: measure.parameter.unit(),
            at_least: measure.at_least,
            window_s: measure.window.map(Span::whole_s),
        }
    }
}

impl TransitionForm {
    /// A stored transition.
    pub(crate) fn of(transition: &StoredTransition) -> Self {
        Self {
            seq: transition.seq.0,
            alert: transition.alert.to_string(),
            rule: transition.rule.to_string(),
            rule_version: transition.rule_version.clone(),
            hazard: transition.hazard.as_str(),
            subject: transition.subject.to_string(),
            zones: texts(&transition.zones),
            from: transition.from.clone(),
            to: transition.to.clone(),
            severity: transition.severity.step(),
            at: Time(transition.at),
            measured_at: Time(transition.measured_at),
            corroborated: transition.corroborated,
            measure: transition.measure.as_ref().map(MeasureForm::of),
            because: transition.because.iter().map(EvidenceForm::of).collect(),
        }
    }
}

/// An episode in one line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AlertForm {
    /// The episode.
    pub alert: String,
    /// Whether it still runs.
    pub open: bool,
    /// The rule.
    pub rule: String,
    /// The hazard.
    pub hazard: &'static str,
    /// What the alert is about: a station, `basin:{id}` or `line:{name}`.
    pub subject: String,
    /// The zones it is for.
    pub zones: Vec<String>,
    /// The level now, `none` when the episode is over.
    pub level: String,
    /// 1 to 5; of the last level where the episode is over.
    pub severity: u8,
    /// The greatest severity of the episode.
    pub severity_max: u8,
    /// When the first raise became known.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Time,
    /// When the level last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Time,
    /// What it rests on and is worth less than it was, oldest first; a warning stands all the same.
    pub evidence_revised: Vec<RevisedForm>,
}

impl AlertForm {
    /// A stored episode.
    pub(crate) fn of(summary: &AlertSummary) -> Self {
        Self {
            alert: summary.alert.to_string(),
            open: summary.is_open(),
            rule: summary.rule.to_string(),
            hazard: summary.hazard.as_str(),
            subject: summary.subject.to_string(),
            zones: texts(&summary.zones),
            level: summary.level.clone(),
            severity: summary.severity.step(),
            severity_max: summary.severity_max.step(),
            began_at: Time(summary.began_at),
            changed_at: Time(summary.changed_at),
            evidence_revised: summary.revised.iter().map(RevisedForm::of).collect(),
        }
    }
}

/// What people are told, in one language.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TextForm {
    /// BCP 47.
    pub lang: String,
    /// The title.
    pub title: String,
    /// The body.
    pub body: String,
}

/// What people are told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BulletinForm {
    /// The commit.
    pub seq: u64,
    /// Its id.
    pub bulletin: String,
    /// The episode.
    pub alert: String,
    /// The hazard.
    pub hazard: &'static str,
    /// issued, raised, eased, updated, `all_clear` or cancelled.
    pub act: &'static str,
    /// 1 to 5.
    pub severity: u8,
    /// The greatest severity of the episode.
    pub severity_max: u8,
    /// The zones it is for.
    pub zones: Vec<String>,
    /// When it was made, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// Whether it went out; else it is a proposal that waits for an officer.
    pub automatic: bool,
    /// Who let it out: rule, fuse or officer.
    pub author: &'static str,
    /// One text per language.
    pub texts: Vec<TextForm>,
}

impl BulletinForm {
    /// A stored bulletin.
    pub(crate) fn of(stored: &StoredBulletin) -> Self {
        let Bulletin {
            id,
            alert,
            hazard,
            act,
            severity,
            severity_max,
            zones,
            at,
            automatic,
            author,
            texts: spoken,
        } = &stored.bulletin;
        let text = |text: &rules::bulletin::Text| TextForm {
            lang: text.lang.0.to_string(),
            title: text.title.clone(),
            body: text.body.clone(),
        };
        Self {
            seq: stored.seq.0,
            bulletin: id.to_string(),
            alert: alert.to_string(),
            hazard: hazard.as_str(),
            act: act.as_str(),
            severity: severity.step(),
            severity_max: severity_max.step(),
            zones: texts(zones),
            at: Time(*at),
            automatic: *automatic,
            author: match author {
                Author::Rule => "rule",
                Author::Fuse => "fuse",
                Author::Officer(_) => "officer",
            },
            texts: spoken.iter().map(text).collect(),
        }
    }
}

/// A delivery and what became of it; receivers are never named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryForm {
    /// Its id, which phones show once; null where it could name a receiver.
    pub delivery: Option<String>,
    /// What it carries.
    pub bulletin: String,
    /// The zone; null for staff.
    pub zone: Option<String>,
    /// The language.
    pub lang: String,
    /// topic, token or webhook.
    pub channel: &'static str,
    /// When it was intended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Time,
    /// waiting, sent or failed.
    pub outcome: &'static str,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Time>,
    /// Tries that it took.
    pub tries: Option<u32>,
}

impl DeliveryForm {
    /// A stored delivery.
    pub(crate) fn of(state: &DeliveryState) -> Self {
        Self {
            delivery: matches!(state.target, Target::Topic { .. }).then(|| state.id.0.to_string()),
            bulletin: state.bulletin.to_string(),
            zone: state.zone.as_ref().map(ToString::to_string),
            lang: state.lang.0.to_string(),
            channel: match state.target {
                Target::Topic { .. } => "topic",
                Target::Token { .. } => "token",
                Target::Webhook { .. } => "webhook",
            },
            at: Time(state.at),
            outcome: match state.ended.as_ref().map(|ended| &ended.end) {
                None => "waiting",
                Some(End::Sent) => "sent",
                Some(End::Failed { .. }) => "failed",
            },
            ended_at: state.ended.as_ref().map(|ended| Time(ended.at)),
            tries: state.ended.as_ref().map(|ended| ended.tries),
        }
    }
}
