//! How long a dam's release takes to a station below it.
//!
//! A travel time belongs to one dam and one station, as a range for the first rise and one for the
//! crest. Who is in danger is told the earliest; where it is not known, no hour is named. Nothing
//! here computes a travel time, and none is taken from another pair.

use crate::station::StationId;
use crate::time::{Span, Timestamp};

/// The earliest and the latest of something.
pub type Range<T> = (T, T);

/// How long a release takes from a dam to a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Travel {
    dam: StationId,
    station: StationId,
    first_rise: Range<Span>,
    crest: Range<Span>,
}

/// When a release arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The first rise, at the earliest and at the latest.
    pub first_rise: Range<Timestamp>,
    /// The crest, at the earliest and at the latest.
    pub crest: Range<Timestamp>,
}

/// Times that no water takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TravelError {
    /// A range ends before it begins, or begins before the gates opened.
    #[error("the range of the {what} is upside down or begins before 0; needed is 0 <= earliest <= latest")]
    UpsideDown {
        /// First rise or crest.
        what: &'static str,
    },
    /// The crest would pass before the first rise.
    #[error("the crest would come before the first rise")]
    CrestFirst,
}

impl Travel {
    /// A travel time.
    ///
    /// # Errors
    /// Ranges that are upside down, and a crest before the first rise.
    pub fn new(
        dam: StationId,
        station: StationId,
        first_rise: Range<Span>,
        crest: Range<Span>,
    ) -> Result<Self, TravelError> {
        for (what, (earliest, latest)) in [("first rise", first_rise), ("crest", crest)] {
            if earliest < Span::ZERO || latest < earliest {
                return Err(TravelError::UpsideDown { what });
            }
        }
        if crest.0 < first_rise.0 || crest.1 < first_rise.1 {
            return Err(TravelError::CrestFirst);
        }
        Ok(Self { dam, station, first_rise, crest })
    }

    /// The dam.
    pub fn dam(&self) -> &StationId {
        &self.dam
    }

    /// The station below it.
    pub fn station(&self) -> &StationId {
        &self.station
    }

    /// When what was let out at a time arrives.
    pub fn arrival(&self, released_at: Timestamp) -> Arrival {
        let after = |(earliest, latest): Range<Span>| (released_at.plus(earliest), released_at.plus(latest));
        Arrival { first_rise: after(self.first_rise), crest: after(self.crest) }
    }
}

impl Arrival {
    /// What the public is told: the first rise at its earliest.
    pub fn told_to_public(&self) -> Timestamp {
        self.first_rise.0
    }
}

/// When a release of a dam arrives at a station; `None` where nobody knows, and then no hour is named.
pub fn arrival(
    travels: &[Travel],
    dam: &StationId,
    station: &StationId,
    released_at: Timestamp,
) -> Option<Arrival> {
    let travel = travels.iter().find(|travel| travel.dam == *dam && travel.station == *station)?;
    Some(travel.arrival(released_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> StationId {
        StationId::new(text)
    }

    fn hours(earliest: i64, latest: i64) -> Range<Span> {
        (Span::from_h(earliest), Span::from_h(latest))
    }

    /// The hours are made up.
    #[test]
    fn rule_24_travel_time_belongs_to_a_dam_station_pair_and_the_public_gets_the_earliest() {
        let opened = Timestamp::parse_rfc3339("2025-11-16T20:00:00+07:00").unwrap();
        let known = [
            Travel::new(id("upper"), id("town"), hours(4, 7), hours(8, 12)).unwrap(),
            Travel::new(id("lower"), id("town"), hours(1, 2), hours(3, 5)).unwrap(),
        ];
        let arrival = |dam: &str, station: &str| arrival(&known, &id(dam), &id(station), opened);
        let upper = arrival("upper", "town").unwrap();
        assert_eq!(upper.told_to_public(), opened.plus(Span::from_h(4)));
        assert_eq!(upper.crest, (opened.plus(Span::from_h(8)), opened.plus(Span::from_h(12))));
        assert_eq!(arrival("lower", "town").unwrap().told_to_public(), opened.plus(Span::from_h(1)));
        // Unknown means that no hour is named: neither another dam's nor another station's.
        assert_eq!(arrival("upper", "bridge"), None);
        assert_eq!(arrival("third", "town"), None);
    }

    #[test]
    fn times_that_no_water_takes_are_refused() {
        let travel = |first, crest| Travel::new(id("dam"), id("town"), first, crest).unwrap_err();
        assert_eq!(travel(hours(5, 4), hours(6, 7)), TravelError::UpsideDown { what: "first rise" });
        assert_eq!(travel(hours(-1, 4), hours(6, 7)), TravelError::UpsideDown { what: "first rise" });
        assert_eq!(travel(hours(3, 4), hours(2, 7)), TravelError::CrestFirst);
    }
}
