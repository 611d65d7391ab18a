//! The wire ring: real sockets, real brokers, real peers. One binary, so that it links once.

mod api;
mod modbus;
mod mqtt;
mod peer;
mod push;
mod restart;
mod store;
