//! How the sensors of the last day have kept their word: what came, how late, how it was judged, and
//! which silences were none.

use std::collections::BTreeMap;

use rusqlite::Connection;
use sensors::quality::Check;
use sensors::station::SensorId;
use sensors::time::{Span, Timestamp};

use crate::store::error::StoreError;
use crate::store::read::Reader;
use crate::store::rows;

/// Arrivals that the delay is taken from.
const DELAYS_MAX: usize = 100;

/// A sensor over a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Intervals of the sensor in which a usable value was measured.
    pub covered: u64,
    /// Readings, every revision counted once by its time.
    pub readings: u64,
    /// Readings that had no value.
    pub missing: u64,
    /// Readings that are not good, by the check that said so.
    pub flags: BTreeMap<Check, u64>,
    /// The middle of what the newest readings took from measurement to arrival; negative where the
    /// device's clock is ahead of ours.
    pub delay: Option<Span>,
}

/// Silences of a station over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silences {
    /// How often it was called silent.
    pub raised: u64,
    /// How many of them are over.
    pub over: u64,
    /// In how many of those that are over it had measured all the while: the way was cut, not the gauge.
    pub false_ones: u64,
}

impl Reader {
    /// How a sensor kept its word in `[from, to)`; intervals are `interval` long.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn vitals(
        &self,
        sensors: &[(SensorId, Span)],
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<Vitals>, StoreError> {
        self.read("reading how the sensors kept their word", |connection| {
            let key = |id: &SensorId| self.sensors.by_id.get(id).copied();
            let one = |(id, interval): &(SensorId, Span)| match key(id) {
                Some(key) => vitals(connection, key, interval.ms().max(1), (from.ms(), to.ms())),
                None => Ok(Vitals::default()),
            };
            sensors.iter().map(one).collect()
        })
    }

    /// How often each station was called silent since a time, and how often it was not.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn silences(&self, since: Timestamp) -> Result<BTreeMap<String, Silences>, StoreError> {
        self.read("reading the silences", |connection| {
            let mut silences: BTreeMap<String, Silences> = BTreeMap::new();
            let mut episodes = connection.prepare_cached(
                "SELECT subject, began_at, changed_at, level FROM episode
                 WHERE hazard = 'telemetry' AND began_at >= ?1 ORDER BY began_at",
            )?;
            let mut rows = episodes.query([since.ms()])?;
            while let Some(row) = rows.next()? {
                let (station, began): (String, i64) = (row.get(0)?, row.get(1)?);
                let (ended, level): (i64, String) = (row.get(2)?, row.get(3)?);
                let is_over = level == rules::rule::NONE;
                let was_false = is_over && self.measured_meanwhile(connection, &station, (began, ended))?;
                let of = silences.entry(station).or_default();
                of.raised += 1;
                of.over += u64::from(is_over);
                of.false_ones += u64::from(was_false);
            }
            Ok(silences)
        })
    }

    /// Whether any sensor of a station has readings of within a silence that came after it had begun.
    fn measured_meanwhile(
        &self,
        connection: &Connection,
        station: &str,
        (began, ended): (i64, i64),
    ) -> rusqlite::Result<bool> {
        let mut found = connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM reading WHERE sensor = ?1 AND measured_at >= ?2
               AND measured_at < ?3 AND arrived_at > ?2 AND quality <= 4
               AND NOT EXISTS (SELECT 1 FROM officer_order AS entered
                 WHERE entered.sensor = reading.sensor AND entered.measured_at = reading.measured_at))",
        )?;
        let sensors = self.sensors.by_id.iter().filter(|(id, _)| id.station.as_str() == station);
        for (_, key) in sensors {
            // The last moments belong to the return.
            let before_return = ended - (ended - began) / 4;
            if found.query_row((key, began, before_return), |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn vitals(
    connection: &Connection,
    key: i64,
    interval: i64,
    (from, to): (i64, i64),
) -> rusqlite::Result<Vitals> {
    let mut vitals = Vitals::default();
    let mut newest = connection.prepare_cached(
        "SELECT measured_at, arrived_at, value, quality, failed, since, seq FROM reading
         WHERE sensor = ?1 AND measured_at >= ?2 AND measured_at < ?3 ORDER BY measured_at, seq, nth",
    )?;
    let mut readings = newest.query_map((key, from, to), rows::reading)?.peekable();
    let (mut delays, mut last_covered) = (Vec::new(), None);
    while let Some(reading) = readings.next() {
        let reading = reading?;
        delays.push((reading.arrived_at, reading.arrived_at.since(reading.measured_at)));
        let is_revised = readings
            .peek()
            .is_some_and(|next| next.as_ref().is_ok_and(|next| next.measured_at == reading.measured_at));
        if is_revised {
            continue;
        }
        vitals.readings += 1;
        let bucket = reading.measured_at.ms().div_euclid(interval);
        if reading.quality.is_usable() && last_covered != Some(bucket) {
            vitals.covered += 1;
            last_covered = Some(bucket);
        }
        match reading.quality.check() {
            Some(check) => *vitals.flags.entry(check).or_default() += 1,
            None if reading.value.is_none() => vitals.missing += 1,
            None => {}
        }
    }
    vitals.delay = middle(delays);
    Ok(vitals)
}

/// The middle delay of the newest arrivals.
fn middle(mut delays: Vec<(Timestamp, Span)>) -> Option<Span> {
    delays.sort_unstable();
    let newest = delays.split_off(delays.len().saturating_sub(DELAYS_MAX));
    let mut newest: Vec<Span> = newest.into_iter().map(|(_, delay)| delay).collect();
    newest.sort_unstable();
    newest.get(newest.len() / 2).copied()
}
