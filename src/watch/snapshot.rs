//! What everybody may see: the state after a commit, never before it.

use std::sync::Arc;

use rules::engine::{AlertState, View};
use rules::rule::RuleSet;
use sensors::city::City;
use sensors::series::Series;
use sensors::station::SensorIx;
use sensors::time::Timestamp;
use sensors::track::Track;

use crate::event::LineState;
use crate::notify::delivery::Delivery;
use crate::store::commit::Seq;

/// A city with its rules, joined; immutable for the life of a configuration.
#[derive(Debug)]
pub struct Plan {
    /// The city.
    pub city: City,
    /// Its rules.
    pub rules: RuleSet,
    /// A hash over every configuration file.
    pub version: String,
}

/// The running state. Cloning shares what did not change.
#[derive(Clone, Debug)]
pub struct State {
    /// The configuration that indexes belong to.
    pub plan: Arc<Plan>,
    /// One per sensor, by [`SensorIx`].
    pub tracks: Vec<Arc<Track>>,
    /// One per (rule, subject), by [`rules::alert::SlotIx`].
    pub alerts: Vec<Arc<AlertState>>,
    /// One per line: since when, and what; `None` before it was first heard of.
    pub lines: Vec<Option<(Timestamp, LineState)>>,
    /// Sensors whose deadline has passed, by [`SensorIx`]: since when.
    pub silent: Vec<Option<Timestamp>>,
    /// Deliveries that have not ended, oldest first.
    pub outbox: Vec<Arc<Delivery>>,
    /// Payloads and registers that could not be read since the first start.
    pub strays: u64,
}

/// The state as of a commit.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The commit.
    pub seq: Seq,
    /// Its time by the running clock.
    pub at: Timestamp,
    /// The state after it.
    pub state: State,
}

impl View for State {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.tracks.get(sensor.at()).map(|track| track.series())
    }

    fn is_silent(&self, sensor: SensorIx) -> bool {
        self.silent.get(sensor.at()).is_some_and(Option::is_some)
    }
}
