//! The running stack beside the browser: what the API says of a payment, what the PSP's books say, and the levers that
//! only the sandbox has.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::chromium::variable;
use crate::page::until;

/// Longer than any answer may take: a charge has 25 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Held for reading by tests that need the clock to stand still and webhooks to come, for writing by the others.
static GATE: RwLock<()> = RwLock::const_new(());

enum Turn {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// The running stack, as one test sees it.
pub(crate) struct World {
    pub(crate) shop: String,
    pub(crate) gateway: String,
    iamport: String,
    lambda: String,
    state: PathBuf,
    http: reqwest::Client,
    turn: Turn,
}

impl World {
    /// For a test that lives with others beside it: own customers, own order numbers.
    pub(crate) async fn shared() -> Self {
        let guard = GATE.read().await;
        Self::open(Turn::Shared { _guard: guard })
    }

    /// For a test that moves the clock, sweeps, or keeps webhooks back.
    pub(crate) async fn alone() -> Self {
        let guard = GATE.write().await;
        let world = Self::open(Turn::Alone { _guard: guard });
        until("no webhook is on its way", async || {
            let webhooks = world.sim_list("webhooks").await;
            webhooks.iter().all(|webhook| webhook["state"] != "pending").then_some(())
        })
        .await;
        world
    }

    fn open(turn: Turn) -> Self {
        Self {
            shop: variable("E2E_STOREFRONT_URL"),
            gateway: variable("E2E_GATEWAY_URL"),
            iamport: variable("E2E_IAMPORT_URL"),
            lambda: variable("E2E_LAMBDA_URL"),
            state: PathBuf::from(variable("E2E_STATE_DIR")),
            http: client(),
            turn,
        }
    }

    /// A token of the storefront's server.
    pub(crate) fn merchant(&self) -> String {
        static TOKEN: OnceLock<String> = OnceLock::new();
        TOKEN.get_or_init(|| self.token(&["merchant"])).clone()
    }

    /// A token of a signed-in customer.
    pub(crate) fn customer(&self, id: &str) -> String {
        self.token(&["customer", "--id", id])
    }

    /// A token by the sandbox's own command line, signed with the running stack's key.
    fn token(&self, arguments: &[&str]) -> String {
        // .../debug/deps/it-0123 lies beside .../debug/sandbox.
        let own = std::env::current_exe().unwrap();
        let sandbox = own.parent().and_then(std::path::Path::parent).unwrap().join("sandbox");
        let output = Command::new(sandbox).arg("token").args(arguments).arg("--state").arg(&self.state).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A request to the API with this token: status and JSON.
    pub(crate) async fn api(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.gateway)).bearer_auth(token);
        answered(request, body).await
    }

    /// The API's row of a payment, as the storefront's server reads it.
    pub(crate) async fn row(&self, merchant_uid: &str) -> Value {
        let (status, row) = self.api("GET", &format!("/charges/{merchant_uid}"), &self.merchant(), None).await;
        assert_eq!(status, 200, "{merchant_uid}: {row}");
        row
    }

    /// The API's row, as soon as it has this status.
    pub(crate) async fn row_that_is(&self, merchant_uid: &str, status: &str) -> Value {
        until(&format!("{merchant_uid} is {status}"), async || {
            let row = self.row(merchant_uid).await;
            (row["status"] == status).then_some(row)
        })
        .await
    }

    /// A customer's keys, as the storefront's server lists them.
    pub(crate) async fn keys(&self, customer_id: &str) -> Vec<Value> {
        let (status, keys) = self.api("GET", "/billing-keys", &self.customer(customer_id), None).await;
        assert_eq!(status, 200, "{keys}");
        keys["list"].as_array().unwrap_or_else(|| panic!("no list: {keys}")).clone()
    }

    /// The PSP's payments under an order number.
    pub(crate) async fn payments(&self, merchant_uid: &str) -> Vec<Value> {
        let all = self.sim_list("payments").await;
        all.into_iter().filter(|payment| payment["merchant_uid"] == merchant_uid).collect()
    }

    /// The one payment that the PSP has under an order number.
    pub(crate) async fn payment(&self, merchant_uid: &str) -> Value {
        let mut payments = self.payments(merchant_uid).await;
        assert_eq!(payments.len(), 1, "payments under {merchant_uid}: {payments:?}");
        payments.remove(0)
    }

    /// Everything of one kind in the simulator.
    pub(crate) async fn sim_list(&self, path: &str) -> Vec<Value> {
        let request = self.http.get(format!("{}/_sim/{path}", self.iamport));
        let (status, found) = answered(request, None).await;
        assert_eq!(status, 200, "/_sim/{path}: {found}");
        found.as_array().unwrap().clone()
    }

    /// Changes something in the simulator.
    pub(crate) async fn sim(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}/_sim/{path}", self.iamport));
        let (status, said) = answered(request, Some(body)).await;
        assert_eq!(status, 200, "/_sim/{path}: {said}");
        said
    }

    /// Moves the clock that simulator and functions share. What falls due on the way happens, webhooks included.
    pub(crate) async fn advance(&self, seconds: i64) {
        assert!(matches!(self.turn, Turn::Alone { .. }), "others rely on the clock");
        self.sim("clock", json!({ "advance_seconds": seconds })).await;
    }

    /// Changes how webhooks are delivered, until this test ends.
    pub(crate) async fn webhook_settings(&self, settings: Value) {
        assert!(matches!(self.turn, Turn::Alone { .. }), "others rely on webhooks");
        self.sim("webhooks/settings", settings).await;
    }

    /// One sweep, as the timer starts it.
    pub(crate) async fn sweep(&self) -> Value {
        let url = format!("{}/2015-03-31/functions/reconcile/invocations", self.lambda);
        let event = json!({ "source": "aws.scheduler", "detail": {} });
        let (status, report) = answered(self.http.post(url), Some(event)).await;
        assert_eq!(status, 200, "{report}");
        assert_eq!((&report["failed"], &report["cut_short"]), (&json!(0), &json!(false)), "{report}");
        report
    }
}

/// Whoever comes next finds webhooks as they were.
impl Drop for World {
    fn drop(&mut self) {
        if matches!(self.turn, Turn::Shared { .. }) {
            return;
        }
        let url = format!("{}/_sim/webhooks/settings", self.iamport);
        // A thread of its own: the test's runtime is blocked by this very drop.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let settings = json!({ "format": "json", "drop": false, "drop_next": 0, "copies": 1, "hold": false });
            let (status, said) = runtime.block_on(answered(client().post(url), Some(settings)));
            assert_eq!(status, 200, "the sandbox could not be cleaned up: {said}");
        });
        let cleaned = cleaner.join();
        assert!(cleaned.is_ok() || std::thread::panicking(), "the sandbox could not be cleaned up");
    }
}

async fn answered(request: reqwest::RequestBuilder, body: Option<Value>) -> (u16, Value) {
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A client that follows nothing and asks no proxy. One for each test: its connections belong to the test's runtime.
fn client() -> reqwest::Client {
    // Fails only if another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.timeout(ANSWER_TIMEOUT).build().unwrap()
}

/// A name that no other test, and no other run against the same stack, has.
pub(crate) fn fresh(prefix: &str) -> String {
    use std::hash::{BuildHasher as _, Hasher as _};
    let mut number = std::hash::RandomState::new().build_hasher().finish();
    let mut name = format!("{prefix}-");
    for _ in 0..12 {
        name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    name
}
