//! `baolu bulletin`: what would be composed of a pasted bulletin or of a release order, at the keyboard.
//!
//! Opens no socket and no database, keeps nothing and tells nobody: the running service has its own orders.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use rules::typed::national::{self, Found};
use sensors::time::Timestamp;
use serde_json::{Value as Json, json};

use crate::clock::Clock;
use crate::command::cli::{ConfigArgs, Failure};
use crate::desk::typed::{Moment, Preview, ReleaseTerms, TEXT_MAX, meant, proposed};
use crate::watch::snapshot::Plan;

/// What is looked at.
#[derive(Debug, Subcommand)]
pub enum BulletinCommand {
    /// Read a pasted bulletin of the national service: what was understood, what is missing, every text.
    Parse(ParseArgs),
    /// Show every text of a release order, and what is wrong with it.
    ReleaseOrder(ReleaseArgs),
}

/// How it is looked at.
#[derive(Debug, Args)]
pub struct LookArgs {
    /// When it is, RFC 3339 with an offset; now where it is left out.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// One JSON object instead of lines.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
}

/// `baolu bulletin parse`.
#[derive(Debug, Args)]
pub struct ParseArgs {
    /// The text; `-` is standard input.
    pub file: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub look: LookArgs,
}

/// `baolu bulletin release-order`.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The dam, an id of stations.toml.
    #[arg(long)]
    pub dam: String,
    /// The first release, m³/s.
    #[arg(long, value_name = "M3_S")]
    pub from: u32,
    /// The greatest release, m³/s.
    #[arg(long, value_name = "M3_S")]
    pub to: u32,
    /// From when, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub starts_at: Timestamp,
    /// It rises gradually.
    #[arg(long)]
    pub gradually: bool,
    /// Who ordered it.
    #[arg(long)]
    pub authority: String,
    /// The number of the order.
    #[arg(long)]
    pub number: String,
    /// When it reached the office.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub received_at: Option<Timestamp>,
    /// What else people must know.
    #[arg(long)]
    pub note: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub look: LookArgs,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
        .map_err(|_| "write RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00".to_owned())
}

/// Runs it.
///
/// # Errors
/// When the text can't be read, the configuration is wrong, something is missing or wrong in what was given
/// (all of it is told first), or standard output is closed.
pub fn run(command: &BulletinCommand, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        BulletinCommand::Parse(args) => parse(args, out),
        BulletinCommand::ReleaseOrder(args) => release(args, out),
    }
}

fn parse(args: &ParseArgs, out: &mut impl Write) -> Result<(), Failure> {
    let plan = Plan::load(args.look.config.config.as_deref())?;
    let now = args.look.at.unwrap_or_else(Clock::real_now);
    let text = text(&args.file)?;
    let reading = national::read(&text, &plan.city, now);
    let fields = proposed(&reading, text);
    let preview = Preview::of(&fields, &plan, now, false);
    let mut lines = Vec::new();
    for (sign, founds) in [("", &reading.found), ("? ", &reading.unclear)] {
        lines.extend(founds.iter().map(|found| line(sign, found)));
    }
    lines.extend(reading.missing.iter().map(|field| format!("- {field}")));
    let more = json!({
        "fields": fields,
        "found": reading.found.iter().map(form).collect::<Vec<_>>(),
        "unclear": reading.unclear.iter().map(form).collect::<Vec<_>>(),
        "missing": reading.missing,
    });
    show(&args.look, &preview, lines, more, out)
}

fn release(args: &ReleaseArgs, out: &mut impl Write) -> Result<(), Failure> {
    let plan = Plan::load(args.look.config.config.as_deref())?;
    let now = args.look.at.unwrap_or_else(Clock::real_now);
    let terms = ReleaseTerms {
        dam: args.dam.clone(),
        from_m3_s: args.from,
        to_m3_s: args.to,
        starts_at: Moment(args.starts_at),
        gradually: args.gradually,
        authority: args.authority.clone(),
        number: args.number.clone(),
        received_at: args.received_at.map(Moment),
        note: args.note.clone(),
    };
    let preview = Preview::of_order(&terms, &plan, now, false);
    show(&args.look, &preview, Vec::new(), json!({ "order": terms }), out)
}

/// The file, as far as it may be read at all: what is longer is refused by its length.
fn text(file: &PathBuf) -> Result<String, Failure> {
    let wrong = |why: String| Failure::Input(vec![format!("{}: {why}", file.display())]);
    let mut text = String::new();
    let most = TEXT_MAX as u64 * 4 + 1;
    let read = if file.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|why| wrong(why.to_string()))?;
    if text.chars().count() > TEXT_MAX {
        return Err(wrong(format!("it has more than {TEXT_MAX} letters, which is the most")));
    }
    Ok(text)
}

fn form(found: &Found) -> Json {
    json!({
        "field": found.field, "value": meant(&found.meant), "quote": found.quote, "from": found.from,
        "to": found.to, "assumed": found.assumed,
    })
}

/// What was understood, and in `«»` the words that it was read from.
fn line(sign: &str, found: &Found) -> String {
    let value = match meant(&found.meant) {
        Json::String(text) => text,
        other => other.to_string(),
    };
    let assumed = found.assumed.map(|what| format!(" [assumed: {what}]")).unwrap_or_default();
    format!("{sign}{}: {value} «{}»{assumed}", found.field, found.quote.escape_debug())
}

fn show(
    look: &LookArgs,
    preview: &Preview,
    mut lines: Vec<String>,
    mut more: Json,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Preview { lacks, severity, zones, people, composed } = preview;
    let zones: Vec<&str> = zones.iter().map(sensors::place::ZoneId::as_str).collect();
    if look.json {
        let texts = composed.texts.iter().map(|text| {
            json!({
                "lang": &*text.lang.0, "title": text.title, "body": text.body, "full": text.full,
                "sms": text.sms, "spoken": text.spoken,
            })
        });
        let lack = |lack: &crate::desk::typed::Lack| json!({ "field": lack.field, "wrong": lack.wrong, "allowed": lack.allowed });
        let composed = json!({
            "ready": lacks.is_empty(), "lacks": lacks.iter().map(lack).collect::<Json>(), "severity": severity,
            "people": people, "zones": zones, "cut": composed.cut, "texts": texts.collect::<Json>(),
        });
        if let (Json::Object(more), Json::Object(composed)) = (&mut more, composed) {
            more.extend(composed);
        }
        lines = vec![more.to_string()];
    } else {
        lines.push(format!(
            "severity {severity}; {} wards, {people} people: {}",
            zones.len(),
            zones.join(", ")
        ));
        for text in &composed.texts {
            let forms = [("title", &text.title), ("body", &text.body), ("full", &text.full)];
            for (form, said) in forms.into_iter().chain([("sms", &text.sms), ("spoken", &text.spoken)]) {
                lines.push(format!("\n[{}.{form}]\n{said}", text.lang.0));
            }
        }
        lines.extend(
            composed.cut.iter().map(|form| format!("\n{form} is cut off; the whole text has all of it")),
        );
    }
    let written = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
    written.map_err(|error| Failure::Running(format!("standard output: {error}")))?;
    let told = lacks.iter().map(|lack| format!("{}: {}; {}", lack.field, lack.wrong, lack.allowed));
    if lacks.is_empty() { Ok(()) } else { Err(Failure::Input(told.collect())) }
}
