//! What went out in the last 24 hours, and to whom: too many warnings are a hazard, so that they are
//! counted. It forgets what is older, and it sends nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rules::bulletin::{Act, Bulletin, BulletinId, Lang};
use rules::hazard::{Hazard, Severity};
use sensors::place::ZoneId;
use sensors::time::{Span, Timestamp};

use crate::notify::delivery::{Delivery, Target};

/// For residents.
pub const DAY: Span = Span::from_h(24);
/// For staff.
pub const TEN_MINUTES: Span = Span::from_min(10);
/// Bulletins that are remembered at most; the oldest go first.
pub const SENDINGS_MAX: usize = 10_000;

/// The residents of a zone who read one language. A registered phone belongs to one such ward, so that
/// what its ward was pushed is what it was pushed.
pub type Ward = (ZoneId, Lang);

/// A bulletin that went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub bulletin: BulletinId,
    /// Its hazard.
    pub hazard: Hazard,
    /// What it did.
    pub act: Act,
    /// The severity of the level that it told of.
    pub severity: Severity,
    /// The wards that were pushed it.
    pub wards: BTreeSet<Ward>,
    /// The webhooks that it went to.
    pub webhooks: BTreeSet<Arc<str>>,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            at: Timestamp::MIN,
            bulletin: BulletinId("".into()),
            hazard: Hazard::Telemetry,
            act: Act::Issued,
            severity: Severity::MIN,
            wards: BTreeSet::new(),
            webhooks: BTreeSet::new(),
        }
    }
}

impl Sending {
    /// A bulletin with the deliveries that were made of it.
    pub fn of(bulletin: &Bulletin, deliveries: &[Delivery]) -> Self {
        let mut sending = Self {
            at: bulletin.at,
            bulletin: bulletin.id.clone(),
            hazard: bulletin.hazard,
            act: bulletin.act,
            severity: bulletin.severity,
            ..Self::default()
        };
        for delivery in deliveries {
            match (&delivery.zone, &delivery.target) {
                (_, Target::Webhook { receiver }) => {
                    sending.webhooks.insert(receiver.as_str().into());
                }
                (Some(zone), Target::Topic { .. } | Target::Token { .. }) => {
                    sending.wards.insert((zone.clone(), delivery.lang.clone()));
                }
                (None, Target::Topic { .. } | Target::Token { .. }) => {}
            }
        }
        sending
    }
}

/// What went out, the oldest first. Cloning shares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sendings {
    newest: Arc<VecDeque<Arc<Sending>>>,
    /// Pushes that were withheld since the start.
    pub withheld: u64,
    /// Notices that were gathered since the start.
    pub gathered: u64,
}

impl Sendings {
    /// What the store kept, the oldest first.
    pub fn new(kept: impl IntoIterator<Item = Sending>) -> Self {
        let newest = kept.into_iter().map(Arc::new).collect();
        Self { newest: Arc::new(newest), ..Self::default() }
    }

    /// Remembers a bulletin, and forgets what is older than a day.
    pub fn note(&mut self, sending: Sending) {
        let since = sending.at.minus(DAY);
        let newest = Arc::make_mut(&mut self.newest);
        newest.push_back(Arc::new(sending));
        while newest.front().is_some_and(|oldest| oldest.at <= since) || newest.len() > SENDINGS_MAX {
            newest.pop_front();
        }
    }

    /// The clock was set: what went out an hour ago still did.
    pub fn step(&mut self, by: Span) {
        for sending in Arc::make_mut(&mut self.newest) {
            let moved = sending.at.plus(by);
            Arc::make_mut(sending).at = moved;
        }
    }

    /// Whether a bulletin of this id was made already.
    pub fn knows(&self, bulletin: &BulletinId) -> bool {
        self.newest.iter().any(|sending| sending.bulletin == *bulletin)
    }

    /// The newest first, after `since`.
    fn after(&self, since: Timestamp) -> impl Iterator<Item = &Sending> {
        self.newest.iter().rev().map(|sending| &**sending).filter(move |sending| sending.at > since)
    }

    /// How often a webhook was told something in the ten minutes before `now`.
    pub fn alarms(&self, webhook: &str, now: Timestamp) -> usize {
        self.after(now.minus(TEN_MINUTES)).filter(|sending| sending.webhooks.contains(webhook)).count()
    }

    /// From when on a webhook has had fewer than `most` alarms in ten minutes; `None` where it has now
    /// and had all day.
    pub fn room_at(&self, webhook: &str, most: usize) -> Option<Timestamp> {
        let told = self.after(Timestamp::MIN).filter(|sending| sending.webhooks.contains(webhook));
        told.map(|sending| sending.at.plus(TEN_MINUTES)).nth(most.saturating_sub(1))
    }

    /// How often a ward was pushed something in the 24 hours before `now`, severity 5 not counted.
    pub fn pushes(&self, ward: &Ward, now: Timestamp) -> usize {
        let counted = self.after(now.minus(DAY)).filter(|sending| sending.severity < Severity::MAX);
        counted.filter(|sending| sending.wards.contains(ward)).count()
    }

    /// The same of every ward that was pushed anything.
    pub fn pushes_by_ward(&self, now: Timestamp) -> std::collections::BTreeMap<Ward, usize> {
        let mut counts = std::collections::BTreeMap::new();
        for sending in self.after(now.minus(DAY)).filter(|sending| sending.severity < Severity::MAX) {
            for ward in &sending.wards {
                *counts.entry(ward.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// The greatest severity that a ward was told of a hazard in 24 hours and that no later bulletin of it
    /// took back; `None` where it was told nothing, or last that it eased.
    pub fn stands(&self, ward: &Ward, hazard: Hazard, now: Timestamp) -> Option<Severity> {
        self.after(now.minus(DAY))
            .filter(|sending| sending.hazard == hazard && sending.wards.contains(ward))
            .take_while(|sending| matches!(sending.act, Act::Issued | Act::Raised | Act::Updated))
            .map(|sending| sending.severity)
            .max()
    }
}
