//! A delivery: one bulletin to one zone in one language over one channel.
//!
//! Its id is derived, so that a repeat after a crash is the same delivery to a phone.

use std::sync::Arc;

use rules::bulletin::{BulletinId, Lang};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use sensors::time::Timestamp;

/// Derived from bulletin, zone, language and target; stable over restarts and replays.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub Arc<str>);

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// FCM topics `<city>.<hazard>.<zone>.s<1..=severity_max>.<lang>`, any of which reaches a phone once.
    Topic {
        /// The highest minimum severity whose subscribers are told.
        severity_max: Severity,
    },
    /// One registered phone, by its reference; the token itself stays outside the ledger.
    Token {
        /// The receiver's reference in the token file.
        receiver: String,
    },
    /// A webhook of `receivers.toml`, by its name.
    Webhook {
        /// The receiver's name.
        receiver: String,
    },
}

/// An intended delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What it carries.
    pub bulletin: BulletinId,
    /// The hazard.
    pub hazard: Hazard,
    /// The severity of the level that it tells of.
    pub severity: Severity,
    /// The zone; `None` for staff.
    pub zone: Option<ZoneId>,
    /// The language.
    pub lang: Lang,
    /// Where it goes.
    pub target: Target,
    /// The title as a phone shows it.
    pub title: String,
    /// The body as a phone shows it.
    pub body: String,
    /// When it was intended, by the running clock.
    pub at: Timestamp,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// When, by the running clock.
    pub at: Timestamp,
    /// Tries so far, this one included.
    pub tries: u32,
    /// The end.
    pub end: End,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The other side took it.
    Sent,
    /// It can't be delivered, and why; staff are told.
    Failed {
        /// What failed, in words.
        why: String,
    },
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A delivery of a flood bulletin for one ward, with an id of the test's choice.
    pub(crate) fn delivery(id: &str) -> Delivery {
        Delivery {
            id: DeliveryId(id.into()),
            bulletin: BulletinId("flood.kim-long.1".into()),
            hazard: Hazard::Flood,
            severity: Severity::MAX,
            zone: Some(ZoneId::new("thuan-hoa")),
            lang: Lang("vi".into()),
            target: Target::Topic { severity_max: Severity::MAX },
            title: "Lũ sông Hương".to_owned(),
            body: "Mực nước tại Kim Long trên báo động 3".to_owned(),
            at: Timestamp::from_ms(1_763_300_000_000),
        }
    }
}
