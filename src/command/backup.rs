//! `baolu backup FILE`: a checked copy of the database, also while the service runs.
//!
//! Reads only: it takes no lock that a commit would wait for.

use std::io::Write;
use std::path::PathBuf;

use crate::store::Reader;
use crate::store::error::StoreError;

/// What `backup` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The new file; an existing one is not overwritten.
    pub file: PathBuf,
    /// The data folder of the service.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
}

/// Makes the copy and says what is in it.
///
/// # Errors
/// Says what stood in the way; [`StoreError::is_input`] tells a wrong call from a failure.
pub fn run(args: &Args, out: &mut impl Write) -> Result<(), StoreError> {
    let backup = Reader::open_dir(&args.data, 1)?.backup(&args.file)?;
    let said = writeln!(
        out,
        "{}: {} bytes, up to commit {}; integrity checked, {} ledger entries, head {}",
        args.file.display(),
        backup.bytes,
        backup.seq.0,
        backup.ledger.n,
        backup.ledger,
    );
    said.map_err(|source| StoreError::File {
        path: args.file.clone(),
        doing: "saying that it is copied",
        source,
    })
}
