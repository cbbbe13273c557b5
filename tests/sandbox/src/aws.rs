//! One endpoint for the AWS SDKs (`AWS_ENDPOINT_URL`): DynamoDB by an embedded engine, Secrets Manager and EventBridge by ourselves.
//!
//! Requests are told apart by `X-Amz-Target`. In memory by default; with a data directory both survive a restart.

pub mod bus;
pub mod client;
mod dispatch;
pub mod faults;
pub mod secrets;
pub mod seed;
pub mod table;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Uri;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use self::bus::EventBus;
use self::faults::Faults;
use self::secrets::Secrets;
use crate::net::{self, Http};

/// The database's file in the data directory.
pub const DATABASE_FILE: &str = "dynamodb.sqlite";

/// What the endpoint needs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where tables and secrets are kept; `None` keeps them in memory.
    pub data: Option<PathBuf>,
}

/// Why the endpoint cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// The database cannot be opened.
    #[error("the DynamoDB engine cannot open its database: {0}")]
    Database(String),
    /// A file or a socket.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

/// The services behind the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `DynamoDB_20120810`, JSON 1.0.
    DynamoDb,
    /// `secretsmanager`, JSON 1.1.
    SecretsManager,
    /// `AWSEvents`, JSON 1.1.
    EventBridge,
}

#[derive(Debug)]
struct Endpoint {
    engine: Uri,
    http: Http,
    secrets: Mutex<Secrets>,
    bus: Mutex<EventBus>,
    faults: Mutex<Faults>,
    calls: Mutex<BTreeMap<String, u64>>,
}

/// Serves both services on `listener` until `shutdown` resolves.
///
/// # Errors
/// [`AwsError`] before anything is served.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> Result<(), AwsError> {
    let io = |what| move |source| AwsError::Io { what, source };
    if let Some(directory) = &options.data {
        std::fs::create_dir_all(directory).map_err(io("the data directory"))?;
    }
    let secrets = Secrets::open(options.data.as_ref().map(|directory| directory.join(secrets::DATA_FILE)))
        .map_err(io("the secrets file"))?;
    let database = open(options.data)?;
    // The engine's router is private to its crate; it listens on a port of its own, which nobody else is told.
    let engine_listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io("a port for the engine"))?;
    let address = engine_listener.local_addr().map_err(io("a port for the engine"))?;
    let (stop_engine, engine_stopped) = oneshot::channel::<()>();
    let engine = tokio::spawn(dynoxide::server::serve_with_shutdown(engine_listener, database, async move {
        engine_stopped.await.ok();
    }));
    let endpoint = Arc::new(Endpoint {
        engine: Uri::builder()
            .scheme("http")
            .authority(address.to_string())
            .path_and_query("/")
            .build()
            .map_err(|error| AwsError::Database(error.to_string()))?,
        http: Http::pooled(),
        secrets: Mutex::new(secrets),
        bus: Mutex::default(),
        faults: Mutex::default(),
        calls: Mutex::default(),
    });
    net::serve(listener, shutdown, move |request, _peer| {
        let endpoint = Arc::clone(&endpoint);
        async move { endpoint.handle(request).await }
    })
    .await;
    stop_engine.send(()).ok();
    match engine.await {
        Ok(outcome) => outcome.map_err(AwsError::Database),
        Err(error) => Err(AwsError::Database(error.to_string())),
    }
}

fn open(data: Option<PathBuf>) -> Result<dynoxide::Database, AwsError> {
    let Some(directory) = data else {
        return dynoxide::Database::memory().map_err(|error| AwsError::Database(error.to_string()));
    };
    let path = directory.join(DATABASE_FILE);
    let path = path.to_str().ok_or_else(|| AwsError::Database(format!("{} is not UTF-8", path.display())))?;
    dynoxide::Database::new(path).map_err(|error| AwsError::Database(error.to_string()))
}

/// A panic while a lock is held leaves maps of plain values, none of them half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
