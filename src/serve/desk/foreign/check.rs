//! Checks a CAP message for whoever has one at hand, without taking it in.
//!
//! It keeps nothing of it.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cap::read::{Finding, check};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::form::WhyForm;
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};

/// What was found in a message.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckedForm {
    /// Whether nothing breaks the standard.
    valid: bool,
    /// What weighs most comes first.
    findings: Vec<FindingForm>,
}

/// One finding.
#[derive(Serialize, ToSchema)]
pub(crate) struct FindingForm {
    /// `error`, or `recommendation`.
    level: &'static str,
    /// The rule's name.
    rule: &'static str,
    /// Its section in CAP 1.2.
    section: &'static str,
    /// The line, counted from 1.
    line: usize,
    /// The element.
    path: String,
    /// An excerpt of what stands there.
    said: String,
    /// What is wrong, and what is allowed.
    sentence: WhyForm,
}

impl FindingForm {
    fn of(finding: &Finding) -> Self {
        Self {
            level: finding.rule.level.as_str(),
            rule: finding.rule.id,
            section: finding.rule.section,
            line: finding.line,
            path: finding.path.clone(),
            said: finding.said.clone(),
            sentence: WhyForm { vi: finding.sentence("vi"), en: finding.sentence("en") },
        }
    }
}

/// Checks a CAP message without taking it in.
#[utoipa::path(
    post, path = "/api/v1/foreign-alerts/check", operation_id = "check_foreign_alert", tag = "alerts",
    request_body(content = String, content_type = "application/cap+xml", description = "The message"),
    responses((status = 200, description = "What was found in it", body = Enveloped<CheckedForm>))
)]
pub(crate) async fn examine(State(app): State<App>, Raw(raw): Raw, body: Bytes) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let most = seen.snapshot.state.plan.cap_in.message_bytes_max;
    let verdict = tokio::task::spawn_blocking(move || check(&body, most, None)).await;
    let verdict = verdict.map_err(|why| {
        tracing::error!(%why, "a check of a CAP message did not end");
        Problem::failed()
    })?;
    let findings = verdict.findings.iter().map(FindingForm::of).collect();
    let form = CheckedForm { valid: verdict.is_valid(), findings };
    Ok(answer::fresh(StatusCode::OK, app.envelope(&seen), &form))
}
