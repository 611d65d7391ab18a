//! What fell at a station: the usual windows, the rain day, the hyetograph.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::quality::Check;
use sensors::rain::{RainDay, WINDOWS, hyetograph, missing_permille};
use sensors::series::Accumulation;
use sensors::station::{Sensor, SensorIx, Station};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::answer::{self, Enveloped};
use super::form::{Time, exact};
use super::problem::Problem;
use super::query::{Query, Raw};
use super::station::{Id, named};
use crate::watch::snapshot::State as Running;

/// Steps of a hyetograph when nobody says otherwise: a day of hours.
const STEP_S: u64 = 3600;
const STEPS: u64 = 24;
/// The most steps of a hyetograph: three days of quarters of an hour.
const STEPS_MAX: u64 = 288;

/// What may be asked of the rain.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `show`")]
pub(crate) struct RainQuery {
    /// Length of a step of the hyetograph, seconds; an hour when absent.
    #[param(minimum = 60, maximum = 86_400)]
    step_s: Option<u32>,
    /// Number of steps; 24 when absent.
    #[param(minimum = 1, maximum = 288)]
    steps: Option<u32>,
}

/// What fell during a window.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SumForm {
    /// What surely fell, mm.
    #[schema(value_type = Option<f64>)]
    at_least: Option<serde_json::Number>,
    /// What fell at most, mm, in the part of the window that was measured; null where some is missing.
    #[schema(value_type = Option<f64>)]
    at_most: Option<serde_json::Number>,
    /// The part of the window, in thousandths, that no usable reading covers.
    missing_permille: u32,
    /// The worst judgement of the readings in it: good, unchecked, estimated, suspect or missing.
    quality: &'static str,
    /// The check that made it suspect.
    check: Option<&'static str>,
}

/// A sum over one of the usual windows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WindowForm {
    /// The length of the window, which ends at `to`.
    window_s: i64,
    #[serde(flatten)]
    sum: SumForm,
}

/// The rain of a rain day, which begins and ends at 19:00 on the city's clocks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayForm {
    /// What was measured then is of the day before.
    #[schema(value_type = String, format = DateTime)]
    begins: Time,
    /// Its last moment.
    #[schema(value_type = String, format = DateTime)]
    ends: Time,
    #[serde(flatten)]
    sum: SumForm,
}

/// One step of a hyetograph.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepForm {
    /// The end of the step.
    #[schema(value_type = String, format = DateTime)]
    to: Time,
    #[serde(flatten)]
    sum: SumForm,
}

/// The rain at a station.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StationRain {
    /// The station.
    station: String,
    /// The unit of every depth.
    unit: &'static str,
    /// Where the windows end: at the newest reading, or now where the gauge is late.
    #[schema(value_type = String, format = DateTime)]
    to: Time,
    /// 15 and 30 min, 1, 3, 6, 12, 24, 48 and 72 h.
    sums: Vec<WindowForm>,
    /// The rain day of `to`, so far.
    rain_day: DayForm,
    /// The last whole rain day.
    rain_day_before: DayForm,
    /// The length of a step of the hyetograph.
    step_s: i64,
    /// In order of time.
    hyetograph: Vec<StepForm>,
}

/// The rain at one station.
#[utoipa::path(
    get, path = "/api/v1/stations/{id}/rain", operation_id = "show_rain", tag = "stations",
    params(("id" = String, Path, description = "The station", example = "750061"), RainQuery),
    responses((status = 200, description = "The rain at the station", body = Enveloped<StationRain>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let (_, station) = named(state, &id)?;
    let mut query = Query::read(raw.as_deref(), &["step_s", "steps"]);
    let step_s = query.number("step_s", 60, 86_400).unwrap_or(STEP_S);
    let steps = query.number("steps", 1, STEPS_MAX).unwrap_or(STEPS);
    query.finish()?;
    let Some((sensor, track)) = gauge(state, station) else {
        return Err(Problem::unknown("rain gauge", &id, "/api/v1/stations tells who measures rainfall"));
    };
    let (step, steps) = (Span::from_s(step_s as i64), steps as u32);
    let rain = StationRain::of(state, (sensor, track), app.shared.clock.now(), step, steps);
    Ok(answer::json(&asked, app.envelope(&seen), &rain))
}

/// The rain gauge of a station.
pub(super) fn gauge<'a>(state: &'a Running, station: &Station) -> Option<(&'a Sensor, &'a Track)> {
    let rainfall = |ix: &&SensorIx| {
        state.plan.city.sensor(**ix).is_some_and(|sensor| sensor.id.parameter == Parameter::Rainfall)
    };
    let ix = station.sensors.iter().find(rainfall)?;
    Some((state.plan.city.sensor(*ix)?, state.tracks.get(ix.at())?))
}

/// Where the windows of a gauge end: at its newest reading; where that is older than its deadline, at
/// the last whole minute, so that the silence shows as missing.
pub(super) fn windows_end(sensor: &Sensor, track: &Track, now: Timestamp) -> Timestamp {
    let newest = track.series().newest().map(|point| point.measured_at);
    let minute = Span::from_min(1).ms();
    newest
        .filter(|newest| now.since(*newest) <= sensor.deadline.total())
        .unwrap_or(Timestamp::from_ms(now.ms().div_euclid(minute) * minute))
}

impl StationRain {
    fn of(
        state: &Running,
        (sensor, track): (&Sensor, &Track),
        now: Timestamp,
        step: Span,
        steps: u32,
    ) -> Self {
        let (series, to) = (track.series(), windows_end(sensor, track, now));
        let day = RainDay::of(to, state.plan.city.utc_offset_min);
        let told = |day: RainDay| {
            let window = Span::from_ms(to.min(day.ends()).since(day.begins()).ms());
            let sum = SumForm::of(&day.rain(series, to), window);
            DayForm { begins: Time(day.begins()), ends: Time(day.ends()), sum }
        };
        let sum = |window: &Span| WindowForm {
            window_s: window.whole_s(),
            sum: SumForm::of(&series.accumulation(to, *window), *window),
        };
        let hyetograph = hyetograph(series, to, step, steps);
        Self {
            station: sensor.id.station.to_string(),
            unit: Parameter::Rainfall.unit(),
            to: Time(to),
            sums: WINDOWS.iter().map(sum).collect(),
            rain_day: told(day),
            rain_day_before: told(day.before()),
            step_s: step.whole_s(),
            hyetograph: hyetograph
                .iter()
                .map(|one| StepForm { to: Time(one.to), sum: SumForm::of(&one.rain, step) })
                .collect(),
        }
    }
}

impl SumForm {
    /// A sum over a window.
    pub(super) fn of(sum: &Accumulation, window: Span) -> Self {
        let whole = sum.missing == Span::ZERO;
        Self {
            at_least: exact(sum.at_least, Parameter::Rainfall),
            at_most: exact(sum.at_most, Parameter::Rainfall).filter(|_| whole),
            missing_permille: missing_permille(sum.missing, window),
            quality: sum.quality.as_str(),
            check: sum.quality.check().map(Check::as_str),
        }
    }
}
