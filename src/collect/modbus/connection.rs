//! One TCP connection to a Modbus gateway: a question, its answer, nothing else.
//!
//! It never repeats a question. After any [`Fault`] the connection must be dropped: a late answer
//! would otherwise be taken for the next one.

use std::io;
use std::time::Duration;

use sensors::register::{ReadRequest, Table};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::client::{Client as _, Context, tcp};
use tokio_modbus::slave::{Slave, SlaveContext as _};
use tokio_modbus::{Error, ExceptionCode, ProtocolError, Request, Response};

/// What a device said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// As many registers as were asked for.
    Words(Vec<u16>),
    /// The device, or the gateway for it, refused (Modbus Application Protocol V1.1b3, section 7).
    Refused(ExceptionCode),
}

/// The line broke; the connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No connection.
    #[error("can't connect to {address}: {source}")]
    Connect {
        /// `host:port`.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No connection in time.
    #[error("{address} accepted no connection within {ms} ms")]
    ConnectSilent {
        /// `host:port`.
        address: String,
        /// The bound.
        ms: u128,
    },
    /// No whole answer in time.
    #[error("unit {unit} gave no whole answer within {ms} ms")]
    Silent {
        /// Who was asked.
        unit: u8,
        /// The bound.
        ms: u128,
    },
    /// The other end closed the connection, or the network did.
    #[error("the connection was cut while unit {unit} was asked")]
    Cut {
        /// Who was asked.
        unit: u8,
    },
    /// Something came that is no answer to the question.
    #[error("what came is no answer of unit {unit}: {why}")]
    Wrong {
        /// Who was asked.
        unit: u8,
        /// How it differs.
        why: String,
    },
}

/// A connection.
pub(super) struct Connection {
    context: Context,
    patience: Duration,
}

impl Connection {
    /// Connects, within `patience`.
    pub(super) async fn open(address: &str, patience: Duration) -> Result<Self, Fault> {
        let stream = timeout(patience, TcpStream::connect(address))
            .await
            .map_err(|_| Fault::ConnectSilent { address: address.to_owned(), ms: patience.as_millis() })?
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|source| Fault::Connect { address: address.to_owned(), source })?;
        Ok(Self { context: tcp::attach(stream), patience })
    }

    /// Asks a unit for registers and takes nothing but their answer.
    pub(super) async fn read(&mut self, unit: u8, request: ReadRequest) -> Result<Answer, Fault> {
        let ReadRequest { table, address, count, .. } = request;
        let question = match table {
            Table::Coil => Request::ReadCoils(address, count),
            Table::Discrete => Request::ReadDiscreteInputs(address, count),
            Table::Holding => Request::ReadHoldingRegisters(address, count),
            Table::Input => Request::ReadInputRegisters(address, count),
        };
        self.context.set_slave(Slave(unit));
        let answer = timeout(self.patience, self.context.call(question))
            .await
            .map_err(|_| Fault::Silent { unit, ms: self.patience.as_millis() })?;
        match answer {
            Ok(Ok(Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words))) => {
                // The library takes an answer of any length.
                if words.len() == usize::from(count) {
                    Ok(Answer::Words(words))
                } else {
                    let why = format!("{} registers instead of {count}", words.len());
                    Err(Fault::Wrong { unit, why })
                }
            }
            Ok(Ok(_)) => Err(Fault::Wrong { unit, why: String::from("another function") }),
            Ok(Err(code)) => Ok(Answer::Refused(code)),
            Err(error) => Err(fault(unit, error)),
        }
    }
}

fn fault(unit: u8, error: Error) -> Fault {
    match error {
        Error::Protocol(ProtocolError::HeaderMismatch { message, .. }) => {
            Fault::Wrong { unit, why: format!("another unit or transaction ({message})") }
        }
        Error::Protocol(ProtocolError::FunctionCodeMismatch { .. }) => {
            Fault::Wrong { unit, why: String::from("another function") }
        }
        Error::Transport(e) if e.kind() == io::ErrorKind::InvalidData => {
            Fault::Wrong { unit, why: e.to_string() }
        }
        Error::Transport(_) => Fault::Cut { unit },
    }
}

/// A refusal in words for an officer.
pub(super) fn refusal(code: ExceptionCode) -> String {
    match code {
        ExceptionCode::IllegalFunction => String::from("illegal function"),
        ExceptionCode::IllegalDataAddress => String::from("illegal data address"),
        ExceptionCode::IllegalDataValue => String::from("illegal data value"),
        ExceptionCode::ServerDeviceFailure => String::from("device failure"),
        ExceptionCode::Acknowledge => String::from("accepted, answer later"),
        ExceptionCode::ServerDeviceBusy => String::from("device busy"),
        ExceptionCode::MemoryParityError => String::from("memory parity error"),
        ExceptionCode::GatewayPathUnavailable => String::from("gateway has no path to the device"),
        ExceptionCode::GatewayTargetDevice => String::from("device does not answer the gateway"),
        ExceptionCode::Custom(code) => format!("exception {code:#04x}"),
    }
}
