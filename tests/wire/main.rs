//! The wire ring: real sockets, real brokers, real peers. One binary, so that it links once.

#[cfg(test)]
mod api;
#[cfg(test)]
mod command;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod durable;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod modbus;
#[cfg(test)]
mod modbus_bus;
#[cfg(test)]
mod modbus_quirk;
#[cfg(test)]
mod mqtt;
#[cfg(test)]
mod officer;
#[cfg(test)]
mod order;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod push;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod store;
