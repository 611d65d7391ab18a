//! Promises of JSON lists, units, qualities and times of their own.

use super::*;

const T: &str = "1763300000";

fn gateway() -> PayloadMap {
    let quality = QualityMap {
        pointer: "/q".to_owned(),
        words: QualityWords {
            words: vec![
                ("ok".to_owned(), Said::Good),
                ("1".to_owned(), Said::Doubtful),
                ("2".to_owned(), Said::Missing),
                ("true".to_owned(), Said::Bad),
            ],
            other: Said::Doubtful,
        },
        absent: Said::Good,
    };
    let unit = Some(UnitSource { pointer: "/u".to_owned(), optional: true });
    let stage = PayloadField {
        name: Some("stage".to_owned()),
        unit: unit.clone(),
        quality: Some(quality),
        missing: vec![-9999.0],
        ..field(0, "/v")
    };
    let rain = PayloadField {
        name: Some("rain".to_owned()),
        unit,
        period: Some(Period::Seconds(600)),
        ..field(1, "/v")
    };
    let readings = Readings {
        pointer: "/e".to_owned(),
        time: Some("/t".to_owned()),
        name: Some("/n".to_owned()),
        ignored: vec!["door".to_owned()],
    };
    let map = PayloadMap::new(PayloadFormat::Json, None, vec![stage, rain]);
    PayloadMap { readings: Some(readings), ..map }
}

fn elements(elements: &str) -> Decoded {
    decode(&gateway(), &format!(r#"{{"e":[{elements}]}}"#)).unwrap()
}

fn one(rest: &str) -> Decoded {
    elements(&format!(r#"{{"n":"stage","t":{T},{rest}}}"#))
}

fn raw(raw: i64) -> Observed {
    Observed::Value(Value::from_raw(raw))
}

#[test]
fn an_element_is_read_by_the_field_of_its_name_at_its_own_time() {
    let text = r#"{"n":"rain","v":0.2,"t":1763299400},{"n":"stage","v":1.5,"t":1763300000},{"n":"door","v":1,"t":0}"#;
    let decoded = elements(text);
    let said: Vec<_> =
        decoded.observations.iter().map(|o| (o.sensor.0, o.value, o.measured_at, o.from)).collect();
    let before = NOW.minus(Span::from_min(10));
    let rain = (1, raw(200), before, Some(before.minus(Span::from_min(10))));
    assert_eq!((said, decoded.faults), (vec![rain, (0, raw(1500), NOW, None)], vec![]));
}

#[test]
fn a_broken_element_harms_no_other() {
    for broken in [
        "7",
        "null",
        "[]",
        r#"{"v":1,"t":1}"#,
        r#"{"n":"stage","v":1}"#,
        r#"{"n":"stage","v":{},"t":1}"#,
        r#"{"n":"level","v":1,"t":1}"#,
    ] {
        let decoded = elements(&format!(r#"{broken},{{"n":"stage","v":2,"t":{T}}}"#));
        assert_eq!(decoded.observations.len(), 1, "{broken}");
        assert_eq!((decoded.observations[0].value, decoded.faults.len()), (raw(2000), 1), "{broken}");
    }
}

#[test]
fn a_unit_is_converted_where_it_is_known_and_refused_where_not() {
    for (told, value) in
        [(r#""v":123,"u":"cm""#, 1230), (r#""v":1.23,"u":" m ""#, 1230), (r#""v":1.23"#, 1230)]
    {
        assert_eq!(one(told).observations[0].value, raw(value), "{told}");
    }
    for told in [r#""v":1.23,"u":"V""#, r#""v":1.23,"u":7"#, r#""v":1.23,"u":"furlong""#] {
        let decoded = one(told);
        assert!(decoded.observations.is_empty(), "{told}");
        assert!(decoded.faults[0].to_string().contains("m, cm, mm"), "{:?}", decoded.faults);
    }
}

#[test]
fn a_device_s_own_word_on_its_number_is_believed_and_an_unknown_word_is_not_good() {
    let doubtful = Observed::Doubtful(Value::from_raw(1000));
    for (told, value, faults) in [
        (r#""v":1,"q":"ok""#, raw(1000), 0),
        (r#""v":1"#, raw(1000), 0),
        (r#""v":1,"q":1"#, doubtful, 0),
        (r#""v":"-.-","q":2"#, Observed::Missing, 0),
        (r#""v":1,"q":true"#, Observed::Nonsense, 0),
        (r#""v":1,"q":"?""#, doubtful, 1),
        (r#""v":1,"q":1.5"#, doubtful, 1),
        (r#""v":-9999,"q":1"#, Observed::Missing, 0),
    ] {
        let decoded = one(told);
        assert_eq!((decoded.observations[0].value, decoded.faults.len()), (value, faults), "{told}");
    }
}

#[test]
fn a_thousand_readings_are_read_and_what_comes_after_them_is_told() {
    let element = format!(r#"{{"n":"stage","v":1,"t":{T}}}"#);
    let many = |count: usize| elements(&vec![element.as_str(); count].join(","));
    assert_eq!((many(1000).observations.len(), many(1000).faults.len()), (1000, 0));
    let decoded = many(1001);
    assert_eq!(decoded.observations.len(), 1000);
    assert_eq!(decoded.faults, [PayloadError::TooMany { readings: 1001 }]);
    let faults = elements(&["7"; 900].join(",")).faults;
    assert_eq!(faults.len(), Decoded::FAULTS_MAX + 1);
    assert_eq!(faults.last(), Some(&PayloadError::More { faults: 900 - Decoded::FAULTS_MAX }));
}

#[test]
fn the_message_itself_may_be_the_list_and_something_else_is_refused() {
    let mut map = gateway();
    map.readings.as_mut().unwrap().pointer = String::new();
    let decoded = decode(&map, &format!(r#"[{{"n":"stage","v":1,"t":{T}}}]"#)).unwrap();
    assert_eq!(decoded.observations.len(), 1);
    assert!(matches!(decode(&map, "{}"), Err(PayloadError::NoList { .. })));
    assert!(matches!(decode(&gateway(), "[]"), Err(PayloadError::NoObject { .. })));
    assert!(matches!(decode(&gateway(), r#"{"e":7}"#), Err(PayloadError::NoList { .. })));
}

#[test]
fn json_nested_beyond_all_measure_is_refused() {
    for depth in [129, 10_000] {
        let deep = format!(r#"{{"e":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert!(matches!(decode(&gateway(), &deep), Err(PayloadError::NoObject { .. })), "{depth}");
    }
}

#[test]
fn a_field_may_have_a_time_of_its_own_or_the_device_s_clock() {
    let own = PayloadField { time: Some("/rain_at".to_owned()), ..field(0, "/stage") };
    let mut map = PayloadMap::new(PayloadFormat::Json, Some("/at".to_owned()), vec![own, field(1, "/rain")]);
    map.fields[1].period = Some(Period::Seconds(60));
    map.time_form = TimeForm::local("%Y-%m-%d %H:%M:%S", Span::from_min(420)).unwrap();
    let text = r#"{"at":"2025-11-16 21:00:00","rain_at":"2025-11-16 20:00:00","stage":1,"rain":2}"#;
    let times: Vec<_> =
        decode(&map, text).unwrap().observations.iter().map(|o| o.measured_at.to_string()).collect();
    assert_eq!(times, ["2025-11-16T13:00:00Z", "2025-11-16T14:00:00Z"]);
    let refusal = decode(&map, r#"{"at":"2025-11-16T21:00:00Z"}"#).unwrap_err().to_string();
    assert!(refusal.contains("%Y-%m-%d %H:%M:%S"), "{refusal}");
}

#[test]
fn a_map_knows_whether_it_tells_the_time_and_whose_it_is() {
    let mut map = gateway();
    assert!(map.tells_time());
    assert_eq!(map.sensors(), [SensorIx(0), SensorIx(1)]);
    map.readings = None;
    assert!(!map.tells_time());
    let bound = gateway().bound(|ix| (ix.0 == 1).then_some(SensorIx(7)));
    assert_eq!(bound.sensors(), [SensorIx(7)]);
    let text = format!(r#"{{"e":[{{"n":"stage","v":1,"t":{T}}}]}}"#);
    // What the station does without is known, and not worth a word.
    assert_eq!(decode(&bound, &text).unwrap(), Decoded::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_cut_or_changed_anywhere_never_gives_a_number_that_was_not_there(
        raws in prop::collection::vec(-9000_i64..9000, 1..6), place in any::<usize>(), byte in any::<u8>(),
    ) {
        let list = raws.iter().map(|mm| format!(r#"{{"n":"stage","v":{mm},"u":"mm","t":{T}}}"#));
        let text = format!(r#"{{"e":[{}]}}"#, list.collect::<Vec<_>>().join(","));
        let values = |decoded: &Decoded| decoded.observations.iter().map(|o| o.value).collect::<Vec<_>>();
        let whole: Vec<_> = raws.iter().map(|mm| raw(*mm)).collect();
        prop_assert_eq!(values(&decode(&gateway(), &text).unwrap()), whole.clone());
        for cut in 0..text.len() {
            prop_assert!(decode(&gateway(), &text[..cut]).is_err());
        }
        let mut changed = text.into_bytes();
        let place = place % changed.len();
        changed[place] = byte;
        if let Ok(decoded) = gateway().decode(&changed, NOW, parameter) {
            let others = values(&decoded).iter().filter(|value| !whole.contains(value)).count();
            prop_assert!(others <= 1, "{:?}", decoded);
        }
    }
}
