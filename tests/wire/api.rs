//! The HTTP API over real sockets: what it promises to those who read, and to those who mean ill.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod attack;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod events;
#[cfg(test)]
mod house;
#[cfg(test)]
mod load;
#[cfg(test)]
mod watchdog;
#[cfg(test)]
mod water;
