//! Officers' orders over HTTP: signed by a header, done by the writer, answered once durable.
//!
//! It checks the form of an order; whether it can be carried out is decided with everything else.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::station::{Sensor, SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::problem::{FieldError, Problem};
use super::query::{Query, Raw};
use super::station::Id;
use crate::event::Ordered;
use crate::order::{Act, Answer, Done, Entry, KEY_BYTES_MAX, NOTE_BYTES_MAX, OfficerId, Order};
use crate::watch::snapshot::Plan;

/// The header that names who signs.
const OFFICER: &str = "baolu-officer";
/// The header with the key of the order.
const KEY: &str = "idempotency-key";

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

/// What became of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedForm {
    /// `done`, or `repeated` where the very same order was done before.
    outcome: &'static str,
    /// Who signed.
    officer: String,
    /// How the signature was verified: `unverified_header` until identities are.
    signature: &'static str,
    /// The sensor.
    sensor: String,
    /// The quality of the reading that was entered.
    quality: Option<&'static str>,
    /// The check that made it suspect or rejected.
    check: Option<&'static str>,
}

/// Who signs, and the key of the order.
pub(crate) struct Signed {
    officer: String,
    key: Arc<str>,
}

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seen = app.seen();
        let officers = &seen.snapshot.state.plan.officers;
        if !officers.header_from_loopback {
            return Err(Problem::forbidden("nobody may order here: officers.toml does not say who signs"));
        }
        if !is_this_machine(&parts.headers) {
            let why =
                "orders are taken under the name localhost or an address only, never from a web page's name";
            return Err(Problem::forbidden(why));
        }
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let mut wrong = Vec::new();
        let officer = text(OFFICER).filter(|id| officers.named(id).is_some());
        if officer.is_none() {
            let listed: Vec<&str> = officers.roster.iter().map(|officer| officer.id.as_str()).collect();
            let allowed = format!("allowed are the officers of officers.toml: {}", listed.join(", "));
            wrong.push(FieldError::new(OFFICER, "names nobody who may sign", allowed));
        }
        let key = text(KEY).filter(|key| {
            !key.is_empty() && key.len() <= KEY_BYTES_MAX && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if key.is_none() {
            let allowed =
                format!("give each order its own key: 1 to {KEY_BYTES_MAX} visible ASCII characters");
            wrong.push(FieldError::new(KEY, "is missing or no key", allowed));
        }
        let json =
            text(header::CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/json"));
        if !json {
            wrong.push(FieldError::new("content-type", "is not JSON", "send application/json"));
        }
        match (officer, key) {
            (Some(officer), Some(key)) if wrong.is_empty() => {
                Ok(Self { officer: officer.to_owned(), key: key.into() })
            }
            _ => Err(Problem::fields(wrong)),
        }
    }
}

/// A page of another site that has bent its name to this machine still says its own name.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let authority = host.parse::<Authority>();
    let name = authority.as_ref().map_or(host, Authority::host);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

/// Enters a reading that a person took. It is judged like every other, but a silent gauge stays silent.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/entries", operation_id = "enter_reading", tag = "orders",
    params(
        ("id" = String, Path, description = "The station", example = "kim-long"),
        ("Baolu-Officer" = String, Header, description = "Who signs, an id of officers.toml"),
        ("Idempotency-Key" = String, Header, description = "The same key, the same order"),
    ),
    request_body = EntryForm,
    responses((status = 200, description = "It is durable and judged", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn enter(
    State(app): State<App>,
    Id(id): Id,
    signed: Signed,
    Raw(raw): Raw,
    body: Bytes,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let form: EntryForm = read(&body)?;
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let (ix, sensor) = sensor(plan, &id, &form.parameter, form.sensor.as_deref())?;
    let entry = entry(&form, ix, sensor)?;
    give(&app, plan, signed, form.note, Act::Enter(entry)).await
}

/// Says that a sensor was looked after, so that what was held against it ends.
#[utoipa::path(
    post, path = "/api/v1/stations/{id}/trust", operation_id = "trust_sensor", tag = "orders",
    params(
        ("id" = String, Path, description = "The station", example = "750063"),
        ("Baolu-Officer" = String, Header, description = "Who signs, an id of officers.toml"),
        ("Idempotency-Key" = String, Header, description = "The same key, the same order"),
    ),
    request_body = TrustForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn trust(
    State(app): State<App>,
    Id(id): Id,
    signed: Signed,
    Raw(raw): Raw,
    body: Bytes,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let form: TrustForm = read(&body)?;
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let (ix, _) = sensor(plan, &id, &form.parameter, form.sensor.as_deref())?;
    give(&app, plan, signed, Some(form.note), Act::Trust(ix)).await
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|why| {
        FieldError::new("body", format!("can't be read: {why}"), "/openapi.json says what it holds").into()
    })
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

/// Hands the order to the writer and waits until it is durable.
async fn give(
    app: &App,
    plan: &Plan,
    signed: Signed,
    note: Option<String>,
    act: Act,
) -> Result<Response, Problem> {
    if note.as_ref().is_some_and(|note| note.len() > NOTE_BYTES_MAX) {
        return Err(FieldError::new("note", "is too long", format!("at most {NOTE_BYTES_MAX} bytes")).into());
    }
    let order = Arc::new(Order { actor: OfficerId::new(&signed.officer), key: signed.key, note, act });
    let sensor = plan.city.sensor(order.sensor()).map(|sensor| sensor.id.to_string()).unwrap_or_default();
    let (reply, answered) = oneshot::channel();
    let waiting = "orders wait already, or the service stops; send it again with the same key";
    app.shared.orders.try_send(Ordered { order, reply }).map_err(|_| Problem::busy(waiting))?;
    let gone = "the service stopped before it was durable; send it again with the same key";
    let answer = answered.await.map_err(|_| Problem::busy(gone))?;
    let (outcome, quality) = match answer {
        Answer::Done(Done::Entered(quality)) => ("done", Some(quality)),
        Answer::Done(Done::Trusted) => ("done", None),
        Answer::Repeated => ("repeated", None),
        Answer::Refused(why) => return Err(Problem::refused(why.to_string())),
    };
    let form = OrderedForm {
        outcome,
        officer: signed.officer,
        signature: "unverified_header",
        sensor,
        quality: quality.map(sensors::quality::Quality::as_str),
        check: quality.and_then(sensors::quality::Quality::check).map(sensors::quality::Check::as_str),
    };
    Ok(answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &form))
}
