//! What people were told: the ledger that reasons are computed from, kept with every commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::AlertId;
use rules::reason::Sent;
use rules::rule::NONE;

/// What was last sent of each episode that is not over, and of each line that is down.
/// Cloning shares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Arc<BTreeMap<AlertId, Sent>>);

impl Told {
    /// The ledger as it was stored.
    pub fn new(entries: impl IntoIterator<Item = (AlertId, Sent)>) -> Self {
        let mut told = Self::default();
        entries.into_iter().for_each(|(alert, sent)| told.note(alert, sent));
        told
    }

    /// What was last sent of an episode.
    pub fn of(&self, alert: &AlertId) -> Option<&Sent> {
        self.0.get(alert)
    }

    /// Notes what is sent now; an episode that is said to be over is forgotten.
    pub fn note(&mut self, alert: AlertId, sent: Sent) {
        let entries = Arc::make_mut(&mut self.0);
        if sent.level == NONE {
            entries.remove(&alert);
        } else {
            entries.insert(alert, sent);
        }
    }
}
