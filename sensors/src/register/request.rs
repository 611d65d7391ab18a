//! Which requests read all that a device type needs. Asks nothing.

use std::fmt;

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
    pub(super) fn requests(self, needed: impl Iterator<Item = Needed>) -> Vec<ReadRequest> {
        let mut places: Vec<_> =
            needed.map(|(p, empties)| (empties, p.table, p.address, p.kind.registers())).collect();
        places.sort_unstable();
        let emptied: Vec<_> = places.iter().filter(|place| place.0).copied().collect();
        let mut requests: Vec<ReadRequest> = Vec::new();
        for (destructive, table, address, count) in places {
            let next = ReadRequest { table, address, count, destructive };
            // What is read along must not be emptied by it.
            let spares = |request: &ReadRequest| !emptied.iter().any(|e| request.touches(e.1, e.2, e.3));
            let joined = requests.last().and_then(|last| self.joined(*last, next));
            match joined.filter(|joined| joined.destructive || spares(joined)).zip(requests.last_mut()) {
                Some((joined, last)) => *last = joined,
                None => requests.push(next),
            }
        }
        requests
    }

    fn joined(self, last: ReadRequest, next: ReadRequest) -> Option<ReadRequest> {
        if last == next {
            return Some(last);
        }
        let near = u32::from(next.address) <= last.end() + u32::from(self.gap_max);
        let apart = !self.together || last.destructive || next.destructive;
        if apart || last.table != next.table || !near {
            return None;
        }
        let end = last.end().max(next.end());
        let count = u16::try_from(end - u32::from(last.address)).ok()?;
        (count <= self.request_max.min(last.table.request_max())).then_some(ReadRequest { count, ..last })
    }
}

/// As `holding 0+2`: the table, the first address on the wire, how many.
impl fmt::Display for ReadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}+{}", self.table, self.address, self.count)
    }
}

impl ReadRequest {
    /// The address after the last one asked for.
    pub fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.count)
    }

    fn touches(self, table: Table, address: u16, count: u16) -> bool {
        let start = u32::from(address);
        self.table == table && start < self.end() && u32::from(self.address) < start + u32::from(count)
    }

    /// Where a place begins in the answer; `None` where it is not all in it.
    pub fn offset_of(&self, place: &Place) -> Option<usize> {
        let first = place.address.checked_sub(self.address)?;
        (self.table == place.table && place.end() <= self.end()).then_some(usize::from(first))
    }
}
