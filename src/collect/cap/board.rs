//! How the sources of CAP messages are doing: when each was asked and answered well, and what was refused.
//!
//! Bounded and in memory only: it is about the lines to others, not about their alerts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use sensors::time::Timestamp;

use crate::clock::Clock;

/// Refusals of one source that are remembered.
pub const REFUSALS_MAX: usize = 16;
/// The length of a reason, characters.
const WHY_MAX: usize = 300;

/// What is known of every source.
#[derive(Debug, Default)]
pub struct Board(Mutex<Vec<Source>>);

/// A drop folder or a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name: a feed's own, or `folder`.
    pub name: String,
    /// Its path, or its address without what might be secret in it.
    pub place: String,
    /// When it was asked or looked into last.
    pub asked_at: Option<Timestamp>,
    /// When that went well last.
    pub good_at: Option<Timestamp>,
    /// What was wrong since then.
    pub fault: Option<Refused>,
    /// Messages that were taken in since the start.
    pub taken: u64,
    /// Messages that were refused since the start.
    pub refused: u64,
    /// The newest of them, the newest first.
    pub refusals: VecDeque<Refused>,
}

/// Something that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// When.
    pub at: Timestamp,
    /// The file, or the address.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Board {
    /// Every source, the folder before the feeds.
    pub fn sources(&self) -> Vec<Source> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Source>> {
        // What a broken writer left is still a count and a text.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// One source's line on the board.
#[derive(Clone)]
pub(super) struct Line {
    board: Arc<Board>,
    at: usize,
    name: String,
    clock: Clock,
}

impl Line {
    pub(super) fn new(board: &Arc<Board>, clock: Clock, name: &str, place: String) -> Self {
        let mut sources = board.lock();
        let name = name.to_owned();
        sources.push(Source {
            name: name.clone(),
            place,
            asked_at: None,
            good_at: None,
            fault: None,
            taken: 0,
            refused: 0,
            refusals: VecDeque::new(),
        });
        Self { board: Arc::clone(board), at: sources.len() - 1, name, clock }
    }

    fn note(&self, note: impl FnOnce(&mut Source, Timestamp)) {
        let now = self.clock.now();
        if let Some(source) = self.board.lock().get_mut(self.at) {
            note(source, now);
        }
    }

    pub(super) fn asked(&self) {
        self.note(|source, now| source.asked_at = Some(now));
    }

    /// It answered; what was wrong is over only where nothing of it is left to be fetched.
    pub(super) fn answered_well(&self, is_whole: bool) {
        self.note(|source, now| {
            source.good_at = Some(now);
            if is_whole {
                source.fault = None;
            }
            let seconds = now.ms() as f64 / 1000.0;
            metrics::gauge!("baolu_cap_source_good_timestamp_seconds", "source" => self.name.clone())
                .set(seconds);
        });
    }

    pub(super) fn failed(&self, what: &str, why: &str) {
        metrics::counter!("baolu_cap_feed_faults_total", "feed" => self.name.clone()).increment(1);
        self.note(|source, at| source.fault = Some(Refused { at, what: short(what), why: short(why) }));
    }

    pub(super) fn taken(&self) {
        metrics::counter!("baolu_cap_taken_total", "source" => self.name.clone()).increment(1);
        self.note(|source, _| source.taken += 1);
    }

    pub(super) fn refused(&self, what: &str, why: &str) {
        metrics::counter!("baolu_cap_refused_total", "source" => self.name.clone()).increment(1);
        self.note(|source, at| {
            source.refused += 1;
            source.refusals.truncate(REFUSALS_MAX - 1);
            source.refusals.push_front(Refused { at, what: short(what), why: short(why) });
        });
    }
}

fn short(text: &str) -> String {
    text.chars().take(WHY_MAX).collect()
}

/// An address without what may be a key: user, password and query.
pub(super) fn plain(url: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(url) else { return String::new() };
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_refuses_without_end_keeps_a_count_and_the_newest_reasons_only() {
        let board = Arc::new(Board::default());
        let place = plain("https://me:secret@h.example/feed?key=secret#x");
        let line = Line::new(&board, Clock::exercise(Timestamp::from_ms(0), 1.0), "a", place);
        for n in 0..1000 {
            line.refused(&format!("m{n}"), &"x".repeat(10_000));
        }
        let sources = board.sources();
        let [source] = &sources[..] else { panic!("{sources:?}") };
        assert_eq!(source.place, "https://h.example/feed");
        assert_eq!((source.refused, source.refusals.len()), (1000, REFUSALS_MAX));
        assert_eq!((source.refusals[0].what.as_str(), source.refusals[0].why.len()), ("m999", WHY_MAX));
    }
}
