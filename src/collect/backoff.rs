//! How long to wait before trying a line again: growing, bounded, spread.
//!
//! Real time, never the running clock. The spread is computed from the line's name, so that the
//! lines of a city do not come back in step after a power cut, and a run can be repeated.

use std::time::Duration;

/// Waits that double from `first` to `max`, each shortened by up to a half.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    failures: u32,
    salt: u64,
}

impl Backoff {
    /// Waits for a line of this name.
    pub(super) fn new(name: &str, first: Duration, max: Duration) -> Self {
        // FNV-1a: any spread of names will do.
        let salt = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self { first: first.min(max), max, failures: 0, salt }
    }

    /// The wait after one more failure.
    pub(super) fn after_failure(&mut self) -> Duration {
        let whole = self.first.saturating_mul(1 << self.failures.min(16)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let spread = mixed(self.salt.wrapping_add(u64::from(self.failures))) % 512;
        whole.mul_f64(1.0 - spread as f64 / 1024.0)
    }

    /// The line worked: the next wait is a short one again.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }
}

/// The finaliser of `splitmix64` (Steele, Lea, Flood 2014): neighbours become unlike each other.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_their_bound_and_start_small_again_when_the_line_worked() {
        let (first, max) = (Duration::from_millis(100), Duration::from_secs(10));
        let mut backoff = Backoff::new("ward-1", first, max);
        let waits: Vec<_> = (0..40).map(|_| backoff.after_failure()).collect();
        assert!(waits.iter().all(|w| *w >= first / 2 && *w <= max), "{waits:?}");
        assert!(waits.iter().skip(10).all(|w| *w >= max / 2), "{waits:?}");
        backoff.worked();
        assert!(backoff.after_failure() <= first);
    }

    #[test]
    fn two_lines_do_not_come_back_in_step() {
        let wait = |name| Backoff::new(name, Duration::from_secs(1), Duration::from_mins(1)).after_failure();
        assert_ne!(wait("ward-1"), wait("ward-2"));
    }
}
