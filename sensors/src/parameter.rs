//! The parameters that a gauge can measure: their spelling, unit and resolution.
//!
//! One row of `Parameter::ROWS` is everything the house knows about a parameter's notation;
//! physical limits belong to a sensor, not here.

use std::fmt;
use std::str::FromStr;

/// What is measured. The unit and the fixed-point resolution belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table below gives spelling, unit and meaning of each")]
pub enum Parameter {
    Rainfall,
    RainTotal,
    RainRate,
    Stage,
    StreetDepth,
    AirGap,
    PoolLevel,
    Tailwater,
    Storage,
    Inflow,
    Release,
    Spill,
    TurbineDischarge,
    Discharge,
    GateOpening,
    GatesOpen,
    WindSpeed,
    WindGust,
    WindDirection,
    AirPressure,
    AirTemperature,
    Battery,
    BatteryLevel,
    Signal,
}

struct Row {
    parameter: Parameter,
    name: &'static str,
    unit: &'static str,
    decimals: u8,
}

const fn row(parameter: Parameter, name: &'static str, unit: &'static str, decimals: u8) -> Row {
    Row { parameter, name, unit, decimals }
}

impl Parameter {
    /// Spelling, unit on the wire of our own formats, decimals of the fixed-point value.
    const ROWS: [Row; 24] = [
        row(Self::Rainfall, "rainfall", "mm", 3), // µm over (from, measured_at]
        row(Self::RainTotal, "rain_total", "mm", 3), // µm, cumulative counter
        row(Self::RainRate, "rain_rate", "mm/h", 3), // µm/h
        row(Self::Stage, "stage", "m", 3),        // mm over the gauge's zero
        row(Self::StreetDepth, "street_depth", "m", 3), // mm over the road
        row(Self::AirGap, "air_gap", "m", 3),     // mm from a distance sensor down to the water
        row(Self::PoolLevel, "pool_level", "m", 3), // mm, elevation of a reservoir's surface
        row(Self::Tailwater, "tailwater", "m", 3), // mm, elevation below a dam
        row(Self::Storage, "storage", "Mm3", 6),  // m³
        row(Self::Inflow, "inflow", "m3/s", 3),   // l/s
        row(Self::Release, "release", "m3/s", 3), // l/s, the total to the river
        row(Self::Spill, "spill", "m3/s", 3),     // l/s, a part of release
        row(Self::TurbineDischarge, "turbine_discharge", "m3/s", 3), // l/s, a part of release
        row(Self::Discharge, "discharge", "m3/s", 3), // l/s
        row(Self::GateOpening, "gate_opening", "m", 3), // mm
        row(Self::GatesOpen, "gates_open", "count", 0),
        row(Self::WindSpeed, "wind_speed", "m/s", 2), // cm/s
        row(Self::WindGust, "wind_gust", "m/s", 2),   // cm/s
        row(Self::WindDirection, "wind_direction", "deg", 0), // circular
        row(Self::AirPressure, "air_pressure", "hPa", 2), // Pa
        row(Self::AirTemperature, "air_temperature", "degC", 2),
        row(Self::Battery, "battery", "V", 3), // mV
        row(Self::BatteryLevel, "battery_level", "%", 1),
        row(Self::Signal, "signal", "dBm", 0),
    ];

    fn row(self) -> &'static Row {
        // The rows stand in the order of the enum; the test below keeps it so.
        #[expect(clippy::indexing_slicing, reason = "an enum of 24 indexes an array of 24")]
        &Self::ROWS[self as usize]
    }

    /// Every parameter, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ROWS.iter().map(|row| row.parameter)
    }

    /// The spelling in configuration, files and the API.
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The unit on the wire of our own formats.
    pub fn unit(self) -> &'static str {
        self.row().unit
    }

    /// The unit as it ends a configuration key: `m`, `mm`, `mm_h`, `m3_s`, `percent`.
    pub fn key_unit(self) -> String {
        self.unit().replace('/', "_").replace('%', "percent")
    }

    /// Decimal places of the fixed-point value: one step is `10^-decimals` of [`Self::unit`].
    pub fn decimals(self) -> u8 {
        self.row().decimals
    }

    /// Whether a value is a depth that fell during an interval, and so can be summed.
    pub fn is_depth_over_interval(self) -> bool {
        self == Self::Rainfall
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Parameter {
    type Err = UnknownParameter;

    fn from_str(text: &str) -> Result<Self, UnknownParameter> {
        Self::ROWS
            .iter()
            .find(|row| row.name == text)
            .map(|row| row.parameter)
            .ok_or_else(|| UnknownParameter { text: text.chars().take(40).collect() })
    }
}

/// A word that names no parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no parameter; allowed are {}", Parameter::all().map(Parameter::as_str).collect::<Vec<_>>().join(", "))]
pub struct UnknownParameter {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_spelled_once_and_found_by_its_spelling() {
        for (place, parameter) in Parameter::all().enumerate() {
            assert_eq!(parameter as usize, place, "{parameter} stands in another row");
            assert_eq!(parameter.as_str().parse(), Ok(parameter));
        }
    }

    #[test]
    fn an_unknown_parameter_is_told_what_is_allowed() {
        let refusal = "flow".parse::<Parameter>().unwrap_err().to_string();
        assert!(refusal.contains("\"flow\"") && refusal.contains("discharge"), "{refusal}");
    }
}
