//! The HTTP API over real sockets: what it promises to those who read, and to those who mean ill.

mod answers;
mod attack;
mod events;
mod house;
mod load;
mod watchdog;
