//! One number of a device: from registers to a value and back.

use super::place::{Kind, Place, Words, mask};
use super::request::ReadRequest;
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::SensorIx;

/// One number in the tables of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterField {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// What it measures.
    pub parameter: Parameter,
    /// Where it stands.
    pub place: Place,
    /// The number is `raw * scale + offset` in the parameter's unit.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Raw values that mean "no value"; compared before scaling.
    pub sentinels: Vec<Sentinel>,
    /// Reading empties it: it tells a depth since the last read.
    pub destructive: bool,
}

/// A raw value that means "no value".
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sentinel {
    /// The number it reads as, or for integers its bits: 65535 and -1 are the same `i16`.
    Whole(i64),
    /// A float of the register's width; NaN means every NaN.
    Real(f64),
}

impl RegisterField {
    /// The part of an answer that belongs to this number; `None` where it is not in it.
    pub fn words_of<'a>(&self, request: &ReadRequest, answer: Words<'a>) -> Option<Words<'a>> {
        let first = request.offset_of(&self.place)?;
        answer.part(first, usize::from(self.place.kind.registers()))
    }

    /// What the registers say: a value in the parameter's resolution, missing for a sentinel,
    /// nonsense for NaN, infinity, a digit that is none, a number no gauge could mean, or too few
    /// registers.
    pub fn decode<'a>(&self, words: impl Into<Words<'a>>) -> Observed {
        let Some(bits) = self.place.bits(words.into()) else { return Observed::Nonsense };
        let number = self.number(bits);
        if self.sentinels.iter().any(|sentinel| self.is_sentinel(*sentinel, bits, number)) {
            return Observed::Missing;
        }
        let value = number.map(|raw| Value::from_unit(self.parameter, raw * self.scale + self.offset));
        match value {
            Some(Ok(value)) => Observed::Value(value),
            Some(Err(_)) | None => Observed::Nonsense,
        }
    }

    /// The number that bits stand for; `None` for BCD with a digit above 9.
    fn number(&self, bits: u64) -> Option<f64> {
        if self.place.bits.is_some() {
            return Some(bits as f64);
        }
        Some(match self.place.kind {
            Kind::Bit | Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => bits as f64,
            Kind::I16 => f64::from(bits as i16),
            Kind::I32 => f64::from(bits as i32),
            Kind::I64 => bits as i64 as f64,
            Kind::F32 => f64::from(f32::from_bits(bits as u32)),
            Kind::F64 => f64::from_bits(bits),
            Kind::Bcd16 | Kind::Bcd32 => return from_bcd(bits).map(|number| number as f64),
        })
    }

    fn is_sentinel(&self, sentinel: Sentinel, bits: u64, number: Option<f64>) -> bool {
        match sentinel {
            Sentinel::Whole(whole) => {
                // BCD has bits that are no number; 16 must not mean the 10 that is sent as 0x10.
                let has_bits = match self.place.kind {
                    Kind::F32 | Kind::F64 => false,
                    Kind::Bcd16 | Kind::Bcd32 => number.is_none(),
                    _ => true,
                };
                let same_bits = has_bits && whole as u64 & self.mask() == bits;
                let fits = i128::from(whole).unsigned_abs() <= u128::from(self.mask());
                (same_bits && fits) || number == Some(whole as f64)
            }
            Sentinel::Real(real) if real.is_nan() => number.is_some_and(f64::is_nan),
            Sentinel::Real(real) if self.place.kind == Kind::F32 => number == Some(f64::from(real as f32)),
            Sentinel::Real(real) => number == Some(real),
        }
    }

    fn mask(&self) -> u64 {
        mask(self.place.width())
    }

    /// The registers that say a value: the nearest number on the wire, held at the ends of its
    /// range, and one step nearer to zero where it would read as a sentinel.
    pub fn encode(&self, value: Value) -> Vec<u16> {
        let number = (value.in_unit(self.parameter) - self.offset) / self.scale;
        match self.place.kind {
            Kind::F32 => return self.place.words(u64::from((number as f32).to_bits())),
            Kind::F64 => return self.place.words(number.to_bits()),
            _ => {}
        }
        // A float that does not fit is held at the ends of the integer, NaN becomes 0.
        let (low, high) = self.range();
        let raw = (number.round() as i64).clamp(low, high);
        let inward = if raw > 0 { -1 } else { 1 };
        let steps = 2 * self.sentinels.len() as i64;
        let raw = (0..=steps)
            .chain((-steps..0).rev())
            .filter_map(|step| raw.checked_add(inward * step))
            .find(|raw| (low..=high).contains(raw) && !self.reads_as_missing(*raw))
            .unwrap_or(raw);
        self.place.words(self.bits_of(raw))
    }

    /// The registers that say "no value"; `None` where the device has no word for it.
    pub fn encode_missing(&self) -> Option<Vec<u16>> {
        let bits = match (*self.sentinels.first()?, self.place.kind) {
            (Sentinel::Whole(whole), Kind::F32) => u64::from((whole as f32).to_bits()),
            (Sentinel::Whole(whole), Kind::F64) => (whole as f64).to_bits(),
            (Sentinel::Real(real), Kind::F32) => u64::from((real as f32).to_bits()),
            (Sentinel::Real(real), _) => real.to_bits(),
            (Sentinel::Whole(whole), _) => self.bits_of(whole),
        };
        Some(self.place.words(bits))
    }

    fn reads_as_missing(&self, raw: i64) -> bool {
        let bits = self.bits_of(raw);
        self.sentinels.iter().any(|s| self.is_sentinel(*s, bits, self.number(bits)))
    }

    fn bits_of(&self, raw: i64) -> u64 {
        let is_bcd = matches!(self.place.kind, Kind::Bcd16 | Kind::Bcd32);
        if is_bcd && let Some(bits) = to_bcd(raw, self.place.width()) {
            return bits;
        }
        raw as u64 & self.mask()
    }

    pub(super) fn range(&self) -> (i64, i64) {
        if self.place.bits.is_some() {
            return (0, i64::try_from(self.mask()).unwrap_or(i64::MAX));
        }
        match self.place.kind {
            Kind::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Kind::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            Kind::I64 | Kind::F32 | Kind::F64 => (i64::MIN, i64::MAX),
            Kind::Bcd16 => (0, 9_999),
            Kind::Bcd32 => (0, 99_999_999),
            Kind::Bit | Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => {
                (0, i64::try_from(self.mask()).unwrap_or(i64::MAX))
            }
        }
    }
}

/// The number of decimal digits of four bits each; `None` for a digit above 9.
fn from_bcd(bits: u64) -> Option<u64> {
    (0..16)
        .rev()
        .map(|n| bits >> (4 * n) & 0xF)
        .try_fold(0_u64, |number, digit| (digit <= 9).then_some(number * 10 + digit))
}

/// Digits of a number that fits; `None` where it does not.
fn to_bcd(raw: i64, width: u8) -> Option<u64> {
    let mut rest = u64::try_from(raw).ok()?;
    let mut bits = 0;
    for n in 0..width / 4 {
        bits |= (rest % 10) << (4 * n);
        rest /= 10;
    }
    (rest == 0).then_some(bits)
}
