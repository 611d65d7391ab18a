//! The heartbeat to a watchdog outside: it beats while the writer turns, and then never again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use baolu::serve::heartbeat::{Heartbeat, beat};
use baolu::watch::pulse::Pulse;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::house::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_heard_while_the_writer_turns_and_never_after() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/ping").parse().unwrap();
    let heard = Arc::new(AtomicU32::new(0));
    let watchdog = tokio::spawn(listen(listener, heard.clone()));
    // What a beat leaves that ran out of time on a busy machine.
    drop(TcpStream::connect(address).await.unwrap());
    let pulse = Arc::new(Pulse::default());
    let cancel = CancellationToken::new();
    let silence_max = Duration::from_millis(300);
    let heartbeat = Heartbeat { url, interval: Duration::from_millis(20), silence_max };
    let beating = tokio::spawn(beat(heartbeat, reqwest::Client::new(), pulse.clone(), cancel.clone()));

    let turning = async {
        while heard.load(Ordering::SeqCst) < 5 {
            pulse.turn();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, turning).await.unwrap();
    let quiet = async |long: Duration| {
        while pulse.quiet_for() < long {
            tokio::task::yield_now().await;
        }
    };
    quiet(2 * silence_max).await;
    let last = heard.load(Ordering::SeqCst);
    quiet(3 * silence_max).await;
    assert_eq!(heard.load(Ordering::SeqCst), last, "a heartbeat without a pulse");
    cancel.cancel();
    beating.await.unwrap();
    watchdog.abort();
}

async fn listen(listener: TcpListener, heard: Arc<AtomicU32>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap_or(0);
        if read == 0 {
            continue;
        }
        assert!(request[..read].starts_with(b"GET /ping "));
        heard.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    }
}
