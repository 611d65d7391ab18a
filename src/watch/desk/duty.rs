//! Officers' desk: duty.

use rules::bulletin::{Notice, compose_notice};
use sensors::time::Timestamp;

use crate::desk::duty::Act;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;
use crate::watch::tell;

pub(super) fn carry_out(_turn: &mut Turn, _order: &Order, act: &Act) -> Result<Done, Refusal> {
    match *act {}
}

/// Tells officers on duty. They hear it over the webhooks that carry telemetry.
pub(in crate::watch) fn notify(turn: &mut Turn, notice: &Notice) {
    let bulletin = compose_notice(notice, &turn.plan.phrases, turn.now, turn.next.exercise);
    tell::publish_to_staff(turn, bulletin);
}

pub(super) fn follow(_turn: &mut Turn) {}

pub(super) fn due(_state: &State) -> Option<Timestamp> {
    None
}
