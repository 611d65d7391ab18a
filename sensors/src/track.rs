//! One sensor's running state: its judge, its series, its newest reading, its last contact.

use crate::reading::{Observation, Reading};
use crate::series::{Inserted, Series};
use crate::station::Sensor;
use crate::time::{Span, Timestamp};

/// The running state of one sensor; rebuilt from stored readings by [`Track::restore`].
#[derive(Clone, Debug)]
pub struct Track {
    series: Series,
    latest: Option<Reading>,
    last_contact: Option<Timestamp>,
}

/// What judging one observation gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The reading, to be stored unless `inserted` is [`Inserted::Same`].
    pub reading: Reading,
    /// What it changed in the series.
    pub inserted: Inserted,
    /// For a cumulative counter, the depth it adds to the sensor that it feeds.
    pub fed: Option<Observation>,
}

impl Track {
    /// A sensor that has never spoken.
    pub fn new(_sensor: &Sensor, retention: Span) -> Self {
        Self { series: Series::new(retention), latest: None, last_contact: None }
    }

    /// Judges an observation and takes it in.
    pub fn judge(&mut self, _sensor: &Sensor, _observation: &Observation, _now: Timestamp) -> Judged {
        unimplemented!()
    }

    /// Takes in a reading that was judged and stored before a restart, in event-time order.
    pub fn restore(&mut self, _sensor: &Sensor, _reading: &Reading) {}

    /// The readings of the retention.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The reading with the newest event time, whatever its quality.
    pub fn latest(&self) -> Option<&Reading> {
        self.latest.as_ref()
    }

    /// When the sensor last reached us, by our clock.
    pub fn last_contact(&self) -> Option<Timestamp> {
        self.last_contact
    }
}
