//! A feed of CAP messages over HTTP: asked in turn, conditionally, within bounds of bytes and time.
//!
//! It asks the configured host only: redirects are not followed, and entries that point elsewhere are
//! left out. One that fails is asked less often and never given up.

use std::time::Duration;

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{Client, StatusCode, Url, redirect};
use sha2::{Digest as _, Sha256};

use super::{Desk, Known, Taken, WriterGone};
use crate::cap::read::config::Feed;
use crate::cap::read::{Listed, listed};
use crate::collect::backoff::Backoff;

/// Real time for one answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest list, bytes.
const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Messages that are fetched in one turn.
const FETCHED_MAX: usize = 64;
/// The longest pause of a feed that fails.
const PAUSE_MAX: Duration = Duration::from_mins(15);

/// Why a feed could not be read.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("asking {url}: {why}")]
    Line { url: String, why: String },
    #[error("{url} answered {status}")]
    Status { url: String, status: u16 },
    #[error("{url} is longer than {most} bytes")]
    Long { url: String, most: usize },
    #[error("{url} is no feed: {why}")]
    Strange { url: String, why: String },
    #[error(transparent)]
    Gone(#[from] WriterGone),
}

/// Reads one feed.
pub(super) struct Reader {
    feed: Feed,
    desk: Desk,
    client: Client,
    /// What the last answer gave us to ask with.
    validators: HeaderMap,
    known: Known,
}

impl Reader {
    pub(super) fn new(feed: Feed, desk: Desk) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT / 2)
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { feed, desk, client, validators: HeaderMap::new(), known: Known::default() })
    }

    /// Asks until the writer has gone.
    pub(super) async fn run(mut self) {
        let mut backoff =
            Backoff::new(&self.feed.name, self.feed.interval, PAUSE_MAX.max(self.feed.interval));
        let mut is_down = false;
        loop {
            let pause = match self.turn().await {
                Ok(()) => {
                    is_down = false;
                    backoff.worked();
                    self.feed.interval
                }
                Err(Fault::Gone(gone)) => return tracing::warn!(feed = %self.feed.name, "{gone}"),
                Err(fault) => {
                    if !is_down {
                        tracing::warn!(feed = %self.feed.name, "{fault}; it is asked again");
                    }
                    is_down = true;
                    metrics::counter!("baolu_cap_feed_faults_total", "feed" => self.feed.name.clone())
                        .increment(1);
                    backoff.after_failure().max(self.feed.interval)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn turn(&mut self) -> Result<(), Fault> {
        let url = self.feed.url.clone();
        let base =
            Url::parse(&url).map_err(|why| Fault::Strange { url: url.clone(), why: why.to_string() })?;
        let Some((bytes, validators)) =
            self.fetch(base.clone(), self.validators.clone(), LIST_BYTES_MAX).await?
        else {
            return Ok(());
        };
        // A refused message stands as such in the log; a list that can't be read is a fault of the feed.
        match listed(&bytes, LIST_BYTES_MAX) {
            Ok(Listed::Message) => self.offer(bytes, &url).await?,
            Ok(Listed::Links(links)) => {
                if self.follow(&base, links).await? {
                    // Not all of the list was read: it must come again in whole.
                    self.validators = HeaderMap::new();
                    return Ok(());
                }
            }
            Err(why) => return Err(Fault::Strange { url, why: why.sentence("en") }),
        }
        self.validators = validators;
        Ok(())
    }

    /// Fetches what a list points to and is not known; whether something is left for the next turn.
    async fn follow(&mut self, base: &Url, links: Vec<String>) -> Result<bool, Fault> {
        let (mut fetched, mut is_left) = (0, false);
        for link in links {
            let Ok(url) = base.join(&link) else { continue };
            if url.origin() != base.origin() {
                tracing::warn!(feed = %self.feed.name, "{url} is on another host and is not asked");
                continue;
            }
            let hash = Sha256::digest(url.as_str()).into();
            if self.known.holds(&hash) {
                continue;
            }
            if fetched == FETCHED_MAX {
                return Ok(true);
            }
            fetched += 1;
            let name = url.to_string();
            match self.fetch(url, HeaderMap::new(), self.desk.bytes_max).await {
                Ok(Some((bytes, _))) => {
                    self.offer(bytes, &name).await?;
                    self.known.keep(hash);
                }
                Ok(None) => {}
                Err(fault) => {
                    tracing::warn!(feed = %self.feed.name, "{fault}; the others are read");
                    is_left = true;
                }
            }
        }
        Ok(is_left)
    }

    /// Hands a message on, unless it is the same as before.
    async fn offer(&mut self, bytes: Vec<u8>, place: &str) -> Result<(), Fault> {
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if self.known.holds(&hash) {
            return Ok(());
        }
        if let Taken::Refused(notes) = self.desk.take(bytes).await? {
            let first = notes.first().map(String::as_str).unwrap_or_default();
            tracing::warn!(feed = %self.feed.name, "a message of {place} is refused: {first}");
        }
        self.known.keep(hash);
        Ok(())
    }

    /// An answer's body and validators; `None` where nothing changed.
    async fn fetch(
        &self,
        url: Url,
        asked: HeaderMap,
        most: usize,
    ) -> Result<Option<(Vec<u8>, HeaderMap)>, Fault> {
        let name = url.to_string();
        let line =
            |why: reqwest::Error| Fault::Line { url: name.clone(), why: why.without_url().to_string() };
        let mut answer = self.client.get(url).headers(asked).send().await.map_err(line)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(None),
            status => return Err(Fault::Status { url: name, status: status.as_u16() }),
        }
        let mut validators = HeaderMap::new();
        let mut keep = |given: HeaderName, asked: HeaderName| {
            let value: Option<&HeaderValue> = answer.headers().get(given);
            if let Some(value) = value.filter(|value| value.len() <= 256) {
                validators.insert(asked, value.clone());
            }
        };
        keep(ETAG, IF_NONE_MATCH);
        keep(LAST_MODIFIED, IF_MODIFIED_SINCE);
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(line)? {
            if bytes.len() + chunk.len() > most {
                return Err(Fault::Long { url: name, most });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some((bytes, validators)))
    }
}
