//! Staff: signed, stamped, idempotent, and only at the address that was configured.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use baolu::clock::Clock;
use baolu::notify::delivery::{Delivery, End, Target};
use baolu::notify::receiver::Receivers;
use ring::hmac;
use rules::hazard::Hazard;

use super::rig::{Rig, bounds, delivery, failed, open, to};

type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A listener that answers with each of `statuses` in turn, then with 204.
async fn staff(statuses: &'static [u16]) -> (String, Heard) {
    let heard = Heard::default();
    let keep = Arc::clone(&heard);
    let router = axum::Router::new().fallback(move |request: Request| {
        let keep = Arc::clone(&keep);
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 65_536).await.unwrap();
            let mut heard = keep.lock().unwrap();
            let status = statuses.get(heard.len()).copied().unwrap_or(204);
            heard.push((parts.headers, String::from_utf8(body.to_vec()).unwrap()));
            let location = [(header::LOCATION, "/elsewhere")];
            (StatusCode::from_u16(status).unwrap(), location).into_response()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, heard)
}

fn receivers(url: &str) -> Receivers {
    let text = format!("[[webhook]]\nname = \"duty\"\nurl = \"{url}\"\nsecret_env = \"DUTY_SECRET\"\n");
    Receivers { bounds: bounds(), ..Receivers::parse("receivers.toml", &text).unwrap() }
}

fn notice() -> Delivery {
    let target = Target::Webhook { receiver: "duty".to_owned() };
    Delivery { hazard: Hazard::Telemetry, zone: None, target: target.clone(), ..to(1, target) }
}

#[tokio::test]
async fn staff_can_tell_that_we_said_it_and_when() {
    let (url, heard) = staff(&[]).await;
    let mut rig = Rig::start(open(&receivers(&url)), vec![notice()]);
    assert_eq!(rig.end().await.end, End::Sent);

    let heard = heard.lock().unwrap();
    let (headers, body) = &heard[0];
    let stamp = headers["x-baolu-signature"].to_str().unwrap();
    let (time, tag) = stamp.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let tag: Vec<u8> =
        (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"hush-webhook-key");
    hmac::verify(&key, format!("{time}.{body}").as_bytes(), &tag).expect("our key signed it");
    assert!((Clock::real_now().ms() / 1000 - time.parse::<i64>().unwrap()).abs() < 60);

    let said: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(said["delivery"], notice().id.0.as_ref());
    assert_eq!((said["hazard"].as_str(), said["zone"].is_null()), (Some("telemetry"), true));
    assert_eq!(headers["idempotency-key"], notice().id.0.as_ref());
}

#[tokio::test]
async fn a_repeat_carries_the_same_key_and_a_signature_of_its_own_time() {
    let (url, heard) = staff(&[500, 429, 503]).await;
    let mut rig = Rig::start(open(&receivers(&url)), vec![notice()]);
    let outcome = rig.end().await;
    assert_eq!((outcome.end, outcome.tries), (End::Sent, 4));
    let heard = heard.lock().unwrap();
    assert!(heard.iter().all(|(headers, _)| headers["idempotency-key"] == notice().id.0.as_ref()));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, heard) = staff(&[307]).await;
    let mut rig = Rig::start(open(&receivers(&url)), vec![notice()]);
    assert!(failed(&rig.end().await).contains("redirects are not followed"));
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_told_and_not_repeated() {
    let (url, heard) = staff(&[400, 410]).await;
    let mut rig = Rig::start(open(&receivers(&url)), vec![notice()]);
    assert_eq!(failed(&rig.end().await), "the webhook duty answered 400");
    let again = Delivery { id: delivery(9).id, ..notice() };
    rig.intend(again);
    assert_eq!(failed(&rig.end().await), "the webhook duty answered 410");
    assert_eq!(heard.lock().unwrap().len(), 2);
}

/// A proxy would hear every word of it. The variables of this test are those of a child, because a
/// process has them once for all its threads.
#[tokio::test]
async fn plain_http_to_this_machine_takes_no_way_round_by_a_proxy() {
    const CHILD: &str = "BAOLU_TEST_BEHIND_A_PROXY";
    if std::env::var_os(CHILD).is_some() {
        let (url, heard) = staff(&[]).await;
        let mut rig = Rig::start(open(&receivers(&url)), vec![notice()]);
        assert_eq!(rig.end().await.end, End::Sent);
        assert_eq!(heard.lock().unwrap().len(), 1);
        return;
    }
    let name = "push::webhook::plain_http_to_this_machine_takes_no_way_round_by_a_proxy";
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(CHILD, "1")
        .env("http_proxy", "http://127.0.0.1:1")
        .env_remove("no_proxy")
        .output();
    let output = child.await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
