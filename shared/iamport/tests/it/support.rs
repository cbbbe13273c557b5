//! What all tests share: a clock that can be moved, a client, and sample requests and replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use iamport::{
    Again, Amount, Buyer, Cause, Client, Clock, Config, CredentialSource, Credentials, CustomerUid, Error, ErrorClass,
    ImpKey, ImpSecret, ImpUid, MerchantUid, Payment, Sensitive,
};
use serde_json::{Value, json};

use crate::server::{Reply, Seen, Server};

/// Runs with real time from a fixed date, and jumps on demand.
#[derive(Clone, Debug)]
pub(crate) struct TestClock {
    start: Instant,
    monotonic_ahead: Arc<AtomicU64>,
    wall_ahead: Arc<AtomicI64>,
}

impl TestClock {
    #[expect(clippy::disallowed_methods, reason = "a test's clock has to start somewhere")]
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), monotonic_ahead: Arc::default(), wall_ahead: Arc::default() }
    }

    pub(crate) fn advance_monotonic(&self, seconds: u64) {
        self.monotonic_ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn advance_wall(&self, seconds: i64) {
        self.wall_ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn advance(&self, seconds: u32) {
        self.advance_monotonic(u64::from(seconds));
        self.advance_wall(i64::from(seconds));
    }
}

impl Clock for TestClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed() + Duration::from_secs(self.monotonic_ahead.load(Ordering::SeqCst))
    }

    fn unix_seconds(&self) -> i64 {
        let elapsed = i64::try_from(self.start.elapsed().as_secs()).unwrap();
        1_800_000_000 + elapsed + self.wall_ahead.load(Ordering::SeqCst)
    }
}

/// The seed's own credentials.
pub(crate) const IMP_SECRET: &str = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f";

pub(crate) fn credentials() -> Credentials {
    Credentials::new(ImpKey::new("imp_apikey"), ImpSecret::new(IMP_SECRET))
}

pub(crate) fn client(server: &Server) -> Client {
    client_with(Config::new(&server.url).unwrap(), credentials(), TestClock::new())
}

/// A client, and the clock that it goes by.
pub(crate) fn client_and_clock(server: &Server) -> (Client, TestClock) {
    let clock = TestClock::new();
    (client_with(Config::new(&server.url).unwrap(), credentials(), clock.clone()), clock)
}

pub(crate) fn client_with(config: Config, source: impl CredentialSource, clock: TestClock) -> Client {
    Client::new(config, source, clock).unwrap()
}

/// Hands out the first credentials until it is asked to look past its cache, then the second.
#[derive(Debug, Clone)]
pub(crate) struct Rotated {
    old: Credentials,
    new: Credentials,
    pub(crate) fresh_asked: Arc<AtomicU64>,
}

impl Rotated {
    /// One that nobody has asked yet.
    pub(crate) fn new() -> Self {
        Self {
            old: credentials(),
            new: Credentials::new(ImpKey::new("imp_apikey"), ImpSecret::new("new-secret")),
            fresh_asked: Arc::new(AtomicU64::new(0)),
        }
    }
}

impl CredentialSource for Rotated {
    async fn credentials(&self, fresh: bool) -> Result<Credentials, Cause> {
        if fresh {
            self.fresh_asked.fetch_add(1, Ordering::SeqCst);
        }
        let rotated = self.fresh_asked.load(Ordering::SeqCst) > 0;
        Ok(if rotated { self.new.clone() } else { self.old.clone() })
    }
}

/// Runs one check per case, all at once: most of them only wait.
pub(crate) async fn each<T: Send + 'static, F: Future<Output = ()> + Send + 'static>(
    cases: impl IntoIterator<Item = T>,
    check: impl Fn(T) -> F,
) {
    let mut checks = tokio::task::JoinSet::new();
    for case in cases {
        checks.spawn(check(case));
    }
    while let Some(outcome) = checks.join_next().await {
        outcome.unwrap();
    }
}

pub(crate) fn won(amount: u64) -> Amount {
    Amount::from_minor(amount, 0)
}

pub(crate) fn merchant_uid() -> MerchantUid {
    MerchantUid::new("order_monthly_0001").unwrap()
}

pub(crate) fn customer_uid() -> CustomerUid {
    CustomerUid::new("gildong_0001_1234").unwrap()
}

pub(crate) fn imp_uid() -> ImpUid {
    ImpUid::new("imp_123456789012").unwrap()
}

/// The seed's charge.
pub(crate) fn again() -> Again {
    Again::new(customer_uid(), merchant_uid(), won(8900), "월간 이용권 정기결제").unwrap()
}

/// The payment that answers [`again`].
pub(crate) fn payment() -> Value {
    json!({
        "imp_uid": "imp_123456789012",
        "merchant_uid": "order_monthly_0001",
        "amount": 8900,
        "cancel_amount": 0,
        "currency": "KRW",
        "status": "paid",
        "sandbox": false,
        "paid_at": 1_800_000_001,
        "failed_at": 0,
        "customer_uid": "gildong_0001_1234",
    })
}

/// [`payment`] with some fields changed.
pub(crate) fn payment_with(changes: &Value) -> Value {
    merged(payment(), changes)
}

pub(crate) fn scheduled() -> Value {
    json!({
        "customer_uid": "gildong_0001_1234",
        "merchant_uid": "order_monthly_0001",
        "imp_uid": null,
        "schedule_at": 1_830_297_600,
        "executed_at": 0,
        "revoked_at": 0,
        "amount": 8900,
        "currency": "KRW",
        "schedule_status": "scheduled",
        "payment_status": null,
    })
}

pub(crate) fn merged(mut base: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        base[key] = value.clone();
    }
    base
}

/// What a charge comes to when its one POST is answered with `reply`.
pub(crate) async fn charged(reply: Reply) -> Result<Payment, Error> {
    let server = Server::always(reply).await;
    let outcome = client(&server).again(&again()).await;
    assert_eq!(server.calls().len(), 1, "exactly one POST may leave");
    outcome
}

pub(crate) async fn class_of(reply: Reply) -> ErrorClass {
    charged(reply).await.unwrap_err().class()
}

/// The one call that `act` makes to a server that answers it with `response`, and what is read of that.
pub(crate) async fn told<T>(response: Value, act: impl AsyncFnOnce(Client) -> Result<T, Error>) -> (Seen, T) {
    answered(Reply::ok(&response), act).await
}

/// As [`told`], with any reply that succeeds.
pub(crate) async fn answered<T>(reply: Reply, act: impl AsyncFnOnce(Client) -> Result<T, Error>) -> (Seen, T) {
    let server = Server::always(reply).await;
    let told = act(client(&server)).await.unwrap();
    let calls = server.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = calls.into_iter().next().unwrap();
    assert_eq!(call.headers["authorization"], "Bearer token-1");
    assert_eq!(call.headers["accept"], "application/json");
    assert_eq!(call.headers["user-agent"], concat!("iamport-rust/", env!("CARGO_PKG_VERSION")));
    assert!(!call.headers.contains_key("accept-encoding") && !call.headers.contains_key("tier"));
    if call.body.is_empty() {
        assert!(!call.headers.contains_key("content-type"));
    } else {
        assert_eq!(call.headers["content-type"], "application/json");
    }
    (call, told)
}

/// The one call that `act` makes.
pub(crate) async fn sent<T>(response: Value, act: impl AsyncFnOnce(Client) -> Result<T, Error>) -> Seen {
    told(response, act).await.0
}

/// What `act` comes to when it is answered with `response`.
pub(crate) async fn class_after<T: std::fmt::Debug>(
    response: Value,
    act: impl AsyncFnOnce(Client) -> Result<T, Error>,
) -> ErrorClass {
    let server = Server::always(Reply::ok(&response)).await;
    act(client(&server)).await.unwrap_err().class()
}

pub(crate) fn assert_call(call: &Seen, method: &str, target: &str, body: &Value) {
    assert_eq!((call.method.as_str(), call.target.as_str()), (method, target));
    if body.is_null() { assert_eq!(call.body, "") } else { assert_eq!(&call.json(), body) }
}

pub(crate) fn text(text: &str) -> Option<Sensitive> {
    Some(Sensitive::from(text))
}

/// Every field of a buyer.
pub(crate) fn buyer() -> Buyer {
    Buyer {
        buyer_name: text("홍길동"),
        buyer_email: text("gildong@gmail.com"),
        buyer_tel: text("01012345678"),
        buyer_addr: text("서울특별시 강남구 신사동"),
        buyer_postcode: text("01181"),
    }
}

pub(crate) fn buyer_json() -> Value {
    json!({
        "buyer_name": "홍길동",
        "buyer_email": "gildong@gmail.com",
        "buyer_tel": "01012345678",
        "buyer_addr": "서울특별시 강남구 신사동",
        "buyer_postcode": "01181",
    })
}
