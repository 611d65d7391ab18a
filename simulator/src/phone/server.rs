//! The two endpoints on one port: `/token` and `/v1/projects/{project}/messages:send`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Form, Path, State as Shared};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::schema::{REQUEST, check, field};
use super::{COUNTED_MAX, State, Trouble};

/// FCM's limit is 4096 bytes of payload; this is one of the request.
const BODY_MAX: usize = 64 * 1024;
/// The limit of notification and data together.
const PAYLOAD_MAX: usize = 4096;

/// Serves until stopped.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>, stop: CancellationToken) {
    let router = Router::new()
        .route("/token", post(token))
        .route("/v1/projects/{project}/{method}", post(send))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(state);
    tokio::select! {
        () = stop.cancelled() => {}
        served = axum::serve(listener, router) => {
            if let Err(error) = served {
                tracing::error!(%error, "the phones stopped listening");
            }
        }
    }
}

#[derive(serde::Deserialize)]
struct Grant {
    grant_type: String,
    assertion: String,
}

async fn token(Shared(state): Shared<Arc<State>>, Form(form): Form<Grant>) -> Response {
    let now_s = (state.real_now)().ms() / 1000;
    let mut inner = state.inner();
    match inner.account.grant(&form.grant_type, &form.assertion, now_s) {
        Ok(granted) => {
            inner.counts.tokens += 1;
            Json(granted).into_response()
        }
        Err((error, why)) => {
            let body = json!({ "error": error, "error_description": why });
            (StatusCode::BAD_REQUEST, Json(body)).into_response()
        }
    }
}

/// An answer of FCM that is no success.
struct Refusal {
    status: u16,
    code: &'static str,
    words: String,
    detail: Option<Value>,
    retry_after: Option<String>,
}

impl Refusal {
    fn invalid(path: &str, words: String) -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": path, "description": words }],
        });
        Self { status: 400, code: "INVALID_ARGUMENT", words, detail: Some(detail), retry_after: None }
    }

    fn plain(status: u16, code: &'static str, words: &str) -> Self {
        Self { status, code, words: words.to_owned(), detail: None, retry_after: None }
    }
}

/// The canonical status of `google.rpc.Code` beside an HTTP status.
fn canonical(status: u16) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let fcm = json!({
            "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
            "errorCode": self.code,
        });
        let details: Vec<Value> = std::iter::once(fcm).chain(self.detail).collect();
        let body = json!({ "error": {
            "code": self.status,
            "message": self.words,
            "status": canonical(self.status),
            "details": details,
        }});
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if let Some(value) = self.retry_after.and_then(|text| text.parse().ok()) {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    }
}

async fn send(
    Shared(state): Shared<Arc<State>>,
    Path((project, method)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let trouble = {
        let mut inner = state.inner();
        inner.counts.requests += 1;
        inner.troubles.pop_front()
    };
    let mut cut_after = false;
    match trouble {
        Some(Trouble::Answer { status, code, retry_after }) => {
            state.inner().counts.refused += 1;
            let words = format!("played: {code}");
            return Refusal { status, code, words, detail: None, retry_after }.into_response();
        }
        Some(Trouble::Hang(pause)) => tokio::time::sleep(pause).await,
        Some(Trouble::Cut) => return cut(),
        Some(Trouble::CutAfter) => cut_after = true,
        None => {}
    }
    if project != state.project || method != "messages:send" {
        state.inner().counts.refused += 1;
        return Refusal::plain(404, "NOT_FOUND", "Requested entity was not found.").into_response();
    }
    match take(&state, &headers, &body).await {
        Ok(_) if cut_after => cut(),
        Ok(name) => Json(json!({ "name": name })).into_response(),
        Err(refusal) => {
            state.inner().counts.refused += 1;
            refusal.into_response()
        }
    }
}

/// A response that breaks off: the connection is closed before it is whole.
fn cut() -> Response {
    let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("played: cut"))]);
    ([(CONTENT_LENGTH, "2")], Body::from_stream(broken)).into_response()
}

async fn take(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<String, Refusal> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !bearer.is_some_and(|token| state.inner().account.admits(token)) {
        let words = "Request had invalid authentication credentials. Expected OAuth 2 access token.";
        return Err(Refusal::plain(401, "UNAUTHENTICATED", words));
    }
    let request: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid("", format!("Invalid JSON payload received. {error}")))?;
    check(&request, REQUEST, "").map_err(|wrong| Refusal::invalid(&wrong.field, wrong.words))?;
    let absent = || Refusal::invalid("message", "The message is not set.".to_owned());
    let message = field(&request, "message").ok_or_else(absent)?;
    let address = Address::parse(message).map_err(|words| Refusal::invalid("message", words.to_owned()))?;
    check_meaning(message)?;
    let dry = field(&request, "validateOnly").and_then(Value::as_bool).unwrap_or(false);
    let (shown, name) = deliver(state, message, &address, dry)?;
    for push in shown {
        // Nobody reads any more: the phones go on taking messages.
        let _ = state.shown.send(push).await;
    }
    Ok(name)
}

/// What FCM refuses beyond the shape of fields.
fn check_meaning(message: &Value) -> Result<(), Refusal> {
    let data = field(message, "data").and_then(Value::as_object);
    let reserved = |key: &&String| {
        matches!(key.as_str(), "from" | "message_type") || key.starts_with("google") || key.starts_with("gcm")
    };
    if let Some(key) = data.and_then(|data| data.keys().find(reserved)) {
        return Err(Refusal::invalid("message.data", format!("Invalid data payload key: {key}")));
    }
    let payload: usize = ["data", "notification"]
        .iter()
        .filter_map(|part| field(message, part))
        .map(|part| part.to_string().len())
        .sum();
    if payload > PAYLOAD_MAX {
        return Err(Refusal::invalid("message", "Message is too big".to_owned()));
    }
    let collapse = field(message, "apns")
        .and_then(|apns| field(apns, "headers"))
        .and_then(|headers| headers.get("apns-collapse-id"))
        .and_then(Value::as_str);
    if collapse.is_some_and(|id| id.len() > 64) {
        let words = "apns-collapse-id is longer than 64 bytes".to_owned();
        return Err(Refusal::invalid("message.apns.headers", words));
    }
    Ok(())
}

fn deliver(
    state: &State,
    message: &Value,
    address: &Address,
    dry: bool,
) -> Result<(Vec<super::Push>, String), Refusal> {
    let now = (state.now)();
    let mut inner = state.inner();
    let gone = || Refusal::plain(404, "UNREGISTERED", "Requested entity was not found.");
    if dry {
        let known = !matches!(address, Address::Token(token) if !inner.book.has_token(token));
        let name = format!("projects/{}/messages/fake_message_id", state.project);
        return if known { Ok((Vec::new(), name)) } else { Err(gone()) };
    }
    let arrival = inner.book.deliver(message, address, now);
    if arrival.unregistered {
        return Err(gone());
    }
    let counts = &mut inner.counts;
    counts.accepted += 1;
    counts.shown += arrival.shown.len() as u64;
    counts.repeats += arrival.repeats;
    counts.unheard += u64::from(arrival.shown.is_empty() && arrival.repeats == 0);
    let name = format!("projects/{}/messages/{}", state.project, counts.accepted);
    let id = field(message, "data").and_then(|data| data.get("delivery")).and_then(Value::as_str);
    if let Some(id) = id.filter(|_| inner.by_delivery.len() < COUNTED_MAX) {
        *inner.by_delivery.entry(id.to_owned()).or_default() += 1;
    }
    Ok((arrival.shown, name))
}
