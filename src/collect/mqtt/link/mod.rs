//! Our own link to a broker: a persistent session, QoS 1, acknowledged when we say so.
//!
//! This folder alone knows the client library, one file for each version of the protocol. A link
//! lives for one connection and is never mended: after an error it is dropped and a new one
//! opened, so that no acknowledgement and no packet id of a dead connection can reach the next
//! one. What it publishes is ours alone: that we are here, and requests to be told anew.

mod session;
mod v4;
mod v5;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use rumqttc::NetworkOptions;
use sensors::line::MqttVersion;

use super::cork::Corked;
use super::tls::Armour;

/// Messages that the broker may have out to us unacknowledged. It bounds our memory, and has to
/// cover what arrives during one commit: 4,096 at 40,000/s are 100 ms. MQTT 3.1.1 can't say it; there
/// we stop reading.
pub(super) const RECEIVE_MAX: u16 = 4096;
/// Messages of ours that may be in flight.
const PUBLISHED_MAX: u16 = 1;
/// Packets read, and requests written, in one go of the event loop.
const BATCH: usize = 64;
/// Topics in one SUBSCRIBE.
const FILTERS_MAX: usize = 100;
/// Requests to the event loop that may wait: every acknowledgement that can be owed, so that
/// handing one in never waits.
const REQUESTS_MAX: usize = RECEIVE_MAX as usize * 2;
/// A filter that nobody subscribes: to end it is a question that any broker answers.
const NOBODYS: &str = "baolu/nobody";
const KEEP_ALIVE_S: u16 = 15;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a link that is closed waits for its last acknowledgements, and for its goodbye.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// How the session is opened.
#[derive(Clone)]
pub(super) struct Settings {
    /// Which protocol is spoken.
    pub(super) version: MqttVersion,
    /// Host name or address.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// The session on the broker belongs to it.
    pub(super) client_id: String,
    /// Seconds that the broker keeps the session while we are away; MQTT 5 only.
    pub(super) session_expiry_s: u32,
    /// User name and password.
    pub(super) credentials: Option<(String, String)>,
    /// What the broker says in our place when we vanish; kept by it.
    pub(super) will: Option<Said>,
    /// TLS, with what was read from its files.
    pub(super) tls: Option<Armour>,
}

/// Something that we publish, at QoS 1 and kept by the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Where.
    pub(super) topic: String,
    /// What.
    pub(super) payload: Vec<u8>,
}

/// A topic filter that we ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    /// As MQTT writes it, with `+` and `#`.
    pub(super) filter: String,
    /// Whether what the broker keeps is wanted at every connection, and not only at the first.
    pub(super) is_state: bool,
}

/// What the broker brought.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Topics that the broker does not let us have as we asked, and why.
    Refused(Vec<(String, String)>),
}

/// A message as it came.
#[derive(Debug)]
pub(super) struct Message {
    /// Its topic; not checked to be UTF-8.
    pub(super) topic: Bytes,
    /// What it carries.
    pub(super) payload: Bytes,
    /// Whether the broker had kept it from before we subscribed.
    pub(super) retained: bool,
    /// To be given back once the message is durable; none at QoS 0.
    pub(super) ack: Option<Ack>,
}

/// The right to acknowledge one message, on the link that brought it.
#[derive(Debug)]
pub(super) struct Ack(AckKind);

#[derive(Debug)]
enum AckKind {
    V4(rumqttc_v4::ManualAck),
    V5(rumqttc::ManualAck),
}

/// The link can't be opened, or broke.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    /// The broker said no to our CONNECT.
    #[error("the broker refused us: {0}")]
    Refused(&'static str),
    /// The broker ended the connection and said why.
    #[error("the broker closed the connection: {0}")]
    Closed(String),
    /// Anything else, in the library's words.
    #[error("{0}")]
    Broken(String),
}

/// What one version of the protocol can be asked to do; nothing of it waits.
trait Speaker: Send + Sync {
    fn subscribe(&self, filters: &[Filter]) -> Result<(), LinkError>;
    fn publish(&self, said: &Said, kept: bool) -> Result<(), LinkError>;
    fn acknowledge(&self, ack: Ack) -> Result<(), LinkError>;
    /// Asks for an answer that changes nothing: who answers has taken all before it.
    fn knock(&self) -> Result<(), LinkError>;
    fn disconnect(&self) -> Result<(), LinkError>;
}

/// What a version's event loop has to say, in words of neither version.
enum Packet {
    Message(Message),
    /// Our SUBSCRIBE went out under this packet id.
    Asked(u16),
    /// The answer to it, filter by filter.
    Answered(u16, Vec<Grant>),
    /// An acknowledgement of ours was written.
    Acknowledged,
    /// The broker has what we published for it to keep, or answered that it is there.
    Kept,
    Other,
}

enum Grant {
    AtLeastOnce,
    AtMostOnce,
    Refused(String),
}

type Packets = Pin<Box<dyn Stream<Item = Result<Packet, LinkError>> + Send>>;

/// One connection to the broker.
pub(super) struct Link {
    speaker: Box<dyn Speaker>,
    packets: Packets,
    session_present: bool,
    /// Filters whose SUBSCRIBE has no packet id yet, in the order of the requests.
    asked: VecDeque<Vec<Filter>>,
    /// Filters by the packet id of their SUBSCRIBE.
    pending: BTreeMap<u16, Vec<Filter>>,
    /// Acknowledgements that were handed in and not written yet.
    unwritten: usize,
    /// What we published for the broker to keep and it did not confirm yet.
    unkept: usize,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("session_present", &self.session_present).finish_non_exhaustive()
    }
}

impl Link {
    /// Connects and takes up the session.
    pub(super) async fn open(settings: &Settings) -> Result<Self, LinkError> {
        let (speaker, packets, session_present) = match settings.version {
            MqttVersion::V3 => v4::open(settings).await?,
            MqttVersion::V5 => v5::open(settings).await?,
        };
        let (asked, pending) = (VecDeque::new(), BTreeMap::new());
        Ok(Self { speaker, packets, session_present, asked, pending, unwritten: 0, unkept: 0 })
    }

    /// Whether the broker had kept our session, with what waited in it.
    pub(super) fn session_present(&self) -> bool {
        self.session_present
    }

    /// Asks for topics; the broker's answer comes with [`Link::next`].
    pub(super) fn subscribe(&mut self, filters: &[Filter]) -> Result<(), LinkError> {
        for chunk in filters.chunks(FILTERS_MAX) {
            self.speaker.subscribe(chunk)?;
            self.asked.push_back(chunk.to_vec());
        }
        Ok(())
    }

    /// Publishes at QoS 1 what the broker is to keep; it goes out with the next turn of [`Link::next`].
    pub(super) fn keep(&mut self, said: &Said) -> Result<(), LinkError> {
        self.unkept += 1;
        self.speaker.publish(said, true)
    }

    /// Publishes a request at QoS 0; it goes out with the next turn of [`Link::next`].
    pub(super) fn request(&self, said: &Said) -> Result<(), LinkError> {
        self.speaker.publish(said, false)
    }

    /// The next thing the broker brings. Dropping the future before it ends loses nothing.
    pub(super) async fn next(&mut self) -> Result<Incoming, LinkError> {
        loop {
            if let Some(incoming) = self.turn().await? {
                return Ok(incoming);
            }
        }
    }

    /// Takes one packet, in either direction.
    async fn turn(&mut self) -> Result<Option<Incoming>, LinkError> {
        let packet = self.packets.next().await;
        match packet.unwrap_or_else(|| Err(cut()))? {
            Packet::Message(message) => return Ok(Some(Incoming::Message(message))),
            Packet::Answered(id, grants) => {
                let refused = refused(self.pending.remove(&id).unwrap_or_default(), grants);
                if !refused.is_empty() {
                    return Ok(Some(Incoming::Refused(refused)));
                }
            }
            Packet::Asked(id) => {
                let filters = self.asked.pop_front().unwrap_or_default();
                self.pending.insert(id, filters);
            }
            Packet::Acknowledged => self.unwritten = self.unwritten.saturating_sub(1),
            Packet::Kept => self.unkept = self.unkept.saturating_sub(1),
            Packet::Other => {}
        }
        Ok(None)
    }

    /// Acknowledges a message; it goes out with the next turn of [`Link::next`].
    pub(super) fn acknowledge(&mut self, ack: Ack) -> Result<(), LinkError> {
        self.unwritten += 1;
        self.speaker.acknowledge(ack)
    }

    /// Sends what is still to be sent and says goodbye, with the words that a will says for those who
    /// can't; the broker keeps the session.
    pub(super) async fn close(mut self, farewell: Option<&Said>) {
        // The library's goodbye overtakes what waits, and a socket that is closed with something unread
        // takes back what the broker has not read: either way what was acknowledged would come again.
        // What arrives meanwhile is left to the broker.
        let settled = async {
            while self.unwritten > 0 {
                self.turn().await?;
            }
            if let Some(said) = farewell {
                self.keep(said)?;
            }
            self.unkept += 1;
            self.speaker.knock()?;
            while self.unkept > 0 {
                self.turn().await?;
            }
            Ok::<(), LinkError>(())
        };
        match tokio::time::timeout(GOODBYE_TIMEOUT, settled).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => tracing::warn!("the broker takes nothing more; some messages may come again"),
        }
        if self.speaker.disconnect().is_err() {
            return;
        }
        let goodbye = async { while let Some(Ok(_)) = self.packets.next().await {} };
        // A broker that doesn't take our goodbye keeps the session all the same.
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await;
    }
}

fn refused(filters: Vec<Filter>, grants: Vec<Grant>) -> Vec<(String, String)> {
    let pairs = filters.into_iter().map(|filter| filter.filter).zip(grants);
    let refused = pairs.filter_map(|(filter, grant)| match grant {
        Grant::AtLeastOnce => None,
        Grant::AtMostOnce => Some((
            filter,
            String::from(
                "the broker grants QoS 0 only: what comes while we are away is lost; allow QoS 1 there",
            ),
        )),
        Grant::Refused(why) => Some((filter, format!("the broker refused the subscription: {why}"))),
    });
    refused.collect()
}

fn cut() -> LinkError {
    LinkError::Broken(String::from("the connection to the broker was cut"))
}

fn no_connection() -> LinkError {
    LinkError::Broken(format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()))
}

fn network() -> NetworkOptions {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    network.set_connection_timeout(CONNECT_TIMEOUT.as_secs());
    network
}

/// The socket, with TLS where it is asked for, and the cork above it: under TLS it could not tell
/// an acknowledgement from anything else.
async fn connect((host, port): (String, u16), tls: Option<Armour>) -> io::Result<Corked<Socket>> {
    let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let tcp = rumqttc::default_socket_connect(host, network()).await?;
    match tls {
        None => Ok(Corked::new(Box::new(tcp) as Socket)),
        Some(armour) => Ok(Corked::new(Box::new(armour.wrap(tcp).await?) as Socket)),
    }
}

type Socket = Box<dyn Stuff>;

trait Stuff: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Sync + Unpin {}
impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Sync + Unpin> Stuff for S {}
