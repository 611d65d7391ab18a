//! baolu: the service that collects, watches, stores, notifies and serves.
//!
//! The way of one reading: [`collect`] -> [`watch`] (judge, decide, commit) -> [`notify`].
//! [`serve`] reads snapshots and is never in that way. [`clock`] is the only reader of time.

pub mod backtest;
pub mod cap;
pub mod clock;
pub mod collect;
pub mod command;
pub mod desk;
pub mod event;
pub mod notify;
pub mod order;
pub mod plan;
pub mod rule_test;
pub mod serve;
pub mod service;
pub mod store;
mod table;
pub mod watch;
