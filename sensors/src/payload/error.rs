//! Why a payload, or a part of it, could not be read.

use super::PayloadMap;
use crate::parameter::Parameter;

/// Why a payload, or one field of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// Longer than [`PayloadMap::BYTES_MAX`].
    #[error("{bytes} bytes are more than the {} that are read", PayloadMap::BYTES_MAX)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More readings than [`PayloadMap::READINGS_MAX`].
    #[error("{readings} readings in one message; the first {} are read", PayloadMap::READINGS_MAX)]
    TooMany {
        /// How many there are.
        readings: usize,
    },
    /// More faults in one message than are told one by one.
    #[error("{faults} more faults in the same message")]
    More {
        /// How many more.
        faults: usize,
    },
    /// No JSON object.
    #[error("no JSON object ({why}): {excerpt:?}")]
    NoObject {
        /// What the reader of JSON says.
        why: String,
        /// How it begins.
        excerpt: String,
    },
    /// Where a list of readings should stand is none.
    #[error("no list of readings stands at {pointer:?}: {excerpt:?}")]
    NoList {
        /// The pointer.
        pointer: String,
        /// How the payload begins.
        excerpt: String,
    },
    /// Nothing stands at a pointer.
    #[error("nothing stands at {pointer:?}: {excerpt:?}")]
    Absent {
        /// The pointer.
        pointer: String,
        /// How the payload begins.
        excerpt: String,
    },
    /// What stands there is no number.
    #[error("no number stands at {pointer:?}: {excerpt:?}; a number, a text of one, or null is allowed")]
    NoNumber {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
    },
    /// What stands there is no time, so that nothing below it can be placed.
    #[error("no time stands at {pointer:?}: {excerpt:?}; {allowed} are allowed")]
    NoTime {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
        /// How a time may be written.
        allowed: String,
    },
    /// What stands there is no length of an interval.
    #[error(
        "no period stands at {pointer:?}: {excerpt:?}; 1 to {} seconds are allowed",
        PayloadMap::PERIOD_MAX_S
    )]
    NoPeriod {
        /// The pointer.
        pointer: String,
        /// What stands there.
        excerpt: String,
    },
    /// What stands there is no unit of the parameter.
    #[error("{parameter} is told in {excerpt:?} at {pointer:?}; {allowed} are allowed")]
    NoUnit {
        /// The pointer.
        pointer: String,
        /// What is measured.
        parameter: Parameter,
        /// What stands there.
        excerpt: String,
        /// The units that are known.
        allowed: String,
    },
    /// A word of quality that nobody explained.
    #[error("the quality at {pointer:?} is {excerpt:?}, which the device type does not explain")]
    UnknownQuality {
        /// The pointer.
        pointer: String,
        /// The word.
        excerpt: String,
    },
    /// An element of a list of readings names what no field reads.
    #[error("a reading is called {name:?}, which the device type does not know; it is left")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A line of separated values that is none.
    #[error("line {line} can't be read ({why}): {excerpt:?}")]
    NoLine {
        /// The line of the payload, from 1.
        line: usize,
        /// What is wrong.
        why: String,
        /// How the line begins.
        excerpt: String,
    },
    /// No uplink of a network server.
    #[error("no uplink of a network server ({why}): {excerpt:?}")]
    NoUplink {
        /// What is wrong.
        why: String,
        /// How the payload begins.
        excerpt: String,
    },
    /// A device's channel that the type does not list: where it ends is unknown, so the rest is left.
    #[error(
        "channel {channel:#04x} of type {kind:#04x} is not in the device type; it and the {left} bytes after it are left"
    )]
    UnknownChannel {
        /// Its number.
        channel: u8,
        /// Its type.
        kind: u8,
        /// Bytes of the frame that stay unread.
        left: usize,
    },
    /// A frame that ends inside a channel.
    #[error("the frame ends inside a channel: {needed} bytes are needed, {left} are left")]
    Cut {
        /// What the channel needs, its head included.
        needed: usize,
        /// What is there.
        left: usize,
    },
    /// A message that says neither online nor offline.
    #[error("neither online nor offline: {excerpt:?}; {allowed} are known")]
    NoHealth {
        /// The words that are known.
        allowed: String,
        /// How the payload begins.
        excerpt: String,
    },
    /// Sparkplug means something only after its birth.
    #[error("Sparkplug is read by the host that knows the node's birth")]
    Stateful,
}

impl PayloadError {
    /// The name of an oddity that is a property of the device and not of one message: it is told once.
    pub(super) fn once(&self) -> Option<String> {
        match self {
            Self::UnknownChannel { channel, kind, .. } => Some(format!("channel {channel} {kind}")),
            Self::UnknownName { name } => Some(format!("name {name}")),
            Self::UnknownQuality { pointer, excerpt } => Some(format!("quality {pointer} {excerpt}")),
            _ => None,
        }
    }
}
