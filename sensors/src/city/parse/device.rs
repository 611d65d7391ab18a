//! `devices/<type>.toml`: what the registers or payloads of a type of device mean.
//!
//! A type names parameters; which station's sensor is meant is known only on a line.

use super::Page;
use crate::parameter::Parameter;
use crate::payload::{PayloadFormat, Period};
use crate::register::{Kind, Order, Table};
use crate::sheet::{Cell, Known, Row};

/// A type of device.
#[derive(Clone, Debug)]
pub(super) enum DeviceType {
    Modbus(Vec<RegisterType>),
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

#[derive(Clone, Debug)]
pub(super) struct RegisterType {
    pub(super) of: Of,
    pub(super) table: Table,
    pub(super) address: u16,
    pub(super) kind: Kind,
    pub(super) order: Order,
    pub(super) sentinels: Vec<i64>,
}

#[derive(Clone, Debug)]
pub(super) struct PayloadType {
    pub(super) format: PayloadFormat,
    pub(super) time: Option<String>,
    pub(super) fields: Vec<FieldType>,
}

#[derive(Clone, Debug)]
pub(super) struct FieldType {
    pub(super) of: Of,
    pub(super) pointer: String,
    pub(super) period: Option<Period>,
}

const TABLES: [(&str, Table); 2] = [("holding", Table::Holding), ("input", Table::Input)];
const KINDS: [(&str, Kind); 5] =
    [("u16", Kind::U16), ("i16", Kind::I16), ("u32", Kind::U32), ("i32", Kind::I32), ("f32", Kind::F32)];
const ORDERS: [(&str, Order); 4] =
    [("abcd", Order::Abcd), ("cdab", Order::Cdab), ("badc", Order::Badc), ("dcba", Order::Dcba)];
const FORMATS: [(&str, PayloadFormat); 2] = [("json", PayloadFormat::Json), ("plain", PayloadFormat::Plain)];

/// Reads every type, by the name of its file.
pub(super) fn read_all(pages: &[(&str, Page<'_>)]) -> Known<DeviceType> {
    let whole = pages.iter().all(|(_, page)| page.whole);
    let mut known = Known::new("device type", "devices/", whole);
    for (name, page) in pages {
        let top = page.row();
        let Some(protocol) = top.need("protocol", "one of modbus, mqtt") else { continue };
        let is_modbus = protocol.one_of(&[("modbus", true), ("mqtt", false)]);
        let _described = top.need("title", "what the device is").and_then(|cell| cell.text());
        let device = match is_modbus {
            Some(true) => read_registers(&top).map(DeviceType::Modbus),
            Some(false) => read_payload(&top).map(DeviceType::Mqtt),
            None => None,
        };
        if is_modbus.is_some() {
            top.close();
        }
        known.add(&protocol, name, device);
    }
    known
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
    Some(Of { parameter: parameter?, sensor, scale: scale.map_or(1.0, |(scale, _)| scale), offset })
}

/// The registers, all of them or none: half a type would only make more mistakes elsewhere.
fn read_registers(top: &Row<'_>) -> Option<Vec<RegisterType>> {
    let mut registers: Vec<RegisterType> = Vec::new();
    let rows = top.rows("register");
    let listed = rows.len();
    if rows.is_empty() {
        top.note("register", "the device has no register", "needed is at least one [[register]]");
    }
    for row in rows {
        let place = row.need("address", "the register, counted from 0");
        let register = read_register(&row, place.as_ref());
        row.close();
        let (Some(register), Some(place)) = (register, place) else { continue };
        if let Some(other) = registers.iter().find(|other| overlap(other, &register)) {
            let wrong = format!("its registers overlap those of {} at {}", other.of.parameter, other.address);
            place.note(wrong, "allowed are registers that no other number uses");
        }
        registers.push(register);
    }
    (registers.len() == listed).then_some(registers)
}

fn read_register(row: &Row<'_>, place: Option<&Cell<'_>>) -> Option<RegisterType> {
    let of = read_of(row);
    let table = row.need("table", "one of holding, input").and_then(|cell| cell.one_of(&TABLES));
    let kind = row.need("kind", "one of u16, i16, u32, i32, f32").and_then(|cell| cell.one_of(&KINDS));
    let order = row.cell("order").map_or(Some(Order::Abcd), |cell| cell.one_of(&ORDERS));
    let last = 65_536 - kind.map_or(1, |kind| i64::from(kind.registers()));
    let address = place.and_then(|cell| cell.whole(0, last)).and_then(|n| u16::try_from(n).ok());
    let (least, most) = kind.map_or((i64::MIN, i64::MAX), raw_range);
    let sentinels = row.cell("sentinels").map(|cell| cell.list()).unwrap_or_default();
    let sentinels = sentinels.iter().filter_map(|cell| cell.whole(least, most)).collect();
    Some(RegisterType { of: of?, table: table?, address: address?, kind: kind?, order: order?, sentinels })
}

/// What a sentinel can be: a number of the kind, or for signed ones its bits (65535 is -1).
fn raw_range(kind: Kind) -> (i64, i64) {
    match kind {
        Kind::U16 => (0, i64::from(u16::MAX)),
        Kind::I16 => (i64::from(i16::MIN), i64::from(u16::MAX)),
        Kind::U32 => (0, i64::from(u32::MAX)),
        Kind::I32 => (i64::from(i32::MIN), i64::from(u32::MAX)),
        // Every whole number up to 2^24 is exact in an f32.
        Kind::F32 => (-(1 << 24), 1 << 24),
    }
}

fn overlap(a: &RegisterType, b: &RegisterType) -> bool {
    let end = |r: &RegisterType| u32::from(r.address) + u32::from(r.kind.registers());
    a.table == b.table && u32::from(a.address) < end(b) && u32::from(b.address) < end(a)
}

fn read_payload(top: &Row<'_>) -> Option<PayloadType> {
    let format = top.need("format", "one of json, plain").and_then(|cell| cell.one_of(&FORMATS));
    let time = top.cell("time_pointer").and_then(|cell| pointer_of(&cell));
    let rows = top.rows("field");
    if rows.is_empty() || (format == Some(PayloadFormat::Plain) && rows.len() > 1) {
        let wrong = format!("there are {} fields", rows.len());
        top.note("field", wrong, "needed is one [[field]] for plain, one or more for json");
    }
    let fields: Vec<Option<FieldType>> = rows.into_iter().map(|row| read_field(row, format)).collect();
    let fields = fields.into_iter().collect::<Option<Vec<_>>>();
    Some(PayloadType { format: format?, time, fields: fields? })
}

fn read_field(row: Row<'_>, format: Option<PayloadFormat>) -> Option<FieldType> {
    let of = read_of(&row);
    let pointer = match format {
        Some(PayloadFormat::Plain) => Some(String::new()),
        _ => row.need("pointer", "a JSON pointer, as \"/value\"").and_then(|cell| pointer_of(&cell)),
    };
    let said = row.cell("period_pointer");
    if let Some(cell) = said.as_ref().filter(|_| format == Some(PayloadFormat::Plain)) {
        cell.note("a bare number has no place for its interval", "allowed for plain is period_s");
    }
    let said = said.and_then(|cell| pointer_of(&cell)).map(Period::Pointer);
    let fixed =
        row.cell("period_s").and_then(|cell| cell.whole(1, 86_400)).map(|s| Period::Seconds(s as u32));
    let period = said.or(fixed);
    let is_depth = of.as_ref().map(|of| of.parameter.is_depth_over_interval());
    if is_depth == Some(period.is_none()) {
        let wrong =
            if period.is_none() { "a depth needs its interval" } else { "only a depth has an interval" };
        row.note("period_s", wrong, "allowed for rainfall: period_s or period_pointer");
    }
    row.close();
    Some(FieldType { of: of?, pointer: pointer?, period })
}

/// A JSON pointer of RFC 6901, section 3.
fn pointer_of(cell: &Cell<'_>) -> Option<String> {
    let text = cell.text()?;
    if !text.starts_with('/') {
        cell.note(
            format!("{text:?} is no JSON pointer"),
            "allowed is a path that starts with '/', as \"/value\"",
        );
        return None;
    }
    Some(text.to_owned())
}
