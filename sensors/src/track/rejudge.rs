//! Judging again what was judged already: another reading came, or a person spoke.
//!
//! A judgement has three sources. What a reading is by itself (span, syntax, its device's doubt) never
//! changes. What others say of it (a suspicion of the sensor, the gauges around it) stands until
//! they take it back. What it looks like beside its neighbours in time is computed anew. The first
//! that finds fault is told, except that a rejection beside its neighbours outweighs others' doubt.

use super::Track;
use crate::counter;
use crate::parameter::Parameter;
use crate::quality::{Check, Quality, step};
use crate::reading::Reading;
use crate::series::Point;
use crate::station::{Sensor, SensorIx};
use crate::time::{Span, Timestamp};

/// Whether others than the sensor itself give this check: the gauges around it, or a person.
fn is_outside(check: Check) -> bool {
    matches!(check, Check::Neighbour | Check::MultiVariate | Check::Clogged | Check::DeadOnZero)
}

/// Whether the readings around in time give this check, so that they may take it back.
fn is_beside(sensor: &Sensor, check: Check) -> bool {
    match sensor.id.parameter {
        Parameter::RainTotal => check == Check::Counter,
        depth if depth.is_depth_over_interval() => false,
        _ => matches!(check, Check::RateOfChange | Check::Spike),
    }
}

/// What a reading of this judgement is by itself.
pub(super) fn by_itself(sensor: &Sensor, judged: Quality) -> Quality {
    match judged.check() {
        Some(check) if is_outside(check) || is_beside(sensor, check) => Quality::Good,
        _ => judged,
    }
}

impl Track {
    /// Doubts one reading from outside (the gauges around it contradict it), or takes such a doubt
    /// back with `None`. Gives the reading as it is judged now, to be stored as a revision with the
    /// arrival `now`; nothing where that changes nothing, where the reading is not in the series,
    /// or where it is suspect by itself or rejected already.
    ///
    /// Only checks that look beyond one sensor may doubt so: neighbour, multi-variate, clogged,
    /// dead on zero; any other changes nothing.
    pub fn doubt(
        &mut self,
        sensor: &Sensor,
        measured_at: Timestamp,
        doubt: Option<Check>,
        now: Timestamp,
    ) -> Option<Reading> {
        if doubt.is_some_and(|check| !is_outside(check)) {
            return None;
        }
        let place = self.series.rank(measured_at).checked_sub(1)?;
        let point = self.series.point(place).filter(|point| point.measured_at == measured_at).copied()?;
        let outside = doubt.max(self.suspected_by(measured_at));
        let by = self.latest?.sensor;
        let quality = self.verdict(sensor, place, &point, outside)?;
        self.series.requalify(place, quality);
        Some(self.revision(by, place, &point, quality, now))
    }

    /// Judges every reading from an event time on anew, after a suspicion began or ended.
    pub(super) fn rejudge_from(&mut self, sensor: &Sensor, since: Timestamp, now: Timestamp) -> Vec<Reading> {
        let Some(by) = self.latest.map(|latest| latest.sensor) else { return Vec::new() };
        let first = self.series.rank(since.minus(Span::from_ms(1)));
        let mut qualities = Vec::new();
        let mut revised = Vec::new();
        let mut place = first;
        while let Some(point) = self.series.point(place).copied() {
            let outside = self.suspected_by(point.measured_at);
            let verdict = self.verdict(sensor, place, &point, outside);
            qualities.push(verdict.unwrap_or(point.quality));
            if let Some(quality) = verdict {
                revised.push(self.revision(by, place, &point, quality, now));
            }
            place += 1;
        }
        if !revised.is_empty() {
            self.series.requalify_from(first, &qualities);
        }
        revised
    }

    /// Judges the point at a place anew, and tells it: in `reading` if it is that one, else in
    /// `revised`.
    pub(super) fn rejudge(
        &mut self,
        sensor: &Sensor,
        place: usize,
        reading: &mut Reading,
        revised: &mut Vec<Reading>,
    ) {
        let Some(point) = self.series.point(place).copied() else { return };
        let outside = point.quality.check().filter(|check| is_outside(*check));
        let Some(quality) = self.verdict(sensor, place, &point, outside) else { return };
        self.series.requalify(place, quality);
        if point.measured_at == reading.measured_at {
            reading.quality = quality;
        } else {
            revised.push(self.revision(reading.sensor, place, &point, quality, reading.arrived_at));
        }
    }

    /// The judgement of the point at a place, where it is another than it was.
    fn verdict(
        &self,
        sensor: &Sensor,
        place: usize,
        point: &Point,
        outside: Option<Check>,
    ) -> Option<Quality> {
        if by_itself(sensor, point.quality) != Quality::Good {
            return None;
        }
        let quality = match (self.beside(sensor, place), outside) {
            (rejected @ Quality::Rejected(_), _) => rejected,
            (_, Some(check)) => Quality::Suspect(check),
            (beside, None) => beside,
        };
        (quality != point.quality).then_some(quality)
    }

    /// The reading at a place with another judgement.
    fn revision(
        &mut self,
        sensor: SensorIx,
        place: usize,
        point: &Point,
        quality: Quality,
        arrived_at: Timestamp,
    ) -> Reading {
        let revised = Reading {
            sensor,
            measured_at: point.measured_at,
            from: (point.from < point.measured_at).then_some(point.from),
            arrived_at,
            value: self.series.heard(place),
            quality,
        };
        if self.latest.is_some_and(|latest| latest.measured_at == revised.measured_at) {
            self.latest = Some(revised);
        }
        revised
    }

    /// What the point at a place looks like beside its neighbours in time.
    fn beside(&self, sensor: &Sensor, place: usize) -> Quality {
        if sensor.id.parameter == Parameter::RainTotal {
            counter::judge(sensor, &self.series, place)
        } else if step::applies(sensor) {
            step::judge(sensor, &self.series, place)
        } else {
            Quality::Good
        }
    }
}
