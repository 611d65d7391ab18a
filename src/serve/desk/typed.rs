//! Typed bulletins and release orders over HTTP: pasted, previewed, typed, listed; and what dams let out,
//! for everybody.
//!
//! Whatever is wrong with what was typed is named field by field before it goes to the writer.

pub(in crate::serve) mod bulletin;
pub(in crate::serve) mod form;
pub(in crate::serve) mod release;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use self::form::{PaperStory, Papers, TypedPaper, VersionForm};
use crate::desk::paper::{Kind, Record};
use crate::desk::typed::Lack;
use crate::serve::App;
use crate::serve::answer;
use crate::serve::guard::Place;
use crate::serve::order::sign::tag_of;
use crate::serve::problem::{FieldError, Problem};
use crate::serve::query::Query;
use crate::serve::route::{Access, Limits, MEMORY, ORDER, Route, STORE};
use crate::store::read::Papers as Which;

/// A text of 20,000 letters in each language, however it is escaped.
const BODY_BYTES: usize = 256 * 1024;
/// Papers on a page when nobody says otherwise.
const LIMIT_DEFAULT: u64 = 50;
/// Papers on a page at most.
const LIMIT_MAX: u64 = 200;
/// Versions that one paper is shown with.
const VERSIONS_MAX: usize = 100;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route {
        operation: "parse_bulletin",
        method: "POST",
        path: "/api/v1/bulletins/parse",
        access: Access::Loopback,
        limits: Limits { body_bytes: BODY_BYTES, timeout_s: Some(5), at_once: 8 },
        problems: &[400],
        tagged: false,
        mount: || post(bulletin::parse),
    },
    Route {
        operation: "preview_bulletin",
        method: "POST",
        path: "/api/v1/bulletins/preview",
        access: Access::Loopback,
        limits: Limits { body_bytes: BODY_BYTES, timeout_s: Some(5), at_once: 8 },
        problems: &[400],
        tagged: false,
        mount: || post(bulletin::preview),
    },
    Route {
        operation: "list_bulletins",
        method: "GET",
        path: "/api/v1/bulletins",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400],
        tagged: false,
        mount: || get(bulletin::list),
    },
    Route {
        operation: "type_bulletin",
        method: "POST",
        path: "/api/v1/bulletins",
        access: Access::Officer,
        limits: Limits { body_bytes: BODY_BYTES, ..ORDER },
        problems: &[400, 403, 409],
        tagged: false,
        mount: || post(bulletin::type_in),
    },
    Route {
        operation: "show_bulletin",
        method: "GET",
        path: "/api/v1/bulletins/{id}",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 404],
        tagged: false,
        mount: || get(bulletin::show),
    },
    Route {
        operation: "retype_bulletin",
        method: "POST",
        path: "/api/v1/bulletins/{id}/update",
        access: Access::Officer,
        limits: Limits { body_bytes: BODY_BYTES, ..ORDER },
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(bulletin::retype),
    },
    Route {
        operation: "withdraw_bulletin",
        method: "POST",
        path: "/api/v1/bulletins/{id}/withdraw",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(bulletin::withdraw),
    },
    Route {
        operation: "list_release_orders",
        method: "GET",
        path: "/api/v1/release-orders",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400],
        tagged: false,
        mount: || get(release::list),
    },
    Route {
        operation: "enter_release_order",
        method: "POST",
        path: "/api/v1/release-orders",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 409],
        tagged: false,
        mount: || post(release::enter),
    },
    Route {
        operation: "show_release_order",
        method: "GET",
        path: "/api/v1/release-orders/{id}",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 404],
        tagged: false,
        mount: || get(release::show),
    },
    Route {
        operation: "preview_release_order",
        method: "POST",
        path: "/api/v1/release-orders/preview",
        access: Access::Loopback,
        limits: ORDER,
        problems: &[400],
        tagged: false,
        mount: || post(release::preview),
    },
    Route {
        operation: "revise_release_order",
        method: "POST",
        path: "/api/v1/release-orders/{id}/revise",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(release::revise),
    },
    Route {
        operation: "withdraw_release_order",
        method: "POST",
        path: "/api/v1/release-orders/{id}/withdraw",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(release::withdraw),
    },
    Route {
        operation: "complete_release_order",
        method: "POST",
        path: "/api/v1/release-orders/{id}/complete",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409, 412, 428],
        tagged: false,
        mount: || post(release::complete),
    },
    Route {
        operation: "list_releases",
        method: "GET",
        path: "/api/v1/releases",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(release::open),
    },
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    bulletin::parse,
    bulletin::preview,
    bulletin::list,
    bulletin::type_in,
    bulletin::show,
    bulletin::retype,
    bulletin::withdraw,
    release::list,
    release::enter,
    release::preview,
    release::show,
    release::revise,
    release::withdraw,
    release::complete,
    release::open,
))]
pub(in crate::serve) struct Doc;

/// Why something ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TypedReason)]
pub(in crate::serve) struct ReasonForm {
    /// As people are told, at most 200 letters.
    reason: String,
}

/// What is lacking, as a problem of fields.
fn refused(lacks: Vec<Lack>) -> Result<(), Problem> {
    if lacks.is_empty() { Ok(()) } else { Err(Problem::fields(lacks.into_iter().map(told).collect())) }
}

fn told(lack: Lack) -> FieldError {
    FieldError::new(&lack.field, lack.wrong, lack.allowed)
}

/// A page of papers of a kind, by id.
async fn page<T: Record + ToSchema>(
    app: &App,
    place: Place,
    raw: Option<&str>,
    kind: Kind,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw, &["state", "limit", "cursor"]);
    let which = query.parsed("state", |text| match text {
        "open" => Ok(Which::Open),
        "all" => Ok(Which::All),
        _ => Err(("is no state".to_owned(), "allowed are open, all".to_owned())),
    });
    let limit = query.number("limit", 1, LIMIT_MAX).unwrap_or(LIMIT_DEFAULT) as usize;
    let after = query.text("cursor").map(str::to_owned);
    query.finish()?;
    let which = which.unwrap_or(Which::Open);
    let page = app.read(place, move |reader| reader.papers(kind, which, after.as_deref(), limit)).await?;
    let papers = page.items.iter().filter_map(TypedPaper::<T>::of).collect();
    let form = Papers { papers, next: page.next };
    Ok(answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &form))
}

/// One paper in its newest version, with who made the others; the `ETag` is its version.
async fn one<T: Record + ToSchema + DeserializeOwned>(
    app: &App,
    place: Place,
    kind: Kind,
    id: String,
    listed: &str,
) -> Result<Response, Problem> {
    let wanted = id.clone();
    let versions = app.read(place, move |reader| reader.paper_versions(kind, &wanted, VERSIONS_MAX)).await?;
    let newest = versions.first().and_then(TypedPaper::<T>::of);
    let Some(paper) = newest else {
        return Err(Problem::unknown(kind.as_str(), &id, listed));
    };
    let tag = tag_of(paper.version);
    let story = PaperStory { paper, versions: versions.iter().filter_map(VersionForm::<T>::of).collect() };
    let mut response = answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &story);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// An answer that is made anew every time.
fn shown<T: Serialize>(app: &App, form: &T) -> Response {
    answer::fresh(StatusCode::OK, app.envelope(&app.seen()), form)
}
