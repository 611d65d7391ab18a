//! Judge, decide, commit: the one writer.

pub mod decide;
mod desk;
pub mod feed;
mod folding;
mod order;
pub mod pace;
pub mod pulse;
pub mod rerun;
pub mod restore;
pub mod review;
pub mod sending;
pub mod sight;
mod silence;
pub mod snapshot;
mod tell;
pub mod told;
pub mod writer;

pub(crate) use desk::duty::responsible;
pub use desk::warning::{area, preflight};

#[cfg(test)]
mod tests;
