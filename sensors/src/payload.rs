//! MQTT payloads and what they mean, in both directions.
//!
//! Bytes only: topics, sessions and acknowledgements live in the service. What can't be read is
//! told with its place and an excerpt, and never becomes a number that was not there.

mod csv;
mod encode;
mod error;
mod field;
mod health;
mod json;
mod listener;
mod lorawan;
mod moment;
mod number;
mod quality;
mod recording;
pub mod sparkplug;
mod tlv;
mod unit;

pub use csv::{CsvForm, CsvHead};
pub use error::PayloadError;
pub use health::{HealthMap, Presence};
pub use listener::{FrameStep, Listener};
pub(crate) use lorawan::hex_bytes;
pub use lorawan::{Encoding, LorawanForm, Uplink};
pub use moment::TimeForm;
pub use quality::{QualityMap, QualityWords, Said};
pub use recording::{PayloadRecording, Sent};
pub use tlv::{Channel, ChannelValue, Mark, Part};
pub use unit::{Unit, UnitSource};

use number::{Number, excerpt, number_of_text};

use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::station::SensorIx;
use crate::time::{Span, Timestamp};

/// What the payload of one topic carries.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadMap {
    /// Its form.
    pub format: PayloadFormat,
    /// Where the time of the whole message stands: a JSON pointer (RFC 6901), or the name of a CSV
    /// column. Absent: the time of arrival (of the network server for `LoRaWAN`, of the metric for
    /// Sparkplug).
    pub time: Option<String>,
    /// How a time is written.
    pub time_form: TimeForm,
    /// Where a JSON message carries a list of readings, their place in it; pointers of fields are
    /// then relative to an element of the list.
    pub readings: Option<Readings>,
    /// The numbers in it; none of a `LoRaWAN` frame, whose numbers stand in its channels.
    pub fields: Vec<PayloadField>,
    /// What the will, the birth or a state message of the publisher says, where it has one.
    pub health: Option<HealthMap>,
}

/// The form of a payload.
#[derive(Clone, Debug, PartialEq)]
pub enum PayloadFormat {
    /// JSON: an object, or a list of them with [`PayloadMap::readings`].
    Json,
    /// One bare number.
    Plain,
    /// Lines of separated values (RFC 4180).
    Csv(CsvForm),
    /// The JSON of a `LoRaWAN` network server around the bytes of a device.
    Lorawan(Box<LorawanForm>),
    /// Sparkplug B 3.0: read by [`sparkplug::SparkplugHost`], never by [`PayloadMap::decode`].
    Sparkplug,
}

/// A list of readings in one JSON message, each an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// Pointer of the list; empty where the message itself is the list.
    pub pointer: String,
    /// Pointer, inside an element, of its own time.
    pub time: Option<String>,
    /// Pointer, inside an element, of the name that [`PayloadField::name`] is compared with.
    pub name: Option<String>,
    /// Names that no field has and that are not worth a word.
    pub ignored: Vec<String>,
}

/// One number in a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadField {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// JSON pointer, CSV column or Sparkplug metric of the number; empty for a plain payload.
    pub pointer: String,
    /// In a list of readings: the name of the elements that this field reads; absent: every one.
    pub name: Option<String>,
    /// Where its own time stands; absent: that of its reading or message.
    pub time: Option<String>,
    /// JSON pointer of the seconds that a depth covers, or a fixed number of them.
    pub period: Option<Period>,
    /// Raw numbers by which the device says that it has no value, before scaling.
    pub missing: Vec<f64>,
    /// The number is `raw * scale + offset`, in the unit that the payload names or else in the
    /// parameter's.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Where the payload names the unit.
    pub unit: Option<UnitSource>,
    /// Where the payload judges the number itself.
    pub quality: Option<QualityMap>,
}

/// The length of the interval that a depth covers.
#[derive(Clone, Debug, PartialEq)]
pub enum Period {
    /// Said in the payload at this pointer (or in this column), in seconds.
    Pointer(String),
    /// Always so many seconds.
    Seconds(u32),
}

/// What a payload gave: each field is either observed or told to be unreadable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// What was said, in the order of the payload, within a reading of the map's fields.
    pub observations: Vec<Observation>,
    /// What could not be read; the other fields are not harmed by it.
    pub faults: Vec<PayloadError>,
    /// The counter of the radio frame that carried it.
    pub frame: Option<u32>,
}

impl PayloadMap {
    /// The longest payload that is read, in bytes.
    pub const BYTES_MAX: usize = 65_536;

    /// The longest interval that a depth may cover, in seconds: 31 days.
    pub const PERIOD_MAX_S: u32 = 2_678_400;

    /// The most readings of a list, lines of a table or metrics of a message that are read; what
    /// comes after them is told and left.
    pub const READINGS_MAX: usize = 1_000;

    /// A map of a form, with times as RFC 3339 or since the epoch, and nothing more.
    pub fn new(format: PayloadFormat, time: Option<String>, fields: Vec<PayloadField>) -> Self {
        Self { format, time, time_form: TimeForm::Told, readings: None, fields, health: None }
    }

    /// Whether a payload names the time of its numbers: a retained message without one may be of
    /// any age.
    pub fn tells_time(&self) -> bool {
        match &self.format {
            PayloadFormat::Lorawan(_) | PayloadFormat::Sparkplug => true,
            PayloadFormat::Json | PayloadFormat::Plain | PayloadFormat::Csv(_) => {
                let of_reading = self.readings.as_ref().is_some_and(|list| list.time.is_some());
                self.time.is_some() || of_reading || self.fields.iter().all(|field| field.time.is_some())
            }
        }
    }

    /// Every sensor that a payload may speak of, each once, in the order of the map.
    pub fn sensors(&self) -> Vec<SensorIx> {
        let mut sensors: Vec<SensorIx> = self.fields.iter().map(|field| field.sensor).collect();
        if let PayloadFormat::Lorawan(form) = &self.format {
            sensors.extend(form.sensors());
        }
        let mut once = Vec::with_capacity(sensors.len());
        for sensor in sensors {
            if !once.contains(&sensor) {
                once.push(sensor);
            }
        }
        once
    }

    /// The same map for other sensors: `of(ix)` instead of `ix`. What belongs to none is known and
    /// left unread.
    #[must_use]
    pub fn bound(&self, of: impl Fn(SensorIx) -> Option<SensorIx>) -> Self {
        let fields = self.fields.iter().filter_map(|field| {
            let sensor = of(field.sensor)?;
            Some(PayloadField { sensor, ..field.clone() })
        });
        let format = match &self.format {
            PayloadFormat::Lorawan(form) => PayloadFormat::Lorawan(Box::new(form.bound(&of))),
            other => other.clone(),
        };
        let mut readings = self.readings.clone();
        if let Some(list) = &mut readings {
            let unread = self.fields.iter().filter(|field| of(field.sensor).is_none());
            list.ignored.extend(unread.filter_map(|field| field.name.clone()));
        }
        Self { format, fields: fields.collect(), readings, ..self.clone() }
    }

    /// What a payload says. `parameter` tells what a sensor of the map measures.
    ///
    /// # Errors
    /// Says why nothing of it could be read; what concerns one field only is in
    /// [`Decoded::faults`].
    pub fn decode(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        if payload.len() > Self::BYTES_MAX {
            return Err(PayloadError::TooLong { bytes: payload.len() });
        }
        match &self.format {
            PayloadFormat::Json => self.decode_json(payload, arrived_at, parameter),
            PayloadFormat::Plain => Ok(self.decode_plain(payload, arrived_at, parameter)),
            PayloadFormat::Csv(form) => self.decode_csv(form, payload, arrived_at, parameter),
            PayloadFormat::Lorawan(form) => form.decode(payload, arrived_at, parameter),
            PayloadFormat::Sparkplug => Err(PayloadError::Stateful),
        }
    }

    /// What the bare bytes of a `LoRaWAN` frame say, heard when they arrive.
    ///
    /// # Errors
    /// Only of maps of that form.
    pub fn decode_frame(
        &self,
        frame: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        let PayloadFormat::Lorawan(form) = &self.format else { return Err(PayloadError::Stateful) };
        let (mut decoded, heard) = (Decoded::default(), tlv::Heard { at: arrived_at, arrived_at });
        tlv::read_frame(&form.channels, frame, heard, &parameter, &mut decoded);
        Ok(decoded)
    }

    /// Every place that a field names, and that of the time.
    pub(crate) fn places(&self) -> impl Iterator<Item = &String> {
        self.fields
            .iter()
            .flat_map(|field| {
                let period = match &field.period {
                    Some(Period::Pointer(place)) => Some(place),
                    Some(Period::Seconds(_)) | None => None,
                };
                let unit = field.unit.as_ref().map(|unit| &unit.pointer);
                let quality = field.quality.as_ref().map(|quality| &quality.pointer);
                [Some(&field.pointer), field.time.as_ref(), period, unit, quality].into_iter().flatten()
            })
            .chain(&self.time)
    }

    fn decode_plain(
        &self,
        payload: &[u8],
        arrived_at: Timestamp,
        parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Decoded {
        let mut decoded = Decoded::default();
        for field in &self.fields {
            let Some(parameter) = parameter(field.sensor) else { continue };
            let number = std::str::from_utf8(payload).ok().and_then(number_of_text);
            let Some(number) = number else {
                let (pointer, excerpt) = (field.pointer.clone(), excerpt(payload));
                decoded.faults.push(PayloadError::NoNumber { pointer, excerpt });
                continue;
            };
            let period = match &field.period {
                Some(Period::Seconds(s)) => Some(Span::from_s(i64::from(*s))),
                Some(Period::Pointer(_)) | None => None,
            };
            let value = field.observed(number, parameter, None);
            decoded.observations.push(field.observation(value, arrived_at, arrived_at, period));
        }
        decoded
    }
}

impl Decoded {
    /// The most faults of one message that are told one by one.
    pub const FAULTS_MAX: usize = 16;

    fn note(&mut self, fault: PayloadError) {
        if self.faults.len() < Self::FAULTS_MAX {
            self.faults.push(fault);
            return;
        }
        match self.faults.last_mut() {
            Some(PayloadError::More { faults }) => *faults += 1,
            _ => self.faults.push(PayloadError::More { faults: 1 }),
        }
    }
}

impl PayloadField {
    /// A number at a place, in the parameter's unit, and nothing more.
    pub fn new(sensor: SensorIx, pointer: &str) -> Self {
        Self {
            sensor,
            pointer: pointer.to_owned(),
            name: None,
            time: None,
            period: None,
            missing: Vec::new(),
            scale: 1.0,
            offset: 0.0,
            unit: None,
            quality: None,
        }
    }

    fn observed(&self, number: Number, parameter: Parameter, unit: Option<Unit>) -> Observed {
        let Number::Some(raw) = number else { return Observed::Missing };
        if self.missing.contains(&raw) {
            return Observed::Missing;
        }
        let told = raw * self.scale + self.offset;
        match Value::from_unit(parameter, unit.map_or(told, |unit| unit.convert(told))) {
            Ok(value) => Observed::Value(value),
            Err(_) => Observed::Nonsense,
        }
    }

    fn observation(
        &self,
        value: Observed,
        measured_at: Timestamp,
        arrived_at: Timestamp,
        period: Option<Span>,
    ) -> Observation {
        let from = period.map(|period| measured_at.minus(period));
        Observation { sensor: self.sensor, measured_at, from, arrived_at, value }
    }
}

#[cfg(test)]
mod tests;
