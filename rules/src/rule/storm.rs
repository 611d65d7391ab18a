//! What conditions on reservoirs, and on one gauge in the place of another, are made of; seasons, and
//! whose devices are asked faster.

use chrono::Datelike;
use sensors::quantity::Elevation;
use sensors::reservoir::StorageCurve;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::threshold::Threshold;

/// A reservoir that fills up: the time until it is full, at the inflow and release of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filling {
    /// Its pool level.
    pub pool: SensorIx,
    /// What runs in.
    pub inflow: SensorIx,
    /// The total that is let out.
    pub release: SensorIx,
    /// What it holds at which elevation.
    pub curve: StorageCurve,
    /// The elevation at which it is full.
    pub full: Elevation,
    /// In seconds, negative: the less time is left, the higher it stands.
    pub threshold: Threshold,
}

/// A gauge that stands in for another one while that one is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Who is silent.
    pub target: SensorIx,
    /// Who speaks in its place.
    pub by: SensorIx,
    /// What is added to its value where nothing was learned, in finest steps; `None` where nobody set it.
    pub offset: Option<i64>,
    /// The offset is learned from what both said in this time before the silence.
    pub learn: Span,
    /// Against what, as the value of the silent one.
    pub threshold: Threshold,
}

/// Whose devices are asked faster in a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StormPace {
    /// Those of the rule's subject: its station, or every station of its basin.
    Subject,
    /// Everybody's.
    All,
}

/// The part of the year in which a rule raises, both days included; it may go over the new year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Season {
    /// The first day, month and day.
    pub from: (u8, u8),
    /// The last day.
    pub until: (u8, u8),
    /// The city's clocks.
    pub utc_offset_min: i32,
}

impl Season {
    /// Whether a moment lies in it, by the city's calendar.
    pub fn holds(self, at: Timestamp) -> bool {
        let local = at.plus(Span::from_min(i64::from(self.utc_offset_min)));
        let Some(time) = local.to_chrono() else { return true };
        let day = (time.month() as u8, time.day() as u8);
        if self.from <= self.until {
            (self.from..=self.until).contains(&day)
        } else {
            day >= self.from || day <= self.until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_is_of_the_citys_calendar_and_may_go_over_the_new_year() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let flood = Season { from: (9, 1), until: (12, 15), utc_offset_min: 420 };
        assert!(flood.holds(at("2025-08-31T17:00:00Z")), "it is September in Huế");
        assert!(!flood.holds(at("2025-08-31T16:59:59Z")));
        assert!(flood.holds(at("2025-12-15T16:59:59Z")) && !flood.holds(at("2025-12-15T17:00:00Z")));
        let north = Season { from: (11, 1), until: (2, 28), utc_offset_min: 0 };
        assert!(north.holds(at("2025-12-31T00:00:00Z")) && north.holds(at("2026-01-01T00:00:00Z")));
        assert!(!north.holds(at("2026-03-01T00:00:00Z")));
    }
}
