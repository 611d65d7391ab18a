//! Officers' desk: draft.

use crate::desk::draft::Act;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;

pub(super) fn carry_out(_turn: &mut Turn, _order: &Order, act: &Act) -> Result<Done, Refusal> {
    match *act {}
}
