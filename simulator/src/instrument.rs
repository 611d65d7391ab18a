//! Which water a sensor feels, and how its instrument spoils the number.
//!
//! Noise and steps are those of common instruments: tipping bucket 0.2 mm, radar a few
//! millimetres, owners' telemetry in rounded numbers.

use sensors::city::City;
use sensors::parameter::Parameter;
use sensors::place::Position;
use sensors::station::{Sensor, StationKind};

use crate::noise::Noise;
use crate::river::Rivers;
use crate::storm::Storm;
use crate::water::Water;

/// What a tip of the bucket is worth, mm.
pub(crate) const TIP_MM: f64 = 0.2;

/// What a sensor feels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Feels {
    /// The tipping bucket of its station, told as its parameter.
    Rain(Parameter),
    Stage(usize),
    GaugeDischarge(usize),
    Street(usize),
    Reservoir(usize, Parameter),
    Weir(usize, Parameter),
    Wind(Position, Parameter),
    /// The health of the station and the air around it.
    Station(Parameter),
}

impl Feels {
    /// Finds what a sensor feels, or `None` where these rivers have no such water.
    pub(crate) fn of(sensor: &Sensor, city: &City, rivers: &Rivers) -> Option<Self> {
        use Parameter as P;
        let station = city.station(sensor.station)?;
        let id = station.id.as_str();
        let parameter = sensor.id.parameter;
        match parameter {
            P::Rainfall | P::RainTotal | P::RainRate => Some(Self::Rain(parameter)),
            P::WindSpeed | P::WindGust | P::WindDirection => Some(Self::Wind(station.position, parameter)),
            P::AirPressure | P::AirTemperature | P::Battery | P::BatteryLevel | P::Signal => {
                Some(Self::Station(parameter))
            }
            P::Stage => rivers.gauge(id).map(Self::Stage),
            P::Discharge if station.kind != StationKind::Reservoir => {
                rivers.gauge(id).map(Self::GaugeDischarge)
            }
            P::StreetDepth => rivers.posts.iter().position(|post| post.station == id).map(Self::Street),
            P::AirGap => None,
            _ => {
                let reservoir = rivers.reservoir(id).map(|ix| Self::Reservoir(ix, parameter));
                let weir = || rivers.weirs.iter().position(|weir| weir.station == id);
                reservoir.or_else(|| weir().map(|ix| Self::Weir(ix, parameter)))
            }
        }
    }

    /// What the instrument shows now, in the parameter's unit; rain is told elsewhere.
    pub(crate) fn show(self, water: &Water<'_>, storm: &Storm, noise: &mut Noise) -> f64 {
        match self {
            Self::Rain(_) => 0.0,
            Self::Stage(ix) => round_to(water.stage_m(ix) + 0.003 * noise.bell(), 0.001),
            Self::GaugeDischarge(ix) => {
                let from = storm.rivers.gauges.get(ix).map(|gauge| gauge.from.as_slice());
                round_to(water.sum_m3s(from.unwrap_or_default()) * (1.0 + 0.02 * noise.bell()), 0.1)
            }
            Self::Street(ix) => {
                let depth = water.street_m(ix);
                let seen = if depth > 0.0 { depth + 0.002 * noise.bell() } else { 0.0 };
                round_to(seen.max(0.0), 0.001)
            }
            Self::Reservoir(ix, parameter) => reservoir(water, ix, parameter, noise),
            Self::Weir(ix, parameter) => weir(water, storm, ix, parameter, noise),
            Self::Wind(at, parameter) => wind(storm, at, water.hour(), parameter, noise),
            Self::Station(parameter) => station(water.hour(), parameter, noise),
        }
    }
}

fn reservoir(water: &Water<'_>, ix: usize, parameter: Parameter, noise: &mut Noise) -> f64 {
    use Parameter as P;
    let Some(dam) = water.reservoir(ix) else { return 0.0 };
    match parameter {
        P::PoolLevel => round_to(dam.pool_m() + 0.003 * noise.bell(), 0.01),
        P::Tailwater => round_to(dam.tailwater_m() + 0.005 * noise.bell(), 0.01),
        P::Storage => round_to(dam.storage_m3() / 1e6, 0.001),
        // Owners reckon the inflow back from pool and release: the noisiest of their numbers.
        P::Inflow => round_to((dam.inflow_m3s() * (1.0 + 0.03 * noise.bell())).max(0.0), 0.1),
        P::Release | P::Discharge => round_to(dam.release_m3s(), 0.1),
        P::Spill => round_to(dam.spill_m3s(), 0.1),
        P::TurbineDischarge => round_to(dam.turbine_m3s(), 0.1),
        P::GatesOpen => dam.gates_open(),
        P::GateOpening => round_to(dam.gate_opening_m(), 0.01),
        _ => 0.0,
    }
}

/// A small dam lets through what comes; its pool rises as over a sill of 60 m.
fn weir(water: &Water<'_>, storm: &Storm, ix: usize, parameter: Parameter, noise: &mut Noise) -> f64 {
    use Parameter as P;
    let Some(weir) = storm.rivers.weirs.get(ix) else { return 0.0 };
    let discharge = weir.share * water.sum_m3s(&weir.from);
    let spill = (discharge - weir.turbine_m3s).max(0.0);
    match parameter {
        P::PoolLevel => {
            round_to(weir.pool_m + libm::pow(spill / 110.0, 2.0 / 3.0) + 0.003 * noise.bell(), 0.01)
        }
        P::Tailwater => round_to(weir.tail_m + 0.05 * libm::pow(discharge, 0.6), 0.01),
        P::Inflow => round_to((discharge * (1.0 + 0.03 * noise.bell())).max(0.0), 0.1),
        P::Release | P::Discharge => round_to(discharge, 0.1),
        P::Spill => round_to(spill, 0.1),
        P::TurbineDischarge => round_to(discharge - spill, 0.1),
        P::GatesOpen => libm::ceil(spill / 150.0).min(4.0),
        P::GateOpening => round_to((spill / 300.0).min(5.0), 0.01),
        _ => 0.0,
    }
}

fn wind(storm: &Storm, at: Position, hour: f64, parameter: Parameter, noise: &mut Noise) -> f64 {
    let (speed, from) = storm.wind.at(at, hour);
    match parameter {
        Parameter::WindSpeed => round_to((speed * (1.0 + 0.08 * noise.bell())).max(0.0), 0.1),
        Parameter::WindGust => {
            round_to((speed * storm.wind.gust_factor * (1.0 + 0.05 * noise.bell())).max(0.0), 0.1)
        }
        _ => (from + 6.0 * noise.bell()).round().rem_euclid(360.0),
    }
}

fn station(hour: f64, parameter: Parameter, noise: &mut Noise) -> f64 {
    let day = libm::sin((hour - 8.0) * std::f64::consts::PI / 12.0);
    match parameter {
        Parameter::AirPressure => round_to(1012.0 + 1.2 * day + 0.1 * noise.bell(), 0.1),
        Parameter::AirTemperature => round_to(22.0 + 1.5 * day + 0.1 * noise.bell(), 0.1),
        Parameter::Battery => round_to(12.7 + 0.25 * day + 0.01 * noise.bell(), 0.01),
        Parameter::BatteryLevel => round_to(82.0 + 8.0 * day, 1.0),
        _ => (-78.0 + 3.0 * noise.bell()).round(),
    }
}

fn round_to(number: f64, step: f64) -> f64 {
    (number / step).round() * step
}
