//! CAP messages of other authorities: from a drop folder and from feeds, checked, worked out, handed on.
//!
//! What breaks the form is refused and told on the board; what only breaks the standard's prose is taken
//! in with a note. It decides nothing about an alert's life and opens no address but the configured ones.

mod board;
mod feed;
mod folder;

use std::collections::VecDeque;
use std::sync::Arc;

use geo::{Intersects as _, MultiPolygon, Point};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cap::read::config::Sources;
use crate::cap::read::rule::Level;
use crate::cap::read::{Message, Verdict, check};
use crate::clock::Clock;
use crate::desk::foreign::{Heard, Touch, places};
use crate::event::{Envelope, Event, Receipt};

pub use board::{Board, REFUSALS_MAX, Refused, Source};

use board::Line;

/// Starts one task for the folder and one for each feed.
///
/// They end soon after `cancel`, or when the writer has dropped the other end of `inbox`.
pub fn run(
    sources: &Sources,
    outline: Vec<MultiPolygon<f64>>,
    (board, clock): (&Arc<Board>, Clock),
    inbox: &mpsc::Sender<Envelope>,
    cancel: &CancellationToken,
    tracker: &TaskTracker,
) {
    let outline: Arc<[MultiPolygon<f64>]> = outline.into();
    let desk = |source: &str, place: String| {
        let durable = Arc::new(watch::Sender::new(0));
        let line = Line::new(board, clock, source, place);
        let (source, outline, inbox) = (source.to_owned(), Arc::clone(&outline), inbox.clone());
        Desk { source, outline, inbox, durable, line, ticket: 0, bytes_max: sources.message_bytes_max }
    };
    if let Some(path) = &sources.folder {
        let desk = desk("folder", path.display().to_string());
        let (path, every, cancel) = (path.clone(), sources.scan_interval, cancel.clone());
        tracker.spawn(async move {
            cancel.run_until_cancelled(folder::run(path, every, desk)).await;
        });
    }
    for feed in &sources.feeds {
        let reader = feed::Reader::new(feed.clone(), desk(&feed.name, board::plain(&feed.url)));
        let cancel = cancel.clone();
        tracker.spawn(async move {
            cancel.run_until_cancelled(reader.run()).await;
        });
    }
}

/// The writer has gone: the service is ending.
#[derive(Debug, thiserror::Error)]
#[error("nobody takes alerts any more")]
struct WriterGone;

/// One source's way to the officers' desk.
struct Desk {
    source: String,
    outline: Arc<[MultiPolygon<f64>]>,
    inbox: mpsc::Sender<Envelope>,
    durable: Arc<watch::Sender<u64>>,
    line: Line,
    ticket: u64,
    bytes_max: usize,
}

/// What became of a message.
enum Taken {
    /// It is at the desk, with notes on what it breaks.
    Durable(Vec<String>),
    /// Its form is broken, and how.
    Refused(Vec<String>),
}

impl Desk {
    /// Checks a message, hands it on and waits until it is durable; `what` names it where it is refused.
    async fn take(&mut self, bytes: Vec<u8>, what: &str) -> Result<Taken, WriterGone> {
        let most = self.bytes_max;
        self.judge(move || check(&bytes, most, None), what).await
    }

    /// The same with a message that was checked with the list that it stood in.
    async fn admit(&mut self, verdict: Verdict, what: &str) -> Result<Taken, WriterGone> {
        self.judge(move || verdict, what).await
    }

    async fn judge(
        &mut self,
        verdict: impl FnOnce() -> Verdict + Send + 'static,
        what: &str,
    ) -> Result<Taken, WriterGone> {
        let (outline, source) = (Arc::clone(&self.outline), self.source.clone());
        let work = tokio::task::spawn_blocking(move || {
            let verdict = verdict();
            let lines = verdict.findings.iter().filter(|finding| finding.is_error());
            let notes: Vec<String> = lines
                .map(|finding| format!("line {}: {}: {}", finding.line, finding.path, finding.sentence("en")))
                .collect();
            let breaches = verdict.findings.iter().filter(|finding| finding.rule.level == Level::Breach);
            let mut breaches: Vec<String> = breaches.map(|finding| finding.rule.id.to_owned()).collect();
            breaches.dedup();
            let heard = verdict.message.map(|message| {
                let (touch, places) = (touch(&message, &outline), places(&message));
                Heard { source, message, touch, places, breaches }
            });
            (heard, notes)
        });
        let (heard, notes) = work.await.unwrap_or_else(|why| (None, vec![why.to_string()]));
        let Some(heard) = heard else {
            self.line.refused(what, notes.first().map_or("it has no time", String::as_str));
            return Ok(Taken::Refused(notes));
        };
        self.ticket += 1;
        let receipt = Some(Receipt { ticket: self.ticket, line: Arc::clone(&self.durable) });
        let events = vec![Event::Foreign(Box::new(heard))];
        self.inbox.send(Envelope { events, receipt }).await.map_err(|_| WriterGone)?;
        let (ticket, mut durable) = (self.ticket, self.durable.subscribe());
        durable.wait_for(|upto| *upto >= ticket).await.map_err(|_| WriterGone)?;
        self.line.taken();
        Ok(Taken::Durable(notes))
    }
}

/// Whether an alert's area touches the city. What says no shape may touch it.
fn touch(message: &Message, outline: &[MultiPolygon<f64>]) -> Touch {
    let areas = || message.infos.iter().flat_map(|info| &info.areas);
    let near = |area: &crate::cap::read::Area| {
        let polygons =
            area.polygons.iter().any(|polygon| outline.iter().any(|zone| zone.intersects(polygon)));
        let circles = area.circles.iter().any(|(middle, radius_km)| {
            // A square around the circle errs to the side of telling.
            let (lat, lon) = (middle.lat(), middle.lon());
            let up = radius_km / 111.0;
            let wide = up / lat.to_radians().cos().max(0.05);
            let square = geo::Rect::new(Point::new(lon - wide, lat - up), Point::new(lon + wide, lat + up));
            outline.iter().any(|zone| zone.intersects(&square.to_polygon()))
        });
        polygons || circles
    };
    if areas().any(near) {
        return Touch::City;
    }
    let is_shaped = |area: &crate::cap::read::Area| !area.polygons.is_empty() || !area.circles.is_empty();
    let is_sure = areas().next().is_some() && areas().all(|area| is_shaped(area) && !area.is_unclear);
    if is_sure { Touch::Elsewhere } else { Touch::Unclear }
}

/// What a source has said lately, so that a repetition need not be read again; bounded.
#[derive(Default)]
struct Known {
    hashes: VecDeque<[u8; 32]>,
}

/// What is remembered for each feed: of every entry of the longest list its address and its words, twice.
const KNOWN_MAX: usize = 2048;

impl Known {
    fn holds(&self, hash: &[u8; 32]) -> bool {
        self.hashes.contains(hash)
    }

    fn keep(&mut self, hash: [u8; 32]) {
        if self.hashes.len() == KNOWN_MAX {
            self.hashes.pop_front();
        }
        self.hashes.push_back(hash);
    }
}

#[cfg(test)]
mod tests;
