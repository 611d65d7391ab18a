//! The broker that `demo` brings along: rumqttd on loopback. For a demonstration only: what it
//! holds dies with it. A deployment uses Mosquitto (see docs/operations.md).

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// How long the broker may take to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// Why the broker is not there.
#[derive(Debug, thiserror::Error)]
pub(super) enum BrokerError {
    /// No port on loopback.
    #[error("no free port on loopback for the embedded broker: {0}")]
    Port(#[source] std::io::Error),
    /// Its thread could not be started.
    #[error("the embedded broker's thread could not be started: {0}")]
    Thread(#[source] std::io::Error),
    /// It did not listen in time.
    #[error("the embedded broker did not listen on {0} within 10 s")]
    Silent(SocketAddr),
}

/// Starts the broker on a free port of loopback; it lives as long as the process.
///
/// # Errors
/// When there is no port, no thread, or nobody listens in time.
pub(super) fn start() -> Result<SocketAddr, BrokerError> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(BrokerError::Port)?;
    let address = free.local_addr().map_err(BrokerError::Port)?;
    drop(free);
    let broker = Broker::new(config(address));
    thread::Builder::new()
        .name("broker".into())
        .spawn(move || {
            let mut broker = broker;
            if let Err(error) = broker.start() {
                tracing::error!(%error, "the embedded broker ended");
            }
        })
        .map_err(BrokerError::Thread)?;
    let began = Instant::now();
    while began.elapsed() < START_PATIENCE {
        if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
            return Ok(address);
        }
        thread::sleep(Duration::from_millis(20));
    }
    Err(BrokerError::Silent(address))
}

fn config(listen: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 10_000,
        max_payload_size: 64 * 1024,
        max_inflight_count: 1024,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server =
        ServerSettings { name: "demo".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    Config {
        id: 0,
        router: RouterConfig {
            max_connections: 64,
            max_outgoing_packet_count: 1024,
            max_segment_size: 16 * 1024 * 1024,
            max_segment_count: 8,
            custom_segment: None,
            initialized_filters: None,
            shared_subscriptions_strategy: rumqttd::Strategy::default(),
        },
        v4: None,
        v5: Some(HashMap::from([("1".to_owned(), server)])),
        ws: None,
        cluster: None,
        console: None,
        bridge: None,
        prometheus: None,
        metrics: None,
    }
}
