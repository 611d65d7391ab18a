//! Modbus lines of `lines.toml`: slaves, their types and their rhythm. Opens nothing.

use super::Join;
use crate::city::parse::device::{DeviceType, Of, RegisterType};
use crate::line::{ModbusDevice, ModbusLine};
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::register::{RegisterField, RegisterMap};
use crate::sheet::{Cell, Known, Row};
use crate::station::{SensorIx, StationIx};
use crate::time::Span;

impl Join<'_, '_> {
    pub(super) fn modbus(&mut self, row: &Row<'_>) -> ModbusLine {
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
                map: RegisterMap::of(fields),
            });
        }
        ModbusLine { timeout: Span::from_ms(timeout), reconnect_max: Span::from_s(reconnect), devices }
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
        let Of { parameter, scale, offset, .. } = register.of;
        Some(RegisterField {
            sensor,
            parameter,
            place: register.place,
            scale,
            offset,
            sentinels: register.sentinels.clone(),
            destructive: register.destructive,
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
