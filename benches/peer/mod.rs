//! The other ends of a measurement: the real broker, one who publishes, the service as a process
//! of its own, and the machine. Loopback only; every process started here ends with its owner.

pub(crate) mod machine;
#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../../tests/wire/peer/mosquitto.rs"]
pub(crate) mod mosquitto;
pub(crate) mod publisher;
pub(crate) mod service;

use std::net::TcpListener;

/// A port of loopback that was free a moment ago, for programs that can't be given port 0.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
