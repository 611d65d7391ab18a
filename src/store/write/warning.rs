//! The half of a commit that warns people: transitions, bulletins, deliveries and their ends, each
//! with its entry in the ledger.

use rules::alert::Transition;
use rules::rule::NONE;
use sensors::place::ZoneId;
use sensors::time::Span;

use super::{Door, Stop, Write};
use crate::notify::delivery::{End, Outcome};
use crate::store::commit::Commit;
use crate::store::ledger::Entry;
use crate::store::{ledger, rows};

impl Write<'_> {
    pub(super) fn warnings(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        for transition in &commit.transitions {
            self.transition(door, transition)?;
            self.episode(transition)?;
        }
        self.alerts(commit)?;
        self.bulletins(door, commit)?;
        self.told(commit)?;
        self.deliveries(commit)?;
        for outcome in &commit.outcomes {
            self.outcome(door, outcome)?;
        }
        Ok(())
    }

    fn told(&self, commit: &Commit) -> Result<(), Stop> {
        for (alert, sent) in &commit.told {
            if sent.level == NONE {
                self.transaction.prepare_cached("DELETE FROM told WHERE alert = ?1")?.execute([&alert.0])?;
            } else {
                self.transaction
                    .prepare_cached(
                        "INSERT OR REPLACE INTO told (alert, level, severity, zones) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute((&alert.0, &sent.level, sent.severity.step(), rows::zones_text(&sent.zones)))?;
            }
        }
        Ok(())
    }

    fn transition(&self, door: &mut Door, t: &Transition) -> Result<(), Stop> {
        let key = self
            .transaction
            .prepare_cached(
                "INSERT INTO transition (seq, alert, rule, rule_version, hazard, words, subject, zones,
                   level_before, level, severity, severity_max, raised, corroborated, issue, at, measured_at,
                   measure)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            )?
            .insert(rusqlite::params![
                self.seq(),
                t.alert.0,
                t.rule.0,
                t.rule_version,
                t.hazard.as_str(),
                t.words,
                t.subject.to_string(),
                rows::zones_text(&t.zones),
                t.from,
                t.to,
                t.severity.step(),
                t.severity_max.step(),
                t.raised,
                t.corroborated,
                rows::issue_text(t.issue),
                t.at.ms(),
                t.measured_at.ms(),
                t.measure.as_ref().map(rows::measure_text),
            ])?;
        let sensors = self.evidence(key, t)?;
        Ok(ledger::append(self.transaction, &mut door.head, Entry::transition(t, &sensors))?)
    }

    fn episode(&self, t: &Transition) -> Result<(), Stop> {
        self.transaction
            .prepare_cached(
                "INSERT INTO episode (alert, rule, hazard, subject, zones, level, severity, severity_max,
                   began_at, changed_at, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)
                 ON CONFLICT (alert) DO UPDATE SET zones = excluded.zones, level = excluded.level,
                   severity = excluded.severity, severity_max = excluded.severity_max,
                   changed_at = excluded.changed_at, seq = excluded.seq",
            )?
            .execute(rusqlite::params![
                t.alert.0,
                t.rule.0,
                t.hazard.as_str(),
                t.subject.to_string(),
                rows::zones_text(&t.zones),
                t.to,
                t.severity.step(),
                t.severity_max.step(),
                t.at.ms(),
                self.seq(),
            ])?;
        Ok(())
    }

    /// Writes the evidence of a transition and gives the ids of its sensors, in order.
    fn evidence(&self, key: i64, t: &Transition) -> Result<Vec<&str>, Stop> {
        let mut evidence = self.transaction.prepare_cached(
            "INSERT INTO evidence (transition, nth, sensor, parameter, measured_at, value, quality, failed,
               window_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        let mut sensors = Vec::with_capacity(t.because.len());
        for (nth, because) in (0_i64..).zip(&t.because) {
            let (pk, id) = self.sensor(because.sensor)?;
            let (quality, failed) = rows::quality_code(because.quality);
            evidence.execute((
                key,
                nth,
                pk,
                because.parameter.as_str(),
                because.measured_at.ms(),
                because.value.raw(),
                quality,
                failed,
                because.window.map(Span::ms),
            ))?;
            sensors.push(id.as_str());
        }
        Ok(sensors)
    }

    fn alerts(&self, commit: &Commit) -> Result<(), Stop> {
        let mut keep = self.transaction.prepare_cached(
            "INSERT INTO alert_state (key, seq, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, record = excluded.record",
        )?;
        for (key, record) in &commit.alerts {
            let text = serde_json::to_string(record)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            keep.execute((key, self.seq(), text))?;
        }
        Ok(())
    }

    /// An id that is already there is the same bulletin once more: told in the log, not written twice.
    fn bulletins(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO bulletin (id, seq, alert, hazard, act, severity, severity_max, zones, at, automatic, author, texts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING",
        )?;
        for b in &commit.bulletins {
            let new = insert.execute((
                &b.id.0,
                self.seq(),
                &b.alert.0,
                b.hazard.as_str(),
                b.act.as_str(),
                b.severity.step(),
                b.severity_max.step(),
                rows::zones_text(&b.zones),
                b.at.ms(),
                b.automatic,
                rows::author_text(&b.author),
                rows::texts_text(&b.texts),
            ))?;
            if new == 0 {
                tracing::error!(bulletin = %b.id, "a bulletin of this id was committed before; it is not kept twice");
                continue;
            }
            ledger::append(self.transaction, &mut door.head, Entry::bulletin(b))?;
        }
        Ok(())
    }

    fn deliveries(&self, commit: &Commit) -> Result<(), Stop> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO delivery (id, bulletin, hazard, severity, zone, lang, target, title, body, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING",
        )?;
        for d in &commit.deliveries {
            insert.execute((
                &d.id.0,
                &d.bulletin.0,
                d.hazard.as_str(),
                d.severity.step(),
                d.zone.as_ref().map(ZoneId::as_str),
                &d.lang.0,
                rows::target_text(&d.target),
                &d.title,
                &d.body,
                d.at.ms(),
            ))?;
        }
        Ok(())
    }

    /// The first end stands; a second one is the echo of a repeat after a crash.
    fn outcome(&self, door: &mut Door, outcome: &Outcome) -> Result<(), Stop> {
        let why = match &outcome.end {
            End::Sent => None,
            End::Failed { why } => Some(why),
        };
        let ended = self
            .transaction
            .prepare_cached(
                "UPDATE delivery SET ended_at = ?2, ended_seq = ?3, tries = ?4, sent = ?5, why = ?6
                 WHERE id = ?1 AND ended_at IS NULL",
            )?
            .execute((&outcome.delivery.0, outcome.at.ms(), self.seq(), outcome.tries, why.is_none(), why))?;
        if ended == 0 {
            return Ok(());
        }
        Ok(ledger::append(self.transaction, &mut door.head, Entry::delivery(outcome))?)
    }
}
