//! What was doubted before the start: cases of sensors, and what open warnings rest on.

use rules::alert::{AlertId, Evidence, EvidenceRevised};
use rusqlite::{Row, Transaction};
use sensors::quality::neighbour::{Case, Finding};
use sensors::quantity::Value;
use sensors::station::SensorIx;
use sensors::time::{Span, Timestamp};

use crate::store::record::Restored;
use crate::store::rows;

/// Adds it to what a start finds; what belongs to a sensor that the city no longer has is left out.
pub(super) fn restore(
    transaction: &Transaction,
    sensors: &[(i64, String)],
    restored: &mut Restored,
) -> rusqlite::Result<()> {
    let known = |row: &Row| -> rusqlite::Result<Option<SensorIx>> {
        let key: i64 = row.get("sensor")?;
        Ok((0..).map(SensorIx).zip(sensors).find(|(_, (pk, _))| *pk == key).map(|(ix, _)| ix))
    };
    let mut cases = transaction.prepare("SELECT * FROM suspicion ORDER BY sensor, nth")?;
    let mut rows_of = cases.query([])?;
    while let Some(row) = rows_of.next()? {
        if let Some(sensor) = known(row)? {
            restored.suspicions.push(case(sensor, row)?);
        }
    }
    let mut open = transaction.prepare(
        "SELECT episode.alert, evidence.* FROM episode JOIN transition USING (alert)
           JOIN evidence ON evidence.transition = transition.pk
         WHERE episode.level <> 'none' AND episode.hazard <> 'telemetry' AND transition.raised
         ORDER BY episode.alert, transition.pk, evidence.nth",
    )?;
    let mut rows_of = open.query([])?;
    while let Some(row) = rows_of.next()? {
        let Some(sensor) = known(row)? else { continue };
        let (alert, evidence) = (AlertId(row.get("alert")?), evidence(sensor, row)?);
        match restored.grounds.last_mut() {
            Some((last, because)) if *last == alert => because.push(evidence),
            _ => restored.grounds.push((alert, vec![evidence])),
        }
    }
    let mut revised = transaction.prepare(
        "SELECT evidence_revised.* FROM episode JOIN evidence_revised USING (alert)
         WHERE episode.level <> 'none' ORDER BY evidence_revised.pk",
    )?;
    let mut rows_of = revised.query([])?;
    while let Some(row) = rows_of.next()? {
        let Some(sensor) = known(row)? else { continue };
        restored.revised.push(EvidenceRevised {
            alert: AlertId(row.get("alert")?),
            at: rows::time(row, "at")?,
            sensor,
            measured_at: rows::time(row, "measured_at")?,
            value: row.get::<_, Option<i64>>("value")?.map(Value::from_raw),
            quality: rows::quality(row)?,
        });
    }
    Ok(())
}

fn case(sensor: SensorIx, row: &Row) -> rusqlite::Result<Case> {
    let moment =
        |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms));
    let value = |column| row.get(column).map(Value::from_raw);
    Ok(Case {
        sensor,
        check: rows::check(row)?,
        since: rows::time(row, "since")?,
        until: moment("until")?,
        shown_at: rows::time(row, "shown_at")?,
        ended_at: moment("ended_at")?,
        finding: Finding {
            own: value("own")?,
            least: value("least")?,
            most: value("most")?,
            window: row.get("window_ms").map(Span::from_ms)?,
        },
    })
}

fn evidence(sensor: SensorIx, row: &Row) -> rusqlite::Result<Evidence> {
    Ok(Evidence {
        sensor,
        parameter: rows::parameter(row)?,
        measured_at: rows::time(row, "measured_at")?,
        value: Value::from_raw(row.get("value")?),
        quality: rows::quality(row)?,
        window: row.get::<_, Option<i64>>("window_ms")?.map(Span::from_ms),
    })
}
