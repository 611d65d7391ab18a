//! Other authorities' alerts as papers of the officers' desk: what stands of each, and why; quoted, put aside.
//!
//! The words of a quotation come from the alert and are not taken from whoever asks.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sensors::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ForeignForm;
use crate::desk;
use crate::desk::foreign::{Act, Foreign, Frame, Odd, Standing, quoted};
use crate::desk::paper::Filed;
use crate::desk::typed::check;
use crate::order::Act as Ordering;
use crate::serve::App;
use crate::serve::answer::{self, Enveloped};
use crate::serve::desk::paper::tagged;
use crate::serve::form::Time;
use crate::serve::order::said::Change;
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::{FieldError, Problem};
use crate::serve::query::{Query, Raw};
use crate::serve::station::Id;

/// Every alert at the desk.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForeignPapers {
    /// The newest first; at most 1,000 are open.
    papers: Vec<ForeignPaper>,
}

/// An alert of another authority as a paper.
#[derive(Serialize, ToSchema)]
pub(crate) struct ForeignPaper {
    /// What it says.
    alert: ForeignForm,
    /// Its version, as the `ETag` of the paper names it.
    version: u64,
    /// Who made this version; null for the feed or the clock.
    changed_by: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Time,
    /// Alert, Update or Cancel.
    kind: String,
    /// Public, Restricted or Private.
    scope: String,
    /// `in_force`, `superseded`, `cancelled`, `cancel`, `dismissed`, `contradiction`, `backwards`.
    #[schema(value_type = String)]
    standing: Standing,
    /// What was strange: `contradicts`, `backwards`, `unknown`.
    #[schema(value_type = Option<String>)]
    odd: Option<Odd>,
    /// The id of the one that took its place.
    followed_by: Option<String>,
    /// The standard's rules that it breaks.
    breaches: Vec<String>,
    /// The typed bulletins that quote it.
    quoted_in: Vec<String>,
    /// Who put it aside.
    dismissed: Option<DismissedForm>,
}

/// Who put an alert aside.
#[derive(Serialize, ToSchema)]
pub(crate) struct DismissedForm {
    /// Who.
    by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Why.
    reason: String,
}

impl ForeignPaper {
    fn of(filed: &Filed<Foreign>, all: &[&Foreign]) -> Self {
        let record = &filed.record;
        let dismissed = record.dismissed.as_ref().map(|given| DismissedForm {
            by: given.by.clone(),
            at: Time(Timestamp::from_ms(given.at_ms)),
            reason: given.reason.clone(),
        });
        Self {
            alert: ForeignForm::of(record, all),
            version: filed.version,
            changed_by: filed.by.as_deref().map(str::to_owned),
            changed_at: Time(filed.at),
            kind: record.kind.clone(),
            scope: record.scope.clone(),
            standing: record.standing,
            odd: record.odd,
            followed_by: record.followed_by.clone(),
            breaches: record.breaches.clone(),
            quoted_in: record.quoted_in.clone(),
            dismissed,
        }
    }
}

/// Every alert at the desk, also what is not addressed to the public, strange, over or put aside.
#[utoipa::path(
    get, path = "/api/v1/foreign-alerts/papers", operation_id = "list_foreign_papers", tag = "alerts",
    responses((status = 200, description = "Every open paper", body = Enveloped<ForeignPapers>))
)]
pub(crate) async fn list(State(app): State<App>, Raw(raw): Raw) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let shelf = &seen.snapshot.state.desk.foreign;
    let all: Vec<&Foreign> = shelf.iter().map(|(_, filed)| &filed.record).collect();
    let mut papers: Vec<&Filed<Foreign>> = shelf.iter().map(|(_, filed)| filed).collect();
    papers.sort_by_key(|filed| (std::cmp::Reverse(filed.record.received_ms), filed.record.id.as_str()));
    let papers = papers.into_iter().map(|filed| ForeignPaper::of(filed, &all)).collect();
    Ok(answer::fresh(StatusCode::OK, app.envelope(&seen), &ForeignPapers { papers }))
}

/// One alert as a paper, with where it holds; the `ETag` is its version.
#[utoipa::path(
    get, path = "/api/v1/foreign-alerts/{id}/paper", operation_id = "show_foreign_paper", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id here")),
    responses((status = 200, description = "The paper", body = Enveloped<ForeignPaper>))
)]
pub(crate) async fn show(State(app): State<App>, Id(id): Id, Raw(raw): Raw) -> Result<Response, Problem> {
    Query::read(raw.as_deref(), &[]).finish()?;
    let seen = app.seen();
    let state = &seen.snapshot.state;
    let shelf = &state.desk.foreign;
    let Some(filed) = shelf.find(&id) else {
        return Err(Problem::unknown(
            "foreign alert",
            &id,
            "/api/v1/foreign-alerts/papers lists what is open",
        ));
    };
    let all: Vec<&Foreign> = shelf.iter().map(|(_, filed)| &filed.record).collect();
    let paper = ForeignPaper::of(filed, &all);
    let alert = paper.alert.whole(&filed.record, state.plan.city.utc_offset_min);
    let paper = ForeignPaper { alert, ..paper };
    Ok(tagged(&app, filed.version, &paper))
}

/// Quotes it: its issuer, number, hour and words become a typed bulletin, which waits for a second officer
/// or goes out as `officers.toml` says of `national`. The paper in the answer is the bulletin.
#[utoipa::path(
    post, path = "/api/v1/foreign-alerts/{id}/quote", operation_id = "quote_foreign_alert", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id here")),
    request_body = Frame,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn quote(
    State(app): State<App>,
    Change { id, signed, form: frame }: Change<Box<Frame>>,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let state = &seen.snapshot.state;
    if let Some(filed) = state.desk.foreign.find(&id) {
        let (plan, now) = (&state.plan, app.shared.clock.now());
        let fields = quoted(&filed.record, &frame, &plan.phrases, now);
        let lacks = check(&fields, &plan.city, &plan.phrases, now);
        if !lacks.is_empty() {
            let told = |lack: desk::typed::Lack| FieldError::new(&lack.field, lack.wrong, lack.allowed);
            return Err(Problem::fields(lacks.into_iter().map(told).collect()));
        }
    }
    give(&app, signed, None, order(Act::Quote { id, frame })).await
}

/// Why an alert is put aside.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DismissForm {
    /// For other officers, at most 200 letters.
    reason: String,
}

/// Puts it aside: nobody is shown it any more; an update by its issuer is heard as news.
#[utoipa::path(
    post, path = "/api/v1/foreign-alerts/{id}/dismiss", operation_id = "dismiss_foreign_alert", tag = "alerts",
    params(("id" = String, Path, description = "The alert's id here")),
    request_body = DismissForm,
    responses((status = 200, description = "It is durable", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn dismiss(
    State(app): State<App>,
    Change { id, signed, form: DismissForm { reason } }: Change<DismissForm>,
) -> Result<Response, Problem> {
    give(&app, signed, None, order(Act::Dismiss { id, reason })).await
}

fn order(act: Act) -> Ordering {
    Ordering::Desk(desk::Act::Foreign(act))
}
