//! What stands before and behind every route: access, places, time, panics, problems, the log.

use std::any::Any;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use super::route::{Access, Route};

/// Where a request comes from; set by the listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub IpAddr);

/// A place among the requests of a route; a live stream keeps it as long as it is open.
#[derive(Clone)]
pub(crate) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// The guard of one route.
#[derive(Clone)]
pub(crate) struct Post {
    /// The route.
    pub route: &'static Route,
    /// Its places.
    pub places: Arc<Semaphore>,
}

/// The operation that answered, for metrics and logs.
#[derive(Clone, Copy)]
struct Operation(&'static str);

/// Lets a request through to its route when it may, when there is a place, and for its time.
pub(crate) async fn stand(State(post): State<Post>, mut request: Request, next: Next) -> Response {
    let mut response = match admitted(&post, &request) {
        Ok(place) => {
            request.extensions_mut().insert(place.clone());
            in_time(post.route, request, next).await.map(|body| Body::new(Untaken { body, _place: place }))
        }
        Err(problem) => problem.into_response(),
    };
    response.extensions_mut().insert(Operation(post.route.operation));
    response
}

fn admitted(post: &Post, request: &Request) -> Result<Place, Problem> {
    if post.route.access != Access::Public && !is_local(request) {
        return Err(Problem::forbidden(
            "this path answers programs on the same machine only, and not through a proxy",
        ));
    }
    match post.places.clone().try_acquire_owned() {
        Ok(permit) => Ok(Place { _permit: Arc::new(permit) }),
        Err(_) => Err(Problem::busy(format!(
            "{} requests of this kind are open, which is the most; ask again after Retry-After seconds",
            post.route.limits.at_once
        ))),
    }
}

/// An answer that keeps its place until the peer has taken it: peers that read slowly must not fill
/// the memory with answers, one for each connection.
struct Untaken {
    body: Body,
    _place: Place,
}

impl HttpBody for Untaken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn in_time(route: &Route, request: Request, next: Next) -> Response {
    let Some(limit) = route.limits.timeout() else {
        return next.run(request).await;
    };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::busy(format!("it took longer than {} s; ask for less", limit.as_secs())).into_response()
        }
    }
}

/// A proxy on this machine comes from loopback too; its headers tell it apart.
fn is_local(request: &Request) -> bool {
    const FORWARDED: [HeaderName; 4] = [
        header::FORWARDED,
        header::VIA,
        HeaderName::from_static("x-forwarded-for"),
        HeaderName::from_static("x-real-ip"),
    ];
    let peer = request.extensions().get::<Peer>();
    peer.is_some_and(|peer| peer.0.to_canonical().is_loopback())
        && !FORWARDED.iter().any(|name| request.headers().contains_key(name))
}

/// The answer of every path that is not in the list.
pub(crate) async fn nowhere(request: Request) -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND, request.uri().path())
}

/// Turns a panic into a problem; the panic's text stays in the log.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub(crate) fn caught(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    tracing::error!(panic = text, "a route panicked; the others go on");
    Problem::failed().into_response()
}

/// Says as a problem what a layer below only said as a status.
pub(crate) async fn told_as_problem(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let has_words = matches!(kind, Some(b"application/problem+json" | b"application/json"));
    // The compressor refuses after the answer was made, and leaves its headers.
    if !is_error || (has_words && status != StatusCode::NOT_ACCEPTABLE) {
        return response;
    }
    let mut problem = Problem::of_status(status, &path).into_response();
    if let Some(allowed) = response.headers().get(header::ALLOW) {
        problem.headers_mut().insert(header::ALLOW, allowed.clone());
    }
    if let Some(operation) = response.extensions().get::<Operation>() {
        problem.extensions_mut().insert(*operation);
    }
    problem
}

/// Gives every request an id, counts it, and logs it once.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:x}-{:x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = Instant::now();
    let mut response = next.run(request).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    let operation = response.extensions().get::<Operation>().map_or("none", |operation| operation.0);
    metrics::counter!("baolu_http_requests_total", "operation" => operation, "status" => status.to_string())
        .increment(1);
    metrics::histogram!("baolu_http_request_duration_seconds", "operation" => operation)
        .record(took.as_secs_f64());
    let ms = took.as_millis() as u64;
    if response.status().is_server_error() {
        tracing::warn!(request = %id, %method, path, status, ms, "answered with a failure");
    } else {
        tracing::debug!(request = %id, %method, path, status, ms, "answered");
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;
    use crate::serve::route::routes;

    fn guarded(operation: &str, places: usize) -> Router {
        let route = routes().find(|route| route.operation == operation).unwrap();
        let post = Post { route, places: Arc::new(Semaphore::new(places)) };
        let never = || async { std::future::pending::<()>().await };
        Router::new()
            .route("/well", get(|| async {}))
            .route("/never", get(never))
            .route("/boom", get(boom))
            .layer(from_fn_with_state(post, stand))
            .layer(CatchPanicLayer::custom(caught))
            .layer(from_fn(told_as_problem))
    }

    async fn boom() {
        panic!("the panic's own words")
    }

    async fn ask(router: Router, path: &str, from: &str) -> (u16, Value) {
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(from.parse().unwrap()));
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_loopback_route_refuses_every_other_peer() {
        for (from, status) in [
            ("127.0.0.1", 200),
            ("127.8.8.8", 200),
            ("::1", 200),
            ("::ffff:127.0.0.1", 200),
            ("203.0.113.7", 403),
            ("10.0.0.1", 403),
            ("0.0.0.0", 403),
            ("::ffff:203.0.113.7", 403),
            ("fe80::1", 403),
        ] {
            assert_eq!(ask(guarded("show_metrics", 1), "/well", from).await.0, status, "{from}");
        }
        assert_eq!(ask(guarded("show_latest", 1), "/well", "203.0.113.7").await.0, 200);
    }

    #[tokio::test(start_paused = true)]
    async fn a_route_that_does_not_answer_in_time_is_a_problem_and_its_place_is_free_again() {
        let router = guarded("show_latest", 1);
        let (status, problem) = ask(router.clone(), "/never", "127.0.0.1").await;
        assert_eq!((status, &problem["status"]), (503, &503.into()));
        assert!(problem["detail"].as_str().unwrap().contains("5 s"), "{problem}");
        assert_eq!(ask(router, "/well", "127.0.0.1").await.0, 200);
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_keeps_its_words_to_itself() {
        let (status, problem) = ask(guarded("show_latest", 1), "/boom", "127.0.0.1").await;
        assert_eq!((status, &problem["type"]), (500, &"urn:problem-type:baolu:failed".into()));
        assert!(!problem.to_string().contains("own words"));
    }

    #[tokio::test]
    async fn a_route_without_a_place_says_so() {
        let (status, problem) = ask(guarded("show_latest", 0), "/well", "127.0.0.1").await;
        assert_eq!(status, 503);
        assert!(problem["detail"].as_str().unwrap().contains("Retry-After"));
    }
}
