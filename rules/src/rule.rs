//! Rules: conditions on ladders, typed, and compiled for one city.
//!
//! A rule is written once and stands for many subjects; each (rule, subject) pair is a [`Slot`].
//! Nothing here looks at a reading.

mod leaf;
mod storm;

use std::collections::BTreeMap;
use std::sync::Arc;

use sensors::parameter::Parameter;
use sensors::place::ZoneId;
use sensors::quantity::Value;
use sensors::station::{Sensor, SensorIx};
use sensors::thiessen::Tessellation;
use sensors::time::{Span, Timestamp};

use crate::alert::{RuleId, SlotIx, Subject};
use crate::engine::Bearing;
use crate::hazard::{Hazard, Severity};
use crate::threshold::{Mark, Threshold};

pub use storm::{Filling, Season, StandIn, StormPace};

/// The most levels that a ladder may have.
pub const LEVELS_MAX: usize = 8;

/// The level below every ladder.
pub const NONE: &str = "none";

/// Who lets a bulletin out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuePolicy {
    /// At once, by itself.
    Automatic,
    /// An officer does; until then it is a proposal.
    Officer,
    /// An officer does, or the fuse after this time.
    OfficerWithin(Span),
}

/// Where rain is added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Catchment {
    /// One gauge.
    Gauge(SensorIx),
    /// The mean over a basin that is divided among its gauges.
    Basin(Arc<Tessellation>),
}

/// What makes a level true. Three-valued: without data it is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A value is at or over a threshold.
    Exceeds {
        /// Whose value.
        sensor: SensorIx,
        /// Against what.
        threshold: Threshold,
    },
    /// A value rose by so much during a window.
    Rises {
        /// Whose value.
        sensor: SensorIx,
        /// The length of the window.
        window: Span,
        /// Against what, as the change over the window.
        threshold: Threshold,
    },
    /// So much rain fell during a window.
    Accumulates {
        /// Where.
        over: Catchment,
        /// The length of the window.
        window: Span,
        /// Against what, as a depth.
        threshold: Threshold,
    },
    /// A dam lets so much into the river: `release`, the total, never its parts.
    Releases {
        /// The dam's `release` sensor.
        sensor: SensorIx,
        /// Against what.
        threshold: Threshold,
    },
    /// Any of the sensors has been quiet past its deadline.
    Silent {
        /// Which sensors.
        sensors: Box<[SensorIx]>,
    },
    /// A value fell by so much during a window.
    Falls {
        /// Whose value.
        sensor: SensorIx,
        /// The length of the window.
        window: Span,
        /// Against what, as the fall over the window.
        threshold: Threshold,
    },
    /// A value is over another one of the same unit by so much: a release over the inflow.
    Outruns {
        /// Whose value.
        sensor: SensorIx,
        /// Over whose.
        over: SensorIx,
        /// Against what, as the difference.
        threshold: Threshold,
    },
    /// A reservoir will soon be full.
    Fills(Box<Filling>),
    /// While a gauge is silent, another one speaks in its place; it never clears anything.
    StandsIn(Box<StandIn>),
    /// All of them.
    All(Box<[Condition]>),
    /// Any of them.
    Any(Box<[Condition]>),
    /// Not this. Raise and clear swap their parts.
    Not(Box<Condition>),
}

/// One step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its name: `bd1`, `bd3+0.5`.
    pub name: String,
    /// How severe it is.
    pub severity: Severity,
    /// What makes it true.
    pub when: Condition,
    /// How long it must be true, in event time, before it is raised.
    pub confirm: Span,
    /// How long it must be over, in event time, before it is cleared.
    pub hold: Span,
    /// Who lets its bulletins out.
    pub issue: IssuePolicy,
    /// The disaster-risk level (Decision 18/2021/QĐ-TTg) that it would be, 1 to 5: a suggestion for officers,
    /// never told to the public, because only the national service gives one.
    pub suggested_risk: Option<u8>,
    /// The threshold that people are told of, where one speaks for the level.
    pub mark: Option<Mark>,
}

/// A rule, without its subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// The hazard.
    pub hazard: Hazard,
    /// A hash of its definition.
    pub version: String,
    /// The words that it uses; usually those of its hazard.
    pub words: String,
    /// It holds from this event time on.
    pub from: Timestamp,
    /// It raises nothing from this event time on; what it raised stands until it is over.
    pub until: Timestamp,
    /// The part of the year in which it raises; always where there is none.
    pub season: Option<Season>,
    /// Whose devices are asked faster while any level of it stands, where they are configured so.
    pub storm_pace: Option<StormPace>,
}

/// How a slot's time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// The fold over the readings in event time.
    Event,
    /// The running clock, because silence has no other.
    Clock,
}

/// When a reading can't matter to a slot that is at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// The value is below every raise.
    Level(i64),
    /// Nothing fell: sums only shrink as their windows move on.
    Depth,
    /// Every reading may matter.
    Open,
}

/// A rule on a subject, compiled.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The rule.
    pub rule: Arc<Rule>,
    /// The subject.
    pub subject: Subject,
    /// The zones that it is for, in configuration order; empty only for telemetry.
    pub zones: Vec<ZoneId>,
    /// The ladder, lowest first.
    pub levels: Box<[Level]>,
    pub(crate) key: String,
    pub(crate) sensors: Box<[SensorIx]>,
    pub(crate) timing: Timing,
    pub(crate) gate: Gate,
}

impl Slot {
    /// Compiles a rule on a subject.
    pub(crate) fn new(rule: Arc<Rule>, subject: Subject, zones: Vec<ZoneId>, levels: Vec<Level>) -> Self {
        let key = format!("{}.{subject}", rule.id);
        let (mut sensors, mut silent, mut negated_any) = (Vec::new(), false, false);
        let (mut lowest, mut depths, mut values) = (i64::MAX, false, true);
        for level in &levels {
            level.when.leaves(false, &mut |leaf, negated| {
                negated_any |= negated;
                let raise = leaf.threshold().map_or(i64::MAX, |t| t.raise().raw());
                silent |= !leaf.awaits().is_empty();
                match leaf {
                    Condition::Silent { .. } => {}
                    // A basin's mean may grow without rain: when a dry gauge leaves its weights.
                    Condition::Accumulates { over: Catchment::Gauge(_), .. } => depths = true,
                    Condition::Exceeds { .. } | Condition::Releases { .. } => lowest = lowest.min(raise),
                    _ => values = false,
                }
                if !matches!(leaf, Condition::Silent { .. }) {
                    sensors.extend(leaf.sensors());
                }
            });
        }
        sensors.sort_unstable();
        sensors.dedup();
        let timing = if silent { Timing::Clock } else { Timing::Event };
        // A rule that begins one day may begin in the rain.
        values &= !depths || rule.from == Timestamp::MIN;
        let gate = match (silent || negated_any || !values, depths, lowest) {
            (false, false, lowest) => Gate::Level(lowest),
            (false, true, i64::MAX) => Gate::Depth,
            _ => Gate::Open,
        };
        let (levels, sensors) = (levels.into(), sensors.into());
        Self { rule, subject, zones, levels, key, sensors, timing, gate }
    }

    /// `{rule}.{subject}`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A step of the ladder, counted from 1; 0 is none.
    pub fn level(&self, step: u8) -> Option<&Level> {
        self.levels.get(usize::from(step).checked_sub(1)?)
    }

    /// The name of a step of the ladder.
    pub fn level_name(&self, step: u8) -> &str {
        self.level(step).map_or(NONE, |level| &level.name)
    }

    /// The sensors whose readings it judges.
    pub fn sensors(&self) -> &[SensorIx] {
        &self.sensors
    }
}

/// The compiled rules of a city.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// A hash of everything in it.
    pub version: String,
    slots: Vec<Slot>,
    touched: Vec<Box<[SlotIx]>>,
    silence: Vec<Box<[SlotIx]>>,
    by_key: BTreeMap<String, SlotIx>,
    parameters: Vec<Parameter>,
    patience: Vec<Span>,
    awaited: Vec<Span>,
    tops: Vec<Value>,
    horizon: Span,
    retention: Span,
    pub(crate) bearing: Bearing,
}

/// How far back a late reading still changes the present level, when nothing else is configured.
pub const HORIZON: Span = Span::from_h(6);

/// How long a basin waits for one of its gauges at most, however seldom that one speaks.
const AWAITED_MAX: Span = Span::from_min(15);

impl RuleSet {
    /// Joins slots with what they need to know of the city's sensors: the parameter of each, how
    /// old its newest value may be before it says nothing any more, and where its span ends.
    pub(crate) fn new(version: String, slots: Vec<Slot>, sensors: &[Sensor], horizon: Span) -> Self {
        let (mut touched, mut silence) = (vec![Vec::new(); sensors.len()], vec![Vec::new(); sensors.len()]);
        let (mut by_key, mut longest) = (BTreeMap::new(), Span::ZERO);
        for (ix, slot) in (0_u32..).map(SlotIx).zip(&slots) {
            by_key.insert(slot.key.clone(), ix);
            for sensor in &slot.sensors {
                note(&mut touched, *sensor, ix);
            }
            for level in &slot.levels {
                longest = longest.max(level.hold);
                level.when.leaves(false, &mut |leaf, _| {
                    longest = longest.max(leaf.window().unwrap_or_default());
                    leaf.awaits().iter().for_each(|sensor| note(&mut silence, *sensor, ix));
                });
            }
        }
        let dense = |lists: Vec<Vec<SlotIx>>| lists.into_iter().map(Vec::into_boxed_slice).collect();
        let (touched, silence) = (dense(touched), dense(silence));
        let parameters = sensors.iter().map(|sensor| sensor.id.parameter).collect();
        let patience: Vec<Span> = sensors.iter().map(|sensor| sensor.deadline.total()).collect();
        let turn = |sensor: &Sensor| {
            Span::from_ms(sensor.deadline.interval.ms() + sensor.deadline.jitter.ms()).min(AWAITED_MAX)
        };
        let awaited = sensors.iter().map(turn).collect();
        let tops = sensors.iter().map(|sensor| sensor.span.1).collect();
        let oldest = patience.iter().copied().max().unwrap_or_default();
        // A window, or a hold, is looked at from as far back as a late reading may reach, and ends at a
        // reading that may itself be as old as its deadline allows.
        let retention = Span::from_ms(longest.ms() + horizon.ms() + oldest.ms());
        let bearing = Bearing::default();
        Self {
            version,
            slots,
            touched,
            silence,
            by_key,
            parameters,
            patience,
            awaited,
            tops,
            horizon,
            retention,
            bearing,
        }
    }

    /// Every (rule, subject) pair, by [`SlotIx`].
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// One pair.
    pub fn slot(&self, ix: SlotIx) -> Option<&Slot> {
        self.slots.get(ix.at())
    }

    /// `{rule}.{subject}` of a pair; empty for an index of another configuration.
    pub fn key(&self, ix: SlotIx) -> &str {
        self.slot(ix).map_or("", |slot| &slot.key)
    }

    /// Finds a pair by `{rule}.{subject}`.
    pub fn slot_named(&self, key: &str) -> Option<SlotIx> {
        self.by_key.get(key).copied()
    }

    /// The pairs to judge after a reading of this sensor.
    pub fn touched_by(&self, sensor: SensorIx) -> &[SlotIx] {
        self.touched.get(sensor.at()).map_or(&[], |list| list)
    }

    /// The pairs to judge when this sensor falls silent or is heard again.
    pub fn silence_slots(&self, sensor: SensorIx) -> &[SlotIx] {
        self.silence.get(sensor.at()).map_or(&[], |list| list)
    }

    /// How much of every series the rules need.
    pub fn retention(&self) -> Span {
        self.retention
    }

    /// How far back, from the newest reading of a subject, a late reading changes its level.
    pub fn horizon(&self) -> Span {
        self.horizon
    }

    pub(crate) fn parameter(&self, sensor: SensorIx) -> Option<Parameter> {
        self.parameters.get(sensor.at()).copied()
    }

    /// Whether a value is the end of the sensor's span: the water may stand higher.
    pub(crate) fn is_top(&self, sensor: SensorIx, value: Value) -> bool {
        self.tops.get(sensor.at()).is_some_and(|top| value >= *top)
    }

    /// How far a gauge may be behind another one of its basin before nobody waits for it.
    pub(crate) fn awaited(&self, sensor: SensorIx) -> Span {
        self.awaited.get(sensor.at()).copied().unwrap_or_default()
    }

    pub(crate) fn patience(&self, sensor: SensorIx) -> Span {
        self.patience.get(sensor.at()).copied().unwrap_or_default()
    }
}

fn note(lists: &mut [Vec<SlotIx>], sensor: SensorIx, slot: SlotIx) {
    if let Some(list) = lists.get_mut(sensor.at()).filter(|list| list.last() != Some(&slot)) {
        list.push(slot);
    }
}
