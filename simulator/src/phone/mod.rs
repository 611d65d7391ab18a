//! Phones: a stand-in for FCM v1 and its token endpoint that shows what a phone would show.
//!
//! It speaks the real protocol (service-account assertion, bearer token, message JSON, error
//! bodies) and judges what it gets as strictly as FCM; it knows no rules and decides nothing.
//! Loopback only: it is for the demo and for tests.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sensors::time::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod account;
mod address;
mod book;
mod schema;
mod server;

pub use book::{Phone, Push, Via, one_per_zone};

use account::Account;
use book::Book;

/// Pushes that wait to be read; a reader that is slower slows the sender down.
const SHOWN_MAX: usize = 4096;
/// Deliveries whose requests are counted one by one.
const COUNTED_MAX: usize = 1_000_000;

/// A clock that the phones are given, so that they read none.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What phones are started with.
pub struct Setup {
    /// The Firebase project's id.
    pub project: String,
    /// Who has a phone.
    pub phones: Vec<Phone>,
    /// The running clock: when a push was shown.
    pub now: Now,
    /// The wall clock: tokens live in real time.
    pub real_now: Now,
    /// How long an access token is good.
    pub token_life: Duration,
}

/// A trouble to be played to the next request of `messages:send`.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// An error answer, with `Retry-After` where given: 401, 403, 429, 500, 503, ...
    Answer {
        /// The HTTP status.
        status: u16,
        /// FCM's error code, as `QUOTA_EXCEEDED`.
        code: &'static str,
        /// The value of `Retry-After`.
        retry_after: Option<String>,
    },
    /// Nothing for so long, then the usual.
    Hang(Duration),
    /// The connection is cut before the message was taken.
    Cut,
    /// The message is taken and shown, and the connection is cut before the answer.
    CutAfter,
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests of `messages:send`.
    pub requests: u64,
    /// Of them, taken.
    pub accepted: u64,
    /// Of them, refused (4xx and 5xx, played troubles included).
    pub refused: u64,
    /// Pushes that phones showed.
    pub shown: u64,
    /// Pushes that phones had shown before and did not show again.
    pub repeats: u64,
    /// Messages that reached no phone.
    pub unheard: u64,
    /// Access tokens granted.
    pub tokens: u64,
}

/// Phones that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The address can't be listened at.
    #[error("listening for pushes at {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The address is not on this machine.
    #[error("phones listen on this machine only, not at {0}; use 127.0.0.1 or [::1]")]
    NotLocal(SocketAddr),
    /// No key could be made for the service account.
    #[error("no RSA key could be made for the phones' service account")]
    Key,
}

/// Phones that run until they are dropped.
pub struct Phones {
    /// Where they listen.
    pub addr: SocketAddr,
    /// What the phones show, in order; it must be read, or senders wait.
    pub shown: mpsc::Receiver<Push>,
    state: Arc<State>,
    stop: CancellationToken,
}

struct State {
    project: String,
    now: Now,
    real_now: Now,
    shown: mpsc::Sender<Push>,
    inner: Mutex<Inner>,
}

struct Inner {
    account: Account,
    book: Book,
    troubles: VecDeque<Trouble>,
    counts: Counts,
    by_delivery: BTreeMap<String, u32>,
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phones {
    /// Listens at `addr` (port 0 for any) until dropped.
    ///
    /// # Errors
    /// The address is taken or not on this machine, or no key could be made.
    pub async fn start(addr: SocketAddr, setup: Setup) -> Result<Self, PhoneError> {
        if !addr.ip().is_loopback() {
            return Err(PhoneError::NotLocal(addr));
        }
        let listen = |source| PhoneError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let account = Account::new(&setup.project, format!("http://{addr}/token"), setup.token_life)
            .ok_or(PhoneError::Key)?;
        let (sender, shown) = mpsc::channel(SHOWN_MAX);
        let state = Arc::new(State {
            project: setup.project,
            now: setup.now,
            real_now: setup.real_now,
            shown: sender,
            inner: Mutex::new(Inner {
                account,
                book: Book::new(setup.phones),
                troubles: VecDeque::new(),
                counts: Counts::default(),
                by_delivery: BTreeMap::new(),
            }),
        });
        let stop = CancellationToken::new();
        tokio::spawn(server::serve(listener, Arc::clone(&state), stop.clone()));
        Ok(Self { addr, shown, state, stop })
    }

    /// The endpoint, for `[fcm] endpoint`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The project's id.
    pub fn project(&self) -> &str {
        &self.state.project
    }

    /// The service account's file, as a real project hands it out.
    pub fn service_account_json(&self) -> String {
        self.state.inner().account.json()
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.state.inner().counts
    }

    /// How often the message of each delivery was taken, by `data.delivery`.
    pub fn by_delivery(&self) -> BTreeMap<String, u32> {
        self.state.inner().by_delivery.clone()
    }

    /// Plays a trouble to the next `times` requests, after those that were asked for before.
    pub fn play(&self, trouble: &Trouble, times: usize) {
        self.state.inner().troubles.extend(std::iter::repeat_n(trouble.clone(), times));
    }

    /// Forgets the troubles that were not played yet.
    pub fn calm(&self) {
        self.state.inner().troubles.clear();
    }

    /// Takes back every access token, as a revocation does: the next request is answered with 401.
    pub fn revoke(&self) {
        self.state.inner().account.revoke();
    }

    /// Removes the app from the phone with this token: it is unregistered from now on.
    pub fn unregister(&self, token: &str) {
        self.state.inner().book.unregister(token);
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
