//! The phones that are subscribed, and what each has shown: an id once, repeats counted.

use std::collections::{BTreeSet, VecDeque};

use sensors::time::Timestamp;
use serde_json::{Value, json};

use super::address::Address;
use super::schema::field;

/// A phone remembers so many ids; the oldest is forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// A phone: it wants to hear of one zone, in one language, from one severity on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// The city's slug, the first part of its topics.
    pub city: String,
    /// The zone's slug.
    pub zone: String,
    /// The language's tag.
    pub lang: String,
    /// The least severity it wants to hear of, 1 to 5.
    pub severity_min: u8,
    /// Its registration token, where it has one.
    pub token: Option<String>,
}

/// What a phone showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// When, by the running clock.
    pub at: Timestamp,
    /// `data.delivery`.
    pub delivery: String,
    /// `data.bulletin`.
    pub bulletin: String,
    /// `data.hazard`.
    pub hazard: String,
    /// `data.zone`.
    pub zone: String,
    /// `data.severity`; 0 when it is no number.
    pub severity: u8,
    /// `data.lang`.
    pub lang: String,
    /// How the phone got it.
    pub via: Via,
    /// The title as it is shown.
    pub title: String,
    /// The body as it is shown.
    pub body: String,
}

/// How a phone got a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// By this topic.
    Topic(String),
    /// By its token.
    Token(String),
}

impl Push {
    /// The event `push` of contracts.md.
    pub fn to_json(&self) -> Value {
        let mut event = json!({
            "event": "push",
            "at": self.at.to_string(),
            "delivery": self.delivery,
            "bulletin": self.bulletin,
            "hazard": self.hazard,
            "zone": self.zone,
            "severity": self.severity,
            "lang": self.lang,
            "title": self.title,
            "body": self.body,
        });
        let (key, value) = match &self.via {
            Via::Topic(topic) => ("topic", topic),
            Via::Token(token) => ("token", token),
        };
        if let Some(event) = event.as_object_mut() {
            event.insert(key.to_owned(), value.as_str().into());
        }
        event
    }
}

/// One phone per zone and language, each with a token `phone:<zone>.<lang>`.
pub fn one_per_zone(city: &str, zones: &[&str], langs: &[&str], severity_min: u8) -> Vec<Phone> {
    let pairs = zones.iter().flat_map(|zone| langs.iter().map(move |lang| (*zone, *lang)));
    pairs
        .map(|(zone, lang)| Phone {
            city: city.to_owned(),
            zone: zone.to_owned(),
            lang: lang.to_owned(),
            severity_min,
            token: Some(format!("phone:{zone}.{lang}")),
        })
        .collect()
}

#[derive(Debug)]
struct Owner {
    phone: Phone,
    shown: BTreeSet<String>,
    order: VecDeque<String>,
}

/// All phones.
#[derive(Debug)]
pub(super) struct Book {
    owners: Vec<Owner>,
}

/// What a message did.
#[derive(Debug, Default)]
pub(super) struct Arrival {
    pub(super) shown: Vec<Push>,
    pub(super) repeats: u64,
    /// Whether the address was a token that no phone has.
    pub(super) unregistered: bool,
}

impl Book {
    pub(super) fn new(phones: Vec<Phone>) -> Self {
        let owners = phones.into_iter();
        let owner = |phone| Owner { phone, shown: BTreeSet::new(), order: VecDeque::new() };
        Self { owners: owners.map(owner).collect() }
    }

    /// Lets a phone's app be removed: its token is unregistered from now on.
    pub(super) fn unregister(&mut self, token: &str) {
        for owner in &mut self.owners {
            if owner.phone.token.as_deref() == Some(token) {
                owner.phone.token = None;
            }
        }
    }

    /// Delivers a message to every phone that it is for.
    pub(super) fn deliver(&mut self, message: &Value, address: &Address, now: Timestamp) -> Arrival {
        let mut arrival = Arrival::default();
        let mut owned = false;
        for owner in &mut self.owners {
            let Some(via) = owner.phone.receives(message, address) else { continue };
            owned = true;
            if owner.first_sight(message) {
                arrival.shown.push(push(message, via, now));
            } else {
                arrival.repeats += 1;
            }
        }
        arrival.unregistered = matches!(address, Address::Token(_)) && !owned;
        arrival
    }

    /// Whether some phone has this token.
    pub(super) fn has_token(&self, token: &str) -> bool {
        self.owners.iter().any(|owner| owner.phone.token.as_deref() == Some(token))
    }
}

impl Phone {
    fn receives(&self, message: &Value, address: &Address) -> Option<Via> {
        if let Address::Token(token) = address {
            return (self.token.as_ref() == Some(token)).then(|| Via::Token(token.clone()));
        }
        // It has one topic per hazard; the message says which hazard it is about.
        let hazard = text(message, "data", "hazard");
        let topic = format!("{}.{hazard}.{}.s{}.{}", self.city, self.zone, self.severity_min, self.lang);
        address.reaches(&[topic.as_str()]).map(|topic| Via::Topic(topic.to_owned()))
    }
}

impl Owner {
    /// Android replaces a notification of the same tag; without a tag the delivery's id counts, and
    /// without either every message is a new one.
    fn first_sight(&mut self, message: &Value) -> bool {
        let tag = field(message, "android")
            .and_then(|android| field(android, "notification"))
            .and_then(|notification| field(notification, "tag"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = if tag.is_empty() { text(message, "data", "delivery") } else { tag.to_owned() };
        if id.is_empty() {
            return true;
        }
        let first = self.shown.insert(id.clone());
        if first {
            self.order.push_back(id);
            if self.order.len() > REMEMBERED_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.shown.remove(&oldest);
            }
        }
        first
    }
}

fn text(message: &Value, part: &str, name: &str) -> String {
    let found = field(message, part).and_then(|part| part.get(name)).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn push(message: &Value, via: Via, at: Timestamp) -> Push {
    let data = |name| text(message, "data", name);
    Push {
        at,
        delivery: data("delivery"),
        bulletin: data("bulletin"),
        hazard: data("hazard"),
        zone: data("zone"),
        severity: data("severity").parse().unwrap_or(0),
        lang: data("lang"),
        via,
        title: text(message, "notification", "title"),
        body: text(message, "notification", "body"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_told_with_the_keys_of_the_contract() {
        let mut book = Book::new(one_per_zone("hue", &["thuan-hoa"], &["vi"], 2));
        let topics = [1, 2].map(|step| format!("'hue.flood.thuan-hoa.s{step}.vi' in topics")).join(" || ");
        let message = json!({
            "condition": topics,
            "notification": { "title": "Lũ sông Hương", "body": "…" },
            "data": { "delivery": "d", "bulletin": "b", "hazard": "flood", "zone": "thuan-hoa", "severity": "4", "lang": "vi" },
        });
        let address = Address::parse(&message).unwrap();
        let arrival = book.deliver(&message, &address, Timestamp::from_ms(0));
        assert_eq!(
            arrival.shown[0].to_json(),
            json!({
                "event": "push", "at": "1970-01-01T00:00:00Z", "delivery": "d", "bulletin": "b", "hazard": "flood",
                "zone": "thuan-hoa", "severity": 4, "lang": "vi", "topic": "hue.flood.thuan-hoa.s2.vi",
                "title": "Lũ sông Hương", "body": "…",
            })
        );
        assert_eq!(book.deliver(&message, &address, Timestamp::from_ms(1)).repeats, 1, "shown once");
    }
}
