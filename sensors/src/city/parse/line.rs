//! `lines.toml`: gateways and brokers, and which sensor is reached how.

use std::collections::{BTreeMap, BTreeSet};

use super::Page;
use super::device::{DeviceType, FieldType, Of, PayloadType, RegisterType};
use super::station::Network;
use crate::line::{Line, ModbusDevice, ModbusLine, MqttLine, MqttSubscription, MqttUser, Protocol};
use crate::parameter::Parameter;
use crate::payload::{PayloadField, PayloadMap};
use crate::quantity::Value;
use crate::register::{Kind, RegisterField, RegisterMap};
use crate::sheet::{Cell, Known, Row};
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

/// What lines are joined with, and who was reached so far: by whom, in which line of the file.
struct Join<'n, 'a> {
    types: &'n Known<DeviceType>,
    network: &'n mut Network<'a>,
    reached: BTreeMap<SensorIx, usize>,
    /// Stations with a mistake on a line: which of their sensors it would reach is unknown.
    unclear: BTreeSet<StationIx>,
}

/// Reads the file. Every sensor must be on exactly one line, except those that a counter feeds.
pub(super) fn read(page: &Page<'_>, types: &Known<DeviceType>, network: &mut Network<'_>) -> Vec<Line> {
    let top = page.row();
    let mut names: Known<()> = Known::new("line", "lines.toml", true);
    let mut addresses: Known<()> = Known::new("Modbus line at", "lines.toml", true);
    let mut join = Join { types, network, reached: BTreeMap::new(), unclear: BTreeSet::new() };
    let mut lines = Vec::new();
    for row in top.rows("line") {
        let name = row.need("name", "its name").and_then(|cell| Some((cell.id()?, cell)));
        let address = row.need("address", "host:port").and_then(|cell| Some((address_of(&cell)?, cell)));
        let protocol = row.need("protocol", "one of modbus_tcp, mqtt");
        let is_modbus = protocol.and_then(|cell| cell.one_of(&[("modbus_tcp", true), ("mqtt", false)]));
        if let (Some(true), Some((text, cell))) = (is_modbus, &address) {
            addresses.add(cell, text, None);
        }
        let protocol = match is_modbus {
            Some(true) => Some(Protocol::ModbusTcp(join.modbus(&row))),
            Some(false) => join.mqtt(&row).map(Protocol::Mqtt),
            None => None,
        };
        if is_modbus.is_some() {
            row.close();
        }
        let Some((name, cell)) = name else { continue };
        if names.add(&cell, name, None)
            && let (Some((address, _)), Some(protocol)) = (address, protocol)
        {
            lines.push(Line { name: name.to_owned(), address: address.to_owned(), protocol });
        }
    }
    top.close();
    if page.whole {
        join.name_the_unreached();
    }
    lines
}

fn address_of<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    let text = cell.text()?;
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains(char::is_whitespace));
    let port = port.and_then(|(_, port)| port.parse::<u16>().ok()).filter(|port| *port > 0);
    if port.is_none() {
        cell.note(format!("{text:?} is no address"), "allowed is host:port with a port from 1 to 65535");
    }
    port.map(|_| text)
}

fn topic_of<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    let text = cell.text()?;
    // MQTT 5.0, section 4.7: wildcards, the null character and `$` have meanings of their own.
    if text.contains(['#', '+', '\0']) || text.starts_with('$') || text.len() > 200 {
        cell.note(
            format!("{text:?} is no exact topic"),
            "allowed are at most 200 bytes without '#', '+' and a leading '$'",
        );
        return None;
    }
    Some(text)
}

impl Join<'_, '_> {
    fn modbus(&mut self, row: &Row<'_>) -> ModbusLine {
        let mut units: Known<()> = Known::new("unit", "lines.toml", true);
        let timeout = row.cell("timeout_ms").and_then(|cell| cell.whole(10, 60_000)).unwrap_or(1500);
        let reconnect = row.cell("reconnect_max_s").and_then(|cell| cell.whole(1, 3600)).unwrap_or(60);
        let mut devices = Vec::new();
        for row in row.rows("device") {
            let unit = row.need("unit", "0 to 255").and_then(|cell| Some((cell.whole(0, 255)?, cell)));
            let poll =
                row.need("poll_interval_s", "seconds").and_then(|cell| Some((cell.whole(1, 86_400)?, cell)));
            let found = self.station_and_type(&row);
            row.close();
            let fields =
                found.map(|(station, cell, device)| (station, self.registers(station, &cell, &device)));
            let Some((unit, cell)) = unit else { continue };
            units.add(&cell, &unit.to_string(), None);
            let (Some((poll_s, cell)), Some((station, fields))) = (poll, fields) else { continue };
            self.check_deadlines(&cell, poll_s, &fields);
            devices.push(ModbusDevice {
                unit: unit as u8,
                station,
                poll_interval: Span::from_s(poll_s),
                map: RegisterMap { fields },
            });
        }
        ModbusLine { timeout: Span::from_ms(timeout), reconnect_max: Span::from_s(reconnect), devices }
    }

    fn mqtt(&mut self, row: &Row<'_>) -> Option<MqttLine> {
        let mut topics: Known<()> = Known::new("topic", "lines.toml", true);
        let client_id = row.need("client_id", "a client id").and_then(|cell| cell.text());
        let expiry = row.need("session_expiry_s", "how long the broker keeps the session");
        let expiry = expiry.and_then(|cell| cell.whole(1, i64::from(u32::MAX) - 1));
        let user = row.cell("user").and_then(|cell| cell.text());
        let password = row.cell("password_env").and_then(|cell| cell.text());
        if user.is_some() != password.is_some() {
            row.note("user", "a user has a name and a password", "needed are both user and password_env");
        }
        let mut subscriptions = Vec::new();
        for row in row.rows("subscription") {
            let topic = row.need("topic", "the exact topic").and_then(|cell| Some((topic_of(&cell)?, cell)));
            let found = self.station_and_type(&row);
            row.close();
            let map = found
                .and_then(|(station, cell, device)| Some((station, self.payload(station, &cell, &device)?)));
            let Some((topic, cell)) = topic else { continue };
            topics.add(&cell, topic, None);
            let Some((station, map)) = map else { continue };
            subscriptions.push(MqttSubscription { topic: topic.to_owned(), station, map });
        }
        let pair = user.zip(password);
        let user = pair.map(|(name, env)| MqttUser { name: name.to_owned(), password_env: env.to_owned() });
        let session_expiry = Span::from_s(expiry?);
        Some(MqttLine { client_id: client_id?.to_owned(), session_expiry, user, subscriptions })
    }

    fn station_and_type<'c>(&mut self, row: &Row<'c>) -> Option<(StationIx, Cell<'c>, DeviceType)> {
        let station = row.need("station", "the station's id");
        let station = station.and_then(|cell| self.network.ids.find(&cell, cell.id()?));
        let device = row.need("type", "a device type, the name of a file in devices/");
        let device = device.and_then(|cell| Some((self.types.find(&cell, cell.id()?)?, cell)));
        if device.is_none() {
            self.unclear.extend(station);
        }
        let (device, cell) = device?;
        Some((station?, cell, device))
    }

    fn registers(&mut self, station: StationIx, cell: &Cell<'_>, device: &DeviceType) -> Vec<RegisterField> {
        let DeviceType::Modbus(registers) = device else {
            self.unclear.insert(station);
            cell.note("the type publishes over MQTT", "allowed are types with protocol = \"modbus\"");
            return Vec::new();
        };
        registers.iter().filter_map(|register| self.register(station, cell, register)).collect()
    }

    fn register(
        &mut self,
        station: StationIx,
        cell: &Cell<'_>,
        register: &RegisterType,
    ) -> Option<RegisterField> {
        let sensor = self.reach(station, cell, &register.of)?;
        self.fill_rollover(sensor, register);
        let RegisterType { of: Of { scale, offset, .. }, table, address, kind, order, ref sentinels } =
            *register;
        Some(RegisterField {
            sensor,
            table,
            address,
            kind,
            order,
            scale,
            offset,
            sentinels: sentinels.clone(),
        })
    }

    /// A counter of a whole unsigned register rolls over where the register does.
    fn fill_rollover(&mut self, sensor: SensorIx, register: &RegisterType) {
        let steps = match register.kind {
            Kind::U16 => 65_536.0,
            Kind::U32 => 4_294_967_296.0,
            Kind::I16 | Kind::I32 | Kind::F32 => return,
        };
        let modulus = Value::from_unit(register.of.parameter, steps * register.of.scale).ok();
        if let Some(sensor) = self.network.sensors.get_mut(sensor.at())
            && sensor.id.parameter == Parameter::RainTotal
        {
            sensor.rollover = sensor.rollover.or(modulus);
        }
    }

    fn payload(&mut self, station: StationIx, cell: &Cell<'_>, device: &DeviceType) -> Option<PayloadMap> {
        let DeviceType::Mqtt(PayloadType { format, time, fields }) = device else {
            self.unclear.insert(station);
            cell.note("the type is asked over Modbus", "allowed are types with protocol = \"mqtt\"");
            return None;
        };
        let field = |FieldType { of, pointer, period }: &FieldType| {
            let sensor = self.reach(station, cell, of)?;
            let (pointer, period) = (pointer.clone(), period.clone());
            Some(PayloadField { sensor, pointer, period, scale: of.scale, offset: of.offset })
        };
        let fields = fields.iter().filter_map(field).collect();
        Some(PayloadMap { format: *format, time: time.clone(), fields })
    }

    /// The sensor that a number belongs to, reached here and nowhere else.
    fn reach(&mut self, station: StationIx, cell: &Cell<'_>, of: &Of) -> Option<SensorIx> {
        let id = self.network.id_of(station, of.parameter, of.sensor.as_deref())?;
        let Some(ix) = self.network.sensor(&id) else {
            self.unclear.insert(station);
            let wrong = format!("the type measures {}, which the station does not list", of.parameter);
            cell.note(
                wrong,
                format!("needed is {:?} in the sensors of station {}", of.parameter.as_str(), id.station),
            );
            return None;
        };
        if self.network.sensors.iter().any(|sensor| sensor.feeds == Some(ix)) {
            cell.note(format!("{id} is fed by its counter"), "allowed is the counter or the depth, not both");
        }
        if let Some(line) = self.reached.insert(ix, cell.line()) {
            cell.note(
                format!("{id} is reached twice, first in line {line}"),
                "each sensor is allowed on one line",
            );
        }
        Some(ix)
    }

    /// A device asked more seldom than its sensors may be quiet would be silent between two polls.
    fn check_deadlines(&self, cell: &Cell<'_>, poll_s: i64, fields: &[RegisterField]) {
        let totals = fields.iter().filter_map(|field| self.network.sensors.get(field.sensor.at()));
        if let Some(sensor) =
            totals.min_by_key(|s| s.deadline.total()).filter(|s| s.deadline.total().whole_s() < poll_s)
        {
            let wrong =
                format!("{} counts as silent after {} s", sensor.id, sensor.deadline.total().whole_s());
            cell.note(
                wrong,
                format!("allowed is up to {} s, or a longer deadline", sensor.deadline.total().whole_s()),
            );
        }
    }

    fn name_the_unreached(&self) {
        let fed: BTreeSet<SensorIx> = self.network.sensors.iter().filter_map(|sensor| sensor.feeds).collect();
        let listed = (0_u32..).map(SensorIx).zip(self.network.sensors.iter().zip(&self.network.listed));
        for (ix, (sensor, cell)) in listed {
            let known = self.reached.contains_key(&ix) || fed.contains(&ix);
            if let Some(cell) = cell.as_ref().filter(|_| !known && !self.unclear.contains(&sensor.station)) {
                cell.note(
                    format!("no line reaches {}", sensor.id),
                    "needed is a device or subscription in lines.toml",
                );
            }
        }
    }
}
