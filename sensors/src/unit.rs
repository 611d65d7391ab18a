//! Units as devices write them, and how they become a parameter's own. An unknown unit gives no number.

use crate::parameter::Parameter;

/// A unit: `number * scale + offset` is in the parameter's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Factor.
    pub scale: f64,
    /// Added after it.
    pub offset: f64,
}

/// Spelling, factor, offset. The international inch, foot and mile and the US gallon are exact by
/// definition (NIST Special Publication 811, appendix B).
type Rows = &'static [(&'static str, f64, f64)];

const DEPTH: Rows =
    &[("mm", 1.0, 0.0), ("cm", 10.0, 0.0), ("in", 25.4, 0.0), ("l/m2", 1.0, 0.0), ("L/m2", 1.0, 0.0)];
const RATE: Rows = &[("mm/h", 1.0, 0.0), ("mm/min", 60.0, 0.0), ("in/h", 25.4, 0.0)];
const LENGTH: Rows =
    &[("m", 1.0, 0.0), ("cm", 0.01, 0.0), ("mm", 0.001, 0.0), ("ft", 0.3048, 0.0), ("in", 0.0254, 0.0)];
const VOLUME: Rows = &[
    ("Mm3", 1.0, 0.0),
    ("Mm³", 1.0, 0.0),
    ("hm3", 1.0, 0.0),
    ("1000m3", 0.001, 0.0),
    ("m3", 1e-6, 0.0),
    ("m³", 1e-6, 0.0),
    ("acre-ft", 0.001_233_481_837_547_52, 0.0),
];
const DISCHARGE: Rows = &[
    ("m3/s", 1.0, 0.0),
    ("m³/s", 1.0, 0.0),
    ("l/s", 0.001, 0.0),
    ("L/s", 0.001, 0.0),
    ("m3/h", 1.0 / 3600.0, 0.0),
    ("ft3/s", 0.028_316_846_592, 0.0),
    ("cfs", 0.028_316_846_592, 0.0),
    ("MGD", 3785.411_784 / 86_400.0, 0.0),
    ("gal/min", 0.003_785_411_784 / 60.0, 0.0),
];
const SPEED: Rows = &[
    ("m/s", 1.0, 0.0),
    ("km/h", 1.0 / 3.6, 0.0),
    ("kn", 1852.0 / 3600.0, 0.0),
    ("kt", 1852.0 / 3600.0, 0.0),
    ("ft/s", 0.3048, 0.0),
    ("mph", 0.447_04, 0.0),
];
const PRESSURE: Rows = &[
    ("hPa", 1.0, 0.0),
    ("mbar", 1.0, 0.0),
    ("kPa", 10.0, 0.0),
    ("Pa", 0.01, 0.0),
    ("bar", 1000.0, 0.0),
    ("inHg", 33.863_89, 0.0),
];
/// `Cel` and, below, `/` and `%EL` are spellings of RFC 8428.
const TEMPERATURE: Rows = &[
    ("degC", 1.0, 0.0),
    ("°C", 1.0, 0.0),
    ("C", 1.0, 0.0),
    ("Cel", 1.0, 0.0),
    ("K", 1.0, -273.15),
    ("degF", 5.0 / 9.0, -160.0 / 9.0),
    ("°F", 5.0 / 9.0, -160.0 / 9.0),
    ("F", 5.0 / 9.0, -160.0 / 9.0),
];
const SHARE: Rows = &[("%", 1.0, 0.0), ("percent", 1.0, 0.0), ("%EL", 1.0, 0.0), ("/", 100.0, 0.0)];

fn rows(parameter: Parameter) -> Rows {
    use Parameter as P;
    match parameter {
        P::Rainfall | P::RainTotal => DEPTH,
        P::RainRate => RATE,
        P::Stage | P::StreetDepth | P::AirGap | P::PoolLevel | P::Tailwater | P::GateOpening => LENGTH,
        P::Storage => VOLUME,
        P::Inflow | P::Release | P::Spill | P::TurbineDischarge | P::Discharge => DISCHARGE,
        P::GatesOpen => &[("count", 1.0, 0.0), ("1", 1.0, 0.0)],
        P::WindSpeed | P::WindGust => SPEED,
        P::WindDirection => &[("deg", 1.0, 0.0), ("°", 1.0, 0.0)],
        P::AirPressure => PRESSURE,
        P::AirTemperature => TEMPERATURE,
        P::Battery => &[("V", 1.0, 0.0), ("mV", 0.001, 0.0)],
        P::BatteryLevel => SHARE,
        P::Signal => &[("dBm", 1.0, 0.0), ("dBW", 1.0, 30.0)],
    }
}

impl Unit {
    /// The unit of a parameter by its spelling. Case counts: `mV` and `MV` are not the same.
    pub fn of(parameter: Parameter, text: &str) -> Option<Self> {
        let found = rows(parameter).iter().find(|(known, ..)| *known == text);
        found.map(|&(_, scale, offset)| Self { scale, offset })
    }

    /// The spellings that are known for a parameter.
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
        let fahrenheit = Unit::of(Parameter::AirTemperature, "degF").unwrap();
        assert!((fahrenheit.convert(77.0) - 25.0).abs() < 1e-12);
    }
}
