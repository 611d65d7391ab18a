//! Officers' orders over HTTP: signed by a header, done by the writer, answered once durable.
//!
//! It checks the form of an order; whether it can be carried out is decided with everything else.

pub(super) mod reading;
pub(super) mod said;
pub(super) mod sign;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use self::sign::Signed;
use super::App;
use super::answer;
use super::problem::{FieldError, Problem};
use crate::desk::warning::check::visible;
use crate::event::Ordered;
use crate::order::{Act, Answer, Done, NOTE_BYTES_MAX, OfficerId, Order, Refusal};

/// What became of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedForm {
    /// `done`, or `repeated` where the very same order was done before.
    outcome: &'static str,
    /// Who signed.
    officer: String,
    /// How the signature was verified: `unverified_header` until identities are.
    signature: &'static str,
    /// What a second pair of eyes counts for: `not_enforced` until identities are verified.
    four_eyes: &'static str,
    /// The sensor.
    sensor: Option<String>,
    /// The quality of the reading that was entered.
    quality: Option<&'static str>,
    /// The check that made it suspect or rejected.
    check: Option<&'static str>,
    /// The paper that was filed.
    paper: Option<PaperForm>,
}

/// A version of an officers' paper.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct PaperForm {
    /// Its kind.
    pub(super) kind: &'static str,
    /// Its id.
    pub(super) id: String,
    /// Its version; the `ETag` carries it.
    pub(super) version: u64,
}

/// Hands the order to the writer and waits until it is durable.
pub(super) async fn obey(
    app: &App,
    signed: &Signed,
    note: Option<String>,
    act: Act,
) -> Result<Answer, Problem> {
    if note.as_ref().is_some_and(|note| note.len() > NOTE_BYTES_MAX) {
        return Err(FieldError::new("note", "is too long", format!("at most {NOTE_BYTES_MAX} bytes")).into());
    }
    if let Some(why) = note.as_deref().and_then(|note| visible(note).err()) {
        return Err(FieldError::new("note", why, "write it without them").into());
    }
    let order = Arc::new(Order {
        actor: OfficerId::new(&signed.officer),
        key: Arc::clone(&signed.key),
        note,
        if_match: signed.if_match,
        act,
    });
    let (reply, answered) = oneshot::channel();
    let waiting = "orders wait already, or the service stops; send it again with the same key";
    app.shared.orders.try_send(Ordered { order, reply }).map_err(|_| Problem::busy(waiting))?;
    let gone = "the service stopped before it was durable; send it again with the same key";
    answered.await.map_err(|_| Problem::busy(gone))
}

/// Gives an order and answers with what became of it; where a paper was filed, its version is the `ETag`.
pub(super) async fn give(
    app: &App,
    signed: Signed,
    note: Option<String>,
    act: Act,
) -> Result<Response, Problem> {
    let seen = app.seen();
    let about = match &act {
        Act::Enter(entry) => Some(entry.sensor),
        Act::Trust(sensor) => Some(*sensor),
        Act::Desk(_) => None,
    };
    let sensor = about.and_then(|ix| Some(seen.snapshot.state.plan.city.sensor(ix)?.id.to_string()));
    let (outcome, quality, paper) = match obey(app, &signed, note, act).await? {
        Answer::Done(Done::Entered(quality)) => ("done", Some(quality), None),
        Answer::Done(Done::Trusted) => ("done", None, None),
        Answer::Done(Done::Filed { kind, id, version }) => {
            ("done", None, Some(PaperForm { kind: kind.as_str(), id: id.to_string(), version }))
        }
        Answer::Repeated => ("repeated", None, None),
        Answer::Refused(why) => return Err(problem(&why)),
    };
    let version = paper.as_ref().map(|paper| paper.version);
    let form = OrderedForm {
        outcome,
        officer: signed.officer,
        signature: "unverified_header",
        four_eyes: "not_enforced",
        sensor,
        quality: quality.map(sensors::quality::Quality::as_str),
        check: quality.and_then(sensors::quality::Quality::check).map(sensors::quality::Check::as_str),
        paper,
    };
    let mut response = answer::fresh(StatusCode::OK, app.envelope(&app.seen()), &form);
    if let Some(version) = version {
        sign::tag(&mut response, version);
    }
    Ok(response)
}

/// Why an order was not carried out, as a problem.
fn problem(why: &Refusal) -> Problem {
    match why {
        Refusal::Absent { .. } => Problem::closed(why.to_string()),
        Refusal::Stale { .. } => Problem::stale(why.to_string()),
        _ => Problem::refused(why.to_string()),
    }
}
