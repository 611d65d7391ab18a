//! A storm without a wire: the readings as rows, in the order in which they would arrive.
//!
//! The same charts that the wire speaks from; for `replay`, tests and digests.

use std::fmt::Write as _;

use sensors::city::City;
use sensors::line::Protocol;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::Observed;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::chart::{Chart, ChartError};
use crate::schedule::{interval_of, marks, messages};
use crate::storm::Storm;

/// One reading of a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it reaches the service, by the storm's clock.
    pub arrives_at: Timestamp,
    /// Event time.
    pub measured_at: Timestamp,
    /// Who measured.
    pub sensor: SensorIx,
    /// The value; `None` where the device said that it has none.
    pub value: Option<Value>,
    /// What a depth covers.
    pub period: Option<Span>,
}

/// Every reading of a storm over a city: devices as often as they are polled, stations as often
/// as they publish; the order of arrival.
///
/// # Errors
/// Names every sensor for which the storm's rivers have no water.
pub fn offline(city: &City, storm: &Storm, seed: u64) -> Result<Vec<Row>, ChartError> {
    let chart = Chart::draw(city, storm, seed)?;
    let mut rows = Vec::new();
    for (ix, line) in city.lines.iter().enumerate() {
        match &line.protocol {
            Protocol::Folder(_) => {}
            Protocol::Mqtt(_) => {
                for message in messages(city, &chart, ix) {
                    rows.extend(message.observations.iter().map(|o| Row {
                        arrives_at: message.at,
                        measured_at: o.measured_at,
                        sensor: o.sensor,
                        value: value(o.value),
                        period: o.from.map(|from| o.measured_at.since(from)),
                    }));
                }
            }
            Protocol::Modbus(modbus) => {
                for device in &modbus.devices {
                    for at in marks(chart.lasts(), device.poll_interval) {
                        if chart.cut_until(&line.name, at).is_none() {
                            rows.extend(polled(city, &chart, device.map.fields.iter().map(|f| f.sensor), at));
                        }
                    }
                }
            }
        }
    }
    rows.sort_by_key(|row| (row.arrives_at, row.sensor));
    Ok(rows)
}

fn polled(city: &City, chart: &Chart, sensors: impl Iterator<Item = SensorIx>, at: Timestamp) -> Vec<Row> {
    let row = |sensor: SensorIx| {
        let interval = interval_of(city, sensor);
        let said = chart.said(sensor, at, interval)?;
        let parameter = city.sensor(sensor)?.id.parameter;
        let period = parameter.is_depth_over_interval().then_some(interval);
        Some(Row { arrives_at: at, measured_at: at, sensor, value: value(said), period })
    };
    sensors.filter_map(row).collect()
}

fn value(observed: Observed) -> Option<Value> {
    match observed {
        Observed::Value(value) | Observed::Doubtful(value) => Some(value),
        Observed::Missing | Observed::Nonsense => None,
    }
}

/// The rows as the CSV of readings: `measured_at,station,parameter,value,unit,sensor,period_s`.
/// A row without a value is left out: a file has no way to say it.
pub fn csv(city: &City, rows: &[Row]) -> String {
    let mut text = String::from("measured_at,station,parameter,value,unit,sensor,period_s\n");
    for row in rows {
        let (Some(sensor), Some(value)) = (city.sensor(row.sensor), row.value) else { continue };
        let parameter: Parameter = sensor.id.parameter;
        let name = sensor.id.name.as_deref().unwrap_or_default();
        let period = row.period.map(|period| period.whole_s().to_string()).unwrap_or_default();
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "{},{},{parameter},{},{},{name},{period}",
            row.measured_at,
            sensor.id.station,
            value.display(parameter),
            parameter.unit(),
        );
    }
    text
}
