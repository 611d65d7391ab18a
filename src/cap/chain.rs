//! The chains of our messages: which predecessors of an episode are in force, and when to renew.
//!
//! Plain data that follows from the messages alone, so that a restart finds the same chains.

use std::collections::BTreeMap;
use std::sync::Arc;

use rules::alert::AlertId;
use sensors::time::{Span, Timestamp};

use super::{Message, Standing};

/// A chain is remembered for so long after its last message expired: what is said of the episode
/// then still names that one as its predecessor.
pub const KEPT: Span = Span::from_h(7 * 24);

/// A message as a later one refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its `sender`.
    pub sender: Arc<str>,
    /// Its `identifier`.
    pub identifier: Arc<str>,
    /// Its `sent`.
    pub sent: Timestamp,
    /// Its `expires`.
    pub expires: Timestamp,
}

/// The messages of one episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Those that had not expired when the newest was sent, the oldest first; never empty.
    messages: Vec<Reference>,
    /// The newest in full, while it may be renewed.
    renewable: Option<Arc<Message>>,
}

/// The chains that are remembered. Cloning shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains(Arc<BTreeMap<AlertId, Chain>>);

impl Chains {
    /// The chains that messages made, given the oldest first.
    pub fn new<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Self {
        let mut chains = Self::default();
        messages.into_iter().for_each(|message| chains.note(message));
        chains
    }

    /// What the next message of an episode refers to: every predecessor in force, or the last one
    /// where all have expired; nothing where it is the first.
    pub fn before(&self, alert: &AlertId, now: Timestamp) -> Vec<Reference> {
        let Some(chain) = self.0.get(alert) else { return Vec::new() };
        let live: Vec<_> = chain.messages.iter().filter(|message| message.expires > now).cloned().collect();
        if live.is_empty() { chain.messages.last().cloned().into_iter().collect() } else { live }
    }

    /// Takes a message into its chain. What was cancelled is no predecessor of anything.
    pub fn note(&mut self, message: &Message) {
        let chains = Arc::make_mut(&mut self.0);
        if message.standing == Standing::Cancelled {
            chains.remove(&message.alert);
            return;
        }
        let empty = || Chain { messages: Vec::new(), renewable: None };
        let chain = chains.entry(message.alert.clone()).or_insert_with(empty);
        chain.messages.retain(|before| before.expires > message.sent);
        chain.messages.push(Reference {
            sender: Arc::clone(&message.sender),
            identifier: Arc::clone(&message.identifier),
            sent: message.sent,
            expires: message.expires,
        });
        chain.renewable = (message.standing == Standing::Holds).then(|| Arc::new(message.clone()));
    }

    /// The newest messages that end within `margin`, unless they are over.
    pub fn ending(&self, now: Timestamp, margin: Span) -> Vec<Arc<Message>> {
        let renewable = self.0.values().filter_map(|chain| chain.renewable.as_ref());
        renewable.filter(|message| message.expires.minus(margin) <= now).cloned().collect()
    }

    /// When the first message has to be renewed.
    pub fn due(&self, margin: Span) -> Option<Timestamp> {
        let renewable = self.0.values().filter_map(|chain| chain.renewable.as_ref());
        renewable.map(|message| message.expires.minus(margin)).min()
    }

    /// Renews a chain no more: its condition is not true.
    pub fn let_go(&mut self, alert: &AlertId) {
        if let Some(chain) = Arc::make_mut(&mut self.0).get_mut(alert) {
            chain.renewable = None;
        }
    }

    /// Forgets what expired long ago.
    pub fn forget(&mut self, now: Timestamp) {
        let is_old = |chain: &Chain| chain.messages.iter().all(|message| message.expires.plus(KEPT) <= now);
        if self.0.values().any(is_old) {
            Arc::make_mut(&mut self.0).retain(|_, chain| !is_old(chain));
        }
    }
}
