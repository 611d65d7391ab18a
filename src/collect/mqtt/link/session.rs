//! Our half of the MQTT 5 session: nothing.
//!
//! A client that receives at QoS 1 owns no session state beyond what the broker keeps (MQTT 5, 4.1:
//! a receiver of QoS 1 stores no packet ids), and the little that we publish is said anew at each
//! connection. The library can't know
//! that and refuses to go on with a session which it has not seen begin, or, made lenient,
//! refuses to subscribe in it; so it is told that there was nothing in flight.

use rumqttc::{PersistedAckMode, PersistedSession, SessionStore, SessionStoreError, SessionStoreKey};

use super::PUBLISHED_MAX;

/// Says that no packet of ours is in flight; keeps nothing.
#[derive(Debug)]
pub(super) struct NothingInFlight {
    client_id: String,
}

impl NothingInFlight {
    /// For the session of this client.
    pub(super) fn new(client_id: &str) -> Self {
        Self { client_id: client_id.to_owned() }
    }
}

type Future<'a, T> =
    std::pin::Pin<Box<dyn std::future::Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

impl SessionStore for NothingInFlight {
    fn load<'a>(&'a self, _key: &'a SessionStoreKey) -> Future<'a, Option<PersistedSession>> {
        let session = PersistedSession {
            format_version: 1,
            client_id: self.client_id.clone(),
            clean_start: false,
            session_expiry_interval: None,
            outgoing_inflight_upper_limit: Some(PUBLISHED_MAX),
            ack_mode: PersistedAckMode::Manual,
            last_pkid: 0,
            last_puback: 0,
            replay: Vec::new(),
            incoming_qos2: Vec::new(),
        };
        Box::pin(std::future::ready(Ok(Some(session))))
    }

    fn save<'a>(&'a self, _key: &'a SessionStoreKey, _session: &'a PersistedSession) -> Future<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn clear<'a>(&'a self, _key: &'a SessionStoreKey) -> Future<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
