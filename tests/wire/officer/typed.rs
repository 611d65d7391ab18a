//! Officers paste, preview and type bulletins, and enter release orders, against the real service.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use sensors::time::{Span, Timestamp};
use serde_json::{Value as Json, json};

use crate::peer::baolu::{City, PATIENCE, Service, run, run_with};

/// A question with its answer: the status, the headers in lower case, the body.
fn ask(service: &Service, method: &str, path: &str, more: &str, body: &[u8]) -> (u16, String, Json) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
         Content-Type: application/json\r\n{more}Connection: close\r\n\r\n"
    )
    .unwrap();
    // A body that is too long is refused before all of it is sent.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Json::Null))
}

fn get(service: &Service, path: &str) -> (u16, String, Json) {
    ask(service, "GET", path, "", b"")
}

fn post(service: &Service, path: &str, body: &Json) -> (u16, Json) {
    let (status, _, answer) = ask(service, "POST", path, "", body.to_string().as_bytes());
    (status, answer)
}

/// An order of an officer; `seen` is the version that was read.
fn order(service: &Service, path: &str, key: &str, seen: Option<u64>, body: &Json) -> (u16, Json) {
    let seen = seen.map(|version| format!("If-Match: \"v{version}\"\r\n")).unwrap_or_default();
    let signed = format!("Baolu-Officer: truc-ban\r\nIdempotency-Key: {key}\r\n{seen}");
    let (status, _, answer) = ask(service, "POST", path, &signed, body.to_string().as_bytes());
    (status, answer)
}

fn in_hours(hours: i64) -> String {
    let now: Timestamp = baolu::clock::Clock::real_now();
    now.plus(Span::from_h(hours)).to_string()
}

fn one_officer() -> City {
    let city = City::copy();
    city.edit("officers.toml", "free = \"two\"", "free = \"one\"");
    city
}

#[test]
fn a_pasted_text_becomes_a_bulletin_that_is_previewed_typed_and_taken_back() {
    let city = one_officer();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let text = "ĐÀI KHÍ TƯỢNG THỦY VĂN THÀNH PHỐ HUẾ\nSố: 31/LU-HUE\nTIN LŨ TRÊN SÔNG BỒ\nCấp độ rủi ro thiên tai do lũ: cấp 2 tại phường Hương Trà và xã Quảng Điền.";
    let (status, read) = post(&service, "/api/v1/bulletins/parse", &json!({ "text": text }));
    assert_eq!(status, 200, "{read}");
    assert_eq!(read["fields"]["zones"], json!(["huong-tra", "quang-dien"]));
    assert_eq!(read["missing"], json!(["issued_at", "valid_until"]));
    let (_, preview) = post(&service, "/api/v1/bulletins/preview", &read["fields"]);
    let lacks: Vec<&str> =
        preview["lacks"].as_array().unwrap().iter().map(|l| l["field"].as_str().unwrap()).collect();
    assert_eq!((lacks, &preview["ready"]), (vec!["valid_until", "issued_at"], &json!(false)));
    let (status, refused) = order(&service, "/api/v1/bulletins", "k1", None, &read["fields"]);
    assert_eq!((status, &refused["errors"][0]["field"]), (400, &json!("valid_until")));

    let free = json!({
        "kind": "free", "hazard": "street-flood", "zones": ["thuan-hoa"], "severity": 2,
        "valid_until": in_hours(3), "text": "Cấm xe qua đập Đá đến khi nước rút.",
    });
    let (_, preview) = post(&service, "/api/v1/bulletins/preview", &free);
    assert_eq!((&preview["ready"], &preview["texts"][0]["lang"]), (&json!(true), &json!("vi")));
    assert!(preview["people"].as_u64().unwrap() > 10_000);
    let (status, typed) = order(&service, "/api/v1/bulletins", "k2", None, &free);
    assert_eq!((status, &typed["paper"]["version"]), (200, &json!(1)), "{typed}");
    assert_eq!(order(&service, "/api/v1/bulletins", "k2", None, &free).1["outcome"], "repeated");
    let id = typed["paper"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/bulletins/{id}");
    let (status, head, shown) = get(&service, &path);
    assert!(status == 200 && head.contains("etag: \"v1\""), "{head}");
    assert_eq!((&shown["fields"]["text"], &shown["by"]), (&free["text"], &json!("truc-ban")));
    assert_eq!(get(&service, "/api/v1/bulletins").2["papers"][0]["id"], json!(id));

    let reason = json!({ "reason": "gõ nhầm tên đường" });
    let withdraw = format!("{path}/withdraw");
    assert_eq!(order(&service, &withdraw, "k3", None, &reason).0, 428);
    assert_eq!(order(&service, &withdraw, "k3", Some(7), &reason).0, 412);
    assert_eq!(order(&service, &withdraw, "k3", Some(1), &reason).0, 200);
    assert_eq!(order(&service, &withdraw, "k4", Some(2), &reason).0, 404);
    assert_eq!(get(&service, &path).2["phase"], "withdrawn");
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn a_bulletin_of_ten_megabytes_and_marks_that_turn_text_around_are_refused() {
    let city = one_officer();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let signed = "Baolu-Officer: truc-ban\r\nIdempotency-Key: big\r\n";
    for path in ["/api/v1/bulletins", "/api/v1/bulletins/parse", "/api/v1/bulletins/preview"] {
        let (status, _, _) = ask(&service, "POST", path, signed, &vec![b' '; 10 * 1024 * 1024]);
        assert_eq!(status, 413, "{path}");
    }
    let long = json!({ "text": "lũ ".repeat(7_000) });
    assert_eq!(post(&service, "/api/v1/bulletins/parse", &long).1["errors"][0]["field"], "text");
    let turned = json!({
        "kind": "free", "hazard": "flood", "zones": ["thuan-hoa"], "severity": 2,
        "valid_until": in_hours(3), "text": "an toàn \u{202E}gnôhk",
    });
    let (status, refused) = order(&service, "/api/v1/bulletins", "t", None, &turned);
    assert_eq!((status, &refused["errors"][0]["field"]), (400, &json!("text")));
    assert!(refused["errors"][0]["wrong"].as_str().unwrap().contains("U+202E"), "{refused}");
    assert_eq!(get(&service, "/api/v1/bulletins?state=all").2["papers"], json!([]));
}

#[test]
fn a_release_order_is_public_until_it_is_over_also_after_a_restart() {
    let city = one_officer();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let terms = json!({
        "dam": "huong-dien", "from_m3_s": 500, "to_m3_s": 1600, "starts_at": in_hours(5), "gradually": true,
        "authority": "Ban Chỉ huy Phòng thủ dân sự thành phố", "number": "118/CĐ-PTDS",
    });
    let (status, preview) = post(&service, "/api/v1/release-orders/preview", &terms);
    assert_eq!((status, &preview["ready"]), (200, &json!(true)), "{preview}");
    let mut wrong = terms.clone();
    wrong["to_m3_s"] = json!(60_000);
    let (status, refused) = order(&service, "/api/v1/release-orders", "k0", None, &wrong);
    assert_eq!((status, &refused["errors"][0]["field"]), (400, &json!("to_m3_s")));
    let (status, entered) = order(&service, "/api/v1/release-orders", "k1", None, &terms);
    assert_eq!(status, 200, "{entered}");
    let id = entered["paper"]["id"].as_str().unwrap().to_owned();
    assert_eq!(service.terminate(), Some(0));

    let service = Service::start(&city, &data, &[]);
    let (_, head, public) = get(&service, "/api/v1/releases");
    assert!(head.contains("etag"), "{head}");
    let release = &public["releases"][0];
    assert_eq!((&release["id"], &release["state"]), (&json!(id), &json!("announced")));
    assert_eq!(release["earliest_arrival"], Json::Null, "nobody knows the travel time");
    assert_eq!(release["source"]["number"], "118/CĐ-PTDS");
    let mut more = terms.clone();
    more["to_m3_s"] = json!(2200);
    let path = format!("/api/v1/release-orders/{id}");
    assert_eq!(order(&service, &format!("{path}/revise"), "k2", Some(1), &more).0, 200);
    assert_eq!(get(&service, "/api/v1/releases").2["releases"][0]["to_m3_s"], 2200);
    let reason = json!({ "reason": "mưa đã giảm" });
    let (status, early) = order(&service, &format!("{path}/complete"), "k3", Some(2), &reason);
    assert_eq!(status, 409, "{early}");
    assert_eq!(order(&service, &format!("{path}/withdraw"), "k4", Some(2), &reason).0, 200);
    assert_eq!(get(&service, "/api/v1/releases").2["releases"], json!([]));
    let shown = get(&service, &path).2;
    assert_eq!((&shown["phase"], shown["versions"].as_array().unwrap().len()), (&json!("withdrawn"), 3));
}

#[test]
fn the_keyboard_shows_what_would_be_composed_and_names_what_is_missing() {
    let text = "ĐÀI KHÍ TƯỢNG THỦY VĂN THÀNH PHỐ HUẾ\nSố: 31/LU-HUE\nTIN LŨ TRÊN SÔNG BỒ\nCấp độ rủi ro thiên tai do lũ: cấp 2 tại phường Hương Trà và xã Quảng Điền.";
    let read = run_with(&["bulletin", "parse", "-"], text.as_bytes());
    assert_eq!(read.code, Some(1));
    assert!(
        read.out.contains("number: 31/LU-HUE «Số: 31/LU-HUE»\n") && read.out.contains("\n- valid_until\n")
    );
    assert!(read.out.contains("[vi.spoken]") && read.out.contains("[en.sms]"), "{}", read.out);
    assert!(read.err.contains("issued_at: is missing"), "{}", read.err);
    let long = run_with(&["bulletin", "parse", "-"], "lũ ".repeat(10_000).as_bytes());
    assert!(long.code == Some(1) && long.err.contains("20000 letters"), "{}", long.err);
    let order = "bulletin release-order --json --dam huong-dien --from 500 --to 1600 --gradually --authority PTDS --number 118 --at 2025-11-17T17:00:00+07:00 --starts-at";
    let mut words: Vec<&str> = order.split(' ').collect();
    words.push("2025-11-17T20:00:00+07:00");
    let shown = run(&words);
    let form: Json = serde_json::from_str(&shown.out).unwrap();
    assert!(shown.code == Some(0) && form["ready"] == true, "{form}");
    assert!(form["texts"][0]["body"].as_str().unwrap().contains("Hương Điền"), "{form}");
    *words.last_mut().unwrap() = "2026-11-17T20:00:00+07:00";
    let late = run(&words);
    assert!(late.code == Some(1) && late.err.contains("starts_at"), "{}", late.err);
}
