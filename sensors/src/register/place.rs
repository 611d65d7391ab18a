//! Where a number stands in a device's tables, and which bits make it. Says nothing of its meaning.

use std::fmt;

/// Which table of the device (MODBUS Application Protocol V1.1b3, 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Bits that may be written; function code 1.
    Coil,
    /// Bits that are only read; function code 2.
    Discrete,
    /// Registers that may be written; function code 3.
    Holding,
    /// Registers that are only read; function code 4.
    Input,
}

/// The type of a number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Kind {
    /// A coil or discrete input.
    Bit,
    /// The byte of a register that comes last; the first one with [`Order::Badc`].
    U8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
    /// Four decimal digits, one in four bits each.
    Bcd16,
    /// Eight decimal digits.
    Bcd32,
}

/// The order in which the bytes of a number come, A being the most significant of 32 bits.
///
/// For 16 bits only the bytes can be swapped (`Badc`, `Dcba`). For 64 bits, A to H: `Abcd` sends
/// ABCDEFGH, `Cdab` the registers in reverse (GHEFCDAB), `Badc` the bytes of each register swapped
/// (BADCFEHG), `Dcba` all in reverse (HGFEDCBA).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Order {
    #[default]
    Abcd,
    Cdab,
    Badc,
    Dcba,
}

/// A run of bits of a number, read as a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitRun {
    /// Its lowest bit; bit 0 is the least significant one.
    pub first: u8,
    /// How many bits; at least 1.
    pub count: u8,
}

/// Where a number stands and how its bits are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which table.
    pub table: Table,
    /// Address of the first register or bit on the wire, counted from 0.
    pub address: u16,
    /// How many registers make the number, and how they are read.
    pub kind: Kind,
    /// The order of its bytes.
    pub order: Order,
    /// Only these bits of it, as an unsigned number; all of them where absent.
    pub bits: Option<BitRun>,
}

/// What a device answered: registers of tables 3 and 4, or bits of tables 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words<'a> {
    /// Registers, as they came.
    Registers(&'a [u16]),
    /// Bits, exactly as many as were asked for: the filling of the last byte is cut off.
    Bits(&'a [bool]),
}

impl Table {
    /// The function code that reads it.
    pub const fn function(self) -> u8 {
        match self {
            Self::Coil => 1,
            Self::Discrete => 2,
            Self::Holding => 3,
            Self::Input => 4,
        }
    }

    /// Whether it holds bits and not registers.
    pub const fn is_of_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    /// The most that one request may ask for (MODBUS Application Protocol V1.1b3, 6.1 to 6.4).
    pub const fn request_max(self) -> u16 {
        if self.is_of_bits() { 2000 } else { 125 }
    }
}

/// As in the configuration: `coil`, `discrete`, `holding`, `input`.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Holding => "holding",
            Self::Input => "input",
        })
    }
}

impl Kind {
    /// Registers of 16 bits that the number takes; for [`Kind::Bit`] the one bit.
    pub const fn registers(self) -> u16 {
        match self {
            Self::Bit | Self::U8 | Self::U16 | Self::I16 | Self::Bcd16 => 1,
            Self::U32 | Self::I32 | Self::F32 | Self::Bcd32 => 2,
            Self::U64 | Self::I64 | Self::F64 => 4,
        }
    }

    /// Bits that the number has.
    pub const fn width(self) -> u8 {
        match self {
            Self::Bit => 1,
            Self::U8 => 8,
            Self::U16 | Self::I16 | Self::Bcd16 => 16,
            Self::U32 | Self::I32 | Self::F32 | Self::Bcd32 => 32,
            Self::U64 | Self::I64 | Self::F64 => 64,
        }
    }

    /// Whether it is a float.
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

impl Order {
    const fn swaps_words(self) -> bool {
        matches!(self, Self::Cdab | Self::Dcba)
    }

    const fn swaps_bytes(self) -> bool {
        matches!(self, Self::Badc | Self::Dcba)
    }
}

impl Words<'_> {
    /// How many registers or bits.
    pub const fn len(self) -> usize {
        match self {
            Self::Registers(registers) => registers.len(),
            Self::Bits(bits) => bits.len(),
        }
    }

    /// Whether there is nothing.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// A part of them, or `None` where it is not all there.
    pub fn part(self, first: usize, count: usize) -> Option<Self> {
        let range = first..first.checked_add(count)?;
        match self {
            Self::Registers(registers) => registers.get(range).map(Self::Registers),
            Self::Bits(bits) => bits.get(range).map(Self::Bits),
        }
    }
}

impl<'a> From<&'a [u16]> for Words<'a> {
    fn from(registers: &'a [u16]) -> Self {
        Self::Registers(registers)
    }
}

impl<'a, const N: usize> From<&'a [u16; N]> for Words<'a> {
    fn from(registers: &'a [u16; N]) -> Self {
        Self::Registers(registers)
    }
}

impl<'a> From<&'a Vec<u16>> for Words<'a> {
    fn from(registers: &'a Vec<u16>) -> Self {
        Self::Registers(registers)
    }
}

impl Place {
    /// A whole number of a kind, high byte first.
    pub const fn new(table: Table, address: u16, kind: Kind) -> Self {
        Self { table, address, kind, order: Order::Abcd, bits: None }
    }

    /// The address after its last register or bit.
    pub fn end(&self) -> u32 {
        u32::from(self.address) + u32::from(self.kind.registers())
    }

    /// Whether the two share a register or bit of a table.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (start, other_start) = (u32::from(self.address), u32::from(other.address));
        self.table == other.table && start < other.end() && other_start < self.end()
    }

    /// How many bits are read as the number.
    pub fn width(&self) -> u8 {
        self.bits.map_or(self.kind.width(), |run| run.count)
    }

    /// The counts after which an unsigned counter in this place begins again at 0; `None` for
    /// kinds that are no counters.
    pub fn modulus(&self) -> Option<f64> {
        if let Some(run) = self.bits {
            return Some(libm::exp2(f64::from(run.count)));
        }
        match self.kind {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => Some(libm::exp2(f64::from(self.kind.width()))),
            Kind::Bcd16 => Some(10_000.0),
            Kind::Bcd32 => Some(100_000_000.0),
            Kind::Bit | Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 => None,
        }
    }

    /// The bits of the number in its own registers, byte A highest; `None` where there are too few
    /// of them, or bits where registers are meant.
    pub fn bits(&self, words: Words<'_>) -> Option<u64> {
        let whole = match (words, self.kind) {
            (Words::Bits(bits), Kind::Bit) => u64::from(*bits.first()?),
            (Words::Registers(_), Kind::Bit) | (Words::Bits(_), _) => return None,
            (Words::Registers(registers), _) => self.joined(registers)?,
        };
        Some(self.bits.map_or(whole, |run| whole >> run.first.min(63) & mask(run.count)))
    }

    fn joined(self, registers: &[u16]) -> Option<u64> {
        let registers = registers.get(..usize::from(self.kind.registers()))?;
        let join = |whole: u64, word: &u16| whole << 16 | u64::from(self.turned(*word));
        let whole = if self.order.swaps_words() {
            registers.iter().rev().fold(0, join)
        } else {
            registers.iter().fold(0, join)
        };
        Some(whole & mask(self.kind.width()))
    }

    fn turned(self, word: u16) -> u16 {
        if self.order.swaps_bytes() { word.swap_bytes() } else { word }
    }

    /// The registers that carry these bits, all others 0; for a bit of table 1 or 2 one 0 or 1.
    pub fn words(&self, bits: u64) -> Vec<u16> {
        let whole = self.bits.map_or(bits, |run| (bits & mask(run.count)) << run.first.min(63));
        if self.kind == Kind::Bit {
            return vec![u16::from(whole & 1 == 1)];
        }
        let registers = self.kind.registers();
        let word = |n: u16| self.turned((whole >> (16 * n)) as u16);
        if self.order.swaps_words() {
            (0..registers).map(word).collect()
        } else {
            (0..registers).rev().map(word).collect()
        }
    }
}

/// The lowest bits, so many of them.
pub(super) const fn mask(count: u8) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}
