//! Spike: does a value stand out from the one before and the one after it (`QARTOD` test "spike").

use super::flag::{Flag, LimitError};
use crate::quantity::Value;

/// How it is measured that a value stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpikeForm {
    /// The smaller of the two differences, where they go opposite ways: the value beside a spike and
    /// a step that stays are none.
    #[default]
    Differential,
    /// The difference from the mean of the two: it also flags the values beside a spike.
    Average,
}

impl SpikeForm {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Differential, Self::Average];

    /// The spelling in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Differential => "differential",
            Self::Average => "average",
        }
    }
}

/// How much a value may stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spike {
    form: SpikeForm,
    suspect: Option<Value>,
    fail: Option<Value>,
}

impl Spike {
    /// More than `suspect` is suspect, more than `fail` fails.
    ///
    /// # Errors
    /// Refuses thresholds that are not positive, none at all, and a rejection within what is not doubted.
    pub fn new(form: SpikeForm, suspect: Option<Value>, fail: Option<Value>) -> Result<Self, LimitError> {
        if suspect.iter().chain(&fail).any(|most| most.raw() <= 0) {
            return Err(LimitError::NotPositive);
        }
        if suspect.is_none() && fail.is_none() {
            return Err(LimitError::Nothing);
        }
        if suspect.zip(fail).is_some_and(|(suspect, fail)| fail < suspect) {
            return Err(LimitError::Crossed);
        }
        Ok(Self { form, suspect, fail })
    }

    /// The limits of rejection and of doubt that hold for a sensor.
    pub(crate) fn trusted(form: SpikeForm, suspect: Option<Value>, fail: Option<Value>) -> Self {
        Self { form, suspect, fail }
    }

    /// The flag of a raw value between its neighbours; unchecked where one of them is missing.
    pub fn flag(&self, before: Option<i64>, this: i64, after: Option<i64>) -> Flag {
        let (Some(before), Some(after)) = (before, after) else { return Flag::Unchecked };
        let (before, this, after) = (i128::from(before), i128::from(this), i128::from(after));
        // Twice as much, so that the mean of two whole numbers is whole.
        let twice = match self.form {
            SpikeForm::Average => (2 * this - before - after).abs(),
            SpikeForm::Differential => {
                let (came, went) = (this - before, after - this);
                if came.signum() * went.signum() < 0 { 2 * came.abs().min(went.abs()) } else { 0 }
            }
        };
        let beyond = |most: Option<Value>| most.is_some_and(|most| twice > 2 * i128::from(most.raw()));
        match (beyond(self.fail), beyond(self.suspect)) {
            (true, _) => Flag::Fail,
            (false, true) => Flag::Suspect,
            (false, false) => Flag::Good,
        }
    }
}
