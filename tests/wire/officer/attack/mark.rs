//! Signs that nobody sees, in every field that an officer writes.

use serde_json::{Value as Json, json};

use super::{Line, ONE, OTHER, desk, draft, entry, free, in_hours, ledger_holds, papers, release, repair};
use crate::peer::baolu::{City, Service};

/// Turns the text after it around.
const TURN: &str = "an toàn \u{202E}gnôhk";
/// Orders about a warning, and what an officer writes in them.
const ABOUT_A_WARNING: [(&str, &str); 11] = [
    ("approve", "note"),
    ("approve", "title"),
    ("approve", "full"),
    ("update", "body"),
    ("update", "sms"),
    ("decline", "reason"),
    ("extend", "reason"),
    ("acknowledge", "note"),
    ("comment", "text"),
    ("cancel", "reason"),
    ("all-clear", "reason"),
];

fn order_about(order: &str, field: &str, mark: &str) -> Json {
    let mut body = match order {
        "extend" => json!({ "by_s": 60 }),
        "all-clear" => json!({ "preflight": "0" }),
        _ => json!({}),
    };
    if ["title", "body", "full", "sms"].contains(&field) {
        let mut words =
            json!({ "lang": "vi", "title": "Ngập phố", "body": "Phường Thuận Hóa: không ra đường." });
        words[field] = json!(mark);
        body["texts"] = json!([words]);
    } else {
        body[field] = json!(mark);
    }
    body
}

fn national() -> Json {
    json!({
        "kind": "national", "hazard": "flood", "zones": ["kim-long"], "issuer": "Đài Khí tượng Thủy văn",
        "number": "31", "issued_at": in_hours(-1), "valid_until": in_hours(6), "risk_level": 2, "text": "Lũ lên.",
    })
}

fn school() -> Json {
    json!({
        "kind": "school_closing", "hazard": "flood", "zones": ["kim-long"], "severity": 2,
        "decided_by": "Sở Giáo dục và Đào tạo", "schools": "các trường tiểu học", "from": in_hours(1),
        "until": in_hours(20),
    })
}

/// The words that people read, with a mark among them: as it is, and hidden behind an escape.
fn phrase(mark: &str) -> Json {
    let text = crate::peer::baolu::City::copy().read("phrases.vi.toml");
    let escape: String =
        mark.chars()
            .map(|sign| {
                if sign.is_ascii_graphic() { sign.to_string() } else { format!("\\U{:08X}", u32::from(sign)) }
            })
            .collect();
    let text = text.replacen("Tin mới: {text}", &format!("{escape} {{text}}"), 1);
    json!({ "files": [{ "name": "phrases.vi.toml", "text": text }] })
}

#[test]
fn marks_that_turn_text_around_are_refused_in_every_field_and_named() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let made = papers(&mut line);
    let warning = made[0].0.replace("bulletins", "warnings");
    let before = desk(&mut line);
    for mark in [TURN, "lũ\u{0}", "lũ\u{1B}[2J", "lũ\u{200B}", "lũ\u{2066}x", "l\u{AD}ũ", "lũ\u{E0041}"]
    {
        let with = |mut body: Json, field: &str| {
            body[field] = json!(mark);
            body
        };
        let mut tries = vec![
            ("/api/v1/bulletins".to_owned(), None, with(free(""), "text")),
            ("/api/v1/release-orders".to_owned(), None, with(release("120"), "authority")),
            ("/api/v1/release-orders".to_owned(), None, with(release("120"), "number")),
            ("/api/v1/maintenance".to_owned(), None, with(repair(), "reason")),
            (
                "/api/v1/silences".to_owned(),
                None,
                json!({"subject": "kim-long", "until": in_hours(2), "reason": mark}),
            ),
            ("/api/v1/duty/hand-overs".to_owned(), None, json!({"to": OTHER, "note": mark})),
            ("/api/v1/rules/drafts".to_owned(), None, with(draft(1.88), "note")),
            ("/api/v1/release-orders".to_owned(), None, with(release("120"), "note")),
            ("/api/v1/stations/kim-long/trust".to_owned(), None, json!({"parameter": "stage", "note": mark})),
            ("/api/v1/stations/kim-long/entries".to_owned(), None, with(entry(0), "note")),
            ("/api/v1/rules/drafts".to_owned(), None, phrase(mark)),
        ];
        for field in ["issuer", "number"] {
            tries.push(("/api/v1/bulletins".to_owned(), None, with(national(), field)));
        }
        for field in ["decided_by", "schools"] {
            tries.push(("/api/v1/bulletins".to_owned(), None, with(school(), field)));
        }
        for (order, field) in ABOUT_A_WARNING {
            tries.push((format!("{warning}/{order}"), Some(1), order_about(order, field, mark)));
        }
        for (paper, end, body) in &made {
            let field = if body["reason"].is_null() { "note" } else { "reason" };
            tries.push((format!("{paper}/{end}"), Some(1), json!({ field: mark })));
        }
        for (path, seen, body) in tries {
            let (status, why) = line.order(&path, seen, &body);
            assert!([400, 409].contains(&status), "{path} {body}: {status} {why}");
            assert!(why.to_string().contains("U+"), "{path} {body}: {why}");
        }
    }
    assert_eq!(desk(&mut line), before, "nothing was half done");
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}
