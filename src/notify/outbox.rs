//! What is to be sent, and to whom: one bulletin becomes deliveries. Pure: it sends nothing.

use rules::bulletin::{Bulletin, BulletinId, Lang, Text};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use sha2::{Digest, Sha256};

use crate::notify::delivery::{Delivery, DeliveryId, Target};
use crate::notify::receiver::{Receivers, WebhookReceiver};

/// The deliveries of a bulletin, in the order in which they are to be sent.
///
/// A proposal (a bulletin that is not automatic) has none. Public hazards go to the topics of each
/// zone and language, and from the configured severity on to registered phones too; first all the
/// topics, because one of them reaches a whole ward, then the phones ward by ward in the order of
/// the bulletin. What an episode said at its worst decides who is told, so that whoever was warned
/// also hears that it eased (warning.md 20). Telemetry goes to staff only.
pub fn intend(bulletin: &Bulletin, receivers: &Receivers) -> Vec<Delivery> {
    if !bulletin.automatic {
        return Vec::new();
    }
    let mut deliveries = Vec::new();
    if let Some(fcm) = receivers.fcm.as_ref().filter(|_| bulletin.hazard.is_public()) {
        let target = Target::Topic { severity_max: bulletin.severity_max };
        for zone in &bulletin.zones {
            deliveries
                .extend(bulletin.texts.iter().map(|text| one(bulletin, Some(zone), text, target.clone())));
        }
        if bulletin.severity_max >= fcm.tokens_from {
            for zone in &bulletin.zones {
                for text in &bulletin.texts {
                    let phones = receivers.tokens.of(zone, &text.lang).into_iter();
                    deliveries.extend(
                        phones.map(|receiver| one(bulletin, Some(zone), text, Target::Token { receiver })),
                    );
                }
            }
        }
    }
    for hook in &receivers.webhooks {
        if hook.carries.contains(&bulletin.hazard) && bulletin.severity_max >= hook.severity_min {
            deliveries.extend(to_webhook(bulletin, hook));
        }
    }
    deliveries
}

/// The deliveries of a notice to these webhooks, whatever else they carry: those of an officer on duty.
pub fn intend_for(bulletin: &Bulletin, receivers: &Receivers, names: &[String]) -> Vec<Delivery> {
    let hooks = receivers.webhooks.iter().filter(|hook| names.contains(&hook.name));
    hooks.filter_map(|hook| to_webhook(bulletin, hook)).collect()
}

/// In the language that it reads, else in the city's first.
fn to_webhook(bulletin: &Bulletin, hook: &WebhookReceiver) -> Option<Delivery> {
    let theirs = bulletin.texts.iter().find(|text| text.lang == hook.lang);
    let target = Target::Webhook { receiver: hook.name.clone() };
    theirs.or(bulletin.texts.first()).map(|text| one(bulletin, None, text, target))
}

fn one(bulletin: &Bulletin, zone: Option<&ZoneId>, text: &Text, target: Target) -> Delivery {
    Delivery {
        id: delivery_id(&bulletin.id, zone, &text.lang, &target),
        bulletin: bulletin.id.clone(),
        hazard: bulletin.hazard,
        severity: bulletin.severity,
        zone: zone.cloned(),
        lang: text.lang.clone(),
        target,
        title: text.title.clone(),
        body: text.body.clone(),
        at: bulletin.at,
    }
}

/// The id of a delivery: 128 bits of a hash over bulletin, zone, language and target, in hex.
pub fn delivery_id(bulletin: &BulletinId, zone: Option<&ZoneId>, lang: &Lang, target: &Target) -> DeliveryId {
    let (kind, receiver) = match target {
        Target::Topic { .. } => ("topic", ""),
        Target::Token { receiver } => ("token", receiver.as_str()),
        Target::Webhook { receiver } => ("webhook", receiver.as_str()),
    };
    DeliveryId(digest(&[kind, &bulletin.0, zone.map_or("", ZoneId::as_str), &lang.0, receiver]).into())
}

/// What a phone sees as one: it is the same for the topic and for the token of a phone that has
/// both, so that the phone shows it once (warning.md 19). Equals the id of the topic's delivery.
pub fn notice_id(delivery: &Delivery) -> String {
    let zone = delivery.zone.as_ref().map_or("", ZoneId::as_str);
    digest(&["topic", &delivery.bulletin.0, zone, &delivery.lang.0, ""])
}

fn digest(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().get(..16).map(hex).unwrap_or_default()
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The topic of those who want to hear of a hazard in a zone from a severity on.
pub fn topic(city: &str, hazard: Hazard, zone: &ZoneId, severity_min: Severity, lang: &Lang) -> String {
    format!("{city}.{hazard}.{zone}.s{}.{}", severity_min.step(), lang.0)
}

/// Every topic whose subscribers are told when an episode's worst severity is `severity_max`:
/// from `s1` to it, because a phone subscribes to the one that names its minimum.
pub fn topics(city: &str, hazard: Hazard, zone: &ZoneId, severity_max: Severity, lang: &Lang) -> Vec<String> {
    (1..=severity_max.step())
        .filter_map(Severity::new)
        .map(|step| topic(city, hazard, zone, step, lang))
        .collect()
}

#[cfg(test)]
mod tests;
