//! The storm in a box: storm -> basin -> river -> gauge -> wire bytes; and phones.
//!
//! It knows no thresholds and no rules: what it plays is water, and what it speaks is bytes.

pub mod phone;
