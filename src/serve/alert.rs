//! Alerts: what runs, what was, and everything that explains it.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rules::alert::AlertId;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::answer::{self, Enveloped};
use super::cursor::{alert_from_text, alert_text};
use super::form::warning::{AlertForm, BulletinForm, DeliveryForm, TransitionForm};
use super::guard::Place;
use super::problem::Problem;
use super::query::{NoQuery, Query, Raw};
use super::station::Id;
use crate::store::read::Which;

/// Alerts on a page when nobody says otherwise.
const LIMIT_DEFAULT: u64 = 100;
/// Alerts on a page at most.
const LIMIT_MAX: u64 = 1000;

/// What may be asked of `/api/v1/alerts`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `list`")]
pub(crate) struct AlertsQuery {
    /// `open` (the default) or `all`.
    #[param(pattern = "^(open|all)$")]
    state: Option<String>,
    /// Alerts on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The `next` of the page before, with everything else as before.
    cursor: Option<String>,
}

/// A page of alerts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Alerts {
    /// The newest episode first.
    alerts: Vec<AlertForm>,
    /// Give it back as `cursor` for the next page; null on the last one.
    next: Option<String>,
}

/// An episode with everything that explains it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertStory {
    /// The episode in one line.
    #[serde(flatten)]
    alert: AlertForm,
    /// Every change of its level with the readings that caused it, oldest first.
    transitions: Vec<TransitionForm>,
    /// What people were told, oldest first.
    bulletins: Vec<BulletinForm>,
    /// To whom, and what became of it, oldest first; at most 10,000.
    deliveries: Vec<DeliveryForm>,
}

/// Episodes, the newest first.
#[utoipa::path(
    get, path = "/api/v1/alerts", operation_id = "list_alerts", tag = "alerts",
    params(AlertsQuery),
    responses((status = 200, description = "A page of alerts", body = Enveloped<Alerts>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["state", "limit", "cursor"]);
    let which = if query.wants_all() { Which::All } else { Which::Open };
    let limit = query.number("limit", 1, LIMIT_MAX).unwrap_or(LIMIT_DEFAULT) as usize;
    let after = query.parsed("cursor", |text| {
        let wrong = || {
            ("is no cursor of alerts".to_owned(), "the next of an earlier page, as it was given".to_owned())
        };
        alert_from_text(text).ok_or_else(wrong)
    });
    query.finish()?;
    let seen = app.seen();
    let page = app.read(place, move |reader| reader.alerts(which, after.as_ref(), limit)).await?;
    let alerts = Alerts {
        alerts: page.items.iter().map(AlertForm::of).collect(),
        next: page.next.as_ref().map(alert_text),
    };
    Ok(answer::json(&asked, app.envelope(&seen), &alerts))
}

/// One episode with its transitions and their evidence, its bulletins and their deliveries.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", operation_id = "show_alert", tag = "alerts",
    params(("id" = String, Path, description = "The episode, as the lists give it")),
    responses((status = 200, description = "The episode", body = Enveloped<AlertStory>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let wanted = AlertId(id.as_str().into());
    let history = app.read(place, move |reader| reader.alert(&wanted)).await?;
    let history = history
        .ok_or_else(|| Problem::unknown("alert", &id, "/api/v1/alerts?state=all lists every alert"))?;
    let story = AlertStory {
        alert: AlertForm::of(&history.summary),
        transitions: history.transitions.iter().map(TransitionForm::of).collect(),
        bulletins: history.bulletins.iter().map(BulletinForm::of).collect(),
        deliveries: history.deliveries.iter().map(DeliveryForm::of).collect(),
    };
    Ok(answer::json(&asked, app.envelope(&seen), &story))
}
