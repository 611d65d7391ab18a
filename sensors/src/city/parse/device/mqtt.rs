//! Types that publish over MQTT: their payloads. Opens nothing.

mod channel;
mod field;
mod recorded;

use field::Places;

use super::{DeviceType, Of, read_of};
use crate::mistake::Mistake;
use crate::parameter::Parameter;
use crate::payload::{
    CsvForm, CsvHead, Encoding, HealthMap, LorawanForm, PayloadFormat, PayloadMap, PayloadRecording,
    QualityWords, Readings, Said, TimeForm, Uplink,
};
use crate::sheet::{Cell, Row};
use crate::station::SensorIx;
use crate::time::Span;

/// What payloads of a type mean. The sensors of its map are places in `measured`, until a line says
/// whose they are.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct PayloadType {
    pub(in crate::city::parse) map: Box<PayloadMap>,
    pub(in crate::city::parse) measured: Vec<Measured>,
    recordings: Vec<PayloadRecording>,
}

/// A type by itself, for whoever plays a device that stands in no city.
#[derive(Clone, Debug)]
pub struct MqttType {
    /// What its payloads measure, with the sensor's name where there is one.
    pub measured: Vec<(Parameter, Option<String>)>,
    /// What they mean. Sensors are counted as in `measured`.
    pub map: PayloadMap,
    /// What the device is known to have published.
    pub recordings: Vec<PayloadRecording>,
}

impl MqttType {
    /// Reads `devices/<type>.toml` of a type with `protocol = "mqtt"`.
    ///
    /// # Errors
    /// Every mistake in it, a recording that says something else than observed among them.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Mistake>> {
        match super::read_alone(file, text, "mqtt")? {
            DeviceType::Mqtt(PayloadType { map, measured, recordings }) => {
                let measured = measured.into_iter().map(|m| (m.of.parameter, m.of.sensor)).collect();
                Ok(Self { measured, map: *map, recordings })
            }
            DeviceType::Modbus(_) => Err(Vec::new()),
        }
    }
}

/// Something that a type measures.
#[derive(Clone, Debug)]
pub(in crate::city::parse) struct Measured {
    pub(in crate::city::parse) of: Of,
    /// Whether a station may do without it: then it is not read.
    pub(in crate::city::parse) optional: bool,
}

/// What a type measures, each once.
#[derive(Debug, Default)]
struct Measures(Vec<Measured>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Plain,
    Csv,
    Lorawan,
    Sparkplug,
}

const FORMATS: [(&str, Format); 5] = [
    ("json", Format::Json),
    ("plain", Format::Plain),
    ("csv", Format::Csv),
    ("lorawan", Format::Lorawan),
    ("sparkplug", Format::Sparkplug),
];

const WORDS_MAX: usize = 100;

pub(super) fn read(top: &Row<'_>) -> Option<PayloadType> {
    let format = top.need("format", "one of json, plain, csv, lorawan, sparkplug");
    let format = format.and_then(|cell| cell.one_of(&FORMATS))?;
    let places = Places::of(format);
    let mut measures = Measures::default();
    let mut map = PayloadMap::new(PayloadFormat::Plain, None, Vec::new());
    if let Some(key) = places.key("time") {
        map.time = top.cell(key).and_then(|cell| places.place(&cell));
        map.time_form = time_form(top)?;
    }
    if format == Format::Json {
        map.readings = top.cell("readings").and_then(|cell| readings(&cell));
    }
    map.format = match format {
        Format::Json => PayloadFormat::Json,
        Format::Plain => PayloadFormat::Plain,
        Format::Csv => PayloadFormat::Csv(csv_form(top)?),
        Format::Lorawan => PayloadFormat::Lorawan(Box::new(lorawan_form(top, &mut measures)?)),
        Format::Sparkplug => PayloadFormat::Sparkplug,
    };
    if format != Format::Lorawan {
        let rows = top.rows("field");
        if rows.is_empty() || (format == Format::Plain && rows.len() > 1) {
            let wrong = format!("there are {} fields", rows.len());
            top.note("field", wrong, "needed is one [[field]] for plain, one or more for the others");
        }
        let fields: Vec<_> =
            rows.into_iter().map(|row| field::read(row, places, &map, &mut measures)).collect();
        map.fields = fields.into_iter().collect::<Option<Vec<_>>>()?;
    }
    columns_exist(top, &map);
    map.health = top.cell("health").and_then(|cell| health(&cell));
    let mut device = PayloadType { map: Box::new(map), measured: measures.0, recordings: Vec::new() };
    device.recordings =
        top.rows("recorded").into_iter().filter_map(|row| recorded::play(row, &device)).collect();
    Some(device)
}

impl Measures {
    /// The place of what a number is of. Twice the same is one sensor that is told in two ways.
    fn place(&mut self, of: &Of, optional: bool) -> SensorIx {
        let place = self.0.iter().position(|known| known.of.is_same(of)).unwrap_or_else(|| {
            self.0.push(Measured { of: of.clone(), optional: true });
            self.0.len() - 1
        });
        if let Some(known) = self.0.get_mut(place) {
            known.optional &= optional;
        }
        SensorIx(place as u32)
    }

    /// The place of `stage` or `stage/radar`.
    fn named(&self, name: &str) -> Option<SensorIx> {
        let place = self.0.iter().position(|known| known.of.name() == name)?;
        Some(SensorIx(place as u32))
    }

    fn names(&self) -> String {
        self.0.iter().map(|known| known.of.name()).collect::<Vec<_>>().join(", ")
    }
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

fn time_form(top: &Row<'_>) -> Option<TimeForm> {
    let pattern = top.cell("time_pattern").and_then(|cell| Some((cell.text()?, cell)));
    let offset = top.cell("time_offset_min");
    let Some((pattern, cell)) = pattern else {
        if let Some(offset) = offset {
            offset.note("a time that says its offset needs no other", "allowed only beside time_pattern");
        }
        return Some(TimeForm::Told);
    };
    let Some(offset) = offset else {
        cell.note("the device's clock has no offset", "needed is time_offset_min, minutes ahead of UTC");
        return None;
    };
    let form = TimeForm::local(pattern, Span::from_min(offset.whole(-840, 840)?));
    if form.is_none() {
        let allowed = "allowed is strftime with a date and a time, as \"%Y-%m-%d %H:%M:%S\"";
        cell.note(format!("{pattern:?} does not write a moment"), allowed);
    }
    form
}

fn readings(cell: &Cell<'_>) -> Option<Readings> {
    let row = cell.row()?;
    let pointer = |key| row.cell(key).and_then(|cell| pointer_of(&cell));
    let (list, time, name) = (pointer("pointer"), pointer("time_pointer"), pointer("name_pointer"));
    let ignored = row.cell("ignored").map(|cell| words(&cell)).unwrap_or_default();
    row.close();
    Some(Readings { pointer: list.unwrap_or_default(), time, name, ignored })
}

fn words(cell: &Cell<'_>) -> Vec<String> {
    let list = cell.list();
    if list.len() > WORDS_MAX {
        cell.note(format!("{} words are given", list.len()), format!("allowed are {WORDS_MAX}"));
    }
    list.iter().filter_map(Cell::word).collect()
}

fn csv_form(top: &Row<'_>) -> Option<CsvForm> {
    const SEPARATORS: [(&str, u8); 4] = [(",", b','), (";", b';'), ("tab", b'\t'), ("|", b'|')];
    const DECIMALS: [(&str, bool); 2] = [(".", false), (",", true)];
    let separator = match top.cell("separator") {
        None => b',',
        Some(cell) => cell.one_of(&SEPARATORS)?,
    };
    let decimal = top.cell("decimal");
    let decimal_comma = match &decimal {
        None => false,
        Some(cell) => cell.one_of(&DECIMALS)?,
    };
    if let Some(cell) = decimal.filter(|_| decimal_comma && separator == b',') {
        cell.note("a comma both parts the values and begins the decimals", "allowed is another separator");
    }
    let head = match top.cell("columns") {
        None => CsvHead::Line,
        Some(cell) => CsvHead::Order(cell.list().iter().filter_map(Cell::word).collect()),
    };
    Some(CsvForm { separator, decimal_comma, head })
}

/// Where the columns are declared, every column that is named is one of them.
fn columns_exist(top: &Row<'_>, map: &PayloadMap) {
    let PayloadFormat::Csv(CsvForm { head: CsvHead::Order(columns), .. }) = &map.format else { return };
    for place in map.places().filter(|place| !columns.contains(place)) {
        let wrong = format!("there is no column {place:?}");
        top.note("columns", wrong, format!("allowed are {}", columns.join(", ")));
    }
}

fn health(cell: &Cell<'_>) -> Option<HealthMap> {
    let row = cell.row()?;
    let pointer = row.cell("pointer").and_then(|cell| pointer_of(&cell));
    let online = row.need("online", "the words for online").map(|cell| words(&cell));
    let offline = row.need("offline", "the words for offline").map(|cell| words(&cell));
    row.close();
    let (online, offline) = (online?, offline?);
    if let Some(word) = online.iter().find(|word| offline.contains(word)) {
        cell.note(format!("{word:?} is both online and offline"), "allowed is one of both");
    }
    Some(HealthMap { pointer, online, offline })
}

/// The words of a quality, in lists named after their meaning.
fn quality_words(row: &Row<'_>) -> QualityWords {
    let mut known: Vec<(String, Said)> = Vec::new();
    for (key, said) in SAID {
        let Some(cell) = row.cell(key) else { continue };
        for word in words(&cell) {
            if known.iter().any(|(other, _)| *other == word) {
                cell.note(format!("{word:?} has two meanings"), "each word is allowed once");
            }
            known.push((word, said));
        }
    }
    let other = row.cell("other").and_then(|cell| cell.one_of(&SAID)).unwrap_or(Said::Doubtful);
    if known.is_empty() {
        row.note("good", "no word is explained", "needed is one of good, doubtful, missing, bad");
    }
    QualityWords { words: known, other }
}

const SAID: [(&str, Said); 4] =
    [("good", Said::Good), ("doubtful", Said::Doubtful), ("missing", Said::Missing), ("bad", Said::Bad)];

fn lorawan_form(top: &Row<'_>, measures: &mut Measures) -> Option<LorawanForm> {
    const ENCODINGS: [(&str, Encoding); 2] = [("base64", Encoding::Base64), ("hex", Encoding::Hex)];
    let port = top.cell("port").and_then(|cell| cell.whole(1, 255)).map(|port| port as u8);
    let channels = channel::read_all(top, measures)?;
    let signal = top.cell("rssi").and_then(|cell| cell.flag()).unwrap_or(false).then(|| {
        let (sensor, scale, offset) = (None, 1.0, 0.0);
        measures.place(&Of { parameter: Parameter::Signal, sensor, scale, offset }, true)
    });
    let uplink = match top.cell("uplink").map(|cell| cell.row()) {
        None => Uplink::Known,
        Some(row) => {
            let row = row?;
            let pointer = |key| row.cell(key).and_then(|cell| pointer_of(&cell));
            let payload = row.need("payload_pointer", "a JSON pointer").and_then(|cell| pointer_of(&cell));
            let encoding = row.need("encoding", "base64 or hex").and_then(|cell| cell.one_of(&ENCODINGS));
            let (time, port) = (pointer("time_pointer"), pointer("port_pointer"));
            let (frame, rssi) = (pointer("frame_pointer"), pointer("rssi_pointer"));
            row.close();
            Uplink::Pointers { payload: payload?, encoding: encoding?, time, port, frame, rssi }
        }
    };
    Some(LorawanForm { uplink, port, signal, channels })
}

#[cfg(test)]
mod tests;
