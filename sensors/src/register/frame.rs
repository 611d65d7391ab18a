//! Recorded bytes of a question and its answer, whole, as a manual or a line monitor shows them.
//!
//! For recordings only: the service reads its own lines, where answers come in parts and late.

use super::place::{Table, Words};
use super::request::ReadRequest;

/// What stands around a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Unit and checksum (MODBUS over Serial Line V1.02, 2.5.1).
    Rtu,
    /// A header of 7 bytes (MODBUS Messaging on TCP/IP V1.0b, 3.1.3).
    Tcp,
    /// Nothing.
    Pdu,
}

/// A recorded question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who is asked; 0 where the frame does not say it.
    pub unit: u8,
    /// Its number; 0 where the frame has none.
    pub transaction: u16,
    /// What is asked. Whether it empties a register is not in the bytes.
    pub request: ReadRequest,
}

/// A recorded answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Registers.
    Registers(Vec<u16>),
    /// Bits, as many as were asked for.
    Bits(Vec<bool>),
    /// The device refused, with this exception code.
    Refused(u8),
}

/// Why bytes are no question or no answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FrameError {
    #[error("{len} bytes are too few for a frame")]
    Short { len: usize },
    #[error("its checksum is {:02X} {:02X}, its bytes give {:02X} {:02X}", told[0], told[1], given[0], given[1])]
    Checksum { told: [u8; 2], given: [u8; 2] },
    #[error("its header says {told} bytes, {given} follow")]
    Header { told: usize, given: usize },
    #[error("function {0} reads nothing; 1 to 4 do")]
    Function(u8),
    #[error("it is no question of function 1 to 4 for 1 to {0} of them")]
    Question(u16),
    #[error("unit {given} answers, unit {asked} was asked")]
    Unit { asked: u8, given: u8 },
    #[error("it answers transaction {given}, {asked} was asked")]
    Transaction { asked: u16, given: u16 },
    #[error("it is of function {given}, {asked} was asked")]
    Answered { asked: u8, given: u8 },
    #[error("it carries {given} bytes, {asked} were asked for")]
    Length { asked: usize, given: usize },
}

impl Frame {
    /// Reads a question.
    ///
    /// # Errors
    /// Says what is wrong with the bytes.
    pub fn question(self, bytes: &[u8]) -> Result<Question, FrameError> {
        let (unit, transaction, pdu) = self.open(bytes)?;
        let &[function, a, b, c, d] = pdu else {
            return Err(match pdu.first() {
                Some(function) if table_of(*function).is_none() => FrameError::Function(*function),
                _ => FrameError::Question(125),
            });
        };
        let table = table_of(function).ok_or(FrameError::Function(function))?;
        let (address, count) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        if !(1..=table.request_max()).contains(&count) {
            return Err(FrameError::Question(table.request_max()));
        }
        let request = ReadRequest { table, address, count, destructive: false };
        Ok(Question { unit, transaction, request })
    }

    /// Reads the answer to a question.
    ///
    /// # Errors
    /// Says what is wrong with the bytes, or why they are no answer to this question.
    pub fn reply(self, question: &Question, bytes: &[u8]) -> Result<Reply, FrameError> {
        let (unit, transaction, pdu) = self.open(bytes)?;
        if unit != question.unit {
            return Err(FrameError::Unit { asked: question.unit, given: unit });
        }
        if transaction != question.transaction {
            return Err(FrameError::Transaction { asked: question.transaction, given: transaction });
        }
        let (asked, count) = (question.request.table.function(), usize::from(question.request.count));
        let is_of_bits = question.request.table.is_of_bits();
        let needed = if is_of_bits { count.div_ceil(8) } else { 2 * count };
        match *pdu {
            [function, code] if function == asked | 0x80 => Ok(Reply::Refused(code)),
            [function, told, ref data @ ..] if function == asked => {
                if usize::from(told) != data.len() || data.len() != needed {
                    return Err(FrameError::Length { asked: needed, given: data.len() });
                }
                Ok(if is_of_bits {
                    let bits = data.iter().flat_map(|byte| (0..8).map(move |n| byte >> n & 1 == 1));
                    Reply::Bits(bits.take(count).collect())
                } else {
                    let words = data.chunks_exact(2).filter_map(|pair| pair.first_chunk::<2>());
                    Reply::Registers(words.map(|pair| u16::from_be_bytes(*pair)).collect())
                })
            }
            [given, ..] => Err(FrameError::Answered { asked, given }),
            [] => Err(FrameError::Short { len: 0 }),
        }
    }

    fn open(self, bytes: &[u8]) -> Result<(u8, u16, &[u8]), FrameError> {
        let short = FrameError::Short { len: bytes.len() };
        match self {
            Self::Pdu if bytes.is_empty() => Err(short),
            Self::Pdu => Ok((0, 0, bytes)),
            Self::Rtu => {
                let (body, told) = bytes.split_last_chunk::<2>().ok_or(short.clone())?;
                let (unit, pdu) = body.split_first().filter(|(_, pdu)| !pdu.is_empty()).ok_or(short)?;
                let given = checksum(body).to_le_bytes();
                if given != *told {
                    return Err(FrameError::Checksum { told: *told, given });
                }
                Ok((*unit, 0, pdu))
            }
            Self::Tcp => {
                let &[t, u, p, q, high, low, unit, ref pdu @ ..] = bytes else { return Err(short) };
                let told = usize::from(u16::from_be_bytes([high, low]));
                if (p, q) != (0, 0) || told != pdu.len() + 1 || pdu.is_empty() {
                    return Err(FrameError::Header { told, given: pdu.len() + 1 });
                }
                Ok((unit, u16::from_be_bytes([t, u]), pdu))
            }
        }
    }
}

impl Reply {
    /// What it carries; `None` for a refusal.
    pub fn words(&self) -> Option<Words<'_>> {
        match self {
            Self::Registers(registers) => Some(Words::Registers(registers)),
            Self::Bits(bits) => Some(Words::Bits(bits)),
            Self::Refused(_) => None,
        }
    }
}

fn table_of(function: u8) -> Option<Table> {
    let tables = [Table::Coil, Table::Discrete, Table::Holding, Table::Input];
    tables.into_iter().find(|table| table.function() == function)
}

/// CRC-16 of MODBUS over Serial Line V1.02, 6.2.2; sent low byte first.
fn checksum(bytes: &[u8]) -> u16 {
    let shift = |crc: u16| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 };
    bytes.iter().fold(0xFFFF, |crc, byte| (0..8).fold(crc ^ u16::from(*byte), |crc, _| shift(crc)))
}
