//! How long to wait before the next try: bounded, growing, spread out. Real time only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The pauses between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first try.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after try number `tries` (from 1) of what is named `id`: it doubles from try to
    /// try, and lies between the half and the whole of that.
    ///
    /// The spread comes from the name, so that a thousand deliveries that failed together do not
    /// come back together, and a test sees the same pauses again.
    pub fn pause(&self, id: &str, tries: u32) -> Duration {
        let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        let mut hasher = DefaultHasher::new();
        (id, tries).hash(&mut hasher);
        let spread = (hasher.finish() % 1000) as u32;
        whole / 2 + whole / 2 * spread / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_spread_and_stay_within_their_bound() {
        let backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_mins(1) };
        for tries in 1..200 {
            let pause = backoff.pause("d", tries);
            assert!(pause >= Duration::from_millis(125) && pause <= backoff.longest, "{tries}: {pause:?}");
        }
        assert!(backoff.pause("d", 40) >= Duration::from_secs(30));
        assert_ne!(backoff.pause("a", 9), backoff.pause("b", 9));
    }
}
