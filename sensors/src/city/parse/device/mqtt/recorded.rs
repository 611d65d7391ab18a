//! `[[recorded]]`: what a device is known to have sent, played through the meaning of its type. A
//! difference between what it says and what was observed is a mistake in the file.

use super::{Measured, PayloadType};
use crate::parameter::Parameter;
use crate::payload::Unit;
use crate::payload::sparkplug::{SparkplugHost, SparkplugKind, SparkplugSource, SparkplugTopic};
use crate::payload::{PayloadFormat, PayloadRecording, Sent, hex_bytes};
use crate::quantity::Value;
use crate::reading::{Observation, Observed};
use crate::sheet::{Cell, Row};
use crate::station::SensorIx;
use crate::time::Timestamp;

const ARRIVED_AT: Timestamp = PayloadRecording::ARRIVED_AT;

const OBSERVED: &str = "allowed is a number and its unit as \"1.25 m\", \"doubtful 1.25 m\", \"missing\", \"nonsense\", or a list of them";
const NEEDED: &str = "needed is one of payload, payload_hex, frame_hex (LoRaWAN), messages (Sparkplug)";

/// What the type made of it.
#[derive(Default)]
struct Played {
    observations: Vec<Observation>,
    faults: Vec<String>,
}

/// Reads one recording, plays it and names what differs.
pub(super) fn play(row: Row<'_>, device: &PayloadType) -> Option<PayloadRecording> {
    let title = row.need("title", "what it shows").and_then(|cell| cell.text());
    let sent = sent(&row, device);
    let observed = row.need("observed", "what it means, as { stage = \"1.25 m\" }");
    let times = row.cell("measured_at");
    let faults = row.cell("faults").and_then(|cell| cell.whole(0, 100)).unwrap_or(0);
    row.close();
    let (title, sent, observed) = (title?, sent?, observed?);
    let played = device.play(&sent);
    if let Some(times) = times {
        compare_times(&times, &played);
    }
    if played.faults.len() as i64 != faults {
        let told = if played.faults.is_empty() { "nothing".to_owned() } else { played.faults.join("; ") };
        observed.note(format!("told is: {told}"), format!("allowed are {faults} faults"));
    }
    device.compare(&observed, &played);
    let Played { observations, faults } = played;
    Some(PayloadRecording { title: title.to_owned(), sent, observations, faults })
}

fn sent(row: &Row<'_>, device: &PayloadType) -> Option<Sent> {
    let is_lorawan = matches!(device.map.format, PayloadFormat::Lorawan(_));
    let (text, hex) = (row.cell("payload"), row.cell("payload_hex"));
    let frame = row.cell("frame_hex").filter(|_| is_lorawan);
    if device.map.format == PayloadFormat::Sparkplug {
        let messages: Option<Vec<_>> = row.rows("messages").into_iter().map(message).collect();
        let messages = messages?;
        if messages.is_empty() {
            row.note("messages", "nothing was sent", NEEDED);
        }
        return Some(Sent::Messages(messages));
    }
    match (text, hex, frame) {
        (Some(text), None, None) => Some(Sent::Payload(text.text()?.as_bytes().to_vec())),
        (None, Some(hex), None) => Some(Sent::Payload(bytes_of(&hex)?)),
        (None, None, Some(frame)) => Some(Sent::Frame(bytes_of(&frame)?)),
        _ => {
            row.note("payload", "it must be one thing that was sent", NEEDED);
            None
        }
    }
}

fn message(row: Row<'_>) -> Option<(SparkplugKind, Vec<u8>)> {
    let words = SparkplugKind::ALL.map(|(kind, word)| (word, kind));
    let kind = row.need("kind", "as \"DBIRTH\"").and_then(|cell| cell.one_of(&words));
    let bytes = row.need("payload_hex", "its bytes").and_then(|cell| bytes_of(&cell));
    row.close();
    Some((kind?, bytes?))
}

fn bytes_of(cell: &Cell<'_>) -> Option<Vec<u8>> {
    let text: String = cell.text()?.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = hex_bytes(&text);
    if bytes.is_none() {
        cell.note("these are no bytes", "allowed are pairs of hexadecimal digits, as \"01 75 64\"");
    }
    bytes
}

impl PayloadType {
    fn parameter(&self, ix: SensorIx) -> Option<Parameter> {
        self.measured.get(ix.at()).map(|measured| measured.of.parameter)
    }

    fn play(&self, sent: &Sent) -> Played {
        let parameter = |ix| self.parameter(ix);
        let decoded = match sent {
            Sent::Payload(bytes) => self.map.decode(bytes, ARRIVED_AT, parameter),
            Sent::Frame(bytes) => self.map.decode_frame(bytes, ARRIVED_AT, parameter),
            Sent::Messages(messages) => return self.play_messages(messages),
        };
        match decoded {
            Ok(decoded) => Played {
                observations: decoded.observations,
                faults: decoded.faults.iter().map(ToString::to_string).collect(),
            },
            Err(fault) => Played { observations: Vec::new(), faults: vec![fault.to_string()] },
        }
    }

    fn play_messages(&self, messages: &[(SparkplugKind, Vec<u8>)]) -> Played {
        let is_device = messages.iter().any(|(kind, _)| kind.is_of_device());
        let device = is_device.then(|| "device".to_owned());
        let (group, node) = ("group".to_owned(), "node".to_owned());
        let mut host =
            SparkplugHost::new(vec![SparkplugSource { group, node, device, map: (*self.map).clone() }]);
        let mut played = Played::default();
        for (kind, bytes) in messages {
            let device = kind.is_of_device().then_some("device");
            let topic = SparkplugTopic { group: "group", kind: *kind, node: "node", device };
            let said = host.take(&topic, bytes, ARRIVED_AT, |ix| self.parameter(ix));
            played.observations.extend(said.observations);
            played.faults.extend(said.faults.iter().map(ToString::to_string));
        }
        played
    }

    /// Every sensor says what the file says of it, in this order, and the others nothing.
    fn compare(&self, observed: &Cell<'_>, played: &Played) {
        let Some(row) = observed.row() else { return };
        let mut told = Vec::new();
        for (name, cell) in row.entries() {
            let found = self.measured.iter().position(|measured| measured.of.name() == name);
            let Some((place, measured)) = found.and_then(|at| Some((at, self.measured.get(at)?))) else {
                let known: Vec<_> = self.measured.iter().map(|measured| measured.of.name()).collect();
                cell.note("the type does not measure it", format!("allowed is one of {}", known.join(", ")));
                continue;
            };
            told.push(place);
            let expected: Option<Vec<_>> =
                one_or_more(&cell).iter().map(|cell| expected(cell, measured)).collect();
            let said = played.said(place);
            if expected.is_some_and(|expected| expected != said) {
                let wrong = format!("these bytes say {}", words_of(&said, measured));
                cell.note(wrong, "allowed is what they say; else the type is wrong");
            }
        }
        row.close();
        for (place, measured) in self.measured.iter().enumerate().filter(|(place, _)| !told.contains(place)) {
            let said = played.said(place);
            if !said.is_empty() {
                let wrong =
                    format!("these bytes also say {} = {}", measured.of.name(), words_of(&said, measured));
                observed.note(wrong, "needed is every value that they carry");
            }
        }
    }
}

impl Played {
    fn said(&self, place: usize) -> Vec<Observed> {
        let of = self.observations.iter().filter(|observation| observation.sensor.at() == place);
        of.map(|observation| observation.value).collect()
    }
}

fn compare_times(times: &Cell<'_>, played: &Played) {
    let expected: Option<Vec<Timestamp>> = one_or_more(times)
        .iter()
        .map(|cell| {
            let time = Timestamp::parse_rfc3339(cell.text()?);
            time.map_err(|error| cell.note(error.to_string(), "allowed is RFC 3339 with an offset")).ok()
        })
        .collect();
    let mut said: Vec<Timestamp> = Vec::new();
    for observation in &played.observations {
        if !said.contains(&observation.measured_at) {
            said.push(observation.measured_at);
        }
    }
    if expected.is_some_and(|expected| expected != said) {
        let said: Vec<_> = said.iter().map(Timestamp::to_string).collect();
        times
            .note(format!("these bytes say {}", said.join(", ")), "allowed is what they say, each time once");
    }
}

fn one_or_more<'a>(cell: &Cell<'a>) -> Vec<Cell<'a>> {
    if cell.is_list() { cell.list() } else { vec![cell.clone()] }
}

fn expected(cell: &Cell<'_>, measured: &Measured) -> Option<Observed> {
    let text = cell.text()?.trim();
    let found = match text {
        "missing" => Some(Observed::Missing),
        "nonsense" => Some(Observed::Nonsense),
        _ => match text.strip_prefix("doubtful ") {
            Some(rest) => value_of(rest, measured.of.parameter).map(Observed::Doubtful),
            None => value_of(text, measured.of.parameter).map(Observed::Value),
        },
    };
    if found.is_none() {
        cell.note(format!("{text:?} is nothing that {} can be", measured.of.parameter), OBSERVED);
    }
    found
}

fn value_of(text: &str, parameter: Parameter) -> Option<Value> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number = Unit::of(parameter, unit)?.convert(number.parse().ok()?);
    Value::from_unit(parameter, number).ok()
}

fn words_of(said: &[Observed], measured: &Measured) -> String {
    let parameter = measured.of.parameter;
    let number = |value: &Value| format!("{} {}", value.display(parameter), parameter.unit());
    let word = |observed: &Observed| match observed {
        Observed::Value(value) => number(value),
        Observed::Doubtful(value) => format!("doubtful {}", number(value)),
        Observed::Missing => "missing".to_owned(),
        Observed::Nonsense => "nonsense".to_owned(),
    };
    if said.is_empty() { "nothing".to_owned() } else { said.iter().map(word).collect::<Vec<_>>().join(", ") }
}
