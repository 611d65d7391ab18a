//! `[[channel]]` of a `LoRaWAN` device: its number, its type, and what its bytes mean.

use super::{Measures, quality_words, read_of};
use crate::payload::{Channel, ChannelValue, Mark, Part};
use crate::sheet::{Cell, Row};

const CHANNELS_MAX: usize = 256;

/// Width in bytes and whether two's complement.
const FORMS: [(&str, (usize, bool)); 10] = [
    ("u8", (1, false)),
    ("i8", (1, true)),
    ("u16", (2, false)),
    ("i16", (2, true)),
    ("u24", (3, false)),
    ("i24", (3, true)),
    ("u32", (4, false)),
    ("i32", (4, true)),
    ("u64", (8, false)),
    ("i64", (8, true)),
];

const ORDERS: [(&str, bool); 2] = [("little", false), ("big", true)];

pub(super) fn read_all(top: &Row<'_>, measures: &mut Measures) -> Option<Vec<Channel>> {
    let big_endian = top.cell("byte_order").and_then(|cell| cell.one_of(&ORDERS)).unwrap_or(false);
    let rows = top.rows("channel");
    if rows.is_empty() || rows.len() > CHANNELS_MAX {
        let wrong = format!("there are {} channels", rows.len());
        top.note("channel", wrong, format!("needed are 1 to {CHANNELS_MAX} [[channel]]"));
    }
    let mut channels: Vec<Channel> = Vec::new();
    let mut marks = Vec::new();
    let mut whole = true;
    for row in rows {
        let channel = read(&row, big_endian, measures);
        // Whom a status speaks of may stand further down.
        marks.push(row.rows("marks"));
        row.close();
        let Some((channel, cell)) = channel else {
            whole = false;
            channels.push(NONE);
            continue;
        };
        if channels.iter().any(|known| (known.id, known.kind) == (channel.id, channel.kind)) {
            cell.note("the channel is given twice", "each number is allowed once with a type");
        }
        channels.push(channel);
    }
    for (channel, rows) in channels.iter_mut().zip(marks) {
        for row in rows {
            let mark = mark(&row, channel.bytes, big_endian, measures);
            row.close();
            whole &= mark.is_some();
            channel.marks.extend(mark);
        }
    }
    whole.then_some(channels)
}

/// Stands for a channel with a mistake, so that its marks are read all the same.
const NONE: Channel =
    Channel { id: 0, kind: 0, bytes: 255, time: None, values: Vec::new(), marks: Vec::new() };

fn read<'a>(row: &Row<'a>, big_endian: bool, measures: &mut Measures) -> Option<(Channel, Cell<'a>)> {
    let id = row.need("id", "its number, 0 to 255").and_then(|cell| Some((cell.whole(0, 255)?, cell)));
    let kind = row.need("type", "its type, 0 to 255").and_then(|cell| cell.whole(0, 255));
    let bytes = row.need("bytes", "how many bytes follow").and_then(|cell| cell.whole(0, 255));
    let bytes = bytes.map_or(usize::from(u8::MAX), |bytes| bytes as usize);
    let time = row.cell("time").map(|cell| cell.row());
    let time = time.map(|row| {
        let row = row?;
        let part = part(&row, bytes, big_endian);
        row.close();
        part
    });
    let mut values = Vec::new();
    for row in row.rows("values") {
        let value = value(&row, bytes, big_endian, measures);
        row.close();
        values.push(value);
    }
    let values = values.into_iter().collect::<Option<Vec<_>>>();
    let ((id, cell), kind) = (id?, kind?);
    let time = match time {
        None => None,
        Some(part) => Some(part?),
    };
    let (id, kind, marks) = (id as u8, kind as u8, Vec::new());
    Some((Channel { id, kind, bytes, time, values: values?, marks }, cell))
}

fn part(row: &Row<'_>, bytes: usize, big_endian: bool) -> Option<Part> {
    let at = row.cell("at").map_or(Some(0), |cell| cell.whole(0, 255))? as usize;
    let form = row.need("form", "as \"u16\"").and_then(|cell| Some((cell.one_of(&FORMS)?, cell)));
    let big_endian = row.cell("byte_order").map_or(Some(big_endian), |cell| cell.one_of(&ORDERS))?;
    let ((width, signed), cell) = form?;
    if at + width > bytes {
        cell.note(
            format!("it ends at byte {} of {bytes}", at + width),
            "allowed is what lies within the channel's bytes",
        );
        return None;
    }
    Some(Part { at, bytes: width, signed, big_endian })
}

fn value(row: &Row<'_>, bytes: usize, big_endian: bool, measures: &mut Measures) -> Option<ChannelValue> {
    let of = read_of(row);
    let part = part(row, bytes, big_endian);
    let period_s = row.cell("period_s").and_then(|cell| cell.whole(1, 86_400)).map(|s| s as u32);
    let missing = row.cell("sentinels").map(|cell| cell.list()).unwrap_or_default();
    let missing = missing.iter().filter_map(|cell| cell.whole(i64::MIN, i64::MAX)).collect();
    let optional = row.cell("optional").and_then(|cell| cell.flag()).unwrap_or(false);
    let of = of?;
    if of.parameter.is_depth_over_interval() == period_s.is_none() {
        let wrong =
            if period_s.is_none() { "a depth needs its interval" } else { "only a depth has an interval" };
        row.note("period_s", wrong, "needed for rainfall, and for nothing else");
    }
    let sensor = measures.place(&of, optional);
    Some(ChannelValue { sensor, part: part?, scale: of.scale, offset: of.offset, period_s, missing })
}

fn mark(row: &Row<'_>, bytes: usize, big_endian: bool, measures: &Measures) -> Option<Mark> {
    let part = part(row, bytes, big_endian);
    let words = quality_words(row);
    let names = row.need("of", "whom it speaks of, as [\"air_gap\"]").map(|cell| cell.list());
    let mut of = Vec::new();
    for cell in names? {
        let Some(name) = cell.text() else { continue };
        let sensor = measures.named(name);
        if sensor.is_none() {
            cell.note(format!("no channel gives {name}"), format!("allowed is one of {}", measures.names()));
        }
        of.extend(sensor);
    }
    Some(Mark { part: part?, words, of })
}
