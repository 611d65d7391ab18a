//! Warnings over HTTP: what waits and what is in force, the checks before a signature and before an
//! all-clear, and the officers' orders. It reads forms; what may be done is decided by the writer.

mod form;
mod show;

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{OpenApi, ToSchema};

use self::form::WordsForm;
use crate::desk::warning::{Act, Words, check};
use crate::desk::{self, paper::Kind};
use crate::order;
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::guard::Place;
use crate::serve::order::sign::Signed;
use crate::serve::order::{OrderedForm, give, read};
use crate::serve::problem::{FieldError, Problem};
use crate::serve::query::{Query, Raw};
use crate::serve::route::{Access, Limits, MEMORY, Route, STORE};
use crate::serve::station::Id;

/// Bulletins in several languages, with room; a longer body is refused.
const LETTER: Limits = Limits { body_bytes: 65_536, timeout_s: Some(15), at_once: 8 };
const PROBLEMS: &[u16] = &[400, 403, 404, 409, 412, 428];

macro_rules! order_route {
    ($operation:literal, $path:literal, $mount:expr) => {
        Route {
            operation: $operation,
            method: "POST",
            path: concat!("/api/v1/warnings/{id}/", $path),
            access: Access::Officer,
            limits: LETTER,
            problems: PROBLEMS,
            tagged: false,
            mount: || post($mount),
        }
    };
}

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route {
        operation: "list_warnings",
        method: "GET",
        path: "/api/v1/warnings",
        access: Access::Loopback,
        limits: MEMORY,
        problems: &[400, 403],
        tagged: true,
        mount: || get(show::list),
    },
    Route {
        operation: "show_warning",
        method: "GET",
        path: "/api/v1/warnings/{id}",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403, 404],
        tagged: false,
        mount: || get(show::one),
    },
    Route {
        operation: "list_warning_versions",
        method: "GET",
        path: "/api/v1/warnings/{id}/versions",
        access: Access::Loopback,
        limits: STORE,
        problems: &[400, 403, 404],
        tagged: true,
        mount: || get(show::versions),
    },
    Route {
        operation: "show_warning_area",
        method: "GET",
        path: "/api/v1/warnings/{id}/area",
        access: Access::Loopback,
        limits: MEMORY,
        problems: &[400, 403, 404],
        tagged: true,
        mount: || get(show::area),
    },
    Route {
        operation: "show_warning_preflight",
        method: "GET",
        path: "/api/v1/warnings/{id}/preflight",
        access: Access::Loopback,
        limits: MEMORY,
        problems: &[400, 403, 404],
        tagged: true,
        mount: || get(show::preflight),
    },
    order_route!("approve_warning", "approve", approve),
    order_route!("decline_warning", "decline", decline),
    order_route!("extend_warning", "extend", extend),
    order_route!("acknowledge_warning", "acknowledge", acknowledge),
    order_route!("assign_warning", "assign", assign),
    order_route!("comment_warning", "comment", comment),
    order_route!("update_warning", "update", update),
    order_route!("clear_warning", "all-clear", all_clear),
    order_route!("cancel_warning", "cancel", cancel),
    order_route!("supersede_warning", "supersede", supersede),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    show::list,
    show::one,
    show::versions,
    show::area,
    show::preflight,
    approve,
    decline,
    extend,
    acknowledge,
    assign,
    comment,
    update,
    all_clear,
    cancel,
    supersede
))]
pub(in crate::serve) struct Doc;

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

macro_rules! order {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $form:ident, $act:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, operation_id = $operation, tag = "warnings",
            params(
                ("id" = String, Path, description = "The warning, as the list gives it"),
                ("Baolu-Officer" = String, Header, description = "Who signs, an id of officers.toml"),
                ("Idempotency-Key" = String, Header, description = "The same key, the same order"),
                ("If-Match" = String, Header, description = "The version that was seen, as its ETag", example = "\"v3\""),
            ),
            request_body = $form,
            responses((status = 200, description = "It is durable; ETag is the new version", body = Enveloped<OrderedForm>))
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            place: axum::Extension<Place>,
            Id(id): Id,
            signed: Signed,
            Raw(raw): Raw,
            body: Bytes,
        ) -> Result<Response, Problem> {
            let form: $form = form_of(raw.as_deref(), &body)?;
            let make: fn(&App, String, $form) -> Result<(Option<String>, Act), Problem> = $act;
            let (note, act) = make(&app, id, form)?;
            obey(&app, place.0, signed, note, act).await
        }
    };
}

order!(
    /// Lets what waits out, as proposed or to other zones and in other words.
    approve, "/api/v1/warnings/{id}/approve", "approve_warning", WordingForm,
    |app, id, form| {
        let texts = wording(app, &form)?;
        Ok((form.note, Act::Approve { id, zones: form.zones, texts }))
    }
);
order!(
    /// Says that what waits does not go out.
    decline, "/api/v1/warnings/{id}/decline", "decline_warning", ReasonForm,
    |_, id, form| Ok((None, Act::Decline { id, reason: remark("reason", form.reason)? }))
);
order!(
    /// Puts the fuse of what waits off, an hour in all.
    extend, "/api/v1/warnings/{id}/extend", "extend_warning", ExtendForm,
    |_, id, form| Ok((None, Act::Extend { id, by_s: form.by_s, reason: remark("reason", form.reason)? }))
);
order!(
    /// Says that somebody has seen it; twice is fine.
    acknowledge, "/api/v1/warnings/{id}/acknowledge", "acknowledge_warning", NoteForm,
    |_, id, form| Ok((form.note, Act::Acknowledge { id }))
);
order!(
    /// Gives it to somebody, or to nobody.
    assign, "/api/v1/warnings/{id}/assign", "assign_warning", AssignForm,
    |_, id, form| Ok((None, Act::Assign { id, to: form.to }))
);
order!(
    /// Says something about it to the other officers; the public never reads it.
    comment, "/api/v1/warnings/{id}/comment", "comment_warning", CommentForm,
    |_, id, form| Ok((None, Act::Comment { id, text: remark("text", form.text)? }))
);
order!(
    /// Changes what waits; or says again what went out, to more zones or in other words.
    update, "/api/v1/warnings/{id}/update", "update_warning", WordingForm,
    |app, id, form| {
        let texts = wording(app, &form)?;
        Ok((form.note, Act::Update { id, zones: form.zones, texts }))
    }
);
order!(
    /// Says to everybody who was told that the danger is over; refused while its condition is true.
    all_clear, "/api/v1/warnings/{id}/all-clear", "clear_warning", AllClearForm,
    |_, id, form| {
        let AllClearForm { preflight, despite, reason } = form;
        for (name, why) in &despite {
            remark(&format!("despite.{name}"), why.clone())?;
        }
        Ok((None, Act::AllClear { id, preflight, despite, reason: remark("reason", reason)? }))
    }
);
order!(
    /// Says to everybody who was told that it was an error.
    cancel, "/api/v1/warnings/{id}/cancel", "cancel_warning", ReasonForm,
    |_, id, form| Ok((None, Act::Cancel { id, reason: remark("reason", form.reason)? }))
);
order!(
    /// Lets another warning of the same hazard speak in its place, also to everybody who was told by this.
    supersede, "/api/v1/warnings/{id}/supersede", "supersede_warning", SupersedeForm,
    |_, id, form| Ok((None, Act::Supersede { id, with: form.with }))
);

fn form_of<T: DeserializeOwned>(raw: Option<&str>, body: &[u8]) -> Result<T, Problem> {
    Query::read(raw, &[]).finish()?;
    read(body)
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
    signed.seen_version()?;
    let id = act.id().to_owned();
    let is_open = app.seen().snapshot.state.desk.warnings.find(&id).is_some();
    if !is_open {
        let wanted = id.clone();
        let kept = app.read(place, move |reader| reader.paper(Kind::Warning, &wanted)).await?;
        if let Some(closed) = kept.as_ref().and_then(show::closed) {
            return Err(Problem::closed(closed));
        }
        return Err(Problem::unknown("warning", &id, "/api/v1/warnings lists those that are open"));
    }
    give(app, signed, note, order::Act::Desk(desk::Act::Warning(act))).await
}
