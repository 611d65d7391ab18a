//! Orders about the duty over HTTP: their form is checked here, and whether they can be carried out with
//! everything else.

use axum::extract::State;
use axum::response::Response;
use sensors::time::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::desk;
use crate::desk::duty::{Act, Scope};
use crate::order;
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::order::said::{Change, New};
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::{FieldError, Problem};

/// A silence: exactly one of `rule`, `subject`, `hazard`, `zone`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SilenceOrder {
    /// A rule of rules.toml.
    rule: Option<String>,
    /// A station's id, or `basin:...`.
    #[schema(examples("kim-long"))]
    subject: Option<String>,
    /// A hazard.
    hazard: Option<String>,
    /// A zone.
    zone: Option<String>,
    /// When it ends, RFC 3339 with an offset.
    #[schema(format = DateTime)]
    until: String,
    /// Why.
    reason: String,
}

/// A maintenance window.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaintenanceOrder {
    /// Stations, by id.
    #[serde(default)]
    stations: Vec<String>,
    /// Lines, by name: every station behind them.
    #[serde(default)]
    lines: Vec<String>,
    /// When it begins, RFC 3339 with an offset; now where it is left out.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// When it ends.
    #[schema(format = DateTime)]
    until: String,
    /// Why.
    reason: String,
}

/// A hand-over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOverOrder {
    /// The officer who takes it.
    to: String,
    /// What the next one must know.
    note: String,
}

/// An order about a paper that is named in the path.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteOrder {
    /// What for, in the officer's words.
    note: Option<String>,
}

fn moment(field: &str, text: &str) -> Result<i64, FieldError> {
    let allowed = "write RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00";
    let at = Timestamp::parse_rfc3339(text).map_err(|_| FieldError::new(field, "is no time", allowed))?;
    Ok(at.ms())
}

fn duty(act: Act) -> order::Act {
    order::Act::Desk(desk::Act::Duty(act))
}

/// Asks that staff are not reminded of what they know.
#[utoipa::path(
    post, path = "/api/v1/silences", operation_id = "silence", tag = "desk",
    request_body = SilenceOrder,
    responses((status = 200, description = "It holds", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn silence(
    State(app): State<App>,
    New { signed, form }: New<SilenceOrder>,
) -> Result<Response, Problem> {
    let scope = match (form.rule, form.subject, form.hazard, form.zone) {
        (Some(id), None, None, None) => Scope::Rule(id),
        (None, Some(id), None, None) => Scope::Subject(id),
        (None, None, Some(id), None) => Scope::Hazard(id),
        (None, None, None, Some(id)) => Scope::Zone(id),
        _ => {
            let allowed = "give exactly one of rule, subject, hazard, zone";
            return Err(FieldError::new("rule", "the scope is not said once", allowed).into());
        }
    };
    let until_ms = moment("until", &form.until)?;
    give(&app, signed, None, duty(Act::Silence { scope, until_ms, reason: form.reason })).await
}

/// Says that stations or lines are being repaired.
#[utoipa::path(
    post, path = "/api/v1/maintenance", operation_id = "maintain", tag = "desk",
    request_body = MaintenanceOrder,
    responses((status = 200, description = "It holds or is planned", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn maintain(
    State(app): State<App>,
    New { signed, form }: New<MaintenanceOrder>,
) -> Result<Response, Problem> {
    let until_ms = moment("until", &form.until)?;
    let from_ms = form.from.as_deref().map(|from| moment("from", from)).transpose()?;
    let (stations, lines, reason) = (form.stations, form.lines, form.reason);
    give(&app, signed, None, duty(Act::Maintain { stations, lines, from_ms, until_ms, reason })).await
}

/// Hands the duty over; whoever gives stays responsible until it is accepted.
#[utoipa::path(
    post, path = "/api/v1/duty/hand-overs", operation_id = "hand_over", tag = "desk",
    request_body = HandOverOrder,
    responses((status = 200, description = "It waits to be accepted", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn hand_over(
    State(app): State<App>,
    New { signed, form }: New<HandOverOrder>,
) -> Result<Response, Problem> {
    give(&app, signed, None, duty(Act::HandOver { to: form.to, note: form.note })).await
}

/// What the orders about one paper have in common.
async fn about(app: &App, change: Change<NoteOrder>, act: fn(String) -> Act) -> Result<Response, Problem> {
    let Change { id, signed, form } = change;
    give(app, signed, form.note, duty(act(id))).await
}

/// Ends a silence.
#[utoipa::path(
    post, path = "/api/v1/silences/{id}/end", operation_id = "end_silence", tag = "desk",
    params(("id" = String, Path, description = "The silence")),
    request_body = NoteOrder,
    responses((status = 200, description = "It is over", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn end_silence(
    State(app): State<App>,
    change: Change<NoteOrder>,
) -> Result<Response, Problem> {
    about(&app, change, |id| Act::EndSilence { id }).await
}

/// Ends a maintenance window; who is still silent then is told.
#[utoipa::path(
    post, path = "/api/v1/maintenance/{id}/end", operation_id = "end_maintenance", tag = "desk",
    params(("id" = String, Path, description = "The maintenance window")),
    request_body = NoteOrder,
    responses((status = 200, description = "It is over", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn end_maintenance(
    State(app): State<App>,
    change: Change<NoteOrder>,
) -> Result<Response, Problem> {
    about(&app, change, |id| Act::EndMaintenance { id }).await
}

/// Accepts a hand-over; only whom it was given to can.
#[utoipa::path(
    post, path = "/api/v1/duty/hand-overs/{id}/accept", operation_id = "accept_hand_over", tag = "desk",
    params(("id" = String, Path, description = "The hand-over")),
    request_body = NoteOrder,
    responses((status = 200, description = "It is accepted", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn accept(State(app): State<App>, change: Change<NoteOrder>) -> Result<Response, Problem> {
    about(&app, change, |id| Act::AcceptHandOver { id }).await
}

/// Answers a call, so that nobody else is called; the warning itself is acknowledged apart.
#[utoipa::path(
    post, path = "/api/v1/duty/calls/{id}/take", operation_id = "take_call", tag = "desk",
    params(("id" = String, Path, description = "The call")),
    request_body = NoteOrder,
    responses((status = 200, description = "It is taken", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn take(State(app): State<App>, change: Change<NoteOrder>) -> Result<Response, Problem> {
    about(&app, change, |id| Act::TakeCall { id }).await
}
