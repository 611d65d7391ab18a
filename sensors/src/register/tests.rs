//! What registers must mean, whatever a device does with them.

use proptest::prelude::*;

use super::*;
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::station::SensorIx;

mod poll;

const KINDS: [Kind; 12] = [
    Kind::U16,
    Kind::I16,
    Kind::U32,
    Kind::I32,
    Kind::F32,
    Kind::U8,
    Kind::U64,
    Kind::I64,
    Kind::F64,
    Kind::Bcd16,
    Kind::Bcd32,
    Kind::Bit,
];
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

#[test]
fn the_four_orders_of_64_bits_read_the_same_number() {
    // 0x0000_0001_0002_0304 counts of 1 mm, bytes A to H.
    let words: [[u16; 4]; 4] = [
        [0x0000, 0x0001, 0x0002, 0x0304],
        [0x0304, 0x0002, 0x0001, 0x0000],
        [0x0000, 0x0100, 0x0200, 0x0403],
        [0x0403, 0x0200, 0x0100, 0x0000],
    ];
    for (order, words) in ORDERS.into_iter().zip(words) {
        let mut field = field(Kind::U64, order);
        assert_eq!(field.decode(&words), stage(0x0001_0002_0304));
        field.place.kind = Kind::I64;
        assert_eq!(field.decode(&words), stage(0x0001_0002_0304));
    }
    let double = field(Kind::F64, Order::Dcba);
    let words = double.encode(Value::from_raw(-2345));
    assert_eq!(words[3].swap_bytes(), 0xC0A2, "-2345.0 begins with C0 A2");
    assert_eq!(double.decode(&words), stage(-2345));
    assert_eq!(field(Kind::I64, Order::Abcd).decode(&[0xFFFF; 4]), stage(-1));
    assert_eq!(field(Kind::U64, Order::Abcd).decode(&[0xFFFF; 4]), Observed::Nonsense, "no gauge means that");
}

#[test]
fn decimal_digits_are_read_as_such_and_others_are_none() {
    assert_eq!(field(Kind::Bcd16, Order::Abcd).decode(&[0x1234]), stage(1234));
    assert_eq!(field(Kind::Bcd32, Order::Cdab).decode(&[0x5678, 0x1234]), stage(12_345_678));
    assert_eq!(field(Kind::Bcd16, Order::Abcd).decode(&[0x123A]), Observed::Nonsense);
    let mut field = field(Kind::Bcd16, Order::Abcd);
    field.sentinels = vec![Sentinel::Whole(0xFFFF), Sentinel::Whole(16)];
    assert_eq!(field.decode(&[0xFFFF]), Observed::Missing);
    assert_eq!(field.decode(&[0x0016]), Observed::Missing, "the number 16");
    assert_eq!(field.decode(&[0x0010]), stage(10), "the number 10, whose bits are 16");
    assert_eq!(field.encode(Value::from_raw(9876)), [0x9876]);
    assert_eq!(field.encode(Value::from_raw(70_000)), [0x9999]);
    assert_eq!(field.encode_missing(), Some(vec![0xFFFF]));
}

#[test]
fn a_counter_begins_again_where_its_register_ends() {
    let modulus = |kind| Place::new(Table::Input, 0, kind).modulus();
    assert_eq!(modulus(Kind::U16), Some(65_536.0));
    assert_eq!(modulus(Kind::U64), Some(18_446_744_073_709_551_616.0));
    assert_eq!((modulus(Kind::Bcd16), modulus(Kind::Bcd32)), (Some(1e4), Some(1e8)));
    assert_eq!((modulus(Kind::I32), modulus(Kind::F64), modulus(Kind::Bit)), (None, None, None));
    let run = Place { bits: Some(BitRun { first: 4, count: 12 }), ..Place::new(Table::Input, 0, Kind::U16) };
    assert_eq!(run.modulus(), Some(4096.0));
}

#[test]
fn sentinels_may_be_fractions_or_nan() {
    let mut field = field(Kind::F32, Order::Abcd);
    field.sentinels = vec![Sentinel::Real(-999.9), Sentinel::Real(f64::NAN)];
    for number in [-999.9_f32, f32::NAN, -f32::NAN] {
        let words = field.place.words(u64::from(number.to_bits()));
        assert_eq!(field.decode(&words), Observed::Missing, "{number}");
    }
    assert_eq!(field.encode_missing().map(|words| field.decode(&words)), Some(Observed::Missing));
    assert_eq!(field.decode(&field.encode(Value::from_raw(1250))), stage(1250));
}

#[test]
fn a_byte_of_a_register_is_a_number() {
    assert_eq!(field(Kind::U8, Order::Abcd).decode(&[0x2D07]), stage(7));
    assert_eq!(field(Kind::U8, Order::Badc).decode(&[0x2D07]), stage(0x2D));
}

/// `requests` as (address, count, destructive) of input registers.
fn asked(grouping: Grouping, places: &[(u16, Kind, bool)]) -> Vec<(u16, u16, bool)> {
    let fields = places.iter().map(|(address, kind, destructive)| RegisterField {
        place: Place::new(Table::Input, *address, *kind),
        destructive: *destructive,
        ..field(*kind, Order::Abcd)
    });
    let map = RegisterMap { grouping, ..RegisterMap::of(fields.collect()) };
    map.requests().iter().map(|r| (r.address, r.count, r.destructive)).collect()
}

#[test]
fn a_device_says_what_may_share_a_request() {
    let places = [(0, Kind::F32, false), (2, Kind::U16, false), (5, Kind::U16, false), (9, Kind::F64, false)];
    let usual = Grouping::default();
    assert_eq!(asked(usual, &places), [(0, 3, false), (5, 1, false), (9, 4, false)]);
    assert_eq!(asked(Grouping { gap_max: 2, ..usual }, &places), [(0, 6, false), (9, 4, false)]);
    assert_eq!(asked(Grouping { gap_max: 3, ..usual }, &places), [(0, 13, false)]);
    assert_eq!(
        asked(Grouping { gap_max: 3, request_max: 4, ..usual }, &places),
        [(0, 3, false), (5, 1, false), (9, 4, false)],
        "no number is read in two parts"
    );
    let single = [(0, 2, false), (2, 1, false), (5, 1, false), (9, 4, false)];
    assert_eq!(asked(Grouping { together: false, ..usual }, &places), single);
}

#[test]
fn a_register_that_reading_empties_is_read_alone_and_last_and_never_along_with_others() {
    let places = [(0, Kind::U16, false), (1, Kind::U16, true), (2, Kind::U16, false), (3, Kind::U16, true)];
    for gap_max in [0, 1, 100] {
        let asked = asked(Grouping { gap_max, ..Grouping::default() }, &places);
        assert_eq!(asked, [(0, 1, false), (2, 1, false), (1, 1, true), (3, 1, true)]);
    }
}

#[test]
fn bits_are_asked_for_by_thousands() {
    let coil = |n: u16| RegisterField {
        place: Place::new(Table::Coil, n, Kind::Bit),
        ..field(Kind::Bit, Order::Abcd)
    };
    let map = RegisterMap::of((0..2001).map(coil).collect());
    let requests: Vec<_> = map.requests().iter().map(|r| (r.table.function(), r.address, r.count)).collect();
    assert_eq!(requests, [(1, 0, 2000), (1, 2000, 1)]);
}

#[test]
fn what_a_lost_answer_emptied_is_unknown_and_never_no_rain() {
    let at = crate::time::Timestamp::from_ms;
    let depth = |raw| Observed::Value(Value::from_raw(raw));
    let mut rain = Emptied::default();
    assert_eq!(rain.answered(depth(5000), at(0)), None, "nobody knows since when it was gathered");
    assert_eq!(rain.answered(depth(200), at(300)), Some((at(0), depth(200))));
    assert_eq!(rain.answered(depth(0), at(600)), Some((at(300), depth(0))));
    rain.lost();
    rain.lost();
    assert_eq!(rain.answered(depth(0), at(1500)), Some((at(600), Observed::Missing)));
    rain.lost();
    let least = Observed::Doubtful(Value::from_raw(400));
    assert_eq!(rain.answered(depth(400), at(2400)), Some((at(1500), least)));
    assert_eq!(rain.answered(depth(0), at(2700)), Some((at(2400), depth(0))));
    assert_eq!(rain.answered(Observed::Nonsense, at(3000)), Some((at(2700), Observed::Nonsense)));
    assert_eq!(Emptied::since(at(5)).answered(depth(1), at(9)), Some((at(5), depth(1))));
}

#[test]
fn recorded_bytes_in_a_tcp_header_or_bare_are_read_too() {
    let tcp = Frame::Tcp.question(&[0, 7, 0, 0, 0, 6, 9, 1, 0, 3, 0, 10]).unwrap();
    let request = ReadRequest { table: Table::Coil, address: 3, count: 10, destructive: false };
    assert_eq!(tcp, Question { unit: 9, transaction: 7, request });
    let bits = [true, false, true, false, false, false, false, true, false, true];
    let reply = Frame::Tcp.reply(&tcp, &[0, 7, 0, 0, 0, 5, 9, 1, 2, 0x85, 0xFE]).unwrap();
    assert_eq!(reply, Reply::Bits(bits.to_vec()), "the filling of the last byte is cut off");
    assert_eq!(Frame::Tcp.reply(&tcp, &[0, 7, 0, 0, 0, 3, 9, 0x81, 6]), Ok(Reply::Refused(6)));
    let other = Frame::Tcp.reply(&tcp, &[0, 8, 0, 0, 0, 3, 9, 0x81, 6]);
    assert_eq!(other, Err(FrameError::Transaction { asked: 7, given: 8 }));
    let bare = Frame::Pdu.question(&[4, 0, 1, 0, 1]).unwrap();
    assert_eq!(Frame::Pdu.reply(&bare, &[4, 2, 0x12, 0x34]), Ok(Reply::Registers(vec![0x1234])));
    assert_eq!(Frame::Pdu.reply(&bare, &[3, 2, 0, 0]), Err(FrameError::Answered { asked: 4, given: 3 }));
    assert_eq!(Frame::Pdu.question(&[16, 0, 1, 0, 1]), Err(FrameError::Function(16)));
    assert_eq!(Frame::Pdu.question(&[3, 0, 1, 0, 126]), Err(FrameError::Question(125)));
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_told_to_be_none(
        bytes in prop::collection::vec(any::<u8>(), 0..40), cut in 0_usize..20,
    ) {
        for frame in [Frame::Rtu, Frame::Tcp, Frame::Pdu] {
            let _ = frame.question(&bytes);
            let request = ReadRequest { table: Table::Holding, address: 0, count: 1, destructive: false };
            let _ = frame.reply(&Question { unit: 1, transaction: 0, request }, &bytes);
        }
        let whole = [0x01, 0x03, 0x02, 0x02, 0x18, 0xB9, 0x2E];
        let asked = Frame::Rtu.question(&[0x01, 0x03, 0, 0, 0, 1, 0x84, 0x0A]).unwrap();
        prop_assert_eq!(Frame::Rtu.reply(&asked, &whole), Ok(Reply::Registers(vec![536])));
        if let Some(short) = whole.get(..cut).filter(|short| short.len() < whole.len()) {
            prop_assert!(Frame::Rtu.reply(&asked, short).is_err());
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_again(
        raw in -1_000_000_i64..1_000_000, kind in 0_usize..11, order in 0_usize..4,
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
            prop_assert!(kind.is_float());
            return Ok(());
        };
        let (low, high) = field.range();
        let steps = (scale * 1000.0) as i64;
        let exact = (raw - offset * 1000) / steps;
        if kind.is_float() || (low < exact && exact < high) {
            prop_assert!((read.raw() - raw).abs() <= 2 * steps, "{} for {}", read.raw(), raw);
        }
        if steps == 1 && kind == Kind::I32 && ![77, -1].contains(&exact) {
            prop_assert_eq!(read.raw(), raw);
        }
    }

    #[test]
    fn any_registers_are_a_value_or_told_to_be_none(
        words in prop::collection::vec(any::<u16>(), 0..6), kind in 0_usize..12, order in 0_usize..4,
    ) {
        let _ = field(KINDS[kind], ORDERS[order]).decode(&words);
    }
}
