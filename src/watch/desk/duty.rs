//! Officers' desk: duty.

use sensors::time::Timestamp;

use crate::desk::duty::Act;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

pub(super) fn carry_out(_turn: &mut Turn, _order: &Order, act: &Act) -> Result<Done, Refusal> {
    match *act {}
}

pub(super) fn follow(_turn: &mut Turn) {}

pub(super) fn due(_state: &State) -> Option<Timestamp> {
    None
}
