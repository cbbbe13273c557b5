//! The access token: one request for it at a time, trusted by the server's own lifetime, given up on a 401.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::deadline::{Deadline, SEND_TIME_MIN, backoff};
use crate::envelope::{self, Content, Shape};
use crate::error::{Cause, Error};
use crate::lifetime::{Lifetime, Moment};
use crate::secret::{AccessToken, Credentials};
use crate::transport::{ConnectionKind, Request, Transport};
use crate::wire::{self, Target};

/// Below this a renewal is tried, but the old token serves if it fails.
const RENEW_EARLY: Duration = Duration::from_secs(5 * 60);

/// Below this the token is not used any more. Iamport prolongs a token only when it is asked within its last minute;
/// an earlier renewal gets the same token with the same end.
const RENEW_LATE: Duration = Duration::from_secs(60);

/// Pause between early renewals: most of them return the same token, and a failing one must not delay each call.
const EARLY_RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The API's own figure for a new token; a longer claim is not believed.
const LIFETIME_MAX: Duration = Duration::from_secs(30 * 60);

/// Requests for one token, the first included.
const ATTEMPTS_MAX: u32 = 3;

/// Where the merchant's key and secret come from. [`Credentials`] that never change are their own source; a program whose
/// secret may be rotated while it runs brings one that can look again.
///
/// ```
/// use iamport::{Cause, CredentialSource, Credentials, ImpKey, ImpSecret};
///
/// /// Reads a file that another program renews. It is small, so nothing is cached and `fresh` makes no difference.
/// struct SecretFile(std::path::PathBuf);
///
/// impl CredentialSource for SecretFile {
///     async fn credentials(&self, _fresh: bool) -> Result<Credentials, Cause> {
///         let text = std::fs::read_to_string(&self.0)?;
///         let (key, secret) = text.trim().split_once(':').ok_or("the file has no colon")?;
///         Ok(Credentials::new(ImpKey::new(key), ImpSecret::new(secret)))
///     }
/// }
/// ```
pub trait CredentialSource: Send + Sync + 'static {
    /// The credentials; `fresh` asks to go past any cache, because Iamport has just refused the last ones.
    ///
    /// # Errors
    /// Any failure to get at them. It becomes the source of a [`ErrorClass::NotSent`](crate::ErrorClass::NotSent) error, so it
    /// must not contain the secret.
    fn credentials(&self, fresh: bool) -> impl Future<Output = Result<Credentials, Cause>> + Send;
}

/// Credentials that never change are their own source.
impl CredentialSource for Credentials {
    async fn credentials(&self, _fresh: bool) -> Result<Credentials, Cause> {
        Ok(self.clone())
    }
}

/// [`CredentialSource`] as a trait object.
trait AnySource: Send + Sync {
    fn ask(&self, fresh: bool) -> Pin<Box<dyn Future<Output = Result<Credentials, Cause>> + Send + '_>>;
}

impl<S: CredentialSource> AnySource for S {
    fn ask(&self, fresh: bool) -> Pin<Box<dyn Future<Output = Result<Credentials, Cause>> + Send + '_>> {
        Box::pin(self.credentials(fresh))
    }
}

/// A token in use. `generation` tells a refusal of this token from one of an older.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) header: HeaderValue,
    pub(crate) generation: u64,
    lifetime: Lifetime,
}

/// What every task may read and write in passing; never held across an await.
#[derive(Default)]
struct State {
    token: Option<Token>,
    /// Counts tokens and refusals.
    generation: u64,
    /// Counts requests for a token that came to an end, so that those who waited can share the result.
    flights: u64,
    failure: Option<Arc<Error>>,
    /// The moment of the monotonic clock before which no early renewal is tried.
    early_renewal_from: Duration,
    /// The next request must ask for the credentials past any cache.
    distrust_credentials: bool,
    skew_seconds: Option<i64>,
}

pub(crate) struct Tokens {
    transport: Arc<Transport>,
    source: Box<dyn AnySource>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    state: Mutex<State>,
    flight: tokio::sync::Mutex<()>,
}

impl Tokens {
    pub(crate) fn new(
        transport: Arc<Transport>,
        source: impl CredentialSource,
        clock: Arc<dyn Clock>,
        timeout: Duration,
    ) -> Self {
        let flight = tokio::sync::Mutex::new(());
        Self { transport, source: Box::new(source), clock, timeout, state: Mutex::default(), flight }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the guard, and the state is valid between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds by which the server's clock was ahead of ours when it last gave a token.
    pub(crate) fn skew_seconds(&self) -> Option<i64> {
        self.state().skew_seconds
    }

    /// A token that is good for at least a minute, waiting no longer than the deadline.
    pub(crate) async fn get(&self, deadline: &Deadline) -> Result<Token, Cause> {
        match tokio::time::timeout(deadline.remaining(), self.get_patiently()).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(failure)) => Err(Box::new(failure)),
            Err(elapsed) => Err(Box::new(elapsed)),
        }
    }

    async fn get_patiently(&self) -> Result<Token, Arc<Error>> {
        let (held, flights) = {
            let state = self.state();
            (state.token.clone().map(|token| (self.left(&token), token)), state.flights)
        };
        match held {
            Some((left, token)) if left >= RENEW_EARLY => Ok(token),
            Some((left, token)) if left >= RENEW_LATE => Ok(self.renew_early(token).await),
            _ => self.renew(flights).await,
        }
    }

    /// Tries for a longer-lived token without making anybody else wait for it.
    async fn renew_early(&self, current: Token) -> Token {
        let now = self.clock.monotonic();
        let Ok(_flight) = self.flight.try_lock() else { return current };
        {
            let mut state = self.state();
            if now < state.early_renewal_from {
                return current;
            }
            state.early_renewal_from = now.saturating_add(EARLY_RENEWAL_PAUSE);
        }
        self.fly().await.unwrap_or(current)
    }

    /// Gets a token, or shares the result of whoever is just getting one. `seen` is the count of finished flights
    /// when the caller found that it needs a token.
    async fn renew(&self, seen: u64) -> Result<Token, Arc<Error>> {
        let _flight = self.flight.lock().await;
        if let Some(result) = self.result_since(seen) { result } else { self.fly().await }
    }

    fn result_since(&self, seen: u64) -> Option<Result<Token, Arc<Error>>> {
        let state = self.state();
        // A token that was made while the caller waited is good however short it lives.
        let least = if state.flights > seen { Duration::from_nanos(1) } else { RENEW_LATE };
        if let Some(token) = state.token.as_ref().filter(|token| self.left(token) >= least) {
            return Some(Ok(token.clone()));
        }
        state.failure.as_ref().filter(|_| state.flights > seen).map(|failure| Err(Arc::clone(failure)))
    }

    /// Asks for a token; the caller holds `flight`.
    async fn fly(&self) -> Result<Token, Arc<Error>> {
        let outcome = self.request().await;
        let mut state = self.state();
        state.flights = state.flights.saturating_add(1);
        match outcome {
            Ok((mut token, skew)) => {
                state.generation = state.generation.saturating_add(1);
                token.generation = state.generation;
                state.token = Some(token.clone());
                state.failure = None;
                state.distrust_credentials = false;
                state.skew_seconds = Some(skew);
                Ok(token)
            }
            Err(failure) => {
                let failure = Arc::new(failure);
                state.failure = Some(Arc::clone(&failure));
                Err(failure)
            }
        }
    }

    async fn request(&self) -> Result<(Token, i64), Error> {
        let distrust = self.state().distrust_credentials;
        let credentials = self.ask(distrust).await?;
        match self.request_with(&credentials).await {
            Err(Error::Unauthorized { .. }) if !distrust => {
                // The secret may have been rotated: one more look, past the cache, and one more try if that helped.
                let renewed = self.ask(true).await?;
                if renewed.same_as(&credentials) {
                    return Err(Error::Unauthorized { source: None });
                }
                self.request_with(&renewed).await
            }
            outcome => outcome,
        }
    }

    async fn ask(&self, fresh: bool) -> Result<Credentials, Error> {
        self.source.ask(fresh).await.map_err(|cause| Error::Unknown {
            reason: "no credentials".into(),
            status: None,
            source: Some(cause),
        })
    }

    /// Asking for a token changes nothing at Iamport, so it may be repeated like a GET.
    async fn request_with(&self, credentials: &Credentials) -> Result<(Token, i64), Error> {
        let deadline = Deadline::start(&self.clock, self.timeout);
        let mut attempt = 0;
        loop {
            let failure = match self.request_once(credentials, deadline.remaining()).await {
                Ok(token) => return Ok(token),
                Err(failure) => failure,
            };
            let pause = failure.retry_after().unwrap_or_else(|| backoff(&*self.clock, attempt));
            attempt += 1;
            let final_answer = matches!(failure, Error::Unauthorized { .. } | Error::Refused { .. });
            if final_answer || attempt >= ATTEMPTS_MAX || deadline.remaining() < pause.saturating_add(SEND_TIME_MIN) {
                return Err(failure);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn request_once(&self, credentials: &Credentials, timeout: Duration) -> Result<(Token, i64), Error> {
        // Lifetimes count from before the request: the reply's `now` cannot be earlier.
        let asked = Moment::now(&*self.clock);
        let reply = self
            .transport
            .exchange(Request {
                method: Method::POST,
                target: &Target::new("/users/getToken"),
                authorization: None,
                body: Some(wire::credentials_body(credentials)),
                connection: ConnectionKind::Fresh,
                timeout,
            })
            .await?;
        match reply.status {
            401 => return Err(Error::Unauthorized { source: None }),
            429 => return Err(Error::RateLimited { retry_after: reply.retry_after }),
            _ => {}
        }
        let content: TokenReply = envelope::read(&reply, Shape::Whole, &[])?;
        let lifetime = content.lifetime()?.min(LIFETIME_MAX);
        let token = AccessToken::new(content.access_token).ok_or_else(|| Error::suspect("access_token is no token"))?;
        let token = Token {
            header: wire::authorization(&token).ok_or_else(|| Error::suspect("access_token is no token"))?,
            generation: 0,
            lifetime: asked.lasting(lifetime),
        };
        Ok((token, content.now.saturating_sub(asked.unix_seconds())))
    }

    fn left(&self, token: &Token) -> Duration {
        token.lifetime.left(&*self.clock)
    }

    /// Gives up a token that Iamport refused, unless it has been replaced meanwhile.
    pub(crate) fn reject(&self, generation: u64) {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|token| token.generation == generation) {
            state.token = None;
        }
    }

    /// Gives up a token that was refused although it was new, and the credentials with it; gets a token with fresh
    /// ones for whoever comes next.
    pub(crate) async fn reject_credentials(&self, generation: u64, deadline: &Deadline) {
        self.reject(generation);
        let seen = {
            let mut state = self.state();
            state.distrust_credentials = true;
            state.flights
        };
        // The caller's own call has failed either way.
        let _ = tokio::time::timeout(deadline.remaining(), self.renew(seen)).await;
    }
}

#[derive(Deserialize)]
struct TokenReply {
    #[serde(deserialize_with = "token_text")]
    access_token: Zeroizing<String>,
    #[serde(deserialize_with = "crate::lenient::required_time")]
    now: i64,
    #[serde(deserialize_with = "crate::lenient::required_time")]
    expired_at: i64,
}

fn token_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    crate::lenient::required_text(deserializer).map(Zeroizing::new)
}

impl TokenReply {
    /// By the server's own clock: ours may be wrong.
    fn lifetime(&self) -> Result<Duration, Error> {
        u64::try_from(self.expired_at.saturating_sub(self.now))
            .ok()
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs)
            .ok_or_else(|| Error::suspect("the token has expired already"))
    }
}

impl Content for TokenReply {}
