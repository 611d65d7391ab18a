//! What things look like in JSON: the only place where the domain meets serde in this API.
//!
//! Numbers are written exactly as they are kept: fixed point, no float in between.

pub(crate) mod warning;

use sensors::parameter::Parameter;
use sensors::quality::{Check, Quality, why};
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::{Sensor, SensorId};
use sensors::time::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::store::record::StoredReading;

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

/// The same said in both languages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WhyForm {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
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
    /// What the check found; with values and limits where the reading is the newest.
    pub why: Option<WhyForm>,
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

    /// A reading of a sensor, beside the others of its series.
    pub(crate) fn of(sensor: &Sensor, reading: &Reading, series: &Series) -> Self {
        let parameter = sensor.id.parameter;
        let why = why(sensor, reading, Some(series));
        Self {
            why: why.map(|why| WhyForm { vi: why.vi, en: why.en }),
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
            check: quality.check().map(Check::as_str),
            why: quality.check().map(Check::words).map(|(vi, en)| WhyForm { vi: vi.into(), en: en.into() }),
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
