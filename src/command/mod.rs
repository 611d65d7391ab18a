//! The commands of the binary: one file each.

pub mod backup;
#[cfg(feature = "demo")]
mod broker;
pub mod check;
pub mod cli;
pub mod event_line;
pub mod replay;
