//! The wetness of a basin, added up from the stored rain days; kept until the day changes.
//!
//! Late data enters within the hour. Nothing here is in the way of a reading.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use sensors::place::{Basin, BasinId};
use sensors::quality::Quality;
use sensors::rain::{RainDay, Recession, WETNESS_DAYS, Wetness, basin_mean, wetness};
use sensors::reading::Reading;
use sensors::series::{Accumulation, Series};
use sensors::station::{SensorId, SensorIx};
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::serve::App;
use crate::serve::form::Time;
use crate::serve::guard::Place;
use crate::serve::problem::Problem;
use crate::store::error::StoreError;
use crate::store::read::{PAGE_MAX, Reader};
use crate::watch::snapshot::State as Running;

/// What was added up is added up again after so much time of the running clock.
const FRESH: Span = Span::from_h(1);

const DAY: Span = Span::from_h(24);

/// The most readings of one gauge that are looked through: one a minute.
const READINGS_MAX: usize = (WETNESS_DAYS as usize + 1) * 1440;

/// How wet it is by the rain of earlier days (antecedent precipitation index).
#[derive(Serialize, ToSchema)]
pub(crate) struct WetnessForm {
    /// The index, mm; "at least" where days are missing.
    #[schema(value_type = Option<f64>)]
    pub(super) at_least: Option<serde_json::Number>,
    /// The end of the last rain day in it.
    #[schema(value_type = String, format = DateTime)]
    pub(super) until: Time,
    /// The rain days that went into it.
    pub(super) days: u32,
    /// Those of which more than a tenth was not measured.
    pub(super) days_missing: u32,
    /// What is left of it after a day, in thousandths.
    pub(super) recession_permille: u16,
}

/// The wetness of a basin and of its gauges, by their places.
#[derive(Clone, Debug)]
pub(crate) struct BasinWetness {
    pub(super) day: RainDay,
    pub(super) recession: Recession,
    pub(super) basin: Wetness,
    pub(super) gauges: Vec<Wetness>,
    made_at: Timestamp,
}

/// What was added up, one for each basin.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<BTreeMap<BasinId, BasinWetness>>);

impl Kept {
    fn of(&self, basin: &BasinId, day: RainDay, now: Timestamp) -> Option<BasinWetness> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(basin).filter(|kept| kept.day == day && now.since(kept.made_at) < FRESH);
        found.cloned()
    }

    fn keep(&self, basin: BasinId, wetness: BasinWetness) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(basin, wetness);
    }
}

impl App {
    /// The wetness of a basin after a rain day.
    pub(super) async fn wetness(
        &self,
        place: Place,
        state: &Running,
        basin: &Basin,
        day: RainDay,
    ) -> Result<BasinWetness, Problem> {
        let now = self.shared.clock.now();
        if let Some(kept) = self.wetness.of(&basin.id, day, now) {
            return Ok(kept);
        }
        let id = |ix: &SensorIx| state.plan.city.sensor(*ix).map(|sensor| sensor.id.clone());
        let gauges: Vec<Option<SensorId>> = basin.gauges().iter().map(id).collect();
        let (rain, recession) = (basin.rain.clone(), basin.recession);
        let added = self
            .read(place, move |reader| {
                let days = days(day);
                let mut of_gauges = Vec::with_capacity(gauges.len());
                for gauge in &gauges {
                    of_gauges.push(daily(reader, gauge.as_ref(), &days)?);
                }
                let mean = |at: usize| {
                    let sums: Vec<Option<Accumulation>> =
                        of_gauges.iter().map(|sums: &Vec<Accumulation>| sums.get(at).copied()).collect();
                    let mean = basin_mean(&rain, &sums, DAY);
                    // Nothing is known of the day where less than half of the basin speaks.
                    let known = mean.speaking_permille >= 500;
                    let quality = if known { mean.quality } else { Quality::Missing };
                    let (at_least, missing, pending) = (mean.at_least, Span::ZERO, Span::ZERO);
                    Accumulation { at_least, at_most: at_least, missing, pending, quality }
                };
                Ok(BasinWetness {
                    day,
                    recession,
                    basin: wetness((0..days.len()).map(mean), recession),
                    gauges: of_gauges.into_iter().map(|sums| wetness(sums, recession)).collect(),
                    made_at: now,
                })
            })
            .await?;
        self.wetness.keep(basin.id.clone(), added.clone());
        Ok(added)
    }
}

/// The rain days up to one, the oldest first.
fn days(last: RainDay) -> Vec<RainDay> {
    let mut days: Vec<RainDay> =
        std::iter::successors(Some(last), |day| Some(day.before())).take(WETNESS_DAYS as usize).collect();
    days.reverse();
    days
}

/// What fell at a gauge on each of these days, by the store.
fn daily(
    reader: &Reader,
    gauge: Option<&SensorId>,
    days: &[RainDay],
) -> Result<Vec<Accumulation>, StoreError> {
    let (Some(gauge), Some(first), Some(last)) = (gauge, days.first(), days.last()) else {
        return Ok(Vec::new());
    };
    let mut series = Series::bounded(Span::from_ms(DAY.ms() * (days.len() as i64 + 1)), READINGS_MAX);
    let range = (first.begins(), last.ends().plus(Span::from_ms(1)));
    let mut after = None;
    loop {
        let page = reader.series(gauge, range, None, after, PAGE_MAX)?;
        for stored in &page.items {
            series.insert(&Reading {
                sensor: SensorIx(0),
                measured_at: stored.measured_at,
                from: stored.from,
                arrived_at: stored.arrived_at,
                value: stored.value,
                quality: stored.quality,
            });
        }
        after = page.next;
        if after.is_none() || series.len() >= READINGS_MAX {
            break;
        }
    }
    Ok(days.iter().map(|day| day.rain(&series, last.ends())).collect())
}
