//! What a sensor's readings are judged by beyond its span, its plausible range and its steps.

use super::attenuated::Attenuated;
use super::flat_line::FlatLine;
use super::season::Seasons;
use super::spike::SpikeForm;
use crate::quantity::Value;
use crate::station::Rate;
use crate::time::Span;

/// Limits of the further checks; by default there is none of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checks {
    /// Ranges by month and hour.
    pub seasons: Seasons,
    /// A faster change is rejected. Not for stages that warn: a rate of rise is a fact.
    pub rate_fail: Option<Rate>,
    /// How a spike is measured.
    pub spike_form: SpikeForm,
    /// A value that stands out by more is rejected. Not for stages that warn.
    pub spike_fail: Option<Value>,
    /// How long it may stand still.
    pub flat_line: Option<FlatLine>,
    /// How much it must move.
    pub attenuated: Option<Attenuated>,
    /// A reading that comes later than this after the one before it is suspect.
    pub gap_max: Option<Span>,
}
