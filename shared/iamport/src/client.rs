//! The client and the way of every call through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;

use crate::clock::Clock;
use crate::config::Config;
use crate::deadline::{Deadline, SEND_TIME_MIN, backoff};
use crate::envelope::{self, Content, Documented, Shape};
use crate::error::{Cause, Error, NotSentReason};
use crate::pace::{Pace, Place};
use crate::token::{CredentialSource, Token, Tokens};
use crate::transport::{BuildError, ConnectionKind, RawReply, Request, Transport};
use crate::wire::Target;

/// How often a GET is repeated.
const READ_REPEATS_MAX: u32 = 2;

/// A client of one merchant's Iamport account. Cheap to clone; clones share the token and the connections.
///
/// Calls that change something are sent at most once (only a 401, which means "not processed", is followed by one
/// replay with a new token). GETs are repeated at most twice within their time.
///
/// ```
/// use iamport::{BASE_URL, Client, Config, Credentials, ImpKey, ImpSecret, SystemClock};
///
/// # fn example(imp_key: String, imp_secret: String) -> Result<Client, Box<dyn std::error::Error>> {
/// let credentials = Credentials::new(ImpKey::new(imp_key), ImpSecret::new(imp_secret));
/// let client = Client::new(Config::new(BASE_URL)?, credentials, SystemClock::new())?;
/// # Ok(client) }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    budget: Option<Duration>,
}

struct Shared {
    config: Config,
    transport: Arc<Transport>,
    tokens: Tokens,
    clock: Arc<dyn Clock>,
    pace: Option<Pace>,
}

/// One call of an endpoint.
pub(crate) struct Call {
    method: Method,
    target: Target,
    body: Option<Bytes>,
    shape: Shape,
    documented: Documented,
}

impl Call {
    pub(crate) fn get(target: Target) -> Self {
        Self::of(Method::GET, target, None)
    }

    /// A GET by several ids, whose reply may be partial.
    pub(crate) fn get_many(target: Target) -> Self {
        Self { shape: Shape::Partial, ..Self::get(target) }
    }

    pub(crate) fn post(target: Target, body: Option<Bytes>) -> Self {
        Self::of(Method::POST, target, body)
    }

    /// A POST about several things, of which some may have been done and others not.
    pub(crate) fn post_many(target: Target, body: Bytes) -> Self {
        Self { shape: Shape::Partial, ..Self::post(target, Some(body)) }
    }

    pub(crate) fn put(target: Target, body: Bytes) -> Self {
        Self::of(Method::PUT, target, Some(body))
    }

    pub(crate) fn delete(target: Target) -> Self {
        Self::of(Method::DELETE, target, None)
    }

    /// The call of an operation that gives these statuses a meaning of its own.
    pub(crate) fn documenting(self, documented: Documented) -> Self {
        Self { documented, ..self }
    }

    fn of(method: Method, target: Target, body: Option<Bytes>) -> Self {
        Self { method, target, body, shape: Shape::Whole, documented: &[] }
    }

    fn reads(&self) -> bool {
        self.method == Method::GET
    }
}

impl Client {
    /// Makes a client; nothing is sent yet. Must be called where a tokio runtime will poll the calls.
    ///
    /// # Errors
    /// [`BuildError`] if the machine has no usable root certificates.
    pub fn new(config: Config, source: impl CredentialSource, clock: impl Clock) -> Result<Self, BuildError> {
        let transport = Arc::new(Transport::new(&config)?);
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let tokens = Tokens::new(Arc::clone(&transport), source, Arc::clone(&clock), config.token_timeout);
        let pace = config.calls_a_second.map(Pace::new);
        Ok(Self { shared: Arc::new(Shared { config, transport, tokens, clock, pace }), budget: None })
    }

    /// A handle whose calls take no longer than `budget` each, token and repetitions included. The [`Config`]'s
    /// limits still hold. With less than a second left nothing is sent
    /// ([`NotSentReason::TooLittleTime`]).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn example(client: iamport::Client, left: Duration) -> Result<(), Box<dyn std::error::Error>> {
    /// // Keep four seconds of the handler's time for writing down what came of it.
    /// let client = client.within(left.saturating_sub(Duration::from_secs(4)));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn within(&self, budget: Duration) -> Self {
        Self { shared: Arc::clone(&self.shared), budget: Some(budget) }
    }

    /// Makes sure that a token is in hand (`POST /users/getToken` if need be). Call it before you store that you are about
    /// to charge, so that a missing token shows while nothing has been promised yet, and for warming up.
    ///
    /// Source: `getToken`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # async fn example(client: iamport::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.ready().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotSent`](crate::ErrorClass::NotSent); the source says why.
    pub async fn ready(&self) -> Result<(), Error> {
        // The token itself has its own limit; the rest is for the credentials' source, which may be slow when cold.
        let budget = self.budget.unwrap_or(self.shared.config.change_timeout);
        self.token(&Deadline::start(&self.shared.clock, budget)).await.map(drop)
    }

    /// Seconds by which Iamport's clock was ahead of ours when it last gave a token; `None` before the first.
    #[must_use]
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.shared.tokens.skew_seconds()
    }

    async fn token(&self, deadline: &Deadline) -> Result<Token, Error> {
        self.shared
            .tokens
            .get(deadline)
            .await
            .map_err(|cause| Error::NotSent { reason: NotSentReason::NoToken, source: Some(cause) })
    }

    /// The most time that one exchange of this call may take.
    fn exchange_timeout(&self, call: &Call) -> Duration {
        if call.reads() { self.shared.config.read_timeout } else { self.shared.config.change_timeout }
    }

    fn deadline(&self, call: &Call) -> Deadline {
        let config = &self.shared.config;
        let longest = if call.reads() {
            config.read_timeout
        } else {
            // A token that is slow to come must not shorten the time that a charge gets.
            config.change_timeout.saturating_add(config.token_timeout)
        };
        Deadline::start(&self.shared.clock, self.budget.map_or(longest, |budget| budget.min(longest)))
    }

    pub(crate) async fn send<T: Content>(&self, call: Call) -> Result<T, Error> {
        let (_, content) = self.send_for_status(call).await?;
        Ok(content)
    }

    /// As [`Self::send`], with the HTTP status (200, or 207 for partial lists).
    pub(crate) async fn send_for_status<T: Content>(&self, call: Call) -> Result<(u16, T), Error> {
        let deadline = self.deadline(&call);
        let mut repeats = 0;
        loop {
            let failure = match self.send_once(&call, &deadline).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if !call.reads() || repeats >= READ_REPEATS_MAX || !may_repeat(&failure) {
                return Err(failure);
            }
            let pause = failure.retry_after().unwrap_or_else(|| backoff(&*self.shared.clock, repeats));
            if deadline.remaining() < pause.saturating_add(SEND_TIME_MIN) {
                return Err(failure);
            }
            repeats += 1;
            tokio::time::sleep(pause).await;
        }
    }

    async fn send_once<T: Content>(&self, call: &Call, deadline: &Deadline) -> Result<(u16, T), Error> {
        deadline.for_exchange()?;
        let first = self.token(deadline).await?;
        let place = self.turn(deadline).await?;
        let mut reply = self.exchange(call, &first, deadline.for_exchange()?).await?;
        if reply.status == 401 {
            // Not processed, so even a charge may be sent once more.
            let tokens = &self.shared.tokens;
            tokens.reject(first.generation);
            let unauthorized = |source: Option<Cause>| Error::Unauthorized { source };
            let second = tokens.get(deadline).await.map_err(|cause| unauthorized(Some(cause)))?;
            let left = deadline.for_exchange().map_err(|error| unauthorized(Some(error.into())))?;
            reply = self.exchange(call, &second, left).await?;
            if reply.status == 401 {
                tokens.reject_credentials(second.generation, deadline).await;
                return Err(unauthorized(None));
            }
        }
        if let Some((pace, place)) = self.shared.pace.as_ref().zip(place) {
            if reply.status == 429 {
                pace.refused(place, self.shared.clock.monotonic(), reply.retry_after);
            } else {
                pace.taken();
            }
        }
        if reply.status == 429 {
            return Err(Error::RateLimited { retry_after: reply.retry_after });
        }
        Ok((reply.status, envelope::read(&reply, call.shape, call.documented)?))
    }

    /// Waits for the call's turn, where the calls of a second are limited.
    async fn turn(&self, deadline: &Deadline) -> Result<Option<Place>, Error> {
        match &self.shared.pace {
            Some(pace) => pace.turn(self.shared.clock.monotonic(), deadline).await.map(Some),
            None => Ok(None),
        }
    }

    async fn exchange(&self, call: &Call, token: &Token, left: Duration) -> Result<RawReply, Error> {
        self.shared
            .transport
            .exchange(Request {
                method: call.method.clone(),
                target: &call.target,
                authorization: Some(token.header.clone()),
                body: call.body.clone(),
                connection: if call.reads() { ConnectionKind::Pooled } else { ConnectionKind::Fresh },
                timeout: left.min(self.exchange_timeout(call)),
            })
            .await
    }
}

/// Whether asking again may bring something else: not after an answer, nor after a failure that was retried below.
fn may_repeat(failure: &Error) -> bool {
    match failure {
        Error::NotSent { reason, .. } => *reason == NotSentReason::Connect,
        Error::RateLimited { .. } | Error::Unknown { .. } => true,
        Error::Unauthorized { .. }
        | Error::Refused { .. }
        | Error::NotFound { .. }
        | Error::Rejected { .. }
        | Error::Suspect { .. }
        | Error::TooLarge { .. } => false,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.shared.config).field("budget", &self.budget).finish()
    }
}
