//! What the API does with those who ask badly, or mean ill: a clear refusal, and nothing is lost.

use std::time::Duration;

use baolu::serve::Bounds;
use baolu::serve::route::routes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::house::{House, PATIENCE, assert_problem};
use crate::store::town::{minute, of_readings, reading, tick};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_question_is_told_which_key_is_wrong_and_what_is_allowed() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let series = "/api/v1/stations/gauge-0/series";
    let reversed = format!("{series}?parameter=stage&from={}&to={}", minute(9), minute(1));
    let cases = [
        (reversed, "from", "before"),
        (format!("{series}?parameter=stage&limit=10001"), "limit", "10000"),
        (format!("{series}?parameter=stage&limit=-1"), "limit", "1 to 10000"),
        (format!("{series}?parameter=stage&limit=99999999999999999999"), "limit", "10000"),
        (format!("{series}?parameter=stage&from=2025-11-16T21:00:00"), "from", "with an offset"),
        (format!("{series}?parameter=stage&to=tomorrow"), "to", "RFC 3339"),
        (format!("{series}?parameter=flow"), "parameter", "stage"),
        (format!("{series}?parameter=rainfall"), "parameter", "gauge-0 measures stage"),
        (series.to_owned(), "parameter", "missing"),
        (format!("{series}?parameter=stage&parameter=stage"), "parameter", "once"),
        (format!("{series}?parameter=stage&sensor=radar"), "sensor", "allowed are"),
        (format!("{series}?parameter=stage&cursor=AAAA"), "cursor", "next of an earlier page"),
        (format!("{series}?parameter=stage&cursor=%00%ff"), "cursor", "next of an earlier page"),
        (format!("{series}?parameter=stage&known_at=99999"), "known_at", "from 0 to 1"),
        (format!("{series}?parameter=stage&colour=red"), "colour", "allowed are parameter"),
        ("/api/v1/stations?q=1".to_owned(), "q", "takes no query"),
        ("/api/v1/latest?since=-1".to_owned(), "since", "from 0 to 1"),
        ("/api/v1/latest?since=2".to_owned(), "since", "from 0 to 1"),
        ("/api/v1/latest?since=1.5".to_owned(), "since", "whole number"),
        ("/api/v1/alerts?state=shut".to_owned(), "state", "open, all"),
        ("/api/v1/alerts?cursor=cyAxIDE".to_owned(), "cursor", "next of an earlier page"),
        ("/api/v1/alerts?limit=0".to_owned(), "limit", "1 to 1000"),
    ];
    for (path, field, allowed) in cases {
        let problem = house.problem(&path, 400).await;
        let error = problem["errors"].as_array().unwrap().iter().find(|e| e["field"] == field);
        let error = error.unwrap_or_else(|| panic!("{path}: {problem}")).to_string();
        assert!(error.contains(allowed), "{path}: {error}");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_route_list_does_not_exist() {
    let house = House::open().await;
    for path in [
        "/",
        "/api/v1",
        "/api/v1/stations/",
        "/api/v1/latest/x",
        "/METRICS",
        "/metrics/",
        "//metrics",
        "/.git/config",
        "/api/v1/../metrics%2f",
    ] {
        house.problem(path, 404).await;
    }
    house.problem("/api/v1/stations/nowhere", 404).await;
    house.problem("/api/v1/stations/nowhere/series?parameter=stage", 404).await;
    house.problem("/api/v1/alerts/nothing.of.that", 404).await;
    house.problem("/api/v1/stations/%ff%fe", 400).await;
    for route in routes() {
        let path = route.path.replace("{id}", "gauge-0");
        let others = ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"];
        let taken = |method: &str| routes().any(|r| r.path == route.path && r.method == method);
        for method in others.into_iter().filter(|method| !taken(method)) {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let response = house.client.request(method.clone(), house.url(&path)).send().await.unwrap();
            assert!(response.headers().contains_key("allow"), "{method} {path}");
            assert_problem(response, 405, &path).await;
        }
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_ten_megabytes_is_refused_before_it_is_read() {
    let house = House::open().await;
    let request = house.client.get(house.url("/api/v1/latest")).body(vec![b'x'; 10 * 1024 * 1024]);
    // The server may hang up while the client is still sending.
    if let Ok(response) = request.send().await {
        assert_problem(response, 413, "ten megabytes").await;
    }
    let answer =
        raw(&house, "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    house.json("/api/v1/latest").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_wire_ends_its_own_connection_only() {
    let house = House::open().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    let cases = [
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03 is a TLS hello\r\n\r\n",
        "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\ncontent-length: nine\r\n\r\n",
        "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "GET /api/v1/latest HTTP/9.9\r\n\r\n",
        &long,
    ];
    for case in cases {
        let answer = raw(&house, case).await;
        let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(matches!(status.as_str(), "" | "400" | "414" | "431" | "200"), "{case:.60}: {answer:.200}");
    }
    // A body that never comes does not keep the answer.
    let lying =
        raw(&house, "GET /api/v1/latest HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\nshort").await;
    assert!(lying.starts_with("HTTP/1.1 200 "), "{lying}");
    house.json("/api/v1/latest").await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_bound_wait_and_are_served_when_one_ends() {
    let house = House::bounded(Bounds { connections: 2, ..Bounds::default() }).await;
    let (first, second) =
        (TcpStream::connect(house.address).await.unwrap(), TcpStream::connect(house.address).await.unwrap());
    let mut third = TcpStream::connect(house.address).await.unwrap();
    third.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let early = tokio::time::timeout(Duration::from_millis(200), third.read_to_string(&mut answer)).await;
    assert!(early.is_err(), "a third connection was served beside two: {answer}");
    drop((first, second));
    tokio::time::timeout(PATIENCE, third.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    house.stop().await;
}

/// Sends bytes and reads what comes until the other side is done or quiet.
async fn raw(house: &House, bytes: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    // The other side may hang up in the middle.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let _ = stream.flush().await;
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut chunk)).await
    {
        answer.extend_from_slice(&chunk[..read]);
        if answer.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_do_not_take_their_answers_do_not_fill_the_memory_with_them() {
    let mut house = House::open().await;
    for n in 0..10 {
        let readings = (0..1000).map(|k| reading(0, minute(-(n * 1000 + k)), k)).collect();
        house.commit(of_readings(readings));
    }
    let seq = house.writer.seq;
    house.shows(seq).await;
    let path = format!(
        "/api/v1/stations/gauge-0/series?parameter=stage&limit=10000&from={}&to={}",
        minute(-20_000),
        minute(1)
    );
    let route = routes().find(|route| route.operation == "list_series").unwrap();
    let mut lazy = Vec::new();
    for _ in 0..route.limits.at_once {
        let mut peer = TcpStream::connect(house.address).await.unwrap();
        peer.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        // The answer has begun; the rest of it is left where it is.
        peer.readable().await.unwrap();
        lazy.push(peer);
    }
    house.problem(&path, 503).await;
    drop(lazy);
    let served = async { while house.ask(&path).await.status() != 200 {} };
    tokio::time::timeout(PATIENCE, served).await.unwrap();
    house.stop().await;
}
