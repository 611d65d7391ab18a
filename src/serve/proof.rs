//! The alert clock over HTTP: how long warnings took from the water to the phones, leg by leg, beside
//! their budgets. For programs on this machine.
//!
//! A channel that took a message is the last thing that is known: whether a phone was on, nobody says.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::App;
use super::answer::{self, Enveloped};
use super::form::Time;
use super::guard::Place;
use super::problem::Problem;
use super::query::{NoQuery, Query, Raw};
use super::route::{Route, STORE};
use super::station::Id;
use crate::notify::budget::Budget;
use crate::store::read::{Leg, Legs};

/// Bulletins that a summary looks at, the newest.
const NEWEST_MAX: usize = 1_000;
/// How far back a summary looks, where nothing else is asked.
const BACK: Span = Span::from_h(24);

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::local("show_alert_clock", "/api/v1/alerts/{id}/clock", STORE, &[400, 403], || get(of_alert))
        .tagged(),
    Route::local("show_alert_clocks", "/api/v1/alert-clock", STORE, &[400, 403], || get(newest)).tagged(),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(of_alert, newest))]
pub(in crate::serve) struct Doc;

/// The clock of some bulletins.
#[derive(Serialize, ToSchema)]
struct ClockForm {
    /// Each leg over all of these bulletins.
    legs: Vec<LegForm>,
    /// The bulletins.
    bulletins: Vec<BulletinClock>,
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(in crate::serve) struct LegForm {
    /// `arrived`, `true`, `approved` or `handed_over`; what it is measured from is the leg before it.
    pub(in crate::serve) leg: &'static str,
    /// How many bulletins have gone it.
    pub(in crate::serve) count: usize,
    /// Half of them took at most so long, seconds.
    pub(in crate::serve) p50_s: Option<f64>,
    /// Of twenty, nineteen took at most so long, seconds.
    pub(in crate::serve) p95_s: Option<f64>,
    /// How long it may take, seconds.
    pub(in crate::serve) budget_s: i64,
    /// How many took longer.
    pub(in crate::serve) over_budget: usize,
}

/// The moments of one bulletin.
#[derive(Serialize, ToSchema)]
struct BulletinClock {
    /// The bulletin.
    bulletin: String,
    /// The episode.
    alert: String,
    /// The level that it tells of.
    level: String,
    /// Its severity.
    severity: u8,
    /// When the deciding reading was measured.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Time,
    /// When that reading arrived.
    #[schema(value_type = String, format = DateTime)]
    arrived_at: Time,
    /// When the alert was raised.
    #[schema(value_type = String, format = DateTime)]
    true_at: Time,
    /// When the bulletin went out.
    #[schema(value_type = String, format = DateTime)]
    approved_at: Time,
    /// When the last channel had taken it; null while one has not.
    #[schema(value_type = Option<String>, format = DateTime)]
    handed_over_at: Option<Time>,
    /// When phones showed it: null, because no channel says so.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Time>,
    /// From the measurement to the last channel, minutes.
    whole_min: Option<f64>,
    /// Deliveries that were taken.
    sent: u64,
    /// Deliveries that failed.
    failed: u64,
}

/// How long the warnings of one episode took.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}/clock", operation_id = "show_alert_clock", tag = "alerts",
    params(("id" = String, Path, description = "The episode")),
    responses((status = 200, description = "Its bulletins' moments", body = Enveloped<ClockForm>))
)]
async fn of_alert(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let clocks = app.read(place, move |reader| reader.alert_clock(&id)).await?;
    Ok(answered(&app, &asked, &clocks))
}

/// How long the newest warnings took, of all episodes: since `since`, else of the last day, at most 1,000.
#[utoipa::path(
    get, path = "/api/v1/alert-clock", operation_id = "show_alert_clocks", tag = "alerts",
    params(("since" = Option<String>, Query, description = "RFC 3339 with an offset")),
    responses((status = 200, description = "Their moments", body = Enveloped<ClockForm>))
)]
async fn newest(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["since"]);
    let since = query.time("since");
    query.finish()?;
    let since = since.unwrap_or_else(|| app.shared.clock.now().minus(BACK));
    let clocks = app.read(place, move |reader| reader.alert_clocks(since, NEWEST_MAX)).await?;
    Ok(answered(&app, &asked, &clocks))
}

/// The legs of the last day, for metrics.
pub(in crate::serve) async fn of_the_day(app: &App, place: Place) -> Result<Vec<LegForm>, Problem> {
    let since = app.shared.clock.now().minus(BACK);
    let clocks = app.read(place, move |reader| reader.alert_clocks(since, NEWEST_MAX)).await?;
    Ok(legs(&clocks, &budget(app)))
}

fn budget(app: &App) -> Budget {
    app.seen().snapshot.state.plan.receivers.budget
}

fn answered(app: &App, asked: &HeaderMap, clocks: &[Legs]) -> Response {
    let bulletin = |clock: &Legs| BulletinClock {
        bulletin: clock.bulletin.clone(),
        alert: clock.alert.clone(),
        level: clock.level.clone(),
        severity: clock.severity,
        measured_at: Time(clock.measured_at),
        arrived_at: Time(clock.arrived_at),
        true_at: Time(clock.true_at),
        approved_at: Time(clock.approved_at),
        handed_over_at: clock.handed_over_at.map(Time),
        delivered_at: None::<Timestamp>.map(Time),
        whole_min: clock.whole().map(|span| span.ms() as f64 / 60_000.0),
        sent: clock.deliveries.0,
        failed: clock.deliveries.1,
    };
    let form =
        ClockForm { legs: legs(clocks, &budget(app)), bulletins: clocks.iter().map(bulletin).collect() };
    answer::json(asked, app.envelope(&app.seen()), &form)
}

fn legs(clocks: &[Legs], budget: &Budget) -> Vec<LegForm> {
    let of = |leg: Leg| {
        let mut spans: Vec<i64> = clocks.iter().filter_map(|clock| Some(clock.span(leg)?.ms())).collect();
        spans.sort_unstable();
        let most = budget.of(leg);
        LegForm {
            leg: leg.as_str(),
            count: spans.len(),
            p50_s: quantile(&spans, 50),
            p95_s: quantile(&spans, 95),
            budget_s: most.whole_s(),
            over_budget: spans.iter().filter(|span| **span > most.ms()).count(),
        }
    };
    Leg::ALL.into_iter().map(of).collect()
}

/// The smallest value that so many of a hundred do not exceed (nearest rank), in seconds.
fn quantile(sorted_ms: &[i64], percent: usize) -> Option<f64> {
    let rank = (sorted_ms.len() * percent).div_ceil(100);
    sorted_ms.get(rank.checked_sub(1)?).map(|ms| *ms as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_warnings_nineteen_took_no_longer_than_the_95th_percentile() {
        let spans: Vec<i64> = (1..=20).map(|n| n * 1000).collect();
        assert_eq!((quantile(&spans, 50), quantile(&spans, 95)), (Some(10.0), Some(19.0)));
        assert_eq!((quantile(&spans[..1], 50), quantile(&spans[..1], 95)), (Some(1.0), Some(1.0)));
        assert_eq!(quantile(&[], 50), None, "nobody was warned");
    }
}
