//! What is kept of an alert over a restart: levels by name, so that a ladder may change meanwhile.
//!
//! A state that was kept and brought back goes on as if there had been no restart.

use std::sync::Arc;

use sensors::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::latch::{Core, Track};
use super::{AlertState, Episode};
use crate::alert::{AlertId, SlotIx};
use crate::hazard::Severity;
use crate::rule::{RuleSet, Slot};

/// The persisted form of an [`AlertState`]; plain data that the store keeps with every commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRecord {
    /// The level that was last said by trusted readings; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<LevelRecord>,
    /// The level that was last said to officers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubted: Option<LevelRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode: Option<EpisodeRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_id_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    floor_ms: Option<i64>,
    #[serde(default)]
    base: CoreRecord,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<(i64, CoreRecord)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LevelRecord {
    name: String,
    severity: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EpisodeRecord {
    id: String,
    began_at_ms: i64,
    changed_at_ms: i64,
    severity_max: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sure_max: Option<u8>,
}

/// Latches by the names of their levels; those at rest are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct CoreRecord {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    any: Vec<LatchRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sure: Vec<LatchRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LatchRecord {
    level: String,
    on: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since_ms: Option<i64>,
}

impl AlertRecord {
    /// Whether it is of an alert that stands.
    pub fn is_raised(&self) -> bool {
        self.level.is_some() || self.doubted.is_some()
    }

    /// The same alert after it ended with its rule: at rest, and its ids are not given again.
    #[must_use]
    pub fn ended(&self) -> Self {
        Self { last_id_ms: self.last_id_ms, ..Self::default() }
    }

    /// Whether a ladder lacks a level that was said, so that another one stands in for it.
    pub(super) fn lacks(&self, slot: &Slot) -> bool {
        let said = [&self.level, &self.doubted].into_iter().flatten();
        said.into_iter().any(|said| slot.levels.iter().all(|level| level.name != said.name))
    }
}

impl AlertState {
    /// The form that is kept with a commit.
    pub fn record(&self, slot: &Slot) -> AlertRecord {
        let level = |step| {
            slot.level(step).map(|l| LevelRecord { name: l.name.clone(), severity: l.severity.step() })
        };
        AlertRecord {
            level: level(self.level),
            doubted: level(self.doubted),
            episode: self.episode.as_ref().map(|e| EpisodeRecord {
                id: e.id.to_string(),
                began_at_ms: e.began_at.ms(),
                changed_at_ms: e.changed_at.ms(),
                severity_max: e.severity_max.step(),
                sure_max: e.sure_max.map(Severity::step),
            }),
            last_id_ms: self.last_id.map(Timestamp::ms),
            floor_ms: Some(self.floor.ms()).filter(|ms| *ms != Timestamp::MIN.ms()),
            base: record_core(&self.base, slot),
            changes: self.changes.iter().map(|(at, core)| (at.ms(), record_core(core, slot))).collect(),
        }
    }

    /// The state that a record was made of. A level that the ladder no longer has becomes the
    /// lowest one that is as severe, else the highest: a warning is not lost to an edit.
    pub fn restore(record: &AlertRecord, rules: &RuleSet, slot: SlotIx) -> Self {
        let Some(slot) = rules.slot(slot) else { return Self::default() };
        let step = |record: &Option<LevelRecord>| record.as_ref().map_or(0, |r| step_of(r, slot));
        let mut state = Self {
            level: step(&record.level),
            doubted: step(&record.doubted),
            episode: record.episode.as_ref().map(restore_episode),
            last_id: record.last_id_ms.map(Timestamp::from_ms),
            base: restore_core(&record.base, slot),
            floor: record.floor_ms.map_or(Timestamp::MIN, Timestamp::from_ms),
            changes: record
                .changes
                .iter()
                .map(|(at, core)| (Timestamp::from_ms(*at), restore_core(core, slot)))
                .collect(),
            rests_since: Timestamp::MIN,
        };
        for (said, step) in [(&record.level, state.level), (&record.doubted, state.doubted)] {
            if said.as_ref().is_some_and(|said| slot.levels.iter().all(|level| level.name != said.name)) {
                state.stand_in(step, state.level >= step);
            }
        }
        state.prune(Timestamp::MIN);
        state
    }

    /// Switches a level on that takes the place of one that the ladder no longer has.
    fn stand_in(&mut self, step: u8, sure: bool) {
        let Some(place) = usize::from(step).checked_sub(1) else { return };
        let cores = std::iter::once(&mut self.base).chain(self.changes.iter_mut().map(|(_, core)| core));
        for core in cores {
            core.any.switch(place, true);
            core.sure.switch(place, sure || core.sure.is_on(place));
        }
    }
}

fn step_of(record: &LevelRecord, slot: &Slot) -> u8 {
    let steps = || (1_u8..).zip(&slot.levels);
    let named = steps().find(|(_, level)| level.name == record.name);
    let as_severe = || steps().find(|(_, level)| level.severity.step() >= record.severity);
    named.or_else(as_severe).or_else(|| steps().last()).map_or(0, |(step, _)| step)
}

fn restore_episode(record: &EpisodeRecord) -> Episode {
    Episode {
        id: AlertId(Arc::from(record.id.as_str())),
        began_at: Timestamp::from_ms(record.began_at_ms),
        changed_at: Timestamp::from_ms(record.changed_at_ms),
        severity_max: Severity::new(record.severity_max).unwrap_or(Severity::MAX),
        sure_max: record.sure_max.map(|step| Severity::new(step).unwrap_or(Severity::MAX)),
    }
}

fn record_core(core: &Core, slot: &Slot) -> CoreRecord {
    CoreRecord { any: record_track(&core.any, slot), sure: record_track(&core.sure, slot) }
}

fn record_track(track: &Track, slot: &Slot) -> Vec<LatchRecord> {
    let latches = slot.levels.iter().zip(track.since).enumerate().map(|(place, (level, since))| {
        LatchRecord { level: level.name.clone(), on: track.is_on(place), since_ms: since.map(Timestamp::ms) }
    });
    latches.filter(|latch| latch.on || latch.since_ms.is_some()).collect()
}

fn restore_core(record: &CoreRecord, slot: &Slot) -> Core {
    Core { any: restore_track(&record.any, slot), sure: restore_track(&record.sure, slot) }
}

fn restore_track(latches: &[LatchRecord], slot: &Slot) -> Track {
    let mut track = Core::REST.any;
    for latch in latches {
        let Some(place) = slot.levels.iter().position(|level| level.name == latch.level) else { continue };
        track.switch(place, latch.on);
        if let Some(since) = track.since.get_mut(place) {
            *since = latch.since_ms.map(Timestamp::from_ms);
        }
    }
    track
}
