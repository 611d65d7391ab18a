//! MQTT 5, by the library's client for it.

use std::sync::Arc;

use futures_util::{Stream, stream};
use rumqttc::{
    AckMode, AsyncClient, Broker, ConnectReturnCode, ConnectionError, DisconnectReasonCode, Event, EventLoop,
    LastWill, MqttOptions, Outgoing, PublishOptions, QoS, RetainForwardRule, StateError,
    SubscribeFilterInput, SubscribeReasonCode,
};

use super::session::NothingInFlight;
use super::{
    Ack, AckKind, BATCH, CONNECT_TIMEOUT, Filter, Grant, KEEP_ALIVE_S, LinkError, Message, NOBODYS,
    PUBLISHED_MAX, Packet, Packets, RECEIVE_MAX, REQUESTS_MAX, Said, Settings, Speaker, connect, cut,
    network, no_connection,
};
use crate::collect::mqtt::tls;

/// The largest packet the broker may send us; larger ones it drops itself without a word (MQTT 5,
/// 3.1.2.11.4), so this lies well above what we refuse aloud.
const PACKET_MAX_BYTES: u32 = 4 * 1024 * 1024;

/// Connects and takes up the session.
pub(super) async fn open(settings: &Settings) -> Result<(Box<dyn Speaker>, Packets, bool), LinkError> {
    let builder = AsyncClient::builder(options(settings)).capacity(REQUESTS_MAX);
    let (client, mut event_loop) = builder.build();
    let session_present = loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(rumqttc::Packet::ConnAck(ack))) => break ack.session_present,
            Ok(_) => {}
            Err(error) => return Err(told(error)),
        }
    };
    // Its one word has been said; left in place it would be asked to save every packet.
    event_loop.options.clear_session_store();
    Ok((Box::new(V5(client.clone())), Box::pin(packets(client, event_loop)), session_present))
}

struct V5(AsyncClient);

impl Speaker for V5 {
    fn subscribe(&self, filters: &[Filter]) -> Result<(), LinkError> {
        let filters = filters.iter().map(|wanted| {
            // What was kept for a topic is sent once, not at every reconnection; but who is online
            // may have changed while nobody listened.
            let rule = if wanted.is_state {
                RetainForwardRule::OnEverySubscribe
            } else {
                RetainForwardRule::OnNewSubscribe
            };
            SubscribeFilterInput::new(wanted.filter.as_str(), QoS::AtLeastOnce).retain_forward_rule(rule)
        });
        self.0.try_subscribe_many(filters).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn publish(&self, said: &Said, kept: bool) -> Result<(), LinkError> {
        let how =
            if kept { PublishOptions::at_least_once().retain(true) } else { PublishOptions::at_most_once() };
        let sent = self.0.try_publish(said.topic.as_str(), said.payload.clone(), how);
        sent.map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn acknowledge(&self, ack: Ack) -> Result<(), LinkError> {
        let AckKind::V5(ack) = ack.0 else { return Ok(()) };
        self.0.try_manual_ack(ack).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn knock(&self) -> Result<(), LinkError> {
        self.0.try_unsubscribe(NOBODYS).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn disconnect(&self) -> Result<(), LinkError> {
        self.0.try_disconnect().map_err(|e| LinkError::Broken(e.to_string()))
    }
}

/// The event loop as a stream: unlike its own `poll`, waiting for the next item can be given up
/// at any time without losing a half-written packet.
fn packets(
    client: AsyncClient,
    event_loop: EventLoop,
) -> impl Stream<Item = Result<Packet, LinkError>> + Send {
    stream::unfold((client, event_loop), |(client, mut event_loop)| async move {
        match event_loop.poll().await {
            Err(ConnectionError::RequestsDone) => None,
            Err(error) => Some((Err(told(error)), (client, event_loop))),
            Ok(event) => Some((Ok(packet(&client, event)), (client, event_loop))),
        }
    })
}

fn packet(client: &AsyncClient, event: Event) -> Packet {
    match event {
        Event::Incoming(rumqttc::Packet::Publish(publish)) => {
            let ack = client.prepare_ack(&publish).map(|ack| Ack(AckKind::V5(ack)));
            let rumqttc::Publish { topic, payload, retain: retained, .. } = publish;
            Packet::Message(Message { topic, payload, retained, ack })
        }
        Event::Incoming(rumqttc::Packet::SubAck(answer)) => {
            let grants = answer.return_codes.iter().map(|code| match code {
                SubscribeReasonCode::Success(QoS::AtMostOnce) => Grant::AtMostOnce,
                SubscribeReasonCode::Success(_) => Grant::AtLeastOnce,
                refused => Grant::Refused(format!("{refused:?}")),
            });
            Packet::Answered(answer.pkid, grants.collect())
        }
        Event::Outgoing(Outgoing::Subscribe(id)) => Packet::Asked(id),
        Event::Outgoing(Outgoing::PubAck(_)) => Packet::Acknowledged,
        Event::Incoming(rumqttc::Packet::PubAck(_) | rumqttc::Packet::UnsubAck(_)) => Packet::Kept,
        _ => Packet::Other,
    }
}

fn options(settings: &Settings) -> MqttOptions {
    let broker = Broker::tcp(settings.host.as_str(), settings.port);
    let mut options = MqttOptions::new(settings.client_id.as_str(), broker);
    let (address, tls) = ((settings.host.clone(), settings.port), settings.tls.clone());
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(settings.session_expiry_s))
        .set_ack_mode(AckMode::Manual)
        .set_receive_maximum(Some(RECEIVE_MAX))
        .set_max_packet_size(Some(PACKET_MAX_BYTES))
        .set_max_request_batch(BATCH)
        .set_read_batch_size(BATCH)
        // At each flush the library walks over all of ours that could be in flight.
        .set_outgoing_inflight_upper_limit(PUBLISHED_MAX)
        .set_keep_alive(KEEP_ALIVE_S)
        .set_connect_timeout(CONNECT_TIMEOUT)
        .set_network_options(network())
        .set_session_store_arc(Arc::new(NothingInFlight::new(&settings.client_id)))
        .set_socket_connector(move |_, _| connect(address.clone(), tls.clone()));
    if let Some((user, password)) = &settings.credentials {
        options.set_credentials(user.as_str(), password.clone());
    }
    if let Some(Said { topic, payload }) = &settings.will {
        options.set_last_will(LastWill::new(topic.as_str(), payload.clone(), QoS::AtLeastOnce, true, None));
    }
    options
}

fn told(error: ConnectionError) -> LinkError {
    // The library does not name what a packet that could not be read was made of as its source.
    let about_tls = match &error {
        ConnectionError::MqttState(StateError::Deserialization(inner)) => tls::told(inner),
        other => tls::told(other),
    };
    if let Some(why) = about_tls {
        return LinkError::Broken(why);
    }
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
        ConnectionError::Timeout(_) => no_connection(),
        ConnectionError::Io(error) => LinkError::Broken(error.to_string()),
        ConnectionError::MqttState(StateError::ConnectionAborted | StateError::Io(_))
        | ConnectionError::RequestsDone => cut(),
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
            "it does not speak MQTT 5; set version = \"3.1.1\""
        }
        ConnectReturnCode::ServerBusy | ConnectReturnCode::ServerUnavailable => "it is busy",
        ConnectReturnCode::Banned => "we are banned",
        ConnectReturnCode::QuotaExceeded | ConnectReturnCode::ConnectionRateExceeded => "a quota is exceeded",
        _ => "for a reason that it did not explain",
    }
}
