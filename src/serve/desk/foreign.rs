//! Other authorities' alerts: shown with their issuer, quotable, never spoken as our own.
//!
//! The public sees what is addressed to it and in force; exercises stand apart. Whoever has a message
//! at hand may have it checked on this machine.

pub(in crate::serve) mod check;
pub(in crate::serve) mod paper;
pub(in crate::serve) mod source;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::cap::read::BYTES_HARD_MAX;
use crate::desk::foreign::{Foreign, Place, Said, Touch};
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::form::{Time, WhyForm};
use crate::serve::problem::Problem;
use crate::serve::query::{Query, Raw};
use crate::serve::route::{CHANGE, Limits, MEMORY, ORDER, Route};
use crate::serve::station::Id;

/// Alerts that are listed, the most severe first.
const LISTED_MAX: usize = 200;
/// A message may be larger than an order.
const CHECK: Limits = Limits { body_bytes: BYTES_HARD_MAX, timeout_s: Some(15), at_once: 2 };

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::public("list_foreign_alerts", "/api/v1/foreign-alerts", MEMORY, &[400], || get(list)),
    Route::public("show_foreign_alert", "/api/v1/foreign-alerts/{id}", MEMORY, &[400, 404], || get(show)),
    Route::question("check_foreign_alert", "/api/v1/foreign-alerts/check", CHECK, &[400, 403], || {
        post(check::examine)
    }),
    Route::local("list_cap_sources", "/api/v1/foreign-alerts/sources", MEMORY, &[400, 403], || {
        get(source::list)
    }),
    Route::local("list_foreign_papers", "/api/v1/foreign-alerts/papers", MEMORY, &[400, 403], || {
        get(paper::list)
    }),
    Route::local("show_foreign_paper", "/api/v1/foreign-alerts/{id}/paper", MEMORY, &[400, 403, 404], || {
        get(paper::show)
    }),
    Route::order("quote_foreign_alert", "/api/v1/foreign-alerts/{id}/quote", ORDER, CHANGE, || {
        post(paper::quote)
    }),
    Route::order("dismiss_foreign_alert", "/api/v1/foreign-alerts/{id}/dismiss", ORDER, CHANGE, || {
        post(paper::dismiss)
    }),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    list,
    show,
    check::examine,
    source::list,
    paper::list,
    paper::show,
    paper::quote,
    paper::dismiss
))]
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
    /// Where it holds, for maps; in a list only with `shapes=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<Vec<PlaceForm>>,
}

/// An area as it can be drawn. Of all areas of an alert at most 1,000 points are kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlaceForm {
    /// Its name.
    name: String,
    /// Closed rings of `[longitude, latitude]`, degrees.
    polygons: Vec<Vec<[f64; 2]>>,
    /// `[longitude, latitude, radius in km]`.
    circles: Vec<[f64; 3]>,
    /// What names it in lists of its issuer.
    geocodes: Vec<GeocodeForm>,
    /// Whether it is drawn with fewer points than its issuer gave.
    is_simplified: bool,
}

/// A name in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct GeocodeForm {
    /// The list.
    name: String,
    /// The name in it.
    value: String,
}

impl PlaceForm {
    fn of(place: &Place) -> Self {
        let Place { name, polygons, circles, geocodes, is_simplified } = place.clone();
        let geocodes = geocodes.into_iter().map(|(name, value)| GeocodeForm { name, value }).collect();
        Self { name, polygons, circles, geocodes, is_simplified }
    }
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
            places: None,
        }
    }

    fn drawn(self, alert: &Foreign) -> Self {
        Self { places: Some(alert.places.iter().map(PlaceForm::of).collect()), ..self }
    }

    /// With everything that is only said where one alert is asked for.
    fn whole(self, alert: &Foreign, utc_offset_min: i32) -> Self {
        Self { quotation: Some(quotation(alert, utc_offset_min)), ..self.drawn(alert) }
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
    params(("shapes" = Option<bool>, Query, description = "`true` adds where each holds, for maps")),
    responses((status = 200, description = "What is addressed to the public and in force", body = Enveloped<ForeignAlerts>))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Raw(raw): Raw,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let mut query = Query::read(raw.as_deref(), &["shapes"]);
    let shapes = query.parsed("shapes", |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(("is neither".to_owned(), "allowed are true, false".to_owned())),
    });
    query.finish()?;
    let seen = app.seen();
    let (now, shelf) = (app.shared.clock.now(), &seen.snapshot.state.desk.foreign);
    let all: Vec<&Foreign> = shelf.iter().map(|(_, filed)| &filed.record).collect();
    let mut open: Vec<&Foreign> =
        all.iter().copied().filter(|alert| alert.is_in_force(now) && alert.is_public()).collect();
    open.sort_by_key(|alert| (std::cmp::Reverse((alert.severity, alert.sent_ms)), alert.id.as_str()));
    let (real, apart): (Vec<_>, Vec<_>) = open.into_iter().partition(|alert| alert.status == "Actual");
    let left_out = real.len().saturating_sub(LISTED_MAX) + apart.len().saturating_sub(LISTED_MAX);
    let forms = |alerts: Vec<&Foreign>| {
        let form = |alert: &Foreign| {
            let form = ForeignForm::of(alert, &all);
            if shapes == Some(true) { form.drawn(alert) } else { form }
        };
        alerts.into_iter().take(LISTED_MAX).map(form).collect()
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
    let form = ForeignForm::of(alert, &all).whole(alert, state.plan.city.utc_offset_min);
    Ok(answer::json(&asked, app.envelope(&seen), &form))
}
