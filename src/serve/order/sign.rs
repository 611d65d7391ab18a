//! Who signs an order: a header that is believed from this machine, where the configuration says so.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::order::KEY_BYTES_MAX;
use crate::serve::App;
use crate::serve::problem::{FieldError, Problem};

/// The header that names who signs.
const OFFICER: &str = "baolu-officer";
/// The header with the key of the order.
const KEY: &str = "idempotency-key";

/// Who signs, and the key of the order.
pub(crate) struct Signed {
    pub(in crate::serve) officer: String,
    pub(in crate::serve) key: Arc<str>,
    /// The version of the paper that the officer has seen, from If-Match.
    pub(in crate::serve) if_match: Option<u64>,
}

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seen = app.seen();
        let officers = &seen.snapshot.state.plan.officers;
        if !officers.header_from_loopback {
            return Err(Problem::forbidden("nobody may order here: officers.toml does not say who signs"));
        }
        if !is_this_machine(&parts.headers) {
            let why =
                "orders are taken under the name localhost or an address only, never from a web page's name";
            return Err(Problem::forbidden(why));
        }
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let mut wrong = Vec::new();
        let officer = text(OFFICER).filter(|id| officers.named(id).is_some());
        if officer.is_none() {
            let listed: Vec<&str> = officers.roster.iter().map(|officer| officer.id.as_str()).collect();
            let allowed = format!("allowed are the officers of officers.toml: {}", listed.join(", "));
            wrong.push(FieldError::new(OFFICER, "names nobody who may sign", allowed));
        }
        let key = text(KEY).filter(|key| {
            !key.is_empty() && key.len() <= KEY_BYTES_MAX && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if key.is_none() {
            let allowed =
                format!("give each order its own key: 1 to {KEY_BYTES_MAX} visible ASCII characters");
            wrong.push(FieldError::new(KEY, "is missing or no key", allowed));
        }
        let version = text(header::IF_MATCH.as_str()).map(version_of);
        if version == Some(None) {
            wrong.push(FieldError::new(
                "if-match",
                "is no tag of a paper",
                "give the ETag that the paper was read with",
            ));
        }
        let json =
            text(header::CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"));
        if !json {
            wrong.push(FieldError::new("content-type", "is not JSON", "send application/json"));
        }
        match (officer, key) {
            (Some(officer), Some(key)) if wrong.is_empty() => {
                Ok(Self { officer: officer.to_owned(), key: key.into(), if_match: version.flatten() })
            }
            _ => Err(Problem::fields(wrong)),
        }
    }
}

/// A page of another site that has bent its name to this machine still says its own name.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let authority = host.parse::<Authority>();
    let name = authority.as_ref().map_or(host, Authority::host);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

/// Tags an answer with the version of its paper, as If-Match gives it back.
pub(in crate::serve) fn tag(response: &mut Response, version: u64) {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"v{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

fn version_of(tag: &str) -> Option<u64> {
    tag.trim().strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()
}
