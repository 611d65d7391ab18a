//! `[[register]]`: where a number stands and what it is of.

use super::super::{Of, read_of};
use super::address::Addresses;
use crate::parameter::Parameter;
use crate::register::{Kind, Place, Sentinel};
use crate::sheet::{Cell, Row};

/// A number of a type.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct RegisterType {
    pub(in crate::city::parse) of: Of,
    pub(in crate::city::parse) place: Place,
    pub(in crate::city::parse) sentinels: Vec<Sentinel>,
    /// Counts after which a counter begins again at 0, where that is not at its register's end.
    pub(in crate::city::parse) rollover: Option<f64>,
    pub(in crate::city::parse) destructive: bool,
}

/// The registers, all of them or none.
pub(super) fn read<'a>(top: &Row<'a>, addresses: &Addresses<'a>) -> Option<Vec<RegisterType>> {
    let mut registers: Vec<RegisterType> = Vec::new();
    let rows = top.rows("register");
    let listed = rows.len();
    if rows.is_empty() {
        top.note("register", "the device has no register", "needed is at least one [[register]]");
    }
    for row in rows {
        let register = read_register(&row, addresses);
        let place = row.cell("address");
        let parameter = row.cell("parameter");
        row.close();
        let (Some(register), Some(place)) = (register, place) else { continue };
        if let Some(other) = registers.iter().find(|other| collide(other, &register)) {
            let wrong =
                format!("its registers overlap those of {} at {}", other.of.parameter, other.place.address);
            place.note(wrong, "allowed are registers, or bits of one, that no other number uses");
        }
        if let Some(cell) = parameter.filter(|_| registers.iter().any(|other| other.of.is_same(&register.of)))
        {
            let wrong = format!("{} is given twice", register.of.parameter);
            cell.note(wrong, "allowed is each parameter once, or a sensor name that tells them apart");
        }
        registers.push(register);
    }
    (registers.len() == listed).then_some(registers)
}

fn read_register<'a>(row: &Row<'a>, addresses: &Addresses<'a>) -> Option<RegisterType> {
    let of = read_of(row);
    let place = addresses.place(row);
    let sentinels = row.cell("sentinels");
    let rollover = row.cell("rollover");
    let destructive = row.cell("destructive");
    let (of, place) = (of?, place?);
    let sentinels = sentinels.map(|cell| cell.list()).unwrap_or_default();
    let sentinels: Vec<_> = sentinels.iter().map(|cell| read_sentinel(place, cell)).collect();
    let sentinels: Option<Vec<_>> = sentinels.into_iter().collect();
    let rollover = rollover.and_then(|cell| read_rollover(&of, place, &cell));
    let destructive = destructive.and_then(|cell| Some((cell.flag()?, cell)));
    if let Some((true, cell)) = &destructive
        && !of.parameter.is_depth_over_interval()
    {
        let wrong = format!("{} is no depth since the last read", of.parameter);
        cell.note(wrong, "allowed with parameter = \"rainfall\"");
    }
    Some(RegisterType {
        of,
        place,
        sentinels: sentinels?,
        rollover,
        destructive: destructive.is_some_and(|(empties, _)| empties),
    })
}

/// A sentinel is a number of the register's kind, or for whole numbers its bits (65535 is -1).
fn read_sentinel(place: Place, cell: &Cell<'_>) -> Option<Sentinel> {
    if place.kind.is_float() && !cell.is_whole() {
        return cell.float().map(Sentinel::Real);
    }
    let width = u32::from(place.width());
    let (least, most) = match place.kind {
        // Every whole number up to 2^24 is exact in an f32, up to 2^53 in an f64.
        Kind::F32 => (-(1 << 24), 1 << 24),
        Kind::F64 => (-(1 << 53), 1 << 53),
        Kind::U64 | Kind::I64 if width == 64 => (i64::MIN, i64::MAX),
        Kind::I16 | Kind::I32 => (-(1 << (width - 1)), (1 << width) - 1),
        _ => (0, (1 << width) - 1),
    };
    cell.whole(least, most).map(Sentinel::Whole)
}

fn read_rollover(of: &Of, place: Place, cell: &Cell<'_>) -> Option<f64> {
    if of.parameter != Parameter::RainTotal {
        cell.note(format!("{} is no counter", of.parameter), "allowed with parameter = \"rain_total\"");
        return None;
    }
    let most = place.modulus().unwrap_or(9e15).min(9e15);
    cell.whole(2, most as i64).map(|counts| counts as f64)
}

/// Bits of one register may belong to several numbers; registers may not, and what reading empties
/// is read once.
fn collide(a: &RegisterType, b: &RegisterType) -> bool {
    if !a.place.overlaps(&b.place) {
        return false;
    }
    let same_word = Place { bits: None, ..a.place } == Place { bits: None, ..b.place };
    let apart = a
        .place
        .bits
        .zip(b.place.bits)
        .is_some_and(|(a, b)| a.first >= b.first + b.count || b.first >= a.first + a.count);
    a.destructive || b.destructive || !(same_word && apart)
}
