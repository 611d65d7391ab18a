//! What every part of the desk does alike: a page of papers is asked for, one is read out of the store, and
//! its version leaves as the `ETag` that the next order names.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::desk::paper::{Kept, Kind};
use crate::serve::App;
use crate::serve::answer;
use crate::serve::guard::Place;
use crate::serve::order::sign;
use crate::serve::problem::Problem;
use crate::serve::query::Query;
use crate::store::read::Papers;
use crate::store::record::Page;

/// What may be asked of a list of papers.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "a schema; the query is read in `page`")]
pub(super) struct PageQuery {
    /// `open` (the default) or `all`.
    #[param(pattern = "^(open|all)$")]
    state: Option<String>,
    /// Papers on a page.
    #[param(minimum = 1)]
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Papers, or versions of one, on a page when nobody says otherwise, and at most.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) usual: u64,
    pub(super) most: u64,
}

/// A page of papers of a kind, by id, as `state`, `limit` and `cursor` ask for it.
pub(super) async fn page(
    app: &App,
    place: Place,
    raw: Option<&str>,
    kind: Kind,
    bounds: Bounds,
) -> Result<Page<Kept, String>, Problem> {
    let mut query = Query::read(raw, &["state", "limit", "cursor"]);
    let which = if query.wants_all() { Papers::All } else { Papers::Open };
    let limit = limit(&mut query, bounds);
    let after = query.text("cursor").map(str::to_owned);
    query.finish()?;
    app.read(place, move |reader| reader.papers(kind, which, after.as_deref(), limit)).await
}

/// One paper in its newest version, open or closed; the `ETag` is its version.
pub(super) async fn one<T: Serialize>(
    app: &App,
    place: Place,
    (kind, id): (Kind, &str),
    form: impl FnOnce(&Kept) -> Option<T>,
    listed: &str,
) -> Result<Response, Problem> {
    let kept = newest(app, place, kind, id).await?;
    let found = kept.as_ref().and_then(|kept| Some((kept.version, form(kept)?)));
    let (version, form) = found.ok_or_else(|| Problem::unknown(kind.as_str(), id, listed))?;
    Ok(tagged(app, version, &form))
}

/// How many are asked for.
pub(super) fn limit(query: &mut Query, bounds: Bounds) -> usize {
    query.number("limit", 1, bounds.most).unwrap_or(bounds.usual) as usize
}

/// A paper in its newest version, open or closed.
pub(super) async fn newest(app: &App, place: Place, kind: Kind, id: &str) -> Result<Option<Kept>, Problem> {
    let id = id.to_owned();
    app.read(place, move |reader| reader.paper(kind, &id)).await
}

/// The newest versions of a paper, the newest first; none where there is no such paper.
pub(super) async fn versions(
    app: &App,
    place: Place,
    kind: Kind,
    id: &str,
    most: usize,
) -> Result<Vec<Kept>, Problem> {
    let id = id.to_owned();
    app.read(place, move |reader| reader.paper_versions(kind, &id, most)).await
}

/// What a paper says; one that can't be read stands in the log.
pub(super) fn record<T: DeserializeOwned>(kept: &Kept) -> Option<T> {
    let read = serde_json::from_str(&kept.record);
    read.map_err(|why| tracing::error!(%why, kind = kept.kind, id = kept.id, "a paper can't be read")).ok()
}

/// An answer that is made anew every time.
pub(super) fn shown<T: Serialize>(app: &App, form: &T) -> Response {
    answer::fresh(StatusCode::OK, app.envelope(&app.seen()), form)
}

/// A paper with its version as the `ETag`.
pub(super) fn tagged<T: Serialize>(app: &App, version: u64, form: &T) -> Response {
    let mut response = shown(app, form);
    sign::tag(&mut response, version);
    response
}
