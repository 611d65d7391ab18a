//! `[[recorded]]`: bytes that a device is known to have sent, played through the meaning of its
//! type. A difference between what they say and what was observed is a mistake in the file.

use super::RegisterTypes;
use super::status::register_named;
use crate::payload::Unit;
use crate::quantity::Value;
use crate::reading::Observed;
use crate::register::{Answer, Exchange, Frame, Poll, Question, ReadRequest, Recording, Reply, Said};
use crate::sheet::{Cell, Row};

/// What a person says was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Said(Observed),
    Busy,
}

const FRAMES: [(&str, Frame); 3] = [("rtu", Frame::Rtu), ("tcp", Frame::Tcp), ("pdu", Frame::Pdu)];
const OBSERVED: &str = "allowed is a number and its unit as \"1.25 m\", \"doubtful 1.25 m\", \"missing\", \"nonsense\" or \"busy\"";

/// Reads one recording and plays it.
pub(super) fn read(row: Row<'_>, types: &RegisterTypes) -> Option<Recording> {
    let title = row.need("title", "what the bytes show").and_then(|cell| cell.text());
    let frame = row.cell("frame").map_or(Some(Frame::Rtu), |cell| cell.one_of(&FRAMES));
    let requests = row.need("request", "the bytes of the question, as \"01 03 00 00 00 01 84 0A\"");
    let answers = row.need("answer", "the bytes of the answer, or \"silence\"");
    let observed = row.need("observed", "what these bytes mean, as { stage = \"1.25 m\" }");
    row.close();
    let (title, frame, requests, answers, observed) = (title?, frame?, requests?, answers?, observed?);
    let (asked, answered) = (one_or_more(&requests), one_or_more(&answers));
    if asked.len() != answered.len() {
        let wrong = format!("{} answers are given for {} requests", answered.len(), asked.len());
        answers.note(wrong, "allowed is one answer a request, \"silence\" where none came");
        return None;
    }
    if asked.is_empty() {
        requests.note("no question is given", "needed is at least one");
    }
    let map = types.map_by_place();
    let known = map.requests();
    let exchanges: Option<Vec<_>> = asked
        .iter()
        .zip(&answered)
        .map(|(asked, answered)| exchange(frame, asked, answered, &known))
        .collect();
    let exchanges = exchanges?;
    let answers: Vec<Answer<'_>> = exchanges
        .iter()
        .map(|(_, request, reply)| (*request, reply.as_ref().and_then(Reply::words)))
        .collect();
    let poll = map.observe(&answers);
    compare(&observed, types, &poll);
    let exchanges = exchanges.into_iter().map(|(exchange, ..)| exchange).collect();
    Some(Recording { title: title.to_owned(), frame, exchanges, poll })
}

fn one_or_more<'a>(cell: &Cell<'a>) -> Vec<Cell<'a>> {
    if cell.is_list() { cell.list() } else { vec![cell.clone()] }
}

fn exchange(
    frame: Frame,
    asked: &Cell<'_>,
    answered: &Cell<'_>,
    known: &[ReadRequest],
) -> Option<(Exchange, ReadRequest, Option<Reply>)> {
    let request = bytes_of(asked)?;
    let question = frame.question(&request);
    let fitting = || FRAMES.iter().find(|(_, other)| other.question(&request).is_ok());
    let question = question
        .map_err(|error| match fitting() {
            Some((word, _)) => asked.note(error.to_string(), format!("they fit frame = {word:?}")),
            None => asked.note(error.to_string(), "allowed is a whole question; frame says which kind"),
        })
        .ok()?;
    let Some(known) = known_request(&question, known) else {
        let asks: Vec<_> = known.iter().map(ReadRequest::to_string).collect();
        let wrong = format!("it asks for {}, which this type never does", question.request);
        asked.note(wrong, format!("allowed is {}", asks.join(", ")));
        return None;
    };
    if answered.text()? == "silence" {
        return Some((Exchange { request, answer: Vec::new() }, known, None));
    }
    let answer = bytes_of(answered)?;
    let reply = frame.reply(&question, &answer);
    let reply = reply
        .map_err(|error| answered.note(error.to_string(), "allowed is the whole answer to the request"))
        .ok()?;
    Some((Exchange { request, answer }, known, Some(reply)))
}

/// The request of the type that a recorded question asks.
fn known_request(question: &Question, known: &[ReadRequest]) -> Option<ReadRequest> {
    let same = |known: &&ReadRequest| ReadRequest { destructive: false, ..**known } == question.request;
    known.iter().find(same).copied()
}

fn bytes_of(cell: &Cell<'_>) -> Option<Vec<u8>> {
    let text = cell.text()?;
    // mbpoll and whatever else stands on libmodbus print [01][03] and <01><03>.
    let is_between = |c: char| c.is_whitespace() || "[]<>".contains(c);
    let digits: String = text.chars().filter(|c| !is_between(*c)).collect();
    let is_hex = digits.len().is_multiple_of(2) && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !is_hex {
        cell.note(
            "these are no bytes",
            "allowed are pairs of hexadecimal digits, as \"01 03 02 02 18 B9 2E\"",
        );
        return None;
    }
    (0..digits.len()).step_by(2).map(|n| u8::from_str_radix(digits.get(n..n + 2)?, 16).ok()).collect()
}

/// Every register says what the file says of it, and the others nothing.
fn compare(observed: &Cell<'_>, types: &RegisterTypes, poll: &Poll) {
    let Some(row) = observed.row() else { return };
    let mut told = vec![false; types.registers.len()];
    let mut whole = true;
    let mut is_busy = false;
    for (name, cell) in row.entries() {
        let Some(register) = register_named(name, &types.registers) else {
            let known: Vec<_> = types.registers.iter().map(|register| register.of.name()).collect();
            cell.note("no register of this type gives it", format!("allowed is one of {}", known.join(", ")));
            whole = false;
            continue;
        };
        told.get_mut(register).into_iter().for_each(|told| *told = true);
        let Some(expected) = expected_of(types, register, &cell) else {
            whole = false;
            continue;
        };
        is_busy |= expected == Expected::Busy;
        let (said, fits) = (said_of(poll, register), fits(said_of(poll, register), expected));
        if !fits {
            let wrong = format!("these bytes say {}", words_of(types, register, said));
            cell.note(wrong, "allowed is what they say; else the type is wrong");
        }
    }
    row.close();
    for said in poll.said.iter().filter(|said| told.get(said.sensor.at()) == Some(&false)) {
        let register = said.sensor.at();
        let name = types.registers.get(register).map(|register| register.of.name()).unwrap_or_default();
        let wrong = format!("these bytes also say {name} = {}", words_of(types, register, Some(said)));
        observed.note(wrong, "needed is every value that they carry");
    }
    if whole && is_busy != poll.busy {
        let wrong = if poll.busy {
            "these bytes say that the device is busy"
        } else {
            "these bytes say that the device is ready"
        };
        observed.note(wrong, "allowed is \"busy\" for what is not ready, and for nothing else");
    }
}

fn said_of(poll: &Poll, register: usize) -> Option<&Said> {
    poll.said.iter().find(|said| said.sensor.at() == register)
}

fn fits(said: Option<&Said>, expected: Expected) -> bool {
    match expected {
        Expected::Said(observed) => said.map(|said| said.value) == Some(observed),
        Expected::Busy => said.map(|said| said.value) == Some(Observed::Missing),
    }
}

fn expected_of(types: &RegisterTypes, register: usize, cell: &Cell<'_>) -> Option<Expected> {
    let parameter = types.registers.get(register)?.of.parameter;
    let text = cell.text()?;
    let number = |text: &str| {
        let (number, unit) = text.split_once(' ')?;
        let unit = Unit::of(parameter, unit.trim())?;
        Value::from_unit(parameter, unit.convert(number.parse().ok()?)).ok()
    };
    let expected = match text {
        "missing" => Some(Expected::Said(Observed::Missing)),
        "nonsense" => Some(Expected::Said(Observed::Nonsense)),
        "busy" => Some(Expected::Busy),
        _ => match text.strip_prefix("doubtful ") {
            Some(text) => number(text).map(|value| Expected::Said(Observed::Doubtful(value))),
            None => number(text).map(|value| Expected::Said(Observed::Value(value))),
        },
    };
    if expected.is_none() {
        let units = Unit::allowed(parameter);
        cell.note(format!("{text:?} says nothing of {parameter}"), format!("{OBSERVED}; units are {units}"));
    }
    expected
}

fn words_of(types: &RegisterTypes, register: usize, said: Option<&Said>) -> String {
    let parameter = types.registers.get(register).map(|register| register.of.parameter);
    let number =
        |value: Value| parameter.map(|p| format!("{} {}", value.display(p), p.unit())).unwrap_or_default();
    match said.map(|said| said.value) {
        None => String::from("nothing of it"),
        Some(Observed::Value(value)) => format!("{:?}", number(value)),
        Some(Observed::Doubtful(value)) => format!("{:?}", format!("doubtful {}", number(value))),
        Some(Observed::Missing) => String::from("\"missing\""),
        Some(Observed::Nonsense) => String::from("\"nonsense\""),
    }
}
