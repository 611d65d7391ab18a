//! The cases of `QARTOD`'s checks as the public implementation `ioos_qc` flags them (test data beside the
//! repository, see its notice), through the very functions that judge readings here.

use std::path::Path;

use serde_json::Value as Json;

use super::run::{Rolling, Run, Sample};
use super::*;
use crate::parameter::Parameter;
use crate::quantity::Value;
use crate::reading::{Observation, Observed, Reading};
use crate::series::Series;
use crate::station::{Rate, SensorIx};
use crate::time::{Span, Timestamp};
use crate::track::Track;

/// Six decimals: every number of the cases is kept exactly.
const FINE: Parameter = Parameter::Storage;

type Refused = Box<dyn std::error::Error>;

struct Case {
    name: String,
    check: String,
    args: Json,
    flags: Option<Vec<u8>>,
}

fn cases() -> Option<Vec<Case>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/qc/qartod_cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{} is absent", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    let case = |(n, case): (usize, &Json)| Case {
        name: format!("{n}: {}", case["test"].as_str().unwrap()),
        check: case["fn"].as_str().unwrap().to_owned(),
        args: case["args"].clone(),
        flags: case["flags"]
            .as_array()
            .map(|flags| flags.iter().map(|f| f.as_u64().unwrap() as u8).collect()),
    };
    Some(cases.iter().enumerate().map(case).collect())
}

impl Case {
    fn number(&self, key: &str) -> Option<f64> {
        self.args.get(key).and_then(Json::as_f64)
    }

    fn value(&self, key: &str) -> Option<Value> {
        self.number(key).map(|number| Value::from_unit(FINE, number).unwrap())
    }

    fn span(&self, key: &str) -> Option<Span> {
        self.number(key).map(|s| Span::from_ms((s * 1000.0) as i64))
    }

    fn range(&self, key: &str) -> Result<(Value, Value), Refused> {
        let ends: Vec<f64> = serde_json::from_value(self.args[key].clone())?;
        let [low, high] = ends[..] else { return Err("no range".into()) };
        Ok((Value::from_unit(FINE, low)?, Value::from_unit(FINE, high)?))
    }

    /// A rate in units per second, kept to more than six decimals.
    fn rate(&self, key: &str) -> Option<Rate> {
        let change = self.number(key).map(|rate| Value::from_unit(FINE, rate * 1e6).unwrap())?;
        Some(Rate { change, per: Span::from_s(1_000_000) })
    }

    fn times(&self) -> Vec<Timestamp> {
        let time = |time: &Json| match time.as_str() {
            Some(text) if text.contains('T') => Timestamp::parse_rfc3339(&format!("{text}Z")).unwrap(),
            Some(day) => Timestamp::parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap(),
            None => Timestamp::from_ms(time.as_i64().unwrap() * 1000),
        };
        match self.args.get("tinp") {
            Some(times) => times.as_array().unwrap().iter().map(time).collect(),
            None => (0..100).map(|n| Timestamp::from_ms(n * 900_000)).collect(),
        }
    }

    fn observations(&self) -> Vec<Observation> {
        let inputs = self.args["inp"].as_array().unwrap();
        let observed = |number: &Json| match number.as_f64() {
            Some(number) => Observed::Value(Value::from_unit(FINE, number).unwrap()),
            None => Observed::Missing,
        };
        let observation = |(number, at): (&Json, Timestamp)| Observation {
            sensor: SensorIx(0),
            measured_at: at,
            from: None,
            arrived_at: at,
            value: observed(number),
        };
        inputs.iter().zip(self.times()).map(observation).collect()
    }

    fn interval(&self) -> Span {
        let times = self.times();
        times.get(1).map_or(Span::from_s(1), |second| second.since(times[0]))
    }

    /// The inputs, unjudged.
    fn series(&self) -> Series {
        let mut series = Series::new(Span::from_h(24 * 365));
        for observation in self.observations() {
            let (value, quality) = match observation.value {
                Observed::Value(value) => (Some(value), Quality::Good),
                _ => (None, Quality::Missing),
            };
            let Observation { sensor, measured_at, from, arrived_at, .. } = observation;
            series.insert(&Reading { sensor, measured_at, from, arrived_at, value, quality });
        }
        series
    }

    fn flat_line(&self) -> Result<FlatLine, LimitError> {
        let suspect = self.span("suspect_threshold").unwrap();
        FlatLine::new(self.value("tolerance").unwrap(), suspect, self.span("fail_threshold"))
    }

    fn attenuated(&self) -> Result<Attenuated, LimitError> {
        let by = Movement::ALL.into_iter().find(|by| by.as_str() == self.args["check_type"]).unwrap();
        let suspect = self.value("suspect_threshold").unwrap();
        let limits = Attenuated::new(by, suspect, self.value("fail_threshold"), self.span("test_period"))?;
        let values = self.number("min_obs").unwrap_or_default() as usize;
        Ok(limits.with_at_least(values, self.span("min_period").unwrap_or_default()))
    }

    fn judge(&self) -> Result<Vec<u8>, Refused> {
        let series = self.series();
        let run = Run(&series);
        // The cases look at the point beside, and not past a missing one.
        let beside = |place: Option<usize>| place.and_then(|place| run.sample(place));
        let each = |check: Check, mut flag: Box<dyn FnMut(usize, Option<Sample>) -> Flag + '_>| {
            let judged = |place| {
                let sample = run.sample(place);
                let flag = flag(place, sample);
                if sample.is_none() { Quality::Missing.qartod() } else { flag.of(check).qartod() }
            };
            (0..series.len()).map(judged).collect()
        };
        let flags = match self.check.as_str() {
            "gross_range_test" => {
                let range = GrossRange::new(self.range("fail_span")?, Some(self.range("suspect_span")?))?;
                let flag = move |_, this: Option<Sample>| range.flag(Value::from_raw(this.unwrap().raw));
                each(Check::GrossRange, Box::new(flag))
            }
            "rate_of_change_test" => {
                let rate = RateOfChange::new(self.rate("threshold"), self.rate("fail_threshold"))?;
                let flag = move |place: usize, this: Option<Sample>| {
                    this.map_or(Flag::Good, |this| rate.flag(beside(place.checked_sub(1)), this, Span::ZERO))
                };
                each(Check::RateOfChange, Box::new(flag))
            }
            "spike_test" => {
                let form = self.args.get("method").cloned().unwrap_or_else(|| "average".into());
                let form = SpikeForm::ALL.into_iter().find(|known| known.as_str() == form);
                let form = form.ok_or("no such form")?;
                let spike = Spike::new(form, self.value("suspect_threshold"), self.value("fail_threshold"))?;
                let flag = move |place: usize, this: Option<Sample>| {
                    let raw = |place| beside(place).map(|sample| sample.raw);
                    let (before, after) = (raw(place.checked_sub(1)), raw(Some(place + 1)));
                    this.map_or(Flag::Good, |this| spike.flag(before, this.raw, after))
                };
                each(Check::Spike, Box::new(flag))
            }
            "flat_line_test" => {
                let (flat, mut window) = (self.flat_line()?, Rolling::default());
                let flag = move |place, _| flat.take(&mut window, run, place, self.interval());
                each(Check::FlatLine, Box::new(flag))
            }
            "attenuated_signal_test" => {
                let (limits, mut window) = (self.attenuated()?, Rolling::default());
                let mut take = |place| limits.take(&mut window, run, place, self.interval());
                let causal: Vec<Flag> = (0..series.len()).map(&mut take).collect();
                // Without a window every point is flagged by the whole.
                let whole = limits.flag(&window, self.interval());
                let flag = move |place: usize, _| limits.window().map_or(whole, |_| causal[place]);
                each(Check::AttenuatedSignal, Box::new(flag))
            }
            other => panic!("{other} is no check of ours"),
        };
        Ok(flags)
    }
}

#[test]
fn every_case_of_qartod_gets_the_same_flags() {
    let Some(cases) = cases() else { return };
    for case in &cases {
        match (&case.flags, case.judge()) {
            (Some(flags), Ok(judged)) => assert_eq!(&judged, flags, "{} {}", case.name, case.args),
            (None, Err(_)) => {}
            (_, judged) => panic!("{}: {judged:?}", case.name),
        }
    }
    assert_eq!(cases.len(), 41);
}

#[test]
fn a_track_flags_a_long_time_as_qartod_does_whatever_order_it_hears() {
    let Some(cases) = cases() else { return };
    let mut judged = 0;
    for case in cases {
        let mut sensor = crate::track::tests::sensor(FINE);
        sensor.span = (Value::from_raw(-1_000_000_000), Value::from_raw(10_000_000_000));
        sensor.deadline.interval = case.interval();
        match case.check.as_str() {
            "flat_line_test" => sensor.checks.flat_line = Some(case.flat_line().unwrap()),
            "attenuated_signal_test" if case.span("test_period").is_some() => {
                sensor.checks.attenuated = Some(case.attenuated().unwrap());
            }
            _ => continue,
        }
        let observations = case.observations();
        let Some(end) = observations.last().map(|last| last.measured_at) else { continue };
        for order in 0..3 {
            let mut observations = observations.clone();
            match order {
                1 => observations.reverse(),
                2 => observations.sort_by_key(|o| o.measured_at.ms() / 1000 % 7),
                _ => {}
            }
            let mut track = Track::new(&sensor, Span::from_h(24 * 365));
            for observation in observations {
                track.judge(&sensor, &observation, end);
            }
            let points = track.series().points(Timestamp::MIN, Timestamp::MAX);
            let flags: Vec<u8> = points.map(|point| point.quality.qartod()).collect();
            // What could not be checked is no doubt.
            let expected: Vec<u8> =
                case.flags.iter().flatten().map(|flag| if *flag == 2 { 1 } else { *flag }).collect();
            assert_eq!(flags, expected, "{} in order {order}", case.name);
            judged += 1;
        }
    }
    assert!(judged > 30, "{judged}");
}

#[test]
fn limits_that_make_no_sense_cannot_be_built() {
    let value = Value::from_raw;
    let (range, h) = (|low, high| (value(low), value(high)), Span::from_h);
    assert_eq!(GrossRange::new(range(5, 5), None), Err(LimitError::Empty));
    assert_eq!(GrossRange::new(range(0, 9), Some(range(0, 10))), Err(LimitError::Leaves));
    let rate = |change, hours| Some(Rate { change: value(change), per: h(hours) });
    assert_eq!(RateOfChange::new(rate(10, 1), rate(9, 1)), Err(LimitError::Crossed));
    assert_eq!(RateOfChange::new(rate(10, 0), None), Err(LimitError::NotPositive));
    assert!(RateOfChange::new(rate(10, 1), rate(10, 1)).is_ok());
    let spike = |suspect, fail| Spike::new(SpikeForm::Average, suspect, fail);
    assert_eq!(spike(None, None), Err(LimitError::Nothing));
    assert_eq!(spike(Some(value(9)), Some(value(8))), Err(LimitError::Crossed));
    assert_eq!(spike(Some(value(0)), None), Err(LimitError::NotPositive));
    assert_eq!(FlatLine::new(value(0), h(1), None), Err(LimitError::NotPositive));
    assert_eq!(FlatLine::new(value(1), h(2), Some(h(1))), Err(LimitError::Crossed));
    let attenuated = |suspect, fail, window| Attenuated::new(Movement::Range, value(suspect), fail, window);
    assert_eq!(attenuated(5, Some(value(6)), None), Err(LimitError::Crossed));
    assert_eq!(attenuated(5, None, Some(Span::ZERO)), Err(LimitError::NotPositive));
}
