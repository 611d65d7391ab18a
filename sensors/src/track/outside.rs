//! What others hold against a sensor, all at once: for who judges sensors beside each other and
//! may find that an earlier judgement was none.

use super::{SUSPICIONS_MAX, Suspicion, Track};
use crate::reading::Reading;
use crate::station::Sensor;
use crate::time::Timestamp;

impl Track {
    /// Puts these suspicions in place of all that are remembered; beyond [`SUSPICIONS_MAX`] the
    /// oldest are left out. Gives the readings that are judged otherwise now, to be stored as
    /// revisions with the arrival `now`.
    pub fn hold(&mut self, sensor: &Sensor, suspicions: &[Suspicion], now: Timestamp) -> Vec<Reading> {
        let mut held = suspicions.to_vec();
        held.sort_by_key(|s| (s.since, s.check));
        held.drain(..held.len().saturating_sub(SUSPICIONS_MAX));
        let other = |all: &[Suspicion], one: &Suspicion| !all.contains(one);
        let gone = self.suspicions.iter().filter(|one| other(&held, one));
        let came = held.iter().filter(|one| other(&self.suspicions, one));
        let Some(since) = gone.chain(came).map(|one| one.since).min() else { return Vec::new() };
        self.suspicions = held;
        self.rejudge_from(sensor, since, now)
    }
}
