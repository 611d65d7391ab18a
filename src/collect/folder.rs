//! A drop folder: CSV files that others put there, taken whole, and moved away once they are durable.
//!
//! A file is taken when it has not changed between two looks. It is moved to `done/` after its last
//! reading is committed, with a report beside it of what was refused; a file that can't be read as
//! readings at all goes to `refused/`. Whoever is stopped in between reads it again: the same readings
//! again change nothing. It never deletes anything.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use sensors::city::City;
use sensors::line::Protocol;
use sensors::reading::Observation;
use sensors::station::SensorIx;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::post::{Post, WriterGone};
use crate::clock::Clock;
use crate::event::Event;
use crate::table::Table;
use crate::table::map::Map;

/// Files of one look; the rest wait for the next.
const FILES_MAX: usize = 256;
/// Readings of one envelope.
const HANDFUL: usize = 512;
/// Handfuls that may be read ahead of the writer.
const AHEAD: usize = 4;
/// A larger file, packed or unpacked, is refused: it is for an import, not for a line.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What a file was like when it was looked at.
type Look = (u64, Option<SystemTime>);

/// Looks at the folder until cancelled or the writer has gone.
pub(super) async fn run(city: Arc<City>, clock: Clock, post: Post, cancel: CancellationToken) {
    let Some(line) = city.lines.get(post.line() as usize) else { return };
    let Protocol::Folder(folder) = &line.protocol else { return };
    let every = Duration::from_millis(folder.interval.ms().unsigned_abs().max(1));
    let place = Place { path: PathBuf::from(&line.address), sensors: folder.sensors.clone() };
    let mut task =
        Task { city: Arc::clone(&city), clock, place: Arc::new(place), post, seen: BTreeMap::new() };
    let work = async {
        loop {
            task.look().await?;
            tokio::time::sleep(every).await;
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        Err::<(), WriterGone>(gone) = work => tracing::warn!(line = %line.name, "{gone}"),
    }
}

/// The folder, and whose readings may come from it.
struct Place {
    path: PathBuf,
    sensors: Vec<SensorIx>,
}

struct Task {
    city: Arc<City>,
    clock: Clock,
    place: Arc<Place>,
    post: Post,
    seen: BTreeMap<PathBuf, Look>,
}

/// How the reading of a file ended.
enum End {
    /// To its last row; with what is to be told of it.
    Read(Vec<String>),
    /// It is no file of readings.
    Unreadable(String),
}

impl Task {
    async fn look(&mut self) -> Result<(), WriterGone> {
        let place = Arc::clone(&self.place);
        let listed = tokio::task::spawn_blocking(move || place.list()).await;
        let listed = listed.unwrap_or_else(|broken| Err(io::Error::other(broken)));
        let news = match &listed {
            Ok(_) => self.post.up(),
            Err(why) => self.post.down(format!("looking into {}: {why}", self.place.path.display())),
        };
        self.post.send(news.into_iter().collect()).await?;
        let listed = listed.unwrap_or_default();
        let still = listed.iter().filter(|(file, look)| self.seen.get(*file) == Some(look));
        let still: Vec<PathBuf> = still.map(|(file, _)| file.clone()).collect();
        self.seen = listed;
        for file in still {
            self.take(&file).await?;
            self.seen.remove(&file);
        }
        Ok(())
    }

    /// Reads a file, waits until all of it is durable, and moves it away.
    async fn take(&mut self, file: &Path) -> Result<(), WriterGone> {
        let (send, mut receive) = mpsc::channel(AHEAD);
        let (city, place, path) = (Arc::clone(&self.city), Arc::clone(&self.place), file.to_owned());
        let reading = tokio::task::spawn_blocking(move || read(&city, &place, &path, &send));
        let mut last = 0;
        while let Some(handful) = receive.recv().await {
            let now = self.clock.now();
            let arrived = |said: Observation| Event::Observed(Observation { arrived_at: now, ..said });
            self.post.send(handful.into_iter().map(arrived).collect()).await?;
            last = self.post.last_ticket();
        }
        let end = reading.await.unwrap_or_else(|broken| End::Unreadable(broken.to_string()));
        let mut durable = self.post.durable();
        durable.wait_for(|upto| *upto >= last).await.map_err(|_| WriterGone)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (folder, notes) = match end {
            End::Read(notes) => ("done", notes),
            End::Unreadable(why) => ("refused", vec![why]),
        };
        if !notes.is_empty() {
            let first: String = notes.iter().take(1).flat_map(|note| note.chars().take(200)).collect();
            let why = format!("{} notes, in the report in {folder}/; the first: {first}", notes.len());
            let news = self.post.stray(&name, why);
            self.post.send(news.into_iter().collect()).await?;
        }
        let (from, into) = (file.to_owned(), self.place.path.join(folder));
        let moved = tokio::task::spawn_blocking(move || put_away(&from, &into, &notes)).await;
        if let Err(why) = moved.unwrap_or_else(|broken| Err(io::Error::other(broken))) {
            // It is read again at the next look, and changes nothing; but somebody must see to it.
            let why = format!("can't be moved to {folder}/ ({why}); it is read again and again");
            let news = self.post.stray(&name, why);
            self.post.send(news.into_iter().collect()).await?;
        }
        Ok(())
    }
}

impl Place {
    /// The files that may be taken, with their size and time: `*.csv` and `*.csv.gz`, none hidden, no links.
    fn list(&self) -> io::Result<BTreeMap<PathBuf, Look>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            let is_csv = Path::new(name).extension().is_some_and(|ending| ending == "csv");
            if name.starts_with('.') || !is_csv {
                continue;
            }
            // Whoever took it away meanwhile had a reason.
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
}

/// Opens a file that may be read. Whoever may write here must not have us read what only we may, and
/// what was a file when it was listed may be a link or a pipe by now.
fn open(file: &Path) -> io::Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(file)?;
    let meta = opened.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if meta.len() > BYTES_MAX {
        let why = format!("{} bytes are more than the {BYTES_MAX} of a file", meta.len());
        return Err(io::Error::other(why));
    }
    Ok(opened)
}

/// Reads a file to its end; rows of sensors that the folder does not speak for are refused.
fn read(city: &City, place: &Place, file: &Path, send: &mpsc::Sender<Vec<Observation>>) -> End {
    let raw = match open(file) {
        Ok(raw) => raw,
        Err(why) => return End::Unreadable(why.to_string()),
    };
    let map = Map::default();
    let name = file.display().to_string();
    let mut table = match Table::read(name, Box::new(raw), BYTES_MAX, city, &map) {
        Ok(table) => table,
        Err(why) => return End::Unreadable(why.to_string()),
    };
    let (mut record, mut foreign) = (csv::ByteRecord::new(), BTreeMap::<SensorIx, u64>::new());
    let mut handful = Vec::with_capacity(HANDFUL);
    let mut notes = Vec::new();
    loop {
        match table.next(&mut record) {
            Ok(Some(said)) if place.sensors.contains(&said.sensor) => handful.push(said),
            Ok(Some(said)) => *foreign.entry(said.sensor).or_default() += 1,
            Ok(None) => break,
            Err(why) => {
                notes.push(format!("{why}; what stands before it was taken"));
                break;
            }
        }
        if handful.len() == HANDFUL {
            let full = std::mem::replace(&mut handful, Vec::with_capacity(HANDFUL));
            if send.blocking_send(full).is_err() {
                return End::Unreadable("the service stopped while it was read".to_owned());
            }
        }
    }
    if !handful.is_empty() && send.blocking_send(handful).is_err() {
        return End::Unreadable("the service stopped while it was read".to_owned());
    }
    notes.extend(table.notes());
    notes.extend(foreign.iter().filter_map(|(ix, rows)| {
        let id = &city.sensor(*ix)?.id;
        Some(format!("{id}: {rows} rows refused; the folder does not list its station"))
    }));
    End::Read(notes)
}

/// Moves a file into a folder beside it, under a name that is free, with the report of what was refused.
pub(super) fn put_away(file: &Path, into: &Path, notes: &[String]) -> io::Result<()> {
    fs::create_dir_all(into)?;
    if fs::symlink_metadata(into)?.is_symlink() {
        return Err(io::Error::other("it is a link to somewhere else"));
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let report = |target: &Path| {
        let mut report = target.to_owned().into_os_string();
        report.push(".report.txt");
        PathBuf::from(report)
    };
    // Also a link that leads nowhere is there.
    let is_free = |path: &Path| fs::symlink_metadata(path).is_err();
    let free = (0..10_000).map(|n| if n == 0 { name.clone() } else { format!("{n}-{name}") });
    let free = free.map(|name| into.join(name)).find(|path| is_free(path) && is_free(&report(path)));
    let target = free.ok_or_else(|| io::Error::other("ten thousand files of this name are there"))?;
    if !notes.is_empty() {
        let mut report = fs::File::create_new(report(&target))?;
        report.write_all((notes.join("\n") + "\n").as_bytes())?;
    }
    fs::rename(file, target)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_in_the_drop_folder_leads_nobody_to_what_only_the_service_may_read_or_write() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, drop) = (dir.path().join("secret"), dir.path().join("drop"));
        fs::create_dir(&drop).unwrap();
        fs::write(&secret, "secret").unwrap();
        symlink(&secret, drop.join("a.csv")).unwrap();
        assert!(open(&drop.join("a.csv")).is_err(), "a link is not read");
        assert!(open(&drop).is_err(), "nor a folder");
        // The report's name is a link already: another name is taken.
        fs::write(drop.join("b.csv"), "x").unwrap();
        fs::create_dir(drop.join("done")).unwrap();
        symlink(&secret, drop.join("done/b.csv.report.txt")).unwrap();
        put_away(&drop.join("b.csv"), &drop.join("done"), &["a note".to_owned()]).unwrap();
        assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
        assert!(drop.join("done/1-b.csv").exists() && drop.join("done/1-b.csv.report.txt").exists());
        // The folder is a link itself.
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        symlink(dir.path().join("elsewhere"), drop.join("refused")).unwrap();
        fs::write(drop.join("c.csv"), "x").unwrap();
        assert!(put_away(&drop.join("c.csv"), &drop.join("refused"), &[]).is_err());
    }

    #[test]
    fn a_file_that_unpacks_to_more_than_a_file_may_have_is_not_read_into_memory() {
        let plan = crate::watch::snapshot::Plan::load(None).unwrap();
        let map = Map::default();
        let head = "measured_at,station,parameter,value,unit\n\"".to_owned();
        let long = head + &"1\n".repeat(1 << 20);
        let raw = Box::new(io::Cursor::new(long.into_bytes()));
        let mut table = Table::read("long.csv".to_owned(), raw, 1 << 20, &plan.city, &map).unwrap();
        let ended = table.next(&mut csv::ByteRecord::new());
        assert!(ended.unwrap_err().to_string().contains("longer than a file may be"));
    }
}
