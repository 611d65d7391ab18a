//! One row of a file in our words: who measured, when, what. Words that were met before are not
//! read again, so that a row costs no allocation.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::station::{SensorId, SensorIx, StationId};
use sensors::time::{Span, Timestamp};

use super::map::Map;

/// Different names of one file that are remembered; a file with more is read more slowly.
const NAMES_MAX: usize = 65_536;

/// What is wrong with a row.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// Which column.
    pub(super) column: &'static str,
    /// What is wrong.
    pub(super) wrong: String,
    /// What is allowed.
    pub(super) allowed: String,
}

/// What the names of a row mean.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A sensor of ours; the factor brings the value to our unit.
    Sensor {
        /// Which.
        ix: SensorIx,
        /// What it measures.
        parameter: Parameter,
        /// Ours for one of theirs.
        times: f64,
    },
    /// A station or a sensor that the configuration does not have.
    Unknown,
    /// Something that is no reading of anybody.
    Wrong(Refusal),
}

/// What the configuration does not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unknown {
    /// A station.
    Station(String),
    /// A sensor of a station that it knows.
    Sensor(String),
}

/// The names in a row, as they stand there.
#[derive(Clone, Copy)]
pub(super) struct Names<'r> {
    pub(super) station: &'r [u8],
    pub(super) parameter: &'r [u8],
    pub(super) sensor: &'r [u8],
    pub(super) unit: &'r [u8],
}

/// The names that were met so far.
pub(super) struct Words<'a> {
    city: &'a City,
    map: &'a Map,
    places: HashMap<Box<[u8]>, usize>,
    meanings: Vec<Meaning>,
    key: Vec<u8>,
    /// What was passed over, with the first line of each.
    pub(super) unknown: BTreeMap<Unknown, u64>,
}

impl<'a> Words<'a> {
    /// None so far.
    pub(super) fn new(city: &'a City, map: &'a Map) -> Self {
        let (places, meanings) = (HashMap::new(), Vec::new());
        Self { city, map, places, meanings, key: Vec::new(), unknown: BTreeMap::new() }
    }

    /// What the names of a row mean.
    pub(super) fn meaning(&mut self, names: Names<'_>, line: u64) -> &Meaning {
        self.key.clear();
        for part in [names.station, names.parameter, names.sensor, names.unit] {
            self.key.extend_from_slice(part);
            // No text in UTF-8 has this byte: two names are never taken for one.
            self.key.push(0xff);
        }
        let place = match self.places.get(self.key.as_slice()) {
            Some(place) => *place,
            None => self.learn(names, line),
        };
        self.meanings.get(place).unwrap_or(&Meaning::Unknown)
    }

    fn learn(&mut self, names: Names<'_>, line: u64) -> usize {
        let meaning = self.understood(names, line).unwrap_or_else(Meaning::Wrong);
        if self.places.len() < NAMES_MAX {
            self.places.insert(self.key.as_slice().into(), self.meanings.len());
            self.meanings.push(meaning);
        } else if self.meanings.len() > NAMES_MAX {
            if let Some(last) = self.meanings.last_mut() {
                *last = meaning;
            }
        } else {
            self.meanings.push(meaning);
        }
        self.meanings.len() - 1
    }

    fn understood(&mut self, names: Names<'_>, line: u64) -> Result<Meaning, Refusal> {
        let text = |bytes| {
            std::str::from_utf8(bytes).map_err(|_| Refusal {
                column: "row",
                wrong: "a name is not in UTF-8".to_owned(),
                allowed: "allowed is RFC 4180 in UTF-8".to_owned(),
            })
        };
        let (station, word) = (text(names.station)?, text(names.parameter)?);
        let (sensor, unit) = (text(names.sensor)?, text(names.unit)?);
        let parameter = match self.map.parameters.get(word) {
            Some(parameter) => *parameter,
            None => word.parse().map_err(|_| Refusal {
                column: "parameter",
                wrong: format!("{word:?} is no parameter"),
                allowed: format!("{}, or a word of --map", allowed_parameters()),
            })?,
        };
        let (is, times) = self.map.units.get(unit).map_or((unit, 1.0), |unit| (unit.is.as_str(), unit.times));
        if is != parameter.unit() {
            return Err(Refusal {
                column: "unit",
                wrong: format!("{unit:?} is not the unit of {parameter}"),
                allowed: format!("allowed is {}, or a unit of --map", parameter.unit()),
            });
        }
        let station = self.map.stations.get(station).map_or(station, String::as_str);
        let name: Option<Arc<str>> = (!sensor.is_empty()).then(|| sensor.into());
        let id = SensorId { station: StationId::new(station), parameter, name };
        let Some(ix) = self.city.sensor_named(&id) else {
            let is_known = self.city.station_named(&id.station).is_some();
            let what =
                if is_known { Unknown::Sensor(id.to_string()) } else { Unknown::Station(station.to_owned()) };
            if self.unknown.len() < NAMES_MAX {
                self.unknown.entry(what).or_insert(line);
            }
            return Ok(Meaning::Unknown);
        };
        Ok(Meaning::Sensor { ix, parameter, times })
    }
}

/// The parameters there are, as what is allowed.
pub(super) fn allowed_parameters() -> String {
    format!("allowed are {}", Parameter::all().map(Parameter::as_str).collect::<Vec<_>>().join(", "))
}

/// Times of one form, `2025-11-16T21:00:00+07:00` or with `Z`: a day is read once, the hours of it
/// by hand. Everything else that RFC 3339 allows is read as it says.
#[derive(Default)]
pub(super) struct Times {
    date: [u8; 10],
    offset: [u8; 6],
    offset_len: usize,
    /// Midnight of that date at that offset.
    midnight: Timestamp,
    /// Whether there is one.
    known: bool,
}

impl Times {
    /// The moment that a text means, or nothing where it is no time.
    pub(super) fn read(&mut self, text: &[u8]) -> Option<Timestamp> {
        if let Some(at) = self.read_fast(text) {
            return Some(at);
        }
        let whole = std::str::from_utf8(text).ok()?;
        let at = Timestamp::parse_rfc3339(whole).ok()?;
        if let (Some(date), Some(offset)) = (text.get(..10), text.get(19..))
            && offset.len() <= 6
            && offset.first() != Some(&b'.')
        {
            let midnight = format!("{}T00:00:00{}", whole.get(..10)?, whole.get(19..)?);
            if let Ok(midnight) = Timestamp::parse_rfc3339(&midnight) {
                self.date.copy_from_slice(date);
                self.offset_len = offset.len();
                self.offset.get_mut(..offset.len())?.copy_from_slice(offset);
                (self.midnight, self.known) = (midnight, true);
            }
        }
        Some(at)
    }

    fn read_fast(&self, text: &[u8]) -> Option<Timestamp> {
        let (date, clock) = (text.get(..10)?, text.get(10..19)?);
        let same = self.known
            && date == self.date
            && text.get(19..)? == self.offset.get(..self.offset_len)?
            && matches!(clock, [b'T', _, _, b':', _, _, b':', _, _]);
        if !same {
            return None;
        }
        let two = |at: usize, most: i64| {
            let digit =
                |at: usize| clock.get(at).map(|c| i64::from(c.wrapping_sub(b'0'))).filter(|d| *d < 10);
            Some(digit(at)? * 10 + digit(at + 1)?).filter(|n| *n < most)
        };
        let seconds = two(1, 24)? * 3600 + two(4, 60)? * 60 + two(7, 60)?;
        Some(self.midnight.plus(Span::from_s(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_read_by_hand_is_the_time_that_rfc_3339_means() {
        let mut times = Times::default();
        for text in [
            "2025-11-16T21:00:00+07:00",
            "2025-11-16T23:59:59+07:00",
            "2025-11-16T00:00:00+07:00",
            "2025-11-16T21:00:00Z",
            "2025-11-16T21:00:01Z",
            "2025-11-16T21:00:01.250Z",
            "2025-11-17T21:00:01-00:30",
            "2024-02-29T12:00:00Z",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:60:00Z",
            "2024-02-29T12:00:00",
            "2024-02-29t12:00:00z",
            "2024-02-29 12:00:00Z",
            "2024-02-30T12:00:00Z",
            "2024-02-29T1a:00:00Z",
            "2024-02-29T12:00:60Z",
            "",
        ] {
            // Twice: once as a stranger, once with its day known.
            for _ in 0..2 {
                assert_eq!(times.read(text.as_bytes()), Timestamp::parse_rfc3339(text).ok(), "{text}");
            }
        }
    }
}
