//! Addresses as manuals write them, and the one that travels on the wire. Never guesses: how a
//! manual counts is said once in the type, and what does not agree with it is refused.

use std::cell::RefCell;

use crate::register::{BitRun, Kind, Order, Place, Table};
use crate::sheet::{Cell, Row};

const TABLES: [(&str, Table); 4] = [
    ("coil", Table::Coil),
    ("discrete", Table::Discrete),
    ("holding", Table::Holding),
    ("input", Table::Input),
];
const KINDS: [(&str, Kind); 12] = [
    ("bit", Kind::Bit),
    ("u8", Kind::U8),
    ("u16", Kind::U16),
    ("i16", Kind::I16),
    ("u32", Kind::U32),
    ("i32", Kind::I32),
    ("u64", Kind::U64),
    ("i64", Kind::I64),
    ("f32", Kind::F32),
    ("f64", Kind::F64),
    ("bcd16", Kind::Bcd16),
    ("bcd32", Kind::Bcd32),
];
const ORDERS: [(&str, Order); 4] =
    [("abcd", Order::Abcd), ("cdab", Order::Cdab), ("badc", Order::Badc), ("dcba", Order::Dcba)];
const COUNTINGS: [(&str, Counting); 3] =
    [("zero_based", Counting::Zero), ("one_based", Counting::One), ("documented", Counting::Documented)];
const NEEDED: &str = "one of zero_based, one_based, documented (as 40001): how the manual counts registers";

/// How a manual counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counting {
    /// The address is the one on the wire.
    Zero,
    /// The first register is 1.
    One,
    /// The first digit names the table and the rest counts from 1: 40001, or 400001.
    Documented,
}

/// How a type's addresses are to be read.
#[derive(Debug)]
pub(super) struct Addresses<'a> {
    counting: Option<Counting>,
    /// The documented numbers of 5 and of 6 digits so far, one of each.
    digits: RefCell<(Option<Cell<'a>>, Option<Cell<'a>>)>,
}

impl<'a> Addresses<'a> {
    /// Reads how the type counts.
    pub(super) fn read(top: &Row<'a>) -> Self {
        let counting = top.need("addressing", NEEDED).and_then(|cell| cell.one_of(&COUNTINGS));
        Self { counting, digits: RefCell::default() }
    }

    /// Reads the keys that say where a number stands.
    pub(super) fn place(&self, row: &Row<'a>) -> Option<Place> {
        let table = row.cell("table").map(|cell| (cell.one_of(&TABLES), cell));
        let address = row.need("address", self.example());
        let kind = row.cell("kind").map(|cell| (cell.one_of(&KINDS), cell));
        let order = row.cell("order").map_or(Some(Order::Abcd), |cell| cell.one_of(&ORDERS));
        let (bit, bits) = (row.cell("bit"), row.cell("bits"));
        let (table, start) = self.start(row, table, &address?)?;
        let kind = kind_in(table, row, kind)?;
        let bits = match taken(kind, bit.as_ref(), bits.as_ref())? {
            Taken::Whole => None,
            Taken::Bits(run) => Some(run),
        };
        let end = start + i64::from(kind.registers());
        if let Some(cell) = row.cell("address").filter(|_| end > 65_536) {
            let last = format!("its last register would be {}, counted from 0", end - 1);
            cell.note(last, "allowed are registers up to 65535");
        }
        (end <= 65_536).then_some(())?;
        Some(Place { table, address: u16::try_from(start).ok()?, kind, order: order?, bits })
    }

    fn example(&self) -> &'static str {
        match self.counting {
            Some(Counting::Zero) => "the first register, counted from 0",
            Some(Counting::One) => "the first register, counted from 1",
            Some(Counting::Documented) => "the first register's number, as 40001",
            None => "the first register",
        }
    }

    /// The table and the address on the wire, which may still be out of range.
    fn start(
        &self,
        row: &Row<'a>,
        table: Option<(Option<Table>, Cell<'a>)>,
        cell: &Cell<'a>,
    ) -> Option<(Table, i64)> {
        match self.counting {
            Some(Counting::Documented) => {
                let (named, start) = self.documented(cell)?;
                if let Some((Some(table), cell)) = table.filter(|(table, _)| *table != Some(named)) {
                    let wrong = format!("the number names the {named} table");
                    cell.note(
                        wrong,
                        format!("allowed is {:?}, or a number of the {table} table", named.to_string()),
                    );
                    return None;
                }
                Some((named, start))
            }
            counting => {
                if table.is_none() {
                    row.note(
                        "table",
                        "the key is missing",
                        "needed is one of coil, discrete, holding, input",
                    );
                }
                let (table, first) = (table?.0?, i64::from(counting == Some(Counting::One)));
                let number = cell.whole(0, i64::MAX)?;
                if let Some(meant) = looks_documented(table, number).filter(|_| !cell.is_coded()) {
                    let wrong =
                        format!("{number} looks like the manual's number of {table} register {meant}");
                    cell.note(wrong, format!("write {} here; or addressing = \"documented\" for the whole file; or {number:#06X} where the device really has so many registers", meant - 1 + first));
                    return None;
                }
                if number < first {
                    cell.note(
                        "0 is no register where the manual counts from 1",
                        "allowed is 1 to 65536, or addressing = \"zero_based\" for the whole file",
                    );
                    return None;
                }
                Some((table, cell.whole(first, 65_535 + first)? - first))
            }
        }
    }

    /// Tables by the first digit (Modicon's reference numbers): 5 digits count to 9999, 6 to 65536.
    fn documented(&self, cell: &Cell<'a>) -> Option<(Table, i64)> {
        let number = cell.whole(0, 999_999)?;
        let found = match number {
            1..=9_999 => Some((Table::Coil, number)),
            10_001..=19_999 => Some((Table::Discrete, number - 10_000)),
            30_001..=39_999 => Some((Table::Input, number - 30_000)),
            40_001..=49_999 => Some((Table::Holding, number - 40_000)),
            100_001..=165_536 => Some((Table::Discrete, number - 100_000)),
            300_001..=365_536 => Some((Table::Input, number - 300_000)),
            400_001..=465_536 => Some((Table::Holding, number - 400_000)),
            _ => None,
        };
        if found.is_none() {
            cell.note(format!("{number} names no register"), "allowed are 1 to 9999 (coils), 10001 to 19999 (discrete inputs), 30001 to 39999 (input registers), 40001 to 49999 (holding registers), and the same with six digits");
        }
        let mut digits = self.digits.borrow_mut();
        match number {
            10_001..100_000 => digits.0 = Some(cell.clone()),
            100_000.. => digits.1 = Some(cell.clone()),
            _ => {}
        }
        found.map(|(table, nth)| (table, nth - 1))
    }

    /// A manual writes its numbers with five digits or with six; both in one file are a slip.
    pub(super) fn check_mixture(&self) {
        if let (Some(five), Some(six)) = &*self.digits.borrow() {
            let wrong = format!("its number has six digits, that in line {} has five", five.line());
            six.note(wrong, "allowed are numbers of one length");
        }
    }
}

/// The register, counted from 1, that a number in a manual's own style would mean.
fn looks_documented(table: Table, number: i64) -> Option<i64> {
    let digit = match table {
        Table::Coil => return None,
        Table::Discrete => 1,
        Table::Input => 3,
        Table::Holding => 4,
    };
    let five = number - digit * 10_000;
    let six = number - digit * 100_000;
    (1..=9_999).contains(&five).then_some(five).or_else(|| (1..=65_536).contains(&six).then_some(six))
}

fn kind_in(table: Table, row: &Row<'_>, kind: Option<(Option<Kind>, Cell<'_>)>) -> Option<Kind> {
    let Some((kind, cell)) = kind else {
        if !table.is_of_bits() {
            let kinds: Vec<_> = KINDS.iter().skip(1).map(|(word, _)| *word).collect();
            row.note("kind", "the key is missing", format!("needed is one of {}", kinds.join(", ")));
        }
        return table.is_of_bits().then_some(Kind::Bit);
    };
    let kind = kind?;
    if table.is_of_bits() && kind != Kind::Bit {
        cell.note(format!("the {table} table is of bits"), "allowed is \"bit\", or no kind at all");
        return None;
    }
    if kind == Kind::Bit && !table.is_of_bits() {
        cell.note("a register has 16 bits", "allowed is kind = \"u16\" with bit = 0 to 15");
        return None;
    }
    Some(kind)
}

/// What a place takes of its number.
enum Taken {
    Whole,
    Bits(BitRun),
}

fn taken(kind: Kind, bit: Option<&Cell<'_>>, bits: Option<&Cell<'_>>) -> Option<Taken> {
    let Some(cell) = bit.or(bits) else { return Some(Taken::Whole) };
    if bit.is_some() && bits.is_some() {
        cell.note("one bit and a run of bits are given", "allowed is bit or bits");
        return None;
    }
    if !matches!(kind, Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64) {
        cell.note(
            "only the bits of a whole number without a sign can be picked",
            "allowed with kind u8, u16, u32 or u64",
        );
        return None;
    }
    let last = i64::from(kind.width()) - 1;
    if let Some(cell) = bit {
        let first = u8::try_from(cell.whole(0, last)?).ok()?;
        return Some(Taken::Bits(BitRun { first, count: 1 }));
    }
    let cells = cell.list();
    let [low, high] = cells.as_slice() else {
        cell.note(
            format!("{} numbers are given", cells.len()),
            "allowed are two: the lowest and the highest bit of the run",
        );
        return None;
    };
    let low = low.whole(0, last)?;
    let high = high.whole(low, last)?;
    Some(Taken::Bits(BitRun { first: u8::try_from(low).ok()?, count: u8::try_from(high - low + 1).ok()? }))
}
