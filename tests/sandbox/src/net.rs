//! The HTTP/1.1 server and the plain-HTTP client that the roles of the sandbox share.
//!
//! A server of our own, because two things are needed that routers hide: closing a connection without a single byte
//! of answer (a reply that is lost), and the path exactly as it came over the wire.

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

/// How long requests that are already running may still take once the sandbox is told to stop.
const DRAIN: Duration = Duration::from_secs(3);
/// A peer that opens a connection and sends no request line within this time is dropped.
const HEADER_READ: Duration = Duration::from_secs(30);
/// Pause after a failed `accept` (out of file descriptors), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Loopback either answers at once or nobody listens.
const CONNECT: Duration = Duration::from_secs(3);

/// A whole answer.
pub type Reply = Response<Full<Bytes>>;

/// The handler's wish to close the connection without answering: what a client sees when a reply is lost.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer, as asked")]
pub struct Hangup;

/// Serves `handler` on `listener` until `shutdown` resolves, then lets running requests finish for a moment.
pub async fn serve<H, F>(listener: TcpListener, shutdown: impl Future<Output = ()>, handler: H)
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Reply, Hangup>> + Send + 'static,
{
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        // Small requests back and forth on loopback: waiting to fill a packet only adds 40 ms.
        stream.set_nodelay(true).ok();
        let handler = handler.clone();
        let service = service_fn(move |request| handler(request, peer));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A peer that goes away, or a hang-up that was asked for, ends here; neither is news.
            connection.await.ok();
        });
    }
    drop(listener);
    tokio::time::timeout(DRAIN, graceful.shutdown()).await.ok();
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// More bytes than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The peer stopped in the middle, or broke the protocol.
    #[error("the body ended early: {0}")]
    Broken(String),
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// [`BodyError`] if it is larger or breaks off.
pub async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge(limit)),
        Err(error) => Err(BodyError::Broken(error.to_string())),
    }
}

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, value: &serde_json::Value) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(value.to_string())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// Why a request of ours got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nobody listens there; the request was certainly not seen.
    #[error("nothing answers at {0}")]
    Connect(String),
    /// No whole answer in time; the request may have been carried out.
    #[error("no answer from {0} within {1:?}")]
    Timeout(String, Duration),
    /// The connection broke, or the answer was too large; the request may have been carried out.
    #[error("no usable answer from {0}: {1}")]
    Broken(String, String),
}

/// Plain-HTTP client. There is no TLS in it on purpose: the sandbox talks to loopback and to emulators.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client that opens a new connection for each request and never sends one twice.
    ///
    /// A kept connection may be closed by the peer just as it is used again. The request is then lost or has to be
    /// repeated, and what goes through here includes requests to charge a card.
    #[must_use]
    pub fn new() -> Self {
        Self::with_idle_connections(0)
    }

    /// A client that keeps connections: for a server in this process, which never closes one by itself.
    #[must_use]
    pub fn pooled() -> Self {
        Self::with_idle_connections(usize::MAX)
    }

    fn with_idle_connections(most: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(most)
            .retry_canceled_requests(false)
            .build(connector);
        Self { client }
    }

    /// Sends one request and reads the whole answer, of at most `limit` bytes, within `timeout`.
    ///
    /// # Errors
    /// [`HttpError`], which tells "not sent" from "may have been carried out".
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        timeout: Duration,
        limit: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let target = authority(request.uri());
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                if error.is_connect() {
                    HttpError::Connect(target.clone())
                } else {
                    HttpError::Broken(target.clone(), chain(&error))
                }
            })?;
            let (parts, body) = response.into_parts();
            let body = read_body(body, limit).await.map_err(|e| HttpError::Broken(target.clone(), e.to_string()))?;
            Ok(Response::from_parts(parts, body))
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(HttpError::Timeout(target.clone(), timeout)),
        }
    }
}

fn authority(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    uri.authority().map_or_else(|| uri.to_string(), |authority| format!("{scheme}://{authority}"))
}

/// An error and its causes on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
