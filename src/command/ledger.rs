//! `baolu ledger verify`: walks the chain, and compares what stands beside it with its hashes.
//!
//! Reads only, also while the service runs.

use std::io::Write;
use std::path::PathBuf;

use crate::command::cli::{Failure, Language};
use crate::store::Reader;

/// What `ledger` is told.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Act {
    /// Walk the whole ledger; say its head, and everything that differs from it.
    Verify(VerifyArgs),
}

/// What `ledger verify` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct VerifyArgs {
    /// The data folder of the service.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// A head that was noted elsewhere, `NUMBER:HASH`: the chain must still go through it.
    #[arg(long, value_name = "NUMBER:HASH")]
    pub noted: Option<String>,
    /// Language of the answer.
    #[arg(long, value_enum, default_value = "vi")]
    pub lang: Language,
}

/// Runs it.
///
/// # Errors
/// The first entry that does not fit, or everything that differs; exit code 1.
pub fn run(act: &Act, out: &mut impl Write) -> Result<(), Failure> {
    let Act::Verify(args) = act;
    let reader = Reader::open_dir(&args.data, 1)?;
    let verified = reader.verify()?;
    if let Some(noted) = &args.noted {
        passes_through(&reader, noted)?;
    }
    if !verified.differences.is_empty() {
        return Err(Failure::Input(verified.differences));
    }
    let (n, head) = (verified.head.n, verified.head);
    let (papers, caps, bulletins) = (verified.papers, verified.caps, verified.bulletins);
    let said = match args.lang {
        Language::Vi => writeln!(
            out,
            "Sổ nguyên vẹn: {n} mục, đầu sổ {n}:{head}; khớp {papers} hồ sơ, {bulletins} bản tin, {caps} bản CAP"
        ),
        Language::En => writeln!(
            out,
            "The ledger is whole: {n} entries, head {n}:{head}; {papers} papers, {bulletins} bulletins and {caps} CAP messages agree"
        ),
    };
    said.map_err(|error| Failure::Running(format!("standard output: {error}")))
}

fn passes_through(reader: &Reader, noted: &str) -> Result<(), Failure> {
    let wrong =
        || Failure::Input(vec![format!("--noted {noted}: write NUMBER:HASH as `ledger verify` prints it")]);
    let (n, hash) = noted.split_once(':').ok_or_else(wrong)?;
    let n: u64 = n.parse().map_err(|_| wrong())?;
    let kept = reader.ledger_hash(n)?;
    if kept.as_deref() == Some(hash) {
        return Ok(());
    }
    let kept = kept.unwrap_or_else(|| "no entry".to_owned());
    Err(Failure::Input(vec![format!(
        "the head that was noted is {hash}, entry {n} now has {kept}: the ledger was rewritten"
    )]))
}
