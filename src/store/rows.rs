//! Words and columns: how domain types stand in the database, in one place.
//!
//! Spellings are kept for ever: a row that was written once is read by every later version.

use std::sync::Arc;

use rules::alert::{Measure, Subject};
use rules::bulletin::{Act, Author, Bulletin, BulletinId, Lang, Text};
use rules::hazard::{Hazard, Severity};
use rules::rule::IssuePolicy;
use rules::threshold::Mark;
use rusqlite::Row;
use rusqlite::types::Type;
use sensors::parameter::Parameter;
use sensors::place::{BasinId, ZoneId};
use sensors::quality::{Check, Quality};
use sensors::quantity::Value;
use sensors::station::{SensorId, StationId};
use sensors::time::{Span, Timestamp};

use crate::desk::paper::Kept;
use crate::event::LineState;
use crate::notify::delivery::{Delivery, DeliveryId, End, Target};
use crate::store::commit::Seq;
use crate::store::record::{DeliveryEnd, DeliveryState, StoredReading};

/// A column whose content this code never writes.
#[derive(Debug, thiserror::Error)]
#[error("column {column} holds {found:?}, which is no {wanted}")]
struct Foreign {
    column: &'static str,
    found: String,
    wanted: &'static str,
}

pub(super) fn foreign(column: &'static str, found: &str, wanted: &'static str) -> rusqlite::Error {
    let found = found.chars().take(40).collect();
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(Foreign { column, found, wanted }))
}

pub(super) fn time(row: &Row, column: &str) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_ms)
}

pub(super) fn seq(row: &Row) -> rusqlite::Result<Seq> {
    row.get::<_, i64>("seq").map(|n| Seq(n as u64))
}

pub(super) fn quality_code(quality: Quality) -> (i64, Option<&'static str>) {
    let code = match quality {
        Quality::Good => 1,
        Quality::Unchecked => 2,
        Quality::Estimated => 3,
        Quality::Suspect(_) => 4,
        Quality::Rejected(_) => 5,
        Quality::Missing => 6,
    };
    (code, quality.check().map(Check::as_str))
}

pub(super) fn check(row: &Row) -> rusqlite::Result<Check> {
    let word: String = row.get("failed")?;
    let found = Check::ALL.into_iter().find(|check| check.as_str() == word);
    found.ok_or_else(|| foreign("failed", &word, "check"))
}

pub(super) fn quality(row: &Row) -> rusqlite::Result<Quality> {
    let code: i64 = row.get("quality")?;
    let check = || check(row);
    match code {
        1 => Ok(Quality::Good),
        2 => Ok(Quality::Unchecked),
        3 => Ok(Quality::Estimated),
        4 => check().map(Quality::Suspect),
        5 => check().map(Quality::Rejected),
        6 => Ok(Quality::Missing),
        other => Err(foreign("quality", &other.to_string(), "quality")),
    }
}

pub(super) fn reading(row: &Row) -> rusqlite::Result<StoredReading> {
    Ok(StoredReading {
        measured_at: time(row, "measured_at")?,
        from: row.get::<_, Option<i64>>("since")?.map(Timestamp::from_ms),
        arrived_at: time(row, "arrived_at")?,
        value: row.get::<_, Option<i64>>("value")?.map(Value::from_raw),
        quality: quality(row)?,
        seq: seq(row)?,
    })
}

pub(super) fn parameter(row: &Row) -> rusqlite::Result<Parameter> {
    let word: String = row.get("parameter")?;
    word.parse().map_err(|_| foreign("parameter", &word, "parameter"))
}

pub(super) fn sensor_id(text: &str) -> rusqlite::Result<SensorId> {
    let mut parts = text.splitn(3, '/');
    let (Some(station), Some(parameter)) = (parts.next(), parts.next()) else {
        return Err(foreign("id", text, "sensor"));
    };
    Ok(SensorId {
        station: StationId::new(station),
        parameter: parameter.parse().map_err(|_| foreign("id", text, "sensor"))?,
        name: parts.next().map(Arc::from),
    })
}

pub(super) fn hazard(row: &Row) -> rusqlite::Result<Hazard> {
    let word: String = row.get("hazard")?;
    word.parse().map_err(|_| foreign("hazard", &word, "hazard"))
}

pub(super) fn severity(row: &Row, column: &'static str) -> rusqlite::Result<Severity> {
    let step: u8 = row.get(column)?;
    Severity::new(step).ok_or_else(|| foreign(column, &step.to_string(), "severity"))
}

pub(super) fn subject(row: &Row) -> rusqlite::Result<Subject> {
    let text: String = row.get("subject")?;
    Ok(match text.split_once(':') {
        Some(("basin", id)) => Subject::Basin(BasinId::new(id)),
        Some(("line", name)) => Subject::Line(name.to_owned()),
        _ => Subject::Station(StationId::new(&text)),
    })
}

pub(super) fn zones_text(zones: &[ZoneId]) -> String {
    serde_json::Value::from(zones.iter().map(ZoneId::as_str).collect::<Vec<_>>()).to_string()
}

pub(super) fn zones(row: &Row) -> rusqlite::Result<Vec<ZoneId>> {
    let text: String = row.get("zones")?;
    let ids: Vec<String> =
        serde_json::from_str(&text).map_err(|_| foreign("zones", &text, "list of zones"))?;
    Ok(ids.iter().map(|id| ZoneId::new(id)).collect())
}

pub(super) fn issue_text(issue: IssuePolicy) -> String {
    match issue {
        IssuePolicy::Automatic => "automatic".to_owned(),
        IssuePolicy::Officer => "officer".to_owned(),
        IssuePolicy::OfficerWithin(span) => format!("officer_within_ms:{}", span.ms()),
    }
}

pub(super) fn issue(row: &Row) -> rusqlite::Result<IssuePolicy> {
    let text: String = row.get("issue")?;
    let within = text.strip_prefix("officer_within_ms:").and_then(|ms| ms.parse().ok());
    match (text.as_str(), within) {
        ("automatic", _) => Ok(IssuePolicy::Automatic),
        ("officer", _) => Ok(IssuePolicy::Officer),
        (_, Some(ms)) => Ok(IssuePolicy::OfficerWithin(Span::from_ms(ms))),
        _ => Err(foreign("issue", &text, "issue policy")),
    }
}

/// As it stands in the column: parameter, value, at least, window in ms, mark.
type MeasureRow = (String, i64, bool, Option<i64>, Option<(String, i64, String)>);

pub(super) fn measure_text(measure: &Measure) -> String {
    let mark = measure.mark.as_ref().map(|m| (m.level.as_str(), m.raise.raw(), m.parameter.as_str()));
    let (parameter, value) = (measure.parameter.as_str(), measure.value.raw());
    serde_json::json!((parameter, value, measure.at_least, measure.window.map(Span::ms), mark)).to_string()
}

pub(super) fn measure(row: &Row) -> rusqlite::Result<Option<Measure>> {
    let Some(text) = row.get::<_, Option<String>>("measure")? else { return Ok(None) };
    let wrong = || foreign("measure", &text, "measure");
    let (parameter, value, at_least, window, mark): MeasureRow =
        serde_json::from_str(&text).map_err(|_| wrong())?;
    let word = |word: &str| word.parse::<Parameter>().map_err(|_| wrong());
    let mark = match mark {
        Some((level, raise, of)) => {
            Some(Mark { level, raise: Value::from_raw(raise), parameter: word(&of)? })
        }
        None => None,
    };
    let (value, window) = (Value::from_raw(value), window.map(Span::from_ms));
    Ok(Some(Measure { parameter: word(&parameter)?, value, at_least, window, mark }))
}

pub(super) fn act(row: &Row) -> rusqlite::Result<Act> {
    let word: String = row.get("act")?;
    let known = Act::ALL.into_iter().find(|act| act.as_str() == word);
    known.ok_or_else(|| foreign("act", &word, "act of a bulletin"))
}

pub(super) fn author_text(author: &Author) -> String {
    match author {
        Author::Rule => "rule".to_owned(),
        Author::Fuse => "fuse".to_owned(),
        Author::Officer(id) => format!("officer:{id}"),
    }
}

fn author(row: &Row) -> rusqlite::Result<Author> {
    let text: String = row.get("author")?;
    match (text.as_str(), text.strip_prefix("officer:")) {
        ("rule", _) => Ok(Author::Rule),
        ("fuse", _) => Ok(Author::Fuse),
        (_, Some(id)) => Ok(Author::Officer(id.into())),
        _ => Err(foreign("author", &text, "author of a bulletin")),
    }
}

/// A text as it stands in a row and in the ledger: language, title, body, whole, text message, spoken.
pub(super) fn text_row(text: &Text) -> [&str; 6] {
    [&text.lang.0, &text.title, &text.body, &text.full, &text.sms, &text.spoken]
}

pub(super) fn texts_text(texts: &[Text]) -> String {
    let rows: Vec<[&str; 6]> = texts.iter().map(text_row).collect();
    serde_json::json!(rows).to_string()
}

fn texts(row: &Row) -> rusqlite::Result<Vec<Text>> {
    let text: String = row.get("texts")?;
    let wrong = || foreign("texts", &text, "list of texts");
    let rows: Vec<Vec<String>> = serde_json::from_str(&text).map_err(|_| wrong())?;
    rows.into_iter()
        .map(|row| {
            // Before version 6 there was no more than what is pushed.
            let mut parts = row.into_iter();
            let (lang, title, body) = (parts.next(), parts.next(), parts.next());
            let (Some(lang), Some(title), Some(body)) = (lang, title, body) else { return Err(wrong()) };
            let mut form = || parts.next().unwrap_or_default();
            Ok(Text { lang: Lang(lang.into()), title, body, full: form(), sms: form(), spoken: form() })
        })
        .collect()
}

pub(super) fn bulletin(row: &Row) -> rusqlite::Result<Bulletin> {
    Ok(Bulletin {
        id: BulletinId(row.get("id")?),
        alert: rules::alert::AlertId(row.get("alert")?),
        hazard: hazard(row)?,
        act: act(row)?,
        severity: severity(row, "severity")?,
        severity_max: severity(row, "severity_max")?,
        zones: zones(row)?,
        at: time(row, "at")?,
        automatic: row.get("automatic")?,
        author: author(row)?,
        texts: texts(row)?,
    })
}

pub(super) fn target_text(target: &Target) -> String {
    match target {
        Target::Topic { severity_max } => format!("topic:{}", severity_max.step()),
        Target::Token { receiver } => format!("token:{receiver}"),
        Target::Webhook { receiver } => format!("webhook:{receiver}"),
    }
}

fn target(row: &Row) -> rusqlite::Result<Target> {
    let text: String = row.get("target")?;
    let wrong = || foreign("target", &text, "target");
    match text.split_once(':') {
        Some(("topic", step)) => {
            let severity_max = step.parse().ok().and_then(Severity::new).ok_or_else(wrong)?;
            Ok(Target::Topic { severity_max })
        }
        Some(("token", receiver)) => Ok(Target::Token { receiver: receiver.to_owned() }),
        Some(("webhook", receiver)) => Ok(Target::Webhook { receiver: receiver.to_owned() }),
        _ => Err(wrong()),
    }
}

fn zone(row: &Row) -> rusqlite::Result<Option<ZoneId>> {
    Ok(row.get::<_, Option<String>>("zone")?.map(|id| ZoneId::new(&id)))
}

pub(super) fn delivery(row: &Row) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.get("id")?),
        bulletin: BulletinId(row.get("bulletin")?),
        hazard: hazard(row)?,
        severity: severity(row, "severity")?,
        zone: zone(row)?,
        lang: Lang(row.get("lang")?),
        target: target(row)?,
        title: row.get("title")?,
        body: row.get("body")?,
        at: time(row, "at")?,
    })
}

pub(super) fn delivery_state(row: &Row) -> rusqlite::Result<DeliveryState> {
    let open = row.get::<_, Option<i64>>("ended_at")?.is_none();
    Ok(DeliveryState {
        id: DeliveryId(row.get("id")?),
        bulletin: BulletinId(row.get("bulletin")?),
        zone: zone(row)?,
        lang: Lang(row.get("lang")?),
        target: target(row)?,
        at: time(row, "at")?,
        ended: if open { None } else { Some(delivery_end(row)?) },
    })
}

pub(super) fn delivery_end(row: &Row) -> rusqlite::Result<DeliveryEnd> {
    let end = if row.get("sent")? { End::Sent } else { End::Failed { why: row.get("why")? } };
    Ok(DeliveryEnd {
        delivery: DeliveryId(row.get("id")?),
        at: time(row, "ended_at")?,
        tries: row.get("tries")?,
        end,
        seq: Seq(row.get::<_, i64>("ended_seq")? as u64),
    })
}

pub(super) fn line_state(row: &Row) -> rusqlite::Result<LineState> {
    Ok(row.get::<_, Option<String>>("down")?.map_or(LineState::Up, |why| LineState::Down { why }))
}

pub(super) fn paper(row: &Row) -> rusqlite::Result<Kept> {
    Ok(Kept {
        kind: row.get("kind")?,
        id: row.get("id")?,
        version: row.get::<_, i64>("version")? as u64,
        by: row.get("officer")?,
        at: time(row, "at")?,
        is_open: row.get("open")?,
        record: row.get("record")?,
    })
}
