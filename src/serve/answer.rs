//! How an answer leaves: `generated_at`, `seq` and `exercise` in front, a weak `ETag`, 304 where nothing changed.
//!
//! The tag is of the content without `generated_at` and `seq`: a commit that does not touch the
//! answer does not make a client fetch it again.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sensors::time::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::store::commit::Seq;

/// The envelope of every answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    /// When the answer was made, by the running clock.
    pub generated_at: Timestamp,
    /// The commit it shows.
    pub seq: Seq,
    /// Whether everything it shows is an exercise.
    pub exercise: bool,
}

/// The form of every answer in the OpenAPI document; [`json`] writes it without building it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Enveloped<T> {
    /// When the answer was made, by the running clock.
    #[schema(value_type = String, format = DateTime)]
    generated_at: super::form::Time,
    /// The commit that it shows; give it back as `since`.
    seq: u64,
    /// Whether everything it shows is an exercise.
    exercise: bool,
    #[serde(flatten)]
    content: T,
}

/// Answers with a JSON object, or with 304 when the peer has the same.
pub(crate) fn json<T: Serialize>(asked: &HeaderMap, envelope: Envelope, content: &T) -> Response {
    let Ok(content) = serde_json::to_vec(content) else {
        tracing::error!("an answer could not be written as JSON");
        return Problem::failed().into_response();
    };
    let tag = tag_of(&content);
    if is_known(asked, &tag) {
        return dressed(StatusCode::NOT_MODIFIED, Body::empty(), &tag);
    }
    dressed(StatusCode::OK, Body::from(wrapped(envelope, &content)), &tag)
}

/// Answers anew every time, with nothing to keep: for health.
pub(crate) fn fresh<T: Serialize>(status: StatusCode, envelope: Envelope, content: &T) -> Response {
    let Ok(content) = serde_json::to_vec(content) else {
        return Problem::failed().into_response();
    };
    let mut response = (status, wrapped(envelope, &content)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Answers with bytes that stay the same as long as the process runs.
pub(crate) fn constant(asked: &HeaderMap, content: &'static [u8]) -> Response {
    let tag = tag_of(content);
    if is_known(asked, &tag) {
        return dressed(StatusCode::NOT_MODIFIED, Body::empty(), &tag);
    }
    dressed(StatusCode::OK, Body::from(content), &tag)
}

/// What a document is, and how long it may be kept.
pub(crate) struct Kind {
    /// `Content-Type`.
    pub media: &'static str,
    /// `Cache-Control`.
    pub cache: &'static str,
}

/// Answers with a document that other programs know, which has no place for an envelope.
pub(crate) fn document(asked: &HeaderMap, kind: &Kind, content: Vec<u8>) -> Response {
    let tag = tag_of(&content);
    let is_known = is_known(asked, &tag);
    let (status, body) = if is_known {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(content))
    };
    let mut response = dressed(status, body, &tag);
    let headers = response.headers_mut();
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.media));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kind.cache));
    response
}

/// Puts the envelope in front of the members of an object.
fn wrapped(envelope: Envelope, content: &[u8]) -> Vec<u8> {
    let Envelope { generated_at, seq: Seq(seq), exercise } = envelope;
    let mut body =
        format!(r#"{{"generated_at":"{generated_at}","seq":{seq},"exercise":{exercise}"#).into_bytes();
    match content.get(1..) {
        Some(members) if members != b"}" => {
            body.push(b',');
            body.extend_from_slice(members);
        }
        _ => body.push(b'}'),
    }
    body
}

fn tag_of(content: &[u8]) -> String {
    let mut tag = String::from("W/\"");
    for byte in Sha256::digest(content).iter().take(12) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether `If-None-Match` names the tag (weak comparison, RFC 9110, section 13.1.2).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let opaque = tag.trim_start_matches("W/");
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == opaque)
}

fn dressed(status: StatusCode, body: Body, tag: &str) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::OK {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_stands_in_front_also_of_an_empty_object() {
        let envelope = Envelope { generated_at: Timestamp::from_ms(0), seq: Seq(7), exercise: true };
        let text = |content: &[u8]| String::from_utf8(wrapped(envelope, content)).unwrap();
        assert_eq!(text(b"{}"), r#"{"generated_at":"1970-01-01T00:00:00Z","seq":7,"exercise":true}"#);
        assert_eq!(
            text(br#"{"a":1}"#),
            r#"{"generated_at":"1970-01-01T00:00:00Z","seq":7,"exercise":true,"a":1}"#
        );
    }

    #[test]
    fn a_tag_is_known_in_a_list_weak_or_strong_and_not_by_its_beginning() {
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"x\", \"abc\""));
        assert!(is_known(&asked, "W/\"abc\""));
        assert!(!is_known(&asked, "W/\"ab\""));
    }
}
