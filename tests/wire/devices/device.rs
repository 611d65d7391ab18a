//! A device that says what was recorded to whoever asks as it was recorded, and nothing else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sensors::register::{Frame, Recording};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Between two bytes of an answer that comes byte by byte: about a character of 9600 baud, so that
/// each is read alone.
const BETWEEN: Duration = Duration::from_millis(1);

/// How the answers of a device travel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feed {
    /// RTU frames; else Modbus TCP.
    pub(super) is_rtu: bool,
    /// In which pieces.
    pub(super) pieces: Pieces,
}

/// In which pieces answers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Each at once.
    Whole,
    /// Every byte by itself.
    Bytes,
    /// The same, through an adapter on two wires, from which every question comes back first.
    BytesAfterEcho,
}

impl Feed {
    /// Every way with or without RTU frames.
    pub(super) fn all(is_rtu: bool) -> Vec<Self> {
        let mut pieces = vec![Pieces::Whole, Pieces::Bytes];
        // Modbus TCP has no wires to share.
        pieces.extend(is_rtu.then_some(Pieces::BytesAfterEcho));
        pieces.into_iter().map(|pieces| Self { is_rtu, pieces }).collect()
    }

    async fn send(self, bytes: &[u8], stream: &mut TcpStream) -> Option<()> {
        if self.pieces == Pieces::Whole {
            return stream.write_all(bytes).await.ok();
        }
        for byte in bytes {
            stream.write_all(&[*byte]).await.ok()?;
            tokio::time::sleep(BETWEEN).await;
        }
        Some(())
    }
}

/// A question and its answer: unit and PDU.
type Play = (Vec<u8>, Option<Vec<u8>>);

/// A device that listens until the test ends.
pub(super) struct Device {
    pub(super) address: SocketAddr,
    pub(super) unit: u8,
    asked: Arc<Mutex<Asked>>,
}

/// What it was asked.
#[derive(Default)]
struct Asked {
    /// How often each recorded question was.
    known: Vec<u32>,
    /// Bytes that are none of them.
    strange: Vec<Vec<u8>>,
}

impl Device {
    /// Says what a recording says.
    pub(super) async fn listen(recording: &Recording, feed: Feed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let plays: Arc<[Play]> = recording
            .exchanges
            .iter()
            .map(|exchange| {
                let answer = (!exchange.answer.is_empty()).then(|| body(recording.frame, &exchange.answer));
                (body(recording.frame, &exchange.request), answer)
            })
            .collect();
        let unit = plays[0].0[0];
        let asked = Arc::new(Mutex::new(Asked { known: vec![0; plays.len()], strange: Vec::new() }));
        let told = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream, feed, Arc::clone(&plays), Arc::clone(&told)));
            }
        });
        Self { address, unit, asked }
    }

    /// How often each recorded question was asked, and what else was.
    pub(super) fn asked(&self) -> (Vec<u32>, Vec<Vec<u8>>) {
        let asked = self.asked.lock().unwrap();
        (asked.known.clone(), asked.strange.clone())
    }
}

async fn serve(
    mut stream: TcpStream,
    feed: Feed,
    plays: Arc<[Play]>,
    asked: Arc<Mutex<Asked>>,
) -> Option<()> {
    loop {
        let mut question = vec![0; if feed.is_rtu { 8 } else { 12 }];
        stream.read_exact(&mut question).await.ok()?;
        // The transaction's number is the only thing that a recording can't know.
        let transaction = [question[0], question[1]];
        let found = plays.iter().position(|(known, _)| framed(feed, transaction, known) == question);
        let Some(n) = found else {
            asked.lock().unwrap().strange.push(question);
            continue;
        };
        asked.lock().unwrap().known[n] += 1;
        if feed.pieces == Pieces::BytesAfterEcho {
            feed.send(&question, &mut stream).await?;
        }
        let Some(answer) = &plays[n].1 else { continue };
        feed.send(&framed(feed, transaction, answer), &mut stream).await?;
    }
}

/// Unit and PDU of recorded bytes.
fn body(frame: Frame, bytes: &[u8]) -> Vec<u8> {
    match frame {
        Frame::Rtu => bytes[..bytes.len() - 2].to_vec(),
        Frame::Tcp => bytes[6..].to_vec(),
        Frame::Pdu => [&[1], bytes].concat(),
    }
}

fn framed(feed: Feed, transaction: [u8; 2], body: &[u8]) -> Vec<u8> {
    if feed.is_rtu {
        return [body, &checksum(body).to_le_bytes()].concat();
    }
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&transaction, &[0, 0], &length, body].concat()
}

/// By the polynomial x^16 + x^15 + x^2 + 1, a division from the lowest bit upwards (MODBUS over Serial
/// Line V1.02, 6.2.2).
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(u16::MAX, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| (crc >> 1) ^ (0xA001 * (crc & 1)))
    })
}
