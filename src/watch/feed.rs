//! The live feed of commits, for those who show what happened. It may lag and lose: whoever must
//! see everything reads the store's change feed from the last sequence it has seen.

use std::sync::Arc;

use sensors::time::Timestamp;
use tokio::sync::broadcast;

use crate::store::commit::{Commit, Seq};

/// One commit, after it became durable.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its number.
    pub seq: Seq,
    /// Its time by the running clock.
    pub at: Timestamp,
    /// What was written.
    pub commit: Arc<Commit>,
}

/// Where commits are told; a receiver that lags is told how many it missed.
pub type Feed = broadcast::Sender<Arc<Committed>>;

/// Commits that a slow receiver may fall behind before it loses some.
pub const FEED_CAPACITY: usize = 1024;
