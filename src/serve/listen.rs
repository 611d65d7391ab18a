//! Accepts connections, serves them, and stops in an orderly way within a bounded time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::guard::Peer;
use super::seen::{self, Seen};
use super::{App, Bounds, Shared, metric, route, tell};
use crate::backtest::jobs::Jobs;

/// The longest request line and headers together.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Real time until a request's head is there; also how long an idle connection is kept.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Real time to wait when the kernel gives no connection (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What the kernel may hold of an answer, doubled by it; by itself it takes megabytes for each peer.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Why serving ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listening address can't be told.
    #[error("the listening socket has no address: {0}")]
    Address(std::io::Error),
}

/// Serves until it is cancelled; then accepts nothing more, ends the live streams with a last
/// event, and gives what is under way [`Bounds::drain`] to end.
///
/// # Errors
/// When the listener is unusable from the start; errors of connections end that connection only.
pub async fn run(listener: TcpListener, shared: Shared, cancel: CancellationToken) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    let bounds = shared.bounds;
    let closing = cancel.child_token();
    let first = shared.snapshots.borrow().clone();
    let (seen_sender, seen) = watch::channel(Arc::new(Seen::first(first)));
    let (told, _) = broadcast::channel(bounds.stream_backlog);
    let mut followers = JoinSet::new();
    followers.spawn(seen::follow(shared.snapshots.clone(), seen_sender, closing.clone()));
    followers.spawn(tell::follow(
        shared.feed.subscribe(),
        shared.snapshots.clone(),
        told.clone(),
        closing.clone(),
    ));
    followers.spawn(metric::upkeep(shared.metrics.clone(), closing.clone()));
    let replays = Arc::new(Semaphore::new(bounds.stream_replays));
    let backtests = Arc::new(Jobs::default());
    let stopped = Arc::clone(&backtests);
    let app = App { shared, seen, told, replays, wetness: Arc::default(), backtests, closing };
    let router = route::router(app);
    tracing::info!(%address, "serving");

    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let places = Arc::new(Semaphore::new(bounds.connections));
    loop {
        while connections.try_join_next().is_some() {}
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = cancel.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, peer)) => {
                prepare(&stream, &bounds);
                let connection = graceful.watch(connection(stream, Peer(peer.ip()), &router));
                connections.spawn(async move {
                    if let Err(why) = connection.await {
                        tracing::debug!(%why, "a connection ended badly");
                    }
                    drop(place);
                });
            }
            Err(why) => {
                tracing::warn!(%why, "no connection could be accepted; tried again");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    stopped.stop();
    if tokio::time::timeout(bounds.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(s = bounds.drain.as_secs(), "connections that did not end in time are cut off");
    }
    connections.shutdown().await;
    followers.shutdown().await;
    tracing::info!("serving has ended");
    Ok(())
}

/// A peer that takes no bytes must not hold its place for ever, and a slow one not much memory.
fn prepare(stream: &TcpStream, bounds: &Bounds) {
    let stall_ms = u32::try_from(bounds.stall.as_millis()).unwrap_or(u32::MAX);
    let set = stream
        .set_nodelay(true)
        .and_then(|()| rustix::net::sockopt::set_tcp_user_timeout(stream, stall_ms).map_err(Into::into))
        .and_then(|()| {
            rustix::net::sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER_BYTES).map_err(Into::into)
        });
    if let Err(why) = set {
        tracing::debug!(%why, "a connection keeps the kernel's own limits");
    }
}

fn connection(
    stream: TcpStream,
    peer: Peer,
    router: &Router,
) -> impl GracefulConnection<Error = hyper::Error, Output = Result<(), hyper::Error>> + use<> {
    let service = tower::ServiceBuilder::new()
        .map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request
        })
        .service(router.clone());
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
