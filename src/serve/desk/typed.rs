//! Typed bulletins and release orders over HTTP: pasted, previewed, typed, listed; and what dams let out,
//! for everybody.
//!
//! Whatever is wrong with what was typed is named field by field before it goes to the writer.

pub(in crate::serve) mod bulletin;
pub(in crate::serve) mod form;
pub(in crate::serve) mod release;

use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use self::form::{PaperStory, Papers, TypedPaper, VersionForm};
use crate::desk::paper::{Kind, Record};
use crate::desk::typed::Lack;
use crate::serve::App;
use crate::serve::desk::paper::{self, Bounds};
use crate::serve::guard::Place;
use crate::serve::problem::{FieldError, Problem};
use crate::serve::route::{CHANGE, Limits, MEMORY, ORDER, Route, STORE};

/// A text of 20,000 letters in each language, however it is escaped.
const BODY_BYTES: usize = 256 * 1024;
/// Papers on a page.
const BOUNDS: Bounds = Bounds { usual: 50, most: 200 };
/// Versions that one paper is shown with.
const VERSIONS_MAX: usize = 100;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::question(
        "parse_bulletin",
        "/api/v1/bulletins/parse",
        Limits { body_bytes: BODY_BYTES, timeout_s: Some(5), at_once: 8 },
        &[400],
        || post(bulletin::parse),
    ),
    Route::question(
        "preview_bulletin",
        "/api/v1/bulletins/preview",
        Limits { body_bytes: BODY_BYTES, timeout_s: Some(5), at_once: 8 },
        &[400],
        || post(bulletin::preview),
    ),
    Route::local("list_bulletins", "/api/v1/bulletins", STORE, &[400], || get(bulletin::list)),
    Route::order(
        "type_bulletin",
        "/api/v1/bulletins",
        Limits { body_bytes: BODY_BYTES, ..ORDER },
        &[400, 403, 409],
        || post(bulletin::type_in),
    ),
    Route::local("show_bulletin", "/api/v1/bulletins/{id}", STORE, &[400, 404], || get(bulletin::show)),
    Route::order(
        "retype_bulletin",
        "/api/v1/bulletins/{id}/update",
        Limits { body_bytes: BODY_BYTES, ..ORDER },
        CHANGE,
        || post(bulletin::retype),
    ),
    Route::order("withdraw_bulletin", "/api/v1/bulletins/{id}/withdraw", ORDER, CHANGE, || {
        post(bulletin::withdraw)
    }),
    Route::local("list_release_orders", "/api/v1/release-orders", STORE, &[400], || get(release::list)),
    Route::order("enter_release_order", "/api/v1/release-orders", ORDER, &[400, 403, 409], || {
        post(release::enter)
    }),
    Route::local("show_release_order", "/api/v1/release-orders/{id}", STORE, &[400, 404], || {
        get(release::show)
    }),
    Route::question("preview_release_order", "/api/v1/release-orders/preview", ORDER, &[400], || {
        post(release::preview)
    }),
    Route::order("revise_release_order", "/api/v1/release-orders/{id}/revise", ORDER, CHANGE, || {
        post(release::revise)
    }),
    Route::order("withdraw_release_order", "/api/v1/release-orders/{id}/withdraw", ORDER, CHANGE, || {
        post(release::withdraw)
    }),
    Route::order("complete_release_order", "/api/v1/release-orders/{id}/complete", ORDER, CHANGE, || {
        post(release::complete)
    }),
    Route::public("list_releases", "/api/v1/releases", MEMORY, &[400], || get(release::open)),
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
    let page = paper::page(app, place, raw, kind, BOUNDS).await?;
    let papers = page.items.iter().filter_map(TypedPaper::<T>::of).collect();
    Ok(paper::shown(app, &Papers { papers, next: page.next }))
}

/// One paper in its newest version, with who made the others; the `ETag` is its version.
async fn one<T: Record + ToSchema>(
    app: &App,
    place: Place,
    kind: Kind,
    id: String,
    listed: &str,
) -> Result<Response, Problem> {
    let versions = paper::versions(app, place, kind, &id, VERSIONS_MAX).await?;
    let newest = versions.first().and_then(TypedPaper::<T>::of);
    let newest = newest.ok_or_else(|| Problem::unknown(kind.as_str(), &id, listed))?;
    let version = newest.version;
    let versions = versions.iter().filter_map(VersionForm::<T>::of).collect();
    Ok(paper::tagged(app, version, &PaperStory { paper: newest, versions }))
}
