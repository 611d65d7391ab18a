//! What can go wrong between a question and its answer, in words for an officer.

use std::io;

use tokio_modbus::ExceptionCode;

use super::frame::Cause;

/// Nothing usable came of a question.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No connection, or no such port.
    #[error("can't connect to {address}: {source}")]
    Connect {
        /// `host:port`, or the path of a serial port.
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
    /// No answer in time.
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
    #[error("what came is no answer of unit {unit}: {}", cause.words())]
    Wrong {
        /// Who was asked.
        unit: u8,
        /// How it differs.
        cause: Cause,
    },
    /// A bus on which nobody can be asked, for it is never quiet.
    #[error("the bus was not quiet for {ms} ms: {}", cause.words())]
    Noisy {
        /// How long was waited.
        ms: u128,
        /// What was heard last.
        cause: Cause,
    },
}

impl Fault {
    /// Whether a bus can still be used after it, once it is quiet.
    pub(super) const fn leaves_the_bus(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Wrong { .. })
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

/// Whether a refusal comes from the gateway because the device is silent.
pub(super) const fn is_gateways(code: ExceptionCode) -> bool {
    matches!(code, ExceptionCode::GatewayPathUnavailable | ExceptionCode::GatewayTargetDevice)
}

/// Whether a refusal only means that the device has no time now.
pub(super) const fn is_busy(code: ExceptionCode) -> bool {
    matches!(code, ExceptionCode::Acknowledge | ExceptionCode::ServerDeviceBusy)
}
