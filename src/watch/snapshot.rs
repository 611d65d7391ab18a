//! What everybody may see: the state after a commit, never before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::engine::{AlertRecord, AlertState, Sums, View};
use rules::phrase::Phrases;
use rules::rule::RuleSet;
use sensors::city::City;
use sensors::quality::neighbour::Inspection;
use sensors::rain;
use sensors::series::Series;
use sensors::station::{Sensor, SensorIx};
use sensors::time::{Span, Timestamp};
use sensors::track::Track;

use crate::cap::chain::Chains;
use crate::cap::config::Cap;
use crate::desk::Desk;
use crate::desk::duty::Duty;
use crate::event::{LineState, StationState};
use crate::notify::delivery::Delivery;
use crate::notify::receiver::Receivers;
use crate::order::{Officers, Remembered};
use crate::plan::governed::Governed;
use crate::rule_test::RuleTests;
use crate::store::commit::Seq;
use crate::watch::review::Grounds;
use crate::watch::sending::Sendings;
use crate::watch::told::Told;

/// A city with its rules, joined; immutable for the life of a configuration.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The city.
    pub city: City,
    /// Its rules.
    pub rules: RuleSet,
    /// The words of its bulletins.
    pub phrases: Phrases,
    /// Who is told.
    pub receivers: Receivers,
    /// Who may order.
    pub officers: Officers,
    /// Who is on duty when, and what staff and residents can take in.
    pub duty: Duty,
    /// Whose CAP messages are taken in.
    pub cap_in: crate::cap::read::config::Sources,
    /// How warnings become CAP messages.
    pub cap: Cap,
    /// What the rules must make of readings, and what a backtest takes for truth.
    pub rule_tests: RuleTests,
    /// A hash over every configuration file.
    pub version: String,
    /// The texts that officers govern.
    pub governed: Governed,
}

impl Plan {
    /// How much of a sensor's series is kept in memory: what the rules need, and what the API adds up.
    pub fn retention(&self, sensor: &Sensor) -> Span {
        let rules = self.rules.retention();
        if sensor.id.parameter.is_depth_over_interval() { rules.max(rain::RETENTION) } else { rules }
    }
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
    /// What stations, or gateways before them, last said of their being there, by
    /// [`sensors::station::StationIx`]: since when, and what; `None` where nobody said anything since
    /// the start. A broker keeps it for us, so that it is not stored.
    pub stations: Vec<Option<(Timestamp, StationState)>>,
    /// Sensors whose deadline has passed, by [`SensorIx`]: since when.
    pub silent: Vec<Option<Timestamp>>,
    /// Deliveries that have not ended, oldest first.
    pub outbox: Vec<Arc<Delivery>>,
    /// Payloads and registers that could not be read since the first start.
    pub strays: u64,
    /// The keys of the newest orders, so that none is carried out twice.
    pub orders: Arc<Remembered>,
    /// The officers' desk.
    pub desk: Desk,
    /// Our CAP messages that are in force, by what they speak of.
    pub caps: Chains,
    /// What was told of each running episode: the ledger that reasons are computed from.
    pub told: Told,
    /// What went out in the last 24 hours: what staff and residents can still take in.
    pub sendings: Sendings,
    /// How sensors look beside each other, and the cases that came of it.
    pub inspection: Inspection,
    /// What the open episodes of the public rest on.
    pub grounds: Grounds,
    /// What is kept of alerts that the rules no longer have, by `{rule}.{subject}`: when they come
    /// back, their next episode gets an id of its own.
    pub retired: Arc<BTreeMap<String, AlertRecord>>,
    /// When each sensor counts as silent unless it speaks before, by [`SensorIx`].
    pub due: Vec<Timestamp>,
    /// When each sensor counts as silent because its station was cut off, though its deadline is
    /// later, by [`SensorIx`].
    pub cut: Vec<Option<Timestamp>>,
    /// When those behind a line that came up must have spoken, one per line.
    pub recheck: Vec<Option<Timestamp>>,
    /// When to look again although nothing arrived: the next deadline, or earlier; `None` when
    /// there is nothing to wait for.
    pub wake_at: Option<Timestamp>,
    /// Whether everything that is told is an exercise.
    pub exercise: bool,
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

impl State {
    /// A city that nobody has heard of yet; watching begins at `since`.
    pub fn new(plan: Arc<Plan>, since: Timestamp, exercise: bool) -> Self {
        let track = |sensor| Arc::new(Track::new(sensor, plan.retention(sensor)));
        let tracks = plan.city.sensors.iter().map(track).collect();
        let (sensors, lines) = (plan.city.sensors.len(), plan.city.lines.len());
        let mut state = Self {
            tracks,
            alerts: plan.rules.slots().iter().map(|_| Arc::default()).collect(),
            lines: vec![None; lines],
            stations: vec![None; plan.city.stations.len()],
            silent: vec![None; sensors],
            outbox: Vec::new(),
            strays: 0,
            orders: Arc::default(),
            desk: Desk::default(),
            caps: Chains::default(),
            told: Told::default(),
            sendings: Sendings::default(),
            inspection: Inspection::default(),
            grounds: Grounds::default(),
            retired: Arc::default(),
            due: vec![Timestamp::MAX; sensors],
            cut: vec![None; sensors],
            recheck: vec![None; lines],
            wake_at: None,
            exercise,
            plan,
        };
        state.watch_from(since);
        state
    }

    /// Gives every sensor a full deadline from `since` on: whoever begins to listen has no right to
    /// call anybody silent.
    pub fn watch_from(&mut self, since: Timestamp) {
        self.due = self.plan.city.sensors.iter().map(|sensor| since.plus(sensor.deadline.total())).collect();
        self.wake_at = self.wake_at.or(Some(since));
    }

    /// The longest deadline of the sensors that a line reaches.
    pub(crate) fn longest_deadline_behind(&self, line: usize) -> Span {
        let behind = self.plan.city.lines.get(line).map(sensors::line::Line::sensors).unwrap_or_default();
        let totals = behind.iter().filter_map(|ix| Some(self.plan.city.sensor(*ix)?.deadline.total()));
        totals.max().unwrap_or_default()
    }
}

/// What the rules may look at while an alert beside it is being changed.
pub(crate) struct Eyes<'a> {
    pub(crate) tracks: &'a [Arc<Track>],
    pub(crate) silent: &'a [Option<Timestamp>],
    /// Where no series changes any more: the sums that were asked for.
    pub(crate) sums: Option<&'a Sums>,
}

impl View for Eyes<'_> {
    fn series(&self, sensor: SensorIx) -> Option<&Series> {
        self.tracks.get(sensor.at()).map(|track| track.series())
    }

    fn is_silent(&self, sensor: SensorIx) -> bool {
        self.silent.get(sensor.at()).is_some_and(Option::is_some)
    }

    fn sums(&self) -> Option<&Sums> {
        self.sums
    }
}
