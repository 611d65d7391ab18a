//! The pulse of the writer: each turn of its loop beats, and whoever asks hears how long ago.
//!
//! Real time, whatever the running clock does: a watchdog outside has no other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Beaten by the writer at every turn, at least once a second also when nothing happens.
#[derive(Debug)]
pub struct Pulse {
    began: Instant,
    beat_ms: AtomicU64,
}

impl Pulse {
    /// A pulse that beats now for the first time.
    pub fn new() -> Self {
        Self { began: Instant::now(), beat_ms: AtomicU64::new(0) }
    }

    /// The loop turned.
    pub fn beat(&self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beat_ms.store(ms, Ordering::Relaxed);
    }

    /// How long ago the loop last turned.
    pub fn silence(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.beat_ms.load(Ordering::Relaxed)))
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}
