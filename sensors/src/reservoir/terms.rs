//! What an order to release may say, and how long before the gates open it must come.

use std::collections::BTreeMap;

use crate::quantity::Discharge;
use crate::station::StationId;
use crate::time::Span;

/// The bounds of release orders, from `reservoirs.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long before the gates open an order must reach people, by law; `None` where nobody set it.
    pub notice: Option<Span>,
    /// A release that rises by more than this needs an order before it; `None` where nobody set it.
    pub rise: Option<Discharge>,
    /// The largest release seen, of each dam where it is known.
    pub largest: BTreeMap<StationId, Discharge>,
    /// Of the largest release seen, in per cent: an order for more is taken for a typing error.
    pub plausible_percent: i64,
}

impl Default for Terms {
    /// Half as much again as was ever seen.
    fn default() -> Self {
        Self { notice: None, rise: None, largest: BTreeMap::new(), plausible_percent: 150 }
    }
}

impl Terms {
    /// The most that an order for a dam may name; `None` where no largest release is known.
    pub fn most(&self, dam: &StationId) -> Option<Discharge> {
        let largest = self.largest.get(dam)?.l_per_s();
        Some(Discharge::from_l_per_s(largest.saturating_mul(self.plausible_percent) / 100))
    }
}
