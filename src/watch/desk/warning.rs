//! The life of warnings: proposed, issued, eased, all-cleared, cancelled.

use rules::bulletin::Bulletin;
use rules::rule::IssuePolicy;
use sensors::time::Timestamp;

use crate::desk::warning::Act;
use crate::order::{Done, Order, Refusal};
use crate::watch::decide::Turn;
use crate::watch::snapshot::State;

/// Something that people are to be told, and that no rule said.
#[derive(Clone, Debug)]
pub(in crate::watch) struct Draft {
    /// What they are to be told. Its `alert` is the id of the warning (the same id again: an update of
    /// it), its `id`, `act`, `automatic` and `author` are set here. Empty zones are an error.
    pub(in crate::watch) bulletin: Bulletin,
    /// What it tells of in one word, as `typed` or `announced`; never `none`.
    pub(in crate::watch) level: String,
    /// Who lets it out.
    pub(in crate::watch) policy: IssuePolicy,
}

/// Proposes it, or lets it out at once where the policy is automatic; `by` is the order that brought it.
///
/// # Errors
/// Where it has no zones, no text, a zone that is not of the city, or too many warnings are open.
#[expect(dead_code, reason = "typed bulletins call it")]
pub(in crate::watch) fn propose(
    _turn: &mut Turn,
    _draft: Draft,
    _by: Option<&Order>,
) -> Result<Done, Refusal> {
    Err(Refusal::Desk { why: "not yet".to_owned() })
}

/// What it told of is over (its time has passed, the order was withdrawn): what waits is withdrawn,
/// people who were told hear that it eased in `eased`, which is no all-clear.
#[expect(dead_code, reason = "typed bulletins call it")]
pub(in crate::watch) fn over(_turn: &mut Turn, _id: &str, _eased: Option<Bulletin>, _why: &str) {}

pub(super) fn carry_out(_turn: &mut Turn, _order: &Order, _act: &Act) -> Result<Done, Refusal> {
    Err(Refusal::Desk { why: "not yet".to_owned() })
}

pub(super) fn follow(_turn: &mut Turn) {}

pub(super) fn due(_state: &State) -> Option<Timestamp> {
    None
}
