//! The duty over the wire: a hand-over rings at the webhook of whoever takes it, signed by an officer.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::peer::baolu::{City, PATIENCE, Service, baolu, until};

/// A listener of staff: keeps every body, and answers that it took it.
fn staff() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().take(32) {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = stream.read(&mut part) {
                request.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&request);
                let length = text
                    .to_lowercase()
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
                let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
                if body.is_some() && body >= length {
                    break;
                }
            }
            let text = String::from_utf8_lossy(&request).into_owned();
            keep.lock().unwrap().push(text.split_once("\r\n\r\n").unwrap_or_default().1.to_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    });
    (url, heard)
}

/// An order of an officer; gives the whole answer.
fn post(service: &Service, path: &str, officer: &str, more: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nContent-Type: application/json\r\n\
         Baolu-Officer: {officer}\r\nConnection: close\r\n{more}\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_hand_over_rings_at_whoever_takes_it_and_survives_a_restart_until_it_is_accepted() {
    let (url, heard) = staff();
    let city = City::copy();
    let hook = format!(
        "[[webhook]]\nname = \"hydrologist\"\nurl = \"{url}\"\nsecret_env = \"BAOLU_TEST_KEY\"\ncarries = []\n\n[retry]"
    );
    city.edit("receivers.toml", "[retry]", &hook);
    city.edit(
        "duty.toml",
        "officer = \"truc-ban-thuy-van\"\nwebhooks = []",
        "officer = \"truc-ban-thuy-van\"\nwebhooks = [\"hydrologist\"]",
    );
    let start = || {
        let mut command = baolu(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("BAOLU_TEST_KEY", "a key of this test");
        Service::spawn(command, &city, &city.beside("data"), &[])
    };
    let service = start();
    let body = r#"{"to":"truc-ban-thuy-van","note":"Phú Ốc mất sóng, gọi trạm"}"#;
    let stranger =
        post(&service, "/api/v1/duty/hand-overs", "chi-huy-truong", "Idempotency-Key: 0\r\n", body);
    assert!(stranger.starts_with("HTTP/1.1 409") && stranger.contains("not on duty"), "{stranger}");
    let given = post(&service, "/api/v1/duty/hand-overs", "truc-ban", "Idempotency-Key: 1\r\n", body);
    assert!(given.starts_with("HTTP/1.1 200") && given.contains("hand-over.1."), "{given}");
    let id = given.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    until("the hand-over rings", || {
        heard.lock().unwrap().iter().any(|body| body.contains("Phú Ốc mất sóng"))
    });
    assert_eq!(service.terminate(), Some(0));

    let service = start();
    let duty = service.ask("/api/v1/duty");
    assert!(duty.contains(&id) && duty.contains("\"alarms_10min\":1"), "{duty}");
    let accept = &format!("/api/v1/duty/hand-overs/{id}/accept");
    let blind = post(&service, accept, "truc-ban-thuy-van", "Idempotency-Key: 2\r\n", "{}");
    assert!(blind.starts_with("HTTP/1.1 428"), "{blind}");
    let seen = "Idempotency-Key: 3\r\nIf-Match: \"v1\"\r\n";
    let accepted = post(&service, accept, "truc-ban-thuy-van", seen, "{}");
    assert!(accepted.starts_with("HTTP/1.1 200"), "{accepted}");
    let late =
        post(&service, accept, "truc-ban-thuy-van", "Idempotency-Key: 4\r\nIf-Match: \"v1\"\r\n", "{}");
    assert!(late.starts_with("HTTP/1.1 404"), "{late}");

    let window = r#"{"stations":["phu-oc"],"until":"2000-01-01T00:00:00+07:00","reason":"thay ắc quy"}"#;
    let past = post(&service, "/api/v1/maintenance", "truc-ban", "Idempotency-Key: 5\r\n", window);
    assert!(past.starts_with("HTTP/1.1 409") && past.contains("allowed is an end in the future"), "{past}");
    let until = baolu::clock::Clock::real_now().plus(sensors::time::Span::from_h(2));
    let window = format!(r#"{{"stations":["phu-oc"],"until":"{until}","reason":"thay ắc quy"}}"#);
    let right = post(&service, "/api/v1/maintenance", "truc-ban", "Idempotency-Key: 6\r\n", &window);
    assert!(right.starts_with("HTTP/1.1 200"), "{right}");
    assert!(service.ask("/api/v1/health/stations").contains("\"in_maintenance\":true"));
    let listed = service.ask("/api/v1/maintenance");
    assert!(listed.contains("\"s.6.") && listed.contains("thay ắc quy"), "{listed}");
    assert!(service.ask("/metrics").contains("baolu_officer_alarms_10min{webhook=\"hydrologist\"}"));
    assert_eq!(service.terminate(), Some(0));
}
