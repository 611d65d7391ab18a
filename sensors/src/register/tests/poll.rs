//! What a poll says when parts of it fail.

use proptest::prelude::*;

use super::*;

const ALL: Vec<SensorIx> = Vec::new();

fn at(sensor: u32, address: u16, kind: Kind) -> RegisterField {
    RegisterField {
        sensor: SensorIx(sensor),
        place: Place::new(Table::Input, address, kind),
        ..field(kind, Order::Abcd)
    }
}

fn status(address: u16, when: When, then: Verdict, of: Vec<SensorIx>) -> Status {
    let place = Place::new(Table::Input, address, Kind::U16);
    Status { place, rules: vec![Rule { when, then, of }] }
}

fn said(map: &RegisterMap, answers: &[Answer<'_>]) -> Vec<(u32, Observed)> {
    map.observe(answers).said.iter().map(|said| (said.sensor.0, said.value)).collect()
}

fn value(raw: i64) -> Observed {
    Observed::Value(Value::from_raw(raw))
}

fn doubtful(raw: i64) -> Observed {
    Observed::Doubtful(Value::from_raw(raw))
}

#[test]
fn a_block_that_fails_takes_no_other_blocks_values_with_it() {
    let map = RegisterMap::of(vec![at(0, 0, Kind::U16), at(1, 10, Kind::U16), at(2, 20, Kind::U16)]);
    let [a, b, c] = map.requests()[..] else { panic!("three blocks") };
    let answers = [(a, Some((&[7]).into())), (b, None), (c, Some((&[9]).into()))];
    assert_eq!(said(&map, &answers), [(0, value(7)), (2, value(9))]);
    let out_of_order = [(c, Some((&[9]).into())), (a, Some((&[7]).into()))];
    assert_eq!(said(&map, &out_of_order), [(0, value(7)), (2, value(9))]);
}

#[test]
fn a_status_word_takes_only_the_values_it_speaks_of() {
    let mut map = RegisterMap::of(vec![at(0, 0, Kind::U16), at(1, 1, Kind::U16)]);
    map.statuses = vec![
        status(2, When::BitSet(0), Verdict::Missing, vec![SensorIx(0)]),
        status(3, When::BitClear(7), Verdict::Doubtful, ALL),
    ];
    let [request] = map.requests()[..] else { panic!("one block") };
    let poll = |word, other| said(&map, &[(request, Some((&[7, 8, word, other]).into()))]);
    assert_eq!(poll(0, 0x80), [(0, value(7)), (1, value(8))]);
    assert_eq!(poll(1, 0x80), [(0, Observed::Missing), (1, value(8))]);
    assert_eq!(poll(0, 0), [(0, doubtful(7)), (1, doubtful(8))]);
    assert_eq!(poll(1, 0), [(0, Observed::Missing), (1, doubtful(8))]);
}

#[test]
fn a_value_whose_status_is_unknown_is_never_good() {
    for verdict in [Verdict::Doubtful, Verdict::Missing, Verdict::Busy] {
        let mut map = RegisterMap::of(vec![at(0, 0, Kind::U16), at(1, 1, Kind::U16)]);
        map.statuses = vec![status(50, When::BitSet(0), verdict, vec![SensorIx(0)])];
        let [block, word] = map.requests()[..] else { panic!("two blocks") };
        let values = (block, Some((&[7, 8]).into()));
        assert_eq!(said(&map, &[values, (word, None)]), [(0, doubtful(7)), (1, value(8))]);
        assert_eq!(said(&map, &[values]), [(0, doubtful(7)), (1, value(8))]);
        assert!(!map.observe(&[values]).busy, "nobody said that it is busy");
        assert_eq!(map.observe(&[(block, None), (word, None)]), Poll::default());
    }
}

#[test]
fn a_busy_device_gives_no_value_and_a_stuck_one_is_seen() {
    let mut map = RegisterMap::of(vec![at(0, 1, Kind::U16)]);
    map.statuses = vec![status(0, When::Differs(vec![0]), Verdict::Busy, ALL)];
    let [request] = map.requests()[..] else { panic!("one block") };
    let ready = map.observe(&[(request, Some((&[0, 7]).into()))]);
    assert_eq!((ready.busy, ready.said[0].value), (false, value(7)));
    for stuck in [1, 2, 0xFFFF] {
        let busy = map.observe(&[(request, Some((&[stuck, 7]).into()))]);
        assert!(busy.busy);
        assert_eq!(busy.said[0].value, Observed::Missing, "what is not ready is missing, not silent");
    }
}

#[test]
fn a_bit_a_run_of_bits_and_a_coil_are_numbers() {
    let run = |first, count| {
        let mut field = at(0, 0, Kind::U16);
        field.place.bits = Some(BitRun { first, count });
        field.scale = 1.0;
        field.parameter = Parameter::GatesOpen;
        field
    };
    let word = &[0b1011_0000_0000_0110_u16];
    let read = |field: &RegisterField| field.decode(word);
    assert_eq!((read(&run(1, 1)), read(&run(0, 1)), read(&run(1, 2))), (value(1), value(0), value(3)));
    assert_eq!((read(&run(12, 4)), read(&run(0, 16))), (value(0b1011), value(0b1011_0000_0000_0110)));
    let mut coil = run(0, 1);
    coil.place = Place::new(Table::Coil, 0, Kind::Bit);
    assert_eq!(coil.decode(Words::Bits(&[true])), value(1));
    assert_eq!(coil.decode(word), Observed::Nonsense, "registers are no coils");
    assert_eq!(run(0, 1).decode(Words::Bits(&[true])), Observed::Nonsense);
    for field in [run(1, 1), run(1, 2), run(12, 4)] {
        let encoded = field.encode(Value::from_raw(1));
        assert_eq!(field.decode(&encoded), value(1));
    }
}

#[test]
fn a_device_that_is_well_can_be_played() {
    let rules = |when: Vec<When>| Status {
        place: Place::new(Table::Input, 0, Kind::U16),
        rules: when.into_iter().map(|when| Rule { when, then: Verdict::Missing, of: ALL }).collect(),
    };
    assert_eq!(rules(vec![When::BitSet(0), When::BitSet(3)]).well(), Some(0));
    assert_eq!(rules(vec![When::BitClear(4), When::BitSet(0)]).well(), Some(16));
    assert_eq!(rules(vec![When::Equals(vec![0])]).well(), Some(1));
    assert_eq!(rules(vec![When::Equals(vec![70, 67]), When::Differs(vec![45, 70])]).well(), Some(45));
    assert_eq!(rules(vec![When::BitSet(0), When::BitClear(0)]).well(), None);
}

fn rich_map() -> RegisterMap {
    let mut fields: Vec<_> = (0..12)
        .map(|n| at(n, 4 * n as u16, [Kind::U64, Kind::F64, Kind::Bcd32, Kind::I16][n as usize % 4]))
        .collect();
    fields.push(RegisterField { place: Place::new(Table::Coil, 3, Kind::Bit), ..at(12, 0, Kind::Bit) });
    let statuses = vec![
        status(60, When::BitSet(2), Verdict::Missing, vec![SensorIx(1)]),
        status(0, When::Equals(vec![7]), Verdict::Busy, ALL),
    ];
    RegisterMap { fields, statuses, grouping: Grouping { gap_max: 3, ..Grouping::default() } }
}

proptest! {
    #[test]
    fn answers_cut_at_every_length_give_no_wrong_number(
        words in prop::collection::vec(any::<u16>(), 130), cut in 0_usize..130, table in 0_usize..2,
    ) {
        let map = rich_map();
        let requests = map.requests();
        let bits: Vec<bool> = words.iter().map(|word| word & 1 == 1).collect();
        let whole: Vec<Answer<'_>> = requests.iter().map(|request| {
            let words = if request.table.is_of_bits() { Words::Bits(&bits) } else { Words::Registers(&words) };
            (*request, words.part(0, usize::from(request.count)))
        }).collect();
        let all = map.observe(&whole);
        prop_assert_eq!(all.said.len(), map.fields.len());
        let mut short = whole.clone();
        let victim = table.min(short.len() - 1);
        short[victim].1 = short[victim].1.and_then(|words| words.part(0, cut.min(words.len().saturating_sub(1))));
        let rest = map.observe(&short);
        prop_assert!(rest.said.len() < all.said.len(), "a block that was cut says nothing");
        for said in &rest.said {
            let full = all.said.iter().find(|other| other.sensor == said.sensor).unwrap();
            let same = said.value == full.value;
            let doubted = matches!((said.value, full.value), (Observed::Doubtful(a), Observed::Value(b)) if a == b);
            prop_assert!(same || doubted || matches!(full.value, Observed::Missing), "{:?} for {:?}", said, full);
        }
        // Longer than asked is no answer either.
        let long: Vec<Answer<'_>> = whole.iter().map(|(request, _)| (*request, Some(Words::Registers(&words)))).collect();
        prop_assert_eq!(map.observe(&long).said.len(), 0);
    }

    #[test]
    fn no_map_and_no_answer_make_it_panic(
        places in prop::collection::vec((0_usize..4, any::<u16>(), 0_usize..12, 0_usize..4), 0..12),
        gap_max in 0_u16..200, request_max in 0_u16..200, together: bool,
        words in prop::collection::vec(any::<u16>(), 0..130),
    ) {
        let tables = [Table::Coil, Table::Discrete, Table::Holding, Table::Input];
        let fields = places.iter().map(|(table, address, kind, order)| {
            let place = Place { order: ORDERS[*order], ..Place::new(tables[*table], *address, KINDS[*kind]) };
            RegisterField { place, destructive: address % 5 == 0, ..field(KINDS[*kind], Order::Abcd) }
        });
        let mut map = RegisterMap::of(fields.collect());
        map.grouping = Grouping { together, request_max, gap_max };
        let requests = map.requests();
        for field in &map.fields {
            let asked = requests.iter().filter(|request| request.offset_of(&field.place).is_some());
            prop_assert!(field.place.end() > 65_536 || asked.count() > 0, "{:?} in {:?}", field.place, requests);
        }
        let answers: Vec<Answer<'_>> = requests.iter().map(|request| (*request, Some(Words::Registers(&words)))).collect();
        let _ = map.observe(&answers);
    }
}
