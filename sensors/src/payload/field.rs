//! One number of one reading, whatever its form: the number, its unit, its quality, its time and
//! its interval.

use super::number::{Number, number_of_text};
use super::{Decoded, PayloadError, PayloadField, PayloadMap, Period, Said, TimeForm, Unit};
use crate::parameter::Parameter;
use crate::reading::Observed;
use crate::time::{Span, Timestamp};

/// What stands at a place of a reading.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'a> {
    Null,
    Number(f64),
    Text(&'a str),
    Bool(bool),
    Other,
}

/// A reading: a JSON object, or a line of values.
pub(super) trait Reading {
    /// What stands at a pointer, or in a column.
    fn at(&self, place: &str) -> Option<Raw<'_>>;
    /// The same for a person, cut short.
    fn shown(&self, place: &str) -> String;
    /// How the reading begins.
    fn beginning(&self) -> String;
    /// The number that a text writes.
    fn number_of(&self, text: &str) -> Option<Number> {
        number_of_text(text)
    }
}

/// When a reading was measured, and when it came.
#[derive(Clone, Copy)]
pub(super) struct Moment<'f> {
    pub(super) measured_at: Timestamp,
    pub(super) arrived_at: Timestamp,
    pub(super) form: &'f TimeForm,
}

/// The time at a place.
pub(super) fn time_at(
    reading: &impl Reading,
    place: &str,
    form: &TimeForm,
) -> Result<Timestamp, PayloadError> {
    let time = match need(reading, place)? {
        Raw::Text(text) => form.of_text(text),
        Raw::Number(number) => form.of_number(number),
        Raw::Null | Raw::Bool(_) | Raw::Other => None,
    };
    time.ok_or_else(|| PayloadError::NoTime {
        pointer: place.to_owned(),
        excerpt: reading.shown(place),
        allowed: form.allowed(),
    })
}

fn need<'r>(reading: &'r impl Reading, place: &str) -> Result<Raw<'r>, PayloadError> {
    let absent = || PayloadError::Absent { pointer: place.to_owned(), excerpt: reading.beginning() };
    reading.at(place).ok_or_else(absent)
}

fn number(reading: &impl Reading, raw: Raw<'_>) -> Option<Number> {
    match raw {
        Raw::Null => Some(Number::None),
        Raw::Number(number) => Some(Number::Some(number)),
        Raw::Text(text) => reading.number_of(text),
        Raw::Bool(_) | Raw::Other => None,
    }
}

impl PayloadField {
    /// Reads this field of a reading into what was decoded.
    pub(super) fn read(
        &self,
        reading: &impl Reading,
        parameter: Parameter,
        moment: Moment<'_>,
        decoded: &mut Decoded,
    ) {
        match self.value(reading, parameter, moment, decoded) {
            Ok((value, measured_at, period)) => {
                let observation = self.observation(value, measured_at, moment.arrived_at, period);
                decoded.observations.push(observation);
            }
            Err(fault) => decoded.note(fault),
        }
    }

    fn value(
        &self,
        reading: &impl Reading,
        parameter: Parameter,
        moment: Moment<'_>,
        decoded: &mut Decoded,
    ) -> Result<(Observed, Timestamp, Option<Span>), PayloadError> {
        let measured_at = match &self.time {
            None => moment.measured_at,
            Some(place) => time_at(reading, place, moment.form)?,
        };
        let said = self.said(reading, decoded);
        let value = match said {
            // Whatever stands there is not meant as a number.
            Said::Missing => Observed::Missing,
            Said::Bad => Observed::Nonsense,
            Said::Good | Said::Doubtful => {
                let raw = number(reading, need(reading, &self.pointer)?);
                let raw = raw.ok_or_else(|| PayloadError::NoNumber {
                    pointer: self.pointer.clone(),
                    excerpt: reading.shown(&self.pointer),
                })?;
                let unit = self.unit_said(reading, parameter)?;
                said.on(self.observed(raw, parameter, unit))
            }
        };
        Ok((value, measured_at, self.period_said(reading)?))
    }

    /// What the reading says of its number; a word that nobody explained is told.
    fn said(&self, reading: &impl Reading, decoded: &mut Decoded) -> Said {
        let Some(map) = &self.quality else { return Said::Good };
        let told;
        let word = match reading.at(&map.pointer) {
            None | Some(Raw::Null) => return map.absent,
            Some(Raw::Text(text)) => text,
            Some(Raw::Bool(word)) => {
                if word {
                    "true"
                } else {
                    "false"
                }
            }
            Some(Raw::Number(_) | Raw::Other) => {
                told = reading.shown(&map.pointer);
                &told
            }
        };
        let (said, known) = map.words.meaning(word);
        if !known {
            let (pointer, excerpt) = (map.pointer.clone(), reading.shown(&map.pointer));
            decoded.note(PayloadError::UnknownQuality { pointer, excerpt });
        }
        said
    }

    fn unit_said(&self, reading: &impl Reading, parameter: Parameter) -> Result<Option<Unit>, PayloadError> {
        let Some(source) = &self.unit else { return Ok(None) };
        let unit = match reading.at(&source.pointer) {
            None | Some(Raw::Null | Raw::Text("")) if source.optional => return Ok(None),
            Some(Raw::Text(text)) => Unit::of(parameter, text.trim()),
            _ => None,
        };
        unit.map(Some).ok_or_else(|| PayloadError::NoUnit {
            pointer: source.pointer.clone(),
            parameter,
            excerpt: reading.shown(&source.pointer),
            allowed: Unit::allowed(parameter),
        })
    }

    fn period_said(&self, reading: &impl Reading) -> Result<Option<Span>, PayloadError> {
        let place = match &self.period {
            None => return Ok(None),
            Some(Period::Seconds(s)) => return Ok(Some(Span::from_s(i64::from(*s)))),
            Some(Period::Pointer(place)) => place,
        };
        let seconds = match number(reading, need(reading, place)?) {
            Some(Number::Some(s)) if s > 0.0 && s <= f64::from(PayloadMap::PERIOD_MAX_S) => s,
            _ => 0.0,
        };
        let period = Span::from_ms((seconds * 1000.0).round() as i64);
        let period = (period > Span::ZERO).then_some(period);
        period
            .map(Some)
            .ok_or_else(|| PayloadError::NoPeriod { pointer: place.clone(), excerpt: reading.shown(place) })
    }
}
