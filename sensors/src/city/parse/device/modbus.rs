//! Types that are asked over Modbus: their registers. Opens nothing.

use super::{Of, read_of};
use crate::register::{Kind, Order, Place, Sentinel, Table};
use crate::sheet::{Cell, Row};

#[derive(Clone, Debug)]
pub(in crate::city::parse) struct RegisterType {
    pub(in crate::city::parse) of: Of,
    pub(in crate::city::parse) place: Place,
    pub(in crate::city::parse) sentinels: Vec<Sentinel>,
    /// Counts after which a counter begins again at 0, where that is not at its register's end.
    pub(in crate::city::parse) rollover: Option<f64>,
    pub(in crate::city::parse) destructive: bool,
}

const TABLES: [(&str, Table); 2] = [("holding", Table::Holding), ("input", Table::Input)];
const KINDS: [(&str, Kind); 5] =
    [("u16", Kind::U16), ("i16", Kind::I16), ("u32", Kind::U32), ("i32", Kind::I32), ("f32", Kind::F32)];
const ORDERS: [(&str, Order); 4] =
    [("abcd", Order::Abcd), ("cdab", Order::Cdab), ("badc", Order::Badc), ("dcba", Order::Dcba)];
/// The registers, all of them or none: half a type would only make more mistakes elsewhere.
pub(super) fn read(top: &Row<'_>) -> Option<Vec<RegisterType>> {
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
        if let Some(other) = registers.iter().find(|other| other.place.overlaps(&register.place)) {
            let wrong =
                format!("its registers overlap those of {} at {}", other.of.parameter, other.place.address);
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
    let sentinels =
        sentinels.iter().filter_map(|cell| cell.whole(least, most)).map(Sentinel::Whole).collect();
    let place = Place { table: table?, address: address?, kind: kind?, order: order?, bits: None };
    Some(RegisterType { of: of?, place, sentinels, rollover: None, destructive: false })
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
        _ => (i64::MIN, i64::MAX),
    }
}
