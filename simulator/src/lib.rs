//! The storm in a box: storm -> basin -> river -> gauge -> wire bytes; and phones.
//!
//! It knows no thresholds and no rules: what it plays is water, and what it speaks is bytes.

pub mod chart;
mod course;
mod fault;
mod instrument;
mod noise;
pub mod offline;
pub mod phone;
mod rain;
mod river;
mod schedule;
mod source;
pub mod storm;
#[cfg(test)]
mod tests;
mod tide;
mod water;
mod wind;
pub mod wire;
