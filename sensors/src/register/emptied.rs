//! Registers that reading empties: which interval a depth belongs to. Never takes a lost depth
//! for no rain.

use crate::quantity::Value;
use crate::reading::Observed;
use crate::time::Timestamp;

/// What is known of one register that reading empties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    since: Option<Timestamp>,
    lost: bool,
}

impl Emptied {
    /// Whoever knows from before when it was last emptied.
    pub const fn since(at: Timestamp) -> Self {
        Self { since: Some(at), lost: false }
    }

    /// A request was sent and no answer came, or none that could be read: it may have been emptied.
    pub const fn lost(&mut self) {
        self.lost = true;
    }

    /// An answer came: the depth and the start of its interval, which ends at `at`.
    ///
    /// The first contact says nothing, for nobody knows since when the rain was gathered. After a
    /// lost answer the depth is the least that fell since the last answer that came: doubtful, and
    /// unknown where it is 0.
    pub fn answered(&mut self, value: Observed, at: Timestamp) -> Option<(Timestamp, Observed)> {
        let lost = std::mem::replace(&mut self.lost, false);
        let from = self.since.replace(at)?;
        let value = match value {
            Observed::Value(depth) | Observed::Doubtful(depth) if lost && depth > Value::default() => {
                Observed::Doubtful(depth)
            }
            Observed::Value(_) | Observed::Doubtful(_) if lost => Observed::Missing,
            as_said => as_said,
        };
        Some((from, value))
    }
}
