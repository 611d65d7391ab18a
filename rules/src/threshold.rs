//! Thresholds with hysteresis; one without can't exist.
//!
//! How long a threshold must be crossed (`confirm`, `hold`) belongs to the level that uses it.

use sensors::parameter::Parameter;
use sensors::quantity::Value;

/// Where a level is raised and where it is cleared: true from `raise` upwards, over at or below
/// `clear`, and in between as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    raise: Value,
    clear: Value,
}

impl Threshold {
    /// A threshold.
    ///
    /// # Errors
    /// Refuses a clear at or beyond the raise: such a threshold flaps.
    pub fn new(raise: Value, clear: Value) -> Result<Self, NoHysteresis> {
        if clear < raise { Ok(Self { raise, clear }) } else { Err(NoHysteresis { raise, clear }) }
    }

    /// Raised at this value and above.
    pub const fn raise(self) -> Value {
        self.raise
    }

    /// Cleared at this value and below.
    pub const fn clear(self) -> Value {
        self.clear
    }
}

/// A pair of values that is no threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("clear {} is not below raise {}", clear.raw(), raise.raw())]
pub struct NoHysteresis {
    /// What should raise, in finest steps.
    pub raise: Value,
    /// What should clear, in finest steps.
    pub clear: Value,
}

/// A threshold as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The level that it belongs to, `bd3` also where the level is `bd3+1.0`.
    pub level: String,
    /// The value from which that level holds.
    pub raise: Value,
    /// What is compared with it.
    pub parameter: Parameter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_09_a_threshold_without_hysteresis_cannot_exist() {
        let mm = Value::from_raw;
        assert!(Threshold::new(mm(2000), mm(2000)).is_err());
        assert!(Threshold::new(mm(2000), mm(2001)).is_err());
        assert_eq!(Threshold::new(mm(2000), mm(1800)).map(Threshold::clear), Ok(mm(1800)));
    }
}
