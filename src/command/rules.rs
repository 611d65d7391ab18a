//! `baolu rules`: the rules in force in the service on this machine, and files beside them.
//!
//! It writes nothing into the service but proposals; what comes into force a second officer says.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::command::cli::Failure;
use crate::desk::draft::diff::diff;
use crate::desk::draft::{File, TEXT_BYTES_MAX};
use crate::plan::governed::is_governed;

/// How long the service may take: a proposal is compiled.
const PATIENCE: Duration = Duration::from_secs(40);
/// The word for what is in force.
const CURRENT: &str = "current";

/// What is done with the rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RulesCommand {
    /// Say what differs between two versions, by rule, level and key.
    Diff(DiffArgs),
    /// Write the texts in force, byte for byte.
    Export(ExportArgs),
    /// Propose files; they wait for a backtest and for a second officer.
    Import(ImportArgs),
    /// List the versions that were in force.
    History(ServerArgs),
}

/// Where the service is.
#[derive(Clone, Debug, Args)]
pub struct ServerArgs {
    /// Where the service listens on this machine.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub server: SocketAddr,
}

/// `baolu rules diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// A file, a configuration folder, or `current` for what is in force.
    pub before: String,
    /// The same.
    pub after: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub server: ServerArgs,
}

/// `baolu rules export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The folder to write into; without it one file goes to standard output.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// The file that goes to standard output.
    #[arg(long, default_value = "rules.toml")]
    pub file: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub server: ServerArgs,
}

/// `baolu rules import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// Files, or a configuration folder.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Who signs: an id of officers.toml.
    #[arg(long, value_name = "OFFICER")]
    pub by: String,
    /// What for, in your words; it stands in the ledger.
    #[arg(long)]
    pub note: Option<String>,
    /// A hazard whose last rule may go (repeatable).
    #[arg(long, value_name = "HAZARD")]
    pub confirm_removal: Vec<String>,
    /// The order's key; without it one that follows from what is proposed, on what is in force.
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "described where it is defined")]
    pub server: ServerArgs,
}

#[derive(Deserialize)]
struct Exported {
    version: String,
    files: Vec<File>,
}

/// Runs it.
///
/// # Errors
/// What is wrong with the files or the proposal, or why nobody answered.
pub async fn run(command: RulesCommand, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    let lines = match command {
        RulesCommand::Diff(args) => difference(&args).await?,
        RulesCommand::Export(args) => return export(&args, out).await,
        RulesCommand::Import(args) => import(&args).await?,
        RulesCommand::History(args) => history(&args).await?,
    };
    lines.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(|error| closed(&error))
}

fn closed(error: &std::io::Error) -> Failure {
    Failure::Running(format!("standard output: {error}"))
}

fn wrong(line: String) -> Failure {
    Failure::Input(vec![line])
}

/// The governed files of a side.
async fn side(name: &str, server: &ServerArgs) -> Result<Vec<File>, Failure> {
    if name == CURRENT {
        return Ok(in_force(server).await?.files);
    }
    read(Path::new(name))
}

/// A file, or the governed files of a folder.
fn read(path: &Path) -> Result<Vec<File>, Failure> {
    let failed = |path: &Path, error: &std::io::Error| wrong(format!("{}: {error}", path.display()));
    if !path.is_dir() {
        let size = std::fs::metadata(path).map_err(|error| failed(path, &error))?.len();
        if size > TEXT_BYTES_MAX as u64 {
            let allowed = format!("{size} bytes; allowed are {TEXT_BYTES_MAX}");
            return Err(wrong(format!("{}: {allowed}", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(|error| failed(path, &error))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A file of another name, as rules-2026.toml, holds rules.
        let name = if is_governed(&name) { name } else { "rules.toml".to_owned() };
        return Ok(vec![File { name, text }]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| failed(path, &error))? {
        let entry = entry.map_err(|error| failed(path, &error))?;
        if is_governed(&entry.file_name().to_string_lossy()) {
            files.extend(read(&entry.path())?);
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.is_empty() {
        return Err(wrong(format!("{} has neither rules.toml nor phrases.<lang>.toml", path.display())));
    }
    Ok(files)
}

async fn difference(args: &DiffArgs) -> Result<Vec<String>, Failure> {
    let before = side(&args.before, &args.server).await?;
    let after = side(&args.after, &args.server).await?;
    let mut lines = Vec::new();
    for file in &before {
        if let Some(other) = after.iter().find(|other| other.name == file.name) {
            lines.extend(diff(&file.name, &file.text, &other.text).iter().map(ToString::to_string));
        }
    }
    if before.iter().all(|file| after.iter().all(|other| other.name != file.name)) {
        return Err(wrong(format!("{} and {} have no file in common", args.before, args.after)));
    }
    if lines.is_empty() {
        lines.push("the same, byte for byte".to_owned());
    }
    Ok(lines)
}

async fn export(args: &ExportArgs, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    let exported = in_force(&args.server).await?;
    let Some(folder) = &args.to else {
        let file = exported.files.iter().find(|file| file.name == args.file);
        let names = || exported.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ");
        let file = file.ok_or_else(|| {
            wrong(format!("--file: there is no governed file {:?}; allowed are {}", args.file, names()))
        })?;
        return out.write_all(file.text.as_bytes()).map_err(|error| closed(&error));
    };
    let failed = |path: &Path, error: &std::io::Error| wrong(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    for file in &exported.files {
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.text).map_err(|error| failed(&path, &error))?;
    }
    let (version, count) = (&exported.version, exported.files.len());
    writeln!(out, "version {version}: {count} files in {}", folder.display()).map_err(|error| closed(&error))
}

async fn import(args: &ImportArgs) -> Result<Vec<String>, Failure> {
    let exported = in_force(&args.server).await?;
    let mut files = Vec::new();
    for path in &args.files {
        files.extend(read(path)?);
    }
    let new = |file: &File| exported.files.iter().all(|known| known != file);
    if !files.iter().any(new) {
        return Ok(vec![format!("version {} is in force already; nothing is proposed", exported.version)]);
    }
    let body = json!({
        "files": files, "base": exported.version, "note": args.note, "confirm_removal": args.confirm_removal,
    });
    let body = body.to_string();
    let key =
        args.key.clone().unwrap_or_else(|| format!("{:x}", Sha256::digest(format!("{} {body}", args.by))));
    let asked = client(&args.server)?
        .post(format!("http://{}/api/v1/rules/drafts", args.server.server))
        .header("baolu-officer", &args.by)
        .header("idempotency-key", key.get(..64).unwrap_or(&key))
        .header("content-type", "application/json")
        .body(body);
    let answer = answered(&args.server, asked).await?;
    let Some(id) = answer.pointer("/paper/id").and_then(Json::as_str) else {
        return Ok(vec!["this very proposal was made before; see /api/v1/rules/drafts".to_owned()]);
    };
    let draft = ask(&args.server, &format!("/api/v1/rules/drafts/{id}")).await?;
    let text = |key: &str| draft.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut lines = vec![format!("draft {id}: version {} on {}", text("version"), text("base"))];
    let changes = draft.get("diff").and_then(Json::as_array).into_iter().flatten();
    let changes = changes.filter_map(|change| {
        serde_json::from_value::<crate::desk::draft::Change>(change.clone())
            .ok()
            .map(|change| change.to_string())
    });
    lines.extend(changes);
    lines.push("it waits for a backtest of this version and for a second officer".to_owned());
    Ok(lines)
}

async fn history(args: &ServerArgs) -> Result<Vec<String>, Failure> {
    let history = ask(args, "/api/v1/rules/history?limit=100").await?;
    let versions = history.get("versions").and_then(Json::as_array).into_iter().flatten();
    let line = |version: &Json| {
        let text = |key: &str| version.get(key).and_then(Json::as_str).unwrap_or("-").to_owned();
        format!(
            "{} {} proposed by {}, approved by {}: {}",
            text("since"),
            text("version"),
            text("proposed_by"),
            text("approved_by"),
            text("note")
        )
    };
    Ok(versions.map(line).collect())
}

async fn in_force(server: &ServerArgs) -> Result<Exported, Failure> {
    let answer = ask(server, "/api/v1/rules/export").await?;
    serde_json::from_value(answer).map_err(|why| unreached(server, &why))
}

async fn ask(server: &ServerArgs, path: &str) -> Result<Json, Failure> {
    answered(server, client(server)?.get(format!("http://{}{path}", server.server))).await
}

fn client(server: &ServerArgs) -> Result<reqwest::Client, Failure> {
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    client.map_err(|why| unreached(server, &why))
}

fn unreached(server: &ServerArgs, why: &dyn std::fmt::Display) -> Failure {
    let hint = "is `baolu serve` running there? Nothing is known to be done; ask again";
    Failure::Running(format!("asking the service at {}: {why}; {hint}", server.server))
}

async fn answered(server: &ServerArgs, asked: reqwest::RequestBuilder) -> Result<Json, Failure> {
    let response = asked.send().await.map_err(|why| unreached(server, &why))?;
    let status = response.status();
    let answer: Json = response.json().await.map_err(|why| unreached(server, &why))?;
    if status.is_success() {
        return Ok(answer);
    }
    let errors = answer.get("errors").and_then(Json::as_array).into_iter().flatten();
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let mut lines: Vec<String> = errors
        .map(|error| {
            format!("{}: {}; {}", text(error, "field"), text(error, "wrong"), text(error, "allowed"))
        })
        .collect();
    if lines.is_empty() {
        lines.push(text(&answer, "detail"));
    }
    if status.is_server_error() {
        Err(unreached(server, &lines.join(" ")))
    } else {
        Err(Failure::Input(lines))
    }
}
