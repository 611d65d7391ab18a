//! Unit tests for rules: given these readings, these changes of level follow, and no others.
//!
//! `rules.test.toml` of a city, read strictly and run through the same engine as the service. It says
//! too what a backtest takes for truth. Nothing here is told to anybody.

mod parse;
mod trial;

use std::fmt;
use std::sync::Arc;

use rules::alert::SlotIx;
use sensors::city::City;
use sensors::mistake::Mistake;
use sensors::reading::Observation;
use sensors::time::Timestamp;

use crate::backtest::truth::Truth;
use crate::watch::snapshot::Plan;

/// The file's name in a city's folder.
pub const FILE: &str = "rules.test.toml";

/// What `rules.test.toml` says, read beside a city.
#[derive(Clone, Debug, Default)]
pub struct RuleTests {
    /// What a backtest takes for truth; empty for the ladders of the old rules.
    pub truths: Vec<Truth>,
    tests: Vec<Test>,
}

/// One test.
#[derive(Clone, Debug)]
struct Test {
    name: Arc<str>,
    /// In event time; those of one time as they are written.
    readings: Vec<Observation>,
    /// Whether silence is judged.
    deadlines: bool,
    /// Until when the clock runs after the last reading.
    until: Option<Timestamp>,
    expected: Vec<Expected>,
}

/// What is expected in a time.
#[derive(Clone, Debug)]
struct Expected {
    /// Where it stands, as `rules.test.toml:12`.
    place: Arc<str>,
    /// Both ends included.
    from: Timestamp,
    to: Timestamp,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// No public alert says anything, not even to officers.
    Silence,
    /// This alert says nothing.
    Nothing(Alert),
    /// This alert changes its level.
    Change { alert: Alert, raised: bool, level: Arc<str>, doubted: bool, told: Option<Telling> },
}

/// A rule on a subject; resolved against the rules that are tried, which may have lost it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alert {
    rule: Arc<str>,
    subject: Arc<str>,
}

/// Who is told of a change at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    /// A bulletin waits for an officer.
    Proposal,
    /// A bulletin goes out.
    Automatic,
    /// There is none.
    Nobody,
}

impl Telling {
    const WORDS: [(&'static str, Self); 3] =
        [("proposal", Self::Proposal), ("automatic", Self::Automatic), ("nobody", Self::Nobody)];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, telling)| *telling == self).map_or("nobody", |(word, _)| word)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.rule, self.subject)
    }
}

impl Alert {
    fn find(&self, plan: &Plan) -> Option<SlotIx> {
        plan.rules.slot_named(&self.to_string())
    }
}

/// A test that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The test's name.
    pub test: String,
    /// Where the expectation stands, as `rules.test.toml:12`; the test where nothing was expected.
    pub place: String,
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { test, place, expected, happened } = self;
        write!(f, "{place}: test {test:?}: expected {expected}; what happened: {happened}")
    }
}

impl RuleTests {
    /// Reads the file beside its city.
    ///
    /// # Errors
    /// Every mistake, with its line and key.
    pub fn parse(file: &str, text: &str, city: &City) -> Result<Self, Vec<Mistake>> {
        parse::rule_tests(file, text, city)
    }

    /// How many tests there are.
    pub fn len(&self) -> usize {
        self.tests.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
    }

    /// Runs every test against the rules of a plan.
    pub fn run(&self, plan: &Arc<Plan>) -> Vec<Failure> {
        self.tests.iter().flat_map(|test| trial::run(plan, test)).collect()
    }
}

/// Runs the tests of a text against a plan, as when a draft is proposed.
///
/// # Errors
/// Every mistake of the text.
pub fn run_rule_tests(plan: &Arc<Plan>, text: &str) -> Result<Vec<Failure>, Vec<Mistake>> {
    Ok(RuleTests::parse(FILE, text, &plan.city)?.run(plan))
}

#[cfg(test)]
mod tests;
