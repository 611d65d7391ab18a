//! A bulletin as a CAP message: what it says in every language, where, for how long, how sure.
//!
//! Easing, the end and the all-clear are updates; only an error is cancelled.

use std::sync::Arc;

use rules::alert::Measure;
use rules::bulletin::{Act, Author, Bulletin, Text};
use rules::phrase::Phrases;
use rules::rule::NONE;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

use super::out::{Kind, Out, Step};
use super::page::Page;
use super::{NAMESPACE, after, hash, identifier, moment, second};
use crate::cap::chain::Reference;
use crate::cap::{Message, Standing};

/// What a message says.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// What people are told.
    pub bulletin: &'a Bulletin,
    /// Where; never empty.
    pub zones: &'a [ZoneId],
    /// What the engine knows of it; `None` where it was typed by hand.
    pub known: Option<&'a Known>,
}

/// What the engine knows of a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The rule.
    pub rule: String,
    /// Its version.
    pub rule_version: String,
    /// The words that tell of it.
    pub words: String,
    /// The level now, `none` where it is over.
    pub level: String,
    /// The deciding quantity, where one was read.
    pub measure: Option<Measure>,
    /// Whether trusted readings made the level.
    pub corroborated: bool,
    /// When the condition began; `None` where it is over.
    pub onset: Option<Timestamp>,
}

/// What the `info` of every language has in common.
struct Common<'a> {
    said: &'a Said<'a>,
    out: &'a Out,
    phrases: &'a Phrases,
    kind: &'a Kind,
    step: &'a Step,
    sent: Timestamp,
    expires: Timestamp,
}

/// Writes a message that follows on those of `before`; `None` where `out` has no words for its hazard.
pub fn write(
    said: &Said<'_>,
    before: &[Reference],
    out: &Out,
    phrases: &Phrases,
    now: Timestamp,
    exercise: bool,
) -> Option<Message> {
    let bulletin = said.bulletin;
    let (kind, step) = (out.hazards.get(&bulletin.hazard)?, out.steps.get(&bulletin.severity)?);
    let sent = second(now);
    let standing = said.standing();
    let valid = if standing == Standing::Holds { out.valid } else { out.valid_over };
    let expires = after(sent, valid);
    let id = identifier(out, sent, exercise, &bulletin.id.0);
    let mut page = Page::new();
    let msg_type = match standing {
        Standing::Cancelled => "Cancel",
        _ if before.is_empty() => "Alert",
        _ => "Update",
    };
    head(&mut page, out, &Head { identifier: &id, sent, msg_type, before, exercise });
    let common = Common { said, out, phrases, kind, step, sent, expires };
    for text in &bulletin.texts {
        common.info(&mut page, text);
    }
    page.close("alert");
    let xml = page.into_text();
    Some(Message {
        identifier: id.into(),
        sender: out.sender.as_str().into(),
        alert: bulletin.alert.clone(),
        bulletin: Some(bulletin.id.clone()),
        sent,
        expires,
        standing,
        exercise,
        hash: hash(&xml),
        xml: xml.into(),
    })
}

/// What stands before the first `info`.
pub(super) struct Head<'a> {
    pub(super) identifier: &'a str,
    pub(super) sent: Timestamp,
    pub(super) msg_type: &'a str,
    pub(super) before: &'a [Reference],
    pub(super) exercise: bool,
}

pub(super) fn head(page: &mut Page, out: &Out, head: &Head<'_>) {
    page.open("alert", &[("xmlns", NAMESPACE)]);
    page.leaf("identifier", head.identifier);
    page.leaf("sender", &out.sender);
    page.leaf("sent", &moment(head.sent, out.utc_offset_min));
    page.leaf("status", if head.exercise { "Exercise" } else { "Actual" });
    page.leaf("msgType", head.msg_type);
    page.leaf("scope", "Public");
    if head.exercise {
        page.leaf("note", &out.exercise_note);
    }
    let triple =
        |of: &Reference| format!("{},{},{}", of.sender, of.identifier, moment(of.sent, out.utc_offset_min));
    page.leaf("references", &head.before.iter().map(triple).collect::<Vec<_>>().join(" "));
}

impl Said<'_> {
    fn standing(&self) -> Standing {
        let is_over = self.known.is_some_and(|known| known.level == NONE);
        match self.bulletin.act {
            Act::Cancelled => Standing::Cancelled,
            Act::AllClear => Standing::Over,
            Act::Eased if is_over => Standing::Over,
            _ => Standing::Holds,
        }
    }
}

impl Common<'_> {
    fn info(&self, page: &mut Page, text: &Text) {
        let (out, bulletin) = (self.out, self.said.bulletin);
        page.open("info", &[]);
        page.leaf("language", &text.lang.0);
        for category in &self.kind.categories {
            page.leaf("category", category);
        }
        let event = self.kind.events.get(&text.lang).or_else(|| self.kind.events.values().next());
        page.leaf("event", event.map_or(self.kind.code.as_str(), String::as_str));
        self.judge(page);
        let voice = out.voices.get(&text.lang).or_else(|| out.voices.values().next());
        page.leaf_if("audience", voice.and_then(|voice| voice.audience.as_deref()));
        page.pair("eventCode", &out.event_code_name, &self.kind.code);
        page.leaf("effective", &moment(self.sent, out.utc_offset_min));
        let onset = self.said.known.and_then(|known| known.onset);
        page.leaf_if("onset", onset.map(|at| moment(at, out.utc_offset_min)).as_deref());
        page.leaf("expires", &moment(self.expires, out.utc_offset_min));
        page.leaf_if("senderName", voice.map(|voice| voice.sender_name.as_str()));
        page.leaf("headline", &text.title);
        page.leaf("description", if text.full.is_empty() { &text.body } else { &text.full });
        page.leaf("instruction", self.instruction(text));
        page.leaf_if("web", out.web.as_deref());
        page.leaf_if("contact", out.contact.as_deref());
        self.parameters(page, bulletin);
        for area in self.said.zones.iter().filter_map(|zone| out.areas.of(zone)) {
            page.paste(area);
        }
        page.close("info");
    }

    /// Response, urgency, severity and certainty.
    fn judge(&self, page: &mut Page) {
        let known = self.said.known;
        let standing = self.said.standing();
        let responses: &[&str] = match (self.said.bulletin.act, standing) {
            (Act::AllClear, _) => &["AllClear"],
            (_, Standing::Cancelled) => &["None"],
            // That the water fell is no all-clear.
            (_, Standing::Over) => &["Monitor"],
            (_, Standing::Holds) => &self.step.responses,
        };
        for response in responses {
            page.leaf("responseType", response);
        }
        page.leaf("urgency", if standing == Standing::Holds { self.step.urgency } else { "Past" });
        // Also of what is over: who only takes what is severe must hear that it is over.
        page.leaf("severity", self.step.severity);
        let certainty = match (standing, known) {
            (Standing::Cancelled, _) => "Unlikely",
            (Standing::Over, _) => "Observed",
            // Others said it, and we quote them.
            (Standing::Holds, None) => "Likely",
            (Standing::Holds, Some(known)) if !known.corroborated => "Possible",
            (Standing::Holds, Some(_)) => self.kind.certainty,
        };
        page.leaf("certainty", certainty);
    }

    fn instruction(&self, text: &Text) -> &str {
        let Some(known) = self.said.known.filter(|_| self.said.standing() == Standing::Holds) else {
            return "";
        };
        let language = self.phrases.languages.iter().find(|language| language.lang == text.lang);
        language.map_or("", |language| language.advice(&known.words, self.said.bulletin.severity))
    }

    fn parameters(&self, page: &mut Page, bulletin: &Bulletin) {
        let author = match &bulletin.author {
            Author::Rule => "rule",
            Author::Fuse => "fuse",
            // By what name stands in the ledger, and not in a message to everybody.
            Author::Officer(_) => "officer",
        };
        let severity = bulletin.severity.step().to_string();
        if let Some(known) = self.said.known {
            page.pair("parameter", "level", &known.level);
            if let Some(measure) = &known.measure {
                let least = if measure.at_least { ">=" } else { "" };
                let value = measure.value.display(measure.parameter);
                let value = format!("{least}{value} {}", measure.parameter.unit());
                page.pair("parameter", measure.parameter.as_str(), &value);
            }
            page.pair("parameter", "rule", &known.rule);
            page.pair("parameter", "rule_version", &known.rule_version);
        }
        page.pair("parameter", "alert", &bulletin.alert.0);
        page.pair("parameter", "severity", &severity);
        page.pair("parameter", "author", author);
    }
}

/// The same message once more, so that what stays true does not lapse.
pub(super) fn renewed(of: &Message, out: &Out, sent: Timestamp, xml: String, id: String) -> Message {
    Message {
        identifier: id.into(),
        sender: Arc::from(out.sender.as_str()),
        alert: of.alert.clone(),
        bulletin: None,
        sent,
        expires: after(sent, out.valid),
        standing: Standing::Holds,
        exercise: of.exercise,
        hash: hash(&xml),
        xml: xml.into(),
    }
}
