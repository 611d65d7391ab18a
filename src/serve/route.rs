//! The one list of routes: what exists, who may ask, and how much at once.
//!
//! The router is built from this list and from nothing else, so that a path which is not here
//! does not exist, and a route without an access does not compile.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::{
    App, alert, backtest, basin, cap, chart, desk, discharge, guard, health, intake, latest, metric, open,
    openapi, order, page, place, proof, rain, reservoir, risk, station, stream, tile,
};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Programs on this machine, not through a proxy.
    Loopback,
    /// The same, and they name the officer who signs.
    Officer,
}

/// How much a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest body of a request.
    pub body_bytes: usize,
    /// The longest time until the answer, in real seconds; `None` for live streams.
    pub timeout_s: Option<u64>,
    /// Requests at the same time; more are refused with 503.
    pub at_once: usize,
}

/// One route.
pub struct Route {
    /// Its name in the OpenAPI document, in metrics and in logs.
    pub operation: &'static str,
    /// The method; HEAD comes with GET.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// How much.
    pub limits: Limits,
    /// The statuses of its problems, besides 405, 406, 413, 500 and 503 which every route may give.
    pub problems: &'static [u16],
    /// Whether its answers carry a tag, and 304 where nothing changed.
    pub tagged: bool,
    pub(super) mount: fn() -> MethodRouter<App>,
}

/// Answered from memory.
pub(super) const MEMORY: Limits = Limits { body_bytes: 1024, timeout_s: Some(5), at_once: 256 };
/// Answered from the store.
pub(super) const STORE: Limits = Limits { body_bytes: 1024, timeout_s: Some(15), at_once: 16 };
/// Done by the writer; the disk may be slow.
pub(super) const ORDER: Limits = Limits { body_bytes: 4096, timeout_s: Some(15), at_once: 8 };
/// Stays open.
const LIVE: Limits = Limits { body_bytes: 1024, timeout_s: None, at_once: 256 };

/// Every route there is: what everybody reads, and what each part brings.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    let parts = [
        PUBLIC,
        cap::ROUTES,
        backtest::ROUTES,
        proof::ROUTES,
        risk::ROUTES,
        tile::ROUTES,
        chart::ROUTES,
        place::ROUTES,
        open::ROUTES,
        intake::ROUTES,
        page::ROUTES,
        desk::warning::ROUTES,
        desk::draft::ROUTES,
        desk::duty::ROUTES,
        desk::typed::ROUTES,
        desk::foreign::ROUTES,
    ];
    parts.into_iter().flatten()
}

/// What stands since the beginning.
const PUBLIC: &[Route] = &[
    Route {
        operation: "list_stations",
        method: "GET",
        path: "/api/v1/stations",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(station::list),
    },
    Route {
        operation: "show_station",
        method: "GET",
        path: "/api/v1/stations/{id}",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400, 404],
        tagged: true,
        mount: || get(station::show),
    },
    Route {
        operation: "list_series",
        method: "GET",
        path: "/api/v1/stations/{id}/series",
        access: Access::Public,
        limits: STORE,
        problems: &[400, 404],
        tagged: true,
        mount: || get(station::series::list),
    },
    Route {
        operation: "show_rain",
        method: "GET",
        path: "/api/v1/stations/{id}/rain",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400, 404],
        tagged: true,
        mount: || get(rain::show),
    },
    Route {
        operation: "show_discharge",
        method: "GET",
        path: "/api/v1/stations/{id}/discharge",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400, 404],
        tagged: true,
        mount: || get(discharge::show),
    },
    Route {
        operation: "list_basins",
        method: "GET",
        path: "/api/v1/basins",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(basin::list),
    },
    Route {
        operation: "show_basin",
        method: "GET",
        path: "/api/v1/basins/{id}",
        access: Access::Public,
        limits: STORE,
        problems: &[400, 404],
        tagged: true,
        mount: || get(basin::show),
    },
    Route {
        operation: "list_reservoirs",
        method: "GET",
        path: "/api/v1/reservoirs",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(reservoir::list),
    },
    Route {
        operation: "show_reservoir",
        method: "GET",
        path: "/api/v1/reservoirs/{id}",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400, 404],
        tagged: true,
        mount: || get(reservoir::show),
    },
    Route {
        operation: "show_latest",
        method: "GET",
        path: "/api/v1/latest",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(latest::show),
    },
    Route {
        operation: "list_alerts",
        method: "GET",
        path: "/api/v1/alerts",
        access: Access::Public,
        limits: STORE,
        problems: &[400],
        tagged: true,
        mount: || get(alert::list),
    },
    Route {
        operation: "show_alert",
        method: "GET",
        path: "/api/v1/alerts/{id}",
        access: Access::Public,
        limits: STORE,
        problems: &[400, 404],
        tagged: true,
        mount: || get(alert::show),
    },
    Route {
        operation: "enter_reading",
        method: "POST",
        path: "/api/v1/stations/{id}/entries",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409],
        tagged: false,
        mount: || post(order::reading::enter),
    },
    Route {
        operation: "trust_sensor",
        method: "POST",
        path: "/api/v1/stations/{id}/trust",
        access: Access::Officer,
        limits: ORDER,
        problems: &[400, 403, 404, 409],
        tagged: false,
        mount: || post(order::reading::trust),
    },
    Route {
        operation: "follow_stream",
        method: "GET",
        path: "/api/v1/stream",
        access: Access::Public,
        limits: LIVE,
        problems: &[400],
        tagged: false,
        mount: || get(stream::follow),
    },
    Route {
        operation: "show_stations_health",
        method: "GET",
        path: "/api/v1/health/stations",
        access: Access::Public,
        limits: STORE,
        problems: &[400],
        tagged: true,
        mount: || get(health::station::show),
    },
    Route {
        operation: "show_live",
        method: "GET",
        path: "/health/live",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: false,
        mount: || get(health::live),
    },
    Route {
        operation: "show_ready",
        method: "GET",
        path: "/health/ready",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: false,
        mount: || get(health::ready),
    },
    Route {
        operation: "show_metrics",
        method: "GET",
        path: "/metrics",
        access: Access::Loopback,
        limits: MEMORY,
        problems: &[400, 403],
        tagged: false,
        mount: || get(metric::show),
    },
    Route {
        operation: "show_openapi",
        method: "GET",
        path: "/openapi.json",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(openapi::show),
    },
];

/// The router of every route in the list.
pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let post = guard::Post { route, places: Arc::new(Semaphore::new(route.limits.at_once)) };
        let mounted: MethodRouter<App> = (route.mount)()
            .layer::<_, Infallible>(middleware::from_fn_with_state(post, guard::stand))
            .layer::<_, Infallible>(DefaultBodyLimit::max(route.limits.body_bytes))
            .layer(RequestBodyLimitLayer::new(route.limits.body_bytes));
        router = router.route(route.path, mounted);
    }
    router
        .fallback(guard::nowhere)
        .with_state(app)
        .layer(CatchPanicLayer::custom(guard::caught))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(guard::told_as_problem))
        .layer(middleware::from_fn(guard::observe))
}

impl Limits {
    /// The longest time until the answer.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout_s.map(Duration::from_secs)
    }
}
