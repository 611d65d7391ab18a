//! One test, played: what was expected beside what happened.

use std::sync::Arc;

use rules::alert::Transition;
use rules::bulletin::Bulletin;
use rules::rule::NONE;
use sensors::time::Timestamp;

use super::{Alert, Expected, Failure, Telling, Test, What};
use crate::backtest::play::Play;
use crate::store::commit::Commit;
use crate::watch::snapshot::Plan;

/// Looks at the clock without any reading, at most; a test that needs more says nothing.
const WAKES_MAX: usize = 10_000;

/// What happened, and to whom it was told.
struct Happened {
    transition: Transition,
    told: Telling,
}

/// Runs it against the rules of a plan.
pub(super) fn run(plan: &Arc<Plan>, test: &Test) -> Vec<Failure> {
    let mut failures = Vec::new();
    for expected in &test.expected {
        if let Some(alert) = expected.alert().filter(|alert| alert.find(plan).is_none()) {
            failures.push(Failure {
                test: test.name.to_string(),
                place: expected.place.to_string(),
                expected: expected.words(),
                happened: format!("no rule gives an alert {alert}"),
            });
        }
    }
    let mut happened = play(plan, test);
    for expected in &test.expected {
        if let Err(why) = expected.meet(&mut happened) {
            failures.push(Failure {
                test: test.name.to_string(),
                place: expected.place.to_string(),
                expected: expected.words(),
                happened: why,
            });
        }
    }
    // What nobody expected of an alert that the test speaks of is a surprise.
    let named = |h: &&Happened| {
        test.expected.iter().filter_map(Expected::alert).any(|alert| alert.is_of(&h.transition))
    };
    for surprise in happened.iter().filter(named) {
        failures.push(Failure {
            test: test.name.to_string(),
            place: test.expected.first().map_or_else(String::new, |first| first.place.to_string()),
            expected: "nothing more of this alert".to_owned(),
            happened: surprise.words(),
        });
    }
    failures
}

fn play(plan: &Arc<Plan>, test: &Test) -> Vec<Happened> {
    let mut play = Play::new(plan, test.deadlines);
    let mut happened = Vec::new();
    let mut wakes = 0;
    let mut wake_until = |play: &mut Play, happened: &mut Vec<Happened>, until: Timestamp| {
        while let Some(at) = play.wake_at().filter(|at| test.deadlines && *at < until) {
            wakes += 1;
            if wakes > WAKES_MAX {
                return;
            }
            note(happened, play.wake(at.max(play.now())));
        }
    };
    for observation in &test.readings {
        if observation.measured_at > play.now() {
            note(&mut happened, play.decide());
            if play.now() > Timestamp::MIN {
                wake_until(&mut play, &mut happened, observation.measured_at);
            }
        }
        note(&mut happened, play.take(*observation));
    }
    note(&mut happened, play.decide());
    if let Some(until) = test.until {
        wake_until(&mut play, &mut happened, until);
        note(&mut happened, play.wake(until));
    }
    happened
}

fn note(happened: &mut Vec<Happened>, commit: Option<Commit>) {
    let Some(commit) = commit else { return };
    for transition in &commit.transitions {
        // Notices to officers speak of the same alert.
        let of_it = |b: &&Bulletin| b.alert == transition.alert && b.hazard == transition.hazard;
        let bulletin = commit.bulletins.iter().find(of_it);
        let told = match bulletin {
            Some(bulletin) if bulletin.automatic => Telling::Automatic,
            Some(_) => Telling::Proposal,
            None => Telling::Nobody,
        };
        happened.push(Happened { transition: transition.clone(), told });
    }
}

impl Alert {
    fn is_of(&self, transition: &Transition) -> bool {
        transition.rule.0 == self.rule && transition.subject.to_string() == *self.subject
    }
}

impl Happened {
    fn words(&self) -> String {
        let t = &self.transition;
        let doubted = if t.corroborated { "" } else { ", doubted" };
        format!(
            "at {} {}.{} {} -> {}{doubted}, told {}",
            t.at,
            t.rule,
            t.subject,
            t.from,
            t.to,
            self.told.word()
        )
    }
}

impl Expected {
    fn alert(&self) -> Option<&Alert> {
        match &self.what {
            What::Silence => None,
            What::Nothing(alert) | What::Change { alert, .. } => Some(alert),
        }
    }

    fn words(&self) -> String {
        let when = if self.from == self.to {
            format!("at {}", self.from)
        } else {
            format!("between {} and {}", self.from, self.to)
        };
        match &self.what {
            What::Silence => format!("{when} nothing at all"),
            What::Nothing(alert) => format!("{when} nothing of {alert}"),
            What::Change { alert, raised, level, doubted, told } => {
                let change = if *raised { "raised" } else { "eased" };
                let doubted = if *doubted { ", doubted" } else { "" };
                let told = told.map(|told| format!(", told {}", told.word())).unwrap_or_default();
                format!("{when} {alert} {change} to {level}{doubted}{told}")
            }
        }
    }

    /// Takes what it expects out of what happened.
    fn meet(&self, happened: &mut Vec<Happened>) -> Result<(), String> {
        let within = |h: &Happened| self.from <= h.transition.at && h.transition.at <= self.to;
        let all = |of: &dyn Fn(&Happened) -> bool| -> Vec<String> {
            happened.iter().filter(|h| of(h)).map(Happened::words).collect()
        };
        let found = match &self.what {
            What::Silence => all(&|h| within(h) && h.transition.hazard.is_public()),
            What::Nothing(alert) => all(&|h| within(h) && alert.is_of(&h.transition)),
            What::Change { alert, raised, level, doubted, told } => {
                let is_it = |h: &Happened| {
                    let t = &h.transition;
                    let to = if t.to == NONE { NONE } else { t.to.as_str() };
                    within(h)
                        && alert.is_of(t)
                        && (t.raised, to, !t.corroborated) == (*raised, level, *doubted)
                        && told.is_none_or(|told| told == h.told)
                };
                if let Some(place) = happened.iter().position(is_it) {
                    happened.remove(place);
                    return Ok(());
                }
                let of_it = all(&|h| alert.is_of(&h.transition));
                return Err(if of_it.is_empty() { "nothing of it".to_owned() } else { of_it.join(", ") });
            }
        };
        if found.is_empty() { Ok(()) } else { Err(found.join(", ")) }
    }
}
