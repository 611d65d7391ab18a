//! Basins: the mean rain over them, whose gauges speak, and how wet they are.

pub(crate) mod wetness;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::place::{Basin, BasinId};
use sensors::quality::Check;
use sensors::rain::{BasinMean, RainDay, WINDOWS, basin_mean, leaves};
use sensors::series::Accumulation;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::form::{Time, exact};
use super::guard::Place;
use super::problem::Problem;
use super::query::NoQuery;
use super::rain::{SumForm, windows_end};
use super::station::Id;
use crate::watch::snapshot::State as Running;
use wetness::{BasinWetness, WetnessForm};

/// Every basin.
#[derive(Serialize, ToSchema)]
pub(crate) struct Basins {
    /// In the order of configuration.
    basins: Vec<BasinForm>,
}

/// A basin with its mean rain.
#[derive(Serialize, ToSchema)]
pub(crate) struct BasinForm {
    /// Its id.
    id: String,
    /// Its name as residents know it.
    name: String,
    /// Its area.
    area_km2: f64,
    /// The unit of every depth.
    unit: &'static str,
    /// 15 and 30 min, 1, 3, 6, 12, 24, 48 and 72 h; each gauge's window ends at its newest reading.
    means: Vec<MeanForm>,
}

/// A mean over one of the usual windows.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeanForm {
    /// The length of the window.
    window_s: i64,
    /// Of what surely fell at the gauges that speak, mm.
    #[schema(value_type = Option<f64>)]
    at_least: Option<serde_json::Number>,
    /// Of what fell there at most, mm; null where one of them has gaps.
    #[schema(value_type = Option<f64>)]
    at_most: Option<serde_json::Number>,
    /// The part of the basin, in thousandths, whose nearest gauge speaks; with less than 500 the mean is
    /// not to be trusted.
    speaking_permille: u32,
    /// The worst judgement in it; missing where no gauge speaks.
    quality: &'static str,
    /// The check that made it suspect.
    check: Option<&'static str>,
    /// The gauges that are left out: silent, with more than a tenth missing, or doubted for showing too
    /// little. Their neighbours stand for them.
    left_out: Vec<String>,
}

/// A basin with its gauges.
#[derive(Serialize, ToSchema)]
pub(crate) struct BasinDetail {
    #[serde(flatten)]
    basin: BasinForm,
    /// In the order of configuration.
    gauges: Vec<GaugeForm>,
    /// How wet the basin is by the rain of earlier days.
    wetness: WetnessForm,
}

/// A gauge of a basin.
#[derive(Serialize, ToSchema)]
pub(crate) struct GaugeForm {
    /// The station.
    station: String,
    /// The part of the basin that is nearest to it, in thousandths.
    share_permille: u32,
    /// The part that it stands for now, in thousandths, by the last hour; 0 where it is left out.
    share_now_permille: u32,
    /// What fell there in 24 h.
    sum_24h: SumForm,
    /// How wet it is there by the rain of earlier days.
    wetness: WetnessForm,
}

/// Every basin with its mean rain.
#[utoipa::path(
    get, path = "/api/v1/basins", operation_id = "list_basins", tag = "basins",
    responses((status = 200, description = "Every basin", body = Enveloped<Basins>))
)]
pub(crate) async fn list(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let (state, now) = (&seen.snapshot.state, app.shared.clock.now());
    let basins = state.plan.city.basins.iter().map(|basin| BasinForm::of(state, basin, now)).collect();
    Ok(answer::json(&asked, app.envelope(&seen), &Basins { basins }))
}

/// One basin with its gauges and its wetness.
#[utoipa::path(
    get, path = "/api/v1/basins/{id}", operation_id = "show_basin", tag = "basins",
    params(("id" = String, Path, description = "The basin", example = "huong")),
    responses((status = 200, description = "The basin", body = Enveloped<BasinDetail>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let (state, now) = (&seen.snapshot.state, app.shared.clock.now());
    let basin = state.plan.city.basin(&BasinId::new(&id));
    let Some(basin) = basin else {
        return Err(Problem::unknown("basin", &id, "/api/v1/basins lists every basin"));
    };
    let day = RainDay::of(now, state.plan.city.utc_offset_min).before();
    let wetness = app.wetness(place, state, basin, day).await?;
    Ok(answer::json(&asked, app.envelope(&seen), &BasinDetail::of(state, basin, now, &wetness)))
}

/// What fell at a basin's gauges, by their places.
fn sums(state: &Running, basin: &Basin, now: Timestamp, window: Span) -> Vec<Option<Accumulation>> {
    let sum = |ix: &SensorIx| {
        let (sensor, track) = (state.plan.city.sensor(*ix)?, state.tracks.get(ix.at())?);
        Some(track.series().accumulation(windows_end(sensor, track, now), window))
    };
    basin.gauges().iter().map(sum).collect()
}

fn station_of(state: &Running, ix: SensorIx) -> String {
    state.plan.city.sensor(ix).map(|sensor| sensor.id.station.to_string()).unwrap_or_default()
}

impl BasinForm {
    fn of(state: &Running, basin: &Basin, now: Timestamp) -> Self {
        let mean = |window: &Span| {
            let sums = sums(state, basin, now, *window);
            let out = basin
                .gauges()
                .iter()
                .zip(&sums)
                .filter(|(_, sum)| sum.as_ref().is_none_or(|sum| leaves(sum, *window)));
            let left_out = out.map(|(ix, _)| station_of(state, *ix)).collect();
            MeanForm::of(&basin_mean(&basin.rain, &sums, *window), *window, left_out)
        };
        Self {
            id: basin.id.to_string(),
            name: basin.name.clone(),
            area_km2: basin.area_km2,
            unit: Parameter::Rainfall.unit(),
            means: WINDOWS.iter().map(mean).collect(),
        }
    }
}

impl MeanForm {
    fn of(mean: &BasinMean, window: Span, left_out: Vec<String>) -> Self {
        Self {
            window_s: window.whole_s(),
            at_least: exact(mean.at_least, Parameter::Rainfall),
            at_most: mean.at_most.and_then(|most| exact(most, Parameter::Rainfall)),
            speaking_permille: mean.speaking_permille,
            quality: mean.quality.as_str(),
            check: mean.quality.check().map(Check::as_str),
            left_out,
        }
    }
}

impl BasinDetail {
    fn of(state: &Running, basin: &Basin, now: Timestamp, wetness: &BasinWetness) -> Self {
        let (hour, day) = (Span::from_h(1), Span::from_h(24));
        let present = basin_mean(&basin.rain, &sums(state, basin, now, hour), hour).weights;
        let (own, days) = (basin.rain.full_weights(), sums(state, basin, now, day));
        let permille = |weights: &[u32], place: usize| {
            let weight = weights.get(place).copied().unwrap_or_default();
            (u64::from(weight) * 1000 / u64::from(basin.rain.total().max(1))) as u32
        };
        let gauge = |(place, ix): (usize, &SensorIx)| {
            Some(GaugeForm {
                station: station_of(state, *ix),
                share_permille: permille(&own, place),
                share_now_permille: permille(&present, place),
                sum_24h: SumForm::of(days.get(place)?.as_ref()?, day),
                wetness: WetnessForm::of(wetness, wetness.gauges.get(place)?),
            })
        };
        Self {
            gauges: basin.gauges().iter().enumerate().filter_map(gauge).collect(),
            wetness: WetnessForm::of(wetness, &wetness.basin),
            basin: BasinForm::of(state, basin, now),
        }
    }
}

impl WetnessForm {
    fn of(all: &BasinWetness, wetness: &sensors::rain::Wetness) -> Self {
        Self {
            at_least: exact(wetness.at_least, Parameter::Rainfall),
            until: Time(all.day.ends()),
            days: wetness.days,
            days_missing: wetness.days_missing,
            recession_permille: all.recession.permille(),
        }
    }
}
