//! Bytes that a device is known to have sent, and what they mean.

use super::frame::Frame;
use super::poll::Poll;

/// What a device is known to have said in one poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What it shows.
    pub title: String,
    /// What stands around the requests.
    pub frame: Frame,
    /// Questions and answers, in their order.
    pub exchanges: Vec<Exchange>,
    /// What they mean. Sensors are counted as the type's registers.
    pub poll: Poll,
}

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The bytes of the question.
    pub request: Vec<u8>,
    /// The bytes of the answer; empty where none came.
    pub answer: Vec<u8>,
}
