//! A drop folder for CAP messages: read once when they are whole, moved to `done/` or `refused/`.
//!
//! A file is whole when it has not changed between two looks. It follows no link and deletes nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;

use super::{Desk, Taken, WriterGone};
use crate::collect::folder::put_away;

/// Files of one look; the rest wait for the next.
const FILES_MAX: usize = 64;

type Look = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Looks into the folder again and again.
pub(super) async fn run(path: PathBuf, every: Duration, mut desk: Desk) {
    let mut seen = Look::new();
    let mut is_down = false;
    loop {
        let place = path.clone();
        desk.line.asked();
        let listed = tokio::task::spawn_blocking(move || list(&place)).await;
        match listed.unwrap_or_else(|broken| Err(io::Error::other(broken))) {
            Ok(found) => {
                is_down = false;
                desk.line.answered_well(true);
                let whole: Vec<PathBuf> = found
                    .iter()
                    .filter(|(file, look)| seen.get(*file) == Some(look))
                    .map(|(file, _)| file.clone())
                    .collect();
                seen = found;
                for file in whole {
                    seen.remove(&file);
                    if let Err(gone) = take(&path, &file, &mut desk).await {
                        tracing::warn!("{gone}; {} is given up", path.display());
                        return;
                    }
                }
            }
            Err(why) => {
                desk.line.failed(&path.display().to_string(), &format!("it can't be looked into: {why}"));
                if !is_down {
                    tracing::warn!(%why, "the CAP folder {} can't be looked into; it is tried again", path.display());
                }
                is_down = true;
            }
        }
        tokio::time::sleep(every).await;
    }
}

async fn take(path: &Path, file: &Path, desk: &mut Desk) -> Result<(), WriterGone> {
    let (from, most) = (file.to_owned(), desk.bytes_max);
    let read = tokio::task::spawn_blocking(move || read(&from, most)).await;
    let (folder, notes) = match read.unwrap_or_else(|broken| Err(io::Error::other(broken))) {
        Ok(bytes) => match desk.take(bytes, &file.display().to_string()).await? {
            Taken::Durable(notes) => ("done", notes),
            Taken::Refused(notes) => ("refused", notes),
        },
        Err(why) => {
            desk.line.refused(&file.display().to_string(), &why.to_string());
            ("refused", vec![why.to_string()])
        }
    };
    if folder == "refused" {
        let first = notes.first().map(String::as_str).unwrap_or_default();
        tracing::warn!("{} is refused: {first}", file.display());
    }
    let (from, into) = (file.to_owned(), path.join(folder));
    let moved = tokio::task::spawn_blocking(move || put_away(&from, &into, &notes)).await;
    if let Err(why) = moved.unwrap_or_else(|broken| Err(io::Error::other(broken))) {
        tracing::warn!(%why, "{} can't be moved to {folder}/; it is read again and again", file.display());
    }
    Ok(())
}

/// `*.xml` and `*.cap`, none hidden, no links.
fn list(path: &Path) -> io::Result<Look> {
    let mut found = Look::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        let ending = Path::new(&name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if name.starts_with('.') || !matches!(ending, "xml" | "cap") {
            continue;
        }
        let Ok(meta) = fs::symlink_metadata(entry.path()) else { continue };
        if meta.is_file() {
            found.insert(entry.path(), (meta.len(), meta.modified().ok()));
        }
        if found.len() > FILES_MAX {
            found.pop_last();
        }
    }
    Ok(found)
}

fn read(file: &Path, most: usize) -> io::Result<Vec<u8>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    opened.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
