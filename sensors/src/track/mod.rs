//! One sensor's running state: its judge, its series, its newest reading, its last contact.
//!
//! Causal at arrival: a reading is judged by what is known when it arrives; what a later one shows
//! of it becomes a revision with the later one's arrival. In the end the judgement is a function
//! of the readings in event time, whatever came first. It reads no clock and stores nothing.

mod entered;
mod outside;
mod rejudge;
mod suspicion;

use std::collections::BTreeSet;

use crate::counter::{self, Fed};
use crate::mount;
use crate::parameter::Parameter;
use crate::quality::window::{self, Windows};
use crate::quality::{Check, Quality, limit};
use crate::reading::{Observation, Reading};
use crate::series::{Inserted, Series};
use crate::station::Sensor;
use crate::time::{Span, Timestamp};

pub use entered::ENTERED_MAX;
pub use suspicion::{SUSPICIONS_MAX, Suspicion};

/// How far ahead of our clock a measurement may be.
pub const AHEAD_MAX: Span = Span::from_min(5);

/// The longest interval that a depth may cover.
pub const INTERVAL_MAX: Span = Span::from_h(31 * 24);

/// The running state of one sensor; rebuilt from stored readings by [`Track::restore`].
#[derive(Clone, Debug)]
pub struct Track {
    series: Series,
    latest: Option<Reading>,
    last_contact: Option<Timestamp>,
    suspicions: Vec<Suspicion>,
    /// Times at which a person read in the sensor's place.
    entered: BTreeSet<Timestamp>,
    /// Made of the series alone, and made anew where they do not end at its end.
    windows: Windows,
}

/// Equal when they say the same; the windows follow from the series.
impl PartialEq for Track {
    fn eq(&self, other: &Self) -> bool {
        self.series == other.series
            && self.latest == other.latest
            && self.last_contact == other.last_contact
            && self.suspicions == other.suspicions
            && self.entered == other.entered
    }
}

impl Eq for Track {}

/// What judging one observation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The reading, to be stored unless `inserted` is [`Inserted::Same`].
    pub reading: Reading,
    /// What it changed in the series.
    pub inserted: Inserted,
    /// Earlier or later readings that are judged otherwise now, to be stored as revisions; in
    /// event time, nearly always none.
    pub revised: Vec<Reading>,
    /// What it says of the sensor that it feeds, in event time: for a cumulative counter the depth up to
    /// this reading, and revisions of depths beside it; for a distance sensor the stage. For
    /// [`Track::judge_fed`].
    pub fed: Vec<Fed>,
}

impl Track {
    /// A sensor that has never spoken.
    pub fn new(_sensor: &Sensor, retention: Span) -> Self {
        let series = Series::new(retention);
        let (suspicions, entered, windows) = (Vec::new(), BTreeSet::new(), Windows::default());
        Self { series, latest: None, last_contact: None, suspicions, entered, windows }
    }

    /// Judges an observation and takes it in.
    ///
    /// The checks, in this order: time (ahead of our clock by more than [`AHEAD_MAX`]: rejected;
    /// older than the retention: suspect; both stay out of the series), syntax, gross range,
    /// plausible range, climatology, the device's own doubt; what is good by itself is judged under
    /// suspicions, and beside its neighbours: gap, rate of change, spike, flat line, attenuated signal. A
    /// depth without an interval covers the sensor's usual one.
    ///
    /// In order a reading costs a bounded time; a late one as much as the points that a window
    /// before and a window after it hold.
    pub fn judge(&mut self, sensor: &Sensor, observation: &Observation, now: Timestamp) -> Judged {
        self.take(sensor, observation, None, now)
    }

    /// Judges what another sensor feeds.
    pub fn judge_fed(&mut self, sensor: &Sensor, fed: &Fed, now: Timestamp) -> Judged {
        self.take(sensor, &fed.observation, fed.doubt, now)
    }

    /// Takes in a reading that was judged and stored before a restart, in event-time order, the
    /// revisions of one time in the order in which they became known.
    pub fn restore(&mut self, _sensor: &Sensor, reading: &Reading) {
        if !self.entered.contains(&reading.measured_at) {
            self.note_contact(reading);
        }
        self.windows = Windows::default();
        if reading.quality.check() != Some(Check::Time) && self.series.insert(reading).changed() {
            self.note_latest(reading);
        }
    }

    /// The same with a longer memory; `older` as in [`Series::lengthened`].
    #[must_use]
    pub fn lengthened(&self, retention: Span, older: &[Reading]) -> Self {
        let kept: Vec<Reading> =
            older.iter().filter(|reading| reading.quality.check() != Some(Check::Time)).copied().collect();
        Self { series: self.series.lengthened(retention, &kept), windows: Windows::default(), ..self.clone() }
    }

    /// The readings of the retention.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The reading with the newest event time, whatever its quality.
    pub fn latest(&self) -> Option<&Reading> {
        self.latest.as_ref()
    }

    /// When the sensor last gave a new usable value, by our clock. A repetition is none: a broker can
    /// repeat a dead gauge's words. A missing or rejected reading is none either.
    pub fn last_contact(&self) -> Option<Timestamp> {
        self.last_contact
    }

    /// When the sensor counts as silent unless it speaks before; `None` before it ever spoke.
    pub fn silent_at(&self, sensor: &Sensor) -> Option<Timestamp> {
        self.last_contact.map(|contact| contact.plus(sensor.deadline.total()))
    }

    fn take(
        &mut self,
        sensor: &Sensor,
        observation: &Observation,
        doubt: Option<Check>,
        now: Timestamp,
    ) -> Judged {
        let mut reading = first_judgement(sensor, observation, doubt);
        if let Some((quality, inserted)) = self.judge_time(sensor, &reading, now) {
            reading.quality = quality;
            return Judged { reading, inserted, revised: Vec::new(), fed: Vec::new() };
        }
        if let Some(quality) = self.judgement_of_the_same(sensor, &reading) {
            reading.quality = quality;
            return Judged { reading, inserted: Inserted::Same, revised: Vec::new(), fed: Vec::new() };
        }
        if reading.quality == Quality::Good
            && let Some(check) = self.suspected_by(reading.measured_at)
        {
            reading.quality = Quality::Suspect(check);
        }
        let mut judged = if sensor.id.parameter == Parameter::RainTotal {
            self.take_counter(sensor, reading)
        } else {
            self.take_value(sensor, reading)
        };
        if judged.inserted.changed() {
            judged.fed.extend(mount::stage_of(sensor, &judged.reading));
        }
        self.note_contact(&judged.reading);
        if judged.inserted.changed() {
            self.note_latest(&judged.reading);
        } else if judged.inserted == Inserted::TooOld {
            judged.reading.quality = suspect_of_time(judged.reading.quality);
        }
        judged
    }

    /// A time that keeps a reading out of the series.
    fn judge_time(&self, sensor: &Sensor, reading: &Reading, now: Timestamp) -> Option<(Quality, Inserted)> {
        let now = now.max(reading.arrived_at);
        let mut ahead_of = now.plus(AHEAD_MAX);
        if let Some(newest) = self.series.newest().filter(|newest| newest.measured_at > ahead_of) {
            // It was no future when it came: our own clock went back. What follows it as usual is
            // no future either.
            ahead_of = newest.measured_at.plus(sensor.deadline.total()).plus(AHEAD_MAX);
        }
        if reading.measured_at > ahead_of {
            return Some((Quality::Rejected(Check::Time), Inserted::Ahead));
        }
        if reading.measured_at < now.minus(self.series.retention()) {
            return Some((suspect_of_time(reading.quality), Inserted::TooOld));
        }
        None
    }

    /// How the reading is judged already, if the very same was said before for its time.
    fn judgement_of_the_same(&self, sensor: &Sensor, reading: &Reading) -> Option<Quality> {
        if self.series.newest()?.measured_at < reading.measured_at {
            return None;
        }
        let (point, heard) = self.series.heard_at(reading.measured_at)?;
        let same_words = heard == reading.value.unwrap_or_default()
            && point.from == reading.from.unwrap_or(reading.measured_at);
        let by_itself = rejudge::by_itself(sensor, point.quality);
        (same_words && by_itself == reading.quality).then_some(point.quality)
    }

    fn take_value(&mut self, sensor: &Sensor, mut reading: Reading) -> Judged {
        if window::applies(sensor) && !self.windows.end_at(&self.series) {
            self.windows = Windows::before(sensor, &self.series, self.series.len());
        }
        let inserted = self.series.insert(&reading);
        let mut revised = Vec::new();
        match inserted {
            Inserted::Appended => self.judge_newest(sensor, &mut reading, &mut revised),
            Inserted::Late | Inserted::Revised => self.judge_around(sensor, &mut reading, &mut revised),
            Inserted::Same | Inserted::TooOld | Inserted::Ahead => {}
        }
        Judged { reading, inserted, revised, fed: Vec::new() }
    }

    fn take_counter(&mut self, sensor: &Sensor, mut reading: Reading) -> Judged {
        let t = reading.measured_at;
        let concerned = counter::concerned(&self.series, t);
        let before = counter::fed_at(sensor, &self.series, &concerned);
        let inserted = self.series.insert(&reading);
        let mut revised = Vec::new();
        let mut fed = Vec::new();
        if inserted.changed() {
            for place in counter::around(&self.series, self.series.rank(t) - 1) {
                self.rejudge(sensor, place, Quality::Good, &mut reading, &mut revised);
            }
            if let Some(feeds) = sensor.feeds {
                let now = counter::fed_at(sensor, &self.series, &concerned);
                fed = counter::difference(feeds, &before, &now, reading.arrived_at);
            }
        }
        Judged { reading, inserted, revised, fed }
    }

    fn note_contact(&mut self, reading: &Reading) {
        if reading.is_contact() {
            self.last_contact = self.last_contact.max(Some(reading.arrived_at));
        }
    }

    fn note_latest(&mut self, reading: &Reading) {
        if self.latest.is_none_or(|latest| latest.measured_at <= reading.measured_at) {
            self.latest = Some(*reading);
        }
    }
}

/// A usable reading whose time nobody can trust.
fn suspect_of_time(quality: Quality) -> Quality {
    if quality.is_usable() { Quality::Suspect(Check::Time) } else { quality }
}

/// What can be said of an observation by itself.
fn first_judgement(sensor: &Sensor, observation: &Observation, doubt: Option<Check>) -> Reading {
    let Observation { sensor: ix, measured_at, arrived_at, value, .. } = *observation;
    let mut from = None;
    let mut upside_down = false;
    if sensor.id.parameter.is_depth_over_interval() {
        let start = observation.from.unwrap_or(measured_at.minus(sensor.deadline.interval));
        let length = measured_at.since(start);
        upside_down = length <= Span::ZERO || length > INTERVAL_MAX;
        from = (!upside_down).then_some(start);
    }
    let (value, quality) = limit::judge(sensor, value, measured_at, from.map(|from| measured_at.since(from)));
    let quality = match (quality, doubt) {
        (usable, _) if upside_down && usable.is_usable() => Quality::Rejected(Check::Syntax),
        (Quality::Good, Some(check)) => Quality::Suspect(check),
        (quality, _) => quality,
    };
    Reading { sensor: ix, measured_at, from, arrived_at, value, quality }
}

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
mod recorded;

#[cfg(test)]
mod suspicion_tests;

#[cfg(test)]
mod window_tests;
