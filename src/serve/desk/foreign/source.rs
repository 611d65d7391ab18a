//! How the sources of other authorities' alerts are doing, for officers.
//!
//! Addresses stand here without what might be a key in them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::collect::cap::{Refused, Source};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::form::Time;
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};

/// Where other authorities' alerts come from.
#[derive(Serialize, ToSchema)]
pub(crate) struct CapSources {
    /// The drop folder, then the feeds, as `cap.toml` lists them.
    sources: Vec<CapSourceForm>,
}

/// A source, since the service started.
#[derive(Serialize, ToSchema)]
pub(crate) struct CapSourceForm {
    /// Its name; `folder` is the drop folder.
    name: String,
    /// Its path or address.
    place: String,
    /// When it was asked last.
    #[schema(value_type = Option<String>, format = DateTime)]
    asked_at: Option<Time>,
    /// When that went well last.
    #[schema(value_type = Option<String>, format = DateTime)]
    good_at: Option<Time>,
    /// What has been wrong since; null while all is well.
    fault: Option<RefusedForm>,
    /// Messages taken in.
    taken: u64,
    /// Messages refused.
    refused: u64,
    /// The newest refusals, at most 16, the newest first.
    refusals: Vec<RefusedForm>,
}

/// What was refused or failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedForm {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// The file or the address.
    what: String,
    /// Why, at most 300 characters.
    why: String,
}

impl RefusedForm {
    fn of(refused: Refused) -> Self {
        Self { at: Time(refused.at), what: refused.what, why: refused.why }
    }
}

impl CapSourceForm {
    fn of(source: Source) -> Self {
        Self {
            name: source.name,
            place: source.place,
            asked_at: source.asked_at.map(Time),
            good_at: source.good_at.map(Time),
            fault: source.fault.map(RefusedForm::of),
            taken: source.taken,
            refused: source.refused,
            refusals: source.refusals.into_iter().map(RefusedForm::of).collect(),
        }
    }
}

/// Where other authorities' alerts come from: asked when, well when, and what was refused.
#[utoipa::path(
    get, path = "/api/v1/foreign-alerts/sources", operation_id = "list_cap_sources", tag = "alerts",
    responses((status = 200, description = "Every source", body = Enveloped<CapSources>))
)]
pub(crate) async fn list(State(app): State<App>, Raw(raw): Raw) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let sources = app.shared.cap_sources.sources().into_iter().map(CapSourceForm::of).collect();
    Ok(answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &CapSources { sources }))
}
