//! What orders and the clock do to the officers' desk, decided with everything else.
//!
//! Every change is filed as a version of a paper in the same commit as what follows from it.

mod cap;
pub(in crate::watch) mod draft;
pub(in crate::watch) mod duty;
mod foreign;
mod typed;
pub(in crate::watch) mod warning;

use std::sync::Arc;

use sensors::time::Timestamp;

use crate::desk::paper::{Filed, Record, Shelf};
use crate::desk::{Act, Desk};
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// Carries an order at the desk out.
pub(super) fn carry_out(turn: &mut Turn, order: &Order, act: &Act) -> Result<Done, Refusal> {
    match act {
        Act::Warning(act) => warning::carry_out(turn, order, act),
        Act::Draft(act) => draft::carry_out(turn, order, act),
        Act::Duty(act) => duty::carry_out(turn, order, act),
        Act::Typed(act) => typed::carry_out(turn, order, act),
        Act::Foreign(act) => foreign::carry_out(turn, order, act),
    }
}

/// What became true at the desk without an order: fuses that ended, calls that nobody took. It goes
/// before people are told, so that what it lets out goes the way of every bulletin.
pub(super) fn follow(turn: &mut Turn) {
    typed::follow(turn);
    warning::follow(turn);
}

/// What follows at the desk from what people are told in this decision.
pub(super) fn follow_told(turn: &mut Turn) {
    foreign::follow(turn);
    duty::follow(turn);
    cap::follow(turn);
}

/// When to look at the desk again although nothing arrived.
pub(super) fn due(state: &State) -> Option<Timestamp> {
    let moments =
        [warning::due(state), duty::due(state), typed::due(state), foreign::due(state), cap::due(state)];
    moments.into_iter().flatten().min()
}

/// The paper that an order speaks of, in the version that the officer has seen.
pub(super) fn seen<'a, T>(shelf: &'a Shelf<T>, id: &str, order: &Order) -> Result<&'a Filed<T>, Refusal> {
    let filed = shelf.find(id).ok_or_else(|| Refusal::Absent { what: id.to_owned() })?;
    match order.if_match {
        Some(given) if given != filed.version => Err(Refusal::Stale {
            given,
            current: filed.version,
            by: filed.by.as_deref().unwrap_or("the clock").to_owned(),
            at: filed.at,
        }),
        _ => Ok(filed),
    }
}

impl Turn {
    /// Files a version of a paper, with its commit.
    pub(super) fn file<T: Record>(
        &mut self,
        shelf: fn(&mut Desk) -> &mut Shelf<T>,
        record: T,
        by: Option<&Order>,
    ) -> Done {
        let by = by.map(|order| Arc::from(order.actor.as_str()));
        let id: Arc<str> = record.id().into();
        match shelf(&mut self.next.desk).file(record, by, self.now) {
            Ok(paper) => {
                let version = paper.version;
                self.commit.papers.push(paper);
                Done::Filed { kind: T::KIND, id, version }
            }
            Err(error) => {
                tracing::error!(%error, kind = T::KIND.as_str(), %id, "a paper can't be written");
                Done::Filed { kind: T::KIND, id, version: 0 }
            }
        }
    }
}
