//! What the bytes of a line travel on: a TCP connection or a serial port. Reads nothing into them.

use std::io;
use std::time::Duration;

use sensors::line::{Parity, SerialPort, Transport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_serial::{DataBits, FlowControl, SerialPortBuilderExt as _, SerialStream, StopBits};

use super::fault::Fault;

/// An open way to the devices.
pub(super) enum Stream {
    /// To a gateway or device server.
    Tcp(TcpStream),
    /// A port of this machine.
    Serial(SerialStream),
}

impl Stream {
    /// Opens it, within `patience`.
    pub(super) async fn open(address: &str, transport: Transport, patience: Duration) -> Result<Self, Fault> {
        let broken = |source| Fault::Connect { address: address.to_owned(), source };
        if let Transport::Serial(port) = transport {
            return serial(address, port).map(Self::Serial).map_err(|e| broken(e.into()));
        }
        timeout(patience, TcpStream::connect(address))
            .await
            .map_err(|_| Fault::ConnectSilent { address: address.to_owned(), ms: patience.as_millis() })?
            .and_then(|stream| stream.set_nodelay(true).map(|()| Self::Tcp(stream)))
            .map_err(broken)
    }

    /// Waits for bytes; none means that the other end has gone.
    pub(super) async fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into).await,
            Self::Serial(stream) => stream.read(into).await,
        }
    }

    /// Sends all of them.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await,
            Self::Serial(stream) => stream.write_all(bytes).await,
        }
    }
}

fn serial(path: &str, port: SerialPort) -> tokio_serial::Result<SerialStream> {
    tokio_serial::new(path, port.baud_rate)
        .data_bits(DataBits::Eight)
        .flow_control(FlowControl::None)
        .parity(match port.parity {
            Parity::None => tokio_serial::Parity::None,
            Parity::Even => tokio_serial::Parity::Even,
            Parity::Odd => tokio_serial::Parity::Odd,
        })
        .stop_bits(if port.stop_bits == 2 { StopBits::Two } else { StopBits::One })
        .open_native_async()
}
