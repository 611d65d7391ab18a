//! Rules: conditions on ladders, typed.

use sensors::time::Span;

/// Who lets a bulletin out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuePolicy {
    /// At once, by itself.
    Automatic,
    /// An officer does; until then it is a proposal.
    Officer,
    /// An officer does, or the fuse after this time.
    OfficerWithin(Span),
}

/// The compiled rules of a city.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// A hash of everything in it.
    pub version: String,
}
