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

/// The problems of an order about a paper that is open.
pub(super) const CHANGE: &[u16] = &[400, 403, 404, 409, 412, 428];

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

type Mount = fn() -> MethodRouter<App>;

/// What is the same of every route of its sort.
impl Route {
    const fn new(name: (&'static str, &'static str, &'static str), access: Access, limits: Limits) -> Self {
        let (operation, method, path) = name;
        Self {
            operation,
            method,
            path,
            access,
            limits,
            problems: &[],
            tagged: false,
            mount: MethodRouter::new,
        }
    }

    const fn with(self, problems: &'static [u16], mount: Mount) -> Self {
        Self { problems, mount, ..self }
    }

    /// Read by everybody, with a tag.
    pub(super) const fn public(
        operation: &'static str,
        path: &'static str,
        limits: Limits,
        problems: &'static [u16],
        mount: Mount,
    ) -> Self {
        Self::new((operation, "GET", path), Access::Public, limits).with(problems, mount).tagged()
    }

    /// Read by programs on this machine.
    pub(super) const fn local(
        operation: &'static str,
        path: &'static str,
        limits: Limits,
        problems: &'static [u16],
        mount: Mount,
    ) -> Self {
        Self::new((operation, "GET", path), Access::Loopback, limits).with(problems, mount)
    }

    /// Asked by programs on this machine with a body; nothing of it is kept.
    pub(super) const fn question(
        operation: &'static str,
        path: &'static str,
        limits: Limits,
        problems: &'static [u16],
        mount: Mount,
    ) -> Self {
        Self::new((operation, "POST", path), Access::Loopback, limits).with(problems, mount)
    }

    /// Ordered by an officer.
    pub(super) const fn order(
        operation: &'static str,
        path: &'static str,
        limits: Limits,
        problems: &'static [u16],
        mount: Mount,
    ) -> Self {
        Self::new((operation, "POST", path), Access::Officer, limits).with(problems, mount)
    }

    /// Its answers carry a tag, and 304 where nothing changed.
    pub(super) const fn tagged(self) -> Self {
        Self { tagged: true, ..self }
    }

    const fn untagged(self) -> Self {
        Self { tagged: false, ..self }
    }
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
    Route::public("list_stations", "/api/v1/stations", MEMORY, &[400], || get(station::list)),
    Route::public("show_station", "/api/v1/stations/{id}", MEMORY, &[400, 404], || get(station::show)),
    Route::public("list_series", "/api/v1/stations/{id}/series", STORE, &[400, 404], || {
        get(station::series::list)
    }),
    Route::public("show_rain", "/api/v1/stations/{id}/rain", MEMORY, &[400, 404], || get(rain::show)),
    Route::public("show_discharge", "/api/v1/stations/{id}/discharge", MEMORY, &[400, 404], || {
        get(discharge::show)
    }),
    Route::public("list_basins", "/api/v1/basins", MEMORY, &[400], || get(basin::list)),
    Route::public("show_basin", "/api/v1/basins/{id}", STORE, &[400, 404], || get(basin::show)),
    Route::public("list_reservoirs", "/api/v1/reservoirs", MEMORY, &[400], || get(reservoir::list)),
    Route::public("show_reservoir", "/api/v1/reservoirs/{id}", MEMORY, &[400, 404], || get(reservoir::show)),
    Route::public("show_latest", "/api/v1/latest", MEMORY, &[400], || get(latest::show)),
    Route::public("list_alerts", "/api/v1/alerts", STORE, &[400], || get(alert::list)),
    Route::public("show_alert", "/api/v1/alerts/{id}", STORE, &[400, 404], || get(alert::show)),
    Route::order("enter_reading", "/api/v1/stations/{id}/entries", ORDER, &[400, 403, 404, 409], || {
        post(order::reading::enter)
    }),
    Route::order("trust_sensor", "/api/v1/stations/{id}/trust", ORDER, &[400, 403, 404, 409], || {
        post(order::reading::trust)
    }),
    Route::public("follow_stream", "/api/v1/stream", LIVE, &[400], || get(stream::follow)).untagged(),
    Route::public("show_stations_health", "/api/v1/health/stations", STORE, &[400], || {
        get(health::station::show)
    }),
    Route::public("show_live", "/health/live", MEMORY, &[400], || get(health::live)).untagged(),
    Route::public("show_ready", "/health/ready", MEMORY, &[400], || get(health::ready)).untagged(),
    Route::local("show_metrics", "/metrics", MEMORY, &[400, 403], || get(metric::show)),
    Route::public("show_openapi", "/openapi.json", MEMORY, &[400], || get(openapi::show)),
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
