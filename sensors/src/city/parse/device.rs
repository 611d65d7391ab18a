//! `devices/<type>.toml`: what the registers or payloads of a type of device mean.
//!
//! A type names parameters; which station's sensor is meant is known only on a line.

mod modbus;
mod mqtt;

pub use modbus::ModbusType;
pub(super) use modbus::{RegisterType, RegisterTypes};
pub use mqtt::MqttType;
pub(super) use mqtt::{Measured, PayloadType};

use super::Page;
use crate::mistake::Mistake;
use crate::parameter::Parameter;
use crate::payload::Unit;
use crate::sheet::{Cell, Known, Log, Row, Sheet};

/// A type of device.
#[derive(Clone, Debug)]
pub(super) enum DeviceType {
    Modbus(RegisterTypes),
    Mqtt(PayloadType),
}

/// What a number is of.
#[derive(Clone, Debug)]
pub(super) struct Of {
    pub(super) parameter: Parameter,
    pub(super) sensor: Option<String>,
    pub(super) scale: f64,
    pub(super) offset: f64,
}

impl Of {
    /// As sensors are listed in `stations.toml`: `stage`, or `stage/radar`.
    fn name(&self) -> String {
        match &self.sensor {
            Some(sensor) => format!("{}/{sensor}", self.parameter),
            None => self.parameter.to_string(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.parameter == other.parameter && self.sensor == other.sensor
    }
}

/// Reads every type, by the name of its file.
pub(super) fn read_all(pages: &[(&str, Page<'_>)]) -> Known<DeviceType> {
    let whole = pages.iter().all(|(_, page)| page.whole);
    let mut known = Known::new("device type", "devices/", whole);
    for (name, page) in pages {
        if let Some((protocol, device)) = read_type(page) {
            known.add(&protocol, name, device);
        }
    }
    known
}

/// One type of this protocol that stands in no city, or every mistake in it.
fn read_alone(file: &str, text: &str, wanted: &str) -> Result<DeviceType, Vec<Mistake>> {
    let log = Log::default();
    let page = Page::read(Sheet { file, text, log: &log });
    let device = read_type(&page).and_then(|(protocol, device)| {
        if protocol.text().is_some_and(|protocol| protocol != wanted) {
            protocol.note("the type speaks another protocol", format!("allowed here is {wanted:?}"));
        }
        device
    });
    let mistakes = log.into_sorted();
    device.filter(|_| mistakes.is_empty()).ok_or(mistakes)
}

/// One type and where its protocol is named.
fn read_type<'a>(page: &'a Page<'a>) -> Option<(Cell<'a>, Option<DeviceType>)> {
    let top = page.row();
    let protocol = top.need("protocol", "one of modbus, mqtt")?;
    let is_modbus = protocol.one_of(&[("modbus", true), ("mqtt", false)]);
    let _described = top.need("title", "what the device is").and_then(|cell| cell.text());
    let device = match is_modbus {
        Some(true) => modbus::read(&top).map(DeviceType::Modbus),
        Some(false) => mqtt::read(&top).map(DeviceType::Mqtt),
        None => None,
    };
    if is_modbus.is_some() {
        top.close();
    }
    Some((protocol, device))
}

fn read_of(row: &Row<'_>) -> Option<Of> {
    let word = row.need("parameter", "a parameter").and_then(|cell| Some((cell.text()?, cell)));
    let parameter = word.and_then(|(word, cell)| super::station::parameter_of(&cell, word));
    let sensor = row.cell("sensor").and_then(|cell| cell.id()).map(str::to_owned);
    let scale = row.cell("scale").and_then(|cell| Some((cell.number()?, cell)));
    if let Some((0.0, cell)) = &scale {
        cell.note("a scale of 0 makes every value the same", "allowed is any other number");
    }
    let offset = row.cell("offset").and_then(|cell| cell.number()).unwrap_or(0.0);
    let unit = row.cell("unit").and_then(|cell| Some((cell.text()?, cell)));
    let parameter = parameter?;
    let unit = unit.map(|(text, cell)| {
        let unit = Unit::of(parameter, text);
        if unit.is_none() {
            let allowed = format!("allowed is one of {}", Unit::allowed(parameter));
            cell.note(format!("{text:?} is no unit of {parameter} that is known"), allowed);
        }
        unit
    });
    // raw * scale + offset is in the device's unit; both steps become one.
    let Unit { scale: factor, offset: shift } = unit.unwrap_or(Some(Unit { scale: 1.0, offset: 0.0 }))?;
    let scale = scale.map_or(1.0, |(scale, _)| scale);
    Some(Of { parameter, sensor, scale: scale * factor, offset: offset * factor + shift })
}
