//! What a month, and an hour of the day, makes plausible (`QARTOD` tests "gross range" with the
//! operator's limits by month, and "climatology").

use chrono::{Datelike, Timelike};

use super::flag::LimitError;
use crate::quantity::Value;
use crate::time::{Span, Timestamp};

/// A range for some months and hours of the city's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Season {
    months: u16,
    hours: u32,
    range: (Value, Value),
}

impl Season {
    /// A range, ends included, for months `1..=12` and for the hours from the first up to the second
    /// one, over midnight where that is the smaller; without hours, for the whole day.
    ///
    /// # Errors
    /// Refuses an empty range, and months or hours that there are not.
    pub fn new(months: &[u8], hours: Option<(u8, u8)>, range: (Value, Value)) -> Result<Self, LimitError> {
        let (from, to) = hours.unwrap_or((0, 24));
        let there_is = |month: &u8| (1..=12).contains(month);
        if range.0 >= range.1 || months.is_empty() || !months.iter().all(there_is) {
            return Err(LimitError::Empty);
        }
        if from > 23 || to > 24 || from == to {
            return Err(LimitError::Empty);
        }
        let within = |hour: u8| {
            if from < to { (from..to).contains(&hour) } else { hour >= from || hour < to }
        };
        let hours = (0..24).filter(|hour| within(*hour)).map(|hour| 1 << hour).sum();
        let months = months.iter().fold(0, |all, month| all | 1 << month);
        Ok(Self { months, hours, range })
    }

    /// Whether both say something of some hour.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.months & other.months != 0 && self.hours & other.hours != 0
    }

    /// The range.
    pub fn range(&self) -> (Value, Value) {
        self.range
    }
}

/// The ranges of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// The plausible one, where the month has its own.
    pub plausible: Option<(Value, Value)>,
    /// What the season has ever seen.
    pub climatology: Option<(Value, Value)>,
}

/// The ranges of a sensor through the year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seasons {
    /// The city's clocks, east of UTC.
    pub offset: Span,
    /// The plausible range where it is another than the usual one.
    pub plausible: Vec<Season>,
    /// What the season has ever seen.
    pub climatology: Vec<Season>,
}

impl Seasons {
    /// What holds at a moment.
    pub fn at(&self, t: Timestamp) -> Ranges {
        if self.plausible.is_empty() && self.climatology.is_empty() {
            return Ranges::default();
        }
        let Some(local) = t.plus(self.offset).to_chrono() else { return Ranges::default() };
        let (month, hour) = (1 << local.month(), 1 << local.hour());
        let find = |seasons: &[Season]| {
            let now = |season: &&Season| season.months & month != 0 && season.hours & hour != 0;
            seasons.iter().find(now).map(|season| season.range)
        };
        Ranges { plausible: find(&self.plausible), climatology: find(&self.climatology) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_month_begins_at_the_citys_midnight() {
        let range = (Value::from_raw(0), Value::from_raw(1));
        let october = Season::new(&[10], None, range).unwrap();
        let seasons = Seasons { offset: Span::from_h(7), plausible: vec![october], climatology: Vec::new() };
        assert_eq!(seasons.at(moment("2025-09-30T23:59:59+07:00")).plausible, None);
        assert_eq!(seasons.at(moment("2025-10-01T00:00:00+07:00")).plausible, Some(range));
        assert_eq!(seasons.at(moment("2025-10-31T23:59:59+07:00")).plausible, Some(range));
    }

    #[test]
    fn a_night_goes_over_midnight() {
        let range = (Value::from_raw(0), Value::from_raw(1));
        let night = Season::new(&[1], Some((18, 6)), range).unwrap();
        let day = Season::new(&[1], Some((6, 18)), range).unwrap();
        assert!(!night.overlaps(&day) && night.overlaps(&Season::new(&[1, 2], None, range).unwrap()));
        let seasons = Seasons { climatology: vec![night], ..Seasons::default() };
        assert_eq!(seasons.at(moment("2025-01-05T05:59:00Z")).climatology, Some(range));
        assert_eq!(seasons.at(moment("2025-01-05T06:00:00Z")).climatology, None);
    }

    #[test]
    fn a_season_without_months_or_hours_is_refused() {
        let range = (Value::from_raw(0), Value::from_raw(1));
        for (months, hours) in [(&[][..], None), (&[13], None), (&[0], None), (&[1], Some((6, 6)))] {
            assert!(Season::new(months, hours, range).is_err(), "{months:?} {hours:?}");
        }
        assert!(Season::new(&[1], None, (range.1, range.0)).is_err());
    }
}
