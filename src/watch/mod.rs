//! Judge, decide, commit: the one writer.

pub mod decide;
pub mod feed;
mod folding;
pub mod pulse;
pub mod restore;
pub mod review;
mod silence;
pub mod snapshot;
mod tell;
pub mod told;
pub mod writer;

#[cfg(test)]
mod tests;
