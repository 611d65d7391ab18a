//! Bulletins that officers type: read out of a pasted text, previewed, typed, typed anew, taken back.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use rules::hazard::Hazard;
use rules::typed::compose_typed;
use rules::typed::national::{self, Meant, Reading};
use sensors::place::ZoneId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::{FoundForm, PaperStory, Papers, Preview};
use super::{ReasonForm, one, page, refused, told};
use crate::desk;
use crate::desk::paper::Kind;
use crate::desk::typed::{
    Act, Fields, Kind as Typing, Moment, Typed, check, check_reason, say, severity, zones,
};
use crate::order::Act as Ordering;
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::desk::paper::{PageQuery, shown};
use crate::serve::guard::Place;
use crate::serve::order::said::{Change, New, Said};
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::{FieldError, Problem};
use crate::serve::query::{NoQuery, Raw};
use crate::serve::station::Id;
use crate::watch::snapshot::Plan;

/// A text to be read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct PastedForm {
    /// The national service's bulletin as plain text, at most 20,000 letters.
    text: String,
}

/// A pasted text as it was read: a proposal, to be looked at word by word.
#[derive(Serialize, ToSchema)]
pub(in crate::serve) struct ParsedForm {
    /// What was found, ready for the preview. What is unclear or missing is left out.
    fields: Fields,
    /// Every field that was found, with the words that it was read from.
    found: Vec<FoundForm>,
    /// Fields that stand in more than one way, and wards that the city does not have.
    unclear: Vec<FoundForm>,
    /// Fields that were not found; they are asked for.
    missing: Vec<&'static str>,
}

/// Reads the fields of the national service's bulletin out of its text. It proposes and never guesses.
#[utoipa::path(
    post, path = "/api/v1/bulletins/parse", operation_id = "parse_bulletin", tag = "bulletins",
    request_body = PastedForm,
    responses((status = 200, description = "What was found", body = Enveloped<ParsedForm>))
)]
pub(in crate::serve) async fn parse(
    State(app): State<App>,
    Said(PastedForm { text }): Said<PastedForm>,
) -> Result<Response, Problem> {
    let letters = text.chars().count();
    if letters > desk::typed::TEXT_MAX {
        let allowed = format!("at most {}", desk::typed::TEXT_MAX);
        return Err(FieldError::new("text", format!("has {letters} letters"), allowed).into());
    }
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let reading = national::read(&text, &plan.city, app.shared.clock.now());
    let form = ParsedForm {
        fields: proposed(&reading, text),
        found: reading.found.iter().map(FoundForm::of).collect(),
        unclear: reading.unclear.iter().map(FoundForm::of).collect(),
        missing: reading.missing.clone(),
    };
    Ok(shown(&app, &form))
}

/// The fields of a quotation, as far as they were found; what a storm has more is in what was found.
fn proposed(reading: &Reading, text: String) -> Fields {
    let meant =
        |field: &str| reading.found.iter().find(|found| found.field == field).map(|found| &found.meant);
    let words = |field: &str| match meant(field) {
        Some(Meant::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let moment = |field: &str| match meant(field) {
        Some(Meant::Moment(at)) => Some(Moment(*at)),
        _ => None,
    };
    let hazard = match meant("hazard") {
        Some(Meant::Hazard(hazard)) => Some(Hazard::as_str(*hazard).to_owned()),
        _ => None,
    };
    let risk_level = match meant("risk_level") {
        Some(Meant::Number(level)) => u8::try_from(*level).ok(),
        _ => None,
    };
    let zones = reading.found.iter().filter_map(|found| match &found.meant {
        Meant::Zone(zone) => Some(zone.to_string()),
        _ => None,
    });
    Fields {
        hazard,
        risk_level,
        zones: zones.collect(),
        issuer: words("issuer"),
        number: words("number"),
        issued_at: moment("issued_at"),
        valid_until: moment("valid_until"),
        next_at: moment("next_at"),
        text: Some(text),
        ..Fields::empty(Typing::National)
    }
}

/// The bulletin in every language and form, and what it lacks. Nothing is kept.
#[utoipa::path(
    post, path = "/api/v1/bulletins/preview", operation_id = "preview_bulletin", tag = "bulletins",
    request_body = Fields,
    responses((status = 200, description = "As people would read it", body = Enveloped<Preview>))
)]
pub(in crate::serve) async fn preview(
    State(app): State<App>,
    Said(fields): Said<Fields>,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let lacks = check(&fields, &plan.city, &plan.phrases, app.shared.clock.now());
    let said = say(&fields, &plan.city, false);
    let composed = compose_typed(&said, &plan.city, &plan.phrases, app.shared.clock.is_exercise());
    let area = area(plan, &zones(&fields, &plan.city));
    let severity = severity(&fields, &plan.rules).step();
    Ok(shown(&app, &Preview::new(lacks.into_iter().map(told).collect(), severity, area, composed)))
}

/// The zones by their ids, and who lives there.
pub(super) fn area(plan: &Plan, zones: &[ZoneId]) -> (Vec<String>, u64) {
    let people = zones.iter().filter_map(|zone| plan.city.zone(zone)).map(|zone| u64::from(zone.population));
    (zones.iter().map(ToString::to_string).collect(), people.sum())
}

/// Typed bulletins by id.
#[utoipa::path(
    get, path = "/api/v1/bulletins", operation_id = "list_bulletins", tag = "bulletins",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = Enveloped<Papers<Typed>>))
)]
pub(in crate::serve) async fn list(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Raw(raw): Raw,
) -> Result<Response, Problem> {
    page::<Typed>(&app, place, raw.as_deref(), Kind::Typed).await
}

/// One typed bulletin with all its versions; the `ETag` is its version.
#[utoipa::path(
    get, path = "/api/v1/bulletins/{id}", operation_id = "show_bulletin", tag = "bulletins",
    params(("id" = String, Path, description = "As the list gives it")),
    responses((status = 200, description = "The bulletin", body = Enveloped<PaperStory<Typed>>))
)]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(id): Id,
    _: NoQuery,
) -> Result<Response, Problem> {
    one::<Typed>(&app, place, Kind::Typed, id, "/api/v1/bulletins?state=all lists every one").await
}

/// Types a bulletin. It waits for a second officer on the warning of its id, or goes out, as
/// `officers.toml` says.
#[utoipa::path(
    post, path = "/api/v1/bulletins", operation_id = "type_bulletin", tag = "bulletins",
    request_body = Fields,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn type_in(
    State(app): State<App>,
    New { signed, form }: New<Fields>,
) -> Result<Response, Problem> {
    let fields = checked(&app, form)?;
    give(&app, signed, None, order(Act::Type(Box::new(fields)))).await
}

/// Types it anew: every field as it is to be. Everybody who was told hears what it says now.
#[utoipa::path(
    post, path = "/api/v1/bulletins/{id}/update", operation_id = "retype_bulletin", tag = "bulletins",
    params(("id" = String, Path, description = "Which")),
    request_body = Fields,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn retype(
    State(app): State<App>,
    Change { id, signed, form }: Change<Fields>,
) -> Result<Response, Problem> {
    let fields = Box::new(checked(&app, form)?);
    give(&app, signed, None, order(Act::Retype { id, fields })).await
}

/// Takes it back. Everybody who was told hears that it was wrong, and why.
#[utoipa::path(
    post, path = "/api/v1/bulletins/{id}/withdraw", operation_id = "withdraw_bulletin", tag = "bulletins",
    params(("id" = String, Path, description = "Which")),
    request_body = ReasonForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(in crate::serve) async fn withdraw(
    State(app): State<App>,
    Change { id, signed, form: ReasonForm { reason } }: Change<ReasonForm>,
) -> Result<Response, Problem> {
    refused(check_reason(&reason))?;
    give(&app, signed, None, order(Act::Withdraw { id, reason })).await
}

fn checked(app: &App, fields: Fields) -> Result<Fields, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    refused(check(&fields, &plan.city, &plan.phrases, app.shared.clock.now()))?;
    Ok(fields)
}

pub(super) fn order(act: Act) -> Ordering {
    Ordering::Desk(desk::Act::Typed(act))
}
