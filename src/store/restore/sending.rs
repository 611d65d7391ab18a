//! What went out in the last day, from the ledger of deliveries: what staff and residents were told counts
//! across a restart.

use std::sync::Arc;

use rules::bulletin::{BulletinId, Lang};
use rusqlite::Transaction;
use sensors::place::ZoneId;
use sensors::time::Timestamp;

use crate::store::rows;
use crate::watch::sending::{DAY, SENDINGS_MAX, Sending};

/// The newest bulletins with deliveries since a day before `now`, the oldest first. Registered phones
/// hear what their ward hears, so that they need no rows of their own here.
pub(super) fn recent(transaction: &Transaction, now: Timestamp) -> rusqlite::Result<Vec<Sending>> {
    let mut bulletins = transaction.prepare(
        "SELECT id, hazard, act, severity, at FROM bulletin
         WHERE pk > (SELECT coalesce(max(pk), 0) FROM bulletin) - ?1 AND at > ?2 ORDER BY pk",
    )?;
    let mut ways = transaction.prepare(
        "SELECT zone, lang, target FROM delivery WHERE bulletin = ?1 AND target NOT LIKE 'token:%' ORDER BY pk",
    )?;
    let since = now.minus(DAY);
    let kept = bulletins.query_map((SENDINGS_MAX as i64, since.ms()), |row| {
        let id: String = row.get("id")?;
        let (at, severity) = (rows::time(row, "at")?, rows::severity(row, "severity")?);
        let (hazard, act) = (rows::hazard(row)?, rows::act(row)?);
        Ok(Sending { at, bulletin: BulletinId(id.into()), hazard, act, severity, ..Sending::default() })
    })?;
    let mut sendings = Vec::new();
    for sending in kept {
        let mut sending = sending?;
        let told = ways.query_map([&sending.bulletin.0], |row| {
            let zone: Option<String> = row.get("zone")?;
            Ok((zone, row.get::<_, String>("lang")?, row.get::<_, String>("target")?))
        })?;
        for way in told {
            let (zone, lang, target) = way?;
            if let Some(zone) = zone {
                sending.wards.insert((ZoneId::new(&zone), Lang(Arc::from(lang))));
            } else if let Some(hook) = target.strip_prefix("webhook:") {
                sending.webhooks.insert(Arc::from(hook));
            }
        }
        sendings.push(sending);
    }
    Ok(sendings)
}
