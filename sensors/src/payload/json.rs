//! Payloads that are JSON, read by RFC 6901 pointers: one object, or a list of them.

use serde_json::Value as Json;

use super::field::{Moment, Raw, Reading, time_at};
use super::{Decoded, PayloadError, PayloadMap, Readings, excerpt};
use crate::parameter::Parameter;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// An object, and the payload in which it stands.
struct Object<'a> {
    json: &'a Json,
    payload: &'a [u8],
}

impl Reading for Object<'_> {
    fn at(&self, place: &str) -> Option<Raw<'_>> {
        Some(match self.json.pointer(place)? {
            Json::Null => Raw::Null,
            Json::Bool(word) => Raw::Bool(*word),
            Json::Number(number) => number.as_f64().map_or(Raw::Other, Raw::Number),
            Json::String(text) => Raw::Text(text),
            Json::Array(_) | Json::Object(_) => Raw::Other,
        })
    }

    fn shown(&self, place: &str) -> String {
        self.json.pointer(place).map(|found| excerpt(found.to_string().as_bytes())).unwrap_or_default()
    }

    fn beginning(&self) -> String {
        excerpt(self.payload)
    }
}

/// The JSON of a payload: an object, or a list where one is allowed. Nested deeper than 128 it is
/// refused by its reader.
pub(super) fn parse(payload: &[u8], list_allowed: bool) -> Result<Json, PayloadError> {
    let no_object = |why: String| PayloadError::NoObject { why, excerpt: excerpt(payload) };
    let json: Json = serde_json::from_slice(payload).map_err(|e| no_object(e.to_string()))?;
    if !json.is_object() && !(list_allowed && json.is_array()) {
        return Err(no_object("it is something else".to_owned()));
    }
    Ok(json)
}

/// A text as it stands, a number as JSON writes it, `true` or `false`.
pub(super) fn word_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.trim_ascii().to_owned()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl PayloadMap {
    pub(super) fn decode_json(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        let json = parse(payload, self.readings.as_ref().is_some_and(|list| list.pointer.is_empty()))?;
        let whole = Object { json: &json, payload };
        let measured_at = match &self.time {
            None => arrived_at,
            Some(pointer) => time_at(&whole, pointer, &self.time_form)?,
        };
        let moment = Moment { measured_at, arrived_at, form: &self.time_form };
        let mut decoded = Decoded::default();
        match &self.readings {
            Some(list) => self.read_list(list, &whole, moment, &parameter, &mut decoded)?,
            None => {
                for field in &self.fields {
                    let Some(parameter) = parameter(field.sensor) else { continue };
                    field.read(&whole, parameter, moment, &mut decoded);
                }
            }
        }
        Ok(decoded)
    }

    fn read_list(
        &self,
        list: &Readings,
        whole: &Object<'_>,
        moment: Moment<'_>,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        decoded: &mut Decoded,
    ) -> Result<(), PayloadError> {
        let no_list = || PayloadError::NoList { pointer: list.pointer.clone(), excerpt: whole.beginning() };
        let elements = whole.json.pointer(&list.pointer).and_then(Json::as_array).ok_or_else(no_list)?;
        for json in elements.iter().take(Self::READINGS_MAX) {
            let element = Object { json, payload: whole.payload };
            if let Err(fault) = self.read_element(list, &element, moment, parameter, decoded) {
                decoded.note(fault);
            }
        }
        if elements.len() > Self::READINGS_MAX {
            decoded.note(PayloadError::TooMany { readings: elements.len() });
        }
        Ok(())
    }

    fn read_element(
        &self,
        list: &Readings,
        element: &Object<'_>,
        moment: Moment<'_>,
        parameter: &impl Fn(SensorIx) -> Option<Parameter>,
        decoded: &mut Decoded,
    ) -> Result<(), PayloadError> {
        let name = match &list.name {
            None => None,
            Some(pointer) => {
                let found = element.json.pointer(pointer).and_then(word_of);
                let absent = || PayloadError::Absent { pointer: pointer.clone(), excerpt: element.shown("") };
                Some(found.ok_or_else(absent)?)
            }
        };
        let is_meant = |known: &Option<String>| known.is_none() || (name.is_some() && *known == name);
        if let Some(name) = &name
            && !self.fields.iter().any(|field| is_meant(&field.name))
        {
            let known = list.ignored.contains(name);
            return if known {
                Ok(())
            } else {
                Err(PayloadError::UnknownName { name: excerpt(name.as_bytes()) })
            };
        }
        let measured_at = match &list.time {
            None => moment.measured_at,
            Some(pointer) => time_at(element, pointer, moment.form)?,
        };
        let moment = Moment { measured_at, ..moment };
        for field in self.fields.iter().filter(|field| is_meant(&field.name)) {
            let Some(parameter) = parameter(field.sensor) else { continue };
            field.read(element, parameter, moment, decoded);
        }
        Ok(())
    }
}
