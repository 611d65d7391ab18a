//! Reservoirs: pool, storage, inflow as told and as computed, release, the time until they are full.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::quantity::{Discharge, Elevation, Value, Volume};
use sensors::reservoir::{Balance, Flow, Gauges, Reservoir, balance, total_release};
use sensors::series::Series;
use sensors::station::{SensorIx, Station, StationId};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::form::{ReadingForm, Time, exact};
use super::problem::Problem;
use super::query::NoQuery;
use super::station::Id;
use crate::watch::snapshot::State as Running;

/// A release that was told longer ago is not shown as the present one.
const RELEASE_STANDS: Span = Span::from_h(6);

/// Every dam.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reservoirs {
    /// In the order of the stations.
    reservoirs: Vec<ReservoirForm>,
}

/// A dam and its reservoir.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReservoirForm {
    /// The station.
    station: String,
    /// Its name as residents know it.
    name: String,
    /// The pool level that was last told.
    pool_level: Option<ReadingForm>,
    /// The normal pool level, m; null where it is not configured.
    #[schema(value_type = Option<f64>)]
    normal_m: Option<serde_json::Number>,
    /// What is stored; null where neither the curve nor the operator tells it.
    storage: Option<StorageForm>,
    /// The inflow as the operator last told it.
    inflow: Option<ReadingForm>,
    /// What is let into the river in all.
    release: Option<ReleaseForm>,
    /// What came in by the balance of storage and release; null where too little is known.
    balance: Option<BalanceForm>,
    /// How long until the normal pool level at the pace of the balance; null where the pool does not
    /// surely rise.
    time_to_normal: Option<TimeForm>,
}

/// What a reservoir holds.
#[derive(Serialize, ToSchema)]
pub(crate) struct StorageForm {
    /// The volume.
    #[schema(value_type = Option<f64>)]
    value: Option<serde_json::Number>,
    /// Its unit.
    unit: &'static str,
    /// `curve`: by the pool level and the configured curve; `told`: by the operator.
    by: &'static str,
    /// When the pool level or the storage was measured.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Time,
    /// Of what is stored at the normal pool level, in thousandths.
    permille_of_normal: Option<i64>,
}

/// What a dam lets into the river.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReleaseForm {
    /// The total to the river.
    #[schema(value_type = Option<f64>)]
    value: Option<serde_json::Number>,
    /// Its unit.
    unit: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    measured_at: Time,
    /// good, unchecked, estimated or suspect.
    quality: &'static str,
    /// Whether it is the sum of spill and turbine discharge, because no total was told.
    derived: bool,
    /// Whether a part of that sum is not known.
    at_least: bool,
}

/// What came in, by what was stored and let out.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceForm {
    /// Where the window begins.
    #[schema(value_type = String, format = DateTime)]
    from: Time,
    /// Where it ends.
    #[schema(value_type = String, format = DateTime)]
    to: Time,
    /// The unit of every discharge.
    unit: &'static str,
    /// The mean inflow by the balance.
    #[schema(value_type = Option<f64>)]
    inflow: Option<serde_json::Number>,
    /// How far it may be off, either way: by the steps of the pool level and the changes of the release.
    #[schema(value_type = Option<f64>)]
    error: Option<serde_json::Number>,
    /// Whether the inflow is "at least", because the release is.
    at_least: bool,
    /// The mean release.
    #[schema(value_type = Option<f64>)]
    release: Option<serde_json::Number>,
    /// Whether the release is a sum of its parts.
    release_derived: bool,
    /// What the reservoir gained, Mm3.
    #[schema(value_type = Option<f64>)]
    gained: Option<serde_json::Number>,
    /// The mean of the inflow that was told.
    #[schema(value_type = Option<f64>)]
    told: Option<serde_json::Number>,
    /// Told minus computed.
    #[schema(value_type = Option<f64>)]
    difference: Option<serde_json::Number>,
    /// Whether they differ by more than both may be off; null where nothing was told.
    disagrees: Option<bool>,
}

/// How long something takes at the present pace.
#[derive(Serialize, ToSchema)]
pub(crate) struct TimeForm {
    /// By the error of the pace, at the earliest.
    earliest_s: i64,
    /// As computed.
    likely_s: i64,
}

/// Every dam and its reservoir.
#[utoipa::path(
    get, path = "/api/v1/reservoirs", operation_id = "list_reservoirs", tag = "reservoirs",
    responses((status = 200, description = "Every dam", body = Enveloped<Reservoirs>))
)]
pub(crate) async fn list(State(app): State<App>, _: NoQuery, asked: HeaderMap) -> Result<Response, Problem> {
    let seen = app.seen();
    let (state, now) = (&seen.snapshot.state, app.shared.clock.now());
    let dams = state.plan.city.stations.iter().filter_map(|station| Dam::of(state, station));
    let reservoirs = dams.map(|dam| dam.form(now)).collect();
    Ok(answer::json(&asked, app.envelope(&seen), &Reservoirs { reservoirs }))
}

/// One dam and its reservoir.
#[utoipa::path(
    get, path = "/api/v1/reservoirs/{id}", operation_id = "show_reservoir", tag = "reservoirs",
    params(("id" = String, Path, description = "The dam", example = "binh-dien")),
    responses((status = 200, description = "The dam", body = Enveloped<ReservoirForm>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let station = state.plan.city.station_named(&StationId::new(&id));
    let Some(dam) = station.and_then(|(_, station)| Dam::of(state, station)) else {
        return Err(Problem::unknown("reservoir", &id, "/api/v1/reservoirs lists every dam"));
    };
    Ok(answer::json(&asked, app.envelope(&seen), &dam.form(app.shared.clock.now())))
}

/// A station with a pool level or a release, and what it says.
struct Dam<'a> {
    state: &'a Running,
    station: &'a Station,
    reservoir: Option<&'a Reservoir>,
}

impl<'a> Dam<'a> {
    fn of(state: &'a Running, station: &'a Station) -> Option<Self> {
        let dam = Self { state, station, reservoir: state.plan.city.reservoir(&station.id) };
        let is_dam = dam.sensor(Parameter::PoolLevel).or(dam.sensor(Parameter::Release)).is_some();
        is_dam.then_some(dam)
    }

    fn sensor(&self, parameter: Parameter) -> Option<SensorIx> {
        let city = &self.state.plan.city;
        let measures = |ix: &&SensorIx| city.sensor(**ix).is_some_and(|s| s.id.parameter == parameter);
        self.station.sensors.iter().find(measures).copied()
    }

    fn track(&self, parameter: Parameter) -> Option<&'a Track> {
        self.state.tracks.get(self.sensor(parameter)?.at()).map(AsRef::as_ref)
    }

    fn series(&self, parameter: Parameter) -> Option<&'a Series> {
        self.track(parameter).map(Track::series)
    }

    fn latest(&self, parameter: Parameter) -> Option<ReadingForm> {
        let sensor = self.state.plan.city.sensor(self.sensor(parameter)?)?;
        let track = self.track(parameter)?;
        Some(ReadingForm::of(sensor, track.latest()?, track.series()))
    }

    /// What is stored, by what, and when that was measured.
    fn stored(&self, now: Timestamp) -> Option<(Volume, &'static str, Timestamp)> {
        let newest = |parameter| self.series(parameter)?.at_or_before(now);
        let by_curve = || {
            let pool = newest(Parameter::PoolLevel)?;
            let curve = self.reservoir?.curve.as_ref()?;
            Some((curve.storage(Elevation::from_mm(pool.value?.raw()))?, "curve", pool.measured_at))
        };
        let told = || {
            let told = newest(Parameter::Storage)?;
            Some((Volume::from_m3(told.value?.raw()), "told", told.measured_at))
        };
        by_curve().or_else(told)
    }

    fn balance(&self, now: Timestamp) -> Option<Balance> {
        let gauges = Gauges {
            pool_level: self.series(Parameter::PoolLevel),
            inflow: self.series(Parameter::Inflow),
            release: self.series(Parameter::Release),
            spill: self.series(Parameter::Spill),
            turbine_discharge: self.series(Parameter::TurbineDischarge),
        };
        balance(self.reservoir?, &gauges, now)
    }

    fn release(&self, now: Timestamp) -> Option<Flow> {
        let parts = (self.series(Parameter::Spill), self.series(Parameter::TurbineDischarge));
        total_release(self.series(Parameter::Release), parts, now.minus(RELEASE_STANDS), now).pop()
    }

    fn form(&self, now: Timestamp) -> ReservoirForm {
        let normal = self.reservoir.and_then(|reservoir| reservoir.normal);
        let stored = self.stored(now);
        let balance = self.balance(now);
        let full = || balance?.time_to_store(stored?.0, normal?.1);
        ReservoirForm {
            station: self.station.id.to_string(),
            name: self.station.name.clone(),
            pool_level: self.latest(Parameter::PoolLevel),
            normal_m: normal.and_then(|n| exact(Value::from_raw(n.0.mm()), Parameter::PoolLevel)),
            storage: stored.map(|(volume, by, at)| StorageForm {
                value: exact(Value::from_raw(volume.m3()), Parameter::Storage),
                unit: Parameter::Storage.unit(),
                by,
                measured_at: Time(at),
                permille_of_normal: normal.and_then(|n| (volume.m3() * 1000).checked_div(n.1.m3())),
            }),
            inflow: self.latest(Parameter::Inflow),
            release: self.release(now).map(|flow| ReleaseForm::of(&flow)),
            time_to_normal: full().map(|(earliest, likely)| TimeForm {
                earliest_s: earliest.whole_s(),
                likely_s: likely.whole_s(),
            }),
            balance: balance.map(|balance| BalanceForm::of(&balance)),
        }
    }
}

fn told(discharge: Discharge) -> Option<serde_json::Number> {
    exact(Value::from_raw(discharge.l_per_s()), Parameter::Discharge)
}

impl ReleaseForm {
    fn of(flow: &Flow) -> Self {
        Self {
            value: told(flow.discharge),
            unit: Parameter::Release.unit(),
            measured_at: Time(flow.at),
            quality: flow.quality.as_str(),
            derived: flow.derived,
            at_least: flow.at_least,
        }
    }
}

impl BalanceForm {
    fn of(balance: &Balance) -> Self {
        Self {
            from: Time(balance.from),
            to: Time(balance.to),
            unit: Parameter::Inflow.unit(),
            inflow: told(balance.inflow),
            error: told(balance.error),
            at_least: balance.at_least,
            release: told(balance.release),
            release_derived: balance.release_derived,
            gained: exact(Value::from_raw(balance.gained.m3()), Parameter::Storage),
            told: balance.reported.and_then(|reported| told(reported.inflow)),
            difference: balance.reported.and_then(|reported| told(reported.difference)),
            disagrees: balance.reported.map(|reported| reported.disagrees),
        }
    }
}
