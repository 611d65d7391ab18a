//! Payloads that are JSON objects, read by RFC 6901 pointers.

use serde_json::{Map, Value as Json};

use super::{Decoded, Number, PayloadError, PayloadField, PayloadMap, Period, excerpt, number_of_text};
use crate::parameter::Parameter;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

/// Where numbers begin to count milliseconds instead of seconds since the epoch.
const MILLISECONDS_FROM: f64 = 1e11;

impl PayloadMap {
    pub(super) fn decode_json(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        let no_object = |why: String| PayloadError::NoObject { why, excerpt: excerpt(payload) };
        let object: Json = serde_json::from_slice(payload).map_err(|e| no_object(e.to_string()))?;
        if !object.is_object() {
            return Err(no_object("it is something else".to_owned()));
        }
        let measured_at = match &self.time {
            None => arrived_at,
            Some(pointer) => time_of(at(&object, pointer, payload)?).ok_or_else(|| PayloadError::NoTime {
                pointer: pointer.clone(),
                excerpt: excerpt_at(&object, pointer),
            })?,
        };
        let mut decoded = Decoded::default();
        for field in &self.fields {
            let Some(parameter) = parameter(field.sensor) else { continue };
            match field.read(&object, payload) {
                Ok((number, period)) => {
                    let value = field.observed(number, parameter);
                    decoded.observations.push(field.observation(value, measured_at, arrived_at, period));
                }
                Err(fault) => decoded.faults.push(fault),
            }
        }
        Ok(decoded)
    }

    pub(super) fn encode_json(
        &self,
        observations: &[Observation],
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Vec<u8> {
        let mut object = Json::Object(Map::new());
        if let (Some(pointer), Some(first)) = (&self.time, observations.first()) {
            put(&mut object, pointer, Json::from(first.measured_at.to_string()));
        }
        for field in &self.fields {
            let said = observations.iter().find(|o| o.sensor == field.sensor);
            let (Some(said), Some(parameter)) = (said, parameter(field.sensor)) else { continue };
            let number = match said.value {
                Observed::Value(value) | Observed::Doubtful(value) => {
                    Json::from(field.number_of(value, parameter))
                }
                Observed::Missing => Json::Null,
                Observed::Nonsense => Json::from("NaN"),
            };
            put(&mut object, &field.pointer, number);
            if let (Some(Period::Pointer(pointer)), Some(from)) = (&field.period, said.from) {
                put(&mut object, pointer, Json::from(said.measured_at.since(from).whole_s()));
            }
        }
        object.to_string().into_bytes()
    }
}

impl PayloadField {
    fn read(&self, object: &Json, payload: &[u8]) -> Result<(Number, Option<Span>), PayloadError> {
        let number =
            number_of(at(object, &self.pointer, payload)?).ok_or_else(|| PayloadError::NoNumber {
                pointer: self.pointer.clone(),
                excerpt: excerpt_at(object, &self.pointer),
            })?;
        let period = match &self.period {
            None => None,
            Some(Period::Seconds(s)) => Some(Span::from_s(i64::from(*s))),
            Some(Period::Pointer(pointer)) => {
                let period = period_of(at(object, pointer, payload)?);
                Some(period.ok_or_else(|| PayloadError::NoPeriod {
                    pointer: pointer.clone(),
                    excerpt: excerpt_at(object, pointer),
                })?)
            }
        };
        Ok((number, period))
    }
}

fn at<'a>(object: &'a Json, pointer: &str, payload: &[u8]) -> Result<&'a Json, PayloadError> {
    object
        .pointer(pointer)
        .ok_or_else(|| PayloadError::Absent { pointer: pointer.to_owned(), excerpt: excerpt(payload) })
}

fn excerpt_at(object: &Json, pointer: &str) -> String {
    object.pointer(pointer).map(|found| excerpt(found.to_string().as_bytes())).unwrap_or_default()
}

fn number_of(json: &Json) -> Option<Number> {
    match json {
        Json::Null => Some(Number::None),
        Json::Number(number) => number.as_f64().map(Number::Some),
        Json::String(text) => number_of_text(text),
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

fn time_of(json: &Json) -> Option<Timestamp> {
    let text_time = json.as_str().and_then(|text| Timestamp::parse_rfc3339(text.trim_ascii()).ok());
    if text_time.is_some() {
        return text_time;
    }
    let Number::Some(number) = number_of(json)? else { return None };
    let ms = if number.abs() < MILLISECONDS_FROM { number * 1000.0 } else { number };
    let t = Timestamp::from_ms(ms.round() as i64);
    // NaN would be the epoch.
    (ms.is_finite() && t.to_chrono().is_some()).then_some(t)
}

fn period_of(json: &Json) -> Option<Span> {
    let Number::Some(s) = number_of(json)? else { return None };
    (s > 0.0 && s <= f64::from(PayloadMap::PERIOD_MAX_S))
        .then(|| Span::from_ms((s * 1000.0).round() as i64))
        .filter(|period| *period > Span::ZERO)
}

/// Writes a value at a pointer, with the objects that lead there.
fn put(object: &mut Json, pointer: &str, value: Json) {
    let mut here = object;
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        if !here.is_object() {
            *here = Json::Object(Map::new());
        }
        let Json::Object(map) = here else { return };
        here = map.entry(key).or_insert(Json::Null);
    }
    *here = value;
}
