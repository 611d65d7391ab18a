//! The live stream: nothing lost, nothing twice, and nobody makes it grow without bound.

use std::collections::VecDeque;
use std::time::Duration;

use baolu::serve::Bounds;
use baolu::serve::route::routes;
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::house::{House, PATIENCE};
use crate::store::town::{minute, of_readings, raise, reading, tick};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    id: Option<String>,
    pub(super) name: String,
    pub(super) data: Json,
}

/// A peer of the stream, reading as a browser does.
pub(super) struct Listener {
    response: reqwest::Response,
    text: String,
    events: VecDeque<Event>,
}

impl Listener {
    pub(super) async fn open(house: &House, last: Option<&str>) -> Self {
        let client = reqwest::Client::new();
        let mut request = client.get(house.url("/api/v1/stream"));
        if let Some(id) = last {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new(), events: VecDeque::new() }
    }

    /// The next event, or `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            self.text.push_str(std::str::from_utf8(&chunk.ok().flatten()?).unwrap());
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                self.events.extend(event_of(block));
                let rest = rest.to_owned();
                self.text = rest;
            }
        }
    }
}

fn event_of(block: &str) -> Option<Event> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned());
    let data = serde_json::from_str(&field("data:")?).unwrap();
    Some(Event { id: field("id:"), name: field("event:")?, data })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_a_snapshot_and_tells_every_commit_after_it() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let mut listener = Listener::open(&house, None).await;
    let snapshot = listener.next().await.unwrap();
    assert_eq!((snapshot.name.as_str(), snapshot.id), ("snapshot", Some(seq.0.to_string())));
    assert_eq!(snapshot.data["sensors"].as_array().unwrap().len(), 2);

    let seq = house.commit(raise(5));
    let mut told = Vec::new();
    while told.len() < 4 {
        told.push(listener.next().await.unwrap());
    }
    let names: Vec<_> = told.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["reading", "alert", "bulletin", "health"]);
    let ids: Vec<_> = told.iter().map(|event| event.id.clone().unwrap()).collect();
    assert_eq!(
        ids,
        [format!("{seq}.1", seq = seq.0), format!("{}.2", seq.0), format!("{}.3", seq.0), seq.0.to_string()]
    );
    assert_eq!(told[0].data["value"], 2.01);
    assert_eq!(told[1].data["to"], "bd1");
    assert!(!told[3].data.to_string().contains("không trả lời"), "why a line is down is told in public");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_cut_anywhere_goes_on_without_loss_or_doubles() {
    let mut house = House::open().await;
    let first = house.commit(tick(0));
    for n in 1..=20 {
        house.commit(if n % 5 == 0 { raise(n) } else { tick(n) });
    }
    let newest = house.writer.seq;
    house.shows(newest).await;

    let mut whole = Vec::new();
    let mut listener = Listener::open(&house, Some(&first.0.to_string())).await;
    while whole.last().is_none_or(|event: &Event| event.id != Some(newest.0.to_string())) {
        whole.push(listener.next().await.unwrap());
    }
    assert_eq!(whole.len(), 16 + 4 * 4);

    let mut patched: Vec<Event> = Vec::new();
    for cut in 0.. {
        let last = patched.last().map_or(first.0.to_string(), |event| event.id.clone().unwrap());
        let mut listener = Listener::open(&house, Some(&last)).await;
        for _ in 0..=(cut % 3) {
            if patched.len() < whole.len() {
                patched.push(listener.next().await.unwrap());
            }
        }
        if patched.len() == whole.len() {
            break;
        }
    }
    assert_eq!(patched, whole);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn live_and_replayed_events_are_the_same_bytes_also_across_a_gap_in_the_feed() {
    let mut house = House::open().await;
    let start = house.commit(tick(0));
    house.shows(start).await;
    let mut live = Listener::open(&house, Some(&start.0.to_string())).await;
    for n in 1..=30 {
        if n % 7 == 0 {
            house.commit_untold(&raise(n));
        } else {
            house.commit(of_readings(vec![reading(0, minute(n), n), reading(0, minute(n + 1000), n)]));
        }
    }
    let end = house.writer.seq;
    let collect = async |listener: &mut Listener| {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Event| event.id != Some(end.0.to_string())) {
            events.push(listener.next().await.unwrap());
        }
        events
    };
    let lived = collect(&mut live).await;
    let mut replay = Listener::open(&house, Some(&start.0.to_string())).await;
    assert_eq!(lived, collect(&mut replay).await);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_falls_behind_gets_a_fresh_snapshot() {
    let mut house = House::bounded(Bounds { stream_backlog: 4, ..Bounds::default() }).await;
    let start = house.commit(tick(0));
    house.shows(start).await;
    let mut listener = Listener::open(&house, None).await;
    assert_eq!(listener.next().await.unwrap().name, "snapshot");
    // Much more than the sockets between us hold, while the peer reads nothing.
    for n in 1..=200 {
        let readings = (0..500).map(|k| reading(0, minute(n * 500 + k), k)).collect();
        house.commit(of_readings(readings));
    }
    let newest = house.writer.seq;
    let mut snapshots = 0;
    loop {
        let event = listener.next().await.unwrap();
        snapshots += usize::from(event.name == "snapshot");
        if event.id == Some(newest.0.to_string()) {
            break;
        }
    }
    assert!(snapshots > 0, "everything was queued for a peer that did not read");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_takes_no_bytes_loses_its_connection() {
    let bounds = Bounds { connections: 1, stall: Duration::from_millis(500), ..Bounds::default() };
    let mut house = House::bounded(bounds).await;
    let mut stalled = tokio::net::TcpStream::connect(house.address).await.unwrap();
    stalled.write_all(b"GET /api/v1/stream HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 16];
    stalled.read_exact(&mut first).await.unwrap();
    // The only connection is taken, until what is told to it no longer fits anywhere.
    let asked = tokio::spawn(reqwest::Client::new().get(house.url("/health/live")).timeout(PATIENCE).send());
    for n in 1.. {
        if asked.is_finished() {
            break;
        }
        let readings = (0..500).map(|k| reading(0, minute(n * 500 + k), k)).collect();
        house.commit(of_readings(readings));
    }
    assert_eq!(asked.await.unwrap().unwrap().status(), 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_beyond_the_bound_are_told_to_come_again() {
    let house = House::open().await;
    let most = routes().find(|route| route.operation == "follow_stream").unwrap().limits.at_once;
    let mut open = Vec::new();
    for _ in 0..most {
        open.push(Listener::open(&house, None).await);
    }
    let refused = house.ask("/api/v1/stream").await;
    assert!(refused.headers().contains_key("retry-after"));
    super::house::assert_problem(refused, 503, "one stream too many").await;
    house.json("/api/v1/latest").await;
    open.clear();
    let again = async { while house.ask("/api/v1/stream").await.status() != 200 {} };
    tokio::time::timeout(PATIENCE, again).await.expect("a place for another stream");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_from_nowhere_near_gets_a_snapshot_and_nonsense_is_refused() {
    let mut house = House::open().await;
    let seq = house.commit(tick(0));
    house.shows(seq).await;
    let ahead = Listener::open(&house, Some("4711")).await.next().await.unwrap();
    assert_eq!((ahead.name.as_str(), ahead.id), ("snapshot", Some(seq.0.to_string())));
    for nonsense in ["x", "-1", "0.1", "1.x", "1.2.3", ""] {
        let request = house.client.get(house.url("/api/v1/stream")).header("Last-Event-ID", nonsense);
        let problem = super::house::assert_problem(request.send().await.unwrap(), 400, nonsense).await;
        assert_eq!(problem["errors"][0]["field"], "Last-Event-ID");
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_stream_breathes_and_a_stop_ends_it_with_a_last_event() {
    let bounds = Bounds { stream_heartbeat: Duration::from_millis(20), ..Bounds::default() };
    let house = House::bounded(bounds).await;
    let mut listener = Listener::open(&house, None).await;
    assert_eq!(listener.next().await.unwrap().name, "snapshot");
    let breath = tokio::time::timeout(PATIENCE, listener.response.chunk()).await.unwrap().unwrap().unwrap();
    assert!(breath.starts_with(b": "), "{breath:?}");
    house.cancel.cancel();
    let last = listener.next().await.unwrap();
    assert_eq!((last.name.as_str(), &last.data["closing"], last.id), ("health", &true.into(), None));
    assert_eq!(listener.next().await, None);
    let address = house.address;
    house.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "it still accepts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_too_long_to_be_kept_for_slow_streams_is_told_whole_and_at_once() {
    let mut house = House::open().await;
    let start = house.commit(tick(0));
    house.shows(start).await;
    let mut listener = Listener::open(&house, Some(&start.0.to_string())).await;
    let seq = house.commit(tick(1));
    assert_eq!(listener.next().await.unwrap().id, Some(seq.0.to_string()), "the stream is live");
    // Nothing comes after it that would show the stream its gap.
    let seq = house.commit(of_readings((0..2000).map(|k| reading(0, minute(10 + k), k)).collect()));
    let mut told = 1;
    while listener.next().await.unwrap().id != Some(seq.0.to_string()) {
        told += 1;
    }
    assert_eq!(told, 2000);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_come_back_all_at_once_get_what_they_missed_by_turns() {
    let mut house = House::bounded(Bounds { stream_replays: 1, ..Bounds::default() }).await;
    let start = house.commit(tick(0));
    for n in 1..=150 {
        house.commit(tick(n));
    }
    let newest = house.writer.seq;
    house.shows(newest).await;
    let since = start.0.to_string();
    let mut listeners =
        futures_util::future::join_all((0..40).map(|_| Listener::open(&house, Some(&since)))).await;
    for listener in &mut listeners {
        for seq in start.0 + 1..=newest.0 {
            assert_eq!(listener.next().await.unwrap().id, Some(seq.to_string()));
        }
    }
    drop(listeners);
    house.stop().await;
}
