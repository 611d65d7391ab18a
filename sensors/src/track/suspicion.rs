//! Doubt of a whole sensor that lasts until a person releases it.
//!
//! Who decides that a gauge is clogged or dead on zero stands elsewhere; here is only what follows:
//! from `since` until it is released every usable reading is suspect. It is kept by event time, so
//! that a reading which comes late is judged as if it had come in time.

use super::Track;
use crate::quality::Check;
use crate::reading::Reading;
use crate::station::Sensor;
use crate::time::Timestamp;

/// How many suspicions of one sensor are remembered: open ones and those that late readings may
/// still fall in. The oldest released one goes first.
pub const SUSPICIONS_MAX: usize = 32;

/// A time in which a sensor is not trusted. After each [`Track::suspect`] and [`Track::release`] a
/// store keeps the whole of [`Track::suspicions`] in place of what it kept of the sensor before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// What made it doubtful.
    pub check: Check,
    /// The event time of the first reading that is doubted.
    pub since: Timestamp,
    /// The event time from which readings are trusted again; `None` until a person releases it.
    pub until: Option<Timestamp>,
}

impl Suspicion {
    /// Whether a reading of this event time is doubted.
    pub fn covers(&self, measured_at: Timestamp) -> bool {
        self.since <= measured_at && self.until.is_none_or(|until| measured_at < until)
    }
}

impl Track {
    /// Doubts the sensor from an event time on until [`Track::release`]: every usable reading is at
    /// best suspect. Gives the readings that are judged otherwise now, to be stored as revisions
    /// with the arrival `now`. The same check again only moves its beginning back.
    pub fn suspect(
        &mut self,
        sensor: &Sensor,
        check: Check,
        since: Timestamp,
        now: Timestamp,
    ) -> Vec<Reading> {
        match self.suspicions.iter_mut().find(|s| s.check == check && s.until.is_none()) {
            Some(open) if open.since <= since => return Vec::new(),
            Some(open) => open.since = since,
            None => self.remember(Suspicion { check, since, until: None }),
        }
        self.rejudge_from(sensor, since, now)
    }

    /// Trusts the sensor again from an event time on: every open suspicion ends there. Gives the
    /// readings that are judged otherwise now, to be stored as revisions with the arrival `now`.
    pub fn release(&mut self, sensor: &Sensor, at: Timestamp, now: Timestamp) -> Vec<Reading> {
        let open = self.suspicions.iter_mut().filter(|s| s.until.is_none());
        if open.map(|s| s.until = Some(at.max(s.since))).count() == 0 {
            return Vec::new();
        }
        self.rejudge_from(sensor, at, now)
    }

    /// The worst suspicion that nobody released yet.
    pub fn suspicion(&self) -> Option<Suspicion> {
        self.suspicions.iter().filter(|s| s.until.is_none()).max_by_key(|s| s.check).copied()
    }

    /// Every suspicion that is remembered, released ones too: what the store must keep.
    pub fn suspicions(&self) -> &[Suspicion] {
        &self.suspicions
    }

    /// Takes in a suspicion that was stored before a restart; the readings were stored with what it
    /// made of them.
    pub fn restore_suspicion(&mut self, suspicion: Suspicion) {
        self.remember(suspicion);
    }

    fn remember(&mut self, suspicion: Suspicion) {
        self.suspicions.push(suspicion);
        self.suspicions.sort_by_key(|s| (s.since, s.check));
        if self.suspicions.len() > SUSPICIONS_MAX {
            let oldest = self.suspicions.iter().position(|s| s.until.is_some()).unwrap_or_default();
            self.suspicions.remove(oldest);
        }
    }

    /// The worst check that doubts the sensor at an event time.
    pub(super) fn suspected_by(&self, measured_at: Timestamp) -> Option<Check> {
        if self.entered.contains(&measured_at) {
            return None;
        }
        self.suspicions.iter().filter(|s| s.covers(measured_at)).map(|s| s.check).max()
    }
}
