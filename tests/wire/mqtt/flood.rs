//! Many stations behind one subscription, and those who publish too much.

use std::time::{Duration, Instant};

use baolu::clock::Clock;
use baolu::event::Event;
use sensors::quantity::Value;
use sensors::reading::Observed;

use super::place::{place, station_of};
use crate::peer::collector::Collector;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;

const TEMPLATE: &str =
    r#"subscription = [{ topic = "hue/{station}/stage/{_}", stations = ["a", "b"], type = "post" }]"#;
const TWO: [(&str, &str); 2] = [("a", "[\"stage\"]"), ("b", "[\"stage\"]")];

#[tokio::test]
async fn a_template_finds_the_station_in_the_topic_and_ten_thousand_unknown_ones_are_told_in_sum() {
    const UNKNOWN: usize = 10_000;
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = place(&TWO, broker.port, TEMPLATE);
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    collector.up().await;
    broker.publish("hue/b/stage/now", ["1.5"]);
    let seen = collector.observation().await;
    assert_eq!(station_of(&city, seen.sensor).as_str(), "b");

    broker.publish_each((0..UNKNOWN).map(|n| (format!("hue/stranger-{n}/stage/now"), String::from("9"))));
    broker.publish("hue/a/stage/now", ["2.5"]);
    let mut strays = Vec::new();
    loop {
        match collector.event().await {
            Event::Stray(stray) => strays.push(stray),
            Event::Observed(seen) => {
                assert_eq!(station_of(&city, seen.sensor).as_str(), "a", "no stranger became a reading");
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    // A minute's worth in words, and the sum of the others at its end; twice where a minute ended.
    assert!((1..=122).contains(&strays.len()), "{}", strays.len());
    assert!(strays[0].why.contains("\"stranger-0\" is not configured"), "{:?}", strays[0]);
    collector.stop().await;
}

#[tokio::test]
async fn a_station_that_floods_neither_starves_the_others_nor_costs_a_reading() {
    const FLOOD: usize = 50_000;
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let city = place(&TWO, broker.port, TEMPLATE);
    let mut collector = Collector::start(&city, Clock::wall(), 8);
    collector.up().await;
    let broker = std::sync::Arc::new(broker);
    let flood = {
        let broker = std::sync::Arc::clone(&broker);
        std::thread::spawn(move || {
            let said = vec![String::from("1"); FLOOD];
            broker.publish("hue/a/stage/now", said.iter().map(String::as_str));
        })
    };
    // The other one speaks in the middle of it.
    let first = collector.observation().await;
    assert_eq!(station_of(&city, first.sensor).as_str(), "a");
    let (mut floods, mut others) = (1, 0);
    let mut longest = Duration::ZERO;
    for n in 1..=5 {
        let began = Instant::now();
        let other = std::sync::Arc::clone(&broker);
        let said = std::thread::spawn(move || other.publish("hue/b/stage/now", [n.to_string().as_str()]));
        while others < n {
            let seen = collector.observation().await;
            if station_of(&city, seen.sensor).as_str() == "b" { others += 1 } else { floods += 1 }
        }
        said.join().unwrap();
        longest = longest.max(began.elapsed());
    }
    while floods < FLOOD {
        let seen = collector.observation().await;
        assert_eq!(station_of(&city, seen.sensor).as_str(), "a");
        floods += 1;
    }
    flood.join().unwrap();
    println!("the others waited at most {longest:?}");
    collector.stop().await;
}

#[tokio::test]
async fn a_network_server_tells_of_many_devices_on_one_topic() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let line = r#"subscription = [
      { topic = "application/7/device/{device}/event/up", device = [
          { dev_eui = "24E124713B269175", station = "a", type = "milesight-em500-swl" } ] },
      { topic = "hue/uplinks", device_pointer = "/deviceInfo/devEui", device = [
          { dev_eui = "24e124713b269176", station = "b", type = "milesight-em500-swl" } ] },
    ]"#;
    let city = place(&TWO, broker.port, line);
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    collector.up().await;
    // ChirpStack 4's form; `data` is the vendor's example: battery 100 %, 2 cm of water.
    let uplink = |eui: &str| {
        format!(
            r#"{{"time":"2025-11-16T13:59:58.775Z","deviceInfo":{{"devEui":"{eui}"}},"fCnt":41,"fPort":85,"data":"AXVkA3cCAA=="}}"#
        )
    };
    let said = [
        ("application/7/device/24e124713b269175/event/up", "24e124713b269175", "a"),
        ("hue/uplinks", "24E124713B269176", "b"),
    ];
    for (topic, eui, station) in said {
        broker.publish(topic, [uplink(eui).as_str()]);
        let seen = collector.observation().await;
        assert_eq!(station_of(&city, seen.sensor).as_str(), station);
        assert_eq!(seen.value, Observed::Value(Value::from_raw(20)), "2 cm");
    }
    broker.publish("hue/uplinks", [uplink("24e124713b26ffff").as_str()]);
    let stray = collector.stray().await;
    assert!(stray.why.contains("\"24e124713b26ffff\" is not configured"), "{stray:?}");
    assert!(collector.stop().await.is_empty());
}
