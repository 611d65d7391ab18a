//! What FCM v1 knows of a message: every field and its type, written down from the discovery
//! document (revision 20261023); a test holds the two together. It judges shape, not meaning.

use serde_json::Value;

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Flag,
    Whole,
    Number,
    /// Seconds with an `s` at the end, as `3600s` (`google-duration`).
    Duration,
    /// RFC 3339.
    Moment,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A map from text to text.
    Texts,
    /// Any object.
    Object,
    /// A list.
    List(&'static Kind),
    /// A message of its own.
    Message(&'static Fields),
}

/// The fields of a message, in the spelling of the discovery document.
pub(super) type Fields = [(&'static str, Kind)];

use Kind::{Duration, Flag, List, Message, Moment, Number, Object, Text, Texts, Whole, Word};

const LABEL: Kind = Message(&[("analyticsLabel", Text)]);
const COLOR: Kind = Message(&[("alpha", Number), ("blue", Number), ("green", Number), ("red", Number)]);
const LIGHT: Kind =
    Message(&[("color", COLOR), ("lightOffDuration", Duration), ("lightOnDuration", Duration)]);
const PRIORITY: Kind = Word(&[
    "PRIORITY_UNSPECIFIED",
    "PRIORITY_MIN",
    "PRIORITY_LOW",
    "PRIORITY_DEFAULT",
    "PRIORITY_HIGH",
    "PRIORITY_MAX",
]);
const VISIBILITY: Kind = Word(&["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"]);

const ANDROID_NOTIFICATION: &Fields = &[
    ("body", Text),
    ("bodyLocArgs", List(&Text)),
    ("bodyLocKey", Text),
    ("bypassProxyNotification", Flag),
    ("channelId", Text),
    ("clickAction", Text),
    ("color", Text),
    ("defaultLightSettings", Flag),
    ("defaultSound", Flag),
    ("defaultVibrateTimings", Flag),
    ("eventTime", Moment),
    ("icon", Text),
    ("image", Text),
    ("lightSettings", LIGHT),
    ("localOnly", Flag),
    ("notificationCount", Whole),
    ("notificationPriority", PRIORITY),
    ("proxy", Word(&["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"])),
    ("sound", Text),
    ("sticky", Flag),
    ("tag", Text),
    ("ticker", Text),
    ("title", Text),
    ("titleLocArgs", List(&Text)),
    ("titleLocKey", Text),
    ("vibrateTimings", List(&Duration)),
    ("visibility", VISIBILITY),
];

const ANDROID: &Fields = &[
    ("bandwidthConstrainedOk", Flag),
    ("collapseKey", Text),
    ("data", Texts),
    ("directBootOk", Flag),
    ("fcmOptions", LABEL),
    ("notification", Message(ANDROID_NOTIFICATION)),
    ("priority", Word(&["NORMAL", "HIGH"])),
    ("restrictedPackageName", Text),
    ("restrictedSatelliteOk", Flag),
    ("ttl", Duration),
];

const MESSAGE: &Fields = &[
    ("android", Message(ANDROID)),
    (
        "apns",
        Message(&[
            ("fcmOptions", Message(&[("analyticsLabel", Text), ("image", Text)])),
            ("headers", Texts),
            ("liveActivityToken", Text),
            ("payload", Object),
        ]),
    ),
    ("condition", Text),
    ("data", Texts),
    ("fcmOptions", LABEL),
    ("fid", Text),
    ("name", Text),
    ("notification", Message(&[("body", Text), ("image", Text), ("title", Text)])),
    ("token", Text),
    ("topic", Text),
    (
        "webpush",
        Message(&[
            ("data", Texts),
            ("fcmOptions", Message(&[("analyticsLabel", Text), ("link", Text)])),
            ("headers", Texts),
            ("notification", Object),
        ]),
    ),
];

/// `SendMessageRequest`.
pub(super) const REQUEST: &Fields = &[("message", Message(MESSAGE)), ("validateOnly", Flag)];

/// A field that FCM would refuse: its path, and FCM's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    pub(super) field: String,
    pub(super) words: String,
}

/// The value of a field, in either of the two spellings that JSON for protocol buffers allows.
pub(super) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(snake(name))).filter(|value| !value.is_null())
}

fn snake(camel: &str) -> String {
    camel.chars().fold(String::new(), |mut out, c| {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        out
    })
}

/// Holds an object against its fields; the first violation, as FCM tells only of shape first.
pub(super) fn check(value: &Value, fields: &Fields, path: &str) -> Result<(), Violation> {
    let Some(object) = value.as_object() else { return Err(wrong_type(value, path)) };
    for (name, value) in object {
        let known = fields.iter().find(|(known, _)| known == name || snake(known) == *name);
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match known {
            None => {
                let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
                return Err(Violation {
                    field: path.to_owned(),
                    words: format!(
                        "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
                    ),
                });
            }
            Some(_) if value.is_null() => {}
            Some((_, kind)) => check_kind(value, kind, &below)?,
        }
    }
    Ok(())
}

fn check_kind(value: &Value, kind: &Kind, path: &str) -> Result<(), Violation> {
    let fits = match kind {
        Text => value.is_string(),
        Flag => value.is_boolean(),
        Whole => value.is_i64() || value.as_str().is_some_and(|text| text.parse::<i32>().is_ok()),
        Number => value.is_number(),
        Duration => value.as_str().is_some_and(is_duration),
        Moment => value.as_str().is_some_and(|text| sensors::time::Timestamp::parse_rfc3339(text).is_ok()),
        Word(words) => value.as_str().is_some_and(|text| {
            // The official Python client writes the words in lower case, and FCM takes them.
            words.iter().any(|word| word.eq_ignore_ascii_case(text))
        }),
        Texts => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        Object => value.is_object(),
        List(kind) => {
            return value
                .as_array()
                .ok_or_else(|| wrong_type(value, path))?
                .iter()
                .try_for_each(|item| check_kind(item, kind, path));
        }
        Message(fields) => return check(value, fields, path),
    };
    if fits { Ok(()) } else { Err(wrong_type(value, path)) }
}

fn is_duration(text: &str) -> bool {
    text.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok_and(|s| s >= 0.0))
}

fn wrong_type(value: &Value, path: &str) -> Violation {
    let shown: String = value.to_string().chars().take(40).collect();
    Violation { field: path.to_owned(), words: format!("Invalid value at '{path}', {shown}") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The discovery document, or `None` where this checkout has none beside it.
    fn discovery() -> Option<Value> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/push/fcm.v1.discovery.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            assert!(std::env::var_os("CI").is_none(), "{} is missing", file.display());
            println!("skipped: {} is missing", file.display());
            return None;
        };
        Some(serde_json::from_str(&text).unwrap())
    }

    fn compare(schemas: &Value, name: &str, fields: &Fields) {
        let known = schemas[name]["properties"].as_object().unwrap();
        // Android's second configuration is for an early-access programme; nothing here sends it.
        let theirs: Vec<&str> = known.keys().map(String::as_str).filter(|k| *k != "androidV2").collect();
        let ours: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(ours, theirs, "{name}");
        for (field, kind) in fields {
            compare_kind(schemas, &known[*field], kind, &format!("{name}.{field}"));
        }
    }

    fn compare_kind(schemas: &Value, theirs: &Value, kind: &Kind, path: &str) {
        let (kind_of, format) = (theirs["type"].as_str(), theirs["format"].as_str());
        match kind {
            Message(fields) => compare(schemas, theirs["$ref"].as_str().expect(path), fields),
            List(kind) => compare_kind(schemas, &theirs["items"], kind, path),
            Word(words) => {
                let listed: Vec<&str> =
                    theirs["enum"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
                assert_eq!(*words, listed, "{path}");
            }
            Text => assert_eq!((kind_of, format), (Some("string"), None), "{path}"),
            Flag => assert_eq!(kind_of, Some("boolean"), "{path}"),
            Whole => assert_eq!(kind_of, Some("integer"), "{path}"),
            Number => assert_eq!(kind_of, Some("number"), "{path}"),
            Duration => assert_eq!(format, Some("google-duration"), "{path}"),
            Moment => assert_eq!(format, Some("google-datetime"), "{path}"),
            Texts => assert_eq!(theirs["additionalProperties"]["type"], "string", "{path}"),
            Object => assert_eq!(theirs["additionalProperties"]["type"], "any", "{path}"),
        }
    }

    #[test]
    fn the_phones_know_exactly_the_fields_of_the_discovery_document() {
        if let Some(document) = discovery() {
            compare(&document["schemas"], "SendMessageRequest", REQUEST);
        }
    }

    #[test]
    fn an_unknown_field_and_a_wrong_type_are_told_by_their_path() {
        let told = |text: &str| {
            check(&serde_json::from_str(text).unwrap(), REQUEST, "").err().map(|violation| violation.words)
        };
        assert_eq!(told(r#"{"message":{"topic":"a","android":{"ttl":"3.5s","collapse_key":"k"}}}"#), None);
        let unknown = told(r#"{"message":{"topic":"a","andriod":{}}}"#).unwrap();
        assert!(unknown.contains("Unknown name \"andriod\" at 'message': Cannot find field."), "{unknown}");
        let number = told(r#"{"message":{"topic":"a","data":{"severity":3}}}"#).unwrap();
        assert!(number.starts_with("Invalid value at 'message.data'"), "{number}");
        assert!(told(r#"{"message":{"android":{"ttl":"an hour"}}}"#).is_some());
        assert!(told(r#"{"message":{"android":{"priority":"URGENT"}}}"#).is_some());
    }
}
