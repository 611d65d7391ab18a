//! What a message means: its topic, or a name in it, says whose it is, and their map reads the
//! payload.
//!
//! Whatever can't be read becomes a stray with at most 80 bytes of what came; it is never taken
//! for a number and never dropped in silence. What is remembered is bounded by the configuration:
//! unknown topics leave nothing behind.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use metrics::{Counter, counter};
use sensors::city::City;
use sensors::line::topic::TopicTemplate;
use sensors::line::{MqttHealth, MqttLine, MqttTemplate, Naming};
use sensors::payload::{Decoded, FrameStep, Listener, PayloadMap, Presence};
use sensors::station::StationIx;
use sensors::time::Timestamp;

use super::link::{Filter, Message};
use super::node::Nodes;
use crate::collect::post::Post;
use crate::event::{Event, StationHealth, StationState};

/// How much of a stray is shown.
const SHOWN_MAX_BYTES: usize = 80;

/// Where the messages of a line go.
pub(super) struct Routes<'a> {
    city: &'a City,
    line: &'a MqttLine,
    exact: HashMap<&'a [u8], Vec<Target>>,
    patterns: Vec<(&'a TopicTemplate, Target)>,
    /// What is remembered of each publisher: by its subscription, or by its template and name.
    heard: Vec<Listener>,
    heard_by_name: Vec<BTreeMap<&'a str, Listener>>,
    /// The nodes that speak Sparkplug.
    pub(super) nodes: Nodes<'a>,
    frames_missed: Counter,
}

/// A place in one of the line's lists.
#[derive(Clone, Copy)]
enum Target {
    Subscription(usize),
    Template(usize),
    Health(usize),
}

/// A message on its way, and where its strays and events go.
pub(super) struct Desk<'m> {
    pub(super) message: &'m Message,
    pub(super) now: Timestamp,
    pub(super) post: &'m mut Post,
    pub(super) events: &'m mut Vec<Event>,
}

impl Desk<'_> {
    /// Tells that something of the message could not be read.
    pub(super) fn stray(&mut self, why: String) {
        let topic = String::from_utf8_lossy(&self.message.topic);
        self.events.extend(self.post.stray(&topic, why));
    }

    /// The same with what was said.
    fn stray_with_payload(&mut self, why: &str) {
        let why = format!("{why}: {:?}", shown(&self.message.payload));
        self.stray(why);
    }

    /// Says who came or went.
    pub(super) fn presence(&mut self, stations: Vec<StationIx>, state: StationState) {
        let (line, at, is_news) = (self.post.line(), self.now, !self.message.retained);
        self.events.push(Event::Station(StationHealth { line, stations, at, state, is_news }));
    }
}

impl<'a> Routes<'a> {
    /// Indexes what a line subscribes.
    pub(super) fn new(city: &'a City, line: &'a MqttLine, name: &str) -> Self {
        let mut exact: HashMap<&[u8], Vec<Target>> = HashMap::new();
        for (place, subscription) in line.subscriptions.iter().enumerate() {
            exact.entry(subscription.topic.as_bytes()).or_default().push(Target::Subscription(place));
        }
        let templates = line.templates.iter().enumerate().map(|(n, t)| (&t.topic, Target::Template(n)));
        let health = line.health.iter().enumerate().map(|(n, h)| (&h.topic, Target::Health(n)));
        let of_sources = |template: &'a MqttTemplate| {
            template.sources.keys().map(|name| (name.as_str(), Listener::default())).collect()
        };
        Self {
            city,
            line,
            exact,
            patterns: templates.chain(health).collect(),
            heard: line.subscriptions.iter().map(|_| Listener::default()).collect(),
            heard_by_name: line.templates.iter().map(of_sources).collect(),
            nodes: Nodes::new(line.sparkplug.as_ref()),
            frames_missed: counter!("baolu_collect_frames_missed_total", "line" => name.to_owned()),
        }
    }

    /// Every filter to be subscribed.
    pub(super) fn filters(&self) -> Vec<Filter> {
        let data = |filter: String| Filter { filter, is_state: false };
        let exact = self.line.subscriptions.iter().map(|s| data(s.topic.clone()));
        let templates = self.line.templates.iter().map(|t| data(t.topic.filter()));
        let health = self.line.health.iter().map(|h| Filter { filter: h.topic.filter(), is_state: true });
        exact.chain(templates).chain(health).chain(self.nodes.filters().into_iter().map(data)).collect()
    }

    /// Reads a message into events.
    pub(super) fn read(&mut self, desk: &mut Desk<'_>) {
        let message = desk.message;
        if let Some(targets) = self.exact.get(message.topic.as_ref()) {
            for target in targets {
                if let Target::Subscription(place) = target
                    && let (Some(subscription), Some(heard)) =
                        (self.line.subscriptions.get(*place), self.heard.get_mut(*place))
                {
                    hear(self.city, heard, &subscription.map, &self.frames_missed, desk);
                }
            }
            return;
        }
        let Ok(topic) = std::str::from_utf8(&message.topic) else {
            return desk.stray_with_payload("the topic is no UTF-8");
        };
        if self.nodes.take(self.city, topic, desk) {
            return;
        }
        let found = self.patterns.iter().find_map(|(pattern, at)| Some((pattern.name_in(topic)?, *at)));
        match found {
            Some((name, Target::Template(place))) => self.hear_one_of(place, name, desk),
            Some((name, Target::Health(place))) => {
                if let Some(health) = self.line.health.get(place) {
                    hear_health(health, name, desk);
                }
            }
            Some((_, Target::Subscription(_))) | None => {
                desk.stray_with_payload("no station publishes this topic");
            }
        }
    }

    fn hear_one_of(&mut self, place: usize, name: &str, desk: &mut Desk<'_>) {
        let (Some(template), Some(heard)) =
            (self.line.templates.get(place), self.heard_by_name.get_mut(place))
        else {
            return;
        };
        let name: Cow<'_, str> = match &template.naming {
            Naming::Topic => name.into(),
            Naming::Payload(pointer) => match text_at(&desk.message.payload, pointer) {
                Some(name) => name.into(),
                None => {
                    return desk.stray_with_payload(&format!("no name of a device stands at {pointer:?}"));
                }
            },
        };
        let name = lower(&name);
        let found = template.sources.get(name.as_ref()).zip(heard.get_mut(name.as_ref()));
        match found {
            Some((source, heard)) => hear(self.city, heard, &source.map, &self.frames_missed, desk),
            None => desk.stray_with_payload(&format!("{:?} is not configured", shown(name.as_bytes()))),
        }
    }
}

fn hear(city: &City, heard: &mut Listener, map: &PayloadMap, frames_missed: &Counter, desk: &mut Desk<'_>) {
    if desk.message.retained && !map.tells_time() {
        return desk.stray_with_payload("a retained message without a time may be of any age");
    }
    let parameter = |ix| city.sensor(ix).map(|sensor| sensor.id.parameter);
    match heard.hear(map, &desk.message.payload, desk.now, parameter) {
        Ok((Decoded { observations, faults, .. }, step)) => {
            desk.events.extend(observations.into_iter().map(Event::Observed));
            for fault in faults {
                desk.stray(fault.to_string());
            }
            if let FrameStep::Gap { missed } = step {
                frames_missed.increment(u64::from(missed));
            }
        }
        Err(fault) => desk.stray(fault.to_string()),
    }
}

fn hear_health(health: &MqttHealth, name: &str, desk: &mut Desk<'_>) {
    let name = lower(name);
    let Some(stations) = health.stations.get(name.as_ref()) else {
        return desk.stray_with_payload(&format!("{:?} is not configured", shown(name.as_bytes())));
    };
    match health.map.read(&desk.message.payload) {
        Ok(Presence::Online) => desk.presence(stations.clone(), StationState::Online),
        Ok(Presence::Offline) => {
            let why = String::from_utf8_lossy(&desk.message.topic).into_owned();
            desk.presence(stations.clone(), StationState::Offline { why });
        }
        Err(fault) => desk.stray(fault.to_string()),
    }
}

/// Names are compared in lower case: a device EUI is written in both.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        name.to_ascii_lowercase().into()
    } else {
        name.into()
    }
}

fn text_at(payload: &[u8], pointer: &str) -> Option<String> {
    if payload.len() > PayloadMap::BYTES_MAX {
        return None;
    }
    let json: serde_json::Value = serde_json::from_slice(payload).ok()?;
    json.pointer(pointer)?.as_str().map(str::to_owned)
}

/// The beginning of a payload, fit for a line of text.
fn shown(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(payload.get(..SHOWN_MAX_BYTES).unwrap_or(payload));
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // A letter that was cut, or is none, became three bytes.
    while text.len() > SHOWN_MAX_BYTES {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_80_bytes_of_a_stray_are_shown_and_none_that_break_a_line() {
        assert_eq!(shown(b"{\n"), "{ ");
        assert!(shown(&[0xff; 1000]).len() <= SHOWN_MAX_BYTES);
        assert!(shown("đ".repeat(1000).as_bytes()).len() <= SHOWN_MAX_BYTES);
    }

    #[test]
    fn a_device_is_known_by_its_name_whatever_the_case_of_its_letters() {
        assert_eq!(lower("A84041FFFF123456"), "a84041ffff123456");
        assert_eq!(text_at(br#"{"info":{"eui":"A8"}}"#, "/info/eui").as_deref(), Some("A8"));
        assert_eq!(text_at(br#"{"info":{"eui":7}}"#, "/info/eui"), None);
        assert_eq!(text_at(b"{", "/info/eui"), None);
    }
}
