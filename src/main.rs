//! The binary `baolu`: reads the command line, installs what a process has once (TLS provider,
//! log, metrics recorder), and runs one command.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use baolu::command::cli::{Cli, Command, Failure};
use baolu::command::{backtest, backup, bulletin, cap, check, explain, ledger, order, replay, rules, serve};
#[cfg(feature = "demo")]
use baolu::command::{demo, simulate};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = install(&cli.command).and_then(|()| run(cli.command));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// What a process has once. The log goes to standard error; standard output is for events.
fn install(command: &Command) -> Result<(), Failure> {
    // On a terminal the demo draws; a log line in between would tear the picture.
    let quiet = match command {
        #[cfg(feature = "demo")]
        Command::Demo(_) => "error",
        _ => "info",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("BAOLU_LOG")
        .unwrap_or_else(|_| format!("warn,baolu={quiet},rumqttd=off").into());
    // The journal shows a line with colours in it as a blob that nobody can read.
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colours).init();
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| Failure::Running("a TLS provider is installed already".into()))
}

fn run(command: Command) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match command {
        Command::Check(args) => check::run(&args, &mut out),
        Command::Replay(args) => replay::run(&args, &mut out),
        Command::Backup(args) => Ok(backup::run(&args, &mut out)?),
        Command::Explain(args) => explain::run(&args, &mut out),
        Command::Ledger(act) => ledger::run(&act, &mut out),
        Command::Bulletin(command) => bulletin::run(&command, &mut out),
        Command::Cap(args) => cap::run(&args, &mut out),
        Command::Backtest(args) => backtest::run(&args, &mut out),
        #[cfg(feature = "demo")]
        Command::Storms => simulate::list(&mut out),
        Command::Enter(args) => {
            drop(out);
            runtime()?.block_on(order::enter(args))
        }
        Command::Trust(args) => {
            drop(out);
            runtime()?.block_on(order::trust(args))
        }
        Command::Rules(command) => {
            drop(out);
            runtime()?.block_on(rules::run(command, &mut io::stdout()))
        }
        Command::Serve(args) => {
            drop(out);
            runtime()?.block_on(serve::run(args))
        }
        #[cfg(feature = "demo")]
        Command::Demo(args) => {
            drop(out);
            runtime()?.block_on(demo::run(args))
        }
        #[cfg(feature = "demo")]
        Command::Simulate(args) => {
            drop(out);
            runtime()?.block_on(simulate::run(args))
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::Running(format!("starting the runtime: {error}")))
}
