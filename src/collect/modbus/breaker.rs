//! Whose turn is next: devices that answer in their rhythm, silent ones where they disturb nobody.
//!
//! A silent device costs the line a whole timeout. It is tried while nobody else is due for that
//! long, or, on a line that is never idle, after a bounded wait; and all fruitless tries together
//! take a bounded share of the line's time. Reads no clock.

use std::time::Duration;

use tokio::time::Instant;

/// Fruitless tries of silent devices may take one part in so many of the line's time.
pub(super) const SHARE: u32 = 10;

/// The breaker of a line: when its silent devices may be tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breaker {
    /// What a fruitless try costs at most.
    cost: Duration,
    /// How long a try waits for idle time before it is forced.
    wait_max: Duration,
    not_before: Instant,
}

impl Breaker {
    /// A breaker that lets through at once.
    pub(super) fn new(now: Instant, cost: Duration, wait_max: Duration) -> Self {
        Self { cost, wait_max, not_before: now }
    }

    /// A try bore no fruit and took so long.
    pub(super) fn spent(&mut self, took: Duration, now: Instant) {
        self.not_before = now + took * (SHARE - 1);
    }

    /// When to do what next: `well` is the next device that answers, `silent` the next one that
    /// does not, each with the moment it is due.
    pub(super) fn next<T>(
        &self,
        now: Instant,
        well: Option<(T, Instant)>,
        silent: Option<(T, Instant)>,
    ) -> Option<(T, Instant)> {
        let silent = silent.map(|(what, due)| (what, due.max(self.not_before)));
        match (well, silent) {
            (Some((what, due)), Some((other, tried))) => {
                let idle = tried.max(now) + self.cost <= due;
                let forced = tried + self.wait_max <= now;
                Some(if idle || forced { (other, tried) } else { (what, due) })
            }
            (well, silent) => well.or(silent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn breaker(now: Instant) -> Breaker {
        Breaker::new(now, 150 * MS, 1200 * MS)
    }

    #[tokio::test]
    async fn a_silent_device_is_tried_only_where_nobody_waits_for_it() {
        let now = Instant::now();
        let breaker = breaker(now);
        let next = |well: Duration| breaker.next(now, Some((1, now + well)), Some((9, now))).unwrap().0;
        assert_eq!(next(150 * MS), 9, "idle for long enough");
        assert_eq!(next(149 * MS), 1);
        assert_eq!(breaker.next(now, None, Some((9, now + MS))), Some((9, now + MS)));
        assert_eq!(breaker.next::<u8>(now, None, None), None);
    }

    #[tokio::test]
    async fn on_a_line_that_is_never_idle_a_try_waits_within_a_bound() {
        let now = Instant::now();
        let late = now + 1200 * MS;
        let breaker = breaker(now);
        let next = |now| breaker.next(now, Some((1, now)), Some((9, late - 1200 * MS))).unwrap().0;
        assert_eq!(next(late - MS), 1);
        assert_eq!(next(late), 9);
    }

    #[tokio::test]
    async fn however_many_devices_are_dead_their_share_of_the_time_is_bounded() {
        let start = Instant::now();
        let mut breaker = breaker(start);
        let (mut now, mut lost) = (start, Duration::ZERO);
        // Two hundred dead devices, each always due; nobody else on the line.
        while now < start + Duration::from_mins(10) {
            let ((), at) = breaker.next(now, None, Some(((), start))).unwrap();
            now = now.max(at) + 150 * MS;
            lost += 150 * MS;
            breaker.spent(150 * MS, now);
        }
        assert!(lost <= (now - start) / SHARE + 150 * MS, "{lost:?} of {:?}", now - start);
    }
}
