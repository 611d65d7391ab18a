//! What the gauges say: the vocabulary of measurement and of place.
//!
//! Raw registers and payloads become an [`reading::Observation`], the quality checks make a
//! [`reading::Reading`] of it, and [`series`] answers what the readings of a window add up to.
//! This crate is pure: it opens no socket and no file, reads no clock, draws no random number and
//! knows nothing of warnings. `now` is an argument wherever it matters.

pub mod city;
pub mod counter;
pub mod line;
pub mod mistake;
mod mount;
pub mod parameter;
pub mod payload;
pub mod place;
pub mod quality;
pub mod quantity;
pub mod rain;
pub mod rating;
pub mod reading;
pub mod register;
pub mod reservoir;
pub mod series;
pub mod sheet;
pub mod station;
pub mod thiessen;
pub mod time;
pub mod track;
pub mod travel;
