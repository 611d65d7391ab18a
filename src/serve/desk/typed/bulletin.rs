//! Bulletins that officers type: read out of a pasted text, previewed, typed, typed anew, taken back.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use rules::typed::national;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::{FoundForm, PaperStory, Papers, Preview};
use super::{ReasonForm, one, page, refused};
use crate::desk;
use crate::desk::paper::Kind;
use crate::desk::typed::{Act, Fields, Typed, check, check_reason, proposed};
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
    let clock = app.shared.clock;
    let preview = desk::typed::Preview::of(&fields, plan, clock.now(), clock.is_exercise());
    Ok(shown(&app, &Preview::of(preview)))
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
