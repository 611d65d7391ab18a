//! Numbers as a language writes them: rounded to what a reader can use, never more precise.

use sensors::parameter::Parameter;
use sensors::quantity::Value;

/// The signs of a language's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// Before the decimals.
    pub(super) decimal: String,
    /// Between groups of three digits.
    pub(super) thousands: String,
}

/// A value as it is written: metres to the centimetre, as gauges are read; everything else to about
/// three figures, at most two of them decimals. Rounded half away from zero.
pub(super) fn rounded(parameter: Parameter, value: Value) -> Value {
    let raw = value.raw();
    let step = 10_i64.pow(u32::from(parameter.decimals()).saturating_sub(figures(parameter, raw)));
    Value::from_raw((raw.abs() + step / 2) / step * step * raw.signum())
}

/// Decimals that are written at most.
fn figures(parameter: Parameter, raw: i64) -> u32 {
    let one = 10_i64.pow(u32::from(parameter.decimals()));
    match raw.abs() {
        _ if parameter.unit() == "m" => 2,
        r if r >= 100 * one => 0,
        r if r >= 10 * one => 1,
        _ => 2,
    }
}

impl Signs {
    /// A number without its unit, as `4,96`, `0,30` or `1.538`.
    pub(super) fn write(&self, parameter: Parameter, value: Value) -> String {
        let exact = rounded(parameter, value).display(parameter).to_string();
        let (whole, part) = exact.split_once('.').unwrap_or((&exact, ""));
        let width = if parameter.unit() == "m" { 2 } else { part.len() };
        let whole = self.grouped(whole);
        if width == 0 { whole } else { format!("{whole}{}{part:0<width$}", self.decimal) }
    }

    fn grouped(&self, whole: &str) -> String {
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let mut written = sign.to_owned();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                written.push_str(&self.thousands);
            }
            written.push(digit);
        }
        written
    }
}
