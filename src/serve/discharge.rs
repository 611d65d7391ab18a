//! The discharge at a station by its rating curve: estimated, never measured.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::quality::{Check, Quality};
use sensors::quantity::{Stage, Value};
use sensors::rating::Bound;
use sensors::station::{SensorIx, Station};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::form::{Time, exact};
use super::problem::Problem;
use super::query::NoQuery;
use super::station::{Id, named};
use crate::watch::snapshot::State as Running;

/// The discharge at a station, by its newest usable stage.
#[derive(Serialize, ToSchema)]
pub(crate) struct RatedForm {
    /// The station.
    station: String,
    /// When the stage was measured.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Time,
    /// The stage, m.
    #[schema(value_type = Option<f64>)]
    stage: Option<serde_json::Number>,
    /// The discharge; at the end of the curve where the stage lies beyond it.
    #[schema(value_type = Option<f64>)]
    discharge: Option<serde_json::Number>,
    /// Its unit.
    unit: &'static str,
    /// `estimate`; `at_least` where the stage lies over the curve, `at_most` where it lies under it.
    bound: &'static str,
    /// estimated, or the doubt of the stage.
    quality: &'static str,
    /// The check that made the stage suspect.
    check: Option<&'static str>,
    /// Since when the curve is valid.
    #[schema(value_type = String, format = DateTime)]
    curve_valid_from: Time,
}

/// The discharge at one station by its rating curve.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/discharge", operation_id = "show_discharge", tag = "stations",
    params(("id" = String, Path, description = "The station", example = "kim-long")),
    responses((status = 200, description = "The discharge", body = Enveloped<RatedForm>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let (_, station) = named(state, &id)?;
    let Some(rated) = RatedForm::of(state, station) else {
        let allowed = "a station needs a stage that was measured and a rating curve that is valid then";
        return Err(Problem::unknown("discharge by a rating curve at", &id, allowed));
    };
    Ok(answer::json(&asked, app.envelope(&seen), &rated))
}

impl RatedForm {
    fn of(state: &Running, station: &Station) -> Option<Self> {
        let city = &state.plan.city;
        let is_stage = |ix: &&SensorIx| {
            city.sensor(**ix).is_some_and(|s| s.id.parameter == Parameter::Stage && s.id.name.is_none())
        };
        let ix = station.sensors.iter().find(is_stage)?;
        let point = state.tracks.get(ix.at())?.series().at_or_before(sensors::time::Timestamp::MAX)?;
        let stage = point.value?;
        let curve = city.ratings.get(&station.id)?.at(point.measured_at)?;
        let rated = curve.rate(Stage::from_mm(stage.raw()));
        let quality = point.quality.or_worse(Quality::Estimated);
        Some(Self {
            station: station.id.to_string(),
            measured_at: Time(point.measured_at),
            stage: exact(stage, Parameter::Stage),
            discharge: exact(Value::from_raw(rated.discharge.l_per_s()), Parameter::Discharge),
            unit: Parameter::Discharge.unit(),
            bound: match rated.bound {
                Bound::Estimate => "estimate",
                Bound::AtLeast => "at_least",
                Bound::AtMost => "at_most",
            },
            quality: quality.as_str(),
            check: quality.check().map(Check::as_str),
            curve_valid_from: Time(curve.valid_from()),
        })
    }
}
