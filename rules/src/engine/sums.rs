//! Sums of rain that several alerts ask for in one decision: the gauge's own, its slope's, its
//! basins'. Kept as long as no series changes; what a sum is does not depend on it.

use std::cell::RefCell;
use std::collections::HashMap;

use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use super::truth::Measured;

/// Sums that are kept at most (about 30 MB); what comes beyond is looked through anew.
const SUMS_MAX: usize = 200_000;

/// A gauge, a window, and where it ends.
type Key = (SensorIx, Span, Timestamp);
/// What fell, and how much of the window is missing; nothing where no reading was usable.
pub(super) type Sum = Option<(Measured, Span)>;

/// The sums that were looked through.
#[derive(Debug, Default)]
pub struct Sums(RefCell<HashMap<Key, Sum>>);

impl Sums {
    pub(super) fn of(&self, key: Key, look: impl FnOnce() -> Sum) -> Sum {
        if let Some(known) = self.0.borrow().get(&key) {
            return *known;
        }
        let sum = look();
        let mut known = self.0.borrow_mut();
        if known.len() < SUMS_MAX {
            known.insert(key, sum);
        }
        sum
    }
}
