//! Types that publish, over a real Mosquitto.

use std::sync::Arc;

use baolu::clock::Clock;
use baolu::event::Event;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sensors::city::City;
use sensors::city::parse::MqttType;
use sensors::line::{Line, MqttLine, MqttSparkplug, MqttSubscription, Protocol};
use sensors::parameter::Parameter;
use sensors::payload::sparkplug::{SparkplugKind, SparkplugSource};
use sensors::payload::{PayloadField, PayloadFormat, PayloadMap, PayloadRecording, Sent};
use sensors::reading::{Observation, Observed};
use sensors::station::{SensorIx, StationIx};
use sensors::time::{Span, Timestamp};

use super::{Differences, shipped};
use crate::peer::collector::{Collector, city_of};
use crate::peer::mosquitto::Mosquitto;
use crate::peer::skip;

/// The last message of all; what was published before it has arrived when it does.
const MARKER: &str = "devices/marker";

/// One recording on topics of its own.
struct Stage {
    what: String,
    /// Its topic, or its node of Sparkplug.
    topic: String,
    recording: PayloadRecording,
    map: PayloadMap,
    first: u32,
}

impl Stage {
    /// What is published, in its order.
    fn messages(&self) -> Vec<(String, Vec<u8>)> {
        match &self.recording.sent {
            Sent::Payload(bytes) => vec![(self.topic.clone(), bytes.clone())],
            Sent::Frame(frame) => vec![(self.topic.clone(), uplink(frame))],
            Sent::Messages(messages) => {
                let told = messages.iter().map(|(kind, bytes)| (self.sparkplug_topic(*kind), bytes.clone()));
                told.collect()
            }
        }
    }

    fn sparkplug_topic(&self, kind: SparkplugKind) -> String {
        let (_, word) = SparkplugKind::ALL.into_iter().find(|(known, _)| *known == kind).unwrap();
        let device = if kind.is_of_device() { "/device" } else { "" };
        format!("spBv1.0/devices/{word}/{}{device}", self.topic)
    }

    fn source(&self) -> SparkplugSource {
        let Sent::Messages(messages) = &self.recording.sent else { panic!("{} is no node", self.what) };
        let is_device = messages.iter().any(|(kind, _)| kind.is_of_device());
        SparkplugSource {
            group: String::from("devices"),
            node: self.topic.clone(),
            device: is_device.then(|| String::from("device")),
            map: self.map.clone(),
        }
    }

    fn is_sparkplug(&self) -> bool {
        matches!(self.recording.sent, Sent::Messages(_))
    }

    /// Who said what, when it was measured, and since when.
    fn expected(&self) -> Vec<Said> {
        let of = |o: &Observation| (SensorIx(self.first + o.sensor.0), o.measured_at, o.from, o.value);
        self.recording.observations.iter().map(of).collect()
    }
}

type Said = (SensorIx, Timestamp, Option<Timestamp>, Observed);

/// A frame as `ChirpStack` 4 publishes it, heard when the recordings arrive.
fn uplink(frame: &[u8]) -> Vec<u8> {
    let time = PayloadRecording::ARRIVED_AT.to_string();
    let data = BASE64_STANDARD.encode(frame);
    let device = serde_json::json!({ "devEui": "24e124713b269175" });
    let uplink =
        serde_json::json!({ "time": time, "deviceInfo": device, "fCnt": 1, "fPort": 85, "data": data });
    uplink.to_string().into_bytes()
}

/// Every recording of every type, and the sensors that they speak of.
fn staged() -> (Vec<Parameter>, Vec<Stage>) {
    let (mut parameters, mut stages) = (vec![], vec![]);
    for (name, text) in shipped("mqtt") {
        let MqttType { measured, map, recordings } = MqttType::parse(&name, &text).unwrap();
        assert!(!recordings.is_empty(), "{name} shows no bytes");
        for recording in recordings {
            let first = parameters.len() as u32;
            parameters.extend(measured.iter().map(|(parameter, _)| *parameter));
            let is_node = matches!(recording.sent, Sent::Messages(_));
            let topic = if is_node { format!("node-{first}") } else { format!("devices/{name}/{first}") };
            let map = map.bound(|ix| Some(SensorIx(first + ix.0)));
            let what = format!("{name}, {:?}", recording.title);
            stages.push(Stage { what, topic, recording, map, first });
        }
    }
    (parameters, stages)
}

fn city(parameters: &[Parameter], stages: &[Stage], port: u16) -> Arc<City> {
    let of = |stage: &Stage| MqttSubscription {
        topic: stage.topic.clone(),
        station: StationIx(0),
        map: stage.map.clone(),
    };
    let marker = SensorIx(parameters.len() as u32);
    let plain = PayloadMap::new(PayloadFormat::Plain, None, vec![PayloadField::new(marker, "")]);
    let marker = MqttSubscription { topic: MARKER.to_owned(), station: StationIx(0), map: plain };
    let sources: Vec<_> = stages.iter().filter(|s| s.is_sparkplug()).map(Stage::source).collect();
    let stations = vec![StationIx(0); sources.len()];
    let line = MqttLine {
        client_id: String::from("baolu-devices"),
        session_expiry: Span::from_h(1),
        subscriptions: stages.iter().filter(|s| !s.is_sparkplug()).map(of).chain([marker]).collect(),
        sparkplug: Some(MqttSparkplug { host: None, sources, stations }),
        ..MqttLine::default()
    };
    let address = format!("127.0.0.1:{port}");
    let line = Line { name: String::from("broker"), address, protocol: Protocol::Mqtt(line) };
    city_of(&[parameters, &[Parameter::Stage]].concat(), vec![line])
}

#[tokio::test]
async fn every_shipped_device_means_over_mosquitto_what_was_recorded_of_it() {
    let Some(broker) = Mosquitto::start() else { return skip("mosquitto") };
    let (parameters, stages) = staged();
    assert!(stages.len() >= 25, "{} were staged", stages.len());
    // The recordings arrive when they did; what tells no time is measured from then on.
    let clock = Clock::exercise(PayloadRecording::ARRIVED_AT, 1.0);
    let mut collector = Collector::start(&city(&parameters, &stages, broker.port), clock, 64);
    collector.up().await;
    for (topic, bytes) in stages.iter().flat_map(Stage::messages) {
        broker.publish_bytes(&topic, &bytes, &[]);
    }
    broker.publish(MARKER, ["1"]);
    let (mut said, mut strays): (Vec<Said>, Vec<String>) = (vec![], vec![]);
    loop {
        match collector.event().await {
            Event::Observed(seen) if seen.sensor.at() == parameters.len() => break,
            Event::Observed(o) => said.push((o.sensor, o.measured_at, o.from, o.value)),
            Event::Stray(stray) => strays.push(format!("{}: {}", stray.place, stray.why)),
            _ => {}
        }
    }
    let rest = collector.stop().await;
    assert!(rest.is_empty(), "after the last message came {rest:?}");
    let mut differences = Differences::default();
    let ends = stages.iter().skip(1).map(|stage| stage.first).chain([parameters.len() as u32]);
    for (stage, end) in stages.iter().zip(ends) {
        let came = said.iter().filter(|(sensor, ..)| (stage.first..end).contains(&sensor.0));
        // What tells no time is dated when it arrives: as the recording's, and no more than the test later.
        let came: Vec<Said> =
            came.map(|said| if stage.map.tells_time() { *said } else { dated(*said) }).collect();
        differences.compare(&stage.what, &came, &stage.expected());
        let told: Vec<&String> = strays.iter().filter(|told| stage.is_told_by(told)).collect();
        let (count, recorded) = (told.len(), stage.recording.faults.len());
        differences.compare(&format!("{}: told {told:?}", stage.what), &count, &recorded);
    }
    differences.none();
}

impl Stage {
    fn is_told_by(&self, told: &str) -> bool {
        let (place, _) = told.split_once(": ").unwrap();
        place == self.topic || place.split('/').nth(3) == Some(self.topic.as_str())
    }
}

/// The same as if it had arrived with the recordings.
fn dated((sensor, at, from, value): Said) -> Said {
    let late = at.since(PayloadRecording::ARRIVED_AT);
    assert!((Span::ZERO..Span::from_min(2)).contains(&late), "measured {late:?} after the beginning");
    let earlier = |at: Timestamp| at.plus(Span::from_ms(-late.ms()));
    (sensor, earlier(at), from.map(earlier), value)
}
