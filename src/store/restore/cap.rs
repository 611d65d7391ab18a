//! Our CAP messages of the last days, so that the chains of a restart are those that were.
//!
//! What a message is stands in the message; its elements are found by their tags, since a text of
//! ours never has a bare `<`.

use rules::alert::AlertId;
use rules::bulletin::BulletinId;
use rusqlite::{Row, Transaction};
use sensors::time::Timestamp;

use crate::cap::chain::KEPT;
use crate::cap::{Message, Standing};
use crate::store::rows;

pub(super) fn chains(transaction: &Transaction, at: Option<Timestamp>) -> rusqlite::Result<Vec<Message>> {
    let since = at.map_or(Timestamp::MAX, |at| at.minus(KEPT));
    transaction
        .prepare(
            "SELECT identifier, alert, bulletin, sent, expires, exercise, hash,
               substr(xml, instr(xml, '<sender>') + 8, instr(xml, '</sender>') - instr(xml, '<sender>') - 8) AS sender,
               instr(xml, '<msgType>Cancel</msgType>') AS cancelled,
               instr(xml, '<urgency>Past</urgency>') AS over,
               CASE WHEN pk = (SELECT MAX(pk) FROM cap_message AS later WHERE later.alert = of.alert)
                 THEN xml ELSE '' END AS xml
             FROM cap_message AS of WHERE expires > ?1 ORDER BY pk",
        )?
        .query_map([since.ms()], message)?
        .collect()
}

fn message(row: &Row) -> rusqlite::Result<Message> {
    let standing = match (row.get::<_, i64>("cancelled")? > 0, row.get::<_, i64>("over")? > 0) {
        (true, _) => Standing::Cancelled,
        (false, true) => Standing::Over,
        (false, false) => Standing::Holds,
    };
    Ok(Message {
        identifier: row.get("identifier")?,
        sender: row.get("sender")?,
        alert: AlertId(row.get("alert")?),
        bulletin: row.get::<_, Option<_>>("bulletin")?.map(BulletinId),
        sent: rows::time(row, "sent")?,
        expires: rows::time(row, "expires")?,
        standing,
        exercise: row.get("exercise")?,
        hash: row.get("hash")?,
        xml: row.get("xml")?,
    })
}
