//! Typed bulletins and release orders: checked whole, filed, and told by the life of their warnings.
//!
//! Nothing goes out from here: what is to be told is proposed under the paper's own id.

mod bulletin;
mod issue;
mod notice;
mod release;

use sensors::time::Timestamp;

use crate::desk::typed::{Act, Lack};
use crate::notify::outbox::hex;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;
use sha2::{Digest, Sha256};

/// Typed bulletins that may be open at once.
pub(in crate::watch) const TYPED_MAX: usize = 200;
/// Release orders that may be open at once.
pub(in crate::watch) const RELEASES_MAX: usize = 100;

pub(super) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    match act {
        Act::Type(fields) => bulletin::type_in(turn, order, fields),
        Act::Retype { id, fields } => bulletin::retype(turn, order, id, fields),
        Act::Withdraw { id, reason } => bulletin::withdraw(turn, order, id, reason),
        Act::Release(terms) => release::enter(turn, order, terms),
        Act::Revise { id, order: terms } => release::revise(turn, order, id, terms),
        Act::WithdrawRelease { id, reason, in_error } => {
            release::withdraw(turn, order, id, reason, *in_error)
        }
        Act::CompleteRelease { id, reason } => release::complete(turn, order, id, reason),
    }
}

/// Bulletins whose time has passed, orders whose hour has come.
pub(super) fn follow(turn: &mut Turn) {
    bulletin::follow(turn);
    notice::follow(turn);
    release::follow(turn);
}

pub(super) fn due(state: &State) -> Option<Timestamp> {
    bulletin::due(state).into_iter().chain(release::due(state)).min()
}

/// Refuses an approval by the officer who typed it: the second pair of eyes is another one's.
pub(super) fn second(turn: &Turn, order: &Order, act: &crate::desk::warning::Act) -> Result<(), Refusal> {
    let crate::desk::warning::Act::Approve { id, .. } = act else { return Ok(()) };
    let desk = &turn.next.desk;
    let typed = desk.typed.find(id).map(|filed| &filed.record.typed_by);
    let author = typed.or_else(|| desk.release_orders.find(id).map(|filed| &filed.record.entered_by));
    if author.is_some_and(|author| author == order.actor.as_str()) {
        let why = format!("{} typed {id}; another officer approves it", order.actor);
        return Err(Refusal::Desk { why });
    }
    Ok(())
}

/// Nothing is half right: every lack is named.
fn whole(lacks: &[Lack]) -> Result<(), Refusal> {
    if lacks.is_empty() {
        return Ok(());
    }
    let told: Vec<String> =
        lacks.iter().map(|lack| format!("{}: {}; {}", lack.field, lack.wrong, lack.allowed)).collect();
    Err(Refusal::Desk { why: told.join(" | ") })
}

/// An id that follows from the order and its moment: the same in every replay, and no earlier paper's, also
/// where a key that was forgotten comes again.
fn id_of(prefix: &str, turn: &Turn, order: &Order) -> String {
    let hash = Sha256::digest(format!("{}\n{}\n{}", order.actor, order.key, turn.now.ms()));
    format!("{prefix}-{}", hash.get(..6).map(hex).unwrap_or_default())
}
