//! The bytes of a question and of its answer, with a TCP header or an RTU checksum.
//!
//! Plain functions on bytes: nothing is sent, waited for or kept here. What is no answer to the
//! question is named by its [`Cause`] and never becomes a value. Sources: MODBUS Application
//! Protocol V1.1b3 (frames of functions 1 to 4, section 6), MODBUS Messaging on TCP/IP V1.0b
//! (header, 3.1.3), MODBUS over Serial Line V1.02 (RTU, 2.5.1; checksum, 6.2.2).

/// What is asked of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Who is asked.
    pub(super) unit: u8,
    /// 1 to 4.
    pub(super) function: u8,
    /// The first bit or register, counted from 0.
    pub(super) address: u16,
    /// How many.
    pub(super) count: u16,
}

/// How frames are told apart on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// A header with a transaction number.
    Tcp {
        /// The question's number.
        transaction: u16,
        /// An earlier question whose answer may still come, and is passed over.
        passed: Option<u16>,
    },
    /// A checksum and silence.
    Rtu,
}

/// Why something that was heard is no answer. The order is that of [`Cause::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Its checksum is wrong.
    Checksum,
    /// It is no Modbus frame.
    Header,
    /// It answers another question.
    Transaction,
    /// Another unit answers.
    Unit,
    /// It is of another function.
    Function,
    /// It carries more or less than was asked for.
    Length,
    /// It was not whole when the time was over, or when the connection was cut.
    Part,
    /// Somebody else asks.
    Request,
    /// An answer that nobody waits for, late or another master's.
    Unasked,
    /// Bytes between frames.
    Noise,
}

/// What the bytes heard so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// The beginning of something.
    Part,
    /// The answer: its data, of the length asked for, and where it ends.
    Answer(&'a [u8], usize),
    /// The exception code of a refusal, and where it ends.
    Refused(u8, usize),
    /// A whole frame of somebody else, which ends here; ours may follow.
    Others(usize, Cause),
    /// No answer, and nothing after it can be trusted.
    Wrong(Cause),
}

/// The longest frames are 253 bytes and a header of 7 (MODBUS Messaging on TCP/IP V1.0b, 3.1.2).
pub(super) const FRAME_MAX: usize = 260;
/// Line drivers that change direction add a byte or two, which can be no unit's number.
const LEADING_NOISE_MAX: usize = 2;

impl Cause {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Checksum,
        Self::Header,
        Self::Transaction,
        Self::Unit,
        Self::Function,
        Self::Length,
        Self::Part,
        Self::Request,
        Self::Unasked,
        Self::Noise,
    ];

    /// Its name in metrics.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Header => "header",
            Self::Transaction => "transaction",
            Self::Unit => "unit",
            Self::Function => "function",
            Self::Length => "length",
            Self::Part => "part",
            Self::Request => "request",
            Self::Unasked => "unasked",
            Self::Noise => "noise",
        }
    }

    /// Whether it says something of the line and not of the unit that was asked.
    pub(super) const fn is_of_the_line(self) -> bool {
        matches!(self, Self::Unit | Self::Request | Self::Unasked | Self::Noise)
    }

    /// In words, for an officer.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Checksum => "a frame with a wrong checksum",
            Self::Header => "no Modbus frame",
            Self::Transaction => "an answer to another transaction",
            Self::Unit => "an answer of another unit",
            Self::Function => "another function",
            Self::Length => "another number of registers than was asked for",
            Self::Part => "half a frame",
            Self::Request => "a question of somebody else: there is a second master on the bus",
            Self::Unasked => "an answer that nobody waited for: late, or another master's",
            Self::Noise => "bytes between frames that are no frame",
        }
    }
}

impl Question {
    /// The bytes that ask it; the second number is how many of them count.
    pub(super) fn frame(self, framing: Framing) -> ([u8; 12], usize) {
        let Self { unit, function, .. } = self;
        let ([first_high, first], [count_high, count]) =
            (self.address.to_be_bytes(), self.count.to_be_bytes());
        match framing {
            Framing::Tcp { transaction, .. } => {
                let [high, low] = transaction.to_be_bytes();
                ([high, low, 0, 0, 0, 6, unit, function, first_high, first, count_high, count], 12)
            }
            Framing::Rtu => {
                let body = [unit, function, first_high, first, count_high, count];
                let [low, high] = checksum(&body).to_le_bytes();
                ([unit, function, first_high, first, count_high, count, low, high, 0, 0, 0, 0], 8)
            }
        }
    }

    /// What the bytes heard since it was asked are.
    pub(super) fn heard(self, framing: Framing, bytes: &[u8]) -> Heard<'_> {
        match framing {
            Framing::Tcp { transaction, passed } => self.heard_tcp(transaction, passed, bytes),
            Framing::Rtu => self.heard_rtu(bytes),
        }
    }

    /// How many bytes question and answer have on a bus.
    pub(super) fn travels(self) -> u32 {
        self.data_len() as u32 + 13
    }

    /// Whether bits are asked for and not registers.
    pub(super) const fn is_of_bits(self) -> bool {
        self.function <= 2
    }

    fn data_len(self) -> usize {
        let count = usize::from(self.count);
        if self.is_of_bits() { count.div_ceil(8) } else { 2 * count }
    }

    fn heard_tcp(self, transaction: u16, passed: Option<u16>, bytes: &[u8]) -> Heard<'_> {
        match bytes.get(2..4) {
            None => return Heard::Part,
            Some([0, 0]) => {}
            Some(_) => return Heard::Wrong(Cause::Header),
        }
        let &[t, u, _, _, high, low, ..] = bytes else { return Heard::Part };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(3..=FRAME_MAX - 6).contains(&length) {
            return Heard::Wrong(Cause::Header);
        }
        let end = 6 + length;
        let Some(whole) = bytes.get(6..end) else { return Heard::Part };
        let answers = u16::from_be_bytes([t, u]);
        if answers != transaction {
            let passes = Some(answers) == passed;
            return if passes {
                Heard::Others(end, Cause::Unasked)
            } else {
                Heard::Wrong(Cause::Transaction)
            };
        }
        match *whole {
            [unit, ..] if unit != self.unit => Heard::Wrong(Cause::Unit),
            [_, function, code] if function == self.function | 0x80 => Heard::Refused(code, end),
            [_, function, size, ref data @ ..] if function == self.function => {
                let fits = usize::from(size) == data.len() && data.len() == self.data_len();
                if fits { Heard::Answer(data, end) } else { Heard::Wrong(Cause::Length) }
            }
            _ => Heard::Wrong(Cause::Function),
        }
    }

    fn heard_rtu(self, bytes: &[u8]) -> Heard<'_> {
        let skipped =
            bytes.iter().take(LEADING_NOISE_MAX).take_while(|byte| !(1..=247).contains(*byte)).count();
        match self.heard_rtu_at(bytes.get(skipped..).unwrap_or_default()) {
            Heard::Answer(data, end) => Heard::Answer(data, skipped + end),
            Heard::Refused(code, end) => Heard::Refused(code, skipped + end),
            Heard::Others(end, cause) => Heard::Others(skipped + end, cause),
            heard => heard,
        }
    }

    fn heard_rtu_at(self, bytes: &[u8]) -> Heard<'_> {
        // Adapters on two wires hear what they send. The same question of another master has the
        // same answer.
        let (echo, length) = self.frame(Framing::Rtu);
        let echo = echo.get(..length).unwrap_or_default();
        if bytes.starts_with(echo) {
            return Heard::Others(length, Cause::Noise);
        }
        // Byte by byte, an echo looks like a short answer before its last byte is there; of some
        // questions even the checksum fits.
        if echo.starts_with(bytes) {
            return Heard::Part;
        }
        let &[unit, function, third, ..] = bytes else { return Heard::Part };
        let data_len = match function {
            0x81..=0x84 => 0,
            1..=4 => usize::from(third),
            _ => return Heard::Wrong(if unit == self.unit { Cause::Function } else { Cause::Noise }),
        };
        if unit == self.unit && function & 0x7F != self.function {
            return Heard::Wrong(Cause::Function);
        }
        if unit == self.unit && function == self.function && data_len != self.data_len() {
            return Heard::Wrong(Cause::Length);
        }
        let end = 5 + data_len;
        let Some(whole) = bytes.get(..end) else { return Heard::Part };
        if !is_sealed(whole) {
            return Heard::Wrong(Cause::Checksum);
        }
        match whole.get(3..3 + data_len) {
            _ if unit != self.unit => Heard::Others(end, Cause::Unit),
            Some(data) if function == self.function => Heard::Answer(data, end),
            _ => Heard::Refused(third, end),
        }
    }
}

/// What bytes that nobody asked for end with on a bus. After a question somebody will answer.
pub(super) fn overheard(bytes: &[u8]) -> Cause {
    if bytes.last_chunk::<8>().is_some_and(|tail| matches!(tail[1], 1..=6) && is_sealed(tail)) {
        return Cause::Request;
    }
    let answers = |tail: &[u8]| match *tail {
        [_, 0x81..=0x84, _, _, _] => true,
        [_, 1..=4, size, _, _, ..] => tail.len() == 5 + usize::from(size),
        _ => false,
    };
    let mut tails = (0..bytes.len()).filter_map(|start| bytes.get(start..));
    let answer = tails.any(|tail| answers(tail) && is_sealed(tail));
    if answer { Cause::Unasked } else { Cause::Noise }
}

/// Whether a frame ends with its checksum.
fn is_sealed(frame: &[u8]) -> bool {
    frame.split_last_chunk::<2>().is_some_and(|(body, seal)| checksum(body) == u16::from_le_bytes(*seal))
}

/// CRC-16 with the polynomial 0xA001 and all bits set at the start; sent low byte first.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests;
