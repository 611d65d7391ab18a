//! A warning from its proposal to its correction, over HTTP alone and down to a phone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baolu::clock::Clock;
use serde_json::{Value as Json, json};
use simulator::phone::{self, Phones};

use crate::peer::baolu::{City, PATIENCE, Service, run, until};

/// One of the zones that the stage at Phú Ốc is for.
const ZONE: &str = "dan-dien";

pub(super) fn send(service: &Service, head: &str, body: &str) -> (u16, String, Json) {
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{head}Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Json::Null))
}

pub(super) fn get(service: &Service, path: &str) -> (u16, String, Json) {
    send(service, &format!("GET {path} HTTP/1.1\r\n"), "")
}

/// An order about a warning by an officer who has seen this version.
fn order(
    service: &Service,
    path: &str,
    (who, key): (&str, &str),
    seen: &str,
    body: &Json,
) -> (u16, String, Json) {
    let seen = if seen.is_empty() { String::new() } else { format!("If-Match: \"{seen}\"\r\n") };
    let head = format!(
        "POST /api/v1/warnings/{path} HTTP/1.1\r\nBaolu-Officer: {who}\r\nIdempotency-Key: {key}\r\n{seen}"
    );
    send(service, &head, &body.to_string())
}

/// Phones in a ward, one for each language.
pub(super) async fn phones_of(zone: &str) -> Phones {
    let setup = phone::Setup {
        project: "officer".to_owned(),
        phones: phone::one_per_zone("hue", &[zone], &["vi", "en"], 1),
        now: Arc::new(Clock::real_now),
        real_now: Arc::new(Clock::real_now),
        token_life: Duration::from_hours(1),
    };
    Phones::start(std::net::SocketAddr::from(([127, 0, 0, 1], 0)), setup).await.unwrap()
}

/// Huế where an officer lets the stages at Phú Ốc out, and the phones are real sockets.
fn city(phones: &Phones) -> City {
    let city = with_phones(phones);
    let stage = "stations = [\"phu-oc\"]\nzones = \"station\"\nissue = ";
    city.edit("rules.toml", &format!("{stage}\"automatic\""), &format!("{stage}\"officer\""));
    city
}

/// Huế as it is, and the phones are real sockets.
pub(super) fn with_phones(phones: &Phones) -> City {
    let city = City::copy();
    let account = city.beside("account.json");
    std::fs::write(&account, phones.service_account_json()).unwrap();
    let fcm = format!(
        "[fcm]\nproject = \"{}\"\nendpoint = \"{}\"\nservice_account_file = \"{}\"\n\n",
        phones.project(),
        phones.endpoint(),
        account.display()
    );
    let receivers = city.read("receivers.toml");
    city.write("receivers.toml", &(fcm + &receivers));
    city
}

fn enter(service: &Service, value: &str) {
    let server = service.address.to_string();
    let ended =
        run(&["enter", "--station", "phu-oc", "--by", "truc-ban", "--value", value, "--server", &server]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

/// The next pushes that phones show, until there are so many.
async fn shown(phones: &mut Phones, count: usize) -> Vec<phone::Push> {
    let (mut shown, began) = (Vec::new(), Instant::now());
    while shown.len() < count {
        assert!(began.elapsed() < PATIENCE, "only {shown:?}");
        match tokio::time::timeout(Duration::from_secs(1), phones.shown.recv()).await {
            Ok(Some(push)) => shown.push(push),
            Ok(None) => panic!("the phones are gone"),
            Err(_) => {}
        }
    }
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_approves_over_http_the_phone_rings_and_the_correction_follows() {
    let mut phones = phones_of(ZONE).await;
    let city = city(&phones);
    let clock = format!("{},1", Clock::real_now());
    let service = Service::start(&city, &city.beside("data"), &["--clock", &clock]);
    enter(&service, "3.02");
    let mut id = String::new();
    until("a proposal", || {
        let (_, _, open) = get(&service, "/api/v1/warnings");
        let found = open["warnings"].as_array().into_iter().flatten().find(|w| w["state"] == "proposed");
        id = found.and_then(|w| w["warning"].as_str()).unwrap_or_default().to_owned();
        !id.is_empty()
    });
    let (status, head, warning) = get(&service, &format!("/api/v1/warnings/{id}"));
    assert!(status == 200 && head.contains("etag: \"v1\""), "{head}");
    assert_eq!(warning["level"], "bd2");
    assert!(warning["proposal"]["zones"].as_array().unwrap().contains(&ZONE.into()), "{warning}");
    let (_, _, area) = get(&service, &format!("/api/v1/warnings/{id}/area"));
    assert!(area["people"].as_u64().unwrap() > 10_000 && area["errors"] == json!([]), "{area}");

    let approve = format!("{id}/approve");
    let nothing = json!({});
    assert_eq!(order(&service, &approve, ("truc-ban", "1"), "", &nothing).0, 428);
    let (status, _, why) = order(&service, &approve, ("truc-ban", "2"), "v1", &json!({"zones": []}));
    assert!(status == 400 && why["errors"][0]["field"] == "zones", "{why}");
    let hidden = json!({"texts": [{"lang": "vi", "title": "Lũ\u{202E}", "body": "x"}]});
    let (status, _, why) = order(&service, &approve, ("truc-ban", "3"), "v1", &hidden);
    assert!(status == 400 && why["detail"].as_str().unwrap().contains("U+202E"), "{why}");
    let long = json!({"note": "a".repeat(70_000)});
    assert_eq!(order(&service, &approve, ("truc-ban", "4"), "v1", &long).0, 413);

    // Two officers at once: one wins, the other hears who did what.
    let both = std::thread::scope(|scope| {
        let one = |who: &'static str, key: &'static str| {
            let (service, approve, nothing) = (&service, &approve, &nothing);
            scope.spawn(move || order(service, approve, (who, key), "v1", nothing))
        };
        [one("truc-ban", "5"), one("truc-ban-thuy-van", "6")].map(|officer| officer.join().unwrap())
    });
    let won = both.iter().find(|(status, _, _)| *status == 200).unwrap();
    let lost = both.iter().find(|(status, _, _)| *status != 200).unwrap();
    assert_eq!((&won.2["four_eyes"], &won.2["paper"]["version"]), (&"not_enforced".into(), &2.into()));
    assert_eq!(lost.0, 412, "{lost:?}");
    assert!(lost.2["detail"].as_str().unwrap().contains("(approved) made version 2"), "{lost:?}");

    let rung = shown(&mut phones, 2).await;
    let langs: Vec<&str> = rung.iter().map(|push| push.lang.as_str()).collect();
    assert!(langs.contains(&"vi") && langs.contains(&"en"), "{rung:?}");
    assert!(rung.iter().all(|push| push.zone == ZONE && push.bulletin == format!("{id}.v2")), "{rung:?}");

    let (_, _, flight) = get(&service, &format!("/api/v1/warnings/{id}/preflight"));
    let body = json!({"preflight": flight["preflight"], "reason": "nước rút"});
    let (status, _, why) = order(&service, &format!("{id}/all-clear"), ("truc-ban", "7"), "v2", &body);
    assert!(status == 409 && why["detail"].as_str().unwrap().contains("its condition is true"), "{why}");

    let cancel = format!("{id}/cancel");
    let reason = json!({"reason": "đọc nhầm thước nước"});
    let (status, head, why) = order(&service, &cancel, ("truc-ban-thuy-van", "8"), "v2", &reason);
    assert!(status == 200 && head.contains("etag: \"v3\""), "{why}");
    let corrected = shown(&mut phones, 2).await;
    assert!(corrected.iter().any(|push| push.title.contains("ĐÍNH CHÍNH")), "{corrected:?}");
    assert!(corrected.iter().any(|push| push.title.contains("CORRECTION")), "{corrected:?}");

    let (_, _, versions) = get(&service, &format!("/api/v1/warnings/{id}/versions"));
    let states: Vec<&str> =
        versions["versions"].as_array().unwrap().iter().filter_map(|v| v["state"].as_str()).collect();
    assert_eq!(states, ["cancelled", "issued", "proposed"]);
    let unknown = order(&service, "nothing/approve", ("truc-ban", "9"), "v1", &nothing);
    assert_eq!(unknown.0, 404);
    assert_eq!(service.terminate(), Some(0));
}
