//! Stations with what their sensors last said.

pub(crate) mod series;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;
use sensors::station::{Station, StationId, StationIx};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::form::{ReadingForm, Time, texts};
use super::health::{LineForm, lines};
use super::problem::Problem;
use super::query::NoQuery;
use crate::watch::snapshot::State as Running;

/// Every station.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stations {
    /// In the order of configuration.
    stations: Vec<StationForm>,
}

/// A station with what its sensors last said.
#[derive(Serialize, ToSchema)]
pub(crate) struct StationForm {
    /// Its id.
    id: String,
    /// `rain_gauge`, `stage`, `street`, `wind` or `reservoir`.
    kind: &'static str,
    /// Its name as residents know it.
    name: String,
    /// Degrees north, WGS 84.
    lat: f64,
    /// Degrees east, WGS 84.
    lon: f64,
    /// The river or water body.
    river: Option<String>,
    /// The basin.
    basin: Option<String>,
    /// The zones that its warnings are for, where no rule names others.
    zones: Vec<String>,
    /// The lines it is reached over that were ever heard of.
    lines: Vec<LineForm>,
    /// Its sensors.
    sensors: Vec<SensorForm>,
}

/// A sensor and what it last said.
#[derive(Serialize, ToSchema)]
pub(crate) struct SensorForm {
    /// What it measures.
    parameter: &'static str,
    /// Its name where the station measures the parameter twice.
    sensor: Option<String>,
    /// The unit of its values.
    unit: &'static str,
    /// The usual time between two readings.
    interval_s: i64,
    /// The reading with the newest event time, whatever its quality.
    latest: Option<ReadingForm>,
    /// When it last reached the service.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_contact: Option<Time>,
    /// Since when its deadline has passed; null while it speaks.
    #[schema(value_type = Option<String>, format = DateTime)]
    silent_since: Option<Time>,
}

/// The id in a path.
pub(crate) struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => {
                Err(super::problem::FieldError::new("id", "is no UTF-8", "an id as the lists give it").into())
            }
        }
    }
}

/// Every station with what its sensors last said.
#[utoipa::path(
    get, path = "/api/v1/stations", operation_id = "list_stations", tag = "stations",
    responses((status = 200, description = "Every station", body = Enveloped<Stations>))
)]
pub(crate) async fn list(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let all = (0_u32..).map(StationIx).zip(&state.plan.city.stations);
    let stations = all.map(|(ix, station)| StationForm::of(state, ix, station)).collect();
    Ok(answer::json(&asked, app.envelope(&seen), &Stations { stations }))
}

/// One station with what its sensors last said.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}", operation_id = "show_station", tag = "stations",
    params(("id" = String, Path, description = "The station", example = "kim-long")),
    responses((status = 200, description = "The station", body = Enveloped<StationForm>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let (ix, station) = named(state, &id)?;
    Ok(answer::json(&asked, app.envelope(&seen), &StationForm::of(state, ix, station)))
}

/// The station of that id.
///
/// # Errors
/// 404 when there is none.
pub(super) fn named<'a>(state: &'a Running, id: &str) -> Result<(StationIx, &'a Station), Problem> {
    let found = state.plan.city.station_named(&StationId::new(id));
    found.ok_or_else(|| Problem::unknown("station", id, "/api/v1/stations lists every station"))
}

impl StationForm {
    fn of(state: &Running, ix: StationIx, station: &Station) -> Self {
        let city = &state.plan.city;
        let reaches = |at: usize| {
            let reached = city.lines.get(at).map(sensors::line::Line::sensors).unwrap_or_default();
            reached.iter().any(|sensor| city.sensor(*sensor).is_some_and(|sensor| sensor.station == ix))
        };
        Self {
            id: station.id.to_string(),
            kind: station.kind.as_str(),
            name: station.name.clone(),
            lat: station.position.lat(),
            lon: station.position.lon(),
            river: station.river.clone(),
            basin: station.basin.as_ref().map(ToString::to_string),
            zones: texts(&station.zones),
            lines: lines(state, reaches),
            sensors: station.sensors.iter().filter_map(|ix| SensorForm::of(state, ix.at())).collect(),
        }
    }
}

impl SensorForm {
    fn of(state: &Running, at: usize) -> Option<Self> {
        let sensor = state.plan.city.sensors.get(at)?;
        let track = state.tracks.get(at)?;
        Some(Self {
            parameter: sensor.id.parameter.as_str(),
            sensor: sensor.id.name.as_deref().map(str::to_owned),
            unit: sensor.id.parameter.unit(),
            interval_s: sensor.deadline.interval.whole_s(),
            latest: track.latest().map(|reading| ReadingForm::of(sensor, reading, track.series())),
            last_contact: track.last_contact().map(Time),
            silent_since: state.silent.get(at).copied().flatten().map(Time),
        })
    }
}
