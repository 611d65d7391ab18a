//! MQTT 3.1.1, by the library's client for it.
//!
//! It has no receive maximum, no session expiry and no reasons: the broker's own limits hold, and a
//! connection that ends is only seen to be cut.

use futures_util::{Stream, stream};
use rumqttc_v4::{
    AckMode, AsyncClient, Broker, ConnectReturnCode, ConnectionError, Event, EventLoop, LastWill,
    MqttOptions, Outgoing, PublishOptions, QoS, StateError, SubscribeFilter, SubscribeReasonCode,
};

use super::{
    Ack, AckKind, BATCH, Filter, Grant, KEEP_ALIVE_S, LinkError, Message, NOBODYS, PUBLISHED_MAX, Packet,
    Packets, REQUESTS_MAX, Said, Settings, Speaker, connect, cut, network, no_connection,
};
use crate::collect::mqtt::tls;

/// The largest packet that is read. The broker can't be told and sends a larger one again and
/// again, so this lies far above what we refuse aloud; see `message_size_limit` in docs/collect.md.
const PACKET_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Connects and takes up the session.
pub(super) async fn open(settings: &Settings) -> Result<(Box<dyn Speaker>, Packets, bool), LinkError> {
    let builder = AsyncClient::builder(options(settings)).capacity(REQUESTS_MAX);
    let (client, mut event_loop) = builder.build();
    event_loop.set_network_options(network());
    let session_present = loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(rumqttc_v4::Packet::ConnAck(ack))) => break ack.session_present,
            Ok(_) => {}
            Err(error) => return Err(told(error)),
        }
    };
    Ok((Box::new(V4(client.clone())), Box::pin(packets(client, event_loop)), session_present))
}

struct V4(AsyncClient);

impl Speaker for V4 {
    fn subscribe(&self, filters: &[Filter]) -> Result<(), LinkError> {
        let filters = filters.iter().map(|f| SubscribeFilter::new(f.filter.clone(), QoS::AtLeastOnce));
        self.0.try_subscribe_many(filters).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn publish(&self, said: &Said, kept: bool) -> Result<(), LinkError> {
        let how =
            if kept { PublishOptions::at_least_once().retain(true) } else { PublishOptions::at_most_once() };
        let sent = self.0.try_publish(said.topic.as_str(), said.payload.clone(), how);
        sent.map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn acknowledge(&self, ack: Ack) -> Result<(), LinkError> {
        let AckKind::V4(ack) = ack.0 else { return Ok(()) };
        self.0.try_manual_ack(ack).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn knock(&self) -> Result<(), LinkError> {
        self.0.try_unsubscribe(NOBODYS).map_err(|e| LinkError::Broken(e.to_string()))
    }

    fn disconnect(&self) -> Result<(), LinkError> {
        self.0.try_disconnect().map_err(|e| LinkError::Broken(e.to_string()))
    }
}

/// As for MQTT 5: waiting for the next item can be given up at any time.
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
        Event::Incoming(rumqttc_v4::Packet::Publish(publish)) => {
            let ack = client.prepare_ack(&publish).map(|ack| Ack(AckKind::V4(ack)));
            let rumqttc_v4::Publish { topic, payload, retain: retained, .. } = publish;
            Packet::Message(Message { topic, payload, retained, ack })
        }
        Event::Incoming(rumqttc_v4::Packet::SubAck(answer)) => {
            let grants = answer.return_codes.iter().map(|code| match code {
                SubscribeReasonCode::Success(QoS::AtMostOnce) => Grant::AtMostOnce,
                SubscribeReasonCode::Success(_) => Grant::AtLeastOnce,
                SubscribeReasonCode::Failure => Grant::Refused(String::from("it does not say why")),
            });
            Packet::Answered(answer.pkid, grants.collect())
        }
        Event::Outgoing(Outgoing::Subscribe(id)) => Packet::Asked(id),
        Event::Outgoing(Outgoing::PubAck(_)) => Packet::Acknowledged,
        Event::Incoming(rumqttc_v4::Packet::PubAck(_) | rumqttc_v4::Packet::UnsubAck(_)) => Packet::Kept,
        _ => Packet::Other,
    }
}

fn options(settings: &Settings) -> MqttOptions {
    let broker = Broker::tcp(settings.host.as_str(), settings.port);
    let mut options = MqttOptions::new(settings.client_id.as_str(), broker);
    let (address, tls) = ((settings.host.clone(), settings.port), settings.tls.clone());
    options
        .set_clean_session(false)
        .set_ack_mode(AckMode::Manual)
        .set_max_packet_size(PACKET_MAX_BYTES, PACKET_MAX_BYTES)
        .set_max_request_batch(BATCH)
        .set_read_batch_size(BATCH)
        .set_inflight(PUBLISHED_MAX)
        .set_keep_alive(KEEP_ALIVE_S)
        .set_socket_connector(move |_, _| connect(address.clone(), tls.clone()));
    if let Some((user, password)) = &settings.credentials {
        options.set_credentials(user.as_str(), password.clone());
    }
    if let Some(Said { topic, payload }) = &settings.will {
        options.set_last_will(LastWill::new(topic.as_str(), payload.clone(), QoS::AtLeastOnce, true));
    }
    options
}

fn told(error: ConnectionError) -> LinkError {
    if let Some(why) = tls::told(&error) {
        return LinkError::Broken(why);
    }
    match error {
        ConnectionError::ConnectionRefused(code) => LinkError::Refused(refusal(code)),
        ConnectionError::NetworkTimeout => no_connection(),
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
        ConnectReturnCode::BadClientId => "it does not accept our client id",
        ConnectReturnCode::RefusedProtocolVersion => "it does not speak MQTT 3.1.1; set version = \"5\"",
        ConnectReturnCode::ServiceUnavailable => "it is busy",
        ConnectReturnCode::Success => "for a reason that it did not explain",
    }
}
