//! A breaker: after some failures in a row a channel rests, then one try goes ahead of the others.
//!
//! It counts failures of the line only: a refusal is an answer, and an answering side is alive.

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerBounds {
    /// It opens after so many failures in a row.
    pub failures_max: u32,
    /// How long it stays open before one try goes ahead.
    pub open_for: Duration,
}

/// What a breaker says to the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Go.
    Open,
    /// Not before this moment.
    Shut(Instant),
    /// A try is ahead; wait for its outcome.
    Probing,
}

/// The breaker of one channel.
#[derive(Clone, Debug)]
pub struct Breaker {
    bounds: BreakerBounds,
    failures: u32,
    shut_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// A closed circuit: everything may go.
    pub fn new(bounds: BreakerBounds) -> Self {
        Self { bounds, failures: 0, shut_until: None, probing: false }
    }

    /// Whether a try may go now; when it may after a rest, it is the one that goes ahead.
    pub fn permit(&mut self, now: Instant) -> Gate {
        match self.shut_until {
            None => Gate::Open,
            Some(_) if self.probing => Gate::Probing,
            Some(until) if now < until => Gate::Shut(until),
            Some(_) => {
                self.probing = true;
                Gate::Open
            }
        }
    }

    /// The other side answered, whatever it said.
    pub fn answered(&mut self) {
        self.failures = 0;
        self.shut_until = None;
        self.probing = false;
    }

    /// The line failed. Returns whether the breaker opened by it.
    pub fn failed(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.probing = false;
        let trips = self.failures >= self.bounds.failures_max;
        if trips {
            self.shut_until = Some(now + self.bounds.open_for);
        }
        trips
    }

    /// Whether the channel rests.
    pub fn is_open(&self) -> bool {
        self.shut_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_line_rests_and_one_try_goes_ahead_of_the_others() {
        let start = Instant::now();
        let rest = Duration::from_secs(5);
        let mut breaker = Breaker::new(BreakerBounds { failures_max: 3, open_for: rest });
        assert!(!breaker.failed(start));
        assert!(!breaker.failed(start));
        assert_eq!(breaker.permit(start), Gate::Open);
        assert!(breaker.failed(start));
        assert_eq!(breaker.permit(start), Gate::Shut(start + rest));
        assert_eq!(breaker.permit(start + rest), Gate::Open, "the one that goes ahead");
        assert_eq!(breaker.permit(start + rest), Gate::Probing);
        assert!(breaker.failed(start + rest), "it failed: the next rest");
        assert_eq!(breaker.permit(start + rest), Gate::Shut(start + rest * 2));
        assert_eq!(breaker.permit(start + rest * 2), Gate::Open);
        breaker.answered();
        assert_eq!(breaker.permit(start + rest * 2), Gate::Open);
        assert!(!breaker.is_open());
    }

    #[test]
    fn an_answer_between_failures_keeps_the_breaker_closed() {
        let now = Instant::now();
        let mut breaker = Breaker::new(BreakerBounds { failures_max: 2, open_for: Duration::from_secs(1) });
        for _ in 0..10 {
            assert!(!breaker.failed(now));
            breaker.answered();
        }
        assert_eq!(breaker.permit(now), Gate::Open);
    }
}
