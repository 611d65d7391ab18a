//! An MQTT line: what is subscribed and what it means. Configuration only; it opens no connection.

use std::collections::BTreeMap;

use super::topic::TopicTemplate;
use crate::payload::sparkplug::SparkplugSource;
use crate::payload::{HealthMap, PayloadMap};
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

/// An MQTT line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MqttLine {
    /// Which version of the protocol is spoken.
    pub version: MqttVersion,
    /// Client id; the session on the broker belongs to it.
    pub client_id: String,
    /// How long the broker keeps the session while we are away; with MQTT 3.1.1 the broker decides.
    pub session_expiry: Span,
    /// User name; its password comes from the environment variable named beside it.
    pub user: Option<MqttUser>,
    /// TLS; without it everything is readable on the way.
    pub tls: Option<MqttTls>,
    /// Where the broker keeps whether we are online; nowhere when absent.
    pub status_topic: Option<String>,
    /// Topics of one station each.
    pub subscriptions: Vec<MqttSubscription>,
    /// Topics of several stations.
    pub templates: Vec<MqttTemplate>,
    /// Topics that say who is there.
    pub health: Vec<MqttHealth>,
    /// Edge nodes.
    pub sparkplug: Option<MqttSparkplug>,
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MqttVersion {
    /// 3.1.1 (ISO/IEC 20922:2016).
    V3,
    /// 5.0 (OASIS, 2019).
    #[default]
    V5,
}

/// Credentials by reference; a secret never stands in configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttUser {
    /// User name.
    pub name: String,
    /// The environment variable that holds the password.
    pub password_env: String,
}

/// The files that TLS needs, by path; they are read at every connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MqttTls {
    /// The certificates that the broker's must be signed by, in PEM; the public ones when absent.
    pub ca: Option<String>,
    /// Our certificate and its key, in PEM.
    pub client: Option<ClientFiles>,
    /// The name in the broker's certificate, where it is not the host of the address.
    pub server_name: Option<String>,
}

/// A client certificate by its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// Our certificate, with those between it and its authority.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// One topic of one station.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttSubscription {
    /// The exact topic; no wildcard.
    pub topic: String,
    /// The station that publishes it.
    pub station: StationIx,
    /// What its payloads mean.
    pub map: PayloadMap,
}

/// One subscription for several stations.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttTemplate {
    /// Its topics.
    pub topic: TopicTemplate,
    /// Where a message says whose it is.
    pub naming: Naming,
    /// Whose messages are known, by the name that stands there, in lower case.
    pub sources: BTreeMap<String, MqttSource>,
}

/// Where a message says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Naming {
    /// In its topic, at `{station}` or `{device}`; where the topic has neither, all are of the one
    /// source, whose name is empty.
    Topic,
    /// In its payload, a text at this JSON pointer.
    Payload(String),
}

/// Whose messages, and what they mean.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttSource {
    /// The station.
    pub station: StationIx,
    /// What its payloads mean.
    pub map: PayloadMap,
}

/// A topic on which a station, or a gateway before several, says whether it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttHealth {
    /// Its topics.
    pub topic: TopicTemplate,
    /// By which words.
    pub map: HealthMap,
    /// Whom it is about, by the name in the topic, in lower case; empty where the topic names nobody.
    pub stations: BTreeMap<String, Vec<StationIx>>,
}

/// Edge nodes of Sparkplug B.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttSparkplug {
    /// The host application that we are, where we say so (Sparkplug 3.0.0, section 5.8).
    pub host: Option<String>,
    /// What nodes and devices tell.
    pub sources: Vec<SparkplugSource>,
    /// Their stations, in the order of `sources`.
    pub stations: Vec<StationIx>,
}

impl MqttSparkplug {
    /// Where the broker keeps our own state as a host application.
    pub fn state_topic(&self) -> Option<String> {
        self.host.as_ref().map(|host| format!("spBv1.0/STATE/{host}"))
    }
}

impl MqttLine {
    /// Every sensor that is reached over this line, in configuration order.
    pub fn sensors(&self) -> Vec<SensorIx> {
        let exact = self.subscriptions.iter().map(|s| &s.map);
        let templates = self.templates.iter().flat_map(|t| t.sources.values()).map(|s| &s.map);
        let nodes = self.sparkplug.iter().flat_map(|s| &s.sources).map(|s| &s.map);
        exact.chain(templates).chain(nodes).flat_map(PayloadMap::sensors).collect()
    }
}
