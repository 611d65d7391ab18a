//! `[[field]]` of a type that publishes: one number, and all that is said about it.

use super::{Format, Measures, pointer_of, quality_words, read_of};
use crate::payload::{PayloadField, PayloadMap, Period, QualityMap, Said, UnitSource};
use crate::sheet::{Cell, Row};

/// How a form names places: by JSON pointers, by columns, by metrics, or not at all.
#[derive(Clone, Copy)]
pub(super) struct Places {
    format: Format,
}

/// Keys by what stands there: for pointers, for columns.
const KEYS: [(&str, &str, &str); 5] = [
    ("value", "pointer", "column"),
    ("time", "time_pointer", "time_column"),
    ("period", "period_pointer", "period_column"),
    ("unit", "unit_pointer", "unit_column"),
    ("quality", "pointer", "column"),
];

impl Places {
    pub(super) fn of(format: Format) -> Self {
        Self { format }
    }

    /// The key under which a place is given, where the form has places of the kind.
    pub(super) fn key(self, kind: &str) -> Option<&'static str> {
        let (_, pointer, column) = KEYS.iter().find(|(known, ..)| *known == kind)?;
        match self.format {
            Format::Json => Some(pointer),
            Format::Csv => Some(column),
            Format::Sparkplug if kind == "value" => Some("metric"),
            Format::Plain | Format::Lorawan | Format::Sparkplug => None,
        }
    }

    pub(super) fn place(self, cell: &Cell<'_>) -> Option<String> {
        if self.format == Format::Json { pointer_of(cell) } else { cell.text().map(str::to_owned) }
    }

    fn cell(self, row: &Row<'_>, kind: &str) -> Option<String> {
        row.cell(self.key(kind)?).and_then(|cell| self.place(&cell))
    }
}

pub(super) fn read(
    row: Row<'_>,
    places: Places,
    map: &PayloadMap,
    measures: &mut Measures,
) -> Option<PayloadField> {
    let of = read_of(&row);
    let value = match places.key("value") {
        None => Some(String::new()),
        Some(key) => row.need(key, "where the number stands").and_then(|cell| places.place(&cell)),
    };
    let name = row.cell("name").filter(|_| map.readings.is_some()).and_then(|cell| cell.word());
    let time = places.cell(&row, "time");
    let unit = places.cell(&row, "unit").map(|pointer| {
        let optional = row.cell("unit_optional").and_then(|cell| cell.flag()).unwrap_or(false);
        if let Some(cell) = row.cell("unit") {
            cell.note("the payload names the unit itself", "allowed is unit, or the place where it is named");
        }
        UnitSource { pointer, optional }
    });
    let quality = places.key("quality").and_then(|key| quality(&row, key, places));
    let missing = row.cell("sentinels").map(|cell| cell.list()).unwrap_or_default();
    let missing = missing.iter().filter_map(Cell::number).collect();
    let said = places.cell(&row, "period").map(Period::Pointer);
    let fixed =
        row.cell("period_s").and_then(|cell| cell.whole(1, 86_400)).map(|s| Period::Seconds(s as u32));
    let period = said.or(fixed);
    let optional = row.cell("optional").and_then(|cell| cell.flag()).unwrap_or(false);
    let is_depth = of.as_ref().map(|of| of.parameter.is_depth_over_interval());
    if is_depth == Some(period.is_none()) {
        let wrong =
            if period.is_none() { "a depth needs its interval" } else { "only a depth has an interval" };
        row.note("period_s", wrong, "allowed for rainfall: period_s, or where the payload says it");
    }
    let of = of?;
    let known = measures.0.len();
    let sensor = measures.place(&of, optional);
    let is_named_apart = map.readings.as_ref().is_some_and(|list| list.name.is_some());
    if measures.0.len() == known && !is_named_apart {
        let wrong = format!("{} is read twice", of.name());
        row.note("parameter", wrong, "each is allowed once, or with another sensor");
    }
    row.close();
    let (scale, offset) = (of.scale, of.offset);
    let field = PayloadField::new(sensor, &value?);
    Some(PayloadField { name, time, period, missing, scale, offset, unit, quality, ..field })
}

fn quality(row: &Row<'_>, key: &str, places: Places) -> Option<QualityMap> {
    const SAID: [(&str, Said); 3] =
        [("good", Said::Good), ("doubtful", Said::Doubtful), ("missing", Said::Missing)];
    let row = row.cell("quality")?.row()?;
    let pointer = row.need(key, "where the word stands").and_then(|cell| places.place(&cell));
    let absent = row.cell("absent").and_then(|cell| cell.one_of(&SAID)).unwrap_or(Said::Doubtful);
    let words = quality_words(&row);
    row.close();
    Some(QualityMap { pointer: pointer?, words, absent })
}
