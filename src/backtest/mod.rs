//! Old rules against new ones over what was measured: what each would have warned of, how early, and
//! how often for nothing.
//!
//! Both sets go through the same engine as the service, each on a thread of its own; what happened
//! is read from the trusted readings of a reference gauge and from nothing else. It never touches the
//! running state, and it never says which rules are better.

mod event;
mod feed;
pub mod jobs;
pub(crate) mod play;
pub mod report;
mod run;
mod score;
mod tally;
#[cfg(test)]
mod tests;
pub mod truth;
mod write;

use std::sync::Arc;

use sensors::mistake::Mistake;

pub use self::feed::{History, Made, Recorded, Source};
pub use self::run::{Backtest, Progress};
use crate::desk::draft::File;
use crate::watch::snapshot::Plan;

/// The file that a set of rules stands in.
const RULES: &str = "rules.toml";

/// Why a backtest has no result.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// Somebody ended it.
    #[error("the backtest was cancelled; nothing of it was kept")]
    Cancelled,
    /// A source is not what it should be.
    #[error("{0}")]
    Input(String),
    /// The store can't be read.
    #[error("reading the history: {0}; the backtest ended without a result")]
    Store(String),
    /// The plans don't speak of the same gauges.
    #[error(
        "the old and the new configuration differ in their sensors, first at {sensor}; allowed are the same sensors under other rules"
    )]
    OtherSensors {
        /// The first one.
        sensor: String,
    },
    /// More than may be kept.
    #[error("more than {most} {what}; allowed are fewer: narrow the time, or look at the gauge")]
    TooMany {
        /// Of what.
        what: String,
        /// The bound.
        most: usize,
    },
    /// A mistake of ours.
    #[error("a judge of the backtest broke off; the log says where, and nothing of it was kept")]
    Broken,
}

/// The same city under other rules; `file` is the rules' name in mistakes.
///
/// # Errors
/// Every mistake of the rules, and words that they miss.
pub fn plan_with(plan: &Plan, file: &str, rules: &str) -> Result<Plan, Vec<Mistake>> {
    let files = [File { name: RULES.to_owned(), text: rules.to_owned() }];
    plan.revised(&files).map_err(|mistakes| {
        let named = mistakes.into_iter().map(|mistake| match mistake.file.as_str() {
            RULES => Mistake { file: file.to_owned(), ..mistake },
            _ => mistake,
        });
        named.collect()
    })
}

/// What counts as having happened: what the city says in `rules.test.toml`, else the ladders of the old rules.
pub fn truths_of(old: &Arc<Plan>) -> Vec<truth::Truth> {
    let said = &old.rule_tests.truths;
    if said.is_empty() { truth::Truth::of_ladders(old) } else { said.clone() }
}
