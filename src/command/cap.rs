//! `baolu cap check FILE`: what is wrong with a CAP message, and what could be better.
//!
//! Opens no socket and no database, and follows nothing that the message refers to.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cap::read::{BYTES_HARD_MAX, Finding, Verdict, check, rule::Level};
use crate::command::cli::{ConfigArgs, Failure, OutputArgs};
use crate::watch::snapshot::Plan;

/// `baolu cap`.
#[derive(Debug, Args)]
pub struct CapArgs {
    /// What to do.
    #[command(subcommand)]
    pub act: CapAct,
}

/// The acts.
#[derive(Debug, Subcommand)]
pub enum CapAct {
    /// Check a CAP 1.2 message: errors apart from recommendations.
    Check(CapCheckArgs),
}

/// `baolu cap check`.
#[derive(Debug, Args)]
pub struct CapCheckArgs {
    /// The message; `-` is standard input.
    pub file: PathBuf,
    /// Also hold it against the city's own profile, `[in.profile]` of cap.toml.
    #[arg(long)]
    pub profile: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub output: OutputArgs,
}

/// Runs it.
///
/// # Errors
/// When the message has errors or can't be read, the configuration is wrong, or standard output is closed.
pub fn run(args: &CapArgs, out: &mut impl Write) -> Result<(), Failure> {
    let CapAct::Check(args) = &args.act;
    let plan = args.profile.then(|| Plan::load(args.config.config.as_deref())).transpose()?;
    let sources = plan.as_ref().map(|plan| plan.cap_in.clone()).unwrap_or_default();
    let bytes = read(args).map_err(|why| Failure::Input(vec![format!("{}: {why}", args.file.display())]))?;
    let profile = args.profile.then_some(&sources.profile);
    let verdict = check(&bytes, sources.message_bytes_max, profile);
    tell(args, &verdict, out).map_err(|error| Failure::Running(format!("standard output: {error}")))?;
    if verdict.is_valid() { Ok(()) } else { Err(Failure::Input(Vec::new())) }
}

/// The file, as far as it may be read at all: what is longer is refused by its length.
fn read(args: &CapCheckArgs) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = BYTES_HARD_MAX as u64 + 1;
    if args.file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(&args.file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn tell(args: &CapCheckArgs, verdict: &Verdict, out: &mut impl Write) -> io::Result<()> {
    let lang = args.output.lang.tag();
    if args.output.json {
        let findings: Vec<_> = verdict.findings.iter().map(|finding| form(finding, lang)).collect();
        return writeln!(out, "{}", json!({ "valid": verdict.is_valid(), "findings": findings }));
    }
    let file = args.file.display();
    for finding in &verdict.findings {
        let level = level(finding.rule.level, lang);
        let (line, path, section) = (finding.line, &finding.path, finding.rule.section);
        writeln!(out, "{file}:{line}: {level}: {path}: {} [{section}]", finding.sentence(lang))?;
    }
    let errors = verdict.findings.iter().filter(|finding| finding.is_error()).count();
    let others = verdict.findings.len() - errors;
    match lang {
        "vi" => writeln!(out, "{file}: {errors} lỗi, {others} khuyến nghị"),
        _ => writeln!(out, "{file}: {errors} errors, {others} recommendations"),
    }
}

fn form(finding: &Finding, lang: &str) -> serde_json::Value {
    json!({
        "level": finding.rule.level.as_str(),
        "rule": finding.rule.id,
        "section": finding.rule.section,
        "line": finding.line,
        "path": finding.path,
        "said": finding.said,
        "sentence": finding.sentence(lang),
    })
}

fn level(level: Level, lang: &str) -> &'static str {
    match (level, lang) {
        (Level::Broken | Level::Breach, "vi") => "lỗi",
        (Level::Broken | Level::Breach, _) => "error",
        (Level::Profile, "vi") => "lỗi theo yêu cầu của thành phố",
        (Level::Profile, _) => "error by the city's profile",
        (Level::Advice, "vi") => "khuyến nghị",
        (Level::Advice, _) => "recommendation",
    }
}
