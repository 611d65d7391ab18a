//! How stations are reached: lines, the devices and topics on them, and what their bytes mean.
//!
//! Configuration only. Sockets live in the service; the simulator serves the other end.

mod folder;
mod modbus;
mod mqtt;
pub mod topic;

pub use folder::FolderLine;
pub use modbus::{ModbusDevice, ModbusLine, Parity, SerialPort, Transport};
pub use mqtt::{
    ClientFiles, MqttHealth, MqttLine, MqttSource, MqttSparkplug, MqttSubscription, MqttTemplate, MqttTls,
    MqttUser, MqttVersion, Naming,
};

use crate::station::SensorIx;

/// A line: one gateway, one bus or one broker. One task owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in logs, metrics and notices.
    pub name: String,
    /// `host:port`, or the path of a serial port or a folder.
    pub address: String,
    /// What is spoken on it.
    pub protocol: Protocol,
}

/// What is spoken on a line.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a city has a score of lines, and each is made once")]
pub enum Protocol {
    /// Modbus: we ask.
    Modbus(ModbusLine),
    /// MQTT: they tell.
    Mqtt(MqttLine),
    /// CSV files in a folder: others put them there.
    Folder(FolderLine),
}

impl Line {
    /// Every sensor that is reached over this line, in configuration order.
    pub fn sensors(&self) -> Vec<SensorIx> {
        match &self.protocol {
            Protocol::Modbus(line) => {
                line.devices.iter().flat_map(|d| d.map.fields.iter().map(|f| f.sensor)).collect()
            }
            Protocol::Mqtt(line) => line.sensors(),
            Protocol::Folder(line) => line.sensors.clone(),
        }
    }
}
