//! CAP 1.2 (OASIS, 1 July 2010): our warnings as messages for other systems, and theirs read.
//!
//! Plain functions over plain data: nothing here opens a socket or reads a clock.

pub mod chain;
pub mod config;
pub mod read;
pub mod write;

use std::sync::Arc;

use sensors::time::Timestamp;

/// A CAP message of ours; once committed it is never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `identifier`, unique for ever.
    pub identifier: Arc<str>,
    /// `sender`.
    pub sender: Arc<str>,
    /// What it speaks of: an episode, or a bulletin typed by hand.
    pub alert: rules::alert::AlertId,
    /// The bulletin that it carries; `None` where it only renews the one before it.
    pub bulletin: Option<rules::bulletin::BulletinId>,
    /// `sent`, a whole second.
    pub sent: Timestamp,
    /// `expires` of every `info`, a whole second.
    pub expires: Timestamp,
    /// What it does in its chain; read off the message itself.
    pub standing: Standing,
    /// Whether it belongs to the exercises' feed.
    pub exercise: bool,
    /// SHA-256 over `xml`.
    pub hash: [u8; 32],
    /// The message, canonical XML.
    pub xml: Arc<str>,
}

/// What a message does in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds until it expires, and is renewed while its condition is true.
    Holds,
    /// It says that the condition is over; nothing renews it.
    Over,
    /// It takes back what stood before it, which was an error.
    Cancelled,
}
