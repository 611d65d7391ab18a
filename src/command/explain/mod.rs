//! `baolu explain`: why a warning was given, from what was stored, and whether it comes out the same
//! again; with `--as-of` alone, how everything stood at a moment.
//!
//! Reads only, also while the service runs.

mod plans;
mod rerun;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rules::alert::AlertId;
use sensors::time::{Span, Timestamp};
use serde_json::{Value as Json, json};

use self::plans::Plans;
use self::rerun::{Again, again};
use crate::command::cli::{ConfigArgs, Failure, Language};
use crate::store::commit::Seq;
use crate::store::read::{LedgerEntry, Reader};
use crate::store::record::{AlertHistory, StoredEvidence, StoredTransition};
use crate::watch::snapshot::Plan;

/// What `explain` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The alert, as `stage-phu-oc.phu-oc.20251116T140000Z`; without it everything that stood at `--as-of`.
    pub alert: Option<String>,
    /// The data folder of the service.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Only what was known at this time, RFC 3339 with an offset.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Write JSON Lines instead of readable lines.
    #[arg(long)]
    pub json: bool,
    /// Language of readable lines.
    #[arg(long, value_enum, default_value = "vi")]
    pub lang: Language,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub config: ConfigArgs,
}

/// Runs it.
///
/// # Errors
/// When there is no such alert or store; or when running again gives something else than the ledger has.
pub fn run(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    let reader = Reader::open_dir(&args.data, 1)?;
    let upto = upto(args, &reader)?;
    let said = match &args.alert {
        Some(alert) => explain(args, &reader, &AlertId(alert.as_str().into()), upto)?,
        None if args.as_of.is_some() => (stood(args, &reader, upto)?, None),
        None => {
            let why = "name an alert, or a moment with --as-of; /api/v1/alerts lists the alerts";
            return Err(Failure::Input(vec![why.to_owned()]));
        }
    };
    let (lines, wrong) = said;
    for line in lines {
        writeln!(out, "{line}").map_err(|error| Failure::Running(format!("standard output: {error}")))?;
    }
    wrong.map_or(Ok(()), |wrong| Err(Failure::Input(vec![wrong])))
}

/// The last commit that counts.
fn upto(args: &Args, reader: &Reader) -> Result<Seq, Failure> {
    let Some(text) = &args.as_of else { return Ok(reader.newest()?.0) };
    let at = Timestamp::parse_rfc3339(text).map_err(|_| {
        let allowed = "write RFC 3339 with an offset, as 2025-11-16T21:00:00+07:00";
        Failure::Input(vec![format!("--as-of {text}: is no time; {allowed}")])
    })?;
    Ok(reader.seq_at(at)?)
}

/// How everything stood after a commit.
fn stood(args: &Args, reader: &Reader, upto: Seq) -> Result<Vec<String>, Failure> {
    let plans = Plans::load(args.config.config.as_deref(), reader)?;
    let say = Say { args, plan: plans.newest() };
    let mut lines = Vec::new();
    let commit = reader.commit_at(upto)?;
    lines.push(say.line(
        &json!({ "kind": "commit", "seq": upto.0, "at": commit.as_ref().map(|(at, _)| at.to_string()),
                 "config": commit.as_ref().map(|(_, version)| version) }),
        || match &commit {
            Some((at, version)) => format!("#{} {} · {}", upto.0, say.local(*at), short(version)),
            None => say.words("chưa có gì được ghi", "nothing had been written yet").to_owned(),
        },
    ));
    for stood in reader.stood_at(upto)? {
        let told = stood.told.as_deref().unwrap_or(say.words("chưa báo cho dân", "the public was not told"));
        lines.push(say.line(
            &json!({ "kind": "alert", "alert": stood.alert, "level": stood.level, "severity": stood.severity,
                     "since": stood.since.to_string(), "told": stood.told }),
            || {
                format!(
                    "{}  {} [{}]  {}  {told}",
                    say.local(stood.since),
                    stood.level,
                    stood.severity,
                    stood.alert
                )
            },
        ));
    }
    for known in reader.known_at(upto)? {
        let value = known.value.as_ref();
        lines.push(say.line(
            &json!({ "kind": "reading", "sensor": known.sensor, "measured_at": known.measured_at.to_string(),
                     "value": value.map(|(value, _)| value), "unit": value.map(|(_, unit)| unit) }),
            || {
                let value = value.map_or_else(|| "-".to_owned(), |(value, unit)| format!("{value} {unit}"));
                format!("{}  {} {value}", say.local(known.measured_at), known.sensor)
            },
        ));
    }
    Ok(lines)
}

/// Everything about one alert; and what is wrong where running again gives something else.
fn explain(
    args: &Args,
    reader: &Reader,
    alert: &AlertId,
    upto: Seq,
) -> Result<(Vec<String>, Option<String>), Failure> {
    let Some(history) = reader.alert(alert)? else {
        let allowed = "`baolu explain --as-of TIME` lists those that stood at a moment";
        return Err(Failure::Input(vec![format!("there is no alert {alert}; {allowed}")]));
    };
    let mut plans = Plans::load(args.config.config.as_deref(), reader)?;
    let newest = Arc::clone(plans.newest());
    let say = Say { args, plan: &newest };
    let mut lines = vec![head(&say, &history)];
    let transitions: Vec<&StoredTransition> = history.transitions.iter().filter(|t| t.seq <= upto).collect();
    for transition in &transitions {
        lines.extend(say.transition(reader, transition)?);
    }
    for stored in history.bulletins.iter().filter(|stored| stored.seq <= upto) {
        lines.push(say.bulletin(stored));
    }
    lines.push(say.deliveries(&history));
    let entries = reader.ledger_of(&alert.0)?;
    let vital = |entry: &&LedgerEntry| matches!(entry.kind.as_str(), "order" | "paper" | "cap");
    lines.extend(entries.iter().filter(vital).map(|entry| say.entry(entry)));
    let chained: Vec<String> =
        entries.iter().filter(|e| e.kind == "transition").map(|e| e.body.clone()).collect();
    let chained = chained.get(..transitions.len()).unwrap_or(&chained);
    let came = again(reader, &mut plans, alert, history.summary.began_at, (chained, upto))?;
    let (line, wrong) = say.again(&came);
    lines.push(line);
    Ok((lines, wrong))
}

fn head(say: &Say<'_>, history: &AlertHistory) -> String {
    let summary = &history.summary;
    let zones: Vec<&str> = summary.zones.iter().map(sensors::place::ZoneId::as_str).collect();
    say.line(
        &json!({ "kind": "alert", "alert": summary.alert.to_string(), "rule": summary.rule.to_string(),
                 "hazard": summary.hazard.as_str(), "subject": summary.subject.to_string(), "zones": zones,
                 "level": summary.level, "severity_max": summary.severity_max.step() }),
        || {
            let (rule, subject) = (&summary.rule, &summary.subject);
            format!("{}  {rule} · {subject} · {} · {}", summary.alert, summary.level, zones.join(", "))
        },
    )
}

fn short(version: &str) -> &str {
    version.get(..12).unwrap_or(version)
}

/// How things are said.
struct Say<'a> {
    args: &'a Args,
    plan: &'a Plan,
}

impl Say<'_> {
    fn line(&self, json: &Json, said: impl FnOnce() -> String) -> String {
        if self.args.json { json.to_string() } else { said() }
    }

    fn words<'w>(&self, vi: &'w str, en: &'w str) -> &'w str {
        match self.args.lang {
            Language::Vi => vi,
            Language::En => en,
        }
    }

    fn local(&self, at: Timestamp) -> String {
        let local = at.plus(Span::from_min(i64::from(self.plan.city.utc_offset_min)));
        local.to_chrono().map_or_else(|| at.to_string(), |t| t.format("%d/%m/%Y %H:%M:%S").to_string())
    }

    fn transition(&self, reader: &Reader, t: &StoredTransition) -> Result<Vec<String>, Failure> {
        let commit = reader.commit_at(t.seq)?;
        let config = commit.map(|(_, version)| version).unwrap_or_default();
        let mut lines = vec![self.line(
            &json!({ "kind": "transition", "at": t.at.to_string(), "measured_at": t.measured_at.to_string(),
                     "seq": t.seq.0, "from": t.from, "to": t.to, "severity": t.severity.step(),
                     "corroborated": t.corroborated, "rule_version": t.rule_version, "config": config }),
            || {
                let unsure = if t.corroborated { "" } else { self.words(" (chưa chắc)", " (unsure)") };
                let (rule, version) = (&t.rule_version, short(&config));
                format!("{}  {} -> {}{unsure}  #{} {rule} {version}", self.local(t.at), t.from, t.to, t.seq.0)
            },
        )];
        for because in &t.because {
            lines.push(self.evidence(reader, because)?);
        }
        Ok(lines)
    }

    fn evidence(&self, reader: &Reader, because: &StoredEvidence) -> Result<String, Failure> {
        let StoredEvidence { sensor, parameter, measured_at, value, quality, window } = because;
        let arrived = reader.arrived_at(sensor, *measured_at)?;
        Ok(self.line(
            &json!({ "kind": "reading", "sensor": sensor.to_string(), "measured_at": measured_at.to_string(),
                     "arrived_at": arrived.map(|at| at.to_string()), "value": value.display(*parameter).to_string(),
                     "unit": parameter.unit(), "quality": quality.as_str(),
                     "window_s": window.map(Span::whole_s) }),
            || {
                let over = window.map_or_else(String::new, |w| format!(" / {} s", w.whole_s()));
                let came = arrived.map_or_else(String::new, |at| format!(", {} {}", self.words("đến", "arrived"), self.local(at)));
                let (value, unit) = (value.display(*parameter), parameter.unit());
                format!("    {sensor} {value} {unit}{over}, {}, {}{came}", quality.as_str(), self.local(*measured_at))
            },
        ))
    }

    fn bulletin(&self, stored: &crate::store::record::StoredBulletin) -> String {
        let bulletin = &stored.bulletin;
        let text = bulletin
            .texts
            .iter()
            .find(|text| &*text.lang.0 == self.args.lang.tag())
            .or(bulletin.texts.first());
        let (title, body) = text.map(|text| (text.title.as_str(), text.body.as_str())).unwrap_or_default();
        self.line(
            &json!({ "kind": "bulletin", "bulletin": bulletin.id.to_string(), "at": bulletin.at.to_string(),
                     "act": bulletin.act.as_str(), "out": bulletin.automatic, "title": title, "body": body }),
            || {
                let waits =
                    if bulletin.automatic { "" } else { self.words(" (đề xuất)", " (proposal)") };
                format!("{}  {}{waits}: {title} / {body}", self.local(bulletin.at), bulletin.act.as_str())
            },
        )
    }

    fn deliveries(&self, history: &AlertHistory) -> String {
        let ended = |sent: bool| {
            let ends = history.deliveries.iter().filter_map(|delivery| delivery.ended.as_ref());
            ends.filter(|end| matches!(end.end, crate::notify::delivery::End::Sent) == sent).count()
        };
        let (all, sent, failed) = (history.deliveries.len(), ended(true), ended(false));
        self.line(&json!({ "kind": "deliveries", "intended": all, "sent": sent, "failed": failed }), || {
            match self.args.lang {
                Language::Vi => format!("gửi: {all} lượt, {sent} đã nhận, {failed} hỏng"),
                Language::En => format!("deliveries: {all} intended, {sent} taken, {failed} failed"),
            }
        })
    }

    fn entry(&self, entry: &LedgerEntry) -> String {
        let body: Json = serde_json::from_str(&entry.body).unwrap_or_default();
        self.line(
            &json!({ "kind": entry.kind, "n": entry.n, "at": entry.at.to_string(), "body": body }),
            || format!("{}  [{}] {} {}", self.local(entry.at), entry.n, entry.kind, entry.body),
        )
    }

    /// What running again gave, and what is wrong with it.
    fn again(&self, again: &Again) -> (String, Option<String>) {
        match again {
            Again::Same(count) => {
                let said = match self.args.lang {
                    Language::Vi => format!("chạy lại: {count} lần chuyển mức, giống sổ đến từng byte"),
                    Language::En => format!("run again: {count} transitions, the ledger's to the byte"),
                };
                (self.line(&json!({ "kind": "again", "same": true, "transitions": count }), || said), None)
            }
            Again::Impossible(why) => {
                let said = format!("{}: {why}", self.words("không chạy lại được", "can't be run again"));
                (self.line(&json!({ "kind": "again", "same": null, "why": why }), || said), None)
            }
            Again::Differs { ledger, again } => {
                let line = json!({ "kind": "again", "same": false, "ledger": ledger, "again": again });
                let said = || {
                    self.words("chạy lại: KHÁC với sổ", "run again: it DIFFERS from the ledger").to_owned()
                };
                let none = || "-".to_owned();
                let (ledger, again) =
                    (ledger.clone().unwrap_or_else(none), again.clone().unwrap_or_else(none));
                let wrong = format!("the ledger has\n  {ledger}\nrunning again gives\n  {again}");
                (self.line(&line, said), Some(wrong))
            }
        }
    }
}
