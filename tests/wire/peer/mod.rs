//! The other ends of the wires: real brokers and servers, and peers that misbehave on purpose.
//!
//! Every process started here is ended by its own id when its owner is dropped.

pub(crate) mod authority;
pub(crate) mod baolu;
pub(crate) mod collector;
pub(crate) mod libmodbus;
pub(crate) mod mischief;
pub(crate) mod mosquitto;
pub(crate) mod nginx;
pub(crate) mod pymodbus;
pub(crate) mod socat;
pub(crate) mod sparkplug;

use std::net::TcpListener;

/// A port of loopback that was free a moment ago, for programs that can't be given port 0.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Says that a test can't run because a tool is absent; in CI that is a failure.
pub(crate) fn skip(tool: &str) {
    assert!(std::env::var_os("CI").is_none(), "{tool} is needed in CI");
    println!("skipped: {tool} is not installed");
}
