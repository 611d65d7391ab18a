//! The strip charts: what every instrument of a city shows in every minute of a storm.
//!
//! Drawn once, before anything is said, from the storm and a seed alone; so the wire, the replay
//! file and the tests see the same numbers however fast they are played.

use std::collections::BTreeMap;

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::quantity::Value;
use sensors::reading::Observed;
use sensors::station::{Sensor, SensorIx, StationId, StationIx};
use sensors::time::{Span, Timestamp};

use crate::fault::{Fault, Kind};
use crate::instrument::{Feels, TIP_MM};
use crate::noise::Noise;
use crate::storm::Storm;
use crate::water::Water;

/// What is really there at one moment, before any instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// The storm's clock.
    pub at: Timestamp,
    /// How much of the storm is over, 0 to 1.
    pub progress: f64,
    /// Stage at every gauge of the city, as [`Parameter::Stage`].
    pub stages: Vec<(StationId, Value)>,
    /// Pool level of every large reservoir of the city, as [`Parameter::PoolLevel`].
    pub pools: Vec<(StationId, Value)>,
}

/// Why a storm can't be played over a city.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "storm {storm:?} has no water for {}; describe the station in simulator/rivers, or leave it out of the city",
    sensors.join(", ")
)]
pub struct ChartError {
    storm: String,
    sensors: Vec<String>,
}

/// One sensor's chart.
#[derive(Clone, Debug)]
struct Strip {
    station: StationId,
    rain: Option<(StationIx, Rain)>,
    parameter: Parameter,
    minutes: Vec<f64>,
}

/// How a bucket's tips are told.
#[derive(Clone, Copy, Debug)]
struct Rain {
    parameter: Parameter,
    /// The counter's value before the first tip, and where it rolls over, in finest steps.
    start: i64,
    modulus: Option<i64>,
}

/// A tipping bucket: tips since the storm's beginning, minute by minute.
#[derive(Clone, Debug)]
struct Bucket {
    tips: Vec<u32>,
    /// The minutes at which the counter began at 0 again.
    resets: Vec<usize>,
}

/// All charts of a city and a storm.
#[derive(Clone, Debug)]
pub struct Chart {
    begins: Timestamp,
    ends: Timestamp,
    faults: Vec<Fault>,
    strips: Vec<Strip>,
    buckets: BTreeMap<StationIx, Bucket>,
    stages: Vec<(StationId, Vec<f64>)>,
    pools: Vec<(StationId, Vec<f64>)>,
}

const MINUTE_MS: i64 = 60_000;
const TIP_UM: i64 = 200;

impl Chart {
    /// Draws the charts.
    ///
    /// # Errors
    /// Names every sensor of the city for which the storm's rivers have no water.
    pub fn draw(city: &City, storm: &Storm, seed: u64) -> Result<Self, ChartError> {
        let mut storm = storm.clone();
        storm.post_positions = storm
            .rivers
            .posts
            .iter()
            .map(|post| city.station_named(&StationId::new(&post.station)).map(|(_, s)| s.position))
            .collect();
        let felt = felt(city, &storm)?;
        let mut chart = Self {
            begins: storm.begins,
            ends: storm.ends(),
            faults: storm.faults.clone(),
            strips: felt.iter().map(|(sensor, feels)| strip(sensor, *feels, seed)).collect(),
            buckets: BTreeMap::new(),
            stages: known(city, storm.rivers.gauges.iter().map(|gauge| gauge.station.as_str())),
            pools: known(city, storm.rivers.reservoirs.iter().map(|dam| dam.shape.station.as_str())),
        };
        chart.draw_levels(&storm, &felt, seed);
        chart.fill_buckets(city, &storm, seed);
        Ok(chart)
    }

    fn draw_levels(&mut self, storm: &Storm, felt: &[(&Sensor, Feels)], seed: u64) {
        let mut noises: Vec<Noise> =
            felt.iter().map(|(sensor, _)| Noise::new(seed, &sensor.id.to_string())).collect();
        let mut water = Water::new(storm);
        for _ in 0..=self.minute(self.ends) {
            for ((strip, (_, feels)), noise) in self.strips.iter_mut().zip(felt).zip(&mut noises) {
                if strip.rain.is_none() {
                    strip.minutes.push(feels.show(&water, storm, noise));
                }
            }
            for (station, minutes) in &mut self.stages {
                let gauge = storm.rivers.gauge(station.as_str());
                minutes.push(gauge.map_or(0.0, |ix| water.stage_m(ix)));
            }
            for (station, minutes) in &mut self.pools {
                let dam = storm.rivers.reservoir(station.as_str()).and_then(|ix| water.reservoir(ix));
                minutes.push(dam.map_or(0.0, crate::water::reservoir::Reservoir::pool_m));
            }
            water.step();
        }
    }

    fn fill_buckets(&mut self, city: &City, storm: &Storm, seed: u64) {
        let wanted: Vec<StationIx> = self.strips.iter().filter_map(|s| s.rain.map(|r| r.0)).collect();
        for ix in wanted {
            let Some(station) = city.station(ix).filter(|_| !self.buckets.contains_key(&ix)) else {
                continue;
            };
            let id = station.id.as_str();
            let mut noise = Noise::new(seed, &format!("{id}/bucket"));
            // Every funnel catches a little more or less than it should, and starts half full.
            let catch = 1.0 + 0.015 * noise.bell();
            let (mut depth_mm, mut tips) = (TIP_MM * noise.unit(), 0_u32);
            let mut bucket = Bucket { tips: Vec::new(), resets: Vec::new() };
            let mut was_dead = false;
            for minute in 0..=self.minute(self.ends) {
                let at = self.begins.plus(Span::from_min(minute as i64));
                let (share, dead) = self.funnel(id, at);
                if minute > 0 {
                    let rate = storm.field().rate_mm_h(station.position, storm.hour(at) - 1.0 / 120.0);
                    let gust = (1.0 + 0.15 * noise.bell()).max(0.0);
                    depth_mm += rate * catch * gust * share / 60.0;
                }
                let tipped = libm::floor(depth_mm / TIP_MM);
                depth_mm -= tipped * TIP_MM;
                tips += tipped as u32;
                if was_dead && !dead {
                    bucket.resets.push(minute);
                }
                was_dead = dead;
                bucket.tips.push(tips);
            }
            self.buckets.insert(ix, bucket);
        }
    }

    /// The share of the rain that a station's bucket counts now, and whether it is dead.
    fn funnel(&self, station: &str, at: Timestamp) -> (f64, bool) {
        let (mut share, mut dead) = (1.0, false);
        for fault in self.faults.iter().filter(|fault| fault.acts_on(station, at)) {
            match fault.kind {
                Kind::Clogged { share: left } => share *= left,
                Kind::Zero => share = 0.0,
                Kind::Dead => (share, dead) = (0.0, true),
                _ => {}
            }
        }
        (share, dead)
    }

    /// What a sensor says at a moment; `None` when it says nothing. `period` is what a depth
    /// covers.
    pub(crate) fn said(&self, sensor: SensorIx, at: Timestamp, period: Span) -> Option<Observed> {
        let strip = self.strips.get(sensor.at())?;
        let mut seen_at = at;
        let mut zero = false;
        for fault in self.faults.iter().filter(|fault| fault.acts_on(strip.station.as_str(), at)) {
            match fault.kind {
                Kind::Dead => return None,
                Kind::Sentinel => return Some(Observed::Missing),
                Kind::Stuck => seen_at = fault.from.max(self.begins),
                Kind::Zero => zero = strip.rain.is_none(),
                _ => {}
            }
        }
        let number = if zero { Some(0.0) } else { strip.minutes.get(self.minute(seen_at)).copied() };
        let value = match &strip.rain {
            Some((station, rain)) => self.rain(*station, *rain, seen_at, period),
            None => Value::from_unit(strip.parameter, number?).ok(),
        };
        Some(value.map_or(Observed::Missing, Observed::Value))
    }

    fn rain(&self, station: StationIx, rain: Rain, at: Timestamp, period: Span) -> Option<Value> {
        let bucket = self.buckets.get(&station)?;
        let tips = |minute: usize| bucket.tips.get(minute).map_or(0, |tips| i64::from(*tips));
        let now = self.minute(at);
        let before = now.saturating_sub((period.ms() / MINUTE_MS).max(1) as usize);
        let raw = match rain.parameter {
            Parameter::RainTotal => {
                let reset = bucket.resets.iter().rev().find(|minute| **minute <= now);
                let total =
                    reset.map_or(rain.start + tips(now) * TIP_UM, |m| (tips(now) - tips(*m)) * TIP_UM);
                rain.modulus.map_or(total, |modulus| total.rem_euclid(modulus))
            }
            Parameter::RainRate => (tips(now) - tips(now.saturating_sub(10))) * TIP_UM * 6,
            _ => (tips(now) - tips(before)) * TIP_UM,
        };
        Some(Value::from_raw(raw))
    }

    /// How much later a station's messages come, and how wrong its clock is.
    pub(crate) fn delay(&self, station: &StationId, at: Timestamp) -> (Span, Span) {
        let mut delay = (Span::ZERO, Span::ZERO);
        for fault in self.faults.iter().filter(|fault| fault.acts_on(station.as_str(), at)) {
            match fault.kind {
                Kind::Late { by } => delay.0 = by,
                Kind::ClockOff { by } => delay.1 = by,
                _ => {}
            }
        }
        delay
    }

    /// When a line that is cut now is back; `None` when it is not cut.
    pub(crate) fn cut_until(&self, line: &str, at: Timestamp) -> Option<Timestamp> {
        self.faults.iter().filter(|fault| fault.cuts(line, at)).map(|fault| fault.to).max()
    }

    /// When a line is cut and when it is back, in order.
    pub(crate) fn cuts(&self, line: &str) -> Vec<(Timestamp, Timestamp)> {
        let mut cuts: Vec<_> =
            self.faults.iter().filter(|fault| fault.cuts(line, fault.from)).map(|f| (f.from, f.to)).collect();
        cuts.sort_unstable();
        cuts
    }

    /// What is really there.
    pub(crate) fn truth(&self, at: Timestamp) -> Truth {
        let minute = self.minute(at);
        let read = |charts: &[(StationId, Vec<f64>)], parameter| {
            let value = |m: &Vec<f64>| Value::from_unit(parameter, m.get(minute).copied()?).ok();
            charts.iter().filter_map(|(id, minutes)| Some((id.clone(), value(minutes)?))).collect()
        };
        let whole = self.ends.since(self.begins).ms().max(1) as f64;
        Truth {
            at,
            progress: (at.since(self.begins).ms() as f64 / whole).clamp(0.0, 1.0),
            stages: read(&self.stages, Parameter::Stage),
            pools: read(&self.pools, Parameter::PoolLevel),
        }
    }

    /// When the storm begins and ends.
    pub(crate) fn lasts(&self) -> (Timestamp, Timestamp) {
        (self.begins, self.ends)
    }

    /// The minute of a moment; the chart stands still before its beginning and after its end.
    fn minute(&self, at: Timestamp) -> usize {
        let inside = at.min(self.ends).since(self.begins).ms().max(0);
        (inside / MINUTE_MS) as usize
    }
}

fn felt<'c>(city: &'c City, storm: &Storm) -> Result<Vec<(&'c Sensor, Feels)>, ChartError> {
    let mut felt = Vec::new();
    let mut sensors = Vec::new();
    for sensor in &city.sensors {
        match Feels::of(sensor, city, &storm.rivers) {
            Some(feels) => felt.push((sensor, feels)),
            None => sensors.push(sensor.id.to_string()),
        }
    }
    if sensors.is_empty() { Ok(felt) } else { Err(ChartError { storm: storm.name.clone(), sensors }) }
}

fn strip(sensor: &Sensor, feels: Feels, seed: u64) -> Strip {
    let rain = match feels {
        Feels::Rain(parameter) => {
            let modulus = sensor.rollover.map(Value::raw).filter(|modulus| *modulus > 0);
            let spent = (2000.0 * Noise::new(seed, &format!("{}/start", sensor.id)).unit()) as i64 * TIP_UM;
            // Counters that roll over in a gauge's life stand close to it, so that a storm shows it.
            let close = modulus.filter(|modulus| *modulus - TIP_UM <= sensor.span.1.raw());
            let start = close.map_or(spent, |modulus| (modulus - spent - TIP_UM).max(0));
            Some((sensor.station, Rain { parameter, start, modulus }))
        }
        _ => None,
    };
    let parameter = sensor.id.parameter;
    Strip { station: sensor.id.station.clone(), rain, parameter, minutes: Vec::new() }
}

fn known<'n>(city: &City, names: impl Iterator<Item = &'n str>) -> Vec<(StationId, Vec<f64>)> {
    names
        .map(StationId::new)
        .filter(|id| city.station_named(id).is_some())
        .map(|id| (id, Vec::new()))
        .collect()
}
