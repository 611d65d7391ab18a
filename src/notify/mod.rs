//! Telling people: deliveries, and the channels that carry them.

pub mod delivery;
