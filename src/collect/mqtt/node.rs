//! Edge nodes that speak Sparkplug B: what they say goes through the host's state machine, and what it
//! wants to know is asked at a bounded rate.
//!
//! It publishes nothing itself: requests are taken by the line's task. The specification is the
//! Eclipse Sparkplug Specification 3.0.0. One thing is done otherwise on purpose: our session is
//! kept by the broker (5.2.1 wants a clean one), so that what was not durable comes again.

use sensors::city::City;
use sensors::line::MqttSparkplug;
use sensors::payload::Presence;
use sensors::payload::sparkplug::{SparkplugCommand, SparkplugHost, SparkplugTopic};
use sensors::station::StationIx;
use sensors::time::Timestamp;

use super::link::Said;
use super::route::Desk;
use crate::event::{Event, StationState};

/// Requests that may wait to be published; more are asked again later.
const REQUESTS_MAX: usize = 64;

/// The nodes of a line.
pub(super) struct Nodes<'a> {
    line: Option<&'a MqttSparkplug>,
    host: Option<SparkplugHost>,
    requests: Vec<Said>,
    is_contested: bool,
    /// When this connection began, as our own state says.
    born: Timestamp,
}

impl<'a> Nodes<'a> {
    /// The nodes that a line was given, if it was.
    pub(super) fn new(line: Option<&'a MqttSparkplug>) -> Self {
        let host = line.map(|line| SparkplugHost::new(line.sources.clone()));
        Self { line, host, requests: Vec::new(), is_contested: false, born: Timestamp::from_ms(0) }
    }

    /// The filters of these nodes and of our own state.
    pub(super) fn filters(&self) -> Vec<String> {
        let Some(line) = self.line else { return Vec::new() };
        let of_nodes = line.sources.iter().flat_map(|s| SparkplugTopic::filters(&s.group, &s.node));
        let mut filters: Vec<String> = of_nodes.chain(line.state_topic()).collect();
        filters.sort();
        filters.dedup();
        filters
    }

    /// A connection began at `born`; in a new session messages may have been lost before it.
    pub(super) fn connected(&mut self, session_present: bool, born: Timestamp) {
        self.born = born;
        self.requests.clear();
        self.is_contested = false;
        if let Some(host) = self.host.as_mut().filter(|_| !session_present) {
            host.forget();
        }
    }

    /// Takes a message in; whether its topic is Sparkplug's.
    pub(super) fn take(&mut self, city: &City, topic: &str, desk: &mut Desk<'_>) -> bool {
        let (Some(line), Some(host)) = (self.line, self.host.as_mut()) else { return false };
        if !topic.starts_with("spBv1.0/") {
            return false;
        }
        if line.state_topic().as_deref() == Some(topic) {
            self.is_contested |= denies(&desk.message.payload, self.born);
            return true;
        }
        let Some(topic) = SparkplugTopic::parse(topic) else {
            let is_command = topic.split('/').nth(2).is_some_and(|word| word.ends_with("CMD"));
            if !is_command {
                desk.stray(String::from("no node or device publishes this topic"));
            }
            return true;
        };
        if desk.message.retained {
            desk.stray(String::from("a retained message of Sparkplug may be of any age"));
            return true;
        }
        let parameter = |ix| city.sensor(ix).map(|sensor| sensor.id.parameter);
        let said = host.take(&topic, &desk.message.payload, desk.now, parameter);
        let why = String::from_utf8_lossy(&desk.message.topic).into_owned();
        for (presence, state) in
            [(Presence::Online, StationState::Online), (Presence::Offline, StationState::Offline { why })]
        {
            let of_this = said.presence.iter().filter(|p| p.presence == presence);
            let mut stations: Vec<StationIx> =
                of_this.filter_map(|p| line.stations.get(p.source).copied()).collect();
            stations.dedup();
            if !stations.is_empty() {
                desk.presence(stations, state);
            }
        }
        desk.events.extend(said.observations.into_iter().map(Event::Observed));
        for fault in said.faults {
            desk.stray(fault.to_string());
        }
        self.ask(said.ask_rebirth);
        true
    }

    /// Looks for nodes that were not born to us; to be called every few seconds.
    pub(super) fn look(&mut self, now: Timestamp) {
        let unborn = self.host.as_mut().map(|host| host.unborn(now)).unwrap_or_default();
        self.ask(unborn);
    }

    fn ask(&mut self, commands: impl IntoIterator<Item = SparkplugCommand>) {
        for SparkplugCommand { topic, payload } in commands {
            if self.requests.len() < REQUESTS_MAX {
                self.requests.push(Said { topic, payload });
            }
        }
    }

    /// What is to be published now.
    pub(super) fn requests(&mut self) -> impl Iterator<Item = Said> + '_ {
        self.requests.drain(..)
    }

    /// Whether our own state was said to be offline since this was last asked.
    pub(super) fn was_contested(&mut self) -> bool {
        std::mem::take(&mut self.is_contested)
    }
}

/// Whether somebody says that we are gone, who are not. The will of an earlier life is older than our
/// birth and denies nothing.
fn denies(payload: &[u8], born: Timestamp) -> bool {
    let Ok(said) = serde_json::from_slice::<serde_json::Value>(payload) else { return false };
    let said_at = said.get("timestamp").and_then(serde_json::Value::as_i64);
    let is_offline = said.get("online").and_then(serde_json::Value::as_bool) == Some(false);
    is_offline && said_at.is_none_or(|at| at >= born.ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_death_of_this_life_is_answered() {
        let born = Timestamp::from_ms(1000);
        assert!(denies(br#"{"online":false,"timestamp":1000}"#, born));
        assert!(denies(br#"{"online":false}"#, born));
        assert!(!denies(br#"{"online":false,"timestamp":999}"#, born));
        assert!(!denies(br#"{"online":true,"timestamp":1000}"#, born));
        assert!(!denies(b"OFFLINE", born));
    }
}
