//! What a sensor's readings are judged by beyond its span, its plausible range and its steps.

/// Limits of the further checks; by default there is none of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {}
