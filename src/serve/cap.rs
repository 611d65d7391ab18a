//! Our CAP messages for other systems: a feed, and each message under its own address for ever.
//!
//! Exercises have their own addresses: none of theirs is ever found among the real ones.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use utoipa::OpenApi;

use super::App;
use super::answer::{self, Kind};
use super::guard::Place;
use super::problem::Problem;
use super::query::NoQuery;
use super::route::{Route, STORE};
use super::station::Id;
use crate::cap::write::feed::{self, Named, feed};

/// A message never changes.
const FOR_EVER: Kind = Kind { media: "application/cap+xml", cache: "public, max-age=31536000, immutable" };
/// A feed changes with every message.
const FEED: Kind = Kind { media: "application/atom+xml", cache: "no-cache" };

/// Its routes.
pub(in crate::serve) const ROUTES: &[Route] = &[
    Route::public("follow_cap", "/cap/feed.atom", STORE, &[400, 404], || get(show_feed)),
    Route::public("show_cap", "/cap/{file}", STORE, &[400, 404], || get(show)),
    Route::public("follow_cap_exercise", "/cap/exercise/feed.atom", STORE, &[400, 404], || {
        get(show_exercise_feed)
    }),
    Route::public("show_cap_exercise", "/cap/exercise/{file}", STORE, &[400, 404], || get(show_exercise)),
];

/// Its part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(show_feed, show, show_exercise_feed, show_exercise))]
pub(in crate::serve) struct Doc;

/// Our warnings as an Atom feed of CAP 1.2 messages: those in force first, then the newest that expired.
#[utoipa::path(
    get, path = "/cap/feed.atom", operation_id = "follow_cap", tag = "cap",
    responses((status = 200, description = "The feed", body = String, content_type = "application/atom+xml"))
)]
pub(crate) async fn show_feed(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    feed_of(&app, place, &asked, false).await
}

/// The same of exercises.
#[utoipa::path(
    get, path = "/cap/exercise/feed.atom", operation_id = "follow_cap_exercise", tag = "cap",
    responses((status = 200, description = "The feed", body = String, content_type = "application/atom+xml"))
)]
pub(crate) async fn show_exercise_feed(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    feed_of(&app, place, &asked, true).await
}

/// One CAP 1.2 message. It never changes: what follows on it has another identifier.
#[utoipa::path(
    get, path = "/cap/{file}", operation_id = "show_cap", tag = "cap",
    params(("file" = String, Path, description = "`{identifier}.xml`")),
    responses((status = 200, description = "The message", body = String, content_type = "application/cap+xml"))
)]
pub(crate) async fn show(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(file): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    message_of(&app, place, file, &asked, false).await
}

/// The same of exercises.
#[utoipa::path(
    get, path = "/cap/exercise/{file}", operation_id = "show_cap_exercise", tag = "cap",
    params(("file" = String, Path, description = "`{identifier}.xml`")),
    responses((status = 200, description = "The message", body = String, content_type = "application/cap+xml"))
)]
pub(crate) async fn show_exercise(
    State(app): State<App>,
    Extension(place): Extension<Place>,
    Id(file): Id,
    _: NoQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    message_of(&app, place, file, &asked, true).await
}

async fn feed_of(app: &App, place: Place, asked: &HeaderMap, exercise: bool) -> Result<Response, Problem> {
    let out = app.seen().snapshot.state.plan.cap.out.clone();
    let Some(out) = out else {
        return Err(Problem::unknown(
            "feed",
            "feed.atom",
            "cap.toml has no [out], so that no message is written",
        ));
    };
    let (now, limit) = (app.shared.clock.now(), out.feed_max);
    let entries = app.read(place, move |reader| reader.cap_feed(exercise, now, limit)).await?;
    let named: Vec<Named<'_>> = entries
        .iter()
        .map(|entry| Named { identifier: &entry.identifier, sent: entry.sent, xml: &entry.xml })
        .collect();
    let text = feed(&out, &named, exercise, feed::Place::Served);
    Ok(answer::document(asked, &FEED, text.into_bytes()))
}

async fn message_of(
    app: &App,
    place: Place,
    file: String,
    asked: &HeaderMap,
    exercise: bool,
) -> Result<Response, Problem> {
    let absent = || Problem::unknown("message", &file, "the feed.atom beside it names the messages");
    let identifier = file.strip_suffix(".xml").ok_or_else(absent)?.to_owned();
    let found = app.read(place, move |reader| reader.cap_message(&identifier)).await?;
    let entry = found.filter(|entry| entry.exercise == exercise).ok_or_else(absent)?;
    Ok(answer::document(asked, &FOR_EVER, entry.xml.into_bytes()))
}
