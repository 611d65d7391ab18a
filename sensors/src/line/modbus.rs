//! A Modbus line: how its bytes travel, the slaves on it and what is asked of them. Configuration
//! only; it asks nothing.

use crate::register::RegisterMap;
use crate::station::StationIx;
use crate::time::Span;

/// A Modbus line.
#[derive(Clone, Debug, PartialEq)]
pub struct ModbusLine {
    /// How its bytes travel.
    pub transport: Transport,
    /// How long a device may take to answer; the time that the bytes of a slow bus need comes on top.
    pub timeout: Span,
    /// The longest pause before a new connection.
    pub reconnect_max: Span,
    /// How long a new connection is left alone before the first question.
    pub settle: Span,
    /// Whether the connection is closed as soon as nobody is due.
    pub closes: bool,
    /// The slaves on it.
    pub devices: Vec<ModbusDevice>,
}

/// How the bytes of a Modbus line travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Modbus TCP: frames with a header and a transaction number.
    Tcp,
    /// RTU frames over TCP, through a device server that passes bytes on; `gap_us` of quiet
    /// between two frames.
    RtuTcp {
        /// Microseconds.
        gap_us: u32,
    },
    /// RTU frames on a serial port of this machine, whose path is the line's address.
    Serial(SerialPort),
}

/// How a serial bus is spoken; frames have 8 data bits (MODBUS over Serial Line V1.02, 2.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialPort {
    /// Bits a second.
    pub baud_rate: u32,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
    /// Microseconds of quiet that part two frames.
    pub gap_us: u32,
}

/// The parity bit of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Parity {
    None,
    Even,
    Odd,
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
    /// How often it is asked while its station is hurried; shorter than `poll_interval`.
    pub storm_poll_interval: Option<Span>,
    /// How long it is left alone between two requests.
    pub pause: Span,
    /// It sleeps between polls: a first request, whose answer may fail to come, wakes it within
    /// this time.
    pub wake: Option<Span>,
    /// What its registers mean.
    pub map: RegisterMap,
}

impl ModbusLine {
    /// A Modbus TCP line with what `lines.toml` takes where nothing is said.
    pub fn tcp(devices: Vec<ModbusDevice>) -> Self {
        Self {
            transport: Transport::Tcp,
            timeout: Span::from_ms(1500),
            reconnect_max: Span::from_min(1),
            settle: Span::ZERO,
            closes: false,
            devices,
        }
    }
}

impl ModbusDevice {
    /// A device with nothing out of the ordinary.
    pub fn new(unit: u8, station: StationIx, poll_interval: Span, map: RegisterMap) -> Self {
        let (storm_poll_interval, wake) = (None, None);
        Self { unit, station, poll_interval, storm_poll_interval, pause: Span::ZERO, wake, map }
    }
}

impl Transport {
    /// Whether frames are RTU frames.
    pub const fn is_rtu(self) -> bool {
        !matches!(self, Self::Tcp)
    }

    /// Microseconds of quiet that part two frames.
    pub const fn gap_us(self) -> u32 {
        match self {
            Self::Tcp => 0,
            Self::RtuTcp { gap_us } | Self::Serial(SerialPort { gap_us, .. }) => gap_us,
        }
    }
}

impl SerialPort {
    /// Microseconds that one character takes: a start bit, 8 data bits, parity and stop bits.
    pub fn character_us(self) -> u32 {
        let bits = 9 + u32::from(self.parity != Parity::None) + u32::from(self.stop_bits);
        (bits * 1_000_000).div_ceil(self.baud_rate.max(1))
    }

    /// The quiet between two frames where nothing else is said: 3.5 characters, above 19200 baud
    /// 1.75 ms (MODBUS over Serial Line V1.02, 2.5.1.1).
    pub fn gap_of(self) -> u32 {
        if self.baud_rate > 19_200 { 1750 } else { (self.character_us() * 7).div_ceil(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_parted_by_three_and_a_half_characters_and_never_by_less_than_1750_us() {
        let port = |baud_rate, parity, stop_bits| SerialPort { baud_rate, parity, stop_bits, gap_us: 0 };
        assert_eq!(port(9600, Parity::Even, 1).gap_of(), 4011, "11 bits of 104.2 us");
        assert_eq!(port(19_200, Parity::Even, 1).gap_of(), 2006);
        assert_eq!(port(38_400, Parity::None, 2).gap_of(), 1750);
        assert_eq!(port(115_200, Parity::None, 1).gap_of(), 1750);
    }
}
