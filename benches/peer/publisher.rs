//! A gauge's half of MQTT 3.1.1, as little of it as publishing at QoS 1 takes: a client library
//! would be measured with the rest.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Messages that are out unacknowledged at most.
const WINDOW: usize = 512;
/// A PUBACK: type, length 2, packet id.
const PUBACK_BYTES: usize = 4;

/// One connection to the broker.
pub(crate) struct Publisher {
    socket: TcpStream,
    packet_id: u16,
}

impl Publisher {
    /// Connects with a session that ends with the connection.
    pub(crate) fn connect(port: u16) -> Self {
        let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut hello = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];
        text(&mut hello, "gauges");
        let mut packet = vec![0x10, hello.len() as u8];
        packet.extend(hello);
        socket.write_all(&packet).unwrap();
        let mut answer = [0; 4];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0], "the broker lets us in");
        Self { socket, packet_id: 0 }
    }

    /// Publishes at QoS 1 and waits until the broker has every message.
    pub(crate) fn publish<'a>(&mut self, messages: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
        let mut messages = messages.into_iter().peekable();
        while messages.peek().is_some() {
            let mut packets = Vec::new();
            let mut count = 0;
            for (topic, payload) in messages.by_ref().take(WINDOW) {
                self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
                packet(&mut packets, topic, self.packet_id, payload);
                count += 1;
            }
            self.socket.write_all(&packets).unwrap();
            self.socket.read_exact(&mut vec![0; count * PUBACK_BYTES]).unwrap();
        }
    }
}

fn text(packet: &mut Vec<u8>, text: &str) {
    packet.extend((text.len() as u16).to_be_bytes());
    packet.extend(text.as_bytes());
}

fn packet(packets: &mut Vec<u8>, topic: &str, packet_id: u16, payload: &[u8]) {
    let mut body = Vec::new();
    text(&mut body, topic);
    body.extend(packet_id.to_be_bytes());
    body.extend(payload);
    packets.push(0x32);
    let mut rest = body.len();
    while rest > 127 {
        packets.push((rest & 127) as u8 | 128);
        rest >>= 7;
    }
    packets.push(rest as u8);
    packets.extend(body);
}
