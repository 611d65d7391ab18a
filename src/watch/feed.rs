//! What was just committed, for everybody who follows along.
//!
//! Sent after the snapshot of the same commit is visible, never before it.

use std::sync::Arc;

use sensors::time::Timestamp;

use crate::store::commit::{Commit, Seq};

/// One durable commit.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its number.
    pub seq: Seq,
    /// Its time by the running clock.
    pub at: Timestamp,
    /// What was written.
    pub commit: Arc<Commit>,
}
