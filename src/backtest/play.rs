//! Readings through the engine, moment by moment, with nobody told and nobody at the desk.
//!
//! A recording has no arrival times, so a reading counts as arrived when it was measured. The same
//! [`advance`] decides as in the service; what would go out counts as gone out.

use std::sync::Arc;

use sensors::reading::Observation;
use sensors::time::Timestamp;

use crate::desk::Desk;
use crate::event::Event;
use crate::store::commit::Commit;
use crate::watch::decide::advance;
use crate::watch::snapshot::{Plan, State};

/// Readings of one moment that are decided together at most.
const MOMENT_MAX: usize = 4096;

/// A state that goes through readings.
pub(crate) struct Play {
    /// Gone only while it is being advanced.
    state: Option<State>,
    moment: Vec<Event>,
    now: Timestamp,
    deadlines: bool,
}

impl Play {
    /// A city that nobody has heard of yet; `deadlines` says whether silence is judged.
    pub(crate) fn new(plan: &Arc<Plan>, deadlines: bool) -> Self {
        let state = State::new(Arc::clone(plan), Timestamp::MIN, false);
        Self { state: Some(state), moment: Vec::new(), now: Timestamp::MIN, deadlines }
    }

    /// The moment that is being played.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// When the state wants to look again although nothing arrived.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        self.state.as_ref().and_then(|state| state.wake_at)
    }

    /// Takes the next reading; gives what was decided of the moment before it, if that is over.
    pub(crate) fn take(&mut self, observation: Observation) -> Option<Commit> {
        let at = observation.measured_at;
        let over = at > self.now || self.moment.len() >= MOMENT_MAX;
        let decided = if over { self.decide() } else { None };
        self.reach(at);
        self.moment.push(Event::Observed(observation));
        decided
    }

    /// Decides what waits; afterwards nothing does.
    pub(crate) fn decide(&mut self) -> Option<Commit> {
        if self.moment.is_empty() { None } else { self.look() }
    }

    /// Looks at the clock at a moment at which nothing arrives.
    pub(crate) fn wake(&mut self, at: Timestamp) -> Option<Commit> {
        self.reach(at);
        self.look()
    }

    fn reach(&mut self, at: Timestamp) {
        if let (Timestamp::MIN, Some(state)) = (self.now, &mut self.state) {
            state.watch_from(at);
        }
        self.now = self.now.max(at);
    }

    fn look(&mut self) -> Option<Commit> {
        let mut state = self.state.take()?;
        if !self.deadlines {
            state.wake_at = Some(Timestamp::MAX);
        }
        let decision = advance(state, self.now, &self.moment);
        self.moment.clear();
        let mut next = decision.next;
        // Nobody is told: what would have been sent counts as sent.
        next.outbox.clear();
        let at_rest = || next.alerts.iter().all(|alert| alert.episode.is_none());
        if !decision.commit.transitions.is_empty() && at_rest() {
            // No officer closes what lies on the desk, and ten years of it would not be bounded.
            next.desk = Desk::default();
        }
        self.state = Some(next);
        Some(decision.commit)
    }
}
