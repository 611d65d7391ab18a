//! What registers must mean, whatever a device does with them.

use proptest::prelude::*;

use super::*;
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::SensorIx;

const KINDS: [Kind; 5] = [Kind::U16, Kind::I16, Kind::U32, Kind::I32, Kind::F32];
const ORDERS: [Order; 4] = [Order::Abcd, Order::Cdab, Order::Badc, Order::Dcba];

fn field(kind: Kind, order: Order) -> RegisterField {
    RegisterField {
        sensor: SensorIx(0),
        parameter: Parameter::Stage,
        place: Place { order, ..Place::new(Table::Input, 0, kind) },
        scale: 0.001,
        offset: 0.0,
        sentinels: vec![],
        destructive: false,
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
        assert_eq!(field(Kind::U32, order).decode(&words), stage(100_000));
    }
    assert_eq!(field(Kind::I16, Order::Badc).decode(&[0xFEFF]), stage(-2));
}

#[test]
fn a_sentinel_is_missing_and_nan_is_nonsense() {
    let mut i16_field = field(Kind::I16, Order::Abcd);
    i16_field.sentinels = vec![Sentinel::Whole(-32768), Sentinel::Whole(65535)];
    for word in [0x8000, 0xFFFF] {
        assert_eq!(i16_field.decode(&[word]), Observed::Missing);
    }
    let mut float = field(Kind::F32, Order::Abcd);
    float.sentinels = vec![Sentinel::Whole(-9999)];
    for (number, observed) in
        [(-9999.0, Observed::Missing), (f32::NAN, Observed::Nonsense), (f32::INFINITY, Observed::Nonsense)]
    {
        let words = float.place.words(u64::from(number.to_bits()));
        assert_eq!(float.decode(&words), observed);
    }
}

#[test]
fn half_an_answer_is_nonsense_and_not_a_number() {
    assert_eq!(field(Kind::U32, Order::Abcd).decode(&[1]), Observed::Nonsense);
    assert_eq!(field(Kind::U16, Order::Abcd).decode(&[0; 0]), Observed::Nonsense);
}

#[test]
fn a_value_beyond_the_wire_is_held_at_its_end() {
    let words = field(Kind::U16, Order::Abcd).encode(Value::from_raw(70_000));
    assert_eq!(words, [65_535]);
    assert_eq!(field(Kind::U16, Order::Abcd).encode(Value::from_raw(-5)), [0]);
}

#[test]
fn only_touching_registers_share_a_request_and_none_is_longer_than_125() {
    let at = |table, address, kind| RegisterField {
        place: Place::new(table, address, kind),
        ..field(kind, Order::Abcd)
    };
    let mut fields: Vec<_> = (0..70).map(|i| at(Table::Input, 200 + 2 * i, Kind::F32)).collect();
    fields.push(at(Table::Holding, 11, Kind::U16));
    fields.push(at(Table::Holding, 9, Kind::U32));
    fields.push(at(Table::Holding, 10, Kind::U16));
    fields.push(at(Table::Holding, 13, Kind::U16));
    let map = RegisterMap::of(fields);
    let requests: Vec<_> = map.requests().iter().map(|r| (r.table, r.address, r.count)).collect();
    assert_eq!(
        requests,
        [(Table::Holding, 9, 3), (Table::Holding, 13, 1), (Table::Input, 200, 124), (Table::Input, 324, 16)]
    );
    let request = ReadRequest { table: Table::Holding, address: 9, count: 3, destructive: false };
    assert_eq!(map.fields[70].words_of(&request, (&[7, 8, 9]).into()), Some((&[9]).into()));
    assert_eq!(map.fields[0].words_of(&request, (&[7, 8, 9]).into()), None);
    assert_eq!(map.fields[71].words_of(&request, (&[7]).into()), None);
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_again(
        raw in -1_000_000_i64..1_000_000, kind in 0_usize..5, order in 0_usize..4,
        scale in prop::sample::select(vec![0.001, 0.01, 0.1, 1.0]), offset in -3_i64..3,
    ) {
        let (kind, order) = (KINDS[kind], ORDERS[order]);
        let field = RegisterField {
            scale, offset: offset as f64, sentinels: vec![Sentinel::Whole(77), Sentinel::Whole(-1)], ..field(kind, order)
        };
        let words = field.encode(Value::from_raw(raw));
        prop_assert_eq!(words.len(), usize::from(kind.registers()));
        let Observed::Value(read) = field.decode(&words) else {
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
        let _ = field(KINDS[kind], ORDERS[order]).decode(&words);
    }
}
