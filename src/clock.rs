//! The only reader of time: the wall clock, or an exercise's clock with an origin and a factor.
//!
//! The running clock gives event time, deadlines and holds. Timeouts, token lifetimes,
//! signatures and backoff are always real time and never ask here for anything but
//! [`Clock::real_now`].

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use sensors::time::{Span, Timestamp};

/// A clock. Cheap to copy; every copy tells the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    exercise: Option<Exercise>,
}

#[derive(Clone, Copy, Debug)]
struct Exercise {
    began: Began,
    origin: Timestamp,
    factor: f64,
}

/// The real moment at which an exercise begins.
#[derive(Clone, Copy, Debug)]
enum Began {
    At(Instant),
    Held(&'static OnceLock<Instant>),
}

impl Exercise {
    fn elapsed(&self) -> Duration {
        let began = match self.began {
            Began::At(began) => Some(began),
            Began::Held(began) => began.get().copied(),
        };
        began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}

impl Clock {
    /// The wall clock.
    pub fn wall() -> Self {
        Self { exercise: None }
    }

    /// A clock that stands at `origin` now and runs `factor` times as fast.
    pub fn exercise(origin: Timestamp, factor: f64) -> Self {
        Self { exercise: Some(Exercise { began: Began::At(Instant::now()), origin, factor }) }
    }

    /// A clock that showed `origin` at the real moment `began`, as [`Clock::real_now`] tells it: two
    /// processes that are given the same three show the same time, whenever they start.
    pub fn exercise_since(began: Timestamp, origin: Timestamp, factor: f64) -> Self {
        let gone = Self::real_now().since(began).ms() as f64 * factor;
        Self::exercise(origin.plus(Span::from_ms(gone as i64)), factor)
    }

    /// A clock that stands at `origin` until `began` is set, and runs from there.
    pub fn exercise_held(began: &'static OnceLock<Instant>, origin: Timestamp, factor: f64) -> Self {
        Self { exercise: Some(Exercise { began: Began::Held(began), origin, factor }) }
    }

    /// Whether everything that is said under this clock is an exercise.
    pub fn is_exercise(&self) -> bool {
        self.exercise.is_some()
    }

    /// How many seconds of the running clock pass in one real second.
    pub fn factor(&self) -> f64 {
        self.exercise.map_or(1.0, |e| e.factor)
    }

    /// The running clock.
    pub fn now(&self) -> Timestamp {
        match self.exercise {
            None => Self::real_now(),
            Some(e) => {
                let ms = e.elapsed().as_secs_f64() * 1000.0 * e.factor;
                e.origin.plus(Span::from_ms(ms as i64))
            }
        }
    }

    /// The wall clock, whatever this clock says: for tokens, signatures and certificates.
    pub fn real_now() -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
    }

    /// How long to really wait until the running clock shows `moment`; zero when it is past.
    pub fn until(&self, moment: Timestamp) -> Duration {
        let ms = moment.since(self.now()).ms().max(0) as f64 / self.factor();
        Duration::from_secs_f64((ms / 1000.0).min(86_400.0))
    }
}

/// Watches the running clock beside one that nobody can set, so that a step is told apart from time
/// that passed. Whoever is to look every second and did not for [`HELD_MIN`] was held up (a paused
/// machine, a stopped process, a disk that hangs): nobody could be heard meanwhile, so that time
/// counts as a step too.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    real: Instant,
    shown: Timestamp,
}

/// A clock that is set by less is being kept in time; no deadline is that exact.
const STEP_MIN: Span = Span::from_s(5);
/// Real time between two looks from which on the looker was held up.
pub const HELD_MIN: Duration = Duration::from_secs(3);

impl Pace {
    /// Begins to watch.
    pub fn of(clock: &Clock) -> Self {
        Self { real: Instant::now(), shown: clock.now() }
    }

    /// By how much the clock was set since the last look, backwards where it is negative, or how far
    /// it ran while the looker was held up. The clock of an exercise can't be set.
    pub fn step(&mut self, clock: &Clock) -> Option<Span> {
        let last = std::mem::replace(self, Self::of(clock));
        let passed = self.real.saturating_duration_since(last.real);
        let shown = self.shown.since(last.shown);
        let by = Self::stepped(passed, shown);
        by.filter(|_| passed >= HELD_MIN || !clock.is_exercise())
    }

    fn stepped(passed: Duration, shown: Span) -> Option<Span> {
        if passed >= HELD_MIN {
            return (shown != Span::ZERO).then_some(shown);
        }
        let passed_ms = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
        let by = Span::from_ms(shown.ms().saturating_sub(passed_ms));
        (by.ms().abs() >= STEP_MIN.ms()).then_some(by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_is_told_from_one_that_runs() {
        let stepped = |passed_s, shown_s| Pace::stepped(Duration::from_secs(passed_s), Span::from_s(shown_s));
        assert_eq!(stepped(1, 1), None);
        assert_eq!(stepped(1, 4), None, "it is being kept in time");
        assert_eq!(stepped(600, 600), Some(Span::from_min(10)), "whoever did not look heard nobody");
        assert_eq!(stepped(30, 3600), Some(Span::from_h(1)), "an exercise runs on meanwhile");
        assert_eq!(stepped(1, 3601), Some(Span::from_h(1)));
        assert_eq!(stepped(1, -3599), Some(Span::from_h(-1)));
        let clock = Clock::exercise(Timestamp::from_ms(0), 1200.0);
        assert_eq!(Pace::of(&Clock::wall()).step(&Clock::wall()), None);
        assert_eq!(Pace::of(&clock).step(&clock), None);
    }

    #[test]
    fn an_exercise_starts_at_its_origin_and_waits_in_its_own_time() {
        let origin = Timestamp::from_ms(1_763_300_000_000);
        let clock = Clock::exercise(origin, 300.0);
        assert!(clock.now() >= origin && clock.now() < origin.plus(Span::from_h(1)));
        assert!(clock.until(origin.plus(Span::from_s(300))) <= Duration::from_secs(1));
        assert!(clock.is_exercise());
    }

    #[test]
    fn a_held_exercise_stands_until_it_begins() {
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        let origin = Timestamp::from_ms(1_763_300_000_000);
        let clock = Clock::exercise_held(&BEGAN, origin, 1e9);
        assert_eq!(clock.now(), origin);
        BEGAN.set(Instant::now().checked_sub(Duration::from_millis(1)).unwrap()).unwrap();
        assert!(clock.now() > origin.plus(Span::from_s(900_000)));
    }

    #[test]
    fn two_processes_with_one_exercise_show_one_time() {
        let origin = Timestamp::from_ms(1_763_300_000_000);
        let began = Clock::real_now().minus(Span::from_min(1));
        let late = Clock::exercise_since(began, origin, 600.0).now();
        assert!((600..700).contains(&late.since(origin).whole_s().div_euclid(60)), "{late}");
    }
}
