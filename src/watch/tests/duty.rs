//! The duty: silences, maintenance, escalation, quiet hours, and how much people can take in.

mod call;
mod limit;
mod peace;
mod quiet;
mod rig;
