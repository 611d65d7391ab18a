//! Promises of payloads.

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_ms(1_763_300_000_000);

fn field(sensor: u32, pointer: &str) -> PayloadField {
    PayloadField::new(SensorIx(sensor), pointer)
}

fn map() -> PayloadMap {
    let rain = PayloadField {
        period: Some(Period::Pointer("/data/period_s".to_owned())),
        ..field(1, "/data/rain~1fall")
    };
    PayloadMap::new(PayloadFormat::Json, Some("/at".to_owned()), vec![field(0, "/data/stage"), rain])
}

fn plain() -> PayloadMap {
    PayloadMap::new(PayloadFormat::Plain, None, vec![field(0, "")])
}

fn parameter(sensor: SensorIx) -> Option<Parameter> {
    [Parameter::Stage, Parameter::Rainfall].get(sensor.at()).copied()
}

fn decode(map: &PayloadMap, text: &str) -> Result<Decoded, PayloadError> {
    map.decode(text.as_bytes(), NOW, parameter)
}

fn stage_said(stage: &str) -> Decoded {
    decode(&map(), &format!(r#"{{"at":1763300000,"data":{{"stage":{stage}}}}}"#)).unwrap()
}

#[test]
fn a_json_object_gives_each_number_with_its_time_and_interval() {
    let text = r#"{"at":"2025-11-16T21:00:00+07:00","data":{"stage":"1.25","rain/fall":3.2,"period_s":600}}"#;
    let decoded = decode(&map(), text).unwrap();
    let at = Timestamp::parse_rfc3339("2025-11-16T14:00:00Z").unwrap();
    let [stage, rain] = decoded.observations[..] else { panic!("{decoded:?}") };
    assert_eq!(stage.value, Observed::Value(Value::from_raw(1250)));
    assert_eq!((stage.measured_at, stage.from, stage.arrived_at), (at, None, NOW));
    assert_eq!(rain.value, Observed::Value(Value::from_raw(3200)));
    assert_eq!(rain.from, Some(at.minus(Span::from_min(10))));
}

#[test]
fn seconds_and_milliseconds_are_told_apart_and_nonsense_is_no_time() {
    for time in ["1763300000", "1763300000000", "\"1763300000\"", "1763300000.0"] {
        let decoded = decode(&map(), &format!(r#"{{"at":{time},"data":{{"stage":1}}}}"#)).unwrap();
        assert_eq!(decoded.observations[0].measured_at, NOW, "{time}");
    }
    for time in ["null", "\"NaN\"", "\"yesterday\"", "1e300", "\"2025-11-16T21:00:00\"", "{}"] {
        let refusal = decode(&map(), &format!(r#"{{"at":{time},"data":{{"stage":1}}}}"#)).unwrap_err();
        assert!(matches!(&refusal, PayloadError::NoTime { pointer, .. } if pointer == "/at"), "{refusal}");
    }
}

#[test]
fn null_is_missing_and_nan_is_nonsense() {
    assert_eq!(stage_said("null").observations[0].value, Observed::Missing);
    for nonsense in ["\"NaN\"", "\"inf\"", "1e200"] {
        assert_eq!(stage_said(nonsense).observations[0].value, Observed::Nonsense, "{nonsense}");
    }
}

#[test]
fn what_is_no_number_is_told_with_its_place_and_harms_no_other_field() {
    let text = r#"{"at":1763300000,"data":{"stage":{"m":1},"rain/fall":3,"period_s":60}}"#;
    let decoded = decode(&map(), text).unwrap();
    assert_eq!(decoded.observations.len(), 1);
    let told = decoded.faults[0].to_string();
    assert!(told.contains("/data/stage") && told.contains(r#"{\"m\":1}"#), "{told}");
    let absent = stage_said("1").faults[0].to_string();
    assert!(absent.contains("/data/rain~1fall"), "{absent}");
}

#[test]
fn a_depth_without_its_period_is_told_and_not_guessed() {
    for period in ["0", "-600", "\"NaN\"", "1e12", "null", "0.0001"] {
        let text = format!(r#"{{"at":1763300000,"data":{{"stage":1,"rain/fall":3,"period_s":{period}}}}}"#);
        let decoded = decode(&map(), &text).unwrap();
        assert!(matches!(decoded.faults[..], [PayloadError::NoPeriod { .. }]), "{period}: {decoded:?}");
    }
}

#[test]
fn a_plain_payload_is_one_number() {
    let value = |text| decode(&plain(), text).unwrap().observations.first().map(|o| o.value);
    assert_eq!(value(" 1.25\r\n"), Some(Observed::Value(Value::from_raw(1250))));
    assert_eq!((value(""), value("nan")), (Some(Observed::Missing), Some(Observed::Nonsense)));
    assert_eq!(value("1,25"), None);
    assert_eq!(plain().decode(&[0xFF, 0x31], NOW, parameter).unwrap().faults.len(), 1);
}

#[test]
fn a_megabyte_is_refused_unread() {
    let refusal = plain().decode(&vec![b'1'; 1_000_000], NOW, parameter).unwrap_err();
    assert_eq!(refusal, PayloadError::TooLong { bytes: 1_000_000 });
}

#[test]
fn python_s_bare_nan_is_no_json_and_told() {
    let refusal = decode(&map(), r#"{"at":1763300000,"data":{"stage":NaN}}"#).unwrap_err();
    assert!(matches!(&refusal, PayloadError::NoObject { excerpt, .. } if excerpt.contains("NaN")));
}

fn observed() -> impl Strategy<Value = Observed> {
    prop_oneof![
        8 => (-10_000_000_i64..10_000_000).prop_map(|raw| Observed::Value(Value::from_raw(raw))),
        1 => Just(Observed::Missing),
        1 => Just(Observed::Nonsense),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_again_and_cut_anywhere_it_is_refused(
        stage in observed(), rain in observed(), ms in 0_i64..4_000_000_000_000, period in 1_i64..90_000,
        scale in prop::sample::select(vec![1.0, 0.001, 100.0]),
    ) {
        let measured_at = Timestamp::from_ms(ms);
        let from = Some(measured_at.minus(Span::from_s(period)));
        let said = [
            Observation { sensor: SensorIx(0), measured_at, from: None, arrived_at: NOW, value: stage },
            Observation { sensor: SensorIx(1), measured_at, from, arrived_at: NOW, value: rain },
        ];
        let mut map = map();
        map.fields[0].scale = scale;
        let bytes = map.encode(&said, parameter);
        let decoded = map.decode(&bytes, NOW, parameter).unwrap();
        prop_assert_eq!(&decoded.observations[..], &said[..]);
        for cut in 0..bytes.len() {
            prop_assert!(map.decode(&bytes[..cut], NOW, parameter).is_err());
        }
    }

    #[test]
    fn a_plain_number_survives_the_wire(value in observed()) {
        let said =
            Observation { sensor: SensorIx(0), measured_at: NOW, from: None, arrived_at: NOW, value };
        let bytes = plain().encode(&[said], parameter);
        let decoded = plain().decode(&bytes, NOW, parameter).unwrap();
        prop_assert_eq!(decoded.observations, [said]);
    }

    #[test]
    fn random_bytes_give_no_value_that_was_not_there(
        bytes in prop::collection::vec(any::<u8>(), 0..200), place in 0_usize..60, byte in any::<u8>(),
    ) {
        if let Ok(decoded) = plain().decode(&bytes, NOW, parameter) {
            let digits = bytes.iter().any(u8::is_ascii_digit);
            let value = decoded.observations.iter().any(|o| matches!(o.value, Observed::Value(_)));
            prop_assert!(digits || !value);
        }
        prop_assert!(map().decode(&bytes, NOW, parameter).is_err());
        // One byte of a good payload changed: what is read stands in the text.
        let mut text = br#"{"at":1763300000,"data":{"stage":1.25,"rain/fall":3,"period_s":600}}"#.to_vec();
        let at = place % text.len();
        text[at] = byte;
        let read = map().decode(&text, NOW, parameter).unwrap_or_default();
        for observation in read.observations {
            if let Observed::Value(value) = observation.value {
                let unit = value.in_unit(parameter(observation.sensor).unwrap());
                let text = String::from_utf8_lossy(&text);
                let written = text.split([':', ',', '}']).filter_map(|t| t.trim().parse::<f64>().ok());
                prop_assert!(written.into_iter().any(|n| (n - unit).abs() < 0.001), "{unit} in {text}");
            }
        }
    }
}
