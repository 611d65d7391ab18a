//! The commands of the binary: one file each.

pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;
pub mod event_line;
pub mod replay;
pub mod serve;
#[cfg(feature = "demo")]
pub mod simulate;
