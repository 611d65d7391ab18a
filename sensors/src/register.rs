//! Modbus registers and what they mean, in both directions.
//!
//! Numbers only: what is asked when, and over which wire, lives in the service.

use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::SensorIx;

/// The registers of one device that carry measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterMap {
    /// What is read, in the order of addresses.
    pub fields: Vec<RegisterField>,
}

/// One number in the registers.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterField {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// Holding (function code 3) or input (function code 4) registers.
    pub table: Table,
    /// Address of the first register on the wire, counted from 0.
    pub address: u16,
    /// How many registers make the number, and how they are read.
    pub kind: Kind,
    /// The order of words and bytes; matters for numbers of two registers.
    pub order: Order,
    /// The number is `raw * scale + offset` in the parameter's unit.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Raw values that mean "no value"; compared before scaling.
    pub sentinels: Vec<i64>,
}

/// Which registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Function code 3.
    Holding,
    /// Function code 4.
    Input,
}

/// The type of a number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Kind {
    U16,
    I16,
    U32,
    I32,
    F32,
}

/// The order of the bytes A (most significant) to D of a 32-bit number; of A and B for 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Order {
    Abcd,
    Cdab,
    Badc,
    Dcba,
}

impl Kind {
    /// Registers of 16 bits that the number takes.
    pub const fn registers(self) -> u16 {
        match self {
            Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
        }
    }
}

/// One request for neighbouring registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadRequest {
    /// Which registers.
    pub table: Table,
    /// The first one on the wire, counted from 0.
    pub address: u16,
    /// How many; at most [`RegisterMap::REQUEST_MAX`].
    pub count: u16,
}

impl RegisterMap {
    /// The most registers that one request may ask for (MODBUS Application Protocol V1.1b3, 6.3
    /// and 6.4: quantity 1 to 125).
    pub const REQUEST_MAX: u16 = 125;

    /// The requests that read every field, in the order of tables and addresses.
    ///
    /// Only registers that touch or overlap share a request: a device may refuse the whole
    /// request for one register between two fields that it does not have.
    pub fn requests(&self) -> Vec<ReadRequest> {
        let mut places: Vec<(Table, u16, u16)> =
            self.fields.iter().map(|f| (f.table, f.address, f.kind.registers())).collect();
        places.sort_unstable();
        let mut requests: Vec<ReadRequest> = Vec::new();
        for (table, address, registers) in places {
            if let Some(last) = requests.last_mut()
                && last.table == table
                && u32::from(address) <= u32::from(last.address) + u32::from(last.count)
            {
                let count = (address - last.address).saturating_add(registers).max(last.count);
                if count <= Self::REQUEST_MAX {
                    last.count = count;
                    continue;
                }
            }
            requests.push(ReadRequest { table, address, count: registers });
        }
        requests
    }
}

impl RegisterField {
    /// The registers of this field among the answer to a request; `None` where it is not in it.
    pub fn words_of<'a>(&self, request: &ReadRequest, answer: &'a [u16]) -> Option<&'a [u16]> {
        let first = usize::from(self.address.checked_sub(request.address)?);
        let words = answer.get(first..first + usize::from(self.kind.registers()))?;
        (self.table == request.table).then_some(words)
    }

    /// What the registers say: a value in the parameter's resolution, missing for a sentinel,
    /// nonsense for NaN, infinity, a number no gauge could mean, or too few registers.
    pub fn decode(&self, words: &[u16], parameter: Parameter) -> Observed {
        let Some(bits) = self.bits(words) else { return Observed::Nonsense };
        let raw = match self.kind {
            Kind::U16 | Kind::U32 => f64::from(bits),
            Kind::I16 => f64::from(bits as u16 as i16),
            Kind::I32 => f64::from(bits as i32),
            Kind::F32 => f64::from(f32::from_bits(bits)),
        };
        if self.sentinels.iter().any(|sentinel| self.is_sentinel(*sentinel, bits, raw)) {
            return Observed::Missing;
        }
        match Value::from_unit(parameter, raw * self.scale + self.offset) {
            Ok(value) => Observed::Value(value),
            Err(_) => Observed::Nonsense,
        }
    }

    /// The registers that say a value: the nearest number on the wire, held at the ends of its
    /// range, and one step nearer to zero where it would read as a sentinel.
    pub fn encode(&self, value: Value, parameter: Parameter) -> Vec<u16> {
        let number = (value.in_unit(parameter) - self.offset) / self.scale;
        if self.kind == Kind::F32 {
            return self.words((number as f32).to_bits());
        }
        // A float that does not fit is held at the ends of the integer, NaN becomes 0.
        let (low, high) = self.range();
        let raw = (number.round() as i64).clamp(low, high);
        let inward = if raw > 0 { -1 } else { 1 };
        let steps = 2 * self.sentinels.len() as i64;
        let raw = (0..=steps)
            .chain((-steps..0).rev())
            .map(|step| raw + inward * step)
            .find(|raw| (low..=high).contains(raw) && !self.reads_as_missing(*raw))
            .unwrap_or(raw);
        self.words(raw as u32 & self.mask())
    }

    /// The registers that say "no value"; `None` where the device has no word for it.
    pub fn encode_missing(&self) -> Option<Vec<u16>> {
        let sentinel = *self.sentinels.first()?;
        let bits = match self.kind {
            Kind::F32 => (sentinel as f32).to_bits(),
            Kind::U16 | Kind::I16 | Kind::U32 | Kind::I32 => sentinel as u32 & self.mask(),
        };
        Some(self.words(bits))
    }

    fn reads_as_missing(&self, raw: i64) -> bool {
        self.sentinels.iter().any(|s| self.is_sentinel(*s, raw as u32 & self.mask(), raw as f64))
    }

    /// A sentinel is written as the number it reads as, or for integers as its bits: 65535 means
    /// -1 for an `i16`.
    #[expect(clippy::float_cmp, reason = "a sentinel is an exact number, no measurement")]
    fn is_sentinel(&self, sentinel: i64, bits: u32, raw: f64) -> bool {
        raw == sentinel as f64 || (self.kind != Kind::F32 && sentinel == i64::from(bits))
    }

    fn mask(&self) -> u32 {
        if self.kind.registers() == 1 { 0xFFFF } else { u32::MAX }
    }

    fn range(&self) -> (i64, i64) {
        match self.kind {
            Kind::U16 => (0, i64::from(u16::MAX)),
            Kind::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Kind::U32 => (0, i64::from(u32::MAX)),
            Kind::I32 | Kind::F32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        }
    }

    /// The number's bits with byte A highest.
    fn bits(&self, words: &[u16]) -> Option<u32> {
        let turn = |word: u16| if self.order.swaps_bytes() { word.swap_bytes() } else { word };
        let first = turn(*words.first()?);
        if self.kind.registers() == 1 {
            return Some(u32::from(first));
        }
        let second = turn(*words.get(1)?);
        let (high, low) = if self.order.swaps_words() { (second, first) } else { (first, second) };
        Some(u32::from(high) << 16 | u32::from(low))
    }

    fn words(&self, bits: u32) -> Vec<u16> {
        let turn = |word: u16| if self.order.swaps_bytes() { word.swap_bytes() } else { word };
        let (high, low) = (turn((bits >> 16) as u16), turn(bits as u16));
        match (self.kind.registers(), self.order.swaps_words()) {
            (1, _) => vec![low],
            (_, false) => vec![high, low],
            (_, true) => vec![low, high],
        }
    }
}

impl Order {
    fn swaps_words(self) -> bool {
        matches!(self, Self::Cdab | Self::Dcba)
    }

    fn swaps_bytes(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 5] = [Kind::U16, Kind::I16, Kind::U32, Kind::I32, Kind::F32];
    const ORDERS: [Order; 4] = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba];

    fn field(kind: Kind, order: Order) -> RegisterField {
        RegisterField {
            sensor: SensorIx(0),
            table: Table::Input,
            address: 0,
            kind,
            order,
            scale: 0.001,
            offset: 0.0,
            sentinels: vec![],
        }
    }

    fn stage(raw: i64) -> Observed {
        Observed::Value(Value::from_raw(raw))
    }

    #[test]
    fn the_four_orders_read_the_same_number() {
        // 0x0001_86A0 is 100,000 mm.
        let words = [[0x0001, 0x86A0], [0x86A0, 0x0001], [0x0100, 0xA086], [0xA086, 0x0100]];
        for (order, words) in ORDERS.into_iter().zip(words) {
            assert_eq!(field(Kind::U32, order).decode(&words, Parameter::Stage), stage(100_000));
        }
        assert_eq!(field(Kind::I16, Order::Badc).decode(&[0xFEFF], Parameter::Stage), stage(-2));
    }

    #[test]
    fn a_sentinel_is_missing_and_nan_is_nonsense() {
        let mut i16_field = field(Kind::I16, Order::Abcd);
        i16_field.sentinels = vec![-32768, 65535];
        for word in [0x8000, 0xFFFF] {
            assert_eq!(i16_field.decode(&[word], Parameter::Stage), Observed::Missing);
        }
        let mut float = field(Kind::F32, Order::Abcd);
        float.sentinels = vec![-9999];
        for (number, observed) in [
            (-9999.0, Observed::Missing),
            (f32::NAN, Observed::Nonsense),
            (f32::INFINITY, Observed::Nonsense),
        ] {
            let words = float.words(number.to_bits());
            assert_eq!(float.decode(&words, Parameter::Stage), observed);
        }
    }

    #[test]
    fn half_an_answer_is_nonsense_and_not_a_number() {
        assert_eq!(field(Kind::U32, Order::Abcd).decode(&[1], Parameter::Stage), Observed::Nonsense);
        assert_eq!(field(Kind::U16, Order::Abcd).decode(&[], Parameter::Stage), Observed::Nonsense);
    }

    #[test]
    fn a_value_beyond_the_wire_is_held_at_its_end() {
        let words = field(Kind::U16, Order::Abcd).encode(Value::from_raw(70_000), Parameter::Stage);
        assert_eq!(words, [65_535]);
        assert_eq!(field(Kind::U16, Order::Abcd).encode(Value::from_raw(-5), Parameter::Stage), [0]);
    }

    #[test]
    fn only_touching_registers_share_a_request_and_none_is_longer_than_125() {
        let at = |table, address, kind| RegisterField { table, address, ..field(kind, Order::Abcd) };
        let mut fields: Vec<_> = (0..70).map(|i| at(Table::Input, 200 + 2 * i, Kind::F32)).collect();
        fields.push(at(Table::Holding, 11, Kind::U16));
        fields.push(at(Table::Holding, 9, Kind::U32));
        fields.push(at(Table::Holding, 10, Kind::U16));
        fields.push(at(Table::Holding, 13, Kind::U16));
        let map = RegisterMap { fields };
        let requests: Vec<_> = map.requests().iter().map(|r| (r.table, r.address, r.count)).collect();
        assert_eq!(
            requests,
            [
                (Table::Holding, 9, 3),
                (Table::Holding, 13, 1),
                (Table::Input, 200, 124),
                (Table::Input, 324, 16)
            ]
        );
        let request = ReadRequest { table: Table::Holding, address: 9, count: 3 };
        assert_eq!(map.fields[70].words_of(&request, &[7, 8, 9]), Some(&[9][..]));
        assert_eq!(map.fields[0].words_of(&request, &[7, 8, 9]), None);
        assert_eq!(map.fields[71].words_of(&request, &[7]), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_again(
            raw in -1_000_000_i64..1_000_000, kind in 0_usize..5, order in 0_usize..4,
            scale in prop::sample::select(vec![0.001, 0.01, 0.1, 1.0]), offset in -3_i64..3,
        ) {
            let (kind, order) = (KINDS[kind], ORDERS[order]);
            let field = RegisterField {
                scale, offset: offset as f64, sentinels: vec![77, -1], ..field(kind, order)
            };
            let words = field.encode(Value::from_raw(raw), Parameter::Stage);
            prop_assert_eq!(words.len(), usize::from(kind.registers()));
            let Observed::Value(read) = field.decode(&words, Parameter::Stage) else {
                // A float is written as it is: only an integer steps aside for a sentinel.
                prop_assert_eq!(kind, Kind::F32);
                return Ok(());
            };
            let (low, high) = field.range();
            let steps = (scale * 1000.0) as i64;
            let exact = (raw - offset * 1000) / steps;
            if kind == Kind::F32 || (low < exact && exact < high) {
                prop_assert!((read.raw() - raw).abs() <= 2 * steps, "{} for {}", read.raw(), raw);
            }
            if steps == 1 && kind == Kind::I32 && ![77, -1].contains(&exact) {
                prop_assert_eq!(read.raw(), raw);
            }
        }

        #[test]
        fn any_registers_are_a_value_or_told_to_be_none(
            words in prop::collection::vec(any::<u16>(), 0..3), kind in 0_usize..5, order in 0_usize..4,
        ) {
            let _ = field(KINDS[kind], ORDERS[order]).decode(&words, Parameter::Rainfall);
        }
    }
}
