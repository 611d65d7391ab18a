//! Each class of trouble on the way to a phone, and what becomes of the delivery.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use baolu::notify::breaker::BreakerBounds;
use baolu::notify::channel::{Channels, Setup};
use baolu::notify::delivery::{End, Target};
use baolu::notify::receiver::{Bounds, Receivers};
use baolu::notify::token::Tokens;
use simulator::phone::{Trouble, Via};

use super::rig::{PATIENCE, Rig, bounds, delivery, failed, open, phones, phones_at, receivers, to, until};

fn answer(status: u16, code: &'static str, retry_after: Option<&str>) -> Trouble {
    Trouble::Answer { status, code, retry_after: retry_after.map(str::to_owned) }
}

fn registered(receivers: Receivers) -> Receivers {
    let phone = r#"{"receiver":"p1","token":"phone:thuan-hoa.vi","zone":"thuan-hoa","lang":"vi"}"#;
    receivers.with_tokens(Tokens::parse("phones.jsonl", phone).unwrap())
}

fn to_phone(n: usize) -> baolu::notify::delivery::Delivery {
    to(n, Target::Token { receiver: "p1".to_owned() })
}

#[tokio::test]
async fn a_phone_with_a_topic_and_a_token_shows_a_warning_once() {
    let mut phones = phones().await;
    let mut rig = Rig::start(open(&registered(receivers(&phones))), Vec::new());
    let (topic, token) = (delivery(1), to_phone(1));
    rig.intend(topic.clone());
    rig.intend(token);
    assert!(rig.ends(2).await.iter().all(|outcome| outcome.end == End::Sent && outcome.tries == 1));
    let push = phones.shown.recv().await.unwrap();
    assert_eq!((push.title.as_str(), push.severity), (topic.title.as_str(), 4));
    assert!(matches!(push.via, Via::Topic(_) | Via::Token(_)));
    let counts = phones.counts();
    assert_eq!((counts.accepted, counts.shown, counts.repeats), (2, 1, 1));
}

#[tokio::test]
async fn a_quota_is_waited_for_as_long_as_it_asks() {
    let phones = phones().await;
    phones.play(&answer(429, "QUOTA_EXCEEDED", Some("1")), 1);
    let began = Instant::now();
    let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(1)]);
    let outcome = rig.end().await;
    assert_eq!((outcome.end, outcome.tries), (End::Sent, 2));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_server_in_trouble_is_tried_again_until_it_takes_the_message() {
    let phones = phones().await;
    phones.play(&answer(503, "UNAVAILABLE", None), 1);
    phones.play(&answer(500, "INTERNAL", None), 1);
    phones.play(&answer(503, "UNAVAILABLE", Some("Sun, 06 Nov 1994 08:49:37 GMT")), 1);
    let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(1)]);
    let outcome = rig.end().await;
    assert_eq!((outcome.end, outcome.tries), (End::Sent, 4));
    assert_eq!(phones.counts().shown, 1);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_given_up_in_time_and_tried_again() {
    let phones = phones().await;
    phones.play(&Trouble::Hang(Duration::from_mins(1)), 1);
    let mut receivers = receivers(&phones);
    receivers.bounds = Bounds { request_timeout: Duration::from_millis(300), ..bounds() };
    let mut rig = Rig::start(open(&receivers), vec![delivery(1)]);
    let outcome = rig.end().await;
    assert_eq!((outcome.end, outcome.tries), (End::Sent, 2));
}

#[tokio::test]
async fn a_cut_connection_is_tried_again_and_shown_once() {
    let phones = phones().await;
    phones.play(&Trouble::Cut, 1);
    phones.play(&Trouble::CutAfter, 1);
    let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(1)]);
    let outcome = rig.end().await;
    assert_eq!((outcome.end, outcome.tries), (End::Sent, 3));
    let counts = phones.counts();
    assert_eq!((counts.accepted, counts.shown, counts.repeats), (2, 1, 1));
}

#[tokio::test]
async fn a_revoked_access_token_is_renewed_once_for_all() {
    let phones = phones().await;
    let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(0)]);
    rig.end().await;
    assert_eq!(phones.counts().tokens, 1);
    phones.revoke();
    (1..=40).for_each(|n| rig.intend(delivery(n)));
    let outcomes = rig.ends(40).await;
    assert!(outcomes.iter().all(|outcome| outcome.end == End::Sent && outcome.tries == 1));
    assert_eq!(phones.counts().tokens, 2);
}

#[tokio::test]
async fn a_message_that_is_refused_is_not_tried_again() {
    let phones = phones().await;
    let mut rig = Rig::start(open(&receivers(&phones)), Vec::new());
    for (status, code) in [(400, "INVALID_ARGUMENT"), (403, "SENDER_ID_MISMATCH")] {
        phones.play(&answer(status, code, None), 1);
        rig.intend(delivery(usize::from(status)));
        let outcome = rig.end().await;
        assert!(failed(&outcome).contains(code), "{outcome:?}");
        assert_eq!(outcome.tries, 1);
    }
    assert_eq!(phones.counts().requests, 2);
}

#[tokio::test]
async fn a_phone_that_is_gone_is_dropped_and_never_asked_again() {
    let phones = phones().await;
    phones.unregister("phone:thuan-hoa.vi");
    let receivers = registered(receivers(&phones));
    let mut rig = Rig::start(open(&receivers), vec![to_phone(1)]);
    assert!(failed(&rig.end().await).contains("UNREGISTERED"));
    assert_eq!(receivers.tokens.count(), 0);
    rig.intend(to_phone(2));
    assert!(failed(&rig.end().await).contains("not registered any more"));
    assert_eq!(phones.counts().requests, 1);
}

#[tokio::test]
async fn a_trouble_that_does_not_end_is_given_up_with_words_for_an_officer() {
    let phones = phones().await;
    phones.play(&answer(503, "UNAVAILABLE", None), 100);
    let mut rig = Rig::start(open(&receivers(&phones)), vec![delivery(1)]);
    let outcome = rig.end().await;
    assert_eq!(outcome.tries, bounds().tries_max);
    assert!(failed(&outcome).contains("given up after 8 tries: FCM answered 503 UNAVAILABLE"), "{outcome:?}");
}

#[tokio::test]
async fn a_receiver_that_is_configured_no_more_is_told_of_and_holds_up_nothing() {
    let phones = phones().await;
    let gone = to(1, Target::Webhook { receiver: "duty".to_owned() });
    let mut rig = Rig::start(open(&receivers(&phones)), vec![gone, delivery(2)]);
    let outcomes = rig.ends(2).await;
    assert!(outcomes.iter().any(|o| matches!(&o.end, End::Failed { why } if why.contains("receivers.toml"))));
    assert!(outcomes.iter().any(|o| o.end == End::Sent));
}

/// Takes connections and drops them.
async fn dead_end(listener: tokio::net::TcpListener, taken: Arc<AtomicU32>) {
    while let Ok((stream, _)) = listener.accept().await {
        taken.fetch_add(1, Ordering::SeqCst);
        drop(stream);
    }
}

#[tokio::test]
async fn a_dead_endpoint_is_left_in_peace_and_found_again_when_it_lives() {
    let before = phones().await;
    let addr: SocketAddr = before.addr;
    let mut receivers = receivers(&before);
    receivers.bounds = Bounds { in_flight_max: 1, tries_max: 1000, ..bounds() };
    receivers.breaker = BreakerBounds { failures_max: 3, open_for: Duration::from_millis(700) };
    drop(before);
    let taken = Arc::new(AtomicU32::new(0));
    let dead = tokio::spawn(dead_end(bind_again(addr).await, Arc::clone(&taken)));

    let channels = open(&receivers);
    let mut rig = Rig::start(channels, (0..30).map(delivery).collect());
    until("the breaker opens", || taken.load(Ordering::SeqCst) >= 4).await;
    let rest_began = Instant::now();
    let so_far = taken.load(Ordering::SeqCst);
    until("one goes ahead", || taken.load(Ordering::SeqCst) > so_far).await;
    assert!(rest_began.elapsed() > Duration::from_millis(400), "{:?}", rest_began.elapsed());
    assert!(taken.load(Ordering::SeqCst) < 10, "thirty deliveries wait, few connections are made");

    dead.abort();
    let _ = dead.await;
    // The account is the same: its key lives as long as the process, its token URI is the address.
    let living = phones_at(addr).await;
    assert!(rig.ends(30).await.iter().all(|outcome| outcome.end == End::Sent));
    assert_eq!(living.counts().shown, 30);
}

async fn bind_again(addr: SocketAddr) -> tokio::net::TcpListener {
    let bind = async {
        loop {
            match tokio::net::TcpListener::bind(addr).await {
                Ok(listener) => return listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, bind).await.expect("the port is free again")
}

#[tokio::test]
async fn over_tls_the_requests_share_one_http2_connection() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let phones = phones().await;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
    let tls = axum_server::tls_rustls::RustlsConfig::from_pem(cert, key).await.unwrap();
    let versions = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = Arc::clone(&versions);
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        seen.lock().unwrap().push(request.version());
        std::future::ready("{}")
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
    let serving = tokio::spawn(server.serve(router.into_make_service()));

    let mut receivers = receivers(&phones);
    receivers.fcm.as_mut().unwrap().endpoint = format!("https://localhost:{port}");
    let setup = Setup { city: "hue", exercise: false, env: &|_| None, roots: vec![made.cert.der().clone()] };
    let channels = Channels::open(&receivers, &setup).unwrap();
    let mut rig = Rig::start(channels, (0..5).map(delivery).collect());
    assert!(rig.ends(5).await.iter().all(|outcome| outcome.end == End::Sent));
    assert!(versions.lock().unwrap().iter().all(|version| *version == axum::http::Version::HTTP_2));
    serving.abort();
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_holds_up_no_warning_while_the_token_is_good() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let grant = move || async move {
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            std::future::pending::<()>().await;
        }
        r#"{"access_token":"t","expires_in":120}"#
    };
    let router = axum::Router::new().route("/token", axum::routing::post(grant)).fallback(|| async { "{}" });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut account: serde_json::Value =
        serde_json::from_str(&phones().await.service_account_json()).unwrap();
    account["token_uri"] = format!("{endpoint}/token").into();
    let bounds = Bounds { request_timeout: Duration::from_mins(1), ..bounds() };
    let receivers = Receivers { bounds, ..Receivers::default() };
    let channels = Arc::new(open(&receivers.with_fcm(&endpoint, "p", &account.to_string())));
    channels.warm().await;
    let renewing = tokio::spawn({
        let channels = Arc::clone(&channels);
        async move { channels.warm().await }
    });
    until("the renewal is under way", || asked.load(Ordering::SeqCst) == 2).await;
    let sent = tokio::time::timeout(Duration::from_secs(20), channels.send(&delivery(1))).await;
    assert_eq!(sent, Ok(Ok(())));
    renewing.abort();
}
