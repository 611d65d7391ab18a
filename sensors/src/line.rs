//! How stations are reached: lines, the devices and topics on them, and what their bytes mean.
//!
//! Configuration only. Sockets live in the service; the simulator serves the other end.

use crate::payload::PayloadMap;
use crate::register::RegisterMap;
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

/// A line: one gateway, one bus or one broker. One task owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in logs, metrics and notices.
    pub name: String,
    /// `host:port`.
    pub address: String,
    /// What is spoken on it.
    pub protocol: Protocol,
}

/// What is spoken on a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// Modbus TCP: we ask.
    ModbusTcp(ModbusLine),
    /// MQTT 5: they tell.
    Mqtt(MqttLine),
}

/// A Modbus line.
#[derive(Clone, Debug, PartialEq)]
pub struct ModbusLine {
    /// How long one request may take; after it the connection is dropped.
    pub timeout: Span,
    /// The longest pause before a new connection.
    pub reconnect_max: Span,
    /// The slaves on it.
    pub devices: Vec<ModbusDevice>,
}

/// A slave.
#[derive(Clone, Debug, PartialEq)]
pub struct ModbusDevice {
    /// Unit id.
    pub unit: u8,
    /// The station it measures for.
    pub station: StationIx,
    /// How often it is asked.
    pub poll_interval: Span,
    /// What its registers mean.
    pub map: RegisterMap,
}

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

impl Line {
    /// Every sensor that is reached over this line, in configuration order.
    pub fn sensors(&self) -> Vec<SensorIx> {
        match &self.protocol {
            Protocol::ModbusTcp(line) => {
                line.devices.iter().flat_map(|d| d.map.fields.iter().map(|f| f.sensor)).collect()
            }
            Protocol::Mqtt(line) => {
                line.subscriptions.iter().flat_map(|s| s.map.fields.iter().map(|f| f.sensor)).collect()
            }
        }
    }
}
