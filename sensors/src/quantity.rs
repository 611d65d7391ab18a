//! Fixed-point quantities: integers with their unit in the constructor.
//!
//! A float from the wire is rounded once, half away from zero, to the parameter's resolution;
//! from there on everything is integers, so that a replay gives the same bits on every machine.

use std::fmt;

use crate::parameter::Parameter;

/// A value of a parameter in its finest step: `raw / 10^decimals` in the parameter's unit.
///
/// The parameter is known by whoever holds the value (the sensor, the threshold).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(i64);

/// The largest magnitude of a raw value: every integer up to it is exact in a float of the wire.
const RAW_MAX: f64 = 9_007_199_254_740_992.0;

impl Value {
    /// A value from its finest steps (mm for a stage, µm for a rainfall, l/s for a discharge).
    pub const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// The finest steps.
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// A value from a number in the parameter's unit, rounded half away from zero.
    ///
    /// # Errors
    /// Refuses what is not finite, and what no longer fits an exact integer.
    pub fn from_unit(parameter: Parameter, number: f64) -> Result<Self, QuantityError> {
        if !number.is_finite() {
            return Err(QuantityError::NotFinite { parameter });
        }
        let raw = (number * scale(parameter)).round();
        if raw.abs() > RAW_MAX {
            return Err(QuantityError::TooLarge { parameter, number });
        }
        Ok(Self(raw as i64))
    }

    /// The number in the parameter's unit.
    pub fn in_unit(self, parameter: Parameter) -> f64 {
        self.0 as f64 / scale(parameter)
    }

    /// Writes the value exactly, with as many decimals as it needs: `1.25`, `86.2`, `-3`.
    pub fn display(self, parameter: Parameter) -> ValueDisplay {
        ValueDisplay { value: self, decimals: parameter.decimals() }
    }
}

fn scale(parameter: Parameter) -> f64 {
    10_i64.pow(u32::from(parameter.decimals())) as f64
}

/// Writes a [`Value`] exactly in its parameter's unit.
pub struct ValueDisplay {
    value: Value,
    decimals: u8,
}

impl fmt::Display for ValueDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = 10_u64.pow(u32::from(self.decimals));
        let magnitude = self.value.0.unsigned_abs();
        let sign = if self.value.0 < 0 { "-" } else { "" };
        let (whole, part) = (magnitude / step, magnitude % step);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{part:0width$}", width = usize::from(self.decimals));
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// A number that can't become a fixed-point value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuantityError {
    /// NaN or infinite.
    #[error("{parameter} is not a finite number")]
    NotFinite {
        /// The parameter that was measured.
        parameter: Parameter,
    },
    /// Larger than any gauge could mean.
    #[error("{parameter} {number} {} is larger than can be kept", parameter.unit())]
    TooLarge {
        /// The parameter that was measured.
        parameter: Parameter,
        /// The number as it came.
        number: f64,
    },
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $from:ident, $to:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            #[doc = concat!("From ", stringify!($to), ".")]
            pub const fn $from(raw: i64) -> Self {
                Self(raw)
            }

            #[doc = concat!("As ", stringify!($to), ".")]
            pub const fn $to(self) -> i64 {
                self.0
            }
        }
    };
}

quantity!(
    /// Water height over the gauge's zero, mm.
    Stage, from_mm, mm
);
quantity!(
    /// Height over the national datum, mm.
    Elevation, from_mm, mm
);
quantity!(
    /// Volume per time through a section, l/s.
    Discharge, from_l_per_s, l_per_s
);
quantity!(
    /// Depth of rain over an interval, µm.
    Rainfall, from_um, um
);
quantity!(
    /// Depth of rain per hour, µm/h.
    RainRate, from_um_per_h, um_per_h
);
quantity!(
    /// Wind speed, cm/s.
    WindSpeed, from_cm_per_s, cm_per_s
);
quantity!(
    /// Volume of water, m³.
    Volume, from_m3, m3
);
quantity!(
    /// Air pressure, Pa.
    Pressure, from_pa, pa
);
quantity!(
    /// Supply voltage, mV.
    Voltage, from_mv, mv
);

/// Compass direction, whole degrees in `0..360`; circular, so it has no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Direction(u16);

impl Direction {
    /// A direction from degrees; 360 is 0, and -10 is 350.
    pub fn from_deg(deg: i64) -> Self {
        Self(deg.rem_euclid(360) as u16)
    }

    /// Degrees in `0..360`.
    pub const fn deg(self) -> u16 {
        self.0
    }

    /// The smaller angle to another direction, `0..=180` degrees.
    pub fn apart(self, other: Self) -> u16 {
        let d = self.0.abs_diff(other.0);
        d.min(360 - d)
    }
}

/// The elevation of a gauge's zero over the national datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datum(pub Elevation);

impl std::ops::Add<Datum> for Stage {
    type Output = Elevation;

    fn add(self, datum: Datum) -> Elevation {
        Elevation(self.0 + datum.0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_float_is_rounded_once_half_away_from_zero() {
        let stage = |m| Value::from_unit(Parameter::Stage, m).unwrap().raw();
        assert_eq!((stage(1.2345), stage(-1.2345), stage(2.0)), (1235, -1235, 2000));
    }

    #[test]
    fn nan_and_infinity_never_become_a_value() {
        for nonsense in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(Value::from_unit(Parameter::Stage, nonsense).is_err());
        }
    }

    #[test]
    fn a_value_is_written_exactly() {
        let text = |p, raw| Value::from_raw(raw).display(p).to_string();
        assert_eq!(text(Parameter::Stage, 2000), "2");
        assert_eq!(text(Parameter::Stage, -1050), "-1.05");
        assert_eq!(text(Parameter::Rainfall, 86_200), "86.2");
        assert_eq!(text(Parameter::GatesOpen, 5), "5");
    }

    #[test]
    fn a_stage_over_its_datum_is_an_elevation() {
        assert_eq!(Stage::from_mm(3010) + Datum(Elevation::from_mm(-250)), Elevation::from_mm(2760));
    }

    #[test]
    fn directions_meet_across_north() {
        assert_eq!(Direction::from_deg(350).apart(Direction::from_deg(10)), 20);
    }
}
