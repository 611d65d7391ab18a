//! Warnings to read: from memory while they are open, from the store in every version.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::time::Timestamp;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::form::{AreaForm, PreflightForm, WarningForm};
use crate::desk::paper::{Kept, Kind};
use crate::desk::warning::Warning;
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::desk::paper::{self, Bounds};
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::serve::query::{NoQuery, Query, Raw};
use crate::serve::station::Id;

/// Versions that one answer holds.
const VERSIONS: Bounds = Bounds { usual: 50, most: 200 };
/// Where open warnings are found.
const LISTED: &str = "/api/v1/warnings lists those that are open";
/// Zones that may be asked about.
const ZONES_BYTES_MAX: usize = 4096;

/// Every open warning.
#[derive(Serialize, ToSchema)]
pub(crate) struct Warnings {
    /// The most severe first; what waits before what is in force.
    warnings: Vec<WarningForm>,
}

/// The versions of a warning.
#[derive(Serialize, ToSchema)]
pub(crate) struct WarningVersions {
    /// The newest first.
    versions: Vec<WarningForm>,
}

/// How many versions are wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `versions`")]
pub(crate) struct VersionsQuery {
    /// At most so many; 50 when nobody says otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Another area than the proposed one.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `area`")]
pub(crate) struct AreaQuery {
    /// Zones, separated by commas; without them, those that are proposed.
    zones: Option<String>,
}

/// Every open warning: what waits, what is in force, what has eased and waits for its all-clear.
#[utoipa::path(
    get, path = "/api/v1/warnings", operation_id = "list_warnings", tag = "warnings",
    responses((status = 200, description = "Every open warning", body = Enveloped<Warnings>))
)]
pub(crate) async fn list(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let mut filed: Vec<_> = seen.snapshot.state.desk.warnings.iter().map(|(_, filed)| filed).collect();
    let rank = |warning: &Warning| (warning.proposal.is_none(), std::cmp::Reverse(warning.severity));
    filed.sort_by(|a, b| (rank(&a.record), &a.record.id).cmp(&(rank(&b.record), &b.record.id)));
    let form = |filed: &crate::desk::paper::Filed<Warning>| {
        WarningForm::of(&filed.record, filed.version, filed.by.as_deref(), filed.at)
    };
    let warnings = Warnings { warnings: filed.into_iter().map(form).collect() };
    Ok(answer::json(&asked, app.envelope(&seen), &warnings))
}

/// One warning in its newest version, open or closed; its `ETag` is what an order names in If-Match.
#[utoipa::path(
    get, path = "/api/v1/warnings/{id}", operation_id = "show_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    responses((status = 200, description = "The warning", body = Enveloped<WarningForm>))
)]
pub(crate) async fn one(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
) -> Result<Response, Problem> {
    let seen = app.seen();
    if let Some(filed) = seen.snapshot.state.desk.warnings.find(&id) {
        let form = WarningForm::of(&filed.record, filed.version, filed.by.as_deref(), filed.at);
        return Ok(paper::tagged(&app, filed.version, &form));
    }
    paper::one(&app, place, (Kind::Warning, &id), of_kept, LISTED).await
}

/// The versions of a warning, the newest first.
#[utoipa::path(
    get, path = "/api/v1/warnings/{id}/versions", operation_id = "list_warning_versions", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it"), VersionsQuery),
    responses((status = 200, description = "Its versions", body = Enveloped<WarningVersions>))
)]
pub(crate) async fn versions(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["limit"]);
    let limit = paper::limit(&mut query, VERSIONS);
    query.finish()?;
    let kept = paper::versions(&app, place, Kind::Warning, &id, limit).await?;
    if kept.is_empty() {
        return Err(unknown(&id));
    }
    let versions = WarningVersions { versions: kept.iter().filter_map(of_kept).collect() };
    Ok(answer::json(&asked, app.envelope(&app.seen()), &versions))
}

/// Where what waits would go: wards, people, their share of the city, the difference from the rule's.
#[utoipa::path(
    get, path = "/api/v1/warnings/{id}/area", operation_id = "show_warning_area", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it"), AreaQuery),
    responses((status = 200, description = "The area and the people in it", body = Enveloped<AreaForm>))
)]
pub(crate) async fn area(
    State(app): State<App>,
    Id(id): Id,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["zones"]);
    let zones = query.parsed("zones", |text| {
        let wrong = || ("is longer than that of the whole city".to_owned(), "zones with commas".to_owned());
        let zones = text.split(',').map(str::trim).filter(|zone| !zone.is_empty()).map(str::to_owned);
        if text.len() > ZONES_BYTES_MAX { Err(wrong()) } else { Ok(zones.collect::<Vec<String>>()) }
    });
    query.finish()?;
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let filed = state.desk.warnings.find(&id).ok_or_else(|| unknown(&id))?;
    let found = crate::watch::area::area(&state.plan, &filed.record, zones.as_deref());
    let area = found.ok_or_else(|| Problem::closed(format!("nothing of {id} waits for a signature")))?;
    Ok(answer::json(&asked, app.envelope(&seen), &AreaForm::of(&id, area)))
}

/// What an all-clear rests on: every gauge of the zones, rain upstream, pools, releases, the official
/// forecast, the lagoon.
#[utoipa::path(
    get, path = "/api/v1/warnings/{id}/preflight", operation_id = "show_warning_preflight", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    responses((status = 200, description = "The checks with their numbers", body = Enveloped<PreflightForm>))
)]
pub(crate) async fn preflight(
    State(app): State<App>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let filed = seen.snapshot.state.desk.warnings.find(&id).ok_or_else(|| unknown(&id))?;
    let envelope = app.envelope(&seen);
    let flight =
        crate::watch::preflight::preflight(&seen.snapshot.state, envelope.generated_at, &filed.record);
    Ok(answer::json(&asked, envelope, &PreflightForm::of(&id, flight)))
}

pub(super) fn unknown(id: &str) -> Problem {
    Problem::unknown("warning", id, LISTED)
}

fn of_kept(kept: &Kept) -> Option<WarningForm> {
    let warning = paper::record(kept)?;
    Some(WarningForm::of(&warning, kept.version, kept.by.as_deref(), kept.at))
}

/// Who closed a warning, and with what.
pub(super) fn closed(kept: &Kept) -> Option<String> {
    let warning: Warning = paper::record(kept)?;
    let step = warning.last_step()?;
    let (by, at) = (step.by.as_deref().unwrap_or("the clock"), Timestamp::from_ms(step.at_ms));
    let why = step.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    Some(format!("{} is {}: {} by {by} at {at}{why}", warning.id, warning.phase.as_str(), step.what))
}
