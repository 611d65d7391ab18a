//! Keys that come twice, versions that somebody saw, hours of another clock.

use serde_json::json;

use super::{Line, ONE, OTHER, desk, entry, free, in_hours, ledger_holds, papers, release, repair, water};
use crate::peer::baolu::{City, Service};

#[test]
fn a_key_is_one_order_whatever_else_is_sent_under_it() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let under = |line: &mut Line, who: &str, key: &str, seen: &str, path: &str, body: &serde_json::Value| {
        let signed = format!("Baolu-Officer: {who}\r\nIdempotency-Key: {key}\r\n{seen}");
        line.ask("POST", path, &signed, body.to_string().as_bytes())
    };
    let hand_over = json!({ "to": OTHER, "note": "Phú Ốc mất sóng" });
    let orders = [
        ("/api/v1/maintenance", repair()),
        ("/api/v1/duty/hand-overs", hand_over),
        ("/api/v1/bulletins", free("Cấm xe qua đập Đá.")),
        ("/api/v1/release-orders", release("118/CĐ-PTDS")),
    ];
    for (nth, (path, body)) in orders.iter().enumerate() {
        let key = format!("one-{nth}");
        let (status, first) = under(&mut line, ONE, &key, "", path, body);
        assert_eq!((status, &first["outcome"]), (200, &json!("done")), "{path}: {first}");
        let before = desk(&mut line);
        let (status, again) = under(&mut line, ONE, &key, "", path, body);
        assert_eq!((status, &again["outcome"]), (200, &json!("repeated")), "{path}: {again}");
        // Another officer, another body, another route: told as what it is.
        let mut other = body.clone();
        let field = if other["note"].is_null() { "reason" } else { "note" };
        let field = if other["text"].is_null() { field } else { "text" };
        let field = if other["authority"].is_null() { field } else { "authority" };
        other[field] = json!("điều khác hẳn");
        let elsewhere = &orders[(nth + 1) % orders.len()];
        for (who, path, body) in
            [(OTHER, *path, body), (ONE, *path, &other), (ONE, elsewhere.0, &elsewhere.1)]
        {
            let (status, why) = under(&mut line, who, &key, "", path, body);
            let detail = why["detail"].as_str().unwrap_or_default();
            assert!(status == 409 && detail.contains("the key belongs to another order"), "{path}: {why}");
        }
        assert_eq!(desk(&mut line), before, "nothing was done again");
    }
    // An end, sent twice and then as another order: done once, and whoever is late hears that it is over.
    let (_, listed) = line.ask("GET", "/api/v1/maintenance", "", b"");
    let window = format!("/api/v1/silences/{}/end", listed["papers"][0]["id"].as_str().unwrap());
    let window = window.replace("silences", "maintenance");
    let seen = "If-Match: \"v1\"\r\n";
    for (key, status, outcome) in [("end", 200, json!("done")), ("end", 200, json!("repeated"))] {
        let (is, told) = under(&mut line, ONE, key, seen, &window, &json!({}));
        assert_eq!((is, &told["outcome"]), (status, &outcome), "{told}");
    }
    assert_eq!(under(&mut line, ONE, "end-again", seen, &window, &json!({})).0, 404);
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}

#[test]
fn an_order_that_closed_its_own_warning_is_repeated_and_not_unknown() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let mut line = Line::to(&service, ONE);
    let (_, typed) = line.order("/api/v1/bulletins", None, &free("Cấm xe qua đập Đá."));
    let path = format!("/api/v1/warnings/{}/decline", typed["paper"]["id"].as_str().unwrap());
    let signed = format!("Baolu-Officer: {OTHER}\r\nIdempotency-Key: no\r\nIf-Match: \"v1\"\r\n");
    let body = json!({ "reason": "gõ nhầm phường" }).to_string();
    for outcome in ["done", "repeated"] {
        let (status, told) = line.ask("POST", &path, &signed, body.as_bytes());
        assert_eq!((status, &told["outcome"]), (200, &json!(outcome)), "{told}");
    }
    let (status, late) = line.order(&path, Some(1), &json!({ "reason": "gõ nhầm" }));
    assert!(status == 404 && late["detail"].as_str().unwrap().contains("declined by"), "{late}");
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn wrong_heads_and_hours_of_another_clock_change_nothing() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let made = papers(&mut line);
    let (before, level) = (desk(&mut line), water(&mut line));
    let signed = |who: &str, more: &str| format!("Baolu-Officer: {who}\r\nIdempotency-Key: h\r\n{more}");
    let path = format!("{}/{}", made[0].0, made[0].1);
    let body = made[0].2.to_string();
    for (status, head) in [
        (400, signed(ONE, "If-Match: v1\r\n")),
        (400, signed(ONE, "If-Match: *\r\n")),
        (400, signed(ONE, "If-Match: W/\"v1\"\r\n")),
        (400, signed(ONE, "If-Match: \"v99999999999999999999999\"\r\n")),
        (400, signed("ai-do", "If-Match: \"v1\"\r\n")),
        (400, format!("Baolu-Officer: {ONE}\r\nIf-Match: \"v1\"\r\n")),
        (
            400,
            format!("Baolu-Officer: {ONE}\r\nIdempotency-Key: {}\r\nIf-Match: \"v1\"\r\n", "k".repeat(500)),
        ),
        (403, signed(ONE, "If-Match: \"v1\"\r\nX-Forwarded-For: 203.0.113.7\r\n")),
        (403, signed(ONE, "If-Match: \"v1\"\r\nForwarded: for=203.0.113.7\r\n")),
        (403, signed(ONE, "If-Match: \"v1\"\r\nVia: 1.1 proxy\r\n")),
        (403, signed(ONE, "If-Match: \"v1\"\r\nX-Real-IP: 203.0.113.7\r\n")),
    ] {
        let (is, why) = line.ask("POST", &path, &head, body.as_bytes());
        assert_eq!(is, status, "{head}: {why}");
    }
    // The officer's clock is a year behind, an hour behind, a year ahead.
    for (field, hours) in [("valid_until", -24 * 365), ("valid_until", -1), ("valid_until", 24 * 365)] {
        let mut typed = free("Nước lên.");
        typed[field] = json!(in_hours(hours));
        let (status, why) = line.order("/api/v1/bulletins", None, &typed);
        assert!(status == 400 && why.to_string().contains(field), "{hours} h: {status} {why}");
    }
    for hours in [-24 * 365, 24 * 365] {
        let mut order = release("119/CĐ-PTDS");
        order["starts_at"] = json!(in_hours(hours));
        let (status, why) = line.order("/api/v1/release-orders", None, &order);
        assert!(status == 400 && why.to_string().contains("starts_at"), "{hours} h: {status} {why}");
        let mut order = repair();
        order["until"] = json!(in_hours(hours));
        let (status, why) = line.order("/api/v1/maintenance", None, &order);
        assert!([400, 409].contains(&status), "{hours} h: {status} {why}");
    }
    // A reading is not of tomorrow, and no window is; what is refused says what the service's clock says.
    for (minutes, said) in [(10, "ahead of the clock, which says 20"), (-60 * 49, "h ago")] {
        let (status, why) = line.order("/api/v1/stations/kim-long/entries", None, &entry(minutes));
        assert!(status == 409 && why["detail"].as_str().unwrap().contains(said), "{minutes}: {status} {why}");
    }
    let (status, why) = line.order("/api/v1/maintenance", None, &{
        let mut order = repair();
        order["until"] = json!(in_hours(-1));
        order
    });
    assert!(status == 409 && why["detail"].as_str().unwrap().contains("and it is 20"), "{why}");
    assert_eq!(desk(&mut line), before, "nothing was half done");
    assert_eq!(water(&mut line), level);
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}
