//! A scripted Lambda: its runtime API, and a process of this crate's own program that plays the functions.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use sandbox::net::{self, Hangup, Reply};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::world::WorldError;

/// Version of the runtime API.
const API: &str = "/2018-06-01/runtime/";
/// Longest answer of a function that is read.
const ANSWER_MAX: usize = 6 << 20;
/// Longer than any function may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the functions answered.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) status: u64,
    /// The body.
    pub(crate) body: Value,
    /// All of it, headers included.
    pub(crate) text: String,
}

type Waiting = Mutex<BTreeMap<String, oneshot::Sender<Value>>>;

/// The platform, and the process on it.
#[derive(Debug)]
pub(crate) struct Lambda {
    events: mpsc::UnboundedSender<(String, Value)>,
    waiting: Arc<Waiting>,
    sent: u64,
    process: Child,
    log: Arc<Mutex<Vec<u8>>>,
    api: JoinHandle<()>,
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.api.abort();
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Lambda {
    /// Starts `program` in this role, with these variables and no others.
    pub(crate) async fn start(
        program: &Path,
        role: &str,
        bug: Option<u8>,
        variables: &BTreeMap<&str, String>,
    ) -> Result<Self, WorldError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (events, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        let waiting = Arc::new(Waiting::default());
        let told = Arc::clone(&waiting);
        let api = tokio::spawn(net::serve(listener, std::future::pending(), move |request, _| {
            let (queue, told) = (Arc::clone(&queue), Arc::clone(&told));
            async move { answer(request, &queue, &told).await }
        }));
        let mut command = Command::new(program);
        command.arg(role).args(bug.map(|bug| bug.to_string())).env_clear().envs(variables);
        command.env("AWS_LAMBDA_RUNTIME_API", address).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn()?;
        let log = Arc::new(Mutex::new(Vec::new()));
        if let Some(stdout) = process.stdout.take() {
            let log = Arc::clone(&log);
            // Ends with the process.
            std::thread::spawn(move || keep(stdout, &log));
        }
        Ok(Self { events, waiting, sent: 0, process, log, api })
    }

    /// Hands the functions an event, and waits for the answer. `None`: they failed, or never answered.
    pub(crate) async fn invoke(&mut self, event: Value) -> Option<Answered> {
        let answer = self.answer(event).await?;
        let body = answer["body"].as_str().unwrap_or_default();
        Some(Answered {
            status: answer["statusCode"].as_u64()?,
            body: serde_json::from_str(body).unwrap_or_default(),
            text: answer.to_string(),
        })
    }

    /// The same, for a function that does not answer requests.
    pub(crate) async fn answer(&mut self, event: Value) -> Option<Value> {
        self.sent += 1;
        let id = format!("event-{}", self.sent);
        let (tell, told) = oneshot::channel();
        locked(&self.waiting).insert(id.clone(), tell);
        self.events.send((id, event)).ok()?;
        tokio::time::timeout(PATIENCE, told).await.ok()?.ok()
    }

    /// Gives away what the functions have logged since the last time.
    pub(crate) fn take_log(&self) -> String {
        let bytes = std::mem::take(&mut *locked(&self.log));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is whole in itself.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(mut from: impl Read, log: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 8_192];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        locked(log).extend_from_slice(bytes.get(..count).unwrap_or_default());
    }
}

/// `invocation/next`, `invocation/{id}/response`, `invocation/{id}/error`, `init/error`.
async fn answer(
    request: Request<Incoming>,
    queue: &tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Value)>>,
    waiting: &Waiting,
) -> Result<Reply, Hangup> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().strip_prefix(API).ok_or(Hangup)?;
    if path == "invocation/next" {
        let (id, event) = queue.lock().await.recv().await.ok_or(Hangup)?;
        let mut reply = net::json(StatusCode::OK, &event);
        let id = HeaderValue::from_str(&id).map_err(|_| Hangup)?;
        reply.headers_mut().insert("lambda-runtime-aws-request-id", id);
        // Long past: such a deadline counts as none.
        reply.headers_mut().insert("lambda-runtime-deadline-ms", HeaderValue::from_static("1"));
        let function = HeaderValue::from_static("arn:aws:lambda:ap-northeast-2:123456789012:function:edge");
        reply.headers_mut().insert("lambda-runtime-invoked-function-arn", function);
        return Ok(reply);
    }
    let body = net::read_body(body, ANSWER_MAX).await.map_err(|_| Hangup)?;
    let mut steps = path.split('/');
    if let (Some("invocation"), Some(id), Some(ended)) = (steps.next(), steps.next(), steps.next()) {
        let tell = locked(waiting).remove(id);
        // Without an answer the one who waits is told that there will be none.
        if let (Some(tell), "response") = (tell, ended) {
            tell.send(serde_json::from_slice(&body).unwrap_or_default()).ok();
        }
    }
    Ok(net::json(StatusCode::ACCEPTED, &json!({ "status": "OK" })))
}
