//! Officers' orders in a commit, each with its entry in the ledger before what follows from it.

use super::{Door, Stop, Write};
use crate::order::Act;
use crate::store::commit::Commit;
use crate::store::ledger::{self, Entry};

impl Write<'_> {
    pub(super) fn orders(&self, door: &mut Door, commit: &Commit) -> Result<(), Stop> {
        if commit.orders.is_empty() {
            return Ok(());
        }
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO officer_order (key, nth, seq, actor, act, sensor, measured_at, digest)
             VALUES (?1, 1 + (SELECT coalesce(max(nth), 0) FROM officer_order), ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (key) DO UPDATE SET nth = excluded.nth, seq = excluded.seq, actor = excluded.actor,
               act = excluded.act, sensor = excluded.sensor, measured_at = excluded.measured_at,
               digest = excluded.digest",
        )?;
        for (order, digest) in &commit.orders {
            let sensor = order.sensor().map(|ix| self.sensor(ix)).transpose()?;
            let id = sensor.map(|(_, id)| id.as_str());
            let measured_at = match order.act {
                Act::Enter(entry) => Some(entry.measured_at.ms()),
                Act::Trust(_) | Act::Desk(_) => None,
            };
            insert.execute((
                &*order.key,
                self.seq(),
                order.actor.as_str(),
                order.act.as_str(),
                sensor.map(|(pk, _)| pk),
                measured_at,
                digest,
            ))?;
            ledger::append(self.transaction, &mut door.head, Entry::order(commit.at, order, id))?;
        }
        Ok(())
    }
}
