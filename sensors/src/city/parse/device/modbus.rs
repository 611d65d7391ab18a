//! Types that are asked over Modbus: their registers, status words and recorded bytes. Opens nothing.

mod address;
mod recorded;
mod register;
mod status;

pub(in crate::city::parse) use register::RegisterType;

use self::address::Addresses;
use self::status::StatusType;
use super::{DeviceType, Of};
use crate::mistake::Mistake;
use crate::parameter::Parameter;
use crate::register::{Grouping, Recording, RegisterField, RegisterMap, Rule, Status};
use crate::sheet::Row;
use crate::station::SensorIx;

/// A type that is asked over Modbus.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct RegisterTypes {
    pub(in crate::city::parse) registers: Vec<RegisterType>,
    statuses: Vec<StatusType>,
    grouping: Grouping,
    recordings: Vec<Recording>,
}

/// A type by itself, for whoever plays or asks a device that stands in no city.
#[derive(Clone, Debug)]
pub struct ModbusType {
    /// What its registers measure, with the sensor's name where there is one.
    pub registers: Vec<(Parameter, Option<String>)>,
    /// What they mean. Sensors are counted as the registers.
    pub map: RegisterMap,
    /// What the device is known to have said.
    pub recordings: Vec<Recording>,
}

impl ModbusType {
    /// Reads `devices/<type>.toml` of a type with `protocol = "modbus"`.
    ///
    /// # Errors
    /// Every mistake in it, a recording that says something else than observed among them.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        match super::read_alone(file, text, "modbus")? {
            DeviceType::Modbus(types) => Ok(Self {
                registers: types.registers.iter().map(|r| (r.of.parameter, r.of.sensor.clone())).collect(),
                map: types.map_by_place(),
                recordings: types.recordings,
            }),
            DeviceType::Mqtt(_) => Err(Vec::new()),
        }
    }
}

/// A whole type or none: half a type would only make more mistakes elsewhere.
pub(super) fn read(top: &Row<'_>) -> Option<RegisterTypes> {
    let addresses = Addresses::read(top);
    let grouping = read_grouping(top);
    let registers = register::read(top, &addresses);
    let statuses = registers.as_ref().and_then(|registers| status::read(top, &addresses, registers));
    addresses.check_mixture();
    // What was recorded can only be told from the meaning of every register.
    let recorded = top.rows("recorded");
    let (Some(registers), Some(statuses), Some(grouping)) = (registers, statuses, grouping) else {
        return None;
    };
    let mut types = RegisterTypes { registers, statuses, grouping, recordings: Vec::new() };
    types.check_request_max(top);
    types.recordings = recorded.into_iter().filter_map(|row| recorded::read(row, &types)).collect();
    Some(types)
}

fn read_grouping(top: &Row<'_>) -> Option<Grouping> {
    let words = [("together", true), ("single", false)];
    let together = top.cell("read").map_or(Some(true), |cell| cell.one_of(&words));
    let request_max = top.cell("request_max").map_or(Some(i64::from(u16::MAX)), |cell| cell.whole(1, 2000));
    let gap = top.cell("gap_max");
    if let (Some(cell), Some(false)) = (&gap, together) {
        cell.note("every number is read alone, so that there is no gap", "allowed with read = \"together\"");
    }
    let gap_max = gap.map_or(Some(0), |cell| cell.whole(0, 124));
    let (request_max, gap_max) = (u16::try_from(request_max?).ok()?, u16::try_from(gap_max?).ok()?);
    Some(Grouping { together: together?, request_max, gap_max })
}

impl RegisterTypes {
    fn check_request_max(&self, top: &Row<'_>) {
        let places = self.registers.iter().map(|register| register.place);
        let widest = places.chain(self.statuses.iter().map(|status| status.place));
        let widest = widest.map(|place| place.kind.registers()).max().unwrap_or(1);
        if let Some(cell) = top.cell("request_max").filter(|_| widest > self.grouping.request_max) {
            let wrong = format!("its widest number takes {widest} registers, which are never read apart");
            cell.note(wrong, format!("allowed is {widest} or more"));
        }
    }

    /// Its map with the registers' own places for sensors.
    fn map_by_place(&self) -> RegisterMap {
        let mut places = (0_u32..).map(SensorIx);
        self.map(|_| places.next())
    }

    /// Its registers for the sensors of a station; a register without one is left out.
    pub(in crate::city::parse) fn map(
        &self,
        mut sensor: impl FnMut(&RegisterType) -> Option<SensorIx>,
    ) -> RegisterMap {
        let sensors: Vec<Option<SensorIx>> = self.registers.iter().map(&mut sensor).collect();
        let fields = self.registers.iter().zip(&sensors);
        let fields = fields.filter_map(|(register, sensor)| Some(register.field((*sensor)?))).collect();
        let statuses = self.statuses.iter().map(|status| Status {
            place: status.place,
            rules: status.rules.iter().filter_map(|rule| rule.of_sensors(&sensors)).collect(),
        });
        RegisterMap { fields, statuses: statuses.collect(), grouping: self.grouping }
    }
}

impl RegisterType {
    fn field(&self, sensor: SensorIx) -> RegisterField {
        let Of { parameter, scale, offset, .. } = self.of;
        RegisterField {
            sensor,
            parameter,
            place: self.place,
            scale,
            offset,
            sentinels: self.sentinels.clone(),
            destructive: self.destructive,
        }
    }
}

impl status::RuleType {
    /// The rule for these sensors; `None` where it speaks only of registers that have none.
    fn of_sensors(&self, sensors: &[Option<SensorIx>]) -> Option<Rule> {
        let of: Vec<_> = self.of.iter().filter_map(|register| *sensors.get(*register)?).collect();
        let speaks_of_none = of.is_empty() && !self.of.is_empty();
        (!speaks_of_none).then(|| Rule { when: self.when.clone(), then: self.then, of })
    }
}

#[cfg(test)]
mod tests;
