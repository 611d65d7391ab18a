//! Judge, decide, commit: the one writer.

pub mod feed;
pub mod snapshot;
