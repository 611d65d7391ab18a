//! Orders about one sensor: a reading that a person took, and a gauge that was looked after.

use axum::extract::State;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::{Sensor, SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

use super::said::New;
use super::{OrderedForm, give};
use crate::order::{Act, Entry};
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::problem::{FieldError, Problem};
use crate::serve::station::Id;
use crate::watch::snapshot::Plan;

/// A reading that a person took, as from a staff gauge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntryForm {
    /// What was read.
    #[schema(examples("stage"))]
    parameter: String,
    /// The sensor's name where the station measures the parameter twice.
    sensor: Option<String>,
    /// The number, in `unit`.
    #[schema(examples(3.02))]
    value: f64,
    /// The parameter's unit; said so that metres are not taken for millimetres.
    #[schema(examples("m"))]
    unit: String,
    /// When it was read, RFC 3339 with an offset; for a depth, the end of its interval. It must be said, so
    /// that a repetition is known as one.
    #[schema(format = DateTime)]
    measured_at: String,
    /// Seconds that a depth covers.
    period_s: Option<u32>,
    /// What for, in the officer's words.
    note: Option<String>,
}

/// A sensor that was looked after.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrustForm {
    /// What it measures.
    parameter: String,
    /// The sensor's name where the station measures the parameter twice.
    sensor: Option<String>,
    /// What was done about it.
    note: String,
}

/// Enters a reading that a person took. It is judged like every other, but a silent gauge stays silent.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/entries", operation_id = "enter_reading", tag = "orders",
    params(("id" = String, Path, description = "The station", example = "kim-long")),
    request_body = EntryForm,
    responses((status = 200, description = "It is durable and judged", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn enter(
    State(app): State<App>,
    Id(id): Id,
    New { signed, form }: New<EntryForm>,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let (ix, sensor) = sensor(plan, &id, &form.parameter, form.sensor.as_deref())?;
    let entry = entry(&form, ix, sensor)?;
    give(&app, signed, form.note, Act::Enter(entry)).await
}

/// Says that a sensor was looked after, so that what was held against it ends.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/trust", operation_id = "trust_sensor", tag = "orders",
    params(("id" = String, Path, description = "The station", example = "750063")),
    request_body = TrustForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn trust(
    State(app): State<App>,
    Id(id): Id,
    New { signed, form }: New<TrustForm>,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let (ix, _) = sensor(plan, &id, &form.parameter, form.sensor.as_deref())?;
    give(&app, signed, Some(form.note), Act::Trust(ix)).await
}

fn sensor<'p>(
    plan: &'p Plan,
    station: &str,
    parameter: &str,
    name: Option<&str>,
) -> Result<(SensorIx, &'p Sensor), Problem> {
    let id = StationId::new(station);
    let Some((_, found)) = plan.city.station_named(&id) else {
        return Err(Problem::unknown("station", station, "/api/v1/stations lists every station"));
    };
    let parameter: Parameter = parameter.parse().map_err(|why: sensors::parameter::UnknownParameter| {
        FieldError::new("parameter", why.to_string(), "give one of them")
    })?;
    let id = SensorId { station: id, parameter, name: name.map(Arc::from) };
    let ix = plan.city.sensor_named(&id).and_then(|ix| Some((ix, plan.city.sensor(ix)?)));
    ix.ok_or_else(|| {
        let has = found.sensors.iter().filter_map(|ix| plan.city.sensor(*ix));
        let has: Vec<String> = has.map(|sensor| sensor.id.to_string()).collect();
        FieldError::new("parameter", format!("there is no {id}"), format!("it has {}", has.join(", "))).into()
    })
}

fn entry(form: &EntryForm, ix: SensorIx, sensor: &Sensor) -> Result<Entry, Problem> {
    let parameter = sensor.id.parameter;
    let mut wrong = Vec::new();
    if form.unit != parameter.unit() {
        let allowed = format!("{parameter} is entered in {}", parameter.unit());
        wrong.push(FieldError::new("unit", format!("{:?} is not its unit", form.unit), allowed));
    }
    let value = Value::from_unit(parameter, form.value);
    if value.is_err() {
        wrong.push(FieldError::new("value", "no gauge could mean that number", "give what was read"));
    }
    let measured_at = Timestamp::parse_rfc3339(&form.measured_at);
    if measured_at.is_err() {
        let allowed = "write RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00";
        wrong.push(FieldError::new("measured_at", "is no time", allowed));
    }
    let period = form.period_s.filter(|s| (1..=86_400).contains(s));
    if parameter.is_depth_over_interval() != period.is_some() || form.period_s.is_some() != period.is_some() {
        let allowed = "allowed are 1 to 86400 seconds, for a depth only, and a depth needs them";
        wrong.push(FieldError::new("period_s", "does not fit the parameter", allowed));
    }
    match (value, measured_at) {
        (Ok(value), Ok(measured_at)) if wrong.is_empty() => {
            let from = period.map(|s| measured_at.minus(Span::from_s(i64::from(s))));
            Ok(Entry { sensor: ix, measured_at, from, value })
        }
        _ => Err(Problem::fields(wrong)),
    }
}
