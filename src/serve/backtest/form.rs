//! Questions and answers about backtests, as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::backtest::jobs::{Job, Standing};
use crate::backtest::report::Report;

/// What is to be judged, and by what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BacktestForm {
    /// An open draft; its result is filed with it.
    pub(super) draft: Option<String>,
    /// The text of a rules.toml that nobody proposed.
    pub(super) rules: Option<String>,
    /// Storms of the simulator; each is a run of its own.
    #[serde(default)]
    pub(super) storms: Vec<String>,
    /// Recorded tables; they are merged into one run.
    #[serde(default)]
    pub(super) recorded: Vec<TableForm>,
    /// A time of the stored history.
    pub(super) history: Option<HistoryForm>,
}

/// A table of readings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TableForm {
    /// Its name in the result.
    pub(super) name: String,
    /// CSV with the header of the contract.
    pub(super) csv: String,
}

/// A time of the stored history.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryForm {
    /// From this event time on, RFC 3339 with an offset.
    pub(super) from: Option<String>,
    /// Before this event time.
    pub(super) to: Option<String>,
    /// As it was known at this commit; without it as it is known now.
    pub(super) known_at: Option<u64>,
}

/// A backtest.
#[derive(Serialize, ToSchema)]
pub(super) struct JobForm {
    /// Its id.
    id: String,
    /// `waiting`, `running`, `done`, `cancelled` or `failed`.
    state: &'static str,
    /// The draft.
    draft: Option<String>,
    /// The version that is judged.
    version: Option<String>,
    /// How many sources it reads.
    sources: usize,
    /// The one that is being read, counted from 1.
    source: u64,
    /// Readings so far.
    readings: u64,
    /// The event time that is being read.
    at: Option<String>,
    /// `filed` with the draft, or why not.
    filed: Option<String>,
    /// Why there is no result.
    failure: Option<String>,
    /// The result.
    #[schema(value_type = Option<Report>)]
    report: Option<Report>,
}

impl JobForm {
    pub(super) fn of(job: &Job) -> Self {
        let (state, filed, failure, report) = match job.standing() {
            Standing::Waiting => ("waiting", None, None, None),
            Standing::Running => ("running", None, None, None),
            Standing::Done(report, filed) => ("done", Some(filed), None, Some(report.as_ref().clone())),
            Standing::Cancelled => ("cancelled", None, None, None),
            Standing::Failed(why) => ("failed", None, Some(why), None),
        };
        Self {
            id: job.id.clone(),
            state,
            draft: job.draft.as_ref().map(|(id, _)| id.clone()),
            version: job.draft.as_ref().map(|(_, version)| version.clone()),
            sources: job.sources,
            source: job.progress.source(),
            readings: job.progress.readings(),
            at: job.progress.at().map(|at| at.to_string()),
            filed,
            failure,
            report,
        }
    }
}
