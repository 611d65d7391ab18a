//! Payloads as a simulated gauge writes them: the inverse of reading.

use serde_json::{Map, Value as Json};

use super::{PayloadField, PayloadFormat, PayloadMap, Period};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;

impl PayloadMap {
    /// The payload that says these observations: the inverse of [`Self::decode`], for a simulated
    /// gauge. All share the time of the first; a missing value is `null` (or an empty text),
    /// nonsense is `"NaN"`; a field without an observation is left out.
    ///
    /// A token of a pointer that is a number is written as a key, never as a place in a list. Only
    /// JSON objects and bare numbers are written; of other forms nothing is, an empty payload.
    pub fn encode(
        &self,
        observations: &[Observation],
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Vec<u8> {
        match self.format {
            PayloadFormat::Json if self.readings.is_none() => self.encode_json(observations, parameter),
            PayloadFormat::Plain => self.encode_plain(observations, parameter),
            _ => Vec::new(),
        }
    }

    fn encode_plain(
        &self,
        observations: &[Observation],
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Vec<u8> {
        let said = self.fields.iter().find_map(|field| {
            let said = observations.iter().find(|o| o.sensor == field.sensor)?;
            let parameter = parameter(field.sensor)?;
            Some(match said.value {
                Observed::Value(value) | Observed::Doubtful(value) => {
                    field.number_of(value, parameter).to_string()
                }
                Observed::Missing => String::new(),
                Observed::Nonsense => "NaN".to_owned(),
            })
        });
        said.unwrap_or_default().into_bytes()
    }

    fn encode_json(
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
    /// The number on the wire, with at most nine decimals.
    fn number_of(&self, value: Value, parameter: Parameter) -> f64 {
        ((value.in_unit(parameter) - self.offset) / self.scale * 1e9).round() / 1e9
    }
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
