//! What careless, hurried and hostile programs send to the officers' desk: it is refused with its reason,
//! and nothing of it is half done.

mod flood;
mod key;
mod mark;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use sensors::time::Span;
use serde_json::{Value as Json, json};

use crate::peer::baolu::{City, PATIENCE, Service, run};

const ONE: &str = "truc-ban";
const OTHER: &str = "truc-ban-thuy-van";
/// What says when and after how many commits an answer was made; the rest is what stands.
const MOVING: [&str; 2] = ["generated_at", "seq"];
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

/// A staff gauge that was read so many minutes from now.
fn entry(minutes: i64) -> Json {
    let at = baolu::clock::Clock::real_now().plus(Span::from_min(minutes)).to_string();
    json!({ "parameter": "stage", "unit": "m", "value": 0.4, "measured_at": at })
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
