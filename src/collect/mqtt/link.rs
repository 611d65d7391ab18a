//! Our own link to a broker: a persistent MQTT 5 session, QoS 1, acknowledged when we say so.
//!
//! The only file that knows the client library. A link lives for one connection and is never
//! mended: after an error it is dropped and a new one opened, so that no acknowledgement and no
//! packet id of a dead connection can reach the next one. It publishes nothing.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use rumqttc::{
    AckMode, AsyncClient, Broker, ConnectReturnCode, ConnectionError, DisconnectReasonCode, Event, EventLoop,
    ManualAck, MqttOptions, NetworkOptions, Outgoing, Packet, QoS, RetainForwardRule, StateError,
    SubscribeFilterInput, SubscribeReasonCode,
};

use super::cork::Corked;
use super::session::NothingInFlight;

/// Messages that the broker may have out to us unacknowledged. It bounds our memory, and has to
/// cover what arrives during one commit: 4,096 at 40,000/s are 100 ms.
pub(super) const RECEIVE_MAX: u16 = 4096;
/// The largest packet the broker may send us; larger ones it drops itself without a word (MQTT 5,
/// 3.1.2.11.4), so this lies well above what we refuse aloud.
const PACKET_MAX_BYTES: u32 = 4 * 1024 * 1024;
/// Messages of ours that may be in flight.
pub(super) const PUBLISHED_MAX: u16 = 1;
/// Packets read, and requests written, in one go of the event loop.
const BATCH: usize = 64;
/// Topics in one SUBSCRIBE.
const FILTERS_MAX: usize = 100;
const KEEP_ALIVE_S: u16 = 15;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// How the session is opened.
#[derive(Clone)]
pub(super) struct Settings {
    /// Host name or address.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// The session on the broker belongs to it.
    pub(super) client_id: String,
    /// Seconds that the broker keeps the session while we are away.
    pub(super) session_expiry_s: u32,
    /// User name and password.
    pub(super) credentials: Option<(String, String)>,
}

/// What the broker brought.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Topics that the broker does not let us have, and why.
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
pub(super) struct Ack(ManualAck);

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

type Packets = Pin<Box<dyn Stream<Item = Result<Event, ConnectionError>> + Send>>;

/// One connection to the broker.
pub(super) struct Link {
    client: AsyncClient,
    packets: Packets,
    session_present: bool,
    /// Topics whose SUBSCRIBE has no packet id yet, in the order of the requests.
    asked: VecDeque<Vec<String>>,
    /// Topics by the packet id of their SUBSCRIBE.
    pending: BTreeMap<u16, Vec<String>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("session_present", &self.session_present).finish_non_exhaustive()
    }
}

impl Link {
    /// Connects and takes up the session.
    pub(super) async fn open(settings: &Settings) -> Result<Self, LinkError> {
        // Room for every acknowledgement that can be owed, so that handing one in never waits.
        let room = usize::from(RECEIVE_MAX) * 2;
        let (client, mut event_loop) = AsyncClient::builder(options(settings)).capacity(room).build();
        let session_present = loop {
            match event_loop.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(ack))) => break ack.session_present,
                Ok(_) => {}
                Err(error) => return Err(told(error)),
            }
        };
        // Its one word has been said; left in place it would be asked to save every packet.
        event_loop.options.clear_session_store();
        let packets = Box::pin(packets(event_loop));
        Ok(Self { client, packets, session_present, asked: VecDeque::new(), pending: BTreeMap::new() })
    }

    /// Whether the broker had kept our session, with what waited in it.
    pub(super) fn session_present(&self) -> bool {
        self.session_present
    }

    /// Asks for topics; the broker's answer comes with [`Link::next`].
    pub(super) fn subscribe<'a>(&mut self, topics: impl Iterator<Item = &'a str>) -> Result<(), LinkError> {
        let topics: Vec<String> = topics.map(str::to_owned).collect();
        for chunk in topics.chunks(FILTERS_MAX) {
            let filters = chunk.iter().map(|topic| {
                // What was kept for a topic is sent once, not at every reconnection.
                SubscribeFilterInput::new(topic.as_str(), QoS::AtLeastOnce)
                    .retain_forward_rule(RetainForwardRule::OnNewSubscribe)
            });
            self.client.try_subscribe_many(filters).map_err(|e| LinkError::Broken(e.to_string()))?;
            self.asked.push_back(chunk.to_vec());
        }
        Ok(())
    }

    /// The next thing the broker brings. Dropping the future before it ends loses nothing.
    pub(super) async fn next(&mut self) -> Result<Incoming, LinkError> {
        loop {
            let event = self.packets.next().await;
            match event.unwrap_or(Err(ConnectionError::RequestsDone)).map_err(told)? {
                Event::Incoming(Packet::Publish(publish)) => {
                    let ack = self.client.prepare_ack(&publish).map(Ack);
                    let rumqttc::Publish { topic, payload, retain: retained, .. } = publish;
                    return Ok(Incoming::Message(Message { topic, payload, retained, ack }));
                }
                Event::Incoming(Packet::SubAck(answer)) => {
                    let topics = self.pending.remove(&answer.pkid).unwrap_or_default();
                    let refused: Vec<_> = topics
                        .into_iter()
                        .zip(&answer.return_codes)
                        .filter(|(_, code)| !matches!(code, SubscribeReasonCode::Success(_)))
                        .map(|(topic, code)| (topic, format!("{code:?}")))
                        .collect();
                    if !refused.is_empty() {
                        return Ok(Incoming::Refused(refused));
                    }
                }
                Event::Outgoing(Outgoing::Subscribe(packet_id)) => {
                    let topics = self.asked.pop_front().unwrap_or_default();
                    self.pending.insert(packet_id, topics);
                }
                _ => {}
            }
        }
    }

    /// Acknowledges a message; it goes out with the next turn of [`Link::next`].
    pub(super) fn acknowledge(&self, ack: Ack) -> Result<(), LinkError> {
        self.client.try_manual_ack(ack.0).map_err(|e| LinkError::Broken(e.to_string()))
    }

    /// Sends what is still to be sent and says goodbye; the broker keeps the session.
    pub(super) async fn close(mut self) {
        if self.client.try_disconnect().is_err() {
            return;
        }
        let goodbye = async { while let Some(Ok(_)) = self.packets.next().await {} };
        // A broker that doesn't take our goodbye keeps the session all the same.
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, goodbye).await;
    }
}

/// The event loop as a stream: unlike its own `poll`, waiting for the next item can be given up
/// at any time without losing a half-written packet.
fn packets(event_loop: EventLoop) -> impl Stream<Item = Result<Event, ConnectionError>> + Send {
    stream::unfold(event_loop, |mut event_loop| async move {
        match event_loop.poll().await {
            Err(ConnectionError::RequestsDone) => None,
            result => Some((result, event_loop)),
        }
    })
}

fn options(settings: &Settings) -> MqttOptions {
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    let broker = Broker::tcp(settings.host.as_str(), settings.port);
    let mut options = MqttOptions::new(settings.client_id.as_str(), broker);
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(settings.session_expiry_s))
        .set_ack_mode(AckMode::Manual)
        .set_receive_maximum(Some(RECEIVE_MAX))
        .set_max_packet_size(Some(PACKET_MAX_BYTES))
        .set_max_request_batch(BATCH)
        .set_read_batch_size(BATCH)
        // We publish nothing; at each flush the library walks over all that could be in flight.
        .set_outgoing_inflight_upper_limit(PUBLISHED_MAX)
        .set_keep_alive(KEEP_ALIVE_S)
        .set_connect_timeout(CONNECT_TIMEOUT)
        .set_network_options(network)
        .set_session_store_arc(Arc::new(NothingInFlight::new(&settings.client_id)))
        .set_socket_connector(|address, network| async move {
            rumqttc::default_socket_connect(address, network).await.map(Corked::new)
        });
    if let Some((user, password)) = &settings.credentials {
        options.set_credentials(user.as_str(), password.clone());
    }
    options
}

fn told(error: ConnectionError) -> LinkError {
    match error {
        ConnectionError::ConnectionRefused(code)
        | ConnectionError::MqttState(StateError::ConnFail { reason: code }) => {
            LinkError::Refused(refusal(code))
        }
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, reason_string }) => {
            let why = match reason_code {
                DisconnectReasonCode::SessionTakenOver => String::from("another client uses our client id"),
                code => reason_string.unwrap_or_else(|| format!("{code:?}")),
            };
            LinkError::Closed(why)
        }
        ConnectionError::Timeout(_) => {
            LinkError::Broken(format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()))
        }
        ConnectionError::Io(error) => LinkError::Broken(error.to_string()),
        ConnectionError::MqttState(StateError::ConnectionAborted | StateError::Io(_))
        | ConnectionError::RequestsDone => {
            LinkError::Broken(String::from("the connection to the broker was cut"))
        }
        other => LinkError::Broken(other.to_string()),
    }
}

fn refusal(code: ConnectReturnCode) -> &'static str {
    match code {
        ConnectReturnCode::BadUserNamePassword => "user name or password is wrong",
        ConnectReturnCode::NotAuthorized => "not authorized",
        ConnectReturnCode::BadClientId | ConnectReturnCode::ClientIdentifierNotValid => {
            "it does not accept our client id"
        }
        ConnectReturnCode::RefusedProtocolVersion | ConnectReturnCode::UnsupportedProtocolVersion => {
            "it does not speak MQTT 5"
        }
        ConnectReturnCode::ServerBusy | ConnectReturnCode::ServerUnavailable => "it is busy",
        ConnectReturnCode::Banned => "we are banned",
        ConnectReturnCode::QuotaExceeded | ConnectReturnCode::ConnectionRateExceeded => "a quota is exceeded",
        _ => "for a reason that it did not explain",
    }
}
