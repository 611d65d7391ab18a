//! A socket that gathers acknowledgements until there is nothing more to read.
//!
//! The client library flushes after every single PUBACK: a system call, and a wake-up of the
//! broker, for four bytes. Here they wait until a read would block (then the event loop is idle)
//! or a page is full. Everything but a PUBACK goes out at once, with all before it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that may wait; 1,024 acknowledgements.
const HELD_MAX_BYTES: usize = 4096;
/// A PUBACK without a reason: type, remaining length 2, packet id (MQTT 5, 3.4).
const PUBACK_BYTES: usize = 4;

/// A socket with a cork in it.
#[derive(Debug)]
pub(super) struct Corked<S> {
    socket: S,
    held: BytesMut,
    /// Whether everything in `held` may wait.
    patient: bool,
}

impl<S> Corked<S> {
    /// Puts the cork in.
    pub(super) fn new(socket: S) -> Self {
        Self { socket, held: BytesMut::new(), patient: true }
    }
}

impl<S: AsyncWrite + Unpin> Corked<S> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let sent = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.held))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.advance(sent);
        }
        self.patient = true;
        Pin::new(&mut self.socket).poll_flush(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Corked<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.socket).poll_read(cx, buffer) {
            Poll::Pending => match this.poll_drain(cx) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
            },
            ready @ Poll::Ready(_) => ready,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.held.len() >= HELD_MAX_BYTES {
            ready!(this.poll_drain(cx))?;
        }
        this.patient &= are_pubacks(bytes);
        this.held.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.patient && this.held.len() < HELD_MAX_BYTES {
            return Poll::Ready(Ok(()));
        }
        this.poll_drain(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}

fn are_pubacks(bytes: &[u8]) -> bool {
    bytes.len().is_multiple_of(PUBACK_BYTES) && bytes.chunks(PUBACK_BYTES).all(|c| c.starts_with(&[0x40, 2]))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn acknowledgements_wait_for_an_idle_moment_and_then_all_go_out() {
        let (near, mut far) = duplex(1024);
        let mut corked = Corked::new(near);
        let mut seen = [0; 8];
        for id in [1, 2] {
            corked.write_all(&[0x40, 2, 0, id]).await.unwrap();
            corked.flush().await.unwrap();
        }
        assert!(far.read_exact(&mut seen).now_or_never().is_none());
        assert!(corked.read_u8().now_or_never().is_none(), "nothing to read: an idle moment");
        far.read_exact(&mut seen).now_or_never().unwrap().unwrap();
        assert_eq!(seen, [0x40, 2, 0, 1, 0x40, 2, 0, 2]);
    }

    #[tokio::test]
    async fn anything_else_goes_out_at_once_behind_the_acknowledgements() {
        let (near, mut far) = duplex(1024);
        let mut corked = Corked::new(near);
        corked.write_all(&[0x40, 2, 0, 1]).await.unwrap();
        corked.write_all(&[0xe0, 0]).await.unwrap();
        corked.flush().await.unwrap();
        let mut seen = [0; 6];
        far.read_exact(&mut seen).now_or_never().unwrap().unwrap();
        assert_eq!(seen, [0x40, 2, 0, 1, 0xe0, 0]);
    }
}
