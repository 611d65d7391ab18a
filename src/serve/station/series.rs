//! The readings of one sensor over a time, page by page, as known now or as known then.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::station::{SensorId, Station};
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Id, named};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::cursor::SeriesCursor;
use crate::serve::form::{ReadingForm, Time};
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};
use crate::store::commit::Seq;
use crate::store::read::PAGE_MAX;
use crate::watch::snapshot::State as Running;

/// Readings on a page when nobody says otherwise.
const LIMIT_DEFAULT: u64 = 1000;
/// The time before `to` that is shown when nobody says otherwise.
const RANGE_DEFAULT: Span = Span::from_h(24);
const KEYS: [&str; 7] = ["parameter", "sensor", "from", "to", "known_at", "limit", "cursor"];

/// What may be asked of a series.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `Asked::read`")]
pub(crate) struct SeriesQuery {
    /// What was measured, as `stage`.
    #[param(example = "stage")]
    parameter: String,
    /// The sensor's name; required where the station measures the parameter twice.
    sensor: Option<String>,
    /// The first event time, RFC 3339 with an offset; 24 h before `to` when absent.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The event time before which the series ends, RFC 3339 with an offset; now when absent.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only what was known by then: a time (RFC 3339 with an offset), or the `seq` of an answer.
    known_at: Option<String>,
    /// Readings on a page.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
    /// The `next` of the page before, with everything else as before.
    cursor: Option<String>,
}

/// A page of a series.
#[derive(Serialize, ToSchema)]
pub(crate) struct Series {
    /// The station.
    station: String,
    /// What was measured.
    parameter: &'static str,
    /// The sensor's name where the station measures the parameter twice.
    sensor: Option<String>,
    /// The first event time.
    #[schema(value_type = String, format = DateTime)]
    from: Time,
    /// The event time before which the series ends.
    #[schema(value_type = String, format = DateTime)]
    to: Time,
    /// The commit whose knowledge is shown.
    known_at: u64,
    /// In event-time order, the newest known revision of each time.
    readings: Vec<ReadingForm>,
    /// Give it back as `cursor` for the next page; null on the last one.
    next: Option<String>,
}

/// A question that makes sense.
struct Asked {
    sensor: SensorId,
    from: Timestamp,
    to: Timestamp,
    known_at: Option<KnownAt>,
    limit: usize,
    cursor: Option<SeriesCursor>,
}

/// The state of knowledge that is asked for.
#[derive(Clone, Copy)]
enum KnownAt {
    Seq(Seq),
    Time(Timestamp),
}

/// The readings of one sensor in `[from, to)`, in event-time order.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/series", operation_id = "list_series", tag = "stations",
    params(("id" = String, Path, description = "The station", example = "kim-long"), SeriesQuery),
    responses((status = 200, description = "A page of the series", body = Enveloped<Series>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    Raw(raw): Raw,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let (_, station) = named(state, &id)?;
    let mut query = Query::read(raw.as_deref(), &KEYS);
    let asked = Asked::read(&mut query, state, station, app.shared.clock.now(), seen.snapshot.seq);
    query.finish()?;
    let Some(asked) = asked else { return Err(Problem::failed()) };

    let newest = seen.snapshot.seq;
    let Asked { sensor, from, to, known_at, limit, cursor } = asked;
    let wanted = sensor.clone();
    let (known_at, page) = app
        .read(place, move |reader| {
            let known_at = match (cursor, known_at) {
                (Some(cursor), _) => cursor.known_at,
                (None, Some(KnownAt::Seq(seq))) => seq,
                (None, Some(KnownAt::Time(at))) => reader.seq_at(at)?.min(newest),
                (None, None) => newest,
            };
            let after = cursor.map(|cursor| cursor.measured_at);
            Ok((known_at, reader.series(&wanted, (from, to), Some(known_at), after, limit)?))
        })
        .await?;
    let series = Series {
        station: sensor.station.to_string(),
        parameter: sensor.parameter.as_str(),
        sensor: sensor.name.as_deref().map(str::to_owned),
        from: Time(from),
        to: Time(to),
        known_at: known_at.0,
        readings: page
            .items
            .iter()
            .map(|reading| ReadingForm::of_stored(sensor.parameter, reading))
            .collect(),
        next: page.next.map(|measured_at| SeriesCursor { measured_at, known_at }.to_text()),
    };
    Ok(answer::json(&headers, app.envelope(&seen), &series))
}

impl Asked {
    /// Reads the question; every mistake is noted in the query.
    fn read(
        query: &mut Query,
        state: &Running,
        station: &Station,
        now: Timestamp,
        newest: Seq,
    ) -> Option<Self> {
        let sensor = sensor_of(query, state, station);
        let to = query.time("to").unwrap_or(now);
        let from = query.time("from").unwrap_or_else(|| to.minus(RANGE_DEFAULT));
        if from >= to {
            query.refuse("from", format!("{from} is not before {to}"), "from must be before to");
        }
        let known_at = if query.text("known_at").is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()))
        {
            query.number("known_at", 0, newest.0).map(|seq| KnownAt::Seq(Seq(seq)))
        } else {
            query.time("known_at").map(KnownAt::Time)
        };
        let limit = query.number("limit", 1, PAGE_MAX as u64).unwrap_or(LIMIT_DEFAULT) as usize;
        let cursor = query.parsed("cursor", |text| {
            let cursor = SeriesCursor::from_text(text).filter(|cursor| cursor.known_at <= newest);
            cursor.ok_or_else(|| {
                let allowed = "the next of an earlier page, as it was given";
                ("is no cursor of a series".to_owned(), allowed.to_owned())
            })
        });
        Some(Self { sensor: sensor?, from, to, known_at, limit, cursor })
    }
}

fn sensor_of(query: &mut Query, state: &Running, station: &Station) -> Option<SensorId> {
    let sensors: Vec<&SensorId> =
        station.sensors.iter().filter_map(|ix| Some(&state.plan.city.sensor(*ix)?.id)).collect();
    let mut measured: Vec<&str> = sensors.iter().map(|id| id.parameter.as_str()).collect();
    measured.dedup();
    let allowed = format!("{} measures {}", station.id, measured.join(", "));
    if query.text("parameter").is_none() {
        query.refuse("parameter", "is missing", allowed);
        return None;
    }
    let parameter: Parameter = query.parsed("parameter", |text| {
        let known = text
            .parse()
            .map_err(|why: sensors::parameter::UnknownParameter| (why.to_string(), allowed.clone()))?;
        if measured.contains(&text) {
            Ok(known)
        } else {
            Err((format!("{text} is not measured here"), allowed))
        }
    })?;
    let name = query.text("sensor").map(str::to_owned);
    let of_parameter: Vec<&&SensorId> = sensors.iter().filter(|id| id.parameter == parameter).collect();
    let found = match (&name, of_parameter.as_slice()) {
        (None, [only]) => Some(*only),
        _ => of_parameter.iter().find(|id| id.name.as_deref() == name.as_deref()).copied(),
    };
    if found.is_none() {
        let names: Vec<&str> = of_parameter.iter().map(|id| id.name.as_deref().unwrap_or("(none)")).collect();
        query.refuse(
            "sensor",
            "names no sensor of that parameter",
            format!("allowed are {}", names.join(", ")),
        );
    }
    found.map(|id| (*id).clone())
}
