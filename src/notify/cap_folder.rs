//! Our CAP messages as files in a folder, for systems that fetch files: each whole or not there.
//!
//! It follows the store and never stands in the writer's way: what a fault of the disk or a restart
//! left out is written afterwards.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sensors::time::Timestamp;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::cap::write::feed::{Named, Place, feed};
use crate::cap::write::out::Out;
use crate::clock::Clock;
use crate::store::Reader;
use crate::store::error::StoreError;
use crate::watch::feed::Committed;

/// Messages that are looked through at once.
const PAGE: usize = 1000;
/// How long to wait after a fault (real time).
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// Why a message is not in the folder yet.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("writing the CAP message {path}: {source}; it is tried again")]
    Write { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("writing CAP messages broke off; it is tried again")]
    Broken,
}

/// Writes what is missing, then what comes, until cancelled.
pub async fn run(
    out: Arc<Out>,
    reader: Reader,
    mut feed: broadcast::Receiver<Arc<Committed>>,
    clock: Clock,
    cancel: CancellationToken,
) {
    let mut after = 0;
    let mut warned = false;
    loop {
        let (work, by, now) = (Arc::clone(&out), reader.clone(), clock.now());
        let written = tokio::task::spawn_blocking(move || write_missing(&work, &by, after, now)).await;
        match written.unwrap_or(Err(FolderError::Broken)) {
            Ok(newest) => (after, warned) = (newest, false),
            Err(error) => {
                if !warned {
                    tracing::error!(%error, "CAP messages are not in their folder");
                    warned = true;
                }
                metrics::counter!("baolu_cap_folder_failed_total").increment(1);
                if cancel.run_until_cancelled(tokio::time::sleep(RETRY_PAUSE)).await.is_none() {
                    return;
                }
                continue;
            }
        }
        loop {
            match cancel.run_until_cancelled(feed.recv()).await {
                None | Some(Err(broadcast::error::RecvError::Closed)) => return,
                Some(Ok(committed)) if committed.commit.caps.is_empty() => {}
                Some(Ok(_) | Err(broadcast::error::RecvError::Lagged(_))) => break,
            }
        }
    }
}

/// Writes the messages after a place that are not there, and the feeds; gives the newest place.
fn write_missing(out: &Out, reader: &Reader, after: i64, now: Timestamp) -> Result<i64, FolderError> {
    let Some(folder) = &out.folder else { return Ok(after) };
    let exercises = folder.join("exercise");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| FolderError::Write { path, source }
    };
    fs::create_dir_all(&exercises).map_err(failed(&exercises))?;
    let place = |exercise: bool| if exercise { &exercises } else { folder };
    let mut newest = after;
    loop {
        let page = reader.cap_after(newest, PAGE)?;
        let Some((last, _, _)) = page.last() else { break };
        newest = *last;
        for (_, identifier, exercise) in &page {
            let path = place(*exercise).join(format!("{identifier}.xml"));
            if path.exists() {
                continue;
            }
            if let Some(message) = reader.cap_message(identifier)? {
                write_whole(&path, message.xml.as_bytes()).map_err(failed(&path))?;
            }
        }
    }
    if newest == after && after > 0 {
        return Ok(newest);
    }
    for exercise in [false, true] {
        let entries = reader.cap_feed(exercise, now, out.feed_max)?;
        let named: Vec<Named<'_>> = entries
            .iter()
            .map(|entry| Named { identifier: &entry.identifier, sent: entry.sent, xml: &entry.xml })
            .collect();
        let path = place(exercise).join("feed.atom");
        write_whole(&path, feed(out, &named, exercise, Place::Folder).as_bytes()).map_err(failed(&path))?;
    }
    Ok(newest)
}

/// A reader of the folder sees the whole file or none.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)
}
