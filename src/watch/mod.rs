//! Judge, decide, commit: the one writer.

pub mod feed;
pub mod pulse;
pub mod snapshot;
