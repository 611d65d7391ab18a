//! Promises of the Sparkplug host.
//!
//! The bytes were written by another implementation (pysparkplug 0.6.1 on protobuf 7), for a node
//! with a supply and a device with a stage, a rainfall, a temperature, a door and a serial number.

use proptest::prelude::*;

use super::*;
use crate::payload::{PayloadField, PayloadFormat, Period, hex_bytes};
use crate::quantity::Value;
use crate::reading::Observed;
use crate::time::Span;

/// When node and device were born.
const BORN: Timestamp = Timestamp::from_ms(1_763_301_600_000);

const NBIRTH: &str = "0880d6dce7a83312120a0562645365711880d6dce7a8332004580712210a144e6f646520436f6e74726f6c2f526562697274681880d6dce7a833200b7000121c0a06537570706c7910011880d6dce7a833200a69b81e85eb513829401800";
const DBIRTH: &str = "0880d6dce7a833121d0a0b4c6576656c2f5374616765100a1880d6dce7a833200965a4709d3f12200a0a5261696e2f31306d696e100b1880d6dce7a833200a699a9999999999d93f12200a0f4169722f54656d7065726174757265100c1880d6dce7a833200250f1ff0312130a04446f6f72100d1880d6dce7a833200b7001121c0a0653657269616c100e1880d6dce7a833200c7a074b4c2d303037311801";
/// Stage 1.5 m and -20 °C, by alias and without datatypes; seq 2.
const DDATA: &str = "08e0aae0e7a833120e100a18e0aae0e7a833650000c03f120d100c18e0aae0e7a83350ecff031802";
/// Stage `is_null`; seq 3.
const DDATA_NULL: &str = "08c0ffe3e7a833120b100a18c0ffe3e7a83338011803";
/// Stage 0.9 m, an hour before its birth, `is_historical`; seq 4.
const DDATA_PAST: &str = "08a0d4e7e7a8331210100a1880f980e6a8332801656666663f1804";
/// Stage 2.5 m by alias, rainfall 1.2 mm by name; seq 9.
const DDATA_GAP: &str = "0880a9ebe7a8331210100a1880a9ebe7a83320096500002040121e0a0a5261696e2f31306d696e1880a9ebe7a833200a69333333333333f33f1809";
/// Alias 99; seq 2.
const DDATA_ALIAS: &str = "08e0aae0e7a833120e106318e0aae0e7a833650000c03f1802";
/// Supply 12.5 V by alias; seq 2.
const NDATA: &str = "08e0aae0e7a8331212100118e0aae0e7a8336900000000000029401802";
/// Seq 5.
const DDEATH: &str = "08e0fdeee7a8331805";
/// bdSeq 7, that of the birth.
const NDEATH: &str = "0880d6dce7a83312120a0562645365711880d6dce7a83320045807";
/// bdSeq 6.
const NDEATH_OLD: &str = "0880d6dce7a83312120a0562645365711880d6dce7a83320045806";

const PARAMETERS: [Parameter; 4] =
    [Parameter::Battery, Parameter::Stage, Parameter::Rainfall, Parameter::AirTemperature];

fn parameter(ix: SensorIx) -> Option<Parameter> {
    PARAMETERS.get(ix.at()).copied()
}

fn host() -> SparkplugHost {
    let field = |sensor, metric: &str| PayloadField::new(SensorIx(sensor), metric);
    let rain = PayloadField { period: Some(Period::Seconds(600)), ..field(2, "Rain/10min") };
    let source = |device: Option<&str>, fields| SparkplugSource {
        group: "Hue".to_owned(),
        node: "kim-long".to_owned(),
        device: device.map(str::to_owned),
        map: PayloadMap::new(PayloadFormat::Sparkplug, None, fields),
    };
    SparkplugHost::new(vec![
        source(None, vec![field(0, "Supply")]),
        source(Some("logger"), vec![field(1, "Level/Stage"), rain, field(3, "Air/Temperature")]),
    ])
}

fn hear(host: &mut SparkplugHost, word: &str, hex: &str, now: Timestamp) -> SparkplugSaid {
    let device = if word.starts_with('D') { "/logger" } else { "" };
    let topic = format!("spBv1.0/Hue/{word}/kim-long{device}");
    host.take(&SparkplugTopic::parse(&topic).unwrap(), &hex_bytes(hex).unwrap(), now, parameter)
}

fn born() -> SparkplugHost {
    let mut host = host();
    assert_eq!(hear(&mut host, "NBIRTH", NBIRTH, BORN).faults, []);
    assert_eq!(hear(&mut host, "DBIRTH", DBIRTH, BORN).faults, []);
    host
}

fn values(said: &SparkplugSaid) -> Vec<(u32, Observed)> {
    said.observations.iter().map(|o| (o.sensor.0, o.value)).collect()
}

fn value(raw: i64) -> Observed {
    Observed::Value(Value::from_raw(raw))
}

#[test]
fn births_give_their_values_and_who_is_there() {
    let mut host = host();
    let node = hear(&mut host, "NBIRTH", NBIRTH, BORN);
    assert_eq!(values(&node), [(0, value(12_610))]);
    let there = |source| SparkplugPresence { source, presence: Presence::Online, at: BORN };
    assert_eq!((&node.presence[..], &node.ask_rebirth), (&[there(0)][..], &None));
    let device = hear(&mut host, "DBIRTH", DBIRTH, BORN);
    assert_eq!(values(&device), [(1, value(1230)), (2, value(400)), (3, value(-1500))]);
    assert_eq!(device.presence, [there(1)]);
    assert_eq!(device.observations[1].from, Some(BORN.minus(Span::from_min(10))));
}

#[test]
fn data_is_read_through_the_aliases_and_datatypes_of_the_birth() {
    let mut host = born();
    let said = hear(&mut host, "DDATA", DDATA, BORN);
    assert_eq!((values(&said), &said.faults[..]), (vec![(1, value(1500)), (3, value(-2000))], &[][..]));
    assert_eq!(said.observations[0].measured_at, BORN.plus(Span::from_min(1)));
    assert_eq!(values(&hear(&mut host, "DDATA", DDATA_NULL, BORN)), [(1, Observed::Missing)]);
    let past = hear(&mut host, "DDATA", DDATA_PAST, BORN);
    assert_eq!(values(&past), [(1, value(900))]);
    assert_eq!(past.observations[0].measured_at, BORN.minus(Span::from_h(1)));
    assert_eq!(past.ask_rebirth, None);
}

#[test]
fn data_before_its_birth_is_not_guessed_and_the_birth_is_asked_for_at_a_bounded_rate() {
    let mut host = host();
    let said = hear(&mut host, "DDATA", DDATA, BORN);
    assert_eq!((said.observations, said.faults), (vec![], vec![SparkplugFault::Unborn]));
    let command = said.ask_rebirth.unwrap();
    assert_eq!(command.topic, "spBv1.0/Hue/NCMD/kim-long");
    // The same command as another implementation writes it.
    let theirs = "0880d6dce7a83312210a144e6f646520436f6e74726f6c2f526562697274681880d6dce7a833200b7001";
    assert_eq!(command.payload, hex_bytes(theirs).unwrap());
    let mut asked = 0;
    for half_minutes in 0..2880 {
        let now = BORN.plus(Span::from_s(30 * half_minutes));
        let said = hear(&mut host, "DDATA", DDATA, now);
        asked += usize::from(said.ask_rebirth.is_some());
    }
    assert!((40..60).contains(&asked), "{asked} times in a day");
    // A node that is there and a device that is not: the device's birth comes with the node's.
    hear(&mut host, "NBIRTH", NBIRTH, BORN);
    let said = hear(&mut host, "DDATA", &DDATA.replace("1802", "1801"), BORN);
    assert_eq!((said.observations, said.faults), (vec![], vec![SparkplugFault::Unborn]));
    assert!(said.ask_rebirth.is_some());
}

#[test]
fn after_a_gap_what_is_told_by_alias_is_doubtful_until_the_next_birth() {
    let mut host = born();
    let said = hear(&mut host, "DDATA", DDATA_GAP, BORN);
    assert_eq!(said.faults, [SparkplugFault::Gap { expected: 2, seq: 9 }]);
    assert!(said.ask_rebirth.is_some());
    let doubtful = Observed::Doubtful(Value::from_raw(2500));
    assert_eq!(values(&said), [(1, doubtful), (2, value(1200))]);
    hear(&mut host, "NBIRTH", NBIRTH, BORN);
    hear(&mut host, "DBIRTH", DBIRTH, BORN);
    assert_eq!(values(&hear(&mut host, "DDATA", DDATA, BORN))[0], (1, value(1500)));
}

#[test]
fn a_node_that_tears_at_every_birth_is_asked_once_in_half_a_minute() {
    let mut host = host();
    let mut asked = 0;
    for s in 0..600 {
        let now = BORN.plus(Span::from_s(s));
        hear(&mut host, "NBIRTH", NBIRTH, now);
        asked += usize::from(hear(&mut host, "DDATA", DDATA_GAP, now).ask_rebirth.is_some());
    }
    assert_eq!(asked, 20);
}

#[test]
fn two_stations_may_share_a_device() {
    let mut sources = host().sources().to_vec();
    let mut second = sources[1].clone();
    second.map = second.map.bound(|ix| (ix.0 == 3).then_some(SensorIx(1)));
    sources.push(second);
    let mut host = SparkplugHost::new(sources);
    hear(&mut host, "NBIRTH", NBIRTH, BORN);
    assert_eq!(hear(&mut host, "DBIRTH", DBIRTH, BORN).presence.len(), 2);
    let said = hear(&mut host, "DDATA", DDATA, BORN);
    assert_eq!(values(&said), [(1, value(1500)), (3, value(-2000)), (1, value(-20_000))]);
    assert_eq!(said.faults, []);
}

#[test]
fn the_same_message_again_is_no_gap() {
    let mut host = born();
    let once = hear(&mut host, "DDATA", DDATA, BORN);
    assert_eq!(hear(&mut host, "DDATA", DDATA, BORN), once);
}

#[test]
fn an_unknown_alias_is_told_and_asks_for_the_birth() {
    let mut host = born();
    let said = hear(&mut host, "DDATA", DDATA_ALIAS, BORN);
    assert_eq!((said.observations, said.faults), (vec![], vec![SparkplugFault::UnknownAlias { alias: 99 }]));
    assert!(said.ask_rebirth.is_some());
}

#[test]
fn a_death_takes_the_node_and_its_devices_and_an_old_one_nobody() {
    let mut host = born();
    let old = hear(&mut host, "NDEATH", NDEATH_OLD, BORN);
    assert_eq!((old.presence, old.faults), (vec![], vec![SparkplugFault::OldDeath]));
    assert_eq!(values(&hear(&mut host, "NDATA", NDATA, BORN)), [(0, value(12_500))]);
    let gone = |source| SparkplugPresence { source, presence: Presence::Offline, at: BORN };
    assert_eq!(hear(&mut host, "NDEATH", NDEATH, BORN).presence, [gone(0), gone(1)]);
    assert_eq!(hear(&mut host, "NDATA", NDATA, BORN).faults, [SparkplugFault::Unborn]);
    // A device dies alone.
    let mut host = born();
    for data in [DDATA, DDATA_NULL, DDATA_PAST] {
        hear(&mut host, "DDATA", data, BORN);
    }
    let said = hear(&mut host, "DDEATH", DDEATH, BORN.plus(Span::from_s(9)));
    let gone_at = BORN.plus(Span::from_min(5));
    assert_eq!(said.presence, [SparkplugPresence { at: gone_at, ..gone(1) }]);
    assert_eq!((said.faults, said.ask_rebirth), (vec![], None));
}

#[test]
fn without_its_session_the_host_forgets_and_asks_each_node_once_in_a_while() {
    let mut host = born();
    assert_eq!(host.unborn(BORN), []);
    host.forget();
    assert_eq!(host.unborn(BORN).len(), 1, "one node, not one for each device");
    assert_eq!(host.unborn(BORN.plus(Span::from_s(20))), []);
    assert_eq!(host.unborn(BORN.plus(Span::from_s(31))).len(), 1);
    assert_eq!(hear(&mut host, "NDATA", NDATA, BORN).faults, [SparkplugFault::Unborn]);
}

#[test]
fn what_a_device_calls_stale_is_doubtful_and_what_it_calls_bad_is_no_value() {
    // The property `Quality` behind `engUnit`: 192, 500 and 0.
    let doubtful = Observed::Doubtful(Value::from_raw(1500));
    for (hex, told) in [
        (
            "0880d6dce7a8331230100a1880d6dce7a8334a200a07656e67556e69740a075175616c6974791205080c42016d1205080318c001650000c03f1802",
            value(1500),
        ),
        (
            "0880d6dce7a8331230100a1880d6dce7a8334a200a07656e67556e69740a075175616c6974791205080c42016d1205080318f403650000c03f1802",
            doubtful,
        ),
        (
            "0880d6dce7a833122f100a1880d6dce7a8334a1f0a07656e67556e69740a075175616c6974791205080c42016d120408031800650000c03f1802",
            Observed::Nonsense,
        ),
    ] {
        assert_eq!(values(&hear(&mut born(), "DDATA", hex, BORN)), [(1, told)], "{hex}");
    }
}

#[test]
fn every_datatype_of_a_number_is_read_and_none_is_stretched() {
    for (number, metric) in [
        (-128.0, "2001508001"),
        (127.0, "2001507f"),
        (-32768.0, "200250808002"),
        (32767.0, "200250ffff01"),
        (-2_147_483_648.0, "2003508080808008"),
        (2_147_483_647.0, "200350ffffffff07"),
        (-9_007_199_254.0, "200458ea9784b9deffffffff01"),
        (255.0, "200550ff01"),
        (65_535.0, "200650ffff03"),
        (4_294_967_295.0, "200750ffffffff0f"),
        (9_007_199_254.0, "20085896e8fbc621"),
        (-1.5, "2009650000c0bf"),
        (0.001, "200a69fca9f1d24d62503f"),
        (1.0, "200b7001"),
        (1.25, "200c7a04312e3235"),
        (2.5, "200e7a0520322e3520"),
    ] {
        let bytes = hex_bytes(&format!("0a016d{metric}")).unwrap();
        let mut payload = Vec::new();
        wire::put_bytes(&mut payload, 2, &bytes);
        let payload = message::Payload::read(&payload, 9).unwrap();
        let metric = &payload.metrics[0];
        let read = metric.number(metric.datatype.unwrap());
        assert_eq!(read, Some(crate::payload::Number::Some(number)));
    }
    // 256 is no Int8 and no UInt8; a date, bytes and a data set are no numbers.
    for metric in ["2001508002", "2005508002", "200d5801", "2011820100", "20108a0100"] {
        let mut payload = Vec::new();
        wire::put_bytes(&mut payload, 2, &hex_bytes(metric).unwrap());
        let payload = message::Payload::read(&payload, 9).unwrap();
        let metric = &payload.metrics[0];
        let read = metric.number(metric.datatype.unwrap());
        assert_eq!(read, None, "{metric:?}");
    }
}

#[test]
fn topics_are_taken_apart_and_others_are_none() {
    let topic = SparkplugTopic::parse("spBv1.0/Hue/DDATA/kim-long/logger").unwrap();
    assert_eq!((topic.group, topic.node, topic.device), ("Hue", "kim-long", Some("logger")));
    for other in [
        "spBv1.0/Hue/NCMD/kim-long",
        "spBv1.0/Hue/NDATA/kim-long/logger",
        "spBv1.0/Hue/DDATA/kim-long",
        "spBv1.0/Hue/DDATA/kim-long/logger/more",
        "spBv1.0/STATE/host",
        "spAv1.0/Hue/NDATA/kim-long",
        "",
    ] {
        assert_eq!(SparkplugTopic::parse(other), None, "{other}");
    }
}

#[test]
fn a_node_that_nobody_configured_is_told_and_leaves_nothing_behind() {
    let mut host = host();
    let topic = SparkplugTopic::parse("spBv1.0/Hue/NBIRTH/other").unwrap();
    let said = host.take(&topic, &hex_bytes(NBIRTH).unwrap(), BORN, parameter);
    assert_eq!(said, SparkplugSaid { faults: vec![SparkplugFault::Unconfigured], ..Default::default() });
    assert_eq!(host.unborn(BORN).len(), 1);
}

#[test]
fn a_huge_birth_is_bounded() {
    let refused = host().take(
        &SparkplugTopic::parse("spBv1.0/Hue/NBIRTH/kim-long").unwrap(),
        &vec![0x12; SparkplugHost::BYTES_MAX + 1],
        BORN,
        parameter,
    );
    assert!(matches!(refused.faults[..], [SparkplugFault::TooLong { .. }]));
    let many = "12021001".repeat(SparkplugHost::METRICS_MAX + 5) + "1800";
    let said = hear(&mut host(), "NBIRTH", &many, BORN);
    let metrics = SparkplugHost::METRICS_MAX + 5;
    assert!(said.faults.contains(&SparkplugFault::TooMany { metrics }));
    assert!(said.faults.len() <= Decoded::FAULTS_MAX + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cut_or_changed_or_random_bytes_never_give_a_number_that_was_not_there(
        place in 0_usize..200, byte in any::<u8>(), random in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = hex_bytes(DDATA).unwrap();
        let topic = SparkplugTopic::parse("spBv1.0/Hue/DDATA/kim-long/logger").unwrap();
        let told = [value(1500), value(-2000)];
        for cut in 0..whole.len() {
            let said = born().take(&topic, &whole[..cut], BORN, parameter);
            // What is cut off may be the seq: then nothing is believed.
            prop_assert!(said.observations.is_empty() && !said.faults.is_empty(), "{}", cut);
        }
        let mut changed = whole.clone();
        let place = place % changed.len();
        changed[place] = byte;
        let said = born().take(&topic, &changed, BORN, parameter);
        // One changed byte changes one number at most.
        let others = said.observations.iter().filter(|o| !told.contains(&o.value)).count();
        prop_assert!(others <= 1 || said.faults.len() == 1, "{:?}", said);
        let _ = born().take(&topic, &random, BORN, parameter);
        let birth = SparkplugTopic::parse("spBv1.0/Hue/NBIRTH/kim-long").unwrap();
        let _ = born().take(&birth, &random, BORN, parameter);
    }
}
