//! The officers' desk over HTTP: papers to read, and orders about them.

pub(super) mod draft;
pub(super) mod duty;
pub(super) mod foreign;
mod paper;
pub(super) mod typed;
pub(super) mod warning;
