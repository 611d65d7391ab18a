//! Edge nodes by another hand, from birth to death.

use baolu::clock::Clock;
use baolu::event::{Event, StationState};
use sensors::reading::Observed;
use sensors::station::StationIx;

use super::place::place;
use crate::peer::collector::Collector;
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;
use crate::peer::sparkplug::Node;

const STATIONS: [(&str, &str); 1] = [("a", "[\"stage\"]")];
const LINE: &str = r#"sparkplug = { group = "hue", host = "baolu-hue", source = [
  { node = "edge-1", device = "rtu", station = "a", type = "logger-sparkplug" } ] }"#;

/// What of the next events is a state of the station or a value of it.
async fn next(collector: &mut Collector) -> String {
    loop {
        match collector.event().await {
            Event::Station(health) => {
                assert_eq!(health.stations, [StationIx(0)]);
                return match health.state {
                    StationState::Online => String::from("online"),
                    StationState::Offline { why } => format!("offline: {why}"),
                };
            }
            Event::Observed(seen) => match seen.value {
                Observed::Value(value) => return value.raw().to_string(),
                other => panic!("{other:?}"),
            },
            Event::Line(_) | Event::Stray(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_node_is_heard_from_birth_to_death_and_asked_for_a_birth_that_was_missed() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    // It is born before anybody listens.
    let Some(mut node) = Node::start(broker.port) else { return skip("pysparkplug") };
    let city = place(&STATIONS, broker.port, LINE);
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    collector.up().await;
    assert_eq!(node.next(), "asked ['Node Control/Rebirth']");
    node.tell("again");
    while next(&mut collector).await != "online" {}
    while next(&mut collector).await != "1000" {}
    node.tell("stage 1.25");
    assert_eq!(next(&mut collector).await, "1250");
    node.tell("die");
    assert!(next(&mut collector).await.starts_with("offline: "), "the broker says its will");
    collector.stop().await;
}

#[tokio::test]
async fn nodes_can_see_that_their_host_is_there_and_that_it_left() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let mut watcher = broker.watch("spBv1.0/STATE/baolu-hue", &[]);
    let mut state = move || {
        let state: serde_json::Value = serde_json::from_str(&watcher.next()).unwrap();
        (state["online"].as_bool().unwrap(), state["timestamp"].as_i64().unwrap())
    };
    let city = place(&STATIONS, broker.port, LINE);
    let mut collector = Collector::start(&city, Clock::wall(), 64);
    collector.up().await;
    let (online, born) = state();
    assert!(online);
    // Somebody else says that we are gone: we say again that we are not.
    broker
        .publish("spBv1.0/STATE/baolu-hue", [format!("{{\"online\":false,\"timestamp\":{born}}}").as_str()]);
    assert_eq!(state(), (false, born));
    assert_eq!(state(), (true, born));
    collector.crash();
    assert_eq!(state(), (false, born), "by our will, with the time of our birth");
    let mut again = Collector::start(&city, Clock::wall(), 64);
    again.up().await;
    assert!(state().0);
    again.stop().await;
    assert!(!state().0, "by our farewell");
}
