//! The present: every sensor, alert and line, or those that changed since a commit.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use rules::engine::AlertState;
use rules::rule::Slot;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::answer::{self, Enveloped};
use super::form::{ReadingForm, Time, texts};
use super::health::{LineForm, lines};
use super::problem::Problem;
use super::query::{Query, Raw};
use super::seen::Seen;
use crate::store::commit::Seq;

/// The present, or what of it changed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Latest {
    /// The commit that was asked from; null when everything is shown.
    since: Option<u64>,
    /// Sensors, in the order of configuration.
    sensors: Vec<SensorNow>,
    /// Alerts: the open ones; with `since`, also those that ended.
    alerts: Vec<AlertNow>,
    /// Lines that were ever heard of.
    lines: Vec<LineForm>,
}

/// A sensor as it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct SensorNow {
    /// The station.
    station: String,
    /// What it measures.
    parameter: &'static str,
    /// Its name where the station measures the parameter twice.
    sensor: Option<String>,
    /// The reading with the newest event time, whatever its quality; null before the first.
    latest: Option<ReadingForm>,
    /// Since when its deadline has passed; null while it speaks.
    #[schema(value_type = Option<String>, format = DateTime)]
    silent_since: Option<Time>,
}

/// An alert as it is; one per rule and subject.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertNow {
    /// The running episode; null when none runs.
    alert: Option<String>,
    /// The rule.
    rule: String,
    /// The hazard.
    hazard: &'static str,
    /// What it is about: a station, `basin:{id}` or `line:{name}`.
    subject: String,
    /// The zones it is for.
    zones: Vec<String>,
    /// The level, `none` or a name of the rule's ladder.
    level: String,
    /// The higher level that suspect readings tell of, for officers; null where none does.
    suspected: Option<String>,
    /// 1 to 5; null where the level is `none`.
    severity: Option<u8>,
    /// When the first raise of the episode became known.
    #[schema(value_type = Option<String>, format = DateTime)]
    began_at: Option<Time>,
    /// When the level last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    changed_at: Option<Time>,
}

/// What may be asked of `/api/v1/latest`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `show`")]
pub(crate) struct LatestQuery {
    /// Only what changed after this commit: the `seq` of an earlier answer.
    #[param(minimum = 0)]
    since: Option<u64>,
}

/// The present of every sensor, alert and line, or what of it changed since a commit.
#[utoipa::path(
    get, path = "/api/v1/latest", operation_id = "show_latest", tag = "readings",
    params(LatestQuery),
    responses((status = 200, description = "The present", body = Enveloped<Latest>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let mut query = Query::read(raw.as_deref(), &["since"]);
    let since = query.number("since", 0, seen.snapshot.seq.0).map(Seq);
    query.finish()?;
    let latest = Latest::of(&seen, since);
    Ok(answer::json(&asked, app.envelope(&seen), &latest))
}

impl Latest {
    /// What changed after a commit, or everything.
    pub(crate) fn of(seen: &Seen, since: Option<Seq>) -> Self {
        let state = &seen.snapshot.state;
        let sensors = state.plan.city.sensors.iter().zip(&state.tracks).enumerate();
        let alerts = state.plan.rules.slots().iter().zip(&state.alerts).enumerate();
        Self {
            since: since.map(|seq| seq.0),
            sensors: sensors
                .filter(|(at, _)| seen.sensor_changed(*at, since))
                .map(|(at, (sensor, track))| SensorNow {
                    station: sensor.id.station.to_string(),
                    parameter: sensor.id.parameter.as_str(),
                    sensor: sensor.id.name.as_deref().map(str::to_owned),
                    latest: track.latest().map(|reading| ReadingForm::of(sensor, reading, track.series())),
                    silent_since: state.silent.get(at).copied().flatten().map(Time),
                })
                .collect(),
            alerts: alerts
                .filter(|(at, (_, alert))| {
                    let is_open = alert.level > 0 || alert.episode.is_some();
                    seen.alert_changed(*at, since) && (since.is_some() || is_open)
                })
                .map(|(_, (slot, alert))| AlertNow::of(slot, alert))
                .collect(),
            lines: lines(state, |at| seen.line_changed(at, since)),
        }
    }
}

impl AlertNow {
    fn of(slot: &Slot, alert: &AlertState) -> Self {
        let episode = alert.episode.as_ref();
        Self {
            alert: episode.map(|episode| episode.id.to_string()),
            rule: slot.rule.id.to_string(),
            hazard: slot.rule.hazard.as_str(),
            subject: slot.subject.to_string(),
            zones: texts(&slot.zones),
            level: slot.level_name(alert.level).to_owned(),
            suspected: (alert.doubted > alert.level).then(|| slot.level_name(alert.doubted).to_owned()),
            severity: slot.level(alert.level).map(|level| level.severity.step()),
            began_at: episode.map(|episode| Time(episode.began_at)),
            changed_at: episode.map(|episode| Time(episode.changed_at)),
        }
    }
}
