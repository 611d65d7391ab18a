//! The commands of the binary: one file each.

pub mod backtest;
pub mod backup;
#[cfg(feature = "demo")]
mod broker;
pub mod bulletin;
pub mod cap;
pub mod check;
pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;
pub mod event_line;
pub mod explain;
pub mod ledger;
pub mod order;
pub mod replay;
pub mod rules;
pub mod serve;
#[cfg(feature = "demo")]
mod show;
#[cfg(feature = "demo")]
pub mod simulate;
