//! The duty over HTTP: who is on duty, who was called, what staff are not told of for a while.
//!
//! Papers are read by programs on this machine only; orders name the officer who signs.

mod form;
mod order;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use utoipa::OpenApi;

use self::form::{CallForm, DutyForm, PaperForm, PapersForm, SilenceForm, duty_form};
use crate::desk::duty::{Call, Silence};
use crate::desk::paper::{Kept, Kind};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::guard::Place;
use crate::serve::order::sign::tag_of;
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};
use crate::serve::route::{Access, Limits, MEMORY, ORDER, Route, STORE};
use crate::serve::station::Id;

/// A maintenance window may name many stations.
const NAMES: Limits = Limits { body_bytes: 16 * 1024, ..ORDER };

/// A GET of officers' papers.
const fn read(
    operation: &'static str,
    path: &'static str,
    limits: Limits,
    problems: &'static [u16],
    mount: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    let access = Access::Loopback;
    Route { operation, method: "GET", path, access, limits, problems, tagged: false, mount }
}

/// An order.
const fn ordered(
    operation: &'static str,
    path: &'static str,
    limits: Limits,
    problems: &'static [u16],
    mount: fn() -> axum::routing::MethodRouter<App>,
) -> Route {
    let access = Access::Officer;
    Route { operation, method: "POST", path, access, limits, problems, tagged: false, mount }
}

/// The problems of an order about a paper that is open.
const CHANGE: &[u16] = &[400, 403, 404, 409, 412, 428];

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    read("show_duty", "/api/v1/duty", MEMORY, &[400, 403], || get(show)),
    read("list_silences", "/api/v1/silences", MEMORY, &[400, 403], || get(list_silences)),
    read("show_silence", "/api/v1/silences/{id}", STORE, &[400, 403, 404], || get(show_silence)),
    read("list_maintenance", "/api/v1/maintenance", MEMORY, &[400, 403], || get(list_maintenance)),
    read("show_call", "/api/v1/duty/calls/{id}", STORE, &[400, 403, 404], || get(show_call)),
    ordered("silence", "/api/v1/silences", ORDER, &[400, 403, 409], || post(order::silence)),
    ordered("maintain", "/api/v1/maintenance", NAMES, &[400, 403, 409], || post(order::maintain)),
    ordered("end_silence", "/api/v1/silences/{id}/end", ORDER, CHANGE, || post(order::end_silence)),
    ordered("end_maintenance", "/api/v1/maintenance/{id}/end", ORDER, CHANGE, || {
        post(order::end_maintenance)
    }),
    ordered("hand_over", "/api/v1/duty/hand-overs", ORDER, &[400, 403, 409], || post(order::hand_over)),
    ordered("accept_hand_over", "/api/v1/duty/hand-overs/{id}/accept", ORDER, CHANGE, || post(order::accept)),
    ordered("take_call", "/api/v1/duty/calls/{id}/take", ORDER, CHANGE, || post(order::take)),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    show,
    list_silences,
    show_silence,
    list_maintenance,
    show_call,
    order::silence,
    order::maintain,
    order::end_silence,
    order::end_maintenance,
    order::hand_over,
    order::accept,
    order::take
))]
pub(in crate::serve) struct Doc;

/// Who is on duty now and next, who was called, and how much staff and residents were told.
#[utoipa::path(
    get, path = "/api/v1/duty", operation_id = "show_duty", tag = "desk",
    responses((status = 200, description = "The duty", body = Enveloped<DutyForm>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let form = duty_form(&seen.snapshot.state, app.shared.clock.now());
    Ok(answer::json(&asked, app.envelope(&seen), &form))
}

/// The silences that hold.
#[utoipa::path(
    get, path = "/api/v1/silences", operation_id = "list_silences", tag = "desk",
    responses((status = 200, description = "Open silences", body = Enveloped<PapersForm<SilenceForm>>))
)]
pub(crate) async fn list_silences(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    list(&app, raw.as_deref(), &asked, false)
}

/// The maintenance windows that hold or are planned.
#[utoipa::path(
    get, path = "/api/v1/maintenance", operation_id = "list_maintenance", tag = "desk",
    responses((status = 200, description = "Open windows", body = Enveloped<PapersForm<SilenceForm>>))
)]
pub(crate) async fn list_maintenance(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    list(&app, raw.as_deref(), &asked, true)
}

fn list(app: &App, raw: Option<&str>, asked: &HeaderMap, maintenance: bool) -> Result<Response, Problem> {
    Query::read(raw, &[]).finish()?;
    let seen = app.seen();
    let papers = seen.snapshot.state.desk.silences.iter();
    let papers = papers.filter(|(_, filed)| filed.record.is_maintenance() == maintenance);
    let papers = papers.map(|(_, filed)| SilenceForm::of(filed.version, &filed.record)).collect();
    Ok(answer::json(asked, app.envelope(&seen), &PapersForm { papers }))
}

/// One silence or maintenance window, also when it is over; its tag goes into If-Match.
#[utoipa::path(
    get, path = "/api/v1/silences/{id}", operation_id = "show_silence", tag = "desk",
    params(("id" = String, Path, description = "The silence or the maintenance window")),
    responses((status = 200, description = "The paper", body = Enveloped<SilenceForm>))
)]
pub(crate) async fn show_silence(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    Raw(raw): Raw,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let kept = paper(&app, place, Kind::Silence, &id).await?;
    let silence: Silence = record(&kept)?;
    Ok(tagged(&app, kept.version, &SilenceForm::of(kept.version, &silence)))
}

/// One paper of the duty, also when it is closed; its tag goes into If-Match.
#[utoipa::path(
    get, path = "/api/v1/duty/calls/{id}", operation_id = "show_call", tag = "desk",
    params(("id" = String, Path, description = "The paper")),
    responses((status = 200, description = "The paper", body = Enveloped<CallForm>))
)]
pub(crate) async fn show_call(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    Raw(raw): Raw,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let kept = paper(&app, place, Kind::Call, &id).await?;
    let call: Call = record(&kept)?;
    Ok(tagged(&app, kept.version, &CallForm::of(kept.version, &call)))
}

async fn paper(app: &App, place: Place, kind: Kind, id: &str) -> Result<Kept, Problem> {
    let wanted: Arc<str> = id.into();
    let kept = app.read(place, move |reader| reader.paper(kind, &wanted)).await?;
    kept.ok_or_else(|| Problem::unknown("paper", id, "/api/v1/duty and /api/v1/silences list the open ones"))
}

fn record<T: serde::de::DeserializeOwned>(kept: &Kept) -> Result<T, Problem> {
    serde_json::from_str(&kept.record).map_err(|why| {
        tracing::error!(%why, kind = kept.kind, id = kept.id, "a paper can't be read");
        Problem::failed()
    })
}

fn tagged<T: PaperForm>(app: &App, version: u64, form: &T) -> Response {
    let mut response = answer::fresh(axum::http::StatusCode::OK, app.envelope(&app.seen()), form);
    if let Ok(tag) = HeaderValue::from_str(&tag_of(version)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
