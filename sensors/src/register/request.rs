//! Which requests read all that a device type needs. Asks nothing.

use super::place::{Place, Table};

/// One request for neighbouring registers or bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadRequest {
    /// Which table.
    pub table: Table,
    /// The first one on the wire, counted from 0.
    pub address: u16,
    /// How many; at most [`Table::request_max`].
    pub count: u16,
    /// Reading empties the register: it must never be repeated blindly, for what a lost answer
    /// carried is gone.
    pub destructive: bool,
}

/// Which registers share a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// Whether neighbours are read in one request; else each number has its own.
    pub together: bool,
    /// The most that this device takes in one request; at least the widest number.
    pub request_max: u16,
    /// So many registers that nobody needs are read along to save a request. A device may refuse
    /// the whole request for one register that it does not have, so 0 is the rule.
    pub gap_max: u16,
}

impl Default for Grouping {
    fn default() -> Self {
        Self { together: true, request_max: u16::MAX, gap_max: 0 }
    }
}

/// A place and whether reading it empties it.
pub(super) type Needed = (Place, bool);

impl Grouping {
    /// The requests that read every place, in the order of tables and addresses, those that empty
    /// a register last: whoever finds the device busy has then lost nothing.
    pub(super) fn requests(&self, needed: impl Iterator<Item = Needed>) -> Vec<ReadRequest> {
        let mut places: Vec<_> =
            needed.map(|(p, empties)| (empties, p.table, p.address, p.kind.registers())).collect();
        places.sort_unstable();
        let mut requests: Vec<ReadRequest> = Vec::new();
        for (destructive, table, address, count) in places {
            let next = ReadRequest { table, address, count, destructive };
            match requests.last_mut().and_then(|last| Some((self.joined(last, &next)?, last))) {
                Some((joined, last)) => *last = joined,
                None => requests.push(next),
            }
        }
        requests
    }

    fn joined(&self, last: &ReadRequest, next: &ReadRequest) -> Option<ReadRequest> {
        if *last == *next {
            return Some(*last);
        }
        let near = u32::from(next.address) <= last.end() + u32::from(self.gap_max);
        let apart = !self.together || last.destructive || next.destructive;
        if apart || last.table != next.table || !near {
            return None;
        }
        let end = last.end().max(next.end());
        let count = u16::try_from(end - u32::from(last.address)).ok()?;
        (count <= self.request_max.min(last.table.request_max())).then_some(ReadRequest { count, ..*last })
    }
}

impl ReadRequest {
    /// The address after the last one asked for.
    pub fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.count)
    }

    /// Where a place begins in the answer; `None` where it is not all in it.
    pub fn offset_of(&self, place: &Place) -> Option<usize> {
        let first = place.address.checked_sub(self.address)?;
        (self.table == place.table && place.end() <= self.end()).then_some(usize::from(first))
    }
}
