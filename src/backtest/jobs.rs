//! Backtests beside a running service: one at a time, a few waiting, each on a thread of its own that
//! yields to everything else.
//!
//! Results are kept in memory for a while; what is kept for ever is filed with the draft. It never
//! holds up the writer or the API.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::report::Report;
use super::{Backtest, BacktestError, Progress};

/// Backtests that wait at most, beside the one that runs.
pub const WAITING_MAX: usize = 4;
/// Backtests that are remembered once they ended.
pub const KEPT_MAX: usize = 32;
/// How far the threads of a backtest step back behind the others.
const NICENESS: i32 = 10;

/// What is done with a result when it is there; it may block, and gives what became of it.
pub type File = Box<dyn FnOnce(&Report) -> String + Send>;

/// The backtests of a service.
#[derive(Default)]
pub struct Jobs {
    desk: Mutex<Desk>,
}

#[derive(Default)]
struct Desk {
    jobs: BTreeMap<String, Arc<Job>>,
    waiting: VecDeque<(Arc<Job>, Backtest, File)>,
    ended: VecDeque<String>,
    running: bool,
    stopped: bool,
}

/// One backtest.
pub struct Job {
    /// Derived from what it judges: the same question is the same job.
    pub id: String,
    /// The draft that it is of, with the version that is judged; `None` for rules that nobody proposed.
    pub draft: Option<(String, String)>,
    /// How many sources it reads.
    pub sources: usize,
    /// How far it is.
    pub progress: Progress,
    standing: Mutex<Standing>,
}

/// Where a backtest stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Others go before.
    Waiting,
    /// It reads.
    Running,
    /// There is a result, and what became of it.
    Done(Arc<Report>, String),
    /// Somebody ended it.
    Cancelled,
    /// It has none, and why.
    Failed(String),
}

/// Why a backtest was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// As many wait as may.
    #[error("{WAITING_MAX} backtests wait already; ask again when one has ended")]
    Crowded,
    /// The service stops.
    #[error("the service stops")]
    Stopped,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").finish_non_exhaustive()
    }
}

impl Standing {
    /// Whether it can still come to a result.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// A lock whose holder panicked holds plain data all the same.
fn hold<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job {
    /// Where it stands.
    pub fn standing(&self) -> Standing {
        hold(&self.standing).clone()
    }

    fn set(&self, standing: Standing) {
        *hold(&self.standing) = standing;
    }
}

impl Jobs {
    /// Takes a backtest, or gives the one of the same id that waits, runs or has a result.
    ///
    /// # Errors
    /// When too many wait, or the service stops.
    pub fn take(
        self: &Arc<Self>,
        id: String,
        draft: Option<(String, String)>,
        test: Backtest,
        file: File,
    ) -> Result<Arc<Job>, Refused> {
        let mut desk = hold(&self.desk);
        if desk.stopped {
            return Err(Refused::Stopped);
        }
        if let Some(job) = desk.jobs.get(&id) {
            let standing = job.standing();
            if standing.is_open() || matches!(standing, Standing::Done(..)) {
                return Ok(Arc::clone(job));
            }
        }
        if desk.waiting.len() >= WAITING_MAX {
            return Err(Refused::Crowded);
        }
        let job = Arc::new(Job {
            id: id.clone(),
            draft,
            sources: test.sources.len(),
            progress: Progress::default(),
            standing: Mutex::new(Standing::Waiting),
        });
        desk.ended.retain(|ended| *ended != id);
        desk.jobs.insert(id, Arc::clone(&job));
        desk.waiting.push_back((Arc::clone(&job), test, file));
        if !desk.running {
            let jobs = Arc::clone(self);
            let started = thread::Builder::new().name("backtest".into()).spawn(move || jobs.work());
            desk.running = started.is_ok();
            if let Err(error) = started {
                desk.waiting.clear();
                job.set(Standing::Failed(format!("starting its thread: {error}")));
                desk.end(&job.id);
            }
        }
        Ok(job)
    }

    /// A backtest that is remembered.
    pub fn find(&self, id: &str) -> Option<Arc<Job>> {
        hold(&self.desk).jobs.get(id).cloned()
    }

    /// The newest result of a version of the rules.
    pub fn result_for(&self, version: &str) -> Option<Arc<Report>> {
        let desk = hold(&self.desk);
        let results = desk.ended.iter().rev().filter_map(|id| match desk.jobs.get(id)?.standing() {
            Standing::Done(report, _) => Some(report),
            _ => None,
        });
        results.into_iter().find(|report| report.rules.new == version)
    }

    /// Ends a backtest; gives whether there was anything to end.
    pub fn cancel(&self, id: &str) -> Option<bool> {
        let mut desk = hold(&self.desk);
        let job = desk.jobs.get(id).cloned()?;
        let open = job.standing().is_open();
        job.progress.cancel();
        if desk.waiting.iter().any(|(waiting, ..)| waiting.id == id) {
            desk.waiting.retain(|(waiting, ..)| waiting.id != id);
            job.set(Standing::Cancelled);
            desk.end(id);
        }
        Some(open)
    }

    /// Ends all of them, and takes no more.
    pub fn stop(&self) {
        let mut desk = hold(&self.desk);
        desk.stopped = true;
        for (job, ..) in desk.waiting.drain(..) {
            job.set(Standing::Cancelled);
        }
        for job in desk.jobs.values() {
            job.progress.cancel();
        }
    }

    /// Runs what waits, then ends.
    fn work(&self) {
        // Where the system does not let it step back it runs as the others do.
        let _ = rustix::process::nice(NICENESS);
        loop {
            let next = {
                let mut desk = hold(&self.desk);
                let next = desk.waiting.pop_front();
                desk.running = next.is_some();
                next
            };
            let Some((job, test, file)) = next else { return };
            job.set(Standing::Running);
            let run = AssertUnwindSafe(|| test.run(&job.progress));
            let standing = match catch_unwind(run).unwrap_or(Err(BacktestError::Broken)) {
                Ok(report) => {
                    let filed = file(&report);
                    Standing::Done(Arc::new(report), filed)
                }
                Err(BacktestError::Cancelled) => Standing::Cancelled,
                Err(error) => {
                    tracing::warn!(%error, job = job.id, "a backtest has no result");
                    Standing::Failed(error.to_string())
                }
            };
            job.set(standing);
            hold(&self.desk).end(&job.id);
        }
    }
}

impl Desk {
    /// Remembers one that ended, and forgets the oldest.
    fn end(&mut self, id: &str) {
        self.ended.push_back(id.to_owned());
        if self.ended.len() > KEPT_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.jobs.remove(&oldest);
        }
    }
}
