//! `[[status]]`: words by which a device judges its own values.

use super::address::Addresses;
use super::register::RegisterType;
use crate::register::{Place, Verdict, When};
use crate::sheet::{Cell, Row};

/// A status word of a type.
#[derive(Clone, Debug)]
pub(super) struct StatusType {
    pub(super) place: Place,
    pub(super) rules: Vec<RuleType>,
}

/// What it can say.
#[derive(Clone, Debug)]
pub(super) struct RuleType {
    pub(super) when: When,
    pub(super) then: Verdict,
    /// Places in the type's registers; empty where all are meant.
    pub(super) of: Vec<usize>,
}

const VERDICTS: [(&str, Verdict); 3] =
    [("missing", Verdict::Missing), ("doubtful", Verdict::Doubtful), ("busy", Verdict::Busy)];
const KEYS: [&str; 4] = ["bit_set", "bit_clear", "equals", "differs"];

/// The status words, all of them or none.
pub(super) fn read<'a>(
    top: &Row<'a>,
    addresses: &Addresses<'a>,
    registers: &[RegisterType],
) -> Option<Vec<StatusType>> {
    let rows = top.rows("status");
    let listed = rows.len();
    let statuses: Vec<_> =
        rows.into_iter().filter_map(|row| read_status(row, addresses, registers)).collect();
    (statuses.len() == listed).then_some(statuses)
}

fn read_status<'a>(
    row: Row<'a>,
    addresses: &Addresses<'a>,
    registers: &[RegisterType],
) -> Option<StatusType> {
    let place = addresses.place(&row);
    let rules = row.rows("rule");
    if rules.is_empty() {
        row.note(
            "rule",
            "the word says nothing",
            "needed is rule = [{ bit_set = 0, then = \"missing\" }] or the like",
        );
    }
    let listed = rules.len();
    let address = row.cell("address");
    row.close();
    let place = place?;
    let emptied = registers.iter().find(|register| register.destructive && register.place.overlaps(&place));
    if let Some((register, cell)) = emptied.zip(address) {
        let wrong = format!("reading it would empty {}", register.of.parameter);
        cell.note(wrong, "allowed are registers that no destructive one uses");
        return None;
    }
    let rules: Vec<_> = rules.into_iter().filter_map(|rule| read_rule(rule, place, registers)).collect();
    (rules.len() == listed && listed > 0).then_some(StatusType { place, rules })
}

fn read_rule(row: Row<'_>, place: Place, registers: &[RegisterType]) -> Option<RuleType> {
    let given: Vec<_> = KEYS.iter().filter_map(|key| Some((*key, row.cell(key)?))).collect();
    let then = row.need("then", "one of missing, doubtful, busy").and_then(|cell| cell.one_of(&VERDICTS));
    let of = row.cell("of");
    let when = if let [(key, cell)] = given.as_slice() {
        read_when(key, cell, place)
    } else {
        let wrong = format!("{} conditions are given", given.len());
        row.note("", wrong, format!("allowed is one of {}", KEYS.join(", ")));
        None
    };
    row.close();
    let named = of.as_ref().map(Cell::list).unwrap_or_default();
    let of: Vec<usize> = named.iter().filter_map(|cell| register_of(cell, registers)).collect();
    (of.len() == named.len()).then_some(RuleType { when: when?, then: then?, of })
}

fn read_when(key: &str, cell: &Cell<'_>, place: Place) -> Option<When> {
    let width = i64::from(place.width());
    let bit = || cell.whole(0, width - 1).and_then(|bit| u8::try_from(bit).ok());
    match key {
        "bit_set" => bit().map(When::BitSet),
        "bit_clear" => bit().map(When::BitClear),
        _ => {
            let most = if width >= 63 { i64::MAX } else { (1 << width) - 1 };
            let cells = if cell.is_list() { cell.list() } else { vec![cell.clone()] };
            if cells.is_empty() {
                cell.note("the list is empty", "needed is at least one value");
            }
            let values: Vec<u64> = cells.iter().filter_map(|cell| value_of(cell, most)).collect();
            let whole = values.len() == cells.len() && !cells.is_empty();
            whole.then_some(if key == "equals" { When::Equals(values) } else { When::Differs(values) })
        }
    }
}

/// A value, or the character that it stands for.
fn value_of(cell: &Cell<'_>, most: i64) -> Option<u64> {
    if cell.is_text() {
        let mut letters = cell.text()?.chars();
        return match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii() && i64::from(letter as u32) <= most => {
                Some(u64::from(letter as u32))
            }
            _ => {
                cell.note(
                    "it is not one ASCII character",
                    format!("allowed is one as \"F\", or 0 to {most}"),
                );
                None
            }
        };
    }
    cell.whole(0, most).and_then(|value| u64::try_from(value).ok())
}

/// The register that a text names by its parameter, as `stage` or `stage/radar`.
pub(super) fn register_of(cell: &Cell<'_>, registers: &[RegisterType]) -> Option<usize> {
    let text = cell.text()?;
    register_named(text, registers).or_else(|| {
        let known: Vec<_> = registers.iter().map(|register| register.of.name()).collect();
        cell.note(
            format!("no register of this type gives {text:?}"),
            format!("allowed is one of {}", known.join(", ")),
        );
        None
    })
}

/// The register of a name.
pub(super) fn register_named(text: &str, registers: &[RegisterType]) -> Option<usize> {
    registers.iter().position(|register| register.of.name() == text)
}
