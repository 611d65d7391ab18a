//! What an MQTT line has in hand: messages read and not yet sent to the writer, and
//! acknowledgements owed to the broker for what the writer has not yet made durable.
//!
//! Both are bounded; acknowledgements leave in the order in which the messages came.

use std::collections::VecDeque;

use super::link::{Ack, RECEIVE_MAX};
use crate::event::Event;

/// Messages in one envelope, so that a commit gathers many and still ends soon.
pub(super) const BATCH_MAX: usize = 256;
/// Messages in hand at which reading stops. An MQTT 5 broker sends no more than [`RECEIVE_MAX`] at
/// QoS 1 unacknowledged; the rest is room for QoS 0, where only the socket holds a sender back, as it
/// does for all of MQTT 3.1.1.
const IN_HAND_MAX: usize = RECEIVE_MAX as usize + 1024;

/// Messages that become one envelope.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// What they say.
    pub(super) events: Vec<Event>,
    /// What is owed for them.
    pub(super) acks: Vec<Ack>,
    messages: usize,
}

/// The messages in hand.
#[derive(Debug, Default)]
pub(super) struct Hand {
    unsent: VecDeque<Batch>,
    owed: VecDeque<(u64, Vec<Ack>)>,
    /// Messages in `unsent`, and acknowledgements in `owed`.
    messages: usize,
    owed_count: usize,
}

impl Hand {
    /// The batch that the next message goes into.
    pub(super) fn batch(&mut self) -> &mut Batch {
        let full = self.unsent.back().is_none_or(|batch| batch.messages >= BATCH_MAX);
        if full {
            self.unsent.push_back(Batch::default());
        }
        // Never absent after the line above; an accident would cost one batch, not a message.
        let at = self.unsent.len().saturating_sub(1);
        self.messages += 1;
        #[expect(clippy::indexing_slicing, reason = "a batch was pushed when there was none")]
        let batch = &mut self.unsent[at];
        batch.messages += 1;
        batch
    }

    /// Whether another message may be read.
    pub(super) fn has_room(&self) -> bool {
        self.messages + self.owed_count < IN_HAND_MAX
    }

    /// Whether there is something to send.
    pub(super) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Whether a whole batch waits.
    pub(super) fn has_full_batch(&self) -> bool {
        self.unsent.front().is_some_and(|batch| batch.messages >= BATCH_MAX)
    }

    /// Whether the broker waits for acknowledgements.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// The oldest batch, to be sent.
    pub(super) fn take_batch(&mut self) -> Option<Batch> {
        let batch = self.unsent.pop_front()?;
        self.messages = self.messages.saturating_sub(batch.messages);
        Some(batch)
    }

    /// Acknowledgements that wait for the envelope of this number.
    pub(super) fn owe(&mut self, ticket: u64, acks: Vec<Ack>) {
        if !acks.is_empty() {
            self.owed_count += acks.len();
            self.owed.push_back((ticket, acks));
        }
    }

    /// Acknowledgements that are due now that everything up to `durable` is.
    pub(super) fn due(&mut self, durable: u64) -> impl Iterator<Item = Ack> + '_ {
        let settled = self.owed.iter().take_while(|(ticket, _)| *ticket <= durable).count();
        let paid: usize = self.owed.iter().take(settled).map(|(_, acks)| acks.len()).sum();
        self.owed_count = self.owed_count.saturating_sub(paid);
        self.owed.drain(..settled).flat_map(|(_, acks)| acks)
    }

    /// The link is gone, and with it the right to acknowledge: the broker will send again.
    pub(super) fn forget_acks(&mut self) {
        self.owed.clear();
        self.owed_count = 0;
        for batch in &mut self.unsent {
            batch.acks.clear();
        }
    }
}
