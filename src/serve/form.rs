//! What things look like in JSON: the only place where the domain meets serde in this API.
//!
//! Numbers are written exactly as they are kept: fixed point, no float in between.

use rules::bulletin::{Act, Bulletin};
use sensors::parameter::Parameter;
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::{Sensor, SensorId};
use sensors::time::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::notify::delivery::{End, Target};
use crate::store::record::{
    AlertSummary, DeliveryState, StoredBulletin, StoredEvidence, StoredReading, StoredTransition,
};

/// A moment as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// The exact number of a value in its parameter's unit.
pub(crate) fn exact(value: Value, parameter: Parameter) -> Option<serde_json::Number> {
    value.display(parameter).to_string().parse().ok()
}

/// A reading without its sensor.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReadingForm {
    /// The value; null where there is none.
    #[schema(value_type = Option<f64>)]
    pub value: Option<serde_json::Number>,
    /// The unit of the value.
    pub unit: &'static str,
    /// good, unchecked, estimated, suspect, rejected or missing.
    pub quality: &'static str,
    /// The check that made it suspect or rejected.
    pub check: Option<&'static str>,
    /// The same judgement as a QARTOD flag.
    pub qartod: u8,
    /// The start of the interval `(from, measured_at]` that a depth covers; depths only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    /// Event time.
    #[schema(value_type = String, format = DateTime)]
    pub measured_at: Time,
    /// When it reached the service.
    #[schema(value_type = String, format = DateTime)]
    pub arrived_at: Time,
}

impl ReadingForm {
    /// A stored reading of a parameter.
    pub(crate) fn of_stored(parameter: Parameter, reading: &StoredReading) -> Self {
        Self {
            value: reading.value.and_then(|value| exact(value, parameter)),
            from: reading.from.map(Time),
            measured_at: Time(reading.measured_at),
            arrived_at: Time(reading.arrived_at),
            ..Self::judged(parameter, reading.quality)
        }
    }

    /// A reading of a sensor.
    pub(crate) fn of(sensor: &Sensor, reading: &Reading) -> Self {
        let parameter = sensor.id.parameter;
        Self {
            value: reading.value.and_then(|value| exact(value, parameter)),
            from: reading.from.map(Time),
            measured_at: Time(reading.measured_at),
            arrived_at: Time(reading.arrived_at),
            ..Self::judged(parameter, reading.quality)
        }
    }

    fn judged(parameter: Parameter, quality: Quality) -> Self {
        Self {
            value: None,
            unit: parameter.unit(),
            quality: quality.as_str(),
            check: quality.check().map(sensors::quality::Check::as_str),
            qartod: quality.qartod(),
            from: None,
            measured_at: Time(Timestamp::MIN),
            arrived_at: Time(Timestamp::MIN),
        }
    }
}

/// A reading with its sensor.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SensorReading {
    /// The station.
    pub station: String,
    /// What was measured.
    pub parameter: &'static str,
    /// The sensor's name where the station measures the parameter twice.
    pub sensor: Option<String>,
    /// The reading.
    #[serde(flatten)]
    pub reading: ReadingForm,
}

impl SensorReading {
    /// A reading of a sensor.
    pub(crate) fn of_stored(sensor: &SensorId, reading: &StoredReading) -> Self {
        Self {
            station: sensor.station.to_string(),
            parameter: sensor.parameter.as_str(),
            sensor: sensor.name.as_deref().map(str::to_owned),
            reading: ReadingForm::of_stored(sensor.parameter, reading),
        }
    }
}

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
            quality: evidence.quality.as_str(),
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
    /// The readings that made it true, the deciding one first.
    pub because: Vec<EvidenceForm>,
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
    /// issued, raised or eased.
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
    /// Whether it went out by itself; else it is a proposal that waits for an officer.
    pub automatic: bool,
    /// One text per language.
    pub texts: Vec<TextForm>,
}

impl BulletinForm {
    /// A stored bulletin.
    pub(crate) fn of(stored: &StoredBulletin) -> Self {
        let Bulletin { id, alert, hazard, act, severity, severity_max, zones, at, automatic, texts: spoken } =
            &stored.bulletin;
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
            act: match act {
                Act::Issued => "issued",
                Act::Raised => "raised",
                Act::Eased => "eased",
            },
            severity: severity.step(),
            severity_max: severity_max.step(),
            zones: texts(zones),
            at: Time(*at),
            automatic: *automatic,
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

/// Ids as they are written.
pub(crate) fn texts<T: ToString>(ids: &[T]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leaves_exactly_as_it_is_kept() {
        let text = |raw, parameter| serde_json::to_string(&exact(Value::from_raw(raw), parameter)).unwrap();
        assert_eq!(text(1200, Parameter::Stage), "1.2");
        assert_eq!(text(-1, Parameter::Stage), "-0.001");
        assert_eq!(text(86_200, Parameter::Rainfall), "86.2");
        assert_eq!(text(999_999_999_999_999, Parameter::Storage), "999999999.999999");
        assert_eq!(text(3000, Parameter::Release), "3");
    }
}
