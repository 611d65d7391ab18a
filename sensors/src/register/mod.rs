//! Modbus registers and bits and what they mean, in both directions.
//!
//! Numbers only: what is asked when, and over which wire, lives in the service.

mod emptied;
mod field;
mod frame;
mod place;
mod poll;
mod recording;
mod request;
mod status;

pub use emptied::Emptied;
pub use field::{RegisterField, Sentinel};
pub use frame::{Frame, FrameError, Question, Reply};
pub use place::{BitRun, Kind, Order, Place, Table, Words};
pub use poll::{Answer, Poll, Said};
pub use recording::{Exchange, Recording};
pub use request::{Grouping, ReadRequest};
pub use status::{Rule, Status, Verdict, When};

/// The registers and bits of one device that carry measurements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RegisterMap {
    /// What is measured, in the order of tables and addresses.
    pub fields: Vec<RegisterField>,
    /// What the device says of its own values.
    pub statuses: Vec<Status>,
    /// Which of them share a request.
    pub grouping: Grouping,
}

impl RegisterMap {
    /// A map of numbers without status words, whose neighbours are read together.
    pub fn of(fields: Vec<RegisterField>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// The requests that read every field and status word, in the order of tables and addresses,
    /// those that empty a register last and each alone.
    ///
    /// Only registers that touch or overlap share a request, unless the device type allows gaps: a
    /// device may refuse the whole request for one register between two fields that it does not
    /// have. No number is ever split between two requests.
    pub fn requests(&self) -> Vec<ReadRequest> {
        let fields = self.fields.iter().map(|field| (field.place, field.destructive));
        let statuses = self.statuses.iter().map(|status| (status.place, false));
        self.grouping.requests(fields.chain(statuses))
    }
}

#[cfg(test)]
mod tests;
