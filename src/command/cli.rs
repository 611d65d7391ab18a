//! The command line: what can be asked, and what the exit code says.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sensors::time::Timestamp;

use crate::clock::Clock;

/// Real-time hydrology and early warning: gauges in, judged numbers, flood alerts out.
#[derive(Debug, Parser)]
#[command(name = "baolu", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The acts.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a storm over the city: simulated gauges on real wires, and phones that show the warnings.
    #[cfg(feature = "demo")]
    Demo(DemoArgs),
    /// Watch the city: collect, judge, decide, commit, tell, serve.
    Serve(ServeArgs),
    /// Read a configuration folder and report every mistake at once.
    Check(CheckArgs),
    /// Judge recorded readings (CSV) as if they arrived, and print what would have been said.
    Replay(ReplayArgs),
    /// Judge old rules beside new ones over recorded, stored or simulated readings.
    Backtest(BacktestArgs),
    /// Enter a reading that a person took, as from a staff gauge, into the running service.
    Enter(crate::command::order::EnterArgs),
    /// Say that a gauge was looked after, so that what was held against it ends.
    Trust(crate::command::order::TrustArgs),
    /// The rules in force: compare, export, propose, list their history.
    #[command(subcommand)]
    Rules(crate::command::rules::RulesCommand),
    /// Only the storm: gauges on their wires and, if asked, phones.
    #[cfg(feature = "demo")]
    Simulate(SimulateArgs),
    /// List the storms that can be played.
    #[cfg(feature = "demo")]
    Storms,
    /// Say why a warning was given, and judge it once more; or how everything stood at a moment.
    Explain(crate::command::explain::Args),
    /// Prove the ledger.
    #[command(subcommand)]
    Ledger(crate::command::ledger::Act),
    /// What would be composed of a pasted bulletin or of a release order; nobody is told.
    #[command(subcommand)]
    Bulletin(crate::command::bulletin::BulletinCommand),
    /// CAP messages of others.
    Cap(crate::command::cap::CapArgs),
    /// Copy the store to a file while it is in use.
    Backup(crate::command::backup::Args),
}

/// The language of lines for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
}

impl Language {
    /// The language tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }
}

/// How events are written.
#[derive(Clone, Copy, Debug, Args)]
pub struct OutputArgs {
    /// Write events as JSON Lines instead of readable lines.
    #[arg(long)]
    pub json: bool,
    /// Language of readable lines.
    #[arg(long, value_enum, default_value = "vi")]
    pub lang: Language,
}

/// The configuration folder.
#[derive(Clone, Debug, Args)]
pub struct ConfigArgs {
    /// Configuration folder; without it the one built into the binary (config/hue).
    #[arg(short = 'c', long = "config", value_name = "DIR")]
    pub config: Option<PathBuf>,
}

/// `baolu demo`.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The storm to play; `baolu storms` lists them.
    #[arg(long, default_value = "2025-11")]
    pub storm: String,
    /// How many times faster than the real storm.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub speed: u32,
    /// Where the API is served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Data folder; without it a temporary one that is removed at the end.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// End when the storm is over and everything has been told; otherwise the API stays up.
    #[arg(long)]
    pub until_over: bool,
    /// Seed of the storm's instruments; without it the storm's own.
    #[arg(long)]
    pub seed: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub output: OutputArgs,
}

/// `baolu serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where the API is served.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Exercise clock `ORIGIN,FACTOR`, as 2025-11-16T00:00:00+07:00,300; marks everything EXERCISE.
    /// With `,BEGAN`, the real time at which it showed ORIGIN, it goes on after a restart and agrees
    /// with other processes; `simulate` prints it.
    #[arg(long, value_name = "ORIGIN,FACTOR[,BEGAN]", value_parser = exercise_clock)]
    pub clock: Option<Clock>,
    /// Also write events to standard output.
    #[arg(long)]
    pub events: bool,
    /// Tell the public although the zones are only approximate cells; your name stands in the log.
    #[arg(long, value_name = "NAME")]
    pub accept_approximate_zones: Option<String>,
    /// Put the folder's rules and words in place of those that the data folder has in force; your
    /// name stands in the ledger.
    #[arg(long, value_name = "NAME")]
    pub rules_from_folder: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub output: OutputArgs,
}

/// `baolu check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Configuration folder; without it the one built into the binary.
    pub dir: Option<PathBuf>,
}

/// `baolu replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Readings as CSV (gzip is recognised; `-` is standard input). Several files are merged by time.
    #[arg(long, value_name = "FILE", required = true)]
    pub input: Vec<PathBuf>,
    /// TOML file with the words of the files for stations, parameters and units of ours.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Judge silence too; a file has no arrival times, so that is off by default.
    #[arg(long)]
    pub deadlines: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub output: OutputArgs,
}

/// `baolu backtest`.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// The old rules: a rules file, or `current` for those of the configuration.
    #[arg(long, value_name = "FILE", default_value = "current")]
    pub old: PathBuf,
    /// The new rules.
    #[arg(long, value_name = "FILE")]
    pub new: PathBuf,
    /// Readings as CSV (gzip is recognised). Several files are merged by time.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub input: Vec<PathBuf>,
    /// TOML file with the words of the files for stations, parameters and units of ours.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Storms of the simulator; `baolu storms` lists them.
    #[cfg(feature = "demo")]
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub storm: Vec<String>,
    /// The data folder of a service, for its stored history; it may be running.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The history from this time on, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME", requires = "data", value_parser = moment)]
    pub from: Option<Timestamp>,
    /// The history before this time.
    #[arg(long, value_name = "TIME", requires = "data", value_parser = moment)]
    pub to: Option<Timestamp>,
    /// The history as it was known at this commit; without it as it is known now.
    #[arg(long, value_name = "SEQ", requires = "data")]
    pub known_at: Option<u64>,
    /// TOML file with `[[truth]]`: what counts as having happened; without it that of
    /// rules.test.toml, or else the ladders of the old rules.
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub output: OutputArgs,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
}

/// `baolu simulate`.
#[cfg(feature = "demo")]
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The storm to play; `baolu storms` lists them.
    #[arg(long)]
    pub storm: String,
    /// How many times faster than the real storm.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1200))]
    pub speed: u32,
    /// Seed of the storm's instruments; without it the storm's own.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Also stand in for the phones: an FCM endpoint and its token endpoint at this address.
    #[arg(long, value_name = "ADDR")]
    pub phones: Option<SocketAddr>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
}

fn exercise_clock(text: &str) -> Result<Clock, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let (origin, factor, began) = match parts.as_slice() {
        [origin, factor] => (origin, factor, None),
        [origin, factor, began] => (origin, factor, Some(began)),
        _ => return Err("write ORIGIN,FACTOR or ORIGIN,FACTOR,BEGAN".into()),
    };
    let time = |text: &str| {
        Timestamp::parse_rfc3339(text)
            .map_err(|_| format!("{text:?} is no time; write it as 2025-11-16T00:00:00+07:00"))
    };
    let origin = time(origin)?;
    let factor: f64 = factor
        .parse()
        .ok()
        .filter(|factor| (0.1..=1200.0).contains(factor))
        .ok_or_else(|| format!("{factor:?} is no factor; allowed is 0.1 to 1200"))?;
    Ok(match began {
        None => Clock::exercise(origin, factor),
        Some(began) => Clock::exercise_since(time(began)?, origin, factor),
    })
}

/// A configuration that can't be used is wrong input.
impl From<crate::plan::PlanError> for Failure {
    fn from(error: crate::plan::PlanError) -> Self {
        Self::Input(vec![error.to_string()])
    }
}

/// A store that can't be used: wrong input where the caller can put it right.
impl From<crate::store::error::StoreError> for Failure {
    fn from(error: crate::store::error::StoreError) -> Self {
        let broken = matches!(error, crate::store::error::StoreError::BrokenLedger { .. });
        if broken || error.is_input() {
            Self::Input(vec![error.to_string()])
        } else {
            Self::Running(error.to_string())
        }
    }
}

/// Why a command ended; decides the exit code.
#[derive(Debug)]
pub enum Failure {
    /// The input is wrong: exit code 1. Lines for the person who wrote it.
    Input(Vec<String>),
    /// It failed while running: exit code 3.
    Running(String),
}

impl Failure {
    /// Writes the failure to standard error and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Input(lines) => {
                for line in &lines {
                    eprintln!("{line}");
                }
                ExitCode::from(1)
            }
            Self::Running(line) => {
                eprintln!("baolu: {line}");
                ExitCode::from(3)
            }
        }
    }
}
