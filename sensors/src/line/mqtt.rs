//! An MQTT line: what is subscribed and what it means. Configuration only; it opens no connection.

use crate::payload::PayloadMap;
use crate::station::StationIx;
use crate::time::Span;

/// An MQTT line.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttLine {
    /// Client id; the session on the broker belongs to it.
    pub client_id: String,
    /// How long the broker keeps the session while we are away.
    pub session_expiry: Span,
    /// User name; its password comes from the environment variable named beside it.
    pub user: Option<MqttUser>,
    /// What is subscribed.
    pub subscriptions: Vec<MqttSubscription>,
}

/// Credentials by reference; a secret never stands in configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttUser {
    /// User name.
    pub name: String,
    /// The environment variable that holds the password.
    pub password_env: String,
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
