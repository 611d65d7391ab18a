//! Neighbours between sensors: gauges against the gauges around them, stages against rain, releases
//! and the stages beside them.
//!
//! [`Neighbours`] is what is known of a city beforehand: who stands near whom, and the limits.
//! [`Inspection`] goes through event time in steps and keeps the open cases. A case is a doubt with
//! its cause and its figures; nothing here rejects a reading, and nothing reads a clock.

mod graph;
mod inspection;
mod rain;
mod reach;
mod row;

use crate::city::City;
use crate::quality::Check;
use crate::quantity::Value;
use crate::station::{SensorIx, StationIx};
use crate::time::{Span, Timestamp};
use crate::track::Suspicion;

pub use graph::{Graph, Near};
pub use inspection::{Inspection, Turned};

/// Limits of the comparison of rain gauges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RainLimits {
    /// How far a neighbour may stand, in metres, elevation difference included.
    pub distance_max_m: i64,
    /// What a metre of elevation difference counts as, in metres of distance.
    pub metres_per_elevation_m: i64,
    /// The most neighbours of a gauge, the nearest ones.
    pub gauges_max: usize,
    /// The fewest neighbours that can judge a gauge.
    pub gauges_min: usize,
    /// An hour in which three of four neighbours have so much is wet all around.
    pub wet: Value,
    /// So many hours must be wet all around before a gauge is accused; twice as many where its
    /// neighbours stand on one side only.
    pub wet_hours_min: usize,
    /// So many hours are looked back over at most.
    pub hours_max: usize,
    /// A gauge that says zero is dead when three of four neighbours have so much.
    pub dead: Value,
    /// A gauge that passes too little is clogged when three of four neighbours have so much.
    pub clogged: Value,
    /// Too little: less than this many per cent of what three of four neighbours have.
    pub clogged_percent: i64,
    /// An hour with more than this, while all around it is nearly dry, is doubtful until the hour
    /// beside it bears it out.
    pub extreme: Value,
}

/// Limits of the comparison of stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageLimits {
    /// So much rain in six hours at three of four gauges must move a river.
    pub heavy: Value,
    /// A river that moved less than this did not move, in millimetres.
    pub still: Value,
    /// A rise of so much in three hours has a cause.
    pub rise: Value,
    /// Rain below this in the time before is no cause.
    pub dry: Value,
    /// A release that grew by less is no cause, in litres per second.
    pub release: Value,
    /// So much rain at half of the gauges within the lag bears out a stage that is doubted for its
    /// height or its haste.
    pub bears_out_rain: Value,
    /// So great a release within the lag does so too.
    pub bears_out_release: Value,
}

/// What a stage is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Whose stage.
    pub stage: SensorIx,
    /// The gauges whose rain comes down here.
    pub gauges: Box<[SensorIx]>,
    /// The releases that come down here.
    pub releases: Box<[SensorIx]>,
    /// The stages up- and downstream.
    pub beside: Box<[SensorIx]>,
    /// The latest first rise after rain or release; also the longest way between stages.
    pub lag_max: Span,
    /// Whether the tide moves it: then a rise needs no other cause.
    pub tidal: bool,
}

/// What is known of a city beforehand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// Who stands near whom.
    pub graph: Graph,
    /// Limits of rain.
    pub rain: RainLimits,
    /// Limits of stages.
    pub stage: StageLimits,
    /// The stages that are compared.
    pub reaches: Box<[Reach]>,
    /// By sensor: how long it may be quiet, for those that are compared.
    compared: Box<[Option<Span>]>,
}

/// The step of event time in which sensors are compared.
pub const STEP: Span = Span::from_h(1);

impl Default for RainLimits {
    fn default() -> Self {
        let mm = |mm: i64| Value::from_raw(mm * 1000);
        Self {
            distance_max_m: 25_000,
            metres_per_elevation_m: 10,
            gauges_max: 8,
            gauges_min: 3,
            wet: mm(1),
            wet_hours_min: 3,
            hours_max: 24,
            dead: mm(10),
            clogged: mm(20),
            clogged_percent: 10,
            extreme: mm(80),
        }
    }
}

impl Default for StageLimits {
    fn default() -> Self {
        Self {
            heavy: Value::from_raw(60_000),
            still: Value::from_raw(20),
            rise: Value::from_raw(500),
            dry: Value::from_raw(3_000),
            release: Value::from_raw(50_000),
            bears_out_rain: Value::from_raw(60_000),
            bears_out_release: Value::from_raw(300_000),
        }
    }
}

impl Neighbours {
    /// The checks of a city by the positions of its gauges; stages are compared only where
    /// configuration says with what.
    pub fn of(city: &City) -> Self {
        Self::new(city, RainLimits::default(), StageLimits::default(), Vec::new(), &[])
    }

    /// The checks of a city; `elevations` in metres, where they are known.
    pub fn new(
        city: &City,
        rain: RainLimits,
        stage: StageLimits,
        reaches: Vec<Reach>,
        elevations: &[(StationIx, i64)],
    ) -> Self {
        let graph = Graph::of(city, &rain, elevations);
        let in_reach = |ix: &SensorIx| {
            reaches.iter().any(|reach| {
                reach.stage == *ix || [&reach.releases, &reach.beside].iter().any(|list| list.contains(ix))
            })
        };
        let sensors = (0..).map(SensorIx).zip(&city.sensors);
        let compared = sensors
            .map(|(ix, sensor)| (graph.place(ix).is_some() || in_reach(&ix)).then(|| sensor.deadline.total()))
            .collect();
        Self { graph, rain, stage, reaches: reaches.into(), compared }
    }

    /// Whether a sensor's readings are compared with others at all.
    pub fn compares(&self, sensor: SensorIx) -> bool {
        self.compared.get(sensor.at()).is_some_and(Option::is_some)
    }

    /// How long a sensor may be quiet.
    fn patience(&self, sensor: SensorIx) -> Span {
        self.compared.get(sensor.at()).copied().flatten().unwrap_or_default()
    }
}

/// A doubt that one sensor's readings raise beside those of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Whose readings.
    pub sensor: SensorIx,
    /// What it looks like: clogged, dead on zero, neighbour or multi-variate.
    pub check: Check,
    /// The readings measured after this are doubtful.
    pub since: Timestamp,
    /// The readings measured after this no longer are; `None` while the doubt lasts.
    pub until: Option<Timestamp>,
    /// The event time at which it showed.
    pub shown_at: Timestamp,
    /// The event time at which it showed to be over; `None` while it lasts, and where a person
    /// ended it.
    pub ended_at: Option<Timestamp>,
    /// The figures behind it.
    pub finding: Finding,
}

/// The figures behind a case; values in finest steps of what they measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the sensor itself said: rain over the window, or the change of a stage.
    pub own: Value,
    /// The least of the others.
    pub least: Value,
    /// The most of the others.
    pub most: Value,
    /// Over which time.
    pub window: Span,
}

impl Case {
    /// Whether only a person ends it: an instrument that failed once is not trusted again by itself.
    pub fn needs_a_person(&self) -> bool {
        matches!(self.check, Check::Clogged | Check::DeadOnZero)
    }

    /// Whether it is a rise without a cause, as against a stage that lies still.
    pub fn is_rise(&self) -> bool {
        self.check == Check::MultiVariate && self.finding.window == reach::CAUSE
    }

    /// Whether the doubt lasts.
    pub fn is_open(&self) -> bool {
        self.until.is_none()
    }

    /// Whether a person ended it.
    pub fn is_released(&self) -> bool {
        self.until.is_some() && self.ended_at.is_none()
    }

    /// The readings that it makes doubtful; none where it showed to be none.
    pub fn suspicion(&self) -> Option<Suspicion> {
        let after = |at: Timestamp| at.plus(Span::from_ms(1));
        let (since, until) = (after(self.since), self.until.map(after));
        until.is_none_or(|until| until > since).then_some(Suspicion { check: self.check, since, until })
    }

    /// Whether it keeps a gauge from judging others at a step.
    fn accuses_at(&self, end: Timestamp) -> bool {
        self.needs_a_person()
            && self.shown_at < end
            && self.until.is_none_or(|until| until > self.since && until >= end)
    }
}

#[cfg(test)]
mod tests;
