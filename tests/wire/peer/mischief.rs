//! A Modbus TCP peer that answers byte by byte as a test wants: late, wrong, in pieces, never.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A read request as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) transaction: u16,
    pub(crate) unit: u8,
    pub(crate) function: u8,
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

    fn frame(self, pdu: &[u8]) -> Vec<u8> {
        let mut bytes = self.transaction.to_be_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend(u16::try_from(pdu.len() + 1).unwrap().to_be_bytes());
        bytes.push(self.unit);
        bytes.extend(pdu);
        bytes
    }
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
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let (script, asked) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
                tokio::spawn(serve(stream, move |request| {
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

async fn serve(mut stream: TcpStream, script: impl Fn(Asked) -> Vec<Act>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    loop {
        let mut frame = [0; 12];
        stream.read_exact(&mut frame).await.ok()?;
        let [t0, t1, _, _, _, _, unit, function, ..] = frame;
        let transaction = u16::from_be_bytes([t0, t1]);
        for act in script(Asked { transaction, unit, function }) {
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
