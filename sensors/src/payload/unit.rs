//! Units as devices write them, and how they become the parameter's own.
//!
//! Only what is written here is known: a unit of another parameter, or one that nobody has heard
//! of, gives no number.

use crate::parameter::Parameter;

/// Where a payload names the unit of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSource {
    /// JSON pointer or CSV column of the unit's text.
    pub pointer: String,
    /// Whether a payload without it is in the parameter's own unit; else its number is refused.
    pub optional: bool,
}

/// A unit: `number * scale + offset` is in the parameter's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Factor.
    pub scale: f64,
    /// Added after it.
    pub offset: f64,
}

/// Units by the parameter's own: spelling, factor, offset. Exact by definition (the international
/// inch, foot and nautical mile, the US gallon of 231 cubic inches; the mmHg of ISO 80000-4 to its
/// seven digits, the inHg of NIST Special Publication 811, B.8).
type Rows = &'static [(&'static str, f64, f64)];

const DEPTH: Rows = &[
    ("mm", 1.0, 0.0),
    ("l/m2", 1.0, 0.0),
    ("L/m2", 1.0, 0.0),
    ("cm", 10.0, 0.0),
    ("m", 1000.0, 0.0),
    ("in", 25.4, 0.0),
];
const RATE: Rows = &[("mm/h", 1.0, 0.0), ("mm/min", 60.0, 0.0), ("mm/s", 3600.0, 0.0), ("in/h", 25.4, 0.0)];
const LENGTH: Rows = &[
    ("m", 1.0, 0.0),
    ("dm", 0.1, 0.0),
    ("cm", 0.01, 0.0),
    ("mm", 0.001, 0.0),
    ("ft", 0.3048, 0.0),
    ("in", 0.0254, 0.0),
];
const VOLUME: Rows = &[
    ("Mm3", 1.0, 0.0),
    ("Mm³", 1.0, 0.0),
    ("hm3", 1.0, 0.0),
    ("hm³", 1.0, 0.0),
    ("km3", 1000.0, 0.0),
    ("m3", 1e-6, 0.0),
    ("m³", 1e-6, 0.0),
    ("acre-ft", 0.001_233_481_837_547_52, 0.0),
];
const DISCHARGE: Rows = &[
    ("m3/s", 1.0, 0.0),
    ("m³/s", 1.0, 0.0),
    ("cms", 1.0, 0.0),
    ("L/s", 0.001, 0.0),
    ("l/s", 0.001, 0.0),
    ("m3/h", 1.0 / 3600.0, 0.0),
    ("m³/h", 1.0 / 3600.0, 0.0),
    ("ft3/s", 0.028_316_846_592, 0.0),
    ("cfs", 0.028_316_846_592, 0.0),
    ("MGD", 3_785.411_784 / 86_400.0, 0.0), // a million US gallons a day
    ("gal/min", 0.003_785_411_784 / 60.0, 0.0),
];
const SPEED: Rows = &[
    ("m/s", 1.0, 0.0),
    ("km/h", 1.0 / 3.6, 0.0),
    ("kn", 1852.0 / 3600.0, 0.0),
    ("kt", 1852.0 / 3600.0, 0.0),
    ("mph", 0.447_04, 0.0),
    ("ft/s", 0.3048, 0.0),
];
const ANGLE: Rows = &[("deg", 1.0, 0.0), ("°", 1.0, 0.0), ("rad", 180.0 / std::f64::consts::PI, 0.0)];
const PRESSURE: Rows = &[
    ("hPa", 1.0, 0.0),
    ("mbar", 1.0, 0.0),
    ("kPa", 10.0, 0.0),
    ("Pa", 0.01, 0.0),
    ("bar", 1000.0, 0.0),
    ("mmHg", 1.333_224, 0.0),
    ("inHg", 33.863_89, 0.0),
];
const TEMPERATURE: Rows = &[
    ("degC", 1.0, 0.0),
    ("°C", 1.0, 0.0),
    ("C", 1.0, 0.0),
    ("Cel", 1.0, 0.0), // RFC 8428
    ("K", 1.0, -273.15),
    ("degF", 5.0 / 9.0, -160.0 / 9.0),
    ("°F", 5.0 / 9.0, -160.0 / 9.0),
    ("F", 5.0 / 9.0, -160.0 / 9.0),
];
const VOLTAGE: Rows = &[("V", 1.0, 0.0), ("mV", 0.001, 0.0)];
const SHARE: Rows = &[("%", 1.0, 0.0), ("percent", 1.0, 0.0), ("%EL", 1.0, 0.0), ("/", 100.0, 0.0)];
const LEVEL: Rows = &[("dBm", 1.0, 0.0), ("dBW", 1.0, 30.0)];
const COUNT: Rows = &[("count", 1.0, 0.0), ("1", 1.0, 0.0)];

fn rows(parameter: Parameter) -> Rows {
    match parameter {
        Parameter::Rainfall | Parameter::RainTotal => DEPTH,
        Parameter::RainRate => RATE,
        Parameter::Stage
        | Parameter::StreetDepth
        | Parameter::AirGap
        | Parameter::PoolLevel
        | Parameter::Tailwater
        | Parameter::GateOpening => LENGTH,
        Parameter::Storage => VOLUME,
        Parameter::Inflow
        | Parameter::Release
        | Parameter::Spill
        | Parameter::TurbineDischarge
        | Parameter::Discharge => DISCHARGE,
        Parameter::GatesOpen => COUNT,
        Parameter::WindSpeed | Parameter::WindGust => SPEED,
        Parameter::WindDirection => ANGLE,
        Parameter::AirPressure => PRESSURE,
        Parameter::AirTemperature => TEMPERATURE,
        Parameter::Battery => VOLTAGE,
        Parameter::BatteryLevel => SHARE,
        Parameter::Signal => LEVEL,
    }
}

impl Unit {
    /// The unit of a parameter by its spelling. Case counts: `mV` and `MV` are not the same.
    pub fn of(parameter: Parameter, text: &str) -> Option<Self> {
        let text = text.trim();
        let found = rows(parameter).iter().find(|(known, ..)| *known == text);
        found.map(|&(_, scale, offset)| Self { scale, offset })
    }

    /// The spellings that are known for a parameter, for a word of fault.
    pub fn allowed(parameter: Parameter) -> String {
        rows(parameter).iter().map(|(known, ..)| *known).collect::<Vec<_>>().join(", ")
    }

    /// A number of this unit in the parameter's own.
    pub fn convert(self, number: f64) -> f64 {
        number * self.scale + self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_knows_its_own_unit_as_itself() {
        for parameter in Parameter::all() {
            let own = Unit::of(parameter, parameter.unit());
            assert_eq!(own, Some(Unit { scale: 1.0, offset: 0.0 }), "{parameter}");
        }
    }

    #[test]
    fn a_unit_of_something_else_is_none() {
        assert_eq!(Unit::of(Parameter::Stage, "mV"), None);
        assert_eq!(Unit::of(Parameter::Battery, "MV"), None);
        let fahrenheit = Unit::of(Parameter::AirTemperature, "°F").unwrap();
        assert!((fahrenheit.convert(77.0) - 25.0).abs() < 1e-12);
    }
}
