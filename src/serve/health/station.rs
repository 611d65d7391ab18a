//! The health of every station: contact, completeness, clocks, power, flags, what fell silent together,
//! and how blind each zone is.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sensors::parameter::Parameter;
use sensors::station::{SensorId, SensorIx, Station, StationIx};
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{LineForm, lines};
use crate::event::StationState;
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::form::{Time, exact};
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::serve::query::NoQuery;
use crate::store::read::vitals::{Silences, Vitals};
use crate::watch::sight::{self, blind, blindness, causes};
use crate::watch::snapshot::State as Running;

/// Over what time completeness, delays and flags are taken.
const DAY: Span = Span::from_h(24);
/// Over what time silences are counted.
const MONTH: Span = Span::from_h(30 * 24);
/// A middle delay beyond this, either way, is the clock's and not the way's.
const DELAY_MAX: Span = Span::from_min(15);
/// Ahead of us by more than this is the clock's: nothing arrives before it was measured.
const AHEAD: Span = Span::from_s(2);

/// How well the city is seen.
#[derive(Serialize, ToSchema)]
pub(crate) struct StationsHealth {
    /// Every station, in the order of configuration.
    stations: Vec<StationHealth>,
    /// What stations that are silent now have in common, what explains most first.
    causes: Vec<CauseForm>,
    /// How blind we are in each zone.
    zones: Vec<ZoneForm>,
    /// Of the silences of the last 30 days that are over, the share in which the gauge had measured all
    /// the while: its way was cut, not the gauge. Null where none is over.
    false_silence_rate: Option<f64>,
}

/// A station.
#[derive(Serialize, ToSchema)]
pub(crate) struct StationHealth {
    /// Its id.
    id: String,
    /// Its name as residents know it.
    name: String,
    /// The lines it is reached over that were ever heard of.
    lines: Vec<LineForm>,
    /// The carrier of its modem, where configured.
    carrier: Option<String>,
    /// The feeder of its mains, where configured.
    power: Option<String>,
    /// What it, or what stands before it, last said of its connection; null where nothing says so.
    presence: Option<PresenceForm>,
    /// Whether it is in maintenance: staff are not told of its silence.
    in_maintenance: bool,
    /// When a sensor of it last gave a new usable value.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_contact: Option<Time>,
    /// Battery, V.
    #[schema(value_type = Option<f64>)]
    battery_v: Option<serde_json::Number>,
    /// Battery, per cent.
    #[schema(value_type = Option<f64>)]
    battery_percent: Option<serde_json::Number>,
    /// Signal, dBm.
    #[schema(value_type = Option<f64>)]
    signal_dbm: Option<serde_json::Number>,
    /// How often it was called silent in 30 days.
    silences_30d: u64,
    /// In how many of them that are over it had measured all the while.
    false_silences_30d: u64,
    /// Its sensors.
    sensors: Vec<SensorHealth>,
}

/// What is said of a station's connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresenceForm {
    /// Whether it is said to be there.
    online: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

/// A sensor over the last 24 hours.
#[derive(Serialize, ToSchema)]
pub(crate) struct SensorHealth {
    /// What it measures.
    parameter: &'static str,
    /// Its name where the station measures the parameter twice.
    sensor: Option<String>,
    /// Why it shows nothing of its water now; null while it sees.
    blind: Option<&'static str>,
    /// When it last gave a new usable value.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_contact: Option<Time>,
    /// The share of its intervals with a usable value, 0 to 1.
    completeness: f64,
    /// Readings, revisions not counted.
    readings: u64,
    /// Of them without a value.
    missing: u64,
    /// The middle of what its newest readings took from measurement to arrival, seconds.
    delay_s: Option<f64>,
    /// How far its clock is ahead of ours (behind, where negative), where the delay can be nothing else.
    clock_offset_s: Option<f64>,
    /// Readings that are not good, by check.
    flags: BTreeMap<&'static str, u64>,
}

/// What silent stations have in common.
#[derive(Serialize, ToSchema)]
pub(crate) struct CauseForm {
    /// `line`, `carrier` or `power`.
    kind: &'static str,
    /// Its name in the configuration.
    name: String,
    /// The silent stations that share it.
    stations: Vec<String>,
    /// How many share it altogether.
    of: usize,
    /// Since when the first of them is silent.
    #[schema(value_type = String, format = DateTime)]
    since: Time,
}

/// A zone.
#[derive(Serialize, ToSchema)]
pub(crate) struct ZoneForm {
    /// Its id.
    zone: String,
    /// 0: everything that could warn it sees; 1: nothing does. Alerts weigh by their greatest severity.
    blindness: f64,
    /// How many sensors watch over it.
    watching: usize,
    /// Those of them that are blind, each with its reason.
    blind: Vec<BlindForm>,
}

/// A blind sensor.
#[derive(Serialize, ToSchema)]
pub(crate) struct BlindForm {
    /// The sensor.
    sensor: String,
    /// `line_down`, `cut_off`, `silent`, `no_usable_value`, `suspected` or `never_heard`.
    why: &'static str,
}

/// How well every station is heard, and what we do not see.
#[utoipa::path(
    get, path = "/api/v1/health/stations", operation_id = "show_stations_health", tag = "health",
    responses((status = 200, description = "The health of every station", body = Enveloped<StationsHealth>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let now = app.shared.clock.now();
    let sensors = &state.plan.city.sensors;
    let wanted: Vec<(SensorId, Span)> =
        sensors.iter().map(|sensor| (sensor.id.clone(), sensor.deadline.interval)).collect();
    let read = move |reader: &crate::store::Reader| {
        Ok((reader.vitals(&wanted, (now.minus(DAY), now.plus(DAY)))?, reader.silences(now.minus(MONTH))?))
    };
    let (vitals, silences) = app.read(place, read).await?;
    let told = Told { state, vitals: &vitals, silences: &silences, now };
    Ok(answer::json(&asked, app.envelope(&seen), &told.health()))
}

/// What the answer is made of.
struct Told<'a> {
    state: &'a Running,
    vitals: &'a [Vitals],
    silences: &'a BTreeMap<String, Silences>,
    now: Timestamp,
}

impl Told<'_> {
    fn health(&self) -> StationsHealth {
        let city = &self.state.plan.city;
        let name = |ix: SensorIx| city.sensor(ix).map(|s| s.id.to_string()).unwrap_or_default();
        let stations = (0_u32..).map(StationIx).zip(&city.stations);
        let (ended, false_ones) =
            self.silences.values().fold((0, 0), |(all, wrong), of| (all + of.over, wrong + of.false_ones));
        StationsHealth {
            stations: stations.map(|(ix, station)| self.station(ix, station)).collect(),
            causes: causes(self.state).into_iter().map(|cause| self.cause(cause)).collect(),
            zones: blindness(self.state)
                .into_iter()
                .map(|zone| ZoneForm {
                    zone: zone.zone.to_string(),
                    blindness: round(zone.share),
                    watching: zone.watching,
                    blind: zone
                        .blind
                        .iter()
                        .map(|(ix, why)| BlindForm { sensor: name(*ix), why: why.as_str() })
                        .collect(),
                })
                .collect(),
            false_silence_rate: (ended > 0).then(|| round(false_ones as f64 / ended as f64)),
        }
    }

    fn cause(&self, cause: sight::Cause) -> CauseForm {
        let city = &self.state.plan.city;
        let id = |ix: &StationIx| city.station(*ix).map(|station| station.id.to_string());
        CauseForm {
            kind: cause.kind.as_str(),
            stations: cause.stations.iter().filter_map(id).collect(),
            name: cause.name,
            of: cause.of,
            since: Time(cause.since),
        }
    }

    fn station(&self, ix: StationIx, station: &Station) -> StationHealth {
        let city = &self.state.plan.city;
        let reaches = |at: usize| {
            let reached = city.lines.get(at).map(sensors::line::Line::sensors).unwrap_or_default();
            reached.iter().any(|sensor| city.sensor(*sensor).is_some_and(|sensor| sensor.station == ix))
        };
        let silences = self.silences.get(station.id.as_str()).copied().unwrap_or_default();
        let tracks = station.sensors.iter().filter_map(|ix| self.state.tracks.get(ix.at()));
        StationHealth {
            id: station.id.to_string(),
            name: station.name.clone(),
            lines: lines(self.state, reaches),
            carrier: station.carrier.clone(),
            power: station.power.clone(),
            presence: self.presence(ix),
            in_maintenance: self.is_repaired(station),
            last_contact: tracks.filter_map(|track| track.last_contact()).max().map(Time),
            battery_v: self.newest(station, Parameter::Battery),
            battery_percent: self.newest(station, Parameter::BatteryLevel),
            signal_dbm: self.newest(station, Parameter::Signal),
            silences_30d: silences.raised,
            false_silences_30d: silences.false_ones,
            sensors: station.sensors.iter().filter_map(|ix| self.sensor(*ix)).collect(),
        }
    }

    fn is_repaired(&self, station: &Station) -> bool {
        let mut papers = self.state.desk.silences.iter();
        papers.any(|(_, filed)| filed.record.repairs(station.id.as_str(), self.now.ms()))
    }

    fn presence(&self, ix: StationIx) -> Option<PresenceForm> {
        let (since, said) = self.state.stations.get(ix.at())?.as_ref()?;
        Some(PresenceForm { online: *said == StationState::Online, since: Time(*since) })
    }

    fn newest(&self, station: &Station, parameter: Parameter) -> Option<serde_json::Number> {
        let of = |ix: &&SensorIx| {
            self.state.plan.city.sensor(**ix).is_some_and(|sensor| sensor.id.parameter == parameter)
        };
        let ix = station.sensors.iter().find(of)?;
        let latest = self.state.tracks.get(ix.at())?.latest().filter(|latest| latest.quality.is_usable())?;
        exact(latest.value?, parameter)
    }

    fn sensor(&self, ix: SensorIx) -> Option<SensorHealth> {
        let sensor = self.state.plan.city.sensor(ix)?;
        let vitals = self.vitals.get(ix.at())?;
        let expected = DAY.ms() / sensor.deadline.interval.ms().max(1);
        let seconds = |span: Span| span.ms() as f64 / 1000.0;
        let offset = vitals.delay.filter(|delay| *delay > DELAY_MAX || delay.ms() < -AHEAD.ms());
        Some(SensorHealth {
            parameter: sensor.id.parameter.as_str(),
            sensor: sensor.id.name.as_deref().map(str::to_owned),
            blind: blind(self.state, ix).map(sight::Blind::as_str),
            last_contact: self.state.tracks.get(ix.at())?.last_contact().map(Time),
            completeness: round((vitals.covered as f64 / expected.max(1) as f64).min(1.0)),
            readings: vitals.readings,
            missing: vitals.missing,
            delay_s: vitals.delay.map(seconds),
            clock_offset_s: offset.map(|delay| -seconds(delay)),
            flags: vitals.flags.iter().map(|(check, count)| (check.as_str(), *count)).collect(),
        })
    }
}

/// Three decimals: more would only change the tag.
fn round(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}
