//! Backtests of drafts: asked for, looked at, ended. The work is done beside the service.
//!
//! A result is filed with its draft in the name of the officer who asked for it.

mod form;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use sensors::time::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use utoipa::OpenApi;

use self::form::{BacktestForm, JobForm};
use super::App;
use super::answer::{self, Enveloped};
use super::order::said::New;
use super::order::sign::Signed;
use super::problem::{FieldError, Problem};
use super::query::NoQuery;
use super::route::{Limits, MEMORY, ORDER, Route};
use super::station::Id;
use crate::backtest::jobs::{File, Refused};
use crate::backtest::report::Report;
use crate::backtest::{Backtest, History, Recorded, Source, truths_of};
use crate::desk;
use crate::desk::draft::{Act as DraftAct, BacktestDone};
use crate::desk::hidden::hidden;
use crate::event::Ordered;
use crate::order::{Act, Answer, OfficerId, Order};
use crate::store::commit::Seq;

/// Recorded tables come with the question; rules are compiled, one at a time.
const QUESTION: Limits = Limits { body_bytes: 16 * 1024 * 1024, timeout_s: Some(60), at_once: 2 };
/// Tables and storms of one question at most.
const SOURCES_MAX: usize = 16;

/// The longest name of a storm or a table, bytes.
const NAME_BYTES_MAX: usize = 100;

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::order("begin_backtest", "/api/v1/backtests", QUESTION, &[400, 403, 404], || post(begin)),
    Route::local("show_backtest", "/api/v1/backtests/{id}", MEMORY, &[400, 403, 404], || get(show)),
    Route::order("cancel_backtest", "/api/v1/backtests/{id}/cancel", ORDER, &[400, 403, 404], || {
        post(cancel)
    }),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(begin, show, cancel))]
pub(in crate::serve) struct Doc;

/// Begins the backtest of a draft, or of rules that nobody proposed, against the rules in force.
#[utoipa::path(
    post, path = "/api/v1/backtests", operation_id = "begin_backtest", tag = "rules",
    request_body = BacktestForm,
    responses((status = 202, description = "It waits or runs; the same question is the same job", body = Enveloped<JobForm>))
)]
async fn begin(State(app): State<App>, New { signed, form }: New<BacktestForm>) -> Result<Response, Problem> {
    let asked = app.clone();
    let prepared = tokio::task::spawn_blocking(move || prepare(&asked, form)).await;
    let (id, draft, test) = prepared.map_err(|_| Problem::failed())??;
    let file = filing(&app, &signed, draft.clone());
    let job = app.backtests.take(id, draft, test, file).map_err(|refused| match refused {
        Refused::Crowded | Refused::Stopped => Problem::busy(refused.to_string()),
    })?;
    Ok(answer::fresh(StatusCode::ACCEPTED, app.envelope(&app.seen()), &JobForm::of(&job)))
}

/// How far a backtest is, and its result.
#[utoipa::path(
    get, path = "/api/v1/backtests/{id}", operation_id = "show_backtest", tag = "rules",
    params(("id" = String, Path, description = "The job")),
    responses((status = 200, description = "The job", body = Enveloped<JobForm>))
)]
pub(crate) async fn show(State(app): State<App>, Id(id): Id, _: NoQuery) -> Result<Response, Problem> {
    let job = app.backtests.find(&id).ok_or_else(|| absent(&id))?;
    Ok(answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &JobForm::of(&job)))
}

/// Ends a backtest; nothing of it is kept.
#[utoipa::path(
    post, path = "/api/v1/backtests/{id}/cancel", operation_id = "cancel_backtest", tag = "rules",
    params(("id" = String, Path, description = "The job")),
    responses((status = 200, description = "The job; one that had ended before stays as it is", body = Enveloped<JobForm>))
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Id(id): Id,
    signed: Signed,
    _: NoQuery,
) -> Result<Response, Problem> {
    app.backtests.cancel(&id).ok_or_else(|| absent(&id))?;
    tracing::info!(officer = signed.officer, job = id, "an officer ended a backtest");
    let job = app.backtests.find(&id).ok_or_else(|| absent(&id))?;
    Ok(answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &JobForm::of(&job)))
}

fn absent(id: &str) -> Problem {
    Problem::unknown("backtest", id, "the newest ones are remembered until the service ends")
}

type Prepared = (String, Option<(String, String)>, Backtest);

/// Compiles the rules, names the sources and derives the job's id. It blocks.
fn prepare(app: &App, form: BacktestForm) -> Result<Prepared, Problem> {
    let state = &app.seen().snapshot.state;
    let old = Arc::clone(&state.plan);
    let (new, draft) = match (&form.draft, &form.rules) {
        (Some(id), None) => {
            let filed = state
                .desk
                .drafts
                .find(id)
                .ok_or_else(|| Problem::unknown("open draft", id, "/api/v1/rules/drafts lists them"))?;
            let plan = old.revised(&filed.record.files).map_err(|mistakes| wrong(&mistakes))?;
            (plan, Some((id.clone(), filed.record.version.clone())))
        }
        (None, Some(rules)) => {
            let plan = crate::backtest::plan_with(&old, "rules", rules).map_err(|m| wrong(&m))?;
            (plan, None)
        }
        _ => {
            return Err(
                FieldError::new("draft", "one of draft and rules is needed", "give one of them").into()
            );
        }
    };
    let mut said = Sha256::new();
    for part in [old.governed.version.as_bytes(), new.governed.version.as_bytes()] {
        said.update(part);
    }
    said.update(draft.as_ref().map_or("", |(id, _)| id));
    let sources = sources(app, form, &mut said)?;
    let truths = truths_of(&old);
    let test = Backtest::new(old, Arc::new(new), truths, sources)
        .map_err(|error| FieldError::new("sources", error.to_string(), "see docs/backtest.md"))?;
    let mut id = String::from("b-");
    for byte in said.finalize().iter().take(8) {
        // Writing to a String can't fail.
        let _ = write!(id, "{byte:02x}");
    }
    Ok((id, draft, test))
}

fn wrong(mistakes: &[sensors::mistake::Mistake]) -> Problem {
    let field = |m: &sensors::mistake::Mistake| {
        FieldError::new(&format!("{}:{}: {}", m.file, m.line, m.key), m.wrong.clone(), m.allowed.clone())
    };
    Problem::fields(mistakes.iter().take(100).map(field).collect())
}

fn sources(app: &App, form: BacktestForm, said: &mut Sha256) -> Result<Vec<Source>, Problem> {
    if form.storms.len() + form.recorded.len() > SOURCES_MAX {
        let allowed = format!("at most {SOURCES_MAX} storms and tables");
        return Err(FieldError::new("storms", "too many sources", allowed).into());
    }
    let names = form.storms.iter().chain(form.recorded.iter().map(|table| &table.name));
    for name in names {
        // The report repeats them to whoever approves.
        if name.len() > NAME_BYTES_MAX || hidden(name).is_some() {
            let allowed = format!("at most {NAME_BYTES_MAX} bytes that everybody sees");
            return Err(FieldError::new("name", "a storm or a table has no such name", allowed).into());
        }
    }
    let mut sources = Vec::new();
    for name in &form.storms {
        sources.push(storm(name)?);
        said.update(format!("storm {name}\n"));
    }
    let tables: Vec<Recorded> = form
        .recorded
        .into_iter()
        .map(|table| {
            said.update(format!("table {} {}\n", table.name, table.csv.len()));
            said.update(table.csv.as_bytes());
            Recorded::Sent(table.name.into(), table.csv.into_bytes().into())
        })
        .collect();
    if !tables.is_empty() {
        sources.push(Source::Recorded(tables));
    }
    if let Some(history) = &form.history {
        let time = |text: &Option<String>, field: &str, none: Timestamp| match text {
            None => Ok(none),
            Some(text) => Timestamp::parse_rfc3339(text).map_err(|error| {
                Problem::from(FieldError::new(field, error.to_string(), "RFC 3339 with an offset"))
            }),
        };
        let from = time(&history.from, "history.from", Timestamp::MIN)?;
        let to = time(&history.to, "history.to", Timestamp::MAX)?;
        let newest = app.seen().snapshot.seq;
        let known_at = history.known_at.map_or(newest, |seq| newest.min(Seq(seq)));
        said.update(format!("history {} {} {}\n", from.ms(), to.ms(), known_at.0));
        sources.push(Source::History(History {
            reader: app.shared.reader.clone(),
            span: (from, to),
            known_at,
        }));
    }
    Ok(sources)
}

#[cfg(feature = "demo")]
fn storm(name: &str) -> Result<Source, Problem> {
    let found = simulator::storm::Storm::named(name);
    found.map(|storm| Source::Storm(Box::new(storm))).map_err(|mistakes| wrong(&mistakes))
}

#[cfg(not(feature = "demo"))]
fn storm(_name: &str) -> Result<Source, Problem> {
    Err(FieldError::new("storms", "this build has no simulator", "recorded tables and the history").into())
}

/// Files a result with its draft, in the name of who asked.
fn filing(app: &App, signed: &Signed, draft: Option<(String, String)>) -> File {
    let (orders, clock) = (app.shared.orders.clone(), app.shared.clock);
    let actor = OfficerId::new(&signed.officer);
    Box::new(move |report: &Report| {
        let Some((id, version)) = draft else { return "not_filed: nobody proposed these rules".to_owned() };
        let done = BacktestDone {
            draft_version_hash: version,
            digest: report.digest.clone(),
            summary: report.summary(),
            at: clock.now().ms(),
        };
        // The same result is the same order.
        let key = format!("backtest-{}", report.digest.get(..24).unwrap_or_default());
        let act = Act::Desk(desk::Act::Draft(DraftAct::Backtested { id, done }));
        let order = Arc::new(Order { actor, key: key.into(), note: None, if_match: None, act });
        let (reply, answered) = oneshot::channel();
        if orders.blocking_send(Ordered { order, reply }).is_err() {
            return "not_filed: the service stops".to_owned();
        }
        match answered.blocking_recv() {
            Ok(Answer::Done(_) | Answer::Repeated) => "filed".to_owned(),
            Ok(Answer::Refused(why)) => format!("not_filed: {why}"),
            Err(_) => "not_filed: the service stopped before it was durable".to_owned(),
        }
    })
}
