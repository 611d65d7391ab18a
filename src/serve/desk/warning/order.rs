//! Officers' orders about a warning. Forms are read and their words looked through; what may be done is
//! decided by the writer.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::form::WordsForm;
use super::show;
use crate::desk::warning::{Act, Words, check};
use crate::desk::{self, paper::Kind};
use crate::order;
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::desk::paper;
use crate::serve::guard::Place;
use crate::serve::order::said::Change;
use crate::serve::order::sign::Signed;
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::{FieldError, Problem};

/// Where it goes and what it says, where that is not what was proposed or told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordingForm {
    /// The zones; never empty. Without them, those that were proposed or told.
    zones: Option<Vec<String>>,
    /// Texts for the languages that are named; the others stay.
    #[serde(default)]
    texts: Vec<WordsForm>,
    /// What for, in the officer's words.
    note: Option<String>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonForm {
    /// In the officer's words; at most 2,000 bytes.
    reason: String,
}

/// By how much a fuse is put off, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendForm {
    /// Seconds; an hour in all.
    by_s: i64,
    /// In the officer's words.
    reason: String,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteForm {
    /// What for, in the officer's words.
    note: Option<String>,
}

/// To whom it is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignForm {
    /// An officer of officers.toml; null for nobody.
    to: Option<String>,
}

/// A word to the other officers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentForm {
    /// At most 2,000 bytes.
    text: String,
}

/// That the danger is over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllClearForm {
    /// The version of the preflight that was looked at.
    preflight: String,
    /// Why although a check is not well or unknown, by its name.
    #[serde(default)]
    despite: BTreeMap<String, String>,
    /// In the officer's words.
    reason: String,
}

/// Who speaks in its place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupersedeForm {
    /// The other warning, of the same hazard.
    with: String,
}

/// Lets what waits out, as proposed or to other zones and in other words.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/approve", operation_id = "approve_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = WordingForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn approve(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<WordingForm>,
) -> Result<Response, Problem> {
    let texts = wording(&app, &form)?;
    let act = Act::Approve { id, zones: form.zones, texts };
    obey(&app, place, signed, form.note, act).await
}

/// Says that what waits does not go out.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/decline", operation_id = "decline_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = ReasonForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn decline(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<ReasonForm>,
) -> Result<Response, Problem> {
    let act = Act::Decline { id, reason: remark("reason", form.reason)? };
    obey(&app, place, signed, None, act).await
}

/// Puts the fuse of what waits off, an hour in all.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/extend", operation_id = "extend_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = ExtendForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn extend(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<ExtendForm>,
) -> Result<Response, Problem> {
    let act = Act::Extend { id, by_s: form.by_s, reason: remark("reason", form.reason)? };
    obey(&app, place, signed, None, act).await
}

/// Says that somebody has seen it; twice is fine.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/acknowledge", operation_id = "acknowledge_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = NoteForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn acknowledge(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<NoteForm>,
) -> Result<Response, Problem> {
    obey(&app, place, signed, form.note, Act::Acknowledge { id }).await
}

/// Gives it to somebody, or to nobody.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/assign", operation_id = "assign_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = AssignForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn assign(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<AssignForm>,
) -> Result<Response, Problem> {
    obey(&app, place, signed, None, Act::Assign { id, to: form.to }).await
}

/// Says something about it to the other officers; the public never reads it.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/comment", operation_id = "comment_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = CommentForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn comment(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<CommentForm>,
) -> Result<Response, Problem> {
    let act = Act::Comment { id, text: remark("text", form.text)? };
    obey(&app, place, signed, None, act).await
}

/// Changes what waits; or says again what went out, to more zones or in other words.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/update", operation_id = "update_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = WordingForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn update(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<WordingForm>,
) -> Result<Response, Problem> {
    let texts = wording(&app, &form)?;
    let act = Act::Update { id, zones: form.zones, texts };
    obey(&app, place, signed, form.note, act).await
}

/// Says to everybody who was told that the danger is over; refused while its condition is true.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/all-clear", operation_id = "clear_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = AllClearForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn all_clear(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<AllClearForm>,
) -> Result<Response, Problem> {
    let AllClearForm { preflight, despite, reason } = form;
    for (name, why) in &despite {
        remark(&format!("despite.{name}"), why.clone())?;
    }
    let act = Act::AllClear { id, preflight, despite, reason: remark("reason", reason)? };
    obey(&app, place, signed, None, act).await
}

/// Says to everybody who was told that it was an error.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/cancel", operation_id = "cancel_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = ReasonForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn cancel(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<ReasonForm>,
) -> Result<Response, Problem> {
    let act = Act::Cancel { id, reason: remark("reason", form.reason)? };
    obey(&app, place, signed, None, act).await
}

/// Lets another warning of the same hazard speak in its place, also to everybody who was told by this.
#[utoipa::path(
    post, path = "/api/v1/warnings/{id}/supersede", operation_id = "supersede_warning", tag = "warnings",
    params(("id" = String, Path, description = "The warning, as the list gives it")),
    request_body = SupersedeForm,
    responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
)]
pub(super) async fn supersede(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<SupersedeForm>,
) -> Result<Response, Problem> {
    obey(&app, place, signed, None, Act::Supersede { id, with: form.with }).await
}

fn remark(field: &str, text: String) -> Result<String, Problem> {
    match check::remark(&text) {
        Ok(()) => Ok(text),
        Err(wrong) => Err(FieldError::new(field, wrong, "a few words for whoever reads it later").into()),
    }
}

/// The texts of a form, with every mistake in it and in its zones.
fn wording(app: &App, form: &WordingForm) -> Result<Vec<Words>, Problem> {
    let seen = app.seen();
    let plan = &seen.snapshot.state.plan;
    let texts: Vec<Words> = form.texts.iter().map(WordsForm::words).collect();
    let langs: Vec<&str> = plan.phrases.languages.iter().map(|language| &*language.lang.0).collect();
    let allowed = "docs/warnings.md says what a text may hold";
    let wrong = check::texts(&texts, &langs).into_iter();
    let mut wrong: Vec<FieldError> =
        wrong.map(|(field, why)| FieldError::new(&field, why, allowed)).collect();
    if let Some(zones) = &form.zones {
        let named = |zone: &String| plan.city.zones.iter().any(|known| known.id.as_str() == *zone);
        if zones.is_empty() {
            wrong.push(FieldError::new("zones", "names nobody", "name the wards; nobody is never everybody"));
        }
        if let Some(strange) = zones.iter().find(|zone| !named(zone)) {
            let strange: String = strange.chars().take(80).collect();
            wrong.push(FieldError::new("zones", format!("{strange:?} is no zone"), "zones.toml lists them"));
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(Problem::fields(wrong)) }
}

/// Gives the order; who comes too late hears who closed the warning, and with what.
async fn obey(
    app: &App,
    place: Place,
    signed: Signed,
    note: Option<String>,
    act: Act,
) -> Result<Response, Problem> {
    let id = act.id().to_owned();
    let is_open = app.seen().snapshot.state.desk.warnings.find(&id).is_some();
    // What closed it may be this very order, sent again: the writer knows its key.
    let given = give(app, signed, note, order::Act::Desk(desk::Act::Warning(act))).await;
    if is_open || given.is_ok() {
        return given;
    }
    let kept = paper::newest(app, place, Kind::Warning, &id).await?;
    match kept.as_ref().map(show::closed) {
        Some(Some(closed)) => Err(Problem::closed(closed)),
        Some(None) => given,
        None => Err(show::unknown(&id)),
    }
}
