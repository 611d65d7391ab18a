//! What it means: facts become transitions of alerts, and alerts become bulletins to people.
//!
//! Pure: no socket, no file, no clock, no randomness. The law of this crate is that no data is
//! not good news: a missing, rejected or suspect number never ends a warning.

pub mod alert;
pub mod bulletin;
pub mod config;
pub mod engine;
pub mod hazard;
pub mod phrase;
pub mod reason;
pub mod rule;
pub mod threshold;
pub mod typed;

#[cfg(test)]
mod hue;
#[cfg(test)]
mod small;
