//! What is missing in a file: gauges that have rows, and holes between them. A file has no
//! deadlines; a hole is told for what it is, beside what was said, and raises nothing.

use sensors::reading::{Observation, Observed};
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

/// So many rows in the usual distance, before a greater one is a hole.
const KNOWN: u32 = 2;

/// The rows of each sensor: how far apart they usually stand, and the holes.
pub(super) struct Coverage {
    sensors: Vec<Rows>,
    /// The newest row of the file.
    end: Timestamp,
}

#[derive(Clone, Copy, Default)]
struct Rows {
    last: Option<Timestamp>,
    /// The usual distance, by majority (Boyer and Moore's vote), and the votes for it.
    usual: Span,
    votes: u32,
    missing: i64,
    longest: Option<(Timestamp, Timestamp)>,
}

/// What is missing of one sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    /// Whose.
    pub(crate) sensor: SensorIx,
    /// How many rows, at the usual distance of this file.
    pub(crate) rows: i64,
    /// The longest hole: the last value before it and the first after it.
    pub(crate) longest: (Timestamp, Timestamp),
    /// Whether nothing comes after that hole any more.
    pub(crate) to_the_end: bool,
}

impl Coverage {
    /// Nothing so far.
    pub(super) fn new(sensors: usize) -> Self {
        Self { sensors: vec![Rows::default(); sensors], end: Timestamp::MIN }
    }

    /// Takes a row in.
    pub(super) fn take(&mut self, observation: &Observation) {
        self.end = self.end.max(observation.measured_at);
        let Some(rows) = self.sensors.get_mut(observation.sensor.at()) else { return };
        if matches!(observation.value, Observed::Value(_) | Observed::Doubtful(_)) {
            rows.take(observation.measured_at);
        }
    }

    /// Whether a sensor has any value.
    pub(super) fn has(&self, sensor: SensorIx) -> bool {
        self.sensors.get(sensor.at()).is_some_and(|rows| rows.last.is_some())
    }

    /// What is missing up to the end of the file.
    pub(super) fn missing(&self) -> Vec<Missing> {
        let named = (0..).map(SensorIx).zip(&self.sensors);
        named.filter_map(|(sensor, rows)| rows.to_the(self.end, sensor)).collect()
    }
}

impl Rows {
    fn take(&mut self, at: Timestamp) {
        let Some(last) = self.last.filter(|last| *last < at) else {
            self.last = self.last.max(Some(at));
            return;
        };
        let apart = at.since(last);
        if !self.note_hole(last, at) {
            match (apart == self.usual, self.votes) {
                (true, votes) => self.votes = votes.saturating_add(1),
                (false, 0) => (self.usual, self.votes) = (apart, 1),
                (false, votes) => self.votes = votes - 1,
            }
        }
        self.last = Some(at);
    }

    fn note_hole(&mut self, from: Timestamp, to: Timestamp) -> bool {
        let (apart, usual) = (to.since(from).ms(), self.usual.ms());
        let is_hole = self.votes >= KNOWN && usual > 0 && apart * 2 > usual * 3;
        if is_hole {
            self.missing += (apart + usual / 2) / usual - 1;
            if self.longest.is_none_or(|(a, b)| to.since(from) > b.since(a)) {
                self.longest = Some((from, to));
            }
        }
        is_hole
    }

    fn to_the(mut self, end: Timestamp, sensor: SensorIx) -> Option<Missing> {
        let last = self.last?;
        self.note_hole(last, end);
        let longest = self.longest?;
        Some(Missing { sensor, rows: self.missing, longest, to_the_end: longest.0 == last })
    }
}

#[cfg(test)]
mod tests {
    use sensors::quantity::Value;

    use super::*;

    fn covered(minutes: &[i64]) -> Vec<Missing> {
        let mut coverage = Coverage::new(2);
        for minute in minutes {
            let measured_at = Timestamp::from_ms(minute * 60_000);
            let value = Observed::Value(Value::from_raw(1));
            let (sensor, arrived_at) = (SensorIx(1), measured_at);
            coverage.take(&Observation { sensor, measured_at, from: None, arrived_at, value });
        }
        coverage.missing()
    }

    #[test]
    fn a_hole_is_measured_by_the_usual_distance_of_the_rows_beside_it() {
        assert_eq!(covered(&[0, 60, 120, 180, 240]), []);
        assert_eq!(covered(&[0, 10, 20, 29, 40]), [], "a minute early is no hole");
        let at = |minute: i64| Timestamp::from_ms(minute * 60_000);
        let holes = covered(&[0, 60, 120, 180, 420, 480, 600]);
        let expected =
            Missing { sensor: SensorIx(1), rows: 4, longest: (at(180), at(420)), to_the_end: false };
        assert_eq!(holes, [expected]);
    }

    #[test]
    fn a_gauge_that_ends_before_its_file_misses_the_rest_of_it() {
        let mut coverage = Coverage::new(2);
        for minute in (0..600).step_by(10) {
            for sensor in [0, 1].into_iter().filter(|sensor| *sensor == 0 || minute < 300) {
                let measured_at = Timestamp::from_ms(minute * 60_000);
                let value = Observed::Value(Value::from_raw(1));
                let sensor = SensorIx(sensor);
                coverage.take(&Observation {
                    sensor,
                    measured_at,
                    from: None,
                    arrived_at: measured_at,
                    value,
                });
            }
        }
        let missing = coverage.missing();
        assert_eq!((missing.len(), missing[0].rows, missing[0].to_the_end), (1, 29, true));
    }
}
