//! Pushes and webhooks on real sockets: each trouble on the way ends as it should, and a phone
//! shows a warning once.

mod channel;
mod peer;
mod restart;
mod rig;
mod secrecy;
mod webhook;
