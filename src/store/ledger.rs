//! The ledger: what was decided and what became of it, chained so that no entry changes unseen.
//!
//! Entry `n` carries `sha256(hash of n - 1, n, at, length of kind, kind, body)`, integers as eight
//! bytes big-endian; before the first stand 32 zeros. A body holds ids and words of the domain,
//! never a token, a phone number, a receiver's name or the words of a foreign error. Only the
//! running clock and given data enter, so that the same seed gives the same bytes.
//! The chain shows what was altered afterwards; against a rewrite from an entry to the end it
//! helps to have noted an older head elsewhere ([`Head`]).

use std::fmt;

use rules::alert::Transition;
use rules::bulletin::Bulletin;
use rusqlite::Connection;
use sensors::place::ZoneId;
use sensors::time::{Span, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cap::Message;
use crate::desk::paper::Paper;
use crate::notify::delivery::{End, Outcome};
use crate::order::{Act, Order};
use crate::store::error::{Doing, StoreError};
use crate::store::rows;

/// The newest entry: its number and hash. Note it elsewhere to prove later what stood before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 before the first.
    pub n: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// The hash in hexadecimal.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One entry, not yet chained.
pub(super) struct Entry {
    at: Timestamp,
    kind: &'static str,
    body: serde_json::Result<String>,
}

#[derive(Serialize)]
struct TransitionBody<'a> {
    alert: &'a str,
    rule: &'a str,
    rule_version: &'a str,
    hazard: &'a str,
    words: &'a str,
    subject: String,
    zones: Vec<&'a str>,
    from: &'a str,
    to: &'a str,
    severity: u8,
    severity_max: u8,
    raised: bool,
    corroborated: bool,
    issue: String,
    measured_at: i64,
    measure: Option<String>,
    because: Vec<EvidenceBody<'a>>,
}

#[derive(Serialize)]
struct EvidenceBody<'a> {
    sensor: &'a str,
    parameter: &'a str,
    measured_at: i64,
    value: i64,
    quality: &'a str,
    check: Option<&'a str>,
    window_ms: Option<i64>,
}

#[derive(Serialize)]
struct BulletinBody<'a> {
    bulletin: &'a str,
    alert: &'a str,
    hazard: &'a str,
    act: &'a str,
    severity: u8,
    severity_max: u8,
    zones: Vec<&'a str>,
    automatic: bool,
    author: String,
    texts: Vec<[&'a str; 6]>,
}

#[derive(Serialize)]
struct DeliveryBody<'a> {
    delivery: &'a str,
    tries: u32,
    end: &'a str,
}

#[derive(Serialize)]
struct OrderBody<'a> {
    actor: &'a str,
    key: &'a str,
    act: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor: Option<&'a str>,
    measured_at: Option<i64>,
    since: Option<i64>,
    value: Option<i64>,
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<&'a crate::desk::Act>,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_match: Option<u64>,
}

#[derive(Serialize)]
struct PaperBody<'a> {
    kind: &'a str,
    id: &'a str,
    version: u64,
    officer: Option<&'a str>,
    open: bool,
    sha256: String,
}

#[derive(Serialize)]
struct CapBody<'a> {
    identifier: &'a str,
    alert: &'a str,
    bulletin: Option<&'a str>,
    exercise: bool,
    sha256: String,
}

#[derive(Serialize)]
struct ConfigBody<'a> {
    version: &'a str,
    before: Option<&'a str>,
}

fn ids(zones: &[ZoneId]) -> Vec<&str> {
    zones.iter().map(ZoneId::as_str).collect()
}

impl Entry {
    /// A change of an alert; `sensors` are the ids of its evidence, in order.
    pub(super) fn transition(t: &Transition, sensors: &[&str]) -> Self {
        let because = t.because.iter().zip(sensors).map(|(evidence, sensor)| EvidenceBody {
            sensor,
            parameter: evidence.parameter.as_str(),
            measured_at: evidence.measured_at.ms(),
            value: evidence.value.raw(),
            quality: evidence.quality.as_str(),
            check: evidence.quality.check().map(sensors::quality::Check::as_str),
            window_ms: evidence.window.map(Span::ms),
        });
        let body = TransitionBody {
            alert: &t.alert.0,
            rule: &t.rule.0,
            rule_version: &t.rule_version,
            hazard: t.hazard.as_str(),
            words: &t.words,
            subject: t.subject.to_string(),
            zones: ids(&t.zones),
            from: &t.from,
            to: &t.to,
            severity: t.severity.step(),
            severity_max: t.severity_max.step(),
            raised: t.raised,
            corroborated: t.corroborated,
            issue: rows::issue_text(t.issue),
            measured_at: t.measured_at.ms(),
            measure: t.measure.as_ref().map(rows::measure_text),
            because: because.collect(),
        };
        Self { at: t.at, kind: "transition", body: serde_json::to_string(&body) }
    }

    /// A bulletin.
    pub(super) fn bulletin(b: &Bulletin) -> Self {
        let body = BulletinBody {
            bulletin: &b.id.0,
            alert: &b.alert.0,
            hazard: b.hazard.as_str(),
            act: b.act.as_str(),
            severity: b.severity.step(),
            severity_max: b.severity_max.step(),
            zones: ids(&b.zones),
            automatic: b.automatic,
            author: rows::author_text(&b.author),
            texts: b.texts.iter().map(rows::text_row).collect(),
        };
        Self { at: b.at, kind: "bulletin", body: serde_json::to_string(&body) }
    }

    /// The end of a delivery; why it failed stays out, because foreign words may name anything.
    pub(super) fn delivery(outcome: &Outcome) -> Self {
        let end = match outcome.end {
            End::Sent => "sent",
            End::Failed { .. } => "failed",
        };
        let body = DeliveryBody { delivery: &outcome.delivery.0, tries: outcome.tries, end };
        Self { at: outcome.at, kind: "delivery", body: serde_json::to_string(&body) }
    }

    /// An order that was carried out; `sensor` is the id of what it is about.
    pub(super) fn order(at: Timestamp, order: &Order, sensor: Option<&str>) -> Self {
        let (entered, desk) = match &order.act {
            Act::Enter(entry) => (Some(entry), None),
            Act::Trust(_) => (None, None),
            Act::Desk(act) => (None, Some(act)),
        };
        let body = OrderBody {
            actor: order.actor.as_str(),
            key: &order.key,
            act: order.act.as_str(),
            sensor,
            measured_at: entered.map(|entry| entry.measured_at.ms()),
            since: entered.and_then(|entry| entry.from).map(Timestamp::ms),
            value: entered.map(|entry| entry.value.raw()),
            note: order.note.as_deref(),
            desk,
            if_match: order.if_match,
        };
        Self { at, kind: "order", body: serde_json::to_string(&body) }
    }

    /// A version of an officers' paper: its hash, since the record stands beside the ledger.
    pub(super) fn paper(paper: &Paper) -> Self {
        let body = PaperBody {
            kind: paper.kind.as_str(),
            id: &paper.id,
            version: paper.version,
            officer: paper.by.as_deref(),
            open: paper.is_open,
            sha256: format!("{:x}", Sha256::digest(&paper.record)),
        };
        Self { at: paper.at, kind: "paper", body: serde_json::to_string(&body) }
    }

    /// A CAP message of ours: its hash, since the message stands beside the ledger.
    pub(super) fn cap(at: Timestamp, message: &Message) -> Self {
        let body = CapBody {
            identifier: &message.identifier,
            alert: &message.alert.0,
            bulletin: message.bulletin.as_ref().map(|id| &*id.0),
            exercise: message.exercise,
            sha256: crate::notify::outbox::hex(&message.hash),
        };
        Self { at, kind: "cap", body: serde_json::to_string(&body) }
    }

    /// A configuration came into force.
    pub(super) fn config(at: Timestamp, version: &str, before: Option<&str>) -> Self {
        Self { at, kind: "config", body: serde_json::to_string(&ConfigBody { version, before }) }
    }
}

fn digest(before: &[u8; 32], n: u64, at: i64, kind: &str, body: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(before)
        .chain_update(n.to_be_bytes())
        .chain_update(at.to_be_bytes())
        .chain_update((kind.len() as u64).to_be_bytes())
        .chain_update(kind)
        .chain_update(body)
        .finalize()
        .into()
}

/// Chains an entry to the head and writes it; the caller keeps the new head in the same transaction.
pub(super) fn append(connection: &Connection, head: &mut Head, entry: Entry) -> rusqlite::Result<()> {
    let Entry { at, kind, body } = entry;
    let body = body.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let n = head.n + 1;
    let hash = digest(&head.hash, n, at.ms(), kind, &body);
    connection
        .prepare_cached("INSERT INTO ledger (n, at, kind, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((n as i64, at.ms(), kind, &body, &hash))?;
    *head = Head { n, hash };
    Ok(())
}

/// Walks the whole chain and compares its end with the head; names the first entry that does not fit.
pub(super) fn verify(connection: &Connection) -> Result<Head, StoreError> {
    let doing = "walking the ledger";
    let stored = stored_head(connection).doing(doing)?;
    let mut head = Head::default();
    let mut walk =
        connection.prepare("SELECT n, at, kind, body, hash FROM ledger ORDER BY n").doing(doing)?;
    let mut entries = walk.query([]).doing(doing)?;
    while let Some(row) = entries.next().doing(doing)? {
        let due = head.n + 1;
        let broken = |why| StoreError::BrokenLedger { entry: due, why };
        let (n, at): (i64, i64) = (row.get(0).doing(doing)?, row.get(1).doing(doing)?);
        // What has the wrong type was put there by another hand.
        let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
        let hash = row.get_ref(4).ok().and_then(|value| value.as_blob().ok());
        let (Some(kind), Some(body), Some(hash)) = (text(2), text(3), hash) else {
            return Err(broken("it is no entry of ours"));
        };
        if n as u64 != due {
            return Err(broken("it is missing"));
        }
        let expected = digest(&head.hash, due, at, kind, body);
        if hash != expected {
            return Err(broken("its content does not give its hash"));
        }
        head = Head { n: due, hash: expected };
    }
    if head == stored {
        return Ok(head);
    }
    let why = if head.n < stored.n { "it is missing" } else { "the head names another end" };
    Err(StoreError::BrokenLedger { entry: head.n.min(stored.n) + 1, why })
}

/// The head as the newest commit left it.
pub(super) fn stored_head(connection: &Connection) -> rusqlite::Result<Head> {
    connection.query_row("SELECT ledger_n, ledger_hash FROM door", [], |row| {
        Ok(Head { n: row.get::<_, i64>(0)? as u64, hash: row.get(1)? })
    })
}
