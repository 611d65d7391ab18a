//! Whether the process lives and whether it can do its work; for watchdogs and balancers.

pub(crate) mod station;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::answer::{self, Enveloped};
use super::form::Time;
use super::problem::Problem;
use super::query::NoQuery;
use crate::event::LineState;

/// Whether the process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Live {
    /// Whether the writer's loop turned lately.
    alive: bool,
    /// Milliseconds of real time since the writer's loop last turned.
    pulse_silence_ms: u64,
}

/// Whether the service can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Whether readings can be committed.
    ready: bool,
    /// What stands in the way; empty when ready.
    obstacles: Vec<Obstacle>,
    /// Lines that are down now; they do not make the service unready.
    lines_down: Vec<LineForm>,
    /// Files of rules and words of which the configuration folder says something else than what is in
    /// force; no obstacle.
    rules_differ: Vec<String>,
}

/// Something that stands in the way.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Obstacle {
    /// store or writer.
    what: &'static str,
    /// Why, and what is needed.
    why: String,
}

/// A line to the outside; why it is down stands in the log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LineForm {
    /// Its name.
    pub line: String,
    /// Whether it answers.
    pub up: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Time,
}

/// Whether the process is alive and its writer's loop turned lately.
#[utoipa::path(
    get, path = "/health/live", operation_id = "show_live", tag = "health",
    responses(
        (status = 200, description = "Alive", body = Enveloped<Live>),
        (status = 503, description = "The writer's loop stands still: restart the service", body = Enveloped<Live>),
    )
)]
pub(crate) async fn live(State(app): State<App>, _: NoQuery) -> Result<Response, Problem> {
    let silence = app.shared.pulse.quiet_for();
    let alive = silence <= app.shared.bounds.pulse_silence;
    let live = Live { alive, pulse_silence_ms: silence.as_millis() as u64 };
    Ok(answer::fresh(status(alive), app.envelope(&app.seen()), &live))
}

/// Whether readings can be committed, and what stands in the way.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "show_ready", tag = "health",
    responses(
        (status = 200, description = "Ready", body = Enveloped<Readiness>),
        (status = 503, description = "Something stands in the way", body = Enveloped<Readiness>),
    )
)]
pub(crate) async fn ready(State(app): State<App>, _: NoQuery) -> Result<Response, Problem> {
    let mut obstacles = Vec::new();
    if let Some(why) = app.shared.pulse.refusal() {
        obstacles.push(Obstacle { what: "store", why });
    }
    let quiet = app.shared.pulse.quiet_for();
    if quiet > app.shared.bounds.pulse_silence {
        let why = format!("the writer's loop has not turned for {} s", quiet.as_secs());
        obstacles.push(Obstacle { what: "writer", why });
    }
    let seen = app.seen();
    let is_ready = obstacles.is_empty();
    let readiness = Readiness {
        ready: is_ready,
        obstacles,
        rules_differ: seen.snapshot.state.plan.governed.differing().into_iter().map(str::to_owned).collect(),
        lines_down: lines(&seen.snapshot.state, |_| true).into_iter().filter(|line| !line.up).collect(),
    };
    Ok(answer::fresh(status(is_ready), app.envelope(&seen), &readiness))
}

/// The lines that were ever heard of, of those that are wanted by their place.
pub(crate) fn lines(state: &crate::watch::snapshot::State, wanted: impl Fn(usize) -> bool) -> Vec<LineForm> {
    let named = state.plan.city.lines.iter().zip(&state.lines).enumerate();
    named
        .filter(|(at, _)| wanted(*at))
        .filter_map(|(_, (line, known))| {
            let (since, line_state) = known.as_ref()?;
            Some(LineForm { line: line.name.clone(), up: *line_state == LineState::Up, since: Time(*since) })
        })
        .collect()
}

fn status(well: bool) -> StatusCode {
    if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
