//! Judge, decide, commit: the one writer.

pub mod snapshot;
