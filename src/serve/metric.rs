//! Metrics for Prometheus: counters of the whole service, and gauges computed from the snapshot
//! when they are asked for.
//!
//! No label comes from outside: stations, lines and rules are the configured ones.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use sensors::quality::Check;
use tokio_util::sync::CancellationToken;

use super::App;
use super::guard::Place;
use super::problem::Problem;
use super::proof::{self, LegForm};
use super::query::NoQuery;
use crate::event::LineState;
use crate::watch::sight::blindness;
use crate::watch::snapshot::Snapshot;

/// Bounds of measured durations, in seconds.
const DURATIONS_S: [f64; 10] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
/// Real time between two rounds of upkeep.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder of the process; once, early in `main`.
///
/// # Errors
/// When another recorder is installed already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let suffix = Matcher::Suffix("_seconds".to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(suffix, &DURATIONS_S)?.install_recorder()
}

/// Keeps the recorder small until it is cancelled.
pub(crate) async fn upkeep(metrics: PrometheusHandle, cancel: CancellationToken) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => metrics.run_upkeep(),
        }
    }
}

/// Metrics in the text format of Prometheus 0.0.4; for programs on the same machine.
#[utoipa::path(
    get, path = "/metrics", operation_id = "show_metrics", tag = "health",
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain"))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    _: NoQuery,
) -> Result<Response, Problem> {
    let seen = app.seen();
    measure_state(&seen.snapshot);
    measure_process(&app);
    // While the store can't be read everything else is still told.
    if let Ok(legs) = proof::of_the_day(&app, place).await {
        measure_clock(&legs);
    }
    let text = app.shared.metrics.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn measure_state(snapshot: &Snapshot) {
    let state = &snapshot.state;
    gauge!("baolu_seq").set(snapshot.seq.0 as f64);
    gauge!("baolu_snapshot_timestamp_seconds").set(snapshot.at.ms() as f64 / 1000.0);
    gauge!("baolu_outbox_deliveries").set(state.outbox.len() as f64);
    gauge!("baolu_strays").set(state.strays as f64);
    measure_duty(snapshot);
    for (sensor, (track, silent)) in
        state.plan.city.sensors.iter().zip(state.tracks.iter().zip(&state.silent))
    {
        let name = sensor.id.to_string();
        gauge!("baolu_sensor_silent", "sensor" => name.clone()).set(f64::from(u8::from(silent.is_some())));
        if let Some(contact) = track.last_contact() {
            gauge!("baolu_sensor_last_contact_timestamp_seconds", "sensor" => name)
                .set(contact.ms() as f64 / 1000.0);
        }
    }
    for check in Check::ALL {
        let open = state.inspection.cases().filter(|case| case.is_open() && case.check == check).count();
        gauge!("baolu_sensors_doubted", "check" => check.as_str()).set(open as f64);
    }
    for (slot, alert) in state.plan.rules.slots().iter().zip(&state.alerts) {
        gauge!("baolu_alert_level", "alert" => slot.key().to_owned()).set(f64::from(alert.level));
        let ground = alert.episode.as_ref().and_then(|episode| state.grounds.of(&episode.id));
        let revised = ground.map_or(0, |ground| ground.revised.len());
        gauge!("baolu_alert_evidence_revised", "alert" => slot.key().to_owned()).set(revised as f64);
    }
    for zone in blindness(state) {
        gauge!("baolu_zone_blindness_ratio", "zone" => zone.zone.to_string()).set(zone.share);
    }
    for (line, known) in state.plan.city.lines.iter().zip(&state.lines) {
        let up = matches!(known, Some((_, LineState::Up)));
        gauge!("baolu_line_up", "line" => line.name.clone()).set(f64::from(u8::from(up)));
    }
}

/// The alert clock of the last day.
fn measure_clock(legs: &[LegForm]) {
    for leg in legs {
        for (quantile, value) in [("0.5", leg.p50_s), ("0.95", leg.p95_s)] {
            gauge!("baolu_alert_clock_leg_seconds", "leg" => leg.leg, "quantile" => quantile)
                .set(value.unwrap_or(f64::NAN));
        }
        gauge!("baolu_alert_clock_over_budget", "leg" => leg.leg).set(leg.over_budget as f64);
    }
}

/// What staff and residents were told, and what was held back (warning.md 22).
fn measure_duty(snapshot: &Snapshot) {
    let (state, now) = (&snapshot.state, snapshot.at);
    for hook in &state.plan.receivers.webhooks {
        let alarms = state.sendings.alarms(&hook.name, now);
        gauge!("baolu_officer_alarms_10min", "webhook" => hook.name.clone()).set(alarms as f64);
    }
    let most = state.sendings.pushes_by_ward(now).into_values().max().unwrap_or_default();
    gauge!("baolu_resident_pushes_day_max").set(most as f64);
    gauge!("baolu_duty_papers").set(state.desk.calls.len() as f64);
    counter!("baolu_pushes_withheld_total").absolute(state.sendings.withheld);
    counter!("baolu_notices_gathered_total").absolute(state.sendings.gathered);
}

fn measure_process(app: &App) {
    gauge!("baolu_pulse_silence_seconds").set(app.shared.pulse.quiet_for().as_secs_f64());
    gauge!("baolu_store_writable").set(f64::from(u8::from(app.shared.pulse.refusal().is_none())));
    gauge!("baolu_streams").set(app.told.receiver_count() as f64);
    gauge!("baolu_clock_timestamp_seconds").set(app.shared.clock.now().ms() as f64 / 1000.0);
    gauge!("baolu_clock_exercise").set(f64::from(u8::from(app.shared.clock.is_exercise())));
    if let Some(bytes) = resident_bytes() {
        gauge!("process_resident_memory_bytes").set(bytes as f64);
    }
}

/// The resident pages of this process (proc(5), `/proc/pid/statm`, second field).
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
