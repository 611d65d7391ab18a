//! Types that publish over MQTT: their payloads. Opens nothing.

use super::{Of, read_of};
use crate::payload::{PayloadField, PayloadFormat, PayloadMap, Period};
use crate::sheet::{Cell, Row};
use crate::station::SensorIx;

/// What payloads of a type mean. The sensors of its map are places in `measured`, until a line says
/// whose they are.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct PayloadType {
    pub(in crate::city::parse) map: PayloadMap,
    pub(in crate::city::parse) measured: Vec<Measured>,
}

/// Something that a type measures.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct Measured {
    pub(in crate::city::parse) of: Of,
    /// Whether a station may do without it: then it is not read.
    pub(in crate::city::parse) optional: bool,
}

const FORMATS: [(&str, PayloadFormat); 2] = [("json", PayloadFormat::Json), ("plain", PayloadFormat::Plain)];

pub(super) fn read(top: &Row<'_>) -> Option<PayloadType> {
    let word =
        top.need("format", "one of json, plain").and_then(|cell| cell.one_of(&[("json", 0), ("plain", 1)]));
    let format = word.and_then(|n| FORMATS.get(n).map(|(_, format)| format.clone()));
    let time = top.cell("time_pointer").and_then(|cell| pointer_of(&cell));
    let rows = top.rows("field");
    if rows.is_empty() || (format == Some(PayloadFormat::Plain) && rows.len() > 1) {
        let wrong = format!("there are {} fields", rows.len());
        top.note("field", wrong, "needed is one [[field]] for plain, one or more for json");
    }
    let mut measured = Vec::new();
    let mut fields = Vec::new();
    for (row, ix) in rows.into_iter().zip(0_u32..) {
        let (of, field) = read_field(row, format.as_ref(), SensorIx(ix))?;
        measured.push(Measured { of, optional: false });
        fields.push(field);
    }
    Some(PayloadType { map: PayloadMap::new(format?, time, fields), measured })
}

fn read_field(row: Row<'_>, format: Option<&PayloadFormat>, ix: SensorIx) -> Option<(Of, PayloadField)> {
    let of = read_of(&row);
    let pointer = match format {
        Some(PayloadFormat::Plain) => Some(String::new()),
        _ => row.need("pointer", "a JSON pointer, as \"/value\"").and_then(|cell| pointer_of(&cell)),
    };
    let said = row.cell("period_pointer");
    if let Some(cell) = said.as_ref().filter(|_| format == Some(&PayloadFormat::Plain)) {
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
    let of = of?;
    let field = PayloadField::new(ix, &pointer?);
    let (scale, offset) = (of.scale, of.offset);
    Some((of, PayloadField { period, scale, offset, ..field }))
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
