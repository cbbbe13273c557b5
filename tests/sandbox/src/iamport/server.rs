//! Accepts connections. Not `axum::serve`, because a fault must be able to cut a connection without a reply.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// What requests under way get to finish in after the shutdown signal.
const GRACE: Duration = Duration::from_secs(1);

/// The connection a request came on.
#[derive(Debug, Clone, Default)]
pub(super) struct Connection {
    cut: Arc<AtomicBool>,
    cutting: Arc<Notify>,
}

impl Connection {
    /// Cuts it. Never returns: the caller goes with the connection.
    pub(super) async fn reset(&self) {
        self.cut.store(true, Ordering::Relaxed);
        self.cutting.notify_one();
        std::future::pending().await
    }
}

/// A stream that, if it is cut, ends in a TCP reset instead of an orderly close.
struct Wire {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.cut.load(Ordering::Relaxed) {
            // If the option cannot be set the client still sees the connection close without a reply.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Serves until `shutdown` resolves, then lets requests under way finish for a moment.
pub(super) async fn run(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone(), stopped.clone()));
                }
                Err(error) => {
                    // Out of descriptors, most likely: give connections time to end.
                    tracing::warn!(%error, "the simulator cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            // Keeps the set from growing.
            Some(_) = connections.join_next() => {}
        }
    }
    stop.send_replace(true);
    let drained = async { while connections.join_next().await.is_some() {} };
    // Whoever is not done by then is dropped with the set.
    let _ = tokio::time::timeout(GRACE, drained).await;
}

async fn converse(stream: TcpStream, router: Router, mut stopped: watch::Receiver<bool>) {
    // Small replies must not wait for each other; without the option they are only slower.
    let _ = stream.set_nodelay(true);
    let connection = Connection::default();
    let cutting = connection.cutting.clone();
    let wire = Wire { stream, cut: connection.cut.clone() };
    let router = TowerToHyperService::new(router);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(connection.clone());
        router.call(request)
    });
    let conversation = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(wire), service);
    tokio::pin!(conversation);
    loop {
        tokio::select! {
            // The client's errors (gone, malformed) are the client's affair.
            _ = conversation.as_mut() => return,
            () = cutting.notified() => return,
            _ = stopped.wait_for(|stop| *stop) => conversation.as_mut().graceful_shutdown(),
        }
        // After the signal only the rest of the conversation matters.
        if *stopped.borrow() {
            let _ = conversation.as_mut().await;
            return;
        }
    }
}
