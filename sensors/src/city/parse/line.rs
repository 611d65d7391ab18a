//! `lines.toml`: gateways and brokers, and which sensor is reached how.

use std::collections::{BTreeMap, BTreeSet};

mod folder;
mod modbus;
mod mqtt;

use self::modbus::Wire;
use super::Page;
use super::device::{DeviceType, Of};
use super::station::Network;
use crate::line::{Line, Protocol};
use crate::sheet::{Cell, Known, Row};
use crate::station::{SensorIx, StationIx};

/// What lines are joined with, and who was reached so far: by whom, in which line of the file.
struct Join<'n, 'a> {
    types: &'n Known<DeviceType>,
    network: &'n mut Network<'a>,
    reached: BTreeMap<SensorIx, usize>,
    /// Stations with a mistake on a line: which of their sensors it would reach is unknown.
    unclear: BTreeSet<StationIx>,
}

/// The word in `protocol`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Modbus(Wire),
    Mqtt,
    Folder,
}

const PROTOCOLS: [(&str, Spoken); 5] = [
    ("modbus_tcp", Spoken::Modbus(Wire::Tcp)),
    ("modbus_rtu_tcp", Spoken::Modbus(Wire::RtuTcp)),
    ("modbus_serial", Spoken::Modbus(Wire::Serial)),
    ("mqtt", Spoken::Mqtt),
    ("csv_folder", Spoken::Folder),
];

/// Reads the file. Every sensor must be on exactly one line, except those that a counter feeds.
pub(super) fn read(page: &Page<'_>, types: &Known<DeviceType>, network: &mut Network<'_>) -> Vec<Line> {
    let top = page.row();
    let mut names: Known<()> = Known::new("line", "lines.toml", true);
    let mut addresses: Known<()> = Known::new("Modbus line or folder at", "lines.toml", true);
    let mut join = Join { types, network, reached: BTreeMap::new(), unclear: BTreeSet::new() };
    let mut lines = Vec::new();
    for row in top.rows("line") {
        let name = row.need("name", "its name").and_then(|cell| Some((cell.id()?, cell)));
        let protocol =
            row.need("protocol", "one of modbus_tcp, modbus_rtu_tcp, modbus_serial, mqtt, csv_folder");
        let spoken = protocol.and_then(|cell| cell.one_of(&PROTOCOLS));
        let address = row.need("address", "host:port, or the path of a serial port or a folder");
        let address = address.and_then(|cell| {
            let text = match spoken {
                Some(Spoken::Modbus(Wire::Serial) | Spoken::Folder) => path_of(&cell),
                _ => address_of(&cell),
            };
            Some((text?, cell))
        });
        if let (Some(Spoken::Modbus(_) | Spoken::Folder), Some((text, cell))) = (spoken, &address) {
            addresses.add(cell, text, None);
        }
        let protocol = match spoken {
            Some(Spoken::Modbus(wire)) => join.modbus(&row, wire).map(Protocol::Modbus),
            Some(Spoken::Mqtt) => join.mqtt(&row).map(Protocol::Mqtt),
            Some(Spoken::Folder) => Some(Protocol::Folder(join.folder(&row))),
            None => None,
        };
        if spoken.is_some() {
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

fn path_of<'a>(cell: &Cell<'a>) -> Option<&'a str> {
    let text = cell.text()?;
    if !text.starts_with('/') {
        cell.note(
            format!("{text:?} is no whole path"),
            "allowed is one that begins with '/', as /dev/ttyUSB0",
        );
        return None;
    }
    Some(text)
}

impl Join<'_, '_> {
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
