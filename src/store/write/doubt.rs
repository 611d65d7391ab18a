//! The part of a commit that doubts: cases of sensors, and reasons of warnings that were revised.

use sensors::quality::Check;
use sensors::quantity::Value;
use sensors::time::Timestamp;

use super::{Stop, Write};
use crate::store::commit::Commit;
use crate::store::rows;

impl Write<'_> {
    pub(super) fn suspicions(&self, commit: &Commit) -> Result<(), Stop> {
        for (sensor, cases) in &commit.suspicions {
            let key = self.sensor(*sensor)?.0;
            self.transaction.prepare_cached("DELETE FROM suspicion WHERE sensor = ?1")?.execute([key])?;
            let mut insert = self.transaction.prepare_cached(
                "INSERT INTO suspicion (sensor, nth, seq, failed, since, until, shown_at, ended_at, own, least,
                   most, window_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            for (nth, case) in (0_i64..).zip(cases) {
                insert.execute((
                    key,
                    nth,
                    self.seq(),
                    Check::as_str(case.check),
                    case.since.ms(),
                    case.until.map(Timestamp::ms),
                    case.shown_at.ms(),
                    case.ended_at.map(Timestamp::ms),
                    case.finding.own.raw(),
                    case.finding.least.raw(),
                    case.finding.most.raw(),
                    case.finding.window.ms(),
                ))?;
            }
        }
        Ok(())
    }

    pub(super) fn revised(&self, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO evidence_revised (seq, alert, at, sensor, measured_at, value, quality, failed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for revised in &commit.revised {
            let (quality, failed) = rows::quality_code(revised.quality);
            insert.execute((
                self.seq(),
                &revised.alert.0,
                revised.at.ms(),
                self.sensor(revised.sensor)?.0,
                revised.measured_at.ms(),
                revised.value.map(Value::raw),
                quality,
                failed,
            ))?;
        }
        Ok(())
    }
}
