//! What we see and what we do not: which sensors are blind now and why, what they have in common,
//! and how blind each zone is. Computed from a state; it decides nothing and tells nobody.

use std::collections::{BTreeMap, BTreeSet};

use sensors::place::ZoneId;
use sensors::station::{SensorIx, StationIx};
use sensors::time::Timestamp;

use crate::event::{LineState, StationState};
use crate::watch::silence::COMMON_CAUSE_MIN;
use crate::watch::snapshot::State;

/// Why a sensor shows us nothing of its water now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blind {
    /// Its line is down.
    Line,
    /// It, or what stands before it, says that it is cut off.
    Cut,
    /// Its deadline has passed.
    Silent,
    /// What it said last is no measurement of the water.
    Useless,
    /// It is under suspicion until a person releases it.
    Suspected,
    /// It has not spoken yet.
    Unheard,
}

impl Blind {
    /// The spelling in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line_down",
            Self::Cut => "cut_off",
            Self::Silent => "silent",
            Self::Useless => "no_usable_value",
            Self::Suspected => "suspected",
            Self::Unheard => "never_heard",
        }
    }
}

/// What stations that are silent have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What kind of thing it is.
    pub kind: CauseKind,
    /// Its name in the configuration.
    pub name: String,
    /// The silent stations that share it.
    pub stations: Vec<StationIx>,
    /// How many share it altogether.
    pub of: usize,
    /// Since when the first of them is silent.
    pub since: Timestamp,
}

/// A thing that stations share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseKind {
    /// The gateway, bus or broker that they are reached over.
    Line,
    /// The carrier of their modems.
    Carrier,
    /// The feeder that their mains comes from.
    Power,
}

impl CauseKind {
    /// The spelling in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Carrier => "carrier",
            Self::Power => "power",
        }
    }
}

/// How blind we are in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Blindness {
    /// The zone.
    pub zone: ZoneId,
    /// 0: every sensor that could warn it sees; 1: none does. The mean over the alerts that warn the
    /// zone of the share of their sensors that are blind, each weighted with its greatest severity.
    pub share: f64,
    /// The sensors that are blind.
    pub blind: Vec<(SensorIx, Blind)>,
    /// How many sensors watch over it.
    pub watching: usize,
}

/// Whether a sensor is blind now, and why; the first reason that holds.
pub fn blind(state: &State, ix: SensorIx) -> Option<Blind> {
    let down = |(line, known): (&sensors::line::Line, &Option<(Timestamp, LineState)>)| {
        matches!(known, Some((_, LineState::Down { .. }))) && line.sensors().contains(&source(state, ix))
    };
    if state.plan.city.lines.iter().zip(&state.lines).any(down) {
        return Some(Blind::Line);
    }
    let station = state.plan.city.sensor(ix).map(|sensor| sensor.station);
    let said = station.and_then(|station| state.stations.get(station.at())?.as_ref());
    if matches!(said, Some((_, StationState::Offline { .. }))) {
        return Some(Blind::Cut);
    }
    if state.silent.get(source(state, ix).at()).copied().flatten().is_some() {
        return Some(Blind::Silent);
    }
    let track = state.tracks.get(ix.at())?;
    match track.latest() {
        None => Some(Blind::Unheard),
        Some(_) if track.suspicion().is_some() => Some(Blind::Suspected),
        Some(latest) if !latest.quality.is_usable() => Some(Blind::Useless),
        Some(_) => None,
    }
}

/// The sensor that is reached over a line: the counter, where one feeds this one.
fn source(state: &State, ix: SensorIx) -> SensorIx {
    let feeding = state.plan.city.sensors.iter().position(|sensor| sensor.feeds == Some(ix));
    feeding.map_or(ix, |at| SensorIx(at as u32))
}

/// The causes that explain the silence of most stations each: at least three stations, and at least
/// two thirds of all that share the thing. A station is explained once, by what explains most.
pub fn causes(state: &State) -> Vec<Cause> {
    let mut silent: BTreeMap<StationIx, Timestamp> = BTreeMap::new();
    for (sensor, since) in state.plan.city.sensors.iter().zip(&state.silent) {
        let Some(since) = since else { continue };
        silent.entry(sensor.station).and_modify(|first| *first = (*first).min(*since)).or_insert(*since);
    }
    let shared = shared(state);
    let mut causes = Vec::new();
    loop {
        let explained = shared.iter().filter_map(|((kind, name), all)| {
            let stations: Vec<StationIx> = all.iter().copied().filter(|ix| silent.contains_key(ix)).collect();
            let enough = stations.len() >= COMMON_CAUSE_MIN && stations.len() * 3 >= all.len() * 2;
            enough.then_some((stations, all.len(), *kind, name))
        });
        // Of equals the nearest to the stations: the line before the carrier before the feeder.
        let Some((stations, of, kind, name)) =
            explained.max_by(|a, b| a.0.len().cmp(&b.0.len()).then(b.2.cmp(&a.2)))
        else {
            return causes;
        };
        let since = stations.iter().filter_map(|ix| silent.remove(ix)).min().unwrap_or_default();
        causes.push(Cause { kind, name: name.clone(), stations, of, since });
    }
}

/// Who shares what.
fn shared(state: &State) -> BTreeMap<(CauseKind, String), BTreeSet<StationIx>> {
    let city = &state.plan.city;
    let mut shared: BTreeMap<(CauseKind, String), BTreeSet<StationIx>> = BTreeMap::new();
    for line in &city.lines {
        let stations = line.sensors().into_iter().filter_map(|ix| Some(city.sensor(ix)?.station));
        shared.entry((CauseKind::Line, line.name.clone())).or_default().extend(stations);
    }
    for (ix, station) in (0_u32..).map(StationIx).zip(&city.stations) {
        let things = [(CauseKind::Carrier, &station.carrier), (CauseKind::Power, &station.power)];
        for (kind, name) in things.into_iter().filter_map(|(kind, name)| Some((kind, name.as_ref()?))) {
            shared.entry((kind, name.clone())).or_default().insert(ix);
        }
    }
    shared
}

/// How blind we are in each zone, in the order of configuration. A zone that nothing watches over is
/// wholly blind.
pub fn blindness(state: &State) -> Vec<Blindness> {
    let rules = &state.plan.rules;
    let mut eyes: Vec<Vec<SensorIx>> = vec![Vec::new(); rules.slots().len()];
    let all = (0..state.plan.city.sensors.len() as u32).map(SensorIx);
    let blinds: Vec<Option<Blind>> = all.clone().map(|ix| blind(state, ix)).collect();
    for ix in all {
        for slot in rules.touched_by(ix) {
            if let Some(eyes) = eyes.get_mut(slot.at()) {
                eyes.push(ix);
            }
        }
    }
    let why = |ix: &SensorIx| blinds.get(ix.at()).copied().flatten();
    let of_zone = |zone: &sensors::place::Zone| {
        let slots = rules.slots().iter().zip(&eyes);
        let warning = slots.filter(|(slot, eyes)| slot.zones.contains(&zone.id) && !eyes.is_empty());
        let (mut sum, mut weight, mut watching) = (0.0, 0.0, BTreeSet::new());
        for (slot, eyes) in warning {
            let severity = slot.levels.iter().map(|level| level.severity.step()).max().unwrap_or(1);
            let shut = eyes.iter().filter(|ix| why(ix).is_some()).count();
            sum += f64::from(severity) * shut as f64 / eyes.len() as f64;
            weight += f64::from(severity);
            watching.extend(eyes.iter().copied());
        }
        let share = if weight > 0.0 { sum / weight } else { 1.0 };
        let blind = watching.iter().filter_map(|ix| Some((*ix, why(ix)?))).collect();
        Blindness { zone: zone.id.clone(), share, blind, watching: watching.len() }
    };
    state.plan.city.zones.iter().map(of_zone).collect()
}
