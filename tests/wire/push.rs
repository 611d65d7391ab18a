//! Pushes and webhooks on real sockets: each trouble on the way ends as it should, and a phone
//! shows a warning once.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on says so by panicking"
)]

mod channel;
mod peer;
mod restart;
mod rig;
mod secrecy;
mod webhook;
