//! A scripted Iamport: it keeps tokens as the real one does, and answers everything else as the scenario wants.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use sandbox::net::{self, Hangup, Reply};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::canary::TOKEN;

/// Largest request that is read.
const BODY_MAX: usize = 1 << 20;
/// Iamport gives the same token again until its last minute (reliability, F7).
const PROLONGED_BELOW: i64 = 60;
/// Where a token is asked for.
const TOKEN_PATH: &str = "/users/getToken";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Method.
    pub method: String,
    /// Path, not decoded.
    pub path: String,
    /// The query's fields.
    pub query: BTreeMap<String, String>,
    /// The JSON body; `null` without one.
    pub body: Value,
    /// The sub-merchant that it names.
    pub tier: Option<String>,
    /// Whether its token had ended by the peer's own clock. A token that is none counts as ended.
    pub token_ended: bool,
}

/// What the scenario answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// HTTP status and body.
    Json(u16, Value),
    /// A redirect with this status to this address.
    Elsewhere(u16, String),
    /// The connection is closed without an answer.
    Lost,
}

impl Answer {
    /// HTTP 200 with `code` 0.
    #[must_use]
    pub fn ok(response: &Value) -> Self {
        Self::Json(200, json!({ "code": 0, "message": null, "response": response }))
    }

    /// An HTTP status with another `code`.
    #[must_use]
    pub fn refused(status: u16, code: i64, message: &str) -> Self {
        Self::Json(status, json!({ "code": code, "message": message, "response": null }))
    }

    fn reply(self) -> Result<Reply, Hangup> {
        let status = |status| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self {
            Self::Json(code, body) => Ok(net::json(status(code), &body)),
            Self::Elsewhere(code, address) => {
                let mut reply = Response::new(Bytes::new().into());
                *reply.status_mut() = status(code);
                let address = HeaderValue::from_str(&address).unwrap_or(HeaderValue::from_static("/"));
                reply.headers_mut().insert(header::LOCATION, address);
                Ok(reply)
            }
            Self::Lost => Err(Hangup),
        }
    }
}

type Script = Box<dyn FnMut(&Seen) -> Answer + Send>;

/// What the peer knows and has seen.
struct Books {
    now: i64,
    /// Seconds that a new token lives.
    token_life: i64,
    /// Every token given: its text, and when it ends.
    tokens: Vec<(String, i64)>,
    /// Seconds that the newest token still had, for each request for a token.
    asked_for_token: Vec<i64>,
    seen: Vec<Seen>,
    script: Script,
}

impl Books {
    fn token(&mut self) -> Answer {
        let ends = self.tokens.last().map_or(0, |(_, ends)| *ends);
        let left = ends.saturating_sub(self.now).max(0);
        self.asked_for_token.push(left);
        if left <= PROLONGED_BELOW {
            let name = format!("{TOKEN}{}", self.tokens.len());
            self.tokens.push((name, self.now.saturating_add(self.token_life)));
        }
        let (token, ends) = self.tokens.last().cloned().unwrap_or_default();
        Answer::ok(&json!({ "access_token": token, "now": self.now, "expired_at": ends }))
    }

    fn ended(&self, authorization: Option<&str>) -> bool {
        let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let known = self.tokens.iter().rev().find(|(text, _)| text == token);
        known.is_none_or(|(_, ends)| *ends <= self.now)
    }

    fn answer(&mut self, seen: Seen) -> Answer {
        if seen.path == TOKEN_PATH {
            return self.token();
        }
        let answer = if seen.token_ended { Answer::refused(401, -1, "Unauthorized") } else { (self.script)(&seen) };
        self.seen.push(seen);
        answer
    }
}

/// The peer, and its books.
pub struct Peer {
    /// Its address.
    pub url: String,
    books: Arc<Mutex<Books>>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Peer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    /// Listens on a loopback port of its own.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let books = Books {
            now: 0,
            token_life: 1_800,
            tokens: Vec::new(),
            asked_for_token: Vec::new(),
            seen: Vec::new(),
            script: Box::new(|_| Answer::Lost),
        };
        let books = Arc::new(Mutex::new(books));
        let shared = Arc::clone(&books);
        let task = tokio::spawn(net::serve(listener, std::future::pending(), move |request, _| {
            let books = Arc::clone(&shared);
            async move {
                let seen = read(request).await.ok_or(Hangup)?;
                let mut books = locked(&books);
                let seen = Seen { token_ended: books.ended(seen.1.as_deref()), ..seen.0 };
                books.answer(seen).reply()
            }
        }));
        Ok(Self { url, books, task })
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        locked(&self.books)
    }

    /// Forgets everything, and begins at this time with tokens of this life, both in seconds.
    pub fn begin(&self, now: i64, token_life: i64) {
        let mut books = self.books();
        books.now = now;
        books.token_life = token_life;
        books.tokens.clear();
        books.asked_for_token.clear();
        books.seen.clear();
    }

    /// What every call but the one for a token is answered with from now on.
    pub fn script(&self, script: impl FnMut(&Seen) -> Answer + Send + 'static) {
        self.books().script = Box::new(script);
    }

    /// Moves the peer's clock, in seconds.
    pub fn advance(&self, seconds: i64) {
        let mut books = self.books();
        books.now = books.now.saturating_add(seconds);
    }

    /// Gives away the requests so far, those for a token excepted.
    #[must_use]
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.books().seen)
    }

    /// For each request for a token, the seconds that the newest one still had.
    #[must_use]
    pub fn asked_for_token(&self) -> Vec<i64> {
        self.books().asked_for_token.clone()
    }
}

fn locked(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    // The books are lists of plain values; a script that panics leaves them whole.
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The request, and its authorization.
async fn read(request: Request<Incoming>) -> Option<(Seen, Option<String>)> {
    let (parts, body) = request.into_parts();
    let body = net::read_body(body, BODY_MAX).await.ok()?;
    let query = parts.uri.query().unwrap_or_default();
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        tier: parts.headers.get("tier").and_then(|value| value.to_str().ok()).map(str::to_owned),
        token_ended: false,
    };
    Some((seen, authorization.map(str::to_owned)))
}
