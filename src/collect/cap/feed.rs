//! A feed of CAP messages over HTTP: asked in turn, conditionally, within bounds of bytes and time.
//!
//! It asks the configured host only: redirects are not followed, and entries that point elsewhere are
//! left out. One that fails is asked less often and never given up. What stands inside an entry is read
//! there; what it only points to is fetched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{Certificate, Client, StatusCode, Url, redirect};
use sha2::{Digest as _, Sha256};

use super::board::plain;
use super::{Desk, Known, Taken, WriterGone};
use crate::cap::read::config::Feed;
use crate::cap::read::{Entry, Listed, listed};
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
    #[error("{url} sends elsewhere ({status}), which is not followed; configure the address itself")]
    Elsewhere { url: String, status: u16 },
    #[error("the authority {}: {why}; needed is a certificate in PEM", path.display())]
    Trust { path: PathBuf, why: String },
    #[error("making its client: {0}")]
    Client(String),
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
    /// Made when it is asked first: what its certificate file lacks is a fault of this feed only.
    client: Option<Client>,
    /// What the last answer gave us to ask with.
    validators: HeaderMap,
    known: Known,
}

impl Reader {
    pub(super) fn new(feed: Feed, desk: Desk) -> Self {
        Self { feed, desk, client: None, validators: HeaderMap::new(), known: Known::default() }
    }

    async fn client(&mut self) -> Result<Client, Fault> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let mut builder = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT / 2)
            .redirect(redirect::Policy::none());
        if let Some(path) = &self.feed.ca {
            let trust = |why: String| Fault::Trust { path: path.clone(), why };
            let pem = tokio::fs::read(path).await.map_err(|why: io::Error| trust(why.to_string()))?;
            let certs = Certificate::from_pem_bundle(&pem).map_err(|why| trust(why.to_string()))?;
            if certs.is_empty() {
                return Err(trust("it holds none".to_owned()));
            }
            builder = builder.tls_certs_only(certs).https_only(true);
        }
        let client = builder.build().map_err(|why| Fault::Client(why.to_string()))?;
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Asks until the writer has gone.
    pub(super) async fn run(mut self) {
        let mut backoff =
            Backoff::new(&self.feed.name, self.feed.interval, PAUSE_MAX.max(self.feed.interval));
        let mut is_down = false;
        loop {
            self.desk.line.asked();
            let pause = match self.turn().await {
                Ok(is_whole) => {
                    self.desk.line.answered_well(is_whole);
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
                    self.desk.line.failed(&plain(&self.feed.url), &fault.to_string());
                    backoff.after_failure().max(self.feed.interval)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks once; whether nothing of it is left for the next turn.
    async fn turn(&mut self) -> Result<bool, Fault> {
        let url = self.feed.url.clone();
        let base =
            Url::parse(&url).map_err(|why| Fault::Strange { url: url.clone(), why: why.to_string() })?;
        let Some((bytes, validators)) =
            self.fetch(base.clone(), self.validators.clone(), LIST_BYTES_MAX).await?
        else {
            return Ok(true);
        };
        // A refused message stands as such in the log; a list that can't be read is a fault of the feed.
        let most = self.desk.bytes_max;
        match listed(&bytes, LIST_BYTES_MAX, most) {
            Ok(Listed::Message) => self.offer(bytes, &url).await?,
            Ok(Listed::Entries(entries)) => {
                if self.follow(&base, entries).await? {
                    // Not all of the list was read: it must come again in whole.
                    self.validators = HeaderMap::new();
                    return Ok(false);
                }
            }
            Err(why) => return Err(Fault::Strange { url, why: why.sentence("en") }),
        }
        self.validators = validators;
        Ok(true)
    }

    /// Takes what stands in a list and fetches what it points to, where either is not known; whether
    /// something is left for the next turn.
    async fn follow(&mut self, base: &Url, entries: Vec<Entry>) -> Result<bool, Fault> {
        let (mut fetched, mut is_left) = (0, false);
        let list = plain(base.as_str());
        for Entry { inside, link } in entries {
            if let Some(inside) = inside {
                let is_whole = inside.verdict.message.is_some();
                if !self.known.holds(&inside.hash) {
                    let taken = self.desk.admit(inside.verdict, &list).await?;
                    self.told(taken, &list);
                    self.known.keep(inside.hash);
                }
                if is_whole {
                    continue;
                }
            }
            let Some(Ok(url)) = link.map(|link| base.join(&link)) else { continue };
            let hash = Sha256::digest(url.as_str()).into();
            if self.known.holds(&hash) {
                continue;
            }
            let name = plain(url.as_str());
            if url.origin() != base.origin() {
                tracing::warn!(feed = %self.feed.name, "{name} is on another host and is not asked");
                self.desk.line.refused(&name, "it is on another host, which is not asked");
                self.known.keep(hash);
                continue;
            }
            if fetched == FETCHED_MAX {
                return Ok(true);
            }
            fetched += 1;
            match self.fetch(url, HeaderMap::new(), self.desk.bytes_max).await {
                Ok(Some((bytes, _))) => {
                    self.offer(bytes, &name).await?;
                    self.known.keep(hash);
                }
                Ok(None) => {}
                Err(fault) => {
                    tracing::warn!(feed = %self.feed.name, "{fault}; the others are read");
                    self.desk.line.failed(&name, &fault.to_string());
                    is_left = true;
                }
            }
        }
        Ok(is_left)
    }

    fn told(&self, taken: Taken, place: &str) {
        if let Taken::Refused(notes) = taken {
            let first = notes.first().map(String::as_str).unwrap_or_default();
            tracing::warn!(feed = %self.feed.name, "a message of {place} is refused: {first}");
        }
    }

    /// Hands a message on, unless it is the same as before.
    async fn offer(&mut self, bytes: Vec<u8>, place: &str) -> Result<(), Fault> {
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if self.known.holds(&hash) {
            return Ok(());
        }
        let taken = self.desk.take(bytes, place).await?;
        self.told(taken, place);
        self.known.keep(hash);
        Ok(())
    }

    /// An answer's body and validators; `None` where nothing changed.
    async fn fetch(
        &mut self,
        url: Url,
        asked: HeaderMap,
        most: usize,
    ) -> Result<Option<(Vec<u8>, HeaderMap)>, Fault> {
        let name = plain(url.as_str());
        let line =
            |why: reqwest::Error| Fault::Line { url: name.clone(), why: why.without_url().to_string() };
        let mut answer = self.client().await?.get(url).headers(asked).send().await.map_err(line)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED => return Ok(None),
            status if status.is_redirection() => {
                return Err(Fault::Elsewhere { url: name, status: status.as_u16() });
            }
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
