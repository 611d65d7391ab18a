//! Payloads that are lines of separated values (RFC 4180).

use super::{Decoded, PayloadError, PayloadMap};
use crate::parameter::Parameter;
use crate::station::SensorIx;
use crate::time::Timestamp;

/// How the lines are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvForm {
    /// Between two values.
    pub separator: u8,
    /// Whether numbers are written with a decimal comma.
    pub decimal_comma: bool,
    /// Where the names of the columns come from.
    pub head: CsvHead,
}

/// Where the names of the columns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvHead {
    /// The first line of every payload.
    Line,
    /// They are always these, in this order; an empty name is a column that nobody reads.
    Order(Vec<String>),
}

impl PayloadMap {
    pub(super) fn decode_csv(
        &self,
        _form: &CsvForm,
        _payload: &[u8],
        _arrived_at: Timestamp,
        _parameter: impl Fn(SensorIx) -> Option<Parameter>,
    ) -> Result<Decoded, PayloadError> {
        Ok(Decoded::default())
    }
}
