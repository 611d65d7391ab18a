//! A Modbus peer that answers byte by byte as a test wants: late, wrong, in pieces, never; over TCP
//! with headers, or with RTU frames over TCP or a serial port.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_serial::SerialPortBuilderExt as _;

/// A read request as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) function: u8,
    pub(crate) address: u16,
    pub(crate) count: u16,
    /// Whether it came as an RTU frame.
    pub(crate) is_rtu: bool,
}

/// What the peer does next.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes with so long between each two.
    Trickle(Vec<u8>, Duration),
    /// Waits.
    Wait(Duration),
    /// Closes the connection.
    Cut,
}

impl Asked {
    /// The right answer with these registers.
    pub(crate) fn answer(self, words: &[u16]) -> Vec<u8> {
        let mut pdu = vec![self.function, u8::try_from(words.len() * 2).unwrap()];
        pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        self.frame(&pdu)
    }

    /// A refusal with this exception code.
    pub(crate) fn refusal(self, code: u8) -> Vec<u8> {
        self.frame(&[self.function | 0x80, code])
    }

    /// The same question as another master would ask it.
    pub(crate) fn question(self) -> Vec<u8> {
        let ([a, b], [c, d]) = (self.address.to_be_bytes(), self.count.to_be_bytes());
        self.frame(&[self.function, a, b, c, d])
    }

    fn frame(self, pdu: &[u8]) -> Vec<u8> {
        if self.is_rtu {
            let body = [&[self.unit], pdu].concat();
            return [&*body, &checksum(&body).to_le_bytes()].concat();
        }
        let mut bytes = self.transaction.to_be_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
        bytes.push(self.unit);
        bytes.extend(pdu);
        bytes
    }
}

/// The RTU checksum, bit by bit as the standard's appendix describes it (MODBUS over Serial Line
/// V1.02, 6.2.2).
fn checksum(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1 == 1;
            crc >>= 1;
            if carry {
                crc ^= 0xA001;
            }
        }
    }
    crc
}

/// A listening peer; ends with the test's runtime.
pub(crate) struct Mischief {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Mischief {
    /// Listens, and does what `script` says to the n-th request, counted from 0 over all connections.
    pub(crate) async fn listen(script: impl Fn(usize, Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::listen_on(0, script).await
    }

    /// Listens on a port of its own.
    pub(crate) async fn listen_on(
        port: u16,
        script: impl Fn(usize, Asked) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(port, false, script).await
    }

    /// The same, with RTU frames.
    pub(crate) async fn listen_rtu(
        script: impl Fn(usize, Asked) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(0, true, script).await
    }

    /// Is all the devices of a serial bus.
    pub(crate) fn on_bus(path: &str, script: impl Fn(usize, Asked) -> Vec<Act> + Send + Sync + 'static) {
        let port = tokio_serial::new(path, 19200).open_native_async().unwrap();
        let asked = AtomicUsize::new(0);
        tokio::spawn(serve(port, true, move |request| script(asked.fetch_add(1, Ordering::SeqCst), request)));
    }

    async fn serve(
        port: u16,
        is_rtu: bool,
        script: impl Fn(usize, Asked) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let (script, asked) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, is_rtu, move |request| {
                    script(asked.fetch_add(1, Ordering::SeqCst), request)
                }));
            }
        });
        Self { address, connections }
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    is_rtu: bool,
    script: impl Fn(Asked) -> Vec<Act>,
) -> Option<()> {
    loop {
        // A header of 6 bytes, or a checksum of 2.
        let mut frame = [0; 14];
        let place = if is_rtu { 6..14 } else { 0..12 };
        stream.read_exact(&mut frame[place]).await.ok()?;
        let [t0, t1, _, _, _, _, unit, function, a0, a1, c0, c1, ..] = frame;
        let transaction = u16::from_be_bytes([t0, t1]);
        let (address, count) = (u16::from_be_bytes([a0, a1]), u16::from_be_bytes([c0, c1]));
        for act in script(Asked { transaction, unit, function, address, count, is_rtu }) {
            match act {
                Act::Send(bytes) => stream.write_all(&bytes).await.ok()?,
                Act::Trickle(bytes, pause) => {
                    for byte in bytes {
                        stream.write_all(&[byte]).await.ok()?;
                        tokio::time::sleep(pause).await;
                    }
                }
                Act::Wait(pause) => tokio::time::sleep(pause).await,
                Act::Cut => return None,
            }
        }
    }
}
