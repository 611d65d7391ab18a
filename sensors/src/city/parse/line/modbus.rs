//! Modbus lines of `lines.toml`: slaves, their types and their rhythm. Opens nothing.

use super::Join;
use crate::city::parse::device::{DeviceType, RegisterType};
use crate::line::{ModbusDevice, ModbusLine, Parity, SerialPort, Transport};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::register::{RegisterField, RegisterMap};
use crate::sheet::{Cell, Known, Row};
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

/// What travels on a Modbus line, by its word in `protocol`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Tcp,
    RtuTcp,
    Serial,
}

impl Wire {
    /// Unit 0 speaks to everybody on a bus, and nobody answers; 248 to 255 are reserved there
    /// (MODBUS over Serial Line V1.02, 2.2). Over TCP they are for devices that ignore the unit.
    fn unit(self, cell: &Cell<'_>) -> Option<u8> {
        let unit = u8::try_from(cell.whole(0, 255)?).ok()?;
        if matches!(self, Self::RtuTcp | Self::Serial) && !(1..=247).contains(&unit) {
            let wrong = match unit {
                0 => String::from("unit 0 speaks to the whole bus, and nobody answers it"),
                _ => format!("unit {unit} is reserved on a bus"),
            };
            cell.note(wrong, format!("allowed is {}", self.units()));
            return None;
        }
        Some(unit)
    }

    fn units(self) -> &'static str {
        if matches!(self, Self::Tcp) { "0 to 255" } else { "1 to 247" }
    }

    fn transport(self, row: &Row<'_>) -> Option<Transport> {
        let gap =
            || row.cell("frame_gap_us").and_then(|cell| cell.whole(100, 1_000_000)).map(|gap| gap as u32);
        match self {
            Self::Tcp => Some(Transport::Tcp),
            // The device server keeps the gap on its bus; what comes over the network comes in lumps.
            Self::RtuTcp => Some(Transport::RtuTcp { gap_us: gap().unwrap_or(RTU_TCP_GAP_US) }),
            Self::Serial => {
                let baud_rate = row.need("baud_rate", "bits a second")?.whole(300, 4_000_000)? as u32;
                let parity = row.cell("parity").map_or(Some(Parity::Even), |cell| cell.one_of(&PARITIES))?;
                // RTU sends whole bytes (MODBUS over Serial Line V1.02, 2.5.1).
                row.cell("data_bits").and_then(|cell| cell.whole(8, 8));
                // Without a parity bit a second stop bit takes its place (2.5.1).
                let stop_bits = if parity == Parity::None { 2_i64 } else { 1 };
                let stop_bits = row.cell("stop_bits").map_or(Some(stop_bits), |cell| cell.whole(1, 2))? as u8;
                let port = SerialPort { baud_rate, parity, stop_bits, gap_us: 0 };
                Some(Transport::Serial(SerialPort { gap_us: gap().unwrap_or(port.gap_of()), ..port }))
            }
        }
    }
}

const PARITIES: [(&str, Parity); 3] = [("none", Parity::None), ("even", Parity::Even), ("odd", Parity::Odd)];
/// Quiet between two RTU frames over TCP where nothing is said.
const RTU_TCP_GAP_US: u32 = 5000;

impl Join<'_, '_> {
    pub(super) fn modbus(&mut self, row: &Row<'_>, wire: Wire) -> Option<ModbusLine> {
        let mut units: Known<()> = Known::new("unit", "lines.toml", true);
        let transport = wire.transport(row);
        let timeout = row.cell("timeout_ms").and_then(|cell| cell.whole(10, 60_000)).unwrap_or(1500);
        let reconnect = row.cell("reconnect_max_s").and_then(|cell| cell.whole(1, 3600)).unwrap_or(60);
        let settle = row.cell("settle_ms").and_then(|cell| cell.whole(0, 30_000)).unwrap_or(0);
        let closes = row.cell("connection").and_then(|cell| cell.one_of(&[("keep", false), ("close", true)]));
        let rows = row.rows("device");
        let devices = rows.iter().filter_map(|row| self.device(row, wire, &mut units)).collect();
        rows.into_iter().for_each(Row::close);
        Some(ModbusLine {
            transport: transport?,
            timeout: Span::from_ms(timeout),
            reconnect_max: Span::from_s(reconnect),
            settle: Span::from_ms(settle),
            closes: closes.unwrap_or(false),
            devices,
        })
    }

    fn device(&mut self, row: &Row<'_>, wire: Wire, units: &mut Known<()>) -> Option<ModbusDevice> {
        let unit = row.need("unit", wire.units()).and_then(|cell| Some((wire.unit(&cell)?, cell)));
        let poll =
            row.need("poll_interval_s", "seconds").and_then(|cell| Some((cell.whole(1, 86_400)?, cell)));
        let storm = row.cell("storm_poll_interval_s").and_then(|cell| Some((cell.whole(1, 86_400)?, cell)));
        let pause = row.cell("pause_ms").and_then(|cell| cell.whole(0, 10_000)).unwrap_or(0);
        let wake = row.cell("wake_ms").and_then(|cell| Some((cell.whole(1, 10_000)?, cell)));
        let found = self.station_and_type(row);
        let map = found.map(|(station, cell, device)| (station, self.registers(station, &cell, &device)));
        let (unit, cell) = unit?;
        units.add(&cell, &unit.to_string(), None);
        let ((poll_s, cell), (station, map)) = (poll?, map?);
        self.check_deadlines(&cell, poll_s, &map.fields);
        if let Some((_, cell)) = storm.as_ref().filter(|(storm_s, _)| *storm_s >= poll_s) {
            let wrong = format!("a storm is no faster than the ordinary {poll_s} s");
            cell.note(wrong, "allowed is less than poll_interval_s");
        }
        if let Some((_, cell)) = &wake
            && map.requests().iter().all(|request| request.destructive)
        {
            let wrong = "whatever is asked of this device empties a register, also to wake it";
            cell.note(wrong, "needed is a register that may be read twice");
        }
        Some(ModbusDevice {
            unit,
            station,
            poll_interval: Span::from_s(poll_s),
            storm_poll_interval: storm.map(|(storm_s, _)| Span::from_s(storm_s)),
            pause: Span::from_ms(pause),
            wake: wake.map(|(wake_ms, _)| Span::from_ms(wake_ms)),
            map,
        })
    }

    fn registers(&mut self, station: StationIx, cell: &Cell<'_>, device: &DeviceType) -> RegisterMap {
        let DeviceType::Modbus(types) = device else {
            self.unclear.insert(station);
            cell.note("the type publishes over MQTT", "allowed are types with protocol = \"modbus\"");
            return RegisterMap::default();
        };
        types.map(|register| {
            let sensor = self.reach(station, cell, &register.of)?;
            self.fill_rollover(sensor, register);
            Some(sensor)
        })
    }

    /// A counter of a whole unsigned register rolls over where the register does.
    fn fill_rollover(&mut self, sensor: SensorIx, register: &RegisterType) {
        let Some(steps) = register.rollover.or(register.place.modulus()) else { return };
        let modulus = Value::from_unit(register.of.parameter, steps * register.of.scale).ok();
        if let Some(sensor) = self.network.sensors.get_mut(sensor.at())
            && sensor.id.parameter == Parameter::RainTotal
        {
            sensor.rollover = sensor.rollover.or(modulus);
        }
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
}

#[cfg(test)]
mod tests;
