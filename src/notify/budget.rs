//! How long each leg of a warning may take: the budgets of the alert clock, `[alert_clock]` of
//! `receivers.toml`.

use sensors::sheet::Row;
use sensors::time::Span;

use crate::store::read::Leg;

/// The longest budget that makes sense, seconds: a day.
const MOST_S: i64 = 86_400;

/// A budget per leg, by the running clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    arrived: Span,
    is_true: Span,
    approved: Span,
    handed_over: Span,
}

/// A ten-minute gauge over a mobile network, a decision at once, a quarter of an hour for an officer (the
/// usual fuse), a minute for the channels.
impl Default for Budget {
    fn default() -> Self {
        Self {
            arrived: Span::from_s(120),
            is_true: Span::from_s(5),
            approved: Span::from_s(900),
            handed_over: Span::from_s(60),
        }
    }
}

impl Budget {
    /// Reads the table; a key that is left out keeps its default.
    pub(super) fn read(row: Row<'_>) -> Self {
        let usual = Self::default();
        let span = |key: &str, usual: Span| {
            row.cell(key).and_then(|cell| cell.whole(1, MOST_S)).map_or(usual, Span::from_s)
        };
        let budget = Self {
            arrived: span("arrived_s", usual.arrived),
            is_true: span("true_s", usual.is_true),
            approved: span("approved_s", usual.approved),
            handed_over: span("handed_over_s", usual.handed_over),
        };
        row.close();
        budget
    }

    /// How long a leg may take.
    pub fn of(&self, leg: Leg) -> Span {
        match leg {
            Leg::Arrived => self.arrived,
            Leg::True => self.is_true,
            Leg::Approved => self.approved,
            Leg::HandedOver => self.handed_over,
        }
    }
}
