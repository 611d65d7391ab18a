//! How many strays are told: each is counted, but a device gone mad does not fill the disk.

use std::time::{Duration, Instant};

/// Strays told in one [`WINDOW`]; the rest of them are counted and summed up in one more.
pub(super) const TOLD_MAX: u32 = 60;
/// Real time.
const WINDOW: Duration = Duration::from_mins(1);

/// Counts the strays of one line.
#[derive(Debug)]
pub(super) struct StrayMeter {
    began: Instant,
    told: u32,
    untold: u64,
}

impl StrayMeter {
    /// A meter whose first window begins now.
    pub(super) fn new(now: Instant) -> Self {
        Self { began: now, told: 0, untold: 0 }
    }

    /// Counts one stray; whether it is to be told.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        if now.duration_since(self.began) >= WINDOW {
            self.began = now;
            self.told = 0;
        }
        let tell = self.told < TOLD_MAX;
        if tell {
            self.told += 1;
        } else {
            self.untold += 1;
        }
        tell
    }

    /// How many were only counted in the windows that are over; each is said once.
    pub(super) fn untold(&mut self, now: Instant) -> Option<u64> {
        let over = self.untold > 0 && now.duration_since(self.began) >= WINDOW;
        over.then(|| std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_strays_is_told_in_part_and_summed_up_once() {
        let start = Instant::now();
        let mut meter = StrayMeter::new(start);
        let told = (0..1000).filter(|_| meter.count(start)).count();
        assert_eq!(told, TOLD_MAX as usize);
        assert_eq!(meter.untold(start), None, "the window is not over");
        let later = start + WINDOW;
        assert_eq!(meter.untold(later), Some(1000 - u64::from(TOLD_MAX)));
        assert_eq!(meter.untold(later), None);
        assert!(meter.count(later));
    }
}
