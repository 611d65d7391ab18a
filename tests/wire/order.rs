//! An officer at the keyboard: the real binary orders, the real service obeys or says why not.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::peer::baolu::{City, Ended, PATIENCE, Service, run};

/// `baolu enter` for a stage in metres at Phú Ốc.
fn enter(service: &Service, by: &str, value: &str, more: &[&str]) -> Ended {
    let server = service.address.to_string();
    let mut arguments = vec!["enter", "--station", "phu-oc", "--by", by, "--value", value];
    arguments.extend(["--server", &server, "--lang", "en"]);
    arguments.extend(more);
    run(&arguments)
}

/// An order as another program sends it, with these headers.
fn post(service: &Service, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!("POST /api/v1/stations/phu-oc/entries HTTP/1.1\r\nContent-Length: {length}\r\n");
    write!(stream, "{head}{headers}Connection: close\r\n\r\n{body}").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn an_officer_enters_the_staff_gauge_and_the_alarm_is_raised_though_no_gauge_ever_spoke() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let first = enter(&service, "truc-ban", "3.02", &["--note", "đọc thước nước"]);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(
        first.out.contains("Entered phu-oc/stage: 3.02 m") && first.out.contains("truc-ban"),
        "{}",
        first.out
    );
    let alerts = service.ask("/api/v1/alerts");
    assert!(alerts.contains("\"bd2\"") && alerts.contains("phu-oc"), "{alerts}");
    // The same words a second time, at the same moment of the staff, are one order.
    let at = ["--at", "2020-01-01T00:00:00+07:00"];
    let old = enter(&service, "truc-ban", "3.02", &at);
    assert_eq!(old.code, Some(1));
    assert!(old.err.contains("more than 48 h ago"), "{}", old.err);
    let nobody = enter(&service, "ai-do", "3.02", &[]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.err.contains("truc-ban"), "it names who may: {}", nobody.err);
    let millimetres = enter(&service, "truc-ban", "3020", &[]);
    assert!(millimetres.err.contains("-2 to 10 m"), "{}", millimetres.err);
    assert_eq!(service.terminate(), Some(0));
}

#[test]
fn an_order_without_a_signature_from_a_page_of_another_name_or_by_a_proxy_is_refused() {
    let city = City::copy();
    let service = Service::start(&city, &city.beside("data"), &[]);
    let now = baolu::clock::Clock::real_now();
    let form = |value: &str, unit: &str| {
        format!(r#"{{"parameter":"stage","value":{value},"unit":"{unit}","measured_at":"{now}"}}"#)
    };
    let body = &form("3.02", "m");
    let signed = "Baolu-Officer: truc-ban\r\nIdempotency-Key: 1\r\nContent-Type: application/json\r\n";
    for (host, more, status) in [
        ("evil.example", signed, "403"),
        ("localhost", "Content-Type: application/json\r\n", "400"),
        ("localhost", &format!("{signed}X-Forwarded-For: 10.0.0.1\r\n"), "403"),
        ("127.0.0.1:8080", signed, "200"),
        ("[::1]:8080", signed, "200"),
    ] {
        let answer = post(&service, &format!("Host: {host}\r\n{more}"), body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{host}: {answer}");
    }
    let repeated = post(&service, &format!("Host: localhost\r\n{signed}"), &form("3.03", "m"));
    assert!(repeated.starts_with("HTTP/1.1 409") && repeated.contains("key"), "{repeated}");
    let wrong = post(&service, &format!("Host: localhost\r\n{signed}"), &form("3", "mm"));
    assert!(wrong.contains("stage is entered in m"), "{wrong}");

    let closed = City::copy();
    closed.write("officers.toml", "signed_by = \"nobody\"\n");
    closed.remove("duty.toml");
    let service = Service::start(&closed, &closed.beside("data"), &[]);
    let answer = post(&service, &format!("Host: localhost\r\n{signed}"), body);
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("officers.toml"), "{answer}");
}
