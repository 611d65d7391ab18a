//! Whether the writer lives, and whether the store takes what it writes; for health and watchdogs.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Written by the writer, read by everybody.
#[derive(Debug)]
pub struct Pulse {
    began: Instant,
    last_turn_ms: AtomicU64,
    refusal: Mutex<Option<String>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { began: Instant::now(), last_turn_ms: AtomicU64::new(0), refusal: Mutex::new(None) }
    }
}

impl Pulse {
    /// The writer's loop has turned.
    pub fn turn(&self) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_turn_ms.store(ms, Ordering::Relaxed);
    }

    /// How long ago the loop turned last (real time).
    pub fn quiet_for(&self) -> Duration {
        self.began.elapsed().saturating_sub(Duration::from_millis(self.last_turn_ms.load(Ordering::Relaxed)))
    }

    /// The store took a commit.
    pub fn writable(&self) {
        if let Ok(mut refusal) = self.refusal.lock() {
            *refusal = None;
        }
    }

    /// The store refused a commit, and why.
    pub fn unwritable(&self, why: &str) {
        if let Ok(mut refusal) = self.refusal.lock() {
            *refusal = Some(why.to_owned());
        }
    }

    /// Why the store takes nothing at present, if so.
    pub fn refusal(&self) -> Option<String> {
        self.refusal.lock().ok().and_then(|refusal| refusal.clone())
    }
}
