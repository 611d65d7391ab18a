//! Readings and time move alerts up and down their ladders.

use sensors::series::{Inserted, Series};
use sensors::station::SensorIx;
use sensors::time::Timestamp;

use crate::alert::{AlertId, SlotIx, Transition};
use crate::hazard::Severity;
use crate::rule::RuleSet;

/// What the engine may look at: series in event time, and who is silent now.
pub trait View {
    /// The series of a sensor.
    fn series(&self, sensor: SensorIx) -> Option<&Series>;
    /// Whether the sensor's deadline has passed.
    fn is_silent(&self, sensor: SensorIx) -> bool;
}

/// The running state of one (rule, subject) pair.
#[derive(Clone, Debug, Default)]
pub struct AlertState {
    /// The level that was last said, 0 for none, else the step of the ladder.
    pub level: u8,
    /// The running episode; `None` while the level is 0 and eased has been said.
    pub episode: Option<Episode>,
}

/// One episode: from the first raise to the return to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Its id.
    pub id: AlertId,
    /// When the first raise became known.
    pub began_at: Timestamp,
    /// When the level last changed.
    pub changed_at: Timestamp,
    /// The greatest severity so far.
    pub severity_max: Severity,
}

/// The persisted form of an [`AlertState`]; plain data that the store keeps with every commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AlertRecord {}

/// What happened to a sensor's series, for the engine to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose series.
    pub sensor: SensorIx,
    /// The event time that was inserted or revised.
    pub measured_at: Timestamp,
    /// How.
    pub inserted: Inserted,
}

impl RuleSet {
    /// Judges one slot after a change of one of its sensors.
    pub fn judge(
        &self,
        _slot: SlotIx,
        _state: &mut AlertState,
        _change: &Change,
        _now: Timestamp,
        _view: &impl View,
    ) -> Option<Transition> {
        None
    }

    /// Judges one slot after silence began or ended somewhere.
    pub fn judge_silence(
        &self,
        _slot: SlotIx,
        _state: &mut AlertState,
        _now: Timestamp,
        _view: &impl View,
    ) -> Option<Transition> {
        None
    }
}
