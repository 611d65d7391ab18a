//! Events in the data: episodes in which a reference gauge stood at a stage or above.
//!
//! Only trusted readings make them, and only once nothing revises them any more: what looked good and
//! was a spike is no truth. Memory is bounded however long the data are.

use std::collections::BTreeMap;

use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::reading::Reading;
use sensors::time::{Span, Timestamp};

use super::BacktestError;
use super::truth::{Step, Truth};

/// Events of one stage at most; more of them in one run are refused.
const EVENTS_MAX: usize = 100_000;
/// Without a trusted reading for so long nobody knows whether the stage was crossed.
const BLIND: Span = Span::from_h(6);

/// An episode at or above a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The first trusted reading at the stage or above.
    pub(crate) crossing: Timestamp,
    /// How long nothing trusted had been read before; `None` where the data begin with it, so that
    /// nobody knows when it was crossed.
    pub(crate) blind: Option<Span>,
    /// The greatest value, and when it was read first.
    pub(crate) crest: (Timestamp, Value),
    /// The first reading of those that ended it; `None` while it goes on at the end of the data.
    pub(crate) ended: Option<Timestamp>,
}

/// The events of one stage.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// In their order.
    pub(crate) all: Vec<Event>,
    open: bool,
    below_since: Option<Timestamp>,
}

/// A reference gauge as it is read.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Readings that may still be revised.
    waiting: BTreeMap<Timestamp, Option<Value>>,
    /// Up to here nothing is taken any more.
    settled: Timestamp,
    settle: Span,
    /// The newest trusted reading that is settled.
    pub(crate) last: Option<Timestamp>,
    /// Times without a trusted reading, longer than [`BLIND`].
    pub(crate) blind: Vec<(Timestamp, Timestamp)>,
    /// One for each stage of the truth.
    pub(crate) steps: Vec<Events>,
}

impl Gauge {
    /// A gauge whose readings count once they are as old as `settle`.
    pub(crate) fn new(truth: &Truth, settle: Span) -> Self {
        let steps = truth.steps.iter().map(|_| Events::default()).collect();
        let waiting = BTreeMap::new();
        Self { waiting, settled: Timestamp::MIN, settle, last: None, blind: Vec::new(), steps }
    }

    /// Takes a reading or a revision.
    pub(crate) fn read(&mut self, reading: &Reading) {
        if reading.measured_at > self.settled {
            let trusted = matches!(reading.quality, Quality::Good | Quality::Unchecked | Quality::Estimated);
            self.waiting.insert(reading.measured_at, reading.value.filter(|_| trusted));
        }
    }

    /// Settles what is old enough at `now`.
    pub(crate) fn settle(&mut self, truth: &Truth, now: Timestamp) -> Result<(), BacktestError> {
        let upto = now.minus(self.settle);
        while let Some((at, value)) = self.waiting.first_key_value().map(|(at, value)| (*at, *value)) {
            if at > upto {
                break;
            }
            self.waiting.pop_first();
            self.settled = at;
            if let Some(value) = value {
                self.take(truth, at, value)?;
            }
        }
        Ok(())
    }

    /// Settles everything: the data are over.
    pub(crate) fn finish(&mut self, truth: &Truth) -> Result<(), BacktestError> {
        self.settle(truth, Timestamp::MAX)
    }

    fn take(&mut self, truth: &Truth, at: Timestamp, value: Value) -> Result<(), BacktestError> {
        let blind = self.last.map(|last| at.since(last));
        if let Some(last) = self.last.filter(|_| blind.is_some_and(|blind| blind > BLIND)) {
            bounded(&self.blind, truth)?;
            self.blind.push((last, at));
        }
        for (step, events) in truth.steps.iter().zip(&mut self.steps) {
            events.take(step, at, value, blind);
            bounded(&events.all, truth)?;
        }
        self.last = Some(at);
        Ok(())
    }
}

fn bounded<T>(list: &[T], truth: &Truth) -> Result<(), BacktestError> {
    if list.len() < EVENTS_MAX {
        return Ok(());
    }
    Err(BacktestError::TooMany { what: format!("events at {}", truth.name), most: EVENTS_MAX })
}

impl Events {
    fn take(&mut self, step: &Step, at: Timestamp, value: Value, blind: Option<Span>) {
        let running = self.all.last_mut().filter(|_| self.open);
        let Some(event) = running else {
            if value >= step.raise {
                self.all.push(Event { crossing: at, blind, crest: (at, value), ended: None });
                (self.open, self.below_since) = (true, None);
            }
            return;
        };
        if value > event.crest.1 {
            event.crest = (at, value);
        }
        if value > step.clear {
            self.below_since = None;
            return;
        }
        let since = *self.below_since.get_or_insert(at);
        if at.since(since) >= step.hold {
            event.ended = Some(since);
            self.open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use sensors::parameter::Parameter;
    use sensors::quality::Check;
    use sensors::station::SensorIx;

    use super::*;

    fn truth(hold_min: i64) -> Truth {
        let mm = Value::from_raw;
        let step = Step {
            name: "bd2".into(),
            raise: mm(2000),
            clear: mm(1800),
            hold: Span::from_min(hold_min),
            severity: 3,
        };
        Truth {
            name: "kim-long".into(),
            sensor: SensorIx(0),
            parameter: Parameter::Stage,
            rules: Vec::new(),
            subjects: Vec::new(),
            lead: Span::from_h(6),
            late: Span::from_h(1),
            steps: vec![step],
        }
    }

    fn minute(at: i64) -> Timestamp {
        Timestamp::from_ms(0).plus(Span::from_min(at))
    }

    fn reading(at: i64, mm: i64, quality: Quality) -> Reading {
        let (measured_at, value) = (minute(at), Some(Value::from_raw(mm)));
        Reading { sensor: SensorIx(0), measured_at, from: None, arrived_at: measured_at, value, quality }
    }

    /// The crossings and ends, in minutes, of stages in mm at minutes.
    fn episodes(truth: &Truth, readings: &[Reading]) -> Vec<(i64, Option<i64>)> {
        let mut gauge = Gauge::new(truth, Span::from_min(60));
        for reading in readings {
            gauge.read(reading);
            gauge.settle(truth, reading.arrived_at).unwrap();
        }
        gauge.finish(truth).unwrap();
        let minutes = |at: Timestamp| at.ms() / 60_000;
        gauge.steps[0].all.iter().map(|e| (minutes(e.crossing), e.ended.map(minutes))).collect()
    }

    #[test]
    fn an_event_lasts_until_the_stage_was_below_for_the_hold() {
        let said = [(0, 1000), (10, 2000), (20, 2500), (30, 1700), (40, 2100), (50, 1700), (80, 1600)];
        let readings = said.map(|(at, mm)| reading(at, mm, Quality::Good));
        assert_eq!(episodes(&truth(20), &readings), [(10, Some(50))]);
        assert_eq!(episodes(&truth(0), &readings), [(10, Some(30)), (40, Some(50))]);
    }

    #[test]
    fn suspect_data_never_become_truth() {
        let suspect = Quality::Suspect(Check::RateOfChange);
        let readings = [
            reading(0, 1000, Quality::Good),
            reading(10, 3000, suspect),
            // It looked good when it came, and was a spike beside the next one.
            reading(20, 3000, Quality::Good),
            reading(30, 1000, Quality::Good),
            reading(20, 3000, Quality::Suspect(Check::Spike)),
        ];
        assert_eq!(episodes(&truth(0), &readings), []);
    }

    #[test]
    fn rows_that_come_late_are_read_in_event_time() {
        let said = [(0, 1000), (20, 2500), (10, 2100), (30, 1000)];
        let readings = said.map(|(at, mm)| reading(at, mm, Quality::Good));
        assert_eq!(episodes(&truth(0), &readings), [(10, Some(30))]);
    }

    #[test]
    fn a_gap_is_told_with_the_event_that_follows_it() {
        let truth = truth(0);
        let mut gauge = Gauge::new(&truth, Span::ZERO);
        for (at, mm) in [(0, 2500), (10, 1000), (1000, 2500)] {
            gauge.read(&reading(at, mm, Quality::Good));
        }
        gauge.finish(&truth).unwrap();
        let blind: Vec<_> = gauge.steps[0].all.iter().map(|e| e.blind).collect();
        assert_eq!(blind, [None, Some(Span::from_min(990))]);
        assert_eq!(gauge.blind, [(minute(10), minute(1000))]);
    }
}
