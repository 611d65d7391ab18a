//! MQTT lines of `lines.toml`: brokers, topics and their types. Opens nothing.

mod connection;
mod health;
mod sparkplug;
mod subscription;

use super::Join;
use crate::city::parse::device::{DeviceType, Measured, PayloadType};
use crate::line::topic::TopicTemplate;
use crate::line::{MqttHealth, MqttLine, MqttSubscription, MqttTemplate, MqttVersion};
use crate::payload::PayloadMap;
use crate::sheet::{Cell, Known, Row};
use crate::station::StationIx;
use crate::time::Span;

/// What of a line was read so far.
struct Draft<'a> {
    subscriptions: Vec<MqttSubscription>,
    templates: Vec<MqttTemplate>,
    health: Vec<MqttHealth>,
    exact: Known<()>,
    /// Every topic that is subscribed, with its place; a health topic that several name stands once.
    topics: Vec<(TopicTemplate, Cell<'a>)>,
}

impl<'a> Draft<'a> {
    /// Takes a topic in, unless some message would fit it and another one.
    fn take(&mut self, topic: &TopicTemplate, cell: &Cell<'a>) -> bool {
        if topic.is_exact() && !self.exact.add(cell, &topic.to_string(), None) {
            return false;
        }
        // Exact topics that are alike were found by name; of many stations all the others are unlike.
        let other = self
            .topics
            .iter()
            .filter(|(other, _)| !(topic.is_exact() && other.is_exact()))
            .find(|(other, _)| other.overlaps(topic));
        if let Some((other, first)) = other {
            let wrong = format!("a message could fit {topic} and {other} of line {}", first.line());
            cell.note(wrong, "each topic is allowed once: use names that tell them apart");
            return false;
        }
        self.topics.push((topic.clone(), cell.clone()));
        true
    }
}

fn topic_of(cell: &Cell<'_>) -> Option<TopicTemplate> {
    let text = cell.text()?;
    match TopicTemplate::parse(text) {
        Ok(topic) => Some(topic),
        Err(why) => {
            cell.note(
                format!("{text:?} is no topic: {why}"),
                "allowed are levels like hue/{station}/rain/{_} with {station}, {device} or {_}",
            );
            None
        }
    }
}

/// A topic of our own, which is published and not subscribed.
fn own_topic(cell: &Cell<'_>) -> Option<String> {
    let topic = topic_of(cell)?;
    if !topic.is_exact() {
        cell.note(format!("{topic} is no single topic"), "allowed is a topic without braces");
        return None;
    }
    Some(topic.to_string())
}

impl Join<'_, '_> {
    pub(super) fn mqtt(&mut self, row: &Row<'_>) -> Option<MqttLine> {
        let version = row
            .cell("version")
            .and_then(|cell| cell.one_of(&[("3.1.1", MqttVersion::V3), ("5", MqttVersion::V5)]));
        let version = version.unwrap_or_default();
        let client_id = row.need("client_id", "a client id").and_then(|cell| cell.text());
        let session_expiry = connection::session_expiry(row, version);
        let user = connection::user(row);
        let tls = row.cell("tls").and_then(|cell| cell.row()).map(connection::tls);
        let status_topic = row.cell("status_topic").and_then(|cell| Some((own_topic(&cell)?, cell)));
        let mut draft = Draft {
            subscriptions: Vec::new(),
            templates: Vec::new(),
            health: Vec::new(),
            exact: Known::new("topic", "lines.toml", true),
            topics: Vec::new(),
        };
        for row in row.rows("subscription") {
            self.subscription(row, &mut draft);
        }
        let sparkplug = row.cell("sparkplug").and_then(|cell| cell.row());
        let sparkplug = sparkplug.map(|row| self.sparkplug(row, &draft));
        if let Some((_, cell)) = &status_topic
            && sparkplug.as_ref().is_some_and(|nodes| nodes.host.is_some())
        {
            cell.note(
                "a connection has one last will, and the host of sparkplug needs it",
                "allowed is status_topic or sparkplug.host",
            );
        }
        let Draft { subscriptions, templates, health, .. } = draft;
        Some(MqttLine {
            version,
            client_id: client_id?.to_owned(),
            session_expiry: session_expiry?,
            user,
            tls,
            status_topic: status_topic.map(|(topic, _)| topic),
            subscriptions,
            templates,
            health,
            sparkplug,
        })
    }

    /// What a type's payloads mean when they come from this station.
    fn payload(&mut self, station: StationIx, cell: &Cell<'_>, device: &DeviceType) -> Option<PayloadMap> {
        let DeviceType::Mqtt(PayloadType { map, measured, .. }) = device else {
            self.unclear.insert(station);
            cell.note("the type is asked over Modbus", "allowed are types with protocol = \"mqtt\"");
            return None;
        };
        let mut sensors = Vec::with_capacity(measured.len());
        for Measured { of, optional } in measured {
            let id = self.network.id_of(station, of.parameter, of.sensor.as_deref())?;
            let is_left_out = *optional && self.network.sensor(&id).is_none();
            sensors.push(if is_left_out { None } else { self.reach(station, cell, of) });
        }
        Some(map.bound(|ix| sensors.get(ix.at()).copied().flatten()))
    }
}

/// A session that the broker keeps so long.
fn seconds(cell: &Cell<'_>) -> Option<Span> {
    cell.whole(1, i64::from(u32::MAX) - 1).map(Span::from_s)
}

#[cfg(test)]
mod tests;
