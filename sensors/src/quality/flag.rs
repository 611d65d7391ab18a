//! What one check says of one point.

use super::{Check, Quality};

/// The flag of one check (`QARTOD`: 1, 2, 3, 4), the better one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Passed.
    Good,
    /// Could not be judged: a neighbour is missing, there is too little before it.
    Unchecked,
    /// Outside the threshold of doubt.
    Suspect,
    /// Outside the threshold of rejection.
    Fail,
}

impl Flag {
    /// The judgement that a check's flag makes.
    pub fn of(self, check: Check) -> Quality {
        match self {
            Self::Good => Quality::Good,
            Self::Unchecked => Quality::Unchecked,
            Self::Suspect => Quality::Suspect(check),
            Self::Fail => Quality::Rejected(check),
        }
    }
}

/// Limits that make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// A range without anything in it.
    #[error("the lower end is not below the upper end")]
    Empty,
    /// What is doubted reaches beyond what is rejected.
    #[error("the plausible range leaves the span")]
    Leaves,
    /// A threshold that everything or nothing passes.
    #[error("the threshold is not more than 0")]
    NotPositive,
    /// No threshold at all.
    #[error("there is no threshold")]
    Nothing,
    /// What is rejected would not be doubted.
    #[error("it would reject what it does not even doubt")]
    Crossed,
}

impl LimitError {
    /// What is allowed instead.
    pub fn allowed(self) -> &'static str {
        match self {
            Self::Empty => "allowed is [lower, upper] with lower < upper",
            Self::Leaves => "allowed is a part of the span",
            Self::NotPositive => "allowed is more than 0",
            Self::Nothing => "needed is a threshold of doubt or of rejection",
            Self::Crossed => "allowed is a rejection that lies beyond the doubt",
        }
    }
}
