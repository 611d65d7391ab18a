//! Promises of separated values, of words of health, of radio frames and of what is told once.

use base64::Engine as _;

use super::FrameStep::{Gap, Next, Repeated, Restarted};
use super::*;

fn csv(head: CsvHead) -> PayloadMap {
    let form = CsvForm { separator: b';', decimal_comma: true, head };
    let rain = PayloadField { period: Some(Period::Pointer("span".to_owned())), ..field(1, "rain") };
    PayloadMap::new(PayloadFormat::Csv(form), Some("at".to_owned()), vec![field(0, "stage"), rain])
}

fn order() -> PayloadMap {
    csv(CsvHead::Order(["at", "stage", "", "rain", "span"].map(str::to_owned).to_vec()))
}

fn values(decoded: &Decoded) -> Vec<(u32, Observed)> {
    decoded.observations.iter().map(|o| (o.sensor.0, o.value)).collect()
}

fn raw(raw: i64) -> Observed {
    Observed::Value(Value::from_raw(raw))
}

#[test]
fn lines_are_read_by_the_order_of_their_columns_or_by_their_first_line() {
    let line = "2025-11-16T14:00:00Z;1,25;x;0,4;600";
    let read = [(0, raw(1250)), (1, raw(400))];
    let decoded = decode(&order(), line).unwrap();
    assert_eq!((values(&decoded), &decoded.faults[..]), (read.to_vec(), &[][..]));
    assert_eq!(decoded.observations[1].from.unwrap().to_string(), "2025-11-16T13:50:00Z");
    let headed = format!("span;rain;stage;at\r\n600;\"0,4\";1,25;1763301600\r\n600;;;{}\r\n", 1_763_302_200);
    let decoded = decode(&csv(CsvHead::Line), &headed).unwrap();
    let missing = [(0, Observed::Missing), (1, Observed::Missing)];
    assert_eq!(values(&decoded), [read, missing].concat());
    assert_eq!(decoded.observations[2].measured_at.to_string(), "2025-11-16T14:10:00Z");
}

#[test]
fn a_line_that_can_not_be_read_is_told_with_its_number_and_harms_no_other() {
    let good = "1763301600;1,25;x;0,4;600";
    for (broken, faults) in [
        ("1763301600;1,25;x;0,4", 1),
        ("1763301600;1;2;3;4;5", 1),
        ("yesterday;1,25;x;0,4;600", 1),
        ("1763301600;1.25;x;0,4;600", 1),
        ("1763301600;1,2,5;x;0,4;600", 1),
        ("1763301600;1,25;x;0,4;0", 1),
        ("1763301600;a;x;b;600", 2),
    ] {
        let decoded = decode(&order(), &format!("{broken}\n{good}\n")).unwrap();
        assert!(values(&decoded).ends_with(&[(0, raw(1250)), (1, raw(400))]), "{broken}: {decoded:?}");
        assert_eq!(decoded.faults.len(), faults, "{broken}");
    }
    let fault = decode(&order(), &format!("{good}\n\n7\n")).unwrap().faults[0].to_string();
    assert!(fault.starts_with("line of values 2 can't be read (1 values for 5 columns)"), "{fault}");
}

#[test]
fn nothing_and_an_open_quote_are_no_lines() {
    for text in ["", "\n\n", "1763301600;\"1,25;x;0,4;600\n1763301600;1;x;0;600"] {
        assert!(matches!(decode(&order(), text), Err(PayloadError::NoLine { .. })), "{text:?}");
    }
    assert!(matches!(decode(&csv(CsvHead::Line), "at;stage\n"), Err(PayloadError::NoLine { .. })));
    // The columns are others than the type knows: nothing is read by its place.
    let decoded = decode(&csv(CsvHead::Line), "when;level\n1763301600;1\n").unwrap();
    assert!(decoded.observations.is_empty() && decoded.faults.len() == 1);
}

#[test]
fn a_thousand_lines_are_read() {
    let lines = "1763301600;1,25;x;0,4;600\n".repeat(1001);
    let decoded = decode(&order(), &lines).unwrap();
    assert_eq!(decoded.observations.len(), 2000);
    assert_eq!(decoded.faults, [PayloadError::TooMany { readings: 1001 }]);
}

#[test]
fn a_will_says_offline_and_what_says_neither_is_told() {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    let mut map = HealthMap { pointer: None, online: words(&["online", "1"]), offline: words(&["offline"]) };
    assert_eq!(map.read(b" online\n").unwrap(), Presence::Online);
    assert_eq!(map.read(b"offline").unwrap(), Presence::Offline);
    for neither in [&b""[..], b"ONLINE", b"{}", &[0xFF]] {
        let refusal = map.read(neither).unwrap_err().to_string();
        assert!(refusal.contains("online, 1, offline are known"), "{refusal}");
    }
    map.pointer = Some("/state".to_owned());
    assert_eq!(map.read(br#"{"state":1}"#).unwrap(), Presence::Online);
    assert_eq!(map.read(br#"{"state":"offline"}"#).unwrap(), Presence::Offline);
    assert!(map.read(br#"{"state":null}"#).is_err() && map.read(b"online").is_err());
    assert!(map.read(&vec![b' '; 70_000]).is_err());
}

/// One channel: 03 77 with a stage in cm.
fn radio() -> PayloadMap {
    let part = Part { at: 0, bytes: 2, signed: false, big_endian: false };
    let value = ChannelValue {
        sensor: SensorIx(0),
        part,
        scale: 0.01,
        offset: 0.0,
        period_s: None,
        missing: vec![0xFFFF],
    };
    let channel = Channel { id: 3, kind: 0x77, bytes: 2, time: None, values: vec![value], marks: vec![] };
    let form = LorawanForm { uplink: Uplink::Known, port: Some(85), signal: None, channels: vec![channel] };
    PayloadMap::new(PayloadFormat::Lorawan(Box::new(form)), None, vec![])
}

fn uplink(frame: u32, port: u8, data: &str) -> String {
    format!(
        r#"{{"time":"2025-11-16T14:00:00Z","deviceInfo":{{"devEui":"24e1"}},"fCnt":{frame},"fPort":{port},"data":"{data}"}}"#
    )
}

#[test]
fn a_frame_is_read_from_its_server_s_json_and_only_on_its_port() {
    let read = |text: &str| decode(&radio(), text).unwrap();
    // 03 77 02 00
    assert_eq!(values(&read(&uplink(1, 85, "A3cCAA=="))), [(0, raw(20))]);
    assert_eq!(values(&read(&uplink(1, 85, "A3cCAA"))), [(0, raw(20))], "without padding");
    assert_eq!(values(&read(&uplink(1, 85, "A3f//w=="))), [(0, Observed::Missing)], "a sentinel");
    assert_eq!(read(&uplink(1, 2, "A3cCAA==")), Decoded { frame: Some(1), ..Decoded::default() });
    for (text, why) in [
        (uplink(1, 85, "A3cCAA=").replace("A3", "*"), "no base64"),
        (uplink(1, 85, "").replace("\"\"", "7"), "no bytes"),
        (r#"{"data":"A3cCAA=="}"#.to_owned(), "shape"),
    ] {
        let refusal = decode(&radio(), &text).unwrap_err().to_string();
        assert!(refusal.contains(why), "{refusal}");
    }
    let bad_time = uplink(1, 85, "A3cCAA==").replace("2025-11-16T14:00:00Z", "now");
    assert!(matches!(decode(&radio(), &bad_time), Err(PayloadError::NoTime { .. })));
}

#[test]
fn another_server_is_described_by_pointers() {
    let mut map = radio();
    let PayloadFormat::Lorawan(form) = &mut map.format else { panic!() };
    let pointer = |text: &str| Some(text.to_owned());
    form.signal = Some(SensorIx(2));
    form.uplink = Uplink::Pointers {
        payload: "/hex".to_owned(),
        encoding: Encoding::Hex,
        time: pointer("/ts"),
        port: pointer("/port"),
        frame: pointer("/seq"),
        rssi: pointer("/rssi"),
    };
    let text = r#"{"hex":"03770200","ts":1763301600,"port":85,"seq":9,"rssi":-101}"#;
    let decoded = map.decode(text.as_bytes(), NOW, |ix| parameter(ix).or(Some(Parameter::Signal))).unwrap();
    assert_eq!(values(&decoded), [(0, raw(20)), (2, raw(-101))]);
    assert_eq!((decoded.frame, decoded.observations[0].measured_at.ms()), (Some(9), 1_763_301_600_000));
    assert!(decode(&map, &text.replace("0377", "037")).is_err());
}

#[test]
fn lost_and_repeated_frames_are_noticed() {
    let mut listener = Listener::default();
    let mut step = |frame| {
        let (decoded, step) =
            listener.hear(&radio(), uplink(frame, 85, "A3cCAA==").as_bytes(), NOW, parameter).unwrap();
        assert_eq!(decoded.observations.len(), 1, "also a repeated frame is given");
        step
    };
    let steps = [7, 8, 8, 12, 3, 4].map(&mut step);
    assert_eq!(steps, [Next, Next, Repeated, Gap { missed: 3 }, Restarted, Next]);
}

#[test]
fn an_oddity_of_a_device_is_told_once_and_a_fault_each_time() {
    let mut listener = Listener::default();
    let mut faults = |map: &PayloadMap, text: &str| {
        listener.hear(map, text.as_bytes(), NOW, parameter).unwrap().0.faults.len()
    };
    // 55 01: a channel that nobody described.
    let odd = uplink(1, 85, "VQE=");
    assert_eq!((faults(&radio(), &odd), faults(&radio(), &odd)), (1, 0));
    // 55 02 is another one; a cut frame is told again and again.
    assert_eq!(faults(&radio(), &uplink(1, 85, "VQI=")), 1);
    let cut = uplink(1, 85, "A3cC");
    assert_eq!((faults(&radio(), &cut), faults(&radio(), &cut)), (1, 1));
    let told: usize = (0..=255)
        .map(|kind: u8| {
            let data = base64::engine::general_purpose::STANDARD.encode([0x66, kind]);
            faults(&radio(), &uplink(1, 85, &data))
        })
        .sum();
    assert_eq!(told, Listener::TOLD_MAX - 2, "what is remembered is bounded");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn random_frames_and_lines_never_panic_and_numbers_of_any_width_are_exact(
        frame in prop::collection::vec(any::<u8>(), 0..64), number in any::<i64>(), width in 1_usize..=8,
        big_endian in any::<bool>(), signed in any::<bool>(),
    ) {
        let _ = radio().decode_frame(&frame, NOW, parameter);
        let _ = order().decode(&frame, NOW, parameter);
        let _ = radio().decode(&frame, NOW, parameter);
        let kept = number >> (64 - 8 * width);
        let mut bytes = kept.to_le_bytes()[..width].to_vec();
        if big_endian {
            bytes.reverse();
        }
        let part = Part { at: 1, bytes: width, signed, big_endian };
        let read = part.read(&[&[9][..], &bytes].concat());
        let expected = if signed { i128::from(kept) } else { i128::from(kept as u64 & (u64::MAX >> (64 - 8 * width))) };
        prop_assert_eq!(read, Some(expected));
        prop_assert_eq!(part.read(&bytes), None);
    }

    #[test]
    fn lines_cut_anywhere_give_only_what_was_written(
        stages in prop::collection::vec(0_i64..99_999, 1..5),
    ) {
        let line = |mm: &i64| format!("1763301600;{},{:03};x;0,4;600\n", mm / 1000, mm % 1000);
        let text: String = stages.iter().map(line).collect();
        let whole: Vec<_> = stages.iter().map(|mm| raw(*mm)).collect();
        for cut in 0..=text.len() {
            let decoded = decode(&order(), &text[..cut]).unwrap_or_default();
            let said: Vec<_> = values(&decoded).into_iter().filter(|(sensor, _)| *sensor == 0).map(|(_, v)| v).collect();
            prop_assert!(whole.starts_with(&said), "{:?} at {}", said, cut);
        }
    }
}
