//! A small city with two rivers, a dam and three rain gauges, for the tests of this crate.

use std::sync::Arc;

use geo::MultiPolygon;
use sensors::city::{City, Parts};
use sensors::parameter::Parameter;
use sensors::place::{Basin, BasinId, Boundary, Position, Zone, ZoneId};
use sensors::quality::Quality;
use sensors::quantity::Value;
use sensors::rain::Recession;
use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::{Deadline, Sensor, SensorId, SensorIx, Station, StationId, StationIx, StationKind};
use sensors::thiessen::Tessellation;
use sensors::time::{Span, Timestamp};

use crate::alert::{SlotIx, Transition};
use crate::engine::{AlertState, Change, View};
use crate::rule::RuleSet;

pub(crate) const STAGE: SensorIx = SensorIx(0);
pub(crate) const SISTER: SensorIx = SensorIx(1);
pub(crate) const RELEASE: SensorIx = SensorIx(2);
pub(crate) const RAIN: [SensorIx; 3] = [SensorIx(3), SensorIx(4), SensorIx(5)];

const SENSORS: [(&str, Parameter, i64); 6] = [
    ("kim-long", Parameter::Stage, 10_000),
    ("phu-oc", Parameter::Stage, 10_000),
    ("ta-trach", Parameter::Release, 15_000_000),
    ("g1", Parameter::Rainfall, 2_000_000),
    ("g2", Parameter::Rainfall, 2_000_000),
    ("g3", Parameter::Rainfall, 2_000_000),
];

pub(crate) fn city() -> City {
    let position = Position::new(16.46, 107.57).unwrap();
    let zone = |id: &str, name: &str| Zone {
        id: ZoneId::new(id),
        code: id.to_owned(),
        name: name.to_owned(),
        class: None,
        population: 1000,
        centroid: position,
        shape: MultiPolygon::new(Vec::new()),
        boundary: Boundary::Approximate,
    };
    let station = |id: &str| Station {
        id: StationId::new(id),
        kind: StationKind::Stage,
        name: if id == "kim-long" { "Kim Long".to_owned() } else { id.to_owned() },
        position,
        datum: None,
        river: (id == "kim-long").then(|| "sông Hương".to_owned()),
        carrier: None,
        power: None,
        basin: None,
        zones: vec![ZoneId::new("thuan-hoa"), ZoneId::new("vy-da")],
        sensors: Vec::new(),
    };
    let sensor = |(place, (id, parameter, top)): (usize, &(&str, Parameter, i64))| Sensor {
        id: SensorId { station: StationId::new(id), parameter: *parameter, name: None },
        station: StationIx(place as u32),
        span: (
            Value::from_raw(if *parameter == Parameter::Stage { -2000 } else { 0 }),
            Value::from_raw(*top),
        ),
        plausible: None,
        rate_max: None,
        spike_max: None,
        checks: sensors::quality::Checks::default(),
        rollover: None,
        feeds: None,
        mount: None,
        deadline: Deadline {
            interval: Span::from_min(10),
            jitter: Span::from_min(5),
            patience: Span::from_min(15),
        },
    };
    let basin = Basin {
        id: BasinId::new("bo"),
        name: "Lưu vực sông Bồ".to_owned(),
        area_km2: 938.0,
        outline: None,
        recession: Recession::USUAL,
        rain: Arc::new(Tessellation::weighted(&RAIN.map(|ix| (ix, 1.0)))),
    };
    let parts = Parts {
        stations: SENSORS.iter().map(|(id, ..)| station(id)).collect(),
        sensors: SENSORS.iter().enumerate().map(sensor).collect(),
        zones: vec![zone("thuan-hoa", "Phường Thuận Hóa"), zone("vy-da", "Phường Vỹ Dạ")],
        basins: vec![basin],
        lines: Vec::new(),
    };
    City::assemble("small", "Small", 420, parts).unwrap()
}

/// A rule of one level or more at `kim-long`, from the inside of its level tables.
pub(crate) fn rules(levels: &str) -> RuleSet {
    rules_of(&format!(
        "[[rule]]\nid = \"r\"\nhazard = \"flood\"\nstations = [\"kim-long\"]\nzones = \"station\"\nissue = \"automatic\"\n{levels}"
    ))
}

pub(crate) fn rules_of(text: &str) -> RuleSet {
    RuleSet::parse("rules.toml", text, &city()).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

/// One level as TOML.
pub(crate) fn level(name: &str, severity: u8, when: &str, more: &str) -> String {
    format!("[[rule.level]]\nname = \"{name}\"\nseverity = {severity}\nwhen = {when}\n{more}\n")
}

/// Running series and alerts.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) rules: RuleSet,
    pub(crate) now: Timestamp,
    pub(crate) states: Vec<AlertState>,
    pub(crate) world: World,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) series: Vec<Series>,
    pub(crate) silent: Vec<bool>,
}

impl View for World {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.series.get(sensor.at())
    }

    fn is_silent(&self, sensor: SensorIx) -> bool {
        self.silent[sensor.at()]
    }
}

/// So many minutes after an arbitrary start.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    Timestamp::parse_rfc3339("2025-11-16T14:00:00Z").unwrap().plus(Span::from_min(minutes))
}

impl Site {
    pub(crate) fn new(rules: RuleSet) -> Self {
        let series = Series::new(rules.retention());
        let states = vec![AlertState::default(); rules.slots().len()];
        let world = World { series: vec![series; SENSORS.len()], silent: vec![false; SENSORS.len()] };
        Self { rules, now: minute(0), states, world }
    }

    /// A stage in millimetres at a minute, good.
    pub(crate) fn stage(&mut self, at_min: i64, mm: i64) -> Vec<Transition> {
        self.say(STAGE, at_min, Some(mm), Quality::Good)
    }

    pub(crate) fn say(
        &mut self,
        sensor: SensorIx,
        at_min: i64,
        raw: Option<i64>,
        quality: Quality,
    ) -> Vec<Transition> {
        let rain = RAIN.contains(&sensor);
        let measured_at = minute(at_min);
        let from = rain.then(|| measured_at.minus(Span::from_min(10)));
        self.now = self.now.plus(Span::from_s(1)).max(measured_at);
        let value = raw.map(Value::from_raw);
        self.take(&Reading { sensor, measured_at, from, arrived_at: self.now, value, quality })
    }

    pub(crate) fn take(&mut self, reading: &Reading) -> Vec<Transition> {
        let inserted = self.world.series[reading.sensor.at()].insert(reading);
        let change = Change::of(reading, inserted);
        let mut said = Vec::new();
        for slot in self.rules.touched_by(reading.sensor).to_vec() {
            let state = &mut self.states[slot.at()];
            let before = state.clone();
            let verdict = self.rules.judge(slot, state, &change, self.now, &self.world);
            assert_eq!(verdict.changed, *state != before, "a change of state is told, and nothing else");
            said.extend(verdict.transitions);
        }
        said
    }

    pub(crate) fn hush(&mut self, sensor: SensorIx, silent: bool) -> Vec<Transition> {
        self.world.silent[sensor.at()] = silent;
        let mut said = Vec::new();
        for slot in self.rules.silence_slots(sensor).to_vec() {
            let state = &mut self.states[slot.at()];
            said.extend(self.rules.judge_silence(slot, state, self.now, &self.world).transitions);
        }
        said
    }

    pub(crate) fn level(&self) -> &str {
        self.rules.slots()[0].level_name(self.states[0].level)
    }

    pub(crate) fn restart(&mut self) {
        for (ix, state) in (0_u32..).map(SlotIx).zip(&mut self.states) {
            let record = state.record(self.rules.slot(ix).unwrap());
            *state = AlertState::restore(&record, &self.rules, ix);
        }
    }
}
