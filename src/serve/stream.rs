//! Live events (server-sent events): a snapshot first, then every commit, resumable.
//!
//! A peer that can't keep up gets a fresh snapshot instead of a queue that grows.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::App;
use super::answer::Enveloped;
use super::guard::Place;
use super::latest::Latest;
use super::problem::{FieldError, Problem};
use super::query::NoQuery;
use super::tell::{self, Told};
use crate::store::commit::Seq;

/// Commits that a peer may have missed and still gets one by one; more, and it gets a snapshot.
const REPLAY_MAX: u64 = 10_000;
/// Commits that are read from the store at once; a slow peer holds so many in memory.
const REPLAY_PAGE: usize = 64;
/// How long a browser waits before it comes back, in real milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// Live events named `snapshot`, `reading`, `alert`, `bulletin` and `health`.
///
/// The id of an event is the sequence of its commit; events before the last one of a commit carry
/// `{sequence}.{place}`. Without `Last-Event-ID` the stream begins with a `snapshot`, which has
/// the form of `/api/v1/latest` and replaces everything known. With it, it goes on exactly there,
/// or with a `snapshot` when that is too long ago.
#[utoipa::path(
    get, path = "/api/v1/stream", operation_id = "follow_stream", tag = "readings",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event received")),
    responses((status = 200, description = "Events until either side ends it", body = Enveloped<Latest>, content_type = "text/event-stream"))
)]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let resume = asked.get("last-event-id").map(Resume::read).transpose()?;
    let follower = Follower::new(app, place, resume);
    let begin = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(RETRY.as_bytes()))]);
    let frames = futures_util::stream::unfold(follower, |mut follower| async move {
        Some((Ok::<_, Infallible>(follower.next_frame().await?), follower))
    });
    let body = Body::from_stream(futures_util::StreamExt::chain(begin, frames));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Where a peer goes on: after the first `skip` events of the commit after `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resume {
    since: Seq,
    skip: usize,
}

impl Resume {
    fn read(value: &HeaderValue) -> Result<Self, Problem> {
        let text = value.to_str().unwrap_or_default();
        let parsed = match text.split_once('.') {
            None => text.parse().ok().map(|seq| Self { since: Seq(seq), skip: 0 }),
            Some((seq, place)) => seq
                .parse::<u64>()
                .ok()
                .zip(place.parse().ok())
                .and_then(|(seq, skip)| Some(Self { since: Seq(seq.checked_sub(1)?), skip })),
        };
        parsed.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let allowed = "the id of an event of this stream, as 4711 or 4711.2";
            FieldError::new("Last-Event-ID", format!("{shown:?} is no id"), allowed).into()
        })
    }
}

/// What a stream does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Tell the whole state.
    Snapshot,
    /// Tell what the store knows after `last`.
    Replay,
    /// Wait for commits.
    Live,
    /// Nothing more.
    End,
}

struct Follower {
    app: App,
    told: broadcast::Receiver<Arc<Told>>,
    last: Seq,
    skip: usize,
    next: Next,
    _place: Place,
}

impl Follower {
    /// Listens first and looks at the present afterwards, so that nothing falls in between.
    fn new(app: App, place: Place, resume: Option<Resume>) -> Self {
        let told = app.told.subscribe();
        let newest = app.seen().snapshot.seq;
        let near = resume.filter(|r| r.since <= newest && newest.0 - r.since.0 <= REPLAY_MAX);
        let next = if near.is_some() { Next::Replay } else { Next::Snapshot };
        let Resume { since, skip } = near.unwrap_or(Resume { since: newest, skip: 0 });
        Self { app, told, last: since, skip, next, _place: place }
    }

    async fn next_frame(&mut self) -> Option<Bytes> {
        loop {
            let frame = match self.next {
                Next::End => return None,
                Next::Snapshot => Some(self.snapshot()),
                Next::Replay => self.replay().await,
                Next::Live => self.live().await,
            };
            if let Some(frame) = frame.filter(|frame| !frame.is_empty()) {
                return Some(frame);
            }
        }
    }

    /// Listens anew first and looks at the present afterwards, as at the beginning.
    fn snapshot(&mut self) -> Bytes {
        self.told = self.app.told.subscribe();
        let seen = self.app.seen();
        let clock = self.app.shared.clock;
        self.next = Next::Live;
        self.last = seen.snapshot.seq;
        self.skip = 0;
        let snapshot = Snapshot {
            generated_at: super::form::Time(clock.now()),
            seq: self.last.0,
            exercise: clock.is_exercise(),
            latest: Latest::of(&seen, None),
        };
        format!("id: {}\n{}", self.last.0, tell::data("snapshot", &snapshot)).into()
    }

    async fn replay(&mut self) -> Option<Bytes> {
        if self.told.len() > self.app.shared.bounds.stream_backlog {
            self.next = Next::Snapshot;
            return None;
        }
        let Ok(turn) = self.app.replays.clone().acquire_owned().await else {
            self.next = Next::End;
            return None;
        };
        let (reader, since) = (self.app.shared.reader.clone(), self.last);
        let read = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            reader.changes(since, REPLAY_PAGE)
        });
        let read = read.await;
        let changes = match read {
            Ok(Ok(page)) => page.items,
            Ok(Err(why)) => {
                tracing::warn!(%why, "a live stream could not be resumed; it gets a snapshot instead");
                self.next = Next::Snapshot;
                return None;
            }
            Err(_) => {
                self.next = Next::End;
                return None;
            }
        };
        let Some(newest) = changes.last() else {
            self.next = Next::Live;
            return None;
        };
        self.last = newest.seq;
        let mut frames = Vec::new();
        for change in &changes {
            frames.extend_from_slice(&tell::frame(change, std::mem::take(&mut self.skip)));
        }
        Some(frames.into())
    }

    async fn live(&mut self) -> Option<Bytes> {
        let received = tokio::select! {
            biased;
            () = self.app.closing.cancelled() => {
                self.next = Next::End;
                return Some(tell::data("health", &Closing { closing: true }).into());
            }
            received = self.told.recv() => received,
            () = tokio::time::sleep(self.app.shared.bounds.stream_heartbeat) => {
                return Some(Bytes::from_static(b": heartbeat\n\n"));
            }
        };
        match received {
            Ok(told) if told.seq <= self.last => None,
            // Commits that the feed did not carry here are in the store.
            Ok(told) => match &told.frame {
                Some(frame) if told.seq.0 == self.last.0 + 1 => {
                    self.last = told.seq;
                    Some(frame.clone())
                }
                _ => {
                    self.next = Next::Replay;
                    None
                }
            },
            Err(RecvError::Lagged(_)) => {
                self.next = Next::Snapshot;
                None
            }
            Err(RecvError::Closed) => {
                self.next = Next::End;
                None
            }
        }
    }
}

/// The last event of a stream that the service ends.
#[derive(Serialize)]
struct Closing {
    closing: bool,
}

#[derive(Serialize)]
struct Snapshot {
    generated_at: super::form::Time,
    seq: u64,
    exercise: bool,
    #[serde(flatten)]
    latest: Latest,
}
