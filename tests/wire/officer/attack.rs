//! What careless, hurried and hostile programs send to the officers' desk: it is refused with its reason,
//! and nothing of it is half done.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use sensors::time::Span;
use serde_json::{Value as Json, json};

use crate::peer::baolu::{City, PATIENCE, Service, run};

const ONE: &str = "truc-ban";
const OTHER: &str = "truc-ban-thuy-van";
/// What says when and after how many commits an answer was made; the rest is what stands.
const MOVING: [&str; 2] = ["generated_at", "seq"];
/// Turns the text after it around.
const TURN: &str = "an toàn \u{202E}gnôhk";

/// One connection that asks again and again.
struct Line {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
    keys: u32,
    who: &'static str,
}

fn open(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

impl Line {
    fn to(service: &Service, who: &'static str) -> Self {
        Self { stream: open(service.address), address: service.address, keys: 0, who }
    }

    fn ask(&mut self, method: &str, path: &str, more: &str, body: &[u8]) -> (u16, Json) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
             Content-Type: application/json\r\n{more}\r\n",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        // A body that is too long is refused before all of it is sent.
        let _ = stream.write_all(body);
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.stream.read_line(&mut line).unwrap() > 0, "{method} {path}: no answer");
            let line = line.trim().to_ascii_lowercase();
            if line.starts_with("http/1.1") {
                status = line.split(' ').nth(1).unwrap().parse().unwrap();
            } else if let Some(bytes) = line.strip_prefix("content-length: ") {
                length = bytes.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        // Who refuses a request before its body was read hangs up after the answer.
        if ![200, 409].contains(&status) {
            self.stream = open(self.address);
        }
        (status, serde_json::from_slice(&answer).unwrap_or(Json::Null))
    }

    /// An order under a key of its own; `seen` is the version that was read.
    fn order(&mut self, path: &str, seen: Option<u64>, body: &Json) -> (u16, Json) {
        self.keys += 1;
        let seen = seen.map(|version| format!("If-Match: \"v{version}\"\r\n")).unwrap_or_default();
        let signed = format!("Baolu-Officer: {}\r\nIdempotency-Key: k{}\r\n{seen}", self.who, self.keys);
        self.ask("POST", path, &signed, body.to_string().as_bytes())
    }
}

fn in_hours(hours: i64) -> String {
    baolu::clock::Clock::real_now().plus(Span::from_h(hours)).to_string()
}

fn free(text: &str) -> Json {
    json!({
        "kind": "free", "hazard": "street-flood", "zones": ["thuan-hoa"], "severity": 2,
        "valid_until": in_hours(3), "text": text,
    })
}

fn release(number: &str) -> Json {
    json!({
        "dam": "huong-dien", "from_m3_s": 500, "to_m3_s": 1600, "starts_at": in_hours(5), "gradually": true,
        "authority": "Ban Chỉ huy Phòng thủ dân sự thành phố", "number": number,
    })
}

fn repair() -> Json {
    json!({ "stations": ["phu-oc"], "until": in_hours(2), "reason": "thay cảm biến" })
}

fn draft(raise_m: f64) -> Json {
    json!({ "edits": [{"rule": "stage-kim-long", "level": "bd2", "key": "raise_m", "value": raise_m}] })
}

/// One paper of every kind that an officer brings, each in its first version: what reads it, and an order
/// that ends it.
fn papers(line: &mut Line) -> Vec<(String, &'static str, Json)> {
    let reason = json!({ "reason": "gõ nhầm" });
    [
        ("/api/v1/bulletins", free("Cấm xe qua đập Đá."), "withdraw", reason.clone()),
        ("/api/v1/release-orders", release("118/CĐ-PTDS"), "withdraw", reason),
        ("/api/v1/maintenance", repair(), "end", json!({})),
        ("/api/v1/rules/drafts", draft(1.9), "decline", json!({})),
    ]
    .into_iter()
    .map(|(path, body, end, with)| {
        let (status, filed) = line.order(path, None, &body);
        assert_eq!(status, 200, "{path}: {filed}");
        (format!("{path}/{}", filed["paper"]["id"].as_str().unwrap()), end, with)
    })
    .collect()
}

/// What everybody reads of the water, without the moment of the answer.
fn water(line: &mut Line) -> Json {
    let (status, mut latest) = line.ask("GET", "/api/v1/latest", "", b"");
    assert_eq!(status, 200);
    for moving in MOVING {
        latest.as_object_mut().unwrap().remove(moving);
    }
    latest
}

/// The papers of the desk, as they lie.
fn desk(line: &mut Line) -> BTreeMap<&'static str, String> {
    let lists = ["bulletins", "release-orders", "silences", "maintenance", "rules/drafts", "warnings"];
    lists
        .into_iter()
        .map(|list| {
            let (status, mut answer) = line.ask("GET", &format!("/api/v1/{list}"), "", b"");
            assert_eq!(status, 200, "{list}: {answer}");
            for moving in MOVING {
                answer.as_object_mut().unwrap().remove(moving);
            }
            (list, answer.to_string())
        })
        .collect()
}

fn ledger_holds(data: &std::path::Path) {
    let said = run(&["ledger", "verify", "--lang", "en", "--data", data.to_str().unwrap()]);
    assert!(said.code == Some(0) && said.out.contains("The ledger is whole"), "{} {}", said.out, said.err);
}

#[test]
fn of_two_officers_at_once_one_wins_on_every_kind_of_paper() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    for (paper, end, with) in papers(&mut line) {
        let path = format!("{paper}/{end}");
        for stale in [0, 7, u64::MAX] {
            let (status, why) = line.order(&path, Some(stale), &with);
            assert_eq!(status, 412, "{path}: {why}");
        }
        assert_eq!(line.order(&path, None, &with).0, 428, "{path}");
        // The one who proposed withdraws a draft and the other declines it; all else either may end.
        let keys = line.keys + 1000;
        let answers = std::thread::scope(|scope| {
            let one = |who| {
                let (service, path, with) = (&service, &path, &with);
                scope.spawn(move || {
                    let mut line = Line::to(service, who);
                    line.keys = keys;
                    line.order(path, Some(1), with)
                })
            };
            [one(ONE), one(OTHER)].map(|officer| officer.join().unwrap())
        });
        let won = answers.iter().filter(|(status, _)| *status == 200).count();
        let lost = answers.iter().find(|(status, _)| *status != 200).unwrap();
        assert!(won == 1 && [404, 409, 412].contains(&lost.0), "{path}: {answers:?}");
        assert!(lost.1["detail"].as_str().is_some_and(|why| !why.is_empty()), "{lost:?}");
    }
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
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
    // The same key with another body is the first order or is refused, and never a second one.
    let key = format!("Baolu-Officer: {ONE}\r\nIdempotency-Key: k1\r\n");
    let (status, again) =
        line.ask("POST", "/api/v1/bulletins", &key, free("Một tin khác hẳn.").to_string().as_bytes());
    assert!(status == 409 || again["outcome"] == "repeated", "{status} {again}");
    assert_eq!(desk(&mut line), before, "nothing was half done");
    assert_eq!(water(&mut line), level);
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}

#[test]
fn marks_that_turn_text_around_are_refused_in_every_field_and_named() {
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let made = papers(&mut line);
    let before = desk(&mut line);
    for mark in [TURN, "lũ\u{0}", "lũ\u{1B}[2J", "lũ\u{200B}", "lũ\u{2066}x"] {
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
        ];
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

#[test]
fn bodies_of_ten_megabytes_and_cap_bombs_are_refused() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let signed = format!("Baolu-Officer: {ONE}\r\nIdempotency-Key: big\r\nConnection: close\r\n");
    let ten = vec![b' '; 10 * 1024 * 1024];
    for path in ["bulletins", "release-orders", "rules/drafts", "warnings/x/approve", "foreign-alerts/check"]
    {
        let (status, _) = Line::to(&service, ONE).ask("POST", &format!("/api/v1/{path}"), &signed, &ten);
        assert_eq!(status, 413, "{path}");
    }
    let laugh = |n: u32| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10));
    let laughs = (1..12).map(laugh).collect::<Vec<_>>().concat();
    let crowd = (0..50_000).map(|n| format!("a{n}=\"\" ")).collect::<Vec<_>>().concat();
    let bombs = [
        format!("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><alert>&l11;</alert>"),
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><alert>&x;</alert>".to_owned(),
        "<a>".repeat(200_000),
        format!("<alert {crowd}/>"),
        format!("<alert>{}", "<info/>".repeat(100_000)),
        "\u{0}\u{1}".repeat(1000),
    ];
    let began = Instant::now();
    for bomb in &bombs {
        let mut line = Line::to(&service, ONE);
        let (status, why) = line.ask("POST", "/api/v1/foreign-alerts/check", "", bomb.as_bytes());
        assert!(status != 200 || why["valid"] == false, "{status} {why}");
        assert!([200, 400, 413].contains(&status), "{status} {why}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(Line::to(&service, ONE).ask("GET", "/health/live", "", b"").0, 200);
    assert_eq!(service.terminate(), Some(0));
}

/// Resident memory of a process, kB.
fn resident_kb(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn ten_thousand_proposals_are_refused_beyond_the_bound_and_reads_go_on() {
    const TYPED: u32 = 10_000;
    const DRAFTS: u32 = 80;
    let city = City::copy();
    let data = city.beside("data");
    let service = Service::start(&city, &data, &[]);
    let mut line = Line::to(&service, ONE);
    let mut reads = Line::to(&service, OTHER);
    let (mut taken, mut drafts, mut slowest) = (0, 0, Duration::ZERO);
    let mut at_bound = 0;
    for n in 0..TYPED {
        let (status, why) = line.order("/api/v1/bulletins", None, &free(&format!("Tin số {n}.")));
        match status {
            200 => taken += 1,
            409 => assert!(why["detail"].as_str().unwrap().contains("which is the most"), "{why}"),
            _ => panic!("{status} {why}"),
        }
        if n == 1000 {
            at_bound = resident_kb(service.id());
        }
        if n % 100 == 0 {
            let began = Instant::now();
            assert_eq!(reads.ask("GET", "/api/v1/latest", "", b"").0, 200);
            slowest = slowest.max(began.elapsed());
        }
    }
    let grown = resident_kb(service.id()).saturating_sub(at_bound);
    assert_eq!(taken, 200);
    assert!(grown < 100_000, "9,000 refusals took {grown} kB");
    for n in 0..DRAFTS {
        let (status, why) = line.order("/api/v1/rules/drafts", None, &draft(1.81 + f64::from(n) / 1000.0));
        match status {
            200 => drafts += 1,
            409 => assert!(why["detail"].as_str().unwrap().contains("drafts are open"), "{why}"),
            _ => panic!("{status} {why}"),
        }
        let began = Instant::now();
        assert_eq!(reads.ask("GET", "/api/v1/latest", "", b"").0, 200);
        slowest = slowest.max(began.elapsed());
    }
    assert_eq!(drafts, 64);
    assert!(slowest < Duration::from_secs(1), "a read took {slowest:?}");
    println!("grown {grown} kB, slowest read {slowest:?}");
    assert_eq!(service.terminate(), Some(0));
    ledger_holds(&data);
}
