//! A Modbus line: the slaves on it and what is asked of them. Configuration only; it asks nothing.

use crate::register::RegisterMap;
use crate::station::StationIx;
use crate::time::Span;

/// A Modbus line.
#[derive(Clone, Debug, PartialEq)]
pub struct ModbusLine {
    /// How long one request may take; after it the connection is dropped.
    pub timeout: Span,
    /// The longest pause before a new connection.
    pub reconnect_max: Span,
    /// The slaves on it.
    pub devices: Vec<ModbusDevice>,
}

/// A slave.
#[derive(Clone, Debug, PartialEq)]
pub struct ModbusDevice {
    /// Unit id.
    pub unit: u8,
    /// The station it measures for.
    pub station: StationIx,
    /// How often it is asked.
    pub poll_interval: Span,
    /// What its registers mean.
    pub map: RegisterMap,
}
