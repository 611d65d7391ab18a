//! Notices of our own blindness, for staff: one notice for one cause.

use std::sync::Arc;

use sensors::city::City;
use sensors::time::Timestamp;

use super::compose::{bare, bulletin_id, cut, marked};
use super::{Act, Author, BODY_MAX, Bulletin, BulletinId, TITLE_MAX, Text};
use crate::alert::{AlertId, Evidence, Subject, Transition};
use crate::config::digest;
use crate::hazard::{Hazard, Severity};
use crate::phrase::{Language, Phrases};

/// The most stations that a notice names; of more it says how many.
const NAMES_MAX: usize = 3;

/// What is known of why stations fell silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// Nothing.
    Unknown,
    /// The line of this name went down with them, or came back.
    Line(&'a str),
    /// They are cut off, as this source says: a topic of their own or of the gateway before them.
    Cut(&'a str),
    /// Their modems share this carrier, and most of those that do are silent.
    Carrier(&'a str),
    /// Their mains come from this feeder, and most of those that do are silent.
    Power(&'a str),
}

/// Makes one notice of telemetry transitions that happened together: all silent, or all back.
///
/// `cause` is what they have in common. No transitions give a notice without texts.
pub fn compose_telemetry(
    transitions: &[Transition],
    cause: Cause<'_>,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Bulletin {
    let first = transitions.first();
    let greatest =
        |of: fn(&Transition) -> Severity| transitions.iter().map(of).max().unwrap_or(Severity::MIN);
    let texts = phrases.languages.iter().map(|l| text(transitions, cause, city, l, exercise));
    Bulletin {
        id: notice_id(transitions),
        alert: first.map_or_else(|| AlertId(Arc::from("")), |t| t.alert.clone()),
        hazard: Hazard::Telemetry,
        act: first.map_or(Act::Issued, Act::of),
        severity: greatest(|t| t.severity),
        severity_max: greatest(|t| t.severity_max),
        zones: Vec::new(),
        at: now,
        automatic: true,
        author: Author::Rule,
        texts: if transitions.is_empty() { Vec::new() } else { texts.collect() },
    }
}

/// Makes the notice that a channel no longer reaches people: `what` is the title of the warning that
/// failed, `why` what the channel said. `alert` stands for the channel.
pub fn compose_undelivered(
    alert: AlertId,
    (channel, what, why): (&str, &str, &str),
    severity: Severity,
    city: &City,
    phrases: &Phrases,
    now: Timestamp,
) -> Bulletin {
    let text = |language: &Language| {
        let when = language.when(now, city.utc_offset_min);
        let values = [("channel", channel), ("what", what), ("why", why), ("when", when.as_str())];
        let say = |part: &str| language.telemetry(&format!("undelivered_{part}"), &values);
        Text::push(language.lang.clone(), cut(say("title"), TITLE_MAX), cut(say("body"), BODY_MAX))
    };
    Bulletin {
        id: BulletinId(Arc::from(format!("{alert}.{}", now.ms()))),
        alert,
        hazard: Hazard::Telemetry,
        act: Act::Issued,
        severity,
        severity_max: severity,
        zones: Vec::new(),
        at: now,
        automatic: true,
        author: Author::Rule,
        texts: phrases.languages.iter().map(text).collect(),
    }
}

fn notice_id(transitions: &[Transition]) -> BulletinId {
    match transitions {
        [one] => bulletin_id(one),
        many => {
            let mut ids: Vec<String> = many.iter().map(|t| bulletin_id(t).to_string()).collect();
            ids.sort();
            let digest = digest(&ids.join(" "));
            let at = many.first().map_or(0, |t| t.at.ms());
            BulletinId(Arc::from(format!("telemetry.{at}.{digest}")))
        }
    }
}

fn text(
    transitions: &[Transition],
    cause: Cause<'_>,
    city: &City,
    language: &Language,
    exercise: bool,
) -> Text {
    let names: Vec<String> = transitions.iter().map(|t| name(&t.subject, city)).collect();
    let mut listed = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_MAX {
        listed.push_str(", …");
    }
    let count = names.len().to_string();
    let raised = transitions.first().is_some_and(|t| t.raised);
    let first = transitions.first();
    let at = first.map_or(Timestamp::default(), |t| t.at);
    let last = first.and_then(|t| t.because.iter().max_by_key(|e| e.measured_at));
    let last = last.map_or_else(|| language.telemetry("never", &[]), |e| last_said(e, city, language));
    let line = if let Cause::Line(line) = cause { Some(line) } else { None };
    let values = [
        ("station", names.first().map_or("", String::as_str)),
        ("stations", listed.as_str()),
        ("count", count.as_str()),
        ("line", line.unwrap_or_default()),
        ("last", last.as_str()),
        ("when", &language.when(at, city.utc_offset_min)),
    ];
    let kind = match (raised, line, names.len()) {
        (false, Some(_), _) => "line_back",
        (false, None, _) => "back",
        (true, _, 0 | 1) => "one",
        (true, Some(_), _) => "line",
        (true, None, _) => "many",
    };
    let say = |part: &str| language.telemetry(&format!("{kind}_{part}"), &values);
    let mut body = say("body");
    if raised && transitions.iter().any(|t| t.measure.is_some()) {
        // Only a level that asks for more than silence has a quantity: the river was rising.
        body = format!("{body} {}", language.telemetry("rising", &values));
    }
    let said = match cause {
        Cause::Cut(why) => Some(("cut", why)),
        Cause::Carrier(name) => Some(("carrier", name)),
        Cause::Power(name) => Some(("power", name)),
        Cause::Unknown | Cause::Line(_) => None,
    };
    if let Some((key, why)) = said.filter(|_| raised) {
        body = format!("{body} {}", language.telemetry(key, &[("why", why)]));
    }
    let marked = |text: String| marked(&text, false, exercise, language);
    let (title, body) = (cut(marked(say("title")), TITLE_MAX), cut(marked(body), BODY_MAX));
    Text::push(language.lang.clone(), title, body)
}

fn name(subject: &Subject, city: &City) -> String {
    match subject {
        Subject::Station(id) => {
            city.station_named(id).map_or_else(|| id.to_string(), |(_, s)| bare(&s.name).to_owned())
        }
        other => other.to_string(),
    }
}

fn last_said(evidence: &Evidence, city: &City, language: &Language) -> String {
    let quantity = language.quantity(evidence.parameter, evidence.value);
    let when = language.when(evidence.measured_at, city.utc_offset_min);
    let what = language.parameter(evidence.parameter);
    language.mark("last", &[("what", what), ("quantity", &quantity), ("when", &when)])
}
