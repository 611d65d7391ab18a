//! The rules in force, their history, their texts, and the drafts: to be read.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::form::{DraftForm, Drafts, Export, History, RulesInForce, TextForm, VersionForm};
use crate::desk::draft::IN_FORCE;
use crate::desk::paper::Kind;
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::desk::paper::{self, Bounds, PageQuery};
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::serve::query::{NoQuery, Query, Raw};
use crate::serve::station::Id;

/// Versions and drafts in one answer.
const BOUNDS: Bounds = Bounds { usual: 20, most: 100 };

/// The rules in force, with their thresholds, and what the configuration folder says otherwise.
#[utoipa::path(
    get, path = "/api/v1/rules", operation_id = "show_rules", tag = "rules",
    responses((status = 200, description = "The rules in force", body = Enveloped<RulesInForce>))
)]
pub(crate) async fn show(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let filed = state.desk.rules.find(IN_FORCE);
    let rules = RulesInForce::of(&state.plan, filed.map(|filed| filed.at), filed.map(|filed| &filed.record));
    Ok(answer::json(&asked, app.envelope(&seen), &rules))
}

/// Every version that was in force, the newest first.
#[utoipa::path(
    get, path = "/api/v1/rules/history", operation_id = "list_rules_history", tag = "rules",
    params(("limit" = Option<u64>, Query, description = "1 to 100, 20 when absent")),
    responses((status = 200, description = "The versions", body = Enveloped<History>))
)]
pub(crate) async fn history(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["limit"]);
    let limit = paper::limit(&mut query, BOUNDS);
    query.finish()?;
    let seen = app.seen();
    let kept = paper::versions(&app, place, Kind::Rules, IN_FORCE, limit).await?;
    let history = History { versions: kept.iter().filter_map(VersionForm::of).collect() };
    Ok(answer::json(&asked, app.envelope(&seen), &history))
}

/// The texts in force, every byte of them: all as JSON, or one file as it is.
#[utoipa::path(
    get, path = "/api/v1/rules/export", operation_id = "export_rules", tag = "rules",
    params(("file" = Option<String>, Query, description = "One file, answered as it is", example = "rules.toml")),
    responses((status = 200, description = "The texts; with `file` as application/toml", body = Enveloped<Export>))
)]
pub(crate) async fn export(State(app): State<App>, Raw(raw): Raw) -> Result<Response, Problem> {
    let query = Query::read(raw.as_deref(), &["file"]);
    let wanted = query.text("file").map(str::to_owned);
    query.finish()?;
    let seen = app.seen();
    let governed = &seen.snapshot.state.plan.governed;
    let Some(name) = wanted else {
        let files = governed.texts.governed().into_iter().map(TextForm::from).collect();
        let export = Export { version: governed.version.clone(), files };
        return Ok(answer::fresh(axum::http::StatusCode::OK, app.envelope(&seen), &export));
    };
    let file = governed.texts.governed().into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::unknown("governed file", &name, "/api/v1/rules lists them"))?;
    let mut response = file.text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/toml; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Drafts by id, which begins with the time: open ones, or all.
#[utoipa::path(
    get, path = "/api/v1/rules/drafts", operation_id = "list_rules_drafts", tag = "rules",
    params(PageQuery),
    responses((status = 200, description = "A page of drafts", body = Enveloped<Drafts>))
)]
pub(crate) async fn drafts(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let page = paper::page(&app, place, raw.as_deref(), Kind::Draft, BOUNDS).await?;
    let drafts = page.items.iter().filter_map(|kept| DraftForm::of(kept, false)).collect();
    Ok(answer::json(&asked, app.envelope(&seen), &Drafts { drafts, next: page.next }))
}

/// One draft with its texts, its diff and its backtest; the `ETag` is for If-Match.
#[utoipa::path(
    get, path = "/api/v1/rules/drafts/{id}", operation_id = "show_rules_draft", tag = "rules",
    params(("id" = String, Path, description = "The draft")),
    responses((status = 200, description = "The draft", body = Enveloped<DraftForm>))
)]
pub(crate) async fn draft(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
) -> Result<Response, Problem> {
    let listed = "/api/v1/rules/drafts?state=all lists them";
    paper::one(&app, place, (Kind::Draft, &id), |kept| DraftForm::of(kept, true), listed).await
}
