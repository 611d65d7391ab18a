//! Modbus registers and what they mean.

use crate::station::SensorIx;

/// The registers of one device that carry measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterMap {
    /// What is read, in the order of addresses.
    pub fields: Vec<RegisterField>,
}

/// One number in the registers.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterField {
    /// The sensor it belongs to.
    pub sensor: SensorIx,
    /// Holding (function code 3) or input (function code 4) registers.
    pub table: Table,
    /// Address of the first register on the wire, counted from 0.
    pub address: u16,
    /// How many registers make the number, and how they are read.
    pub kind: Kind,
    /// The order of words and bytes; matters for numbers of two registers.
    pub order: Order,
    /// The number is `raw * scale + offset` in the parameter's unit.
    pub scale: f64,
    /// See `scale`.
    pub offset: f64,
    /// Raw values that mean "no value"; compared before scaling.
    pub sentinels: Vec<i64>,
}

/// Which registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Function code 3.
    Holding,
    /// Function code 4.
    Input,
}

/// The type of a number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Kind {
    U16,
    I16,
    U32,
    I32,
    F32,
}

/// The order of the bytes A (most significant) to D of a 32-bit number; of A and B for 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Order {
    Abcd,
    Cdab,
    Badc,
    Dcba,
}

impl Kind {
    /// Registers of 16 bits that the number takes.
    pub const fn registers(self) -> u16 {
        match self {
            Self::U16 | Self::I16 => 1,
            Self::U32 | Self::I32 | Self::F32 => 2,
        }
    }
}
