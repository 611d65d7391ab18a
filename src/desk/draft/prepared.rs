//! Rules that are ready to come into force: compiled, and with the readings that their windows need.
//!
//! Made off the writer's thread, because both may take long; the writer only puts them in place.

use std::fmt;
use std::sync::Arc;

use sensors::reading::Reading;
use sensors::series::Series;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};
use sensors::track::Track;

use crate::store::Reader;
use crate::store::error::StoreError;
use crate::store::read::PAGE_MAX;
use crate::watch::snapshot::{Plan, State};

/// A compiled plan with longer memories where its rules look back further.
pub struct Prepared {
    /// What comes into force.
    pub plan: Arc<Plan>,
    /// Sensors whose series are too short for it.
    pub longer: Vec<Longer>,
    /// The tests of the city that fail under it, by name, each once.
    pub failing: Vec<String>,
}

/// A sensor with a longer memory.
pub struct Longer {
    sensor: SensorIx,
    retention: Span,
    /// The track that was made longer; where it is still the present one, nothing is left to do.
    seen: Arc<Track>,
    older: Vec<Reading>,
    made: Arc<Track>,
}

/// Why rules could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Older readings could not be had.
    #[error("reading what the longer windows need: {0}; nothing was changed, approve again")]
    Store(#[from] StoreError),
}

/// Equal when the plans are of one version.
impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        self.plan.version == other.plan.version
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({}, {} longer)", self.plan.version, self.longer.len())
    }
}

impl Prepared {
    /// Makes a plan ready for a state; reads from the store what longer windows need. It blocks.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn new(plan: Plan, state: &State, reader: &Reader) -> Result<Self, PrepareError> {
        let mut longer = Vec::new();
        for (ix, (sensor, seen)) in (0..).map(SensorIx).zip(plan.city.sensors.iter().zip(&state.tracks)) {
            let retention = plan.retention(sensor);
            if retention <= seen.series().retention() {
                continue;
            }
            let older = older(reader, ix, &sensor.id, seen.series(), retention)?;
            let made = Arc::new(seen.lengthened(retention, &older));
            longer.push(Longer { sensor: ix, retention, seen: Arc::clone(seen), older, made });
        }
        let plan = Arc::new(plan);
        let mut failing: Vec<String> = Vec::new();
        for failure in plan.rule_tests.run(&plan) {
            if !failing.contains(&failure.test) {
                failing.push(failure.test);
            }
        }
        Ok(Self { plan, longer, failing })
    }

    /// Gives the tracks of a state their longer memory.
    pub fn lengthen(&self, tracks: &mut [Arc<Track>]) {
        for longer in &self.longer {
            let Some(track) = tracks.get_mut(longer.sensor.at()) else { continue };
            *track = if Arc::ptr_eq(track, &longer.seen) {
                Arc::clone(&longer.made)
            } else {
                Arc::new(track.lengthened(longer.retention, &longer.older))
            };
        }
    }
}

/// What the store has from before the first point of a series, as far back as is wanted.
fn older(
    reader: &Reader,
    ix: SensorIx,
    id: &sensors::station::SensorId,
    series: &Series,
    retention: Span,
) -> Result<Vec<Reading>, StoreError> {
    let Some(newest) = series.newest() else { return Ok(Vec::new()) };
    let first =
        series.points(Timestamp::MIN, Timestamp::MAX).next().map_or(newest.measured_at, |p| p.measured_at);
    let (from, mut after, mut older) = (newest.measured_at.minus(retention), None, Vec::new());
    while older.len() < Series::POINTS_MAX {
        let page = reader.series(id, (from, first), None, after, PAGE_MAX)?;
        older.extend(page.items.iter().map(|stored| Reading {
            sensor: ix,
            measured_at: stored.measured_at,
            from: stored.from,
            arrived_at: stored.arrived_at,
            value: stored.value,
            quality: stored.quality,
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(older)
}
