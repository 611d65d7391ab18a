//! What can be said of a value beside a long time before it: flat line and attenuated signal.

use super::run::{Rolling, Run};
use super::{Check, Flag, Quality};
use crate::series::Series;
use crate::station::Sensor;
use crate::time::{Span, Timestamp};

/// The rolling windows of one sensor. They are computed from its series and hold nothing else: two that
/// ended at the same point say the same of the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Windows {
    flat: Rolling,
    attenuated: Rolling,
    /// The newest point that was taken in.
    newest: Option<Timestamp>,
    /// What was said of the newest value.
    said: Quality,
}

/// Whether the sensor is judged over a window.
pub(crate) fn applies(sensor: &Sensor) -> bool {
    sensor.checks.flat_line.is_some() || sensor.checks.attenuated.is_some()
}

/// How far back a judgement looks.
pub(crate) fn looks_back(sensor: &Sensor) -> Span {
    let flat = sensor.checks.flat_line.map(|flat| flat.looks_back());
    let attenuated = sensor.checks.attenuated.and_then(|attenuated| attenuated.window());
    flat.max(attenuated).unwrap_or_default().max(sensor.deadline.interval)
}

impl Windows {
    /// The windows that end just before a place.
    pub(crate) fn before(sensor: &Sensor, series: &Series, place: usize) -> Self {
        let mut windows = Self::default();
        let run = Run(series);
        // What was said of the newest value must be said again, and that may stand before the newest point.
        let newest = run.before(place).next().map(|(_, sample)| sample.at);
        let Some(end) = newest.or(place.checked_sub(1).and_then(|last| run.time(last))) else {
            return windows;
        };
        // One point at or before the beginning belongs to it.
        let first = series.rank(end.minus(looks_back(sensor))).saturating_sub(1);
        for place in first..place {
            windows.take(sensor, series, place);
        }
        windows
    }

    /// Whether the windows end at the newest point of a series.
    pub(crate) fn end_at(&self, series: &Series) -> bool {
        self.newest == series.newest().map(|point| point.measured_at)
    }

    /// What was said of the newest value that was taken in.
    pub(crate) fn said(&self) -> Quality {
        self.said
    }

    /// Corrects what was said of the newest value.
    pub(crate) fn say(&mut self, quality: Quality) {
        self.said = quality;
    }

    /// Takes in the point at a place, the one after the newest; says what it looks like.
    pub(crate) fn take(&mut self, sensor: &Sensor, series: &Series, place: usize) -> Quality {
        if self.flat.points.max(self.attenuated.points) > place {
            // The series let points go that the windows still had.
            *self = Self::before(sensor, series, place);
        }
        let (run, interval) = (Run(series), sensor.deadline.interval);
        self.newest = run.time(place);
        let mut quality = Quality::Good;
        if let Some(flat) = sensor.checks.flat_line {
            quality = judged(flat.take(&mut self.flat, run, place, interval), Check::FlatLine);
        }
        if let Some(attenuated) = sensor.checks.attenuated {
            let flag = attenuated.take(&mut self.attenuated, run, place, interval);
            quality = quality.or_worse(judged(flag, Check::AttenuatedSignal));
        }
        if run.sample(place).is_some() {
            self.said = quality;
        }
        quality
    }
}

/// What could not be checked is as good as the checks that could.
fn judged(flag: Flag, check: Check) -> Quality {
    if flag == Flag::Unchecked { Quality::Good } else { flag.of(check) }
}
