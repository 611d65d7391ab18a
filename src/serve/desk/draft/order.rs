//! Orders about the rules: propose, approve, decline, withdraw, restore.
//!
//! What takes long is done before the order is given: texts are compiled, longer windows are read.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use sensors::mistake::Mistake;

use super::form::{ApprovalForm, DecisionForm, ProposalForm, RestoreForm};
use crate::desk;
use crate::desk::draft::compile::{Wanted, compile};
use crate::desk::draft::{Act as DraftAct, BacktestDone, Draft, File, IN_FORCE, InForce, Prepared};
use crate::desk::paper::Kind;
use crate::order::Act;
use crate::serve::App;
use crate::serve::answer::Enveloped;
use crate::serve::desk::paper;
use crate::serve::guard::Place;
use crate::serve::order::said::{Change, New};
use crate::serve::order::sign::Signed;
use crate::serve::order::{OrderedForm, give};
use crate::serve::problem::{FieldError, Problem};
use crate::watch::snapshot::{Plan, State as Watched};

/// Mistakes that an answer names at most.
const MISTAKES_MAX: usize = 100;
/// Versions that are looked through for an older one.
const HISTORY_MAX: usize = 1_000;
/// Failing tests that an approval names at most.
const FAILING_MAX: usize = 1_000;
/// The name of a test, bytes.
const FAILING_BYTES_MAX: usize = 1_000;
/// The fewest digits that name a version.
const DIGITS_MIN: usize = 12;

/// Proposes other rules or words; nothing changes until a second officer approves.
#[utoipa::path(
    post, path = "/api/v1/rules/drafts", operation_id = "propose_rules", tag = "rules",
    request_body = ProposalForm,
    responses((status = 200, description = "It compiled, and waits for a backtest", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn propose(
    State(app): State<App>,
    New { signed, form }: New<ProposalForm>,
) -> Result<Response, Problem> {
    let files = form.files.into_iter().map(File::from).collect();
    let wanted = Wanted { files, edits: form.edits, confirm_removal: form.confirm_removal };
    file(&app, signed, wanted, form.base, form.note).await
}

/// Proposes an older version again; it takes the same way as every draft.
#[utoipa::path(
    post, path = "/api/v1/rules/restore", operation_id = "restore_rules", tag = "rules",
    request_body = RestoreForm,
    responses((status = 200, description = "It waits for a backtest", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn restore(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    New { signed, form }: New<RestoreForm>,
) -> Result<Response, Problem> {
    let wanted = form.version.clone();
    if wanted.len() < DIGITS_MIN || !wanted.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let allowed = format!("at least {DIGITS_MIN} hexadecimal digits of a version of the history");
        return Err(FieldError::new("version", "names no version", allowed).into());
    }
    let kept = paper::versions(&app, place, Kind::Rules, IN_FORCE, HISTORY_MAX).await?;
    let versions = kept.iter().filter_map(paper::record::<InForce>);
    let found = versions.into_iter().find(|version| version.version.starts_with(&wanted));
    let found =
        found.ok_or_else(|| Problem::unknown("version", &wanted, "/api/v1/rules/history lists them"))?;
    let wanted = Wanted { files: found.files, edits: Vec::new(), confirm_removal: form.confirm_removal };
    file(&app, signed, wanted, None, form.note).await
}

/// Compiles and files a draft.
async fn file(
    app: &App,
    signed: Signed,
    wanted: Wanted,
    base: Option<String>,
    note: Option<String>,
) -> Result<Response, Problem> {
    let plan = Arc::clone(&app.seen().snapshot.state.plan);
    let compiled = tokio::task::spawn_blocking(move || compile(&plan, &wanted)).await;
    let (mut proposal, _) =
        compiled.map_err(|_| Problem::failed())?.map_err(|mistakes| problem(&mistakes))?;
    if let Some(base) = base {
        proposal.base = base;
    }
    give(app, signed, note, Act::Desk(desk::Act::Draft(DraftAct::Propose(proposal)))).await
}

/// Every mistake of a text, by file and line.
fn problem(mistakes: &[Mistake]) -> Problem {
    let told = mistakes.iter().take(MISTAKES_MAX).map(|mistake| {
        let place = if mistake.line > 0 {
            format!("{}:{}: {}", mistake.file, mistake.line, mistake.key)
        } else {
            format!("{}: {}", mistake.file, mistake.key)
        };
        FieldError::new(&place, mistake.wrong.clone(), mistake.allowed.clone())
    });
    Problem::fields(told.collect())
}

/// Puts a draft into force, at once. It needs a backtest of that very version and a second officer.
#[utoipa::path(
    post, path = "/api/v1/rules/drafts/{id}/approve", operation_id = "approve_rules", tag = "rules",
    params(("id" = String, Path, description = "The draft")),
    request_body = ApprovalForm,
    responses((status = 200, description = "It is in force, and the newest readings were judged by it", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn approve(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Change { id, signed, form }: Change<ApprovalForm>,
) -> Result<Response, Problem> {
    let longest = form.accepts_failing.iter().map(String::len).max().unwrap_or(0);
    if form.accepts_failing.len() > FAILING_MAX || longest > FAILING_BYTES_MAX {
        let allowed = format!("at most {FAILING_MAX} names of {FAILING_BYTES_MAX} bytes");
        return Err(FieldError::new("accepts_failing", "is too long", allowed).into());
    }
    let seen = app.seen();
    let open = seen.snapshot.state.desk.drafts.find(&id).map(|filed| filed.record.clone());
    let (version, prepared) = if let Some(draft) = open {
        let ready = is_ready(&draft, &seen.snapshot.state.plan, &signed.officer);
        let version = draft.version.clone();
        let snapshot = Arc::clone(&seen.snapshot);
        let reader = app.shared.reader.clone();
        let work = move || {
            let _place = place;
            ready.then(|| prepare(&draft, &snapshot.state, &reader)).transpose()
        };
        (version, tokio::task::spawn_blocking(work).await.map_err(|_| Problem::failed())??)
    } else {
        // What was approved before with this very key is told so.
        let kept = paper::newest(&app, place, Kind::Draft, &id).await?;
        let draft = kept.as_ref().and_then(paper::record::<Draft>);
        (draft.map(|draft| draft.version).unwrap_or_default(), None)
    };
    let act = DraftAct::Approve { id, version, accepts_failing: form.accepts_failing, prepared };
    give(&app, signed, form.note, Act::Desk(desk::Act::Draft(act))).await
}

/// Whether it is worth to make it ready; the writer says why not.
fn is_ready(draft: &Draft, plan: &Plan, officer: &str) -> bool {
    let is_run = |done: &BacktestDone| done.draft_version_hash == draft.version;
    draft.proposed_by != officer
        && draft.base == plan.governed.version
        && draft.backtest.as_ref().is_some_and(is_run)
}

fn prepare(draft: &Draft, state: &Watched, reader: &crate::store::Reader) -> Result<Arc<Prepared>, Problem> {
    let plan = state.plan.revised(&draft.files).map_err(|mistakes| problem(&mistakes))?;
    let prepared = Prepared::new(plan, state, reader).map_err(|why| {
        tracing::error!(%why, draft = draft.id, "rules could not be made ready");
        Problem::busy("what its longer windows need can't be read now; nothing was changed, approve it again")
    })?;
    Ok(Arc::new(prepared))
}

/// Says no to a draft.
#[utoipa::path(
    post, path = "/api/v1/rules/drafts/{id}/decline", operation_id = "decline_rules", tag = "rules",
    params(("id" = String, Path, description = "The draft")),
    request_body = DecisionForm,
    responses((status = 200, description = "It is closed", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn decline(
    State(app): State<App>,
    change: Change<DecisionForm>,
) -> Result<Response, Problem> {
    close(&app, change, |id| DraftAct::Decline { id }).await
}

/// Takes back what one proposed.
#[utoipa::path(
    post, path = "/api/v1/rules/drafts/{id}/withdraw", operation_id = "withdraw_rules", tag = "rules",
    params(("id" = String, Path, description = "The draft")),
    request_body = DecisionForm,
    responses((status = 200, description = "It is closed", body = Enveloped<OrderedForm>))
)]
pub(crate) async fn withdraw(
    State(app): State<App>,
    change: Change<DecisionForm>,
) -> Result<Response, Problem> {
    close(&app, change, |id| DraftAct::Withdraw { id }).await
}

async fn close(
    app: &App,
    change: Change<DecisionForm>,
    act: fn(String) -> DraftAct,
) -> Result<Response, Problem> {
    let Change { id, signed, form } = change;
    give(app, signed, form.note, Act::Desk(desk::Act::Draft(act(id)))).await
}
