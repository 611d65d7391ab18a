//! Officers' desk: cap.

use sensors::time::Timestamp;

use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

pub(super) fn follow(_turn: &mut Turn) {}

pub(super) fn due(_state: &State) -> Option<Timestamp> {
    None
}
