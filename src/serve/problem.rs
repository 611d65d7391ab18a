//! Refusals and failures as RFC 9457 problems: which field, what is wrong, what is allowed.
//!
//! What went wrong inside stands in the log under the request's id and is never told outside.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal or a failure (RFC 9457, media type `application/problem+json`).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem it is, as a URI: `urn:problem-type:baolu:{kind}`.
    #[serde(rename = "type")]
    #[schema(examples("urn:problem-type:baolu:bad-query"))]
    kind: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(examples(400))]
    status: u16,
    /// What is wrong this time, and what is allowed or happens next.
    detail: String,
    /// The fields that were refused, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// One refused field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The query key or the header.
    pub field: String,
    /// What is wrong with it.
    pub wrong: String,
    /// What is allowed instead.
    pub allowed: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:problem-type:baolu:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// Fields of the question that can't be answered; 400.
    pub(crate) fn fields(errors: Vec<FieldError>) -> Self {
        let told: Vec<String> =
            errors.iter().map(|e| format!("{}: {}; {}", e.field, e.wrong, e.allowed)).collect();
        let detail = told.join(" | ");
        Self {
            errors,
            ..Self::new(StatusCode::BAD_REQUEST, "bad-query", "The question can't be answered", detail)
        }
    }

    /// Nothing of that name; 404.
    pub(crate) fn unknown(what: &str, name: &str, allowed: &str) -> Self {
        let name: String = name.chars().take(80).collect();
        let detail = format!("there is no {what} {name:?}; {allowed}");
        Self::new(StatusCode::NOT_FOUND, "unknown", "There is no such thing", detail)
    }

    /// A route that this peer may not use; 403.
    pub(crate) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This peer may not ask that", detail)
    }

    /// An order that can't be carried out as things are; 409.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "refused", "The order was not carried out", detail)
    }

    /// A paper that is not open, or never was; 404.
    pub(crate) fn closed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown", "There is no such open paper", detail)
    }

    /// Somebody changed the paper meanwhile; 412.
    pub(crate) fn stale(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", "Somebody was faster", detail)
    }

    /// The version that was seen is not named; 428.
    pub(crate) fn unconditional() -> Self {
        let detail = "read the paper and send its ETag as If-Match, so that nobody's change is lost";
        Self::new(StatusCode::PRECONDITION_REQUIRED, "unconditional", "If-Match is missing", detail)
    }

    /// Too much at once, too slow, or the store can't answer now; 503 with `Retry-After`.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "It can't be answered now", detail);
        Self { retry_after_s: Some(1), ..problem }
    }

    /// A failure of our own; the log says more under the request's id; 500.
    pub(crate) fn failed() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            "Something failed inside",
            "the failure stands in the log under the id in the header x-request-id; try again later",
        )
    }

    /// The problem that belongs to a bare status of a layer below.
    pub(crate) fn of_status(status: StatusCode, path: &str) -> Self {
        let path: String = path.chars().take(80).collect();
        match status {
            StatusCode::NOT_FOUND => Self::unknown("path", &path, "/openapi.json lists every path"),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                status,
                "method",
                "This method is not allowed here",
                format!("{path:?} takes the methods that the header Allow names"),
            ),
            StatusCode::NOT_ACCEPTABLE => Self::new(
                status,
                "not-acceptable",
                "No form of the answer is acceptable",
                "answers are plain or gzip; leave Accept-Encoding out, or allow identity or gzip in it",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                status,
                "too-large",
                "The body is too large",
                format!("the body for {path:?} is longer than /openapi.json allows"),
            ),
            StatusCode::TOO_MANY_REQUESTS => Self {
                retry_after_s: Some(1),
                ..Self::new(status, "too-many", "Too many requests", "ask again after Retry-After seconds")
            },
            StatusCode::SERVICE_UNAVAILABLE => Self::busy("ask again after Retry-After seconds"),
            _ if status.is_server_error() => Self::failed(),
            _ => Self::new(
                status,
                "bad-request",
                status.canonical_reason().unwrap_or("The request can't be answered"),
                "the request can't be read; /openapi.json says what is allowed",
            ),
        }
    }
}

impl FieldError {
    /// One refused field.
    pub(crate) fn new(field: &str, wrong: impl Into<String>, allowed: impl Into<String>) -> Self {
        let field = field.chars().take(80).collect();
        Self { field, wrong: wrong.into(), allowed: allowed.into() }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::fields(vec![error])
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(s) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(s));
        }
        response
    }
}
