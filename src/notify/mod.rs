//! Telling people: deliveries, and the channels that carry them.
//!
//! [`outbox`] intends (pure), the writer commits, [`runner`] sends what was committed and reports
//! what became of it. Nothing here decides whether to warn, and nothing is sent before its commit.

pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod cap_folder;
pub mod channel;
pub mod delivery;
pub mod fault;
pub mod fcm;
mod intake;
mod lane;
pub mod message;
pub mod oauth;
pub mod outbox;
pub mod receiver;
pub mod runner;
pub mod secret;
pub mod token;
pub mod webhook;
