//! Disaster-risk levels as a suggestion for officers: what the alerts in force would come to.
//!
//! The public reads such a level only as a quotation of the national service (warning.md 15), so that
//! this route is for this machine alone.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use rules::hazard::Hazard;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::App;
use super::answer::{self, Enveloped};
use super::problem::Problem;
use super::query::NoQuery;
use super::route::{MEMORY, Route};
use crate::watch::snapshot::State as City;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] =
    &[Route::local("suggest_risk", "/api/v1/risk", MEMORY, &[400, 403], || get(show)).tagged()];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(show))]
pub(in crate::serve) struct Doc;

/// Suggested levels.
#[derive(Serialize, ToSchema)]
struct RiskForm {
    /// One per hazard of which an alert in force suggests a level, the highest first.
    hazards: Vec<HazardForm>,
    /// Always `suggested`: the national service gives the level, and simultaneous hazards may raise it by 1
    /// or 2, at most to 5.
    standing: &'static str,
    /// The source of the classes.
    source: &'static str,
}

/// The level of one hazard.
#[derive(Serialize, ToSchema)]
struct HazardForm {
    /// The hazard.
    hazard: &'static str,
    /// 1 to 5.
    level: u8,
    /// The alerts that suggest it.
    alerts: Vec<String>,
}

/// Disaster-risk levels that the alerts in force suggest, for officers.
#[utoipa::path(
    get, path = "/api/v1/risk", operation_id = "suggest_risk", tag = "desk",
    responses((status = 200, description = "Suggested levels by hazard", body = Enveloped<RiskForm>))
)]
async fn show(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let form = RiskForm {
        hazards: suggested(&seen.snapshot.state),
        standing: "suggested",
        source: "Decision 18/2021/QĐ-TTg, classes as configured",
    };
    Ok(answer::json(&asked, app.envelope(&seen), &form))
}

fn suggested(city: &City) -> Vec<HazardForm> {
    let slots = || city.plan.rules.slots().iter().zip(&city.alerts);
    let of = |hazard: Hazard| {
        let its = slots().filter(move |(slot, _)| slot.rule.hazard == hazard);
        let risks = its.filter_map(|(slot, alert)| {
            Some((slot.level(alert.level)?.suggested_risk?, alert.episode.as_ref()?.id.to_string()))
        });
        let risks: Vec<(u8, String)> = risks.collect();
        let level = risks.iter().map(|(risk, _)| *risk).max()?;
        let alerts = risks.into_iter().filter(|(risk, _)| *risk == level).map(|(_, alert)| alert).collect();
        Some(HazardForm { hazard: hazard.as_str(), level, alerts })
    };
    let mut hazards: Vec<HazardForm> = Hazard::ALL.into_iter().filter_map(of).collect();
    hazards.sort_by_key(|hazard| std::cmp::Reverse(hazard.level));
    hazards
}
