//! The duty over HTTP: who is on duty, who was called, what staff are not told of for a while.
//!
//! Papers are read by programs on this machine only; orders name the officer who signs.

mod form;
mod order;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use utoipa::OpenApi;

use self::form::{CallForm, DutyForm, PapersForm, SilenceForm, duty_form};
use crate::desk::paper::{Kept, Kind};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::desk::paper;
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::serve::query::NoQuery;
use crate::serve::route::{CHANGE, Limits, MEMORY, ORDER, Route, STORE};
use crate::serve::station::Id;

/// A maintenance window may name many stations.
const NAMES: Limits = Limits { body_bytes: 16 * 1024, ..ORDER };

/// Where open papers are found.
const LISTED: &str = "/api/v1/duty and /api/v1/silences list the open ones";

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::local("show_duty", "/api/v1/duty", MEMORY, &[400, 403], || get(show)),
    Route::local("list_silences", "/api/v1/silences", MEMORY, &[400, 403], || get(list_silences)),
    Route::local("show_silence", "/api/v1/silences/{id}", STORE, &[400, 403, 404], || get(show_silence)),
    Route::local("list_maintenance", "/api/v1/maintenance", MEMORY, &[400, 403], || get(list_maintenance)),
    Route::local("show_call", "/api/v1/duty/calls/{id}", STORE, &[400, 403, 404], || get(show_call)),
    Route::order("silence", "/api/v1/silences", ORDER, &[400, 403, 409], || post(order::silence)),
    Route::order("maintain", "/api/v1/maintenance", NAMES, &[400, 403, 409], || post(order::maintain)),
    Route::order("end_silence", "/api/v1/silences/{id}/end", ORDER, CHANGE, || post(order::end_silence)),
    Route::order("end_maintenance", "/api/v1/maintenance/{id}/end", ORDER, CHANGE, || {
        post(order::end_maintenance)
    }),
    Route::order("hand_over", "/api/v1/duty/hand-overs", ORDER, &[400, 403, 409], || post(order::hand_over)),
    Route::order("accept_hand_over", "/api/v1/duty/hand-overs/{id}/accept", ORDER, CHANGE, || {
        post(order::accept)
    }),
    Route::order("take_call", "/api/v1/duty/calls/{id}/take", ORDER, CHANGE, || post(order::take)),
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
pub(crate) async fn show(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
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
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    Ok(list(&app, &asked, false))
}

/// The maintenance windows that hold or are planned.
#[utoipa::path(
    get, path = "/api/v1/maintenance", operation_id = "list_maintenance", tag = "desk",
    responses((status = 200, description = "Open windows", body = Enveloped<PapersForm<SilenceForm>>))
)]
pub(crate) async fn list_maintenance(
    State(app): State<App>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    Ok(list(&app, &asked, true))
}

fn list(app: &App, asked: &HeaderMap, maintenance: bool) -> Response {
    let seen = app.seen();
    let papers = seen.snapshot.state.desk.silences.iter();
    let papers = papers.filter(|(_, filed)| filed.record.is_maintenance() == maintenance);
    let papers = papers.map(|(_, filed)| SilenceForm::of(filed.version, &filed.record)).collect();
    answer::json(asked, app.envelope(&seen), &PapersForm { papers })
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
    _: NoQuery,
) -> Result<Response, Problem> {
    let form = |kept: &Kept| Some(SilenceForm::of(kept.version, &paper::record(kept)?));
    paper::one(&app, place, (Kind::Silence, &id), form, LISTED).await
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
    _: NoQuery,
) -> Result<Response, Problem> {
    let form = |kept: &Kept| Some(CallForm::of(kept.version, &paper::record(kept)?));
    paper::one(&app, place, (Kind::Call, &id), form, LISTED).await
}
