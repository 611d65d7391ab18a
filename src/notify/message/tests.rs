//! Holds our messages against the discovery document.

use std::path::Path;

use rules::hazard::Severity;

use super::*;
use crate::notify::delivery::tests::delivery;

fn setting() -> Setting<'static> {
    Setting {
        city: "hue",
        exercise_mark: None,
        ttl: Duration::from_hours(1),
        real_now: Timestamp::from_ms(1_763_300_000_000),
        token: None,
    }
}

fn sent(target: Target, setting: &Setting<'_>) -> Value {
    body(&Delivery { target, ..delivery("d") }, setting).unwrap()
}

fn topic_up_to(step: u8) -> Target {
    Target::Topic { severity_max: Severity::new(step).unwrap() }
}

/// The discovery document, or `None` where this checkout has none beside it.
fn discovery() -> Option<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/push/fcm.v1.discovery.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
        println!("skipped: {} is missing", file.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

fn hold(schemas: &Value, schema: &Value, value: &Value, path: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        for (field, value) in value.as_object().expect(path) {
            let known = &schemas[name]["properties"][field];
            assert!(!known.is_null(), "{path}.{field} is not in {name}");
            hold(schemas, known, value, &format!("{path}.{field}"));
        }
        return;
    }
    match schema["type"].as_str().expect(path) {
        "string" => assert!(value.is_string(), "{path}"),
        "boolean" => assert!(value.is_boolean(), "{path}"),
        "integer" => assert!(value.is_i64(), "{path}"),
        "object" => {
            let any = schema["additionalProperties"]["type"] == "any";
            for (key, value) in value.as_object().expect(path) {
                assert!(any || value.is_string(), "{path}.{key} is no text");
            }
        }
        other => panic!("{path}: no message of ours has a {other}"),
    }
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{path}: {value}");
    }
    if schema["format"] == "google-duration" {
        let seconds = value.as_str().and_then(|text| text.strip_suffix('s'));
        assert!(seconds.is_some_and(|number| number.parse::<u32>().is_ok()), "{path}: {value}");
    }
}

#[test]
fn every_field_that_we_send_is_in_the_discovery_document_with_its_type() {
    let Some(document) = discovery() else { return };
    let request = serde_json::json!({ "$ref": "SendMessageRequest" });
    let token = Setting { token: Some("t"), exercise_mark: Some("DIỄN TẬP"), ..setting() };
    for message in [
        sent(topic_up_to(1), &setting()),
        sent(topic_up_to(5), &setting()),
        sent(Target::Token { receiver: "p".to_owned() }, &token),
    ] {
        hold(&document["schemas"], &request, &message, "request");
    }
}

#[test]
fn one_message_reaches_every_minimum_severity_once() {
    let one = sent(topic_up_to(1), &setting());
    assert_eq!(one["message"]["topic"], "hue.flood.thuan-hoa.s1.vi");
    assert!(one["message"]["condition"].is_null());
    let three = sent(topic_up_to(3), &setting());
    assert_eq!(
        three["message"]["condition"],
        "'hue.flood.thuan-hoa.s1.vi' in topics || 'hue.flood.thuan-hoa.s2.vi' in topics || \
         'hue.flood.thuan-hoa.s3.vi' in topics"
    );
    assert!(three["message"]["topic"].is_null());
}

#[test]
fn a_message_carries_one_stable_id_in_all_three_places() {
    let message = &sent(topic_up_to(2), &setting())["message"];
    let notice = notice_id(&delivery("d"));
    assert_eq!(message["data"]["delivery"], "d");
    assert_eq!(message["android"]["notification"]["tag"], notice.as_str());
    assert_eq!(message["apns"]["headers"]["apns-collapse-id"], notice.as_str());
    assert!(notice.len() <= 64, "APNs takes 64 bytes");
    assert_eq!(message["apns"]["headers"]["apns-expiration"], "1763303600");
    assert_eq!(message["android"]["ttl"], "3600s");
}

#[test]
fn an_exercise_says_so_before_anything_else() {
    let message = &sent(topic_up_to(2), &Setting { exercise_mark: Some("DIỄN TẬP"), ..setting() })["message"];
    assert_eq!(message["notification"]["title"], "[DIỄN TẬP] Lũ sông Hương");
    assert_eq!(message["data"]["exercise"], "true");
    assert_eq!(sent(topic_up_to(2), &setting())["message"]["data"]["exercise"], "false");
}

#[test]
fn only_urgent_warnings_wake_a_phone() {
    let body = |step| {
        let severity = Severity::new(step).unwrap();
        body(&Delivery { severity, ..delivery("d") }, &setting()).unwrap()
    };
    assert_eq!(body(3)["message"]["android"]["priority"], "HIGH");
    assert_eq!(body(3)["message"]["apns"]["headers"]["apns-priority"], "10");
    assert_eq!(body(2)["message"]["android"]["priority"], "NORMAL");
    assert_eq!(body(2)["message"]["apns"]["headers"]["apns-priority"], "5");
}
