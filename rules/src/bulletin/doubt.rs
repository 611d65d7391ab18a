//! Notices of doubt, for officers: a sensor that others contradict, and a warning whose reason is
//! doubted after it was given. They never change what people were told.

use std::sync::Arc;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quality::neighbour::Case;
use sensors::quality::{Check, Quality, why};
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use super::compose::{bare, cut, marked};
use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text};
use crate::alert::AlertId;
use crate::hazard::{Hazard, Severity};
use crate::phrase::{Language, Phrases};

/// A reading of a warning's reason that is worth less now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lessened<'a> {
    /// The warning's episode.
    pub alert: &'a AlertId,
    /// What the warning is about, as people read it: the name of its station or basin.
    pub subject: &'a str,
    /// Whose reading.
    pub sensor: SensorIx,
    /// Its event time.
    pub measured_at: Timestamp,
    /// What it says now; `None` where it says nothing any more.
    pub value: Option<Value>,
    /// The judgement now.
    pub quality: Quality,
    /// The figures behind the doubt, where other sensors raised it.
    pub case: Option<&'a Case>,
}

/// Makes the notice that a sensor is doubted beside others; `alert` stands for the sensor.
pub fn compose_doubt(
    alert: AlertId,
    case: &Case,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    let id = format!("{alert}.{}.{}", case.check.as_str(), case.shown_at.ms());
    let (name, parameter) = station(city, case.sensor);
    let speak = |language: &Language| {
        let why = language.doubt(case, parameter);
        let when = language.when(case.shown_at, city.utc_offset_min);
        let values = [("station", name), ("why", why.as_str()), ("when", when.as_str())];
        said(language, "doubt", &values, exercise)
    };
    notice(id, alert, Severity::MIN, phrases.languages.iter().map(speak).collect(), now)
}

/// Makes the notice that a reading which a warning rests on is doubted, or says something else now.
pub fn compose_lessened(
    lessened: &Lessened<'_>,
    severity: Severity,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    let alert = lessened.alert.clone();
    let (name, parameter) = station(city, lessened.sensor);
    let check = lessened.quality.check();
    let reading = lessened.reading();
    let doubted = city.sensor(lessened.sensor).and_then(|sensor| why(sensor, &reading, None));
    let id = format!("{alert}.revised.{}.{}", lessened.sensor_id(city), check.map_or("value", Check::as_str));
    let speak = |language: &Language| {
        let why = match (lessened.case, &doubted, lessened.value) {
            (Some(case), ..) => language.doubt(case, parameter),
            (None, Some(words), _) => words.of(&language.lang.0).to_owned(),
            (None, None, Some(value)) => language.quantity(parameter, value),
            (None, None, None) => language.telemetry("never", &[]),
        };
        let when = language.when(lessened.measured_at, city.utc_offset_min);
        let what = language.name(lessened.subject);
        let values = [("station", name), ("what", what), ("why", why.as_str()), ("when", when.as_str())];
        said(language, "revised", &values, exercise)
    };
    notice(id, alert, severity, phrases.languages.iter().map(speak).collect(), now)
}

impl Lessened<'_> {
    fn reading(&self) -> Reading {
        let Self { sensor, measured_at, value, quality, .. } = *self;
        Reading { sensor, measured_at, from: None, arrived_at: measured_at, value, quality }
    }

    fn sensor_id(&self, city: &City) -> String {
        city.sensor(self.sensor).map_or_else(String::new, |sensor| sensor.id.to_string().replace('/', "."))
    }
}

fn station(city: &City, sensor: SensorIx) -> (&str, Parameter) {
    let found =
        city.sensor(sensor).and_then(|s| Some((bare(&city.station(s.station)?.name), s.id.parameter)));
    found.unwrap_or(("", Parameter::Rainfall))
}

fn said(language: &Language, kind: &str, values: &[(&str, &str)], exercise: bool) -> Text {
    let say = |part: &str| {
        marked(&language.telemetry(&format!("{kind}_{part}"), values), false, exercise, language)
    };
    Text::push(language.lang.clone(), cut(say("title"), TITLE_MAX), cut(say("body"), BODY_MAX))
}

fn notice(id: String, alert: AlertId, severity: Severity, texts: Vec<Text>, now: Timestamp) -> Bulletin {
    Bulletin {
        id: BulletinId(Arc::from(id)),
        alert,
        hazard: Hazard::Telemetry,
        act: Act::Issued,
        severity,
        severity_max: severity,
        zones: Vec::new(),
        at: now,
        automatic: true,
        author: Author::Rule,
        texts,
    }
}
