//! Other authorities' alerts: shown with their issuer, quotable, never spoken as our own.
//!
//! The public sees what is addressed to it and in force; exercises stand apart. Whoever has a message
//! at hand may have it checked on this machine.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::cap::read::{BYTES_HARD_MAX, Finding, check};
use crate::desk::foreign::{Foreign, Said, Touch};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::form::{Time, WhyForm};
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};
use crate::serve::route::{Access, Limits, MEMORY, Route};
use crate::serve::station::Id;

/// Alerts that are listed, the most severe first.
const LISTED_MAX: usize = 200;
/// A message may be larger than an order.
const CHECK: Limits = Limits { body_bytes: BYTES_HARD_MAX, timeout_s: Some(15), at_once: 2 };

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route {
        operation: "list_foreign_alerts",
        method: "GET",
        path: "/api/v1/foreign-alerts",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400],
        tagged: true,
        mount: || get(list),
    },
    Route {
        operation: "show_foreign_alert",
        method: "GET",
        path: "/api/v1/foreign-alerts/{id}",
        access: Access::Public,
        limits: MEMORY,
        problems: &[400, 404],
        tagged: true,
        mount: || get(show),
    },
    Route {
        operation: "check_foreign_alert",
        method: "POST",
        path: "/api/v1/foreign-alerts/check",
        access: Access::Loopback,
        limits: CHECK,
        problems: &[400, 403],
        tagged: false,
        mount: || post(examine),
    },
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(list, show, examine))]
pub(in crate::serve) struct Doc;

/// Other authorities' alerts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForeignAlerts {
    /// In force, the most severe first.
    alerts: Vec<ForeignForm>,
    /// Exercises and tests: nothing of this happens.
    exercises: Vec<ForeignForm>,
    /// How many more are in force than are listed.
    left_out: usize,
}

/// An alert of another authority.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForeignForm {
    /// Its id here.
    id: String,
    /// Its issuer's name for itself.
    sender: String,
    /// Its number at its issuer.
    identifier: String,
    /// Where it was taken from.
    source: String,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    sent: Time,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    ends: Time,
    /// Actual, Exercise or Test, in its issuer's words.
    status: String,
    /// 5 Extreme to 2 Minor; 0 unknown.
    severity: u8,
    /// city, elsewhere, or unclear.
    touch: &'static str,
    /// Whether the same number was also heard with another content.
    is_contradicted: bool,
    /// What it says, in each of its languages.
    said: Vec<SaidForm>,
    /// How it may be quoted: issuer, number and hour; only where one alert is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    quotation: Option<WhyForm>,
}

/// What an alert says in one language; nothing here is our own word.
#[derive(Serialize, ToSchema)]
pub(crate) struct SaidForm {
    /// The language tag.
    language: String,
    /// The event.
    event: String,
    /// In CAP's words.
    urgency: String,
    /// In CAP's words.
    severity: String,
    /// In CAP's words.
    certainty: String,
    /// Who speaks.
    sender_name: Option<String>,
    /// The headline.
    headline: Option<String>,
    /// What happens.
    description: Option<String>,
    /// What to do.
    instruction: Option<String>,
    /// More of it, at the issuer's.
    web: Option<String>,
    /// The areas' names.
    areas: Vec<String>,
}

impl SaidForm {
    fn of(said: &Said) -> Self {
        let said = said.clone();
        Self {
            language: said.language,
            event: said.event,
            urgency: said.urgency,
            severity: said.severity,
            certainty: said.certainty,
            sender_name: said.sender_name,
            headline: said.headline,
            description: said.description,
            instruction: said.instruction,
            web: said.web,
            areas: said.areas,
        }
    }
}

impl ForeignForm {
    fn of(alert: &Foreign, all: &[&Foreign]) -> Self {
        let is_same =
            |other: &&&Foreign| other.sender == alert.sender && other.identifier == alert.identifier;
        Self {
            id: alert.id.clone(),
            sender: alert.sender.clone(),
            identifier: alert.identifier.clone(),
            source: alert.source.clone(),
            sent: Time(Timestamp::from_ms(alert.sent_ms)),
            ends: Time(Timestamp::from_ms(alert.ends_ms)),
            status: alert.status.clone(),
            severity: alert.severity,
            touch: match alert.touch {
                Touch::City => "city",
                Touch::Elsewhere => "elsewhere",
                Touch::Unclear => "unclear",
            },
            is_contradicted: all.iter().filter(is_same).count() > 1,
            said: alert.said.iter().map(SaidForm::of).collect(),
            quotation: None,
        }
    }
}

/// An alert as it may be quoted: who, under which number, at which hour.
fn quotation(alert: &Foreign, utc_offset_min: i32) -> WhyForm {
    let at = Timestamp::from_ms(alert.sent_ms).plus(Span::from_min(i64::from(utc_offset_min)));
    let at = at.to_chrono().map(|at| at.format("%H:%M %d/%m/%Y").to_string()).unwrap_or_default();
    let word = |lang: &str| {
        let said = alert.said_in(lang);
        let who = said.and_then(|said| said.sender_name.clone()).unwrap_or_else(|| alert.sender.clone());
        let what = said.map(|said| said.headline.clone().unwrap_or_else(|| said.event.clone()));
        (who, what.unwrap_or_default())
    };
    let number = &alert.identifier;
    let ((who_vi, vi), (who_en, en)) = (word("vi"), word("en"));
    WhyForm {
        vi: format!("{who_vi} (tin số {number}, phát lúc {at}): “{vi}”"),
        en: format!("{who_en} (No. {number}, issued at {at}): “{en}”"),
    }
}

/// Other authorities' alerts that are in force.
#[utoipa::path(
    get, path = "/api/v1/foreign-alerts", operation_id = "list_foreign_alerts", tag = "alerts",
    responses((status = 200, description = "What is addressed to the public and in force", body = Enveloped<ForeignAlerts>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let (now, shelf) = (app.shared.clock.now(), &seen.snapshot.state.desk.foreign);
    let all: Vec<&Foreign> = shelf.iter().map(|(_, filed)| &filed.record).collect();
    let mut open: Vec<&Foreign> =
        all.iter().copied().filter(|alert| alert.is_in_force(now) && alert.is_public()).collect();
    open.sort_by_key(|alert| (std::cmp::Reverse((alert.severity, alert.sent_ms)), alert.id.as_str()));
    let (real, apart): (Vec<_>, Vec<_>) = open.into_iter().partition(|alert| alert.status == "Actual");
    let left_out = real.len().saturating_sub(LISTED_MAX) + apart.len().saturating_sub(LISTED_MAX);
    let forms = |alerts: Vec<&Foreign>| {
        alerts.into_iter().take(LISTED_MAX).map(|alert| ForeignForm::of(alert, &all)).collect()
    };
    let listed = ForeignAlerts { alerts: forms(real), exercises: forms(apart), left_out };
    Ok(answer::json(&asked, app.envelope(&seen), &listed))
}

/// One alert of another authority, and how it may be quoted.
#[utoipa::path(
    get, path = "/api/v1/foreign-alerts/{id}", operation_id = "show_foreign_alert", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id here")),
    responses((status = 200, description = "The alert", body = Enveloped<ForeignForm>))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Id(id): Id,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let (now, state) = (app.shared.clock.now(), &seen.snapshot.state);
    let found = state.desk.foreign.find(&id).map(|filed| &filed.record);
    let Some(alert) = found.filter(|alert| alert.is_in_force(now) && alert.is_public()) else {
        return Err(Problem::unknown("foreign alert", &id, "/api/v1/foreign-alerts lists those in force"));
    };
    let all: Vec<&Foreign> = state.desk.foreign.iter().map(|(_, filed)| &filed.record).collect();
    let quoted = Some(quotation(alert, state.plan.city.utc_offset_min));
    let form = ForeignForm { quotation: quoted, ..ForeignForm::of(alert, &all) };
    Ok(answer::json(&asked, app.envelope(&seen), &form))
}

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
