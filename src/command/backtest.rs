//! `baolu backtest`: old rules beside new ones over recorded, stored or simulated readings.
//!
//! Progress goes to standard error, the result to standard output; it writes no file, so that nothing
//! is left of one that was ended.

mod say;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sensors::mistake::Mistake;
use sensors::time::Timestamp;

use crate::backtest::report::Report;
use crate::backtest::truth::Truth;
use crate::backtest::{Backtest, BacktestError, History, Progress, Recorded, Source, plan_with, truths_of};
use crate::command::cli::{BacktestArgs, Failure};
use crate::plan::Texts;
use crate::rule_test::RuleTests;
use crate::store::read::Reader;
use crate::table::map;
use crate::watch::snapshot::Plan;

/// What `--old` calls the rules of the configuration.
const CURRENT: &str = "current";
/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(200);
/// A rules file may not be larger.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Runs it.
///
/// # Errors
/// When the configuration, a rules file or a source is wrong, or standard output is closed.
pub fn run(args: &BacktestArgs, out: &mut impl Write) -> Result<(), Failure> {
    let asked =
        Asked::listen().map_err(|error| Failure::Running(format!("listening for a stop: {error}")))?;
    let texts = Texts::read(args.config.config.as_deref())?;
    let base = Arc::new(Plan::join(&texts)?);
    let old = if args.old == Path::new(CURRENT) { Arc::clone(&base) } else { under(&base, &args.old)? };
    let new = under(&base, &args.new)?;
    let truths = truths(args, &old)?;
    let map = map::read(args.map.as_deref(), &base.city).map_err(Failure::Input)?;
    let test = Backtest::new(old, new, truths, sources(args)?).map_err(|error| failed(&error))?.with_map(map);
    let report = shown(test, &asked)?;
    let closed = |error: io::Error| Failure::Running(format!("standard output: {error}"));
    if args.output.json {
        let text = serde_json::to_string(&report).map_err(|error| Failure::Running(error.to_string()))?;
        writeln!(out, "{text}").map_err(closed)?;
    } else {
        say::report(&report, args.output.lang, out).map_err(closed)?;
    }
    out.flush().map_err(closed)
}

/// What is wrong with the input, and what failed.
fn failed(error: &BacktestError) -> Failure {
    match error {
        BacktestError::Cancelled | BacktestError::Store(_) | BacktestError::Broken => {
            Failure::Running(error.to_string())
        }
        _ => Failure::Input(vec![error.to_string()]),
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let wrong = |why: String| Failure::Input(vec![format!("{}: {why}", path.display())]);
    let size = fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > BYTES_MAX {
        return Err(wrong(format!("{size} bytes; allowed are {BYTES_MAX}")));
    }
    fs::read_to_string(path).map_err(|error| wrong(error.to_string()))
}

fn lines(mistakes: &[Mistake]) -> Failure {
    Failure::Input(mistakes.iter().map(Mistake::to_string).collect())
}

/// The city under the rules of a file.
fn under(base: &Plan, path: &Path) -> Result<Arc<Plan>, Failure> {
    let file = path.display().to_string();
    plan_with(base, &file, &text_of(path)?).map(Arc::new).map_err(|mistakes| lines(&mistakes))
}

fn truths(args: &BacktestArgs, old: &Arc<Plan>) -> Result<Vec<Truth>, Failure> {
    let Some(path) = &args.truth else { return Ok(truths_of(old)) };
    let file = path.display().to_string();
    let given = RuleTests::parse(&file, &text_of(path)?, &old.city).map_err(|mistakes| lines(&mistakes))?;
    if given.truths.is_empty() {
        return Err(Failure::Input(vec![format!(
            "{file}: no truth is given; needed is at least one [[truth]]"
        )]));
    }
    Ok(given.truths)
}

fn sources(args: &BacktestArgs) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    if !args.input.is_empty() {
        sources.push(Source::Recorded(args.input.iter().cloned().map(Recorded::File).collect()));
    }
    #[cfg(feature = "demo")]
    for name in &args.storm {
        sources.push(Source::Storm(Box::new(crate::command::simulate::named(name)?)));
    }
    if let Some(data) = &args.data {
        let wrong = |error: crate::store::error::StoreError| Failure::Input(vec![error.to_string()]);
        let reader = Reader::open_dir(data, 1).map_err(wrong)?;
        let newest = reader.newest().map_err(wrong)?.0;
        let known_at = args.known_at.map_or(newest, |seq| newest.min(crate::store::commit::Seq(seq)));
        let span = (args.from.unwrap_or(Timestamp::MIN), args.to.unwrap_or(Timestamp::MAX));
        sources.push(Source::History(History { reader, span, known_at }));
    }
    Ok(sources)
}

/// Runs the test on a thread of its own, shows how far it is, and ends it when somebody asks.
///
/// A thread that waits for its input can't be woken: it is left behind and ends with the process. It
/// only reads.
fn shown(test: Backtest, asked: &Asked) -> Result<Report, Failure> {
    let progress = Arc::new(Progress::default());
    let sources = test.sources.len();
    let (send, done) = sync_channel(1);
    let running = Arc::clone(&progress);
    let thread = thread::Builder::new().name("backtest".into()).spawn(move || {
        // Who does not wait any more has gone with the command.
        let _ = send.send(test.run(&running));
    });
    thread.map_err(|error| Failure::Running(format!("starting the backtest: {error}")))?;
    let bar = bar();
    let result = loop {
        match done.recv_timeout(SHOWN_EVERY) {
            Ok(result) => break result,
            Err(RecvTimeoutError::Disconnected) => break Err(BacktestError::Broken),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if asked.was_asked() {
            progress.cancel();
            break Err(BacktestError::Cancelled);
        }
        bar.set_position(progress.readings());
        let at = progress.at().map_or_else(String::new, |at| at.to_string());
        bar.set_message(format!("{}/{sources} {at}", progress.source()));
    };
    bar.finish_and_clear();
    result.map_err(|error| failed(&error))
}

fn bar() -> ProgressBar {
    let bar = if io::stderr().is_terminal() {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} readings, {per_sec}, {msg}") {
        bar.set_style(style);
    }
    bar
}

/// Whether somebody pressed Ctrl-C; a runtime of one thread listens.
struct Asked {
    /// It listens as long as it lives.
    #[expect(dead_code, reason = "kept, so that it goes on listening")]
    runtime: tokio::runtime::Runtime,
    asked: Arc<AtomicBool>,
}

impl Asked {
    fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let asked = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&asked);
        runtime.spawn(async move {
            crate::command::serve::asked_to_stop().await;
            tell.store(true, Ordering::Relaxed);
        });
        Ok(Self { runtime, asked })
    }

    fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
