//! A delivery as an FCM HTTP v1 message. Field names follow the discovery document (revision
//! 20261023); a test holds every one of them against it.

use std::time::Duration;

use rules::hazard::Severity;
use sensors::place::ZoneId;
use sensors::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::notify::delivery::{Delivery, Target};
use crate::notify::outbox::{notice_id, topics};

/// Severities from here on wake a sleeping phone.
const URGENT_FROM: u8 = 3;

/// What a message needs beside its delivery.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The city's slug, which opens topics.
    pub city: &'a str,
    /// The word that opens titles, when this is an exercise.
    pub exercise_mark: Option<&'a str>,
    /// Phones that come back later are not told.
    pub ttl: Duration,
    /// The wall clock: APNs wants an expiry in Unix time.
    pub real_now: Timestamp,
    /// The registration token, when the target is one phone.
    pub token: Option<&'a str>,
}

/// The body of `messages:send`; `None` for a delivery that FCM does not carry.
pub fn body(delivery: &Delivery, setting: &Setting<'_>) -> Option<Value> {
    let notice = notice_id(delivery);
    let urgent = delivery.severity.step() >= URGENT_FROM;
    let ttl_s = setting.ttl.as_secs();
    let thread = format!("{}.{}", delivery.hazard, zone_of(delivery));
    let mut message = Map::new();
    let (field, value) = address(delivery, setting)?;
    message.insert(field.to_owned(), Value::String(value));
    message.insert(
        "notification".to_owned(),
        json!({ "title": title(delivery, setting.exercise_mark), "body": delivery.body }),
    );
    message.insert("data".to_owned(), data(delivery, setting, &notice));
    // Notification messages without a collapse key share one per app: a later warning of another
    // hazard would replace this one on a phone that is away. With the notice's own key only
    // repeats of the same notice collapse.
    message.insert(
        "android".to_owned(),
        json!({
            "priority": if urgent { "HIGH" } else { "NORMAL" },
            "ttl": format!("{ttl_s}s"),
            "collapseKey": notice,
            "notification": {
                "tag": notice,
                "channelId": format!("s{}", delivery.severity.step()),
            },
        }),
    );
    let expiration = setting.real_now.ms() / 1000 + i64::try_from(ttl_s).unwrap_or(0);
    message.insert(
        "apns".to_owned(),
        json!({
            "headers": {
                "apns-priority": if urgent { "10" } else { "5" },
                "apns-expiration": expiration.to_string(),
                "apns-collapse-id": notice,
            },
            "payload": { "aps": {
                "sound": "default",
                "thread-id": thread,
                "interruption-level": if urgent { "time-sensitive" } else { "active" },
            } },
        }),
    );
    Some(json!({ "message": message }))
}

/// The title as it is sent: an exercise says so first.
pub fn title(delivery: &Delivery, exercise_mark: Option<&str>) -> String {
    match exercise_mark {
        Some(mark) if !delivery.title.contains(mark) => format!("[{mark}] {}", delivery.title),
        _ => delivery.title.clone(),
    }
}

fn zone_of(delivery: &Delivery) -> &str {
    delivery.zone.as_ref().map_or("", ZoneId::as_str)
}

fn address(delivery: &Delivery, setting: &Setting<'_>) -> Option<(&'static str, String)> {
    match &delivery.target {
        Target::Topic { severity_max } => {
            let zone = delivery.zone.as_ref()?;
            Some(topic_or_condition(setting.city, delivery, zone, *severity_max))
        }
        Target::Token { .. } => Some(("token", setting.token?.to_owned())),
        Target::Webhook { .. } => None,
    }
}

/// One message for all minimum severities, so that a phone gets it once; FCM allows five topics in
/// a condition, and there are five severities.
fn topic_or_condition(
    city: &str,
    delivery: &Delivery,
    zone: &ZoneId,
    severity_max: Severity,
) -> (&'static str, String) {
    let topics = topics(city, delivery.hazard, zone, severity_max, &delivery.lang);
    match topics.as_slice() {
        [only] => ("topic", only.clone()),
        several => {
            let terms: Vec<String> = several.iter().map(|topic| format!("'{topic}' in topics")).collect();
            ("condition", terms.join(" || "))
        }
    }
}

/// FCM carries texts only, and keeps `from`, `message_type` and `google*`, `gcm*` to itself.
fn data(delivery: &Delivery, setting: &Setting<'_>, notice: &str) -> Value {
    json!({
        "delivery": delivery.id.0.as_ref(),
        "notice": notice,
        "bulletin": delivery.bulletin.0.as_ref(),
        "city": setting.city,
        "hazard": delivery.hazard.as_str(),
        "zone": zone_of(delivery),
        "severity": delivery.severity.step().to_string(),
        "lang": delivery.lang.0.as_ref(),
        "at": delivery.at.to_string(),
        "exercise": setting.exercise_mark.is_some().to_string(),
    })
}

#[cfg(test)]
mod tests;
