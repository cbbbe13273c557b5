//! Where everything runs, and who may move the clock: every test begins with [`World::shared`] or [`World::alone`].

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::reply::Reply;

/// Longer than any answer may take: a charge has 25 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at something that happens by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long something that happens by itself may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Held for reading by tests that need the clock to stand still and no fault to be in the air, for writing by the others.
static GATE: RwLock<()> = RwLock::const_new(());
/// Every answer that left the gateway or a function in this run, headers included.
static REPLIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

enum Turn {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// The running stack, as one test sees it.
pub(crate) struct World {
    pub(crate) gateway: String,
    pub(crate) iamport: String,
    pub(crate) aws: String,
    lambda: String,
    pub(crate) logs: PathBuf,
    state: PathBuf,
    pub(crate) table: String,
    pub(crate) secret_name: String,
    pub(crate) webhook_url: String,
    pub(crate) http: reqwest::Client,
    turn: Turn,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run ./dev test"))
}

impl World {
    /// For a test that lives with others beside it: own customers, own order numbers, faults only on its own orders.
    pub(crate) async fn shared() -> Self {
        let guard = GATE.read().await;
        Self::open(Turn::Shared { _guard: guard })
    }

    /// For a test that moves the clock, sweeps, counts all calls, or breaks what others use too.
    pub(crate) async fn alone() -> Self {
        let guard = GATE.write().await;
        let world = Self::open(Turn::Alone { _guard: guard });
        world.calm().await;
        world
    }

    fn open(turn: Turn) -> Self {
        let state = PathBuf::from(variable("E2E_STATE_DIR"));
        let running = std::fs::read(state.join("sandbox.json")).expect("sandbox.json of a running sandbox");
        let running: Value = serde_json::from_slice(&running).unwrap();
        let text = |name: &str| running[name].as_str().unwrap().to_owned();
        Self {
            gateway: variable("E2E_GATEWAY_URL"),
            iamport: variable("E2E_IAMPORT_URL"),
            aws: variable("E2E_AWS_URL"),
            lambda: variable("E2E_LAMBDA_URL"),
            logs: PathBuf::from(variable("E2E_LOG_DIR")),
            table: text("table"),
            secret_name: text("secret_name"),
            webhook_url: text("webhook_url"),
            http: client(),
            state,
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
    pub(crate) fn token(&self, arguments: &[&str]) -> String {
        sandbox_token(arguments, &self.state)
    }

    /// A request to the storefront API.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.gateway))
    }

    /// Sends a request to the product and remembers the answer for the search for leaks.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let reply = Reply::read(request.send().await.expect("an answer")).await;
        REPLIES.lock().unwrap().push(format!("{} {:?}\n{}", reply.status, reply.headers, reply.text));
        reply
    }

    /// Every answer so far, of every test.
    pub(crate) fn replies_so_far() -> Vec<String> {
        REPLIES.lock().unwrap().clone()
    }

    /// Hands a function an event, as the platform would.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Value {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.lambda);
        let reply = self.send(self.http.post(url).json_body(event)).await;
        assert_eq!(reply.status, 200, "{function} failed: {}", reply.text);
        reply.json()
    }

    /// One sweep, as the timer starts it.
    pub(crate) async fn sweep(&self) -> Value {
        let report = self.invoke("reconcile", &json!({ "source": "aws.scheduler", "detail": {} })).await;
        assert_eq!((&report["failed"], &report["cut_short"]), (&json!(0), &json!(false)), "{report}");
        report
    }

    /// Waits until nothing happens by itself any more: the webhooks of earlier tests are through.
    async fn calm(&self) {
        self.eventually("no webhook is on its way", || async {
            let webhooks = self.webhooks().await;
            webhooks.iter().all(|webhook| webhook["state"] != "pending").then_some(())
        })
        .await;
    }

    /// Waits until `look` finds something.
    pub(crate) async fn eventually<T, F>(&self, what: &str, mut look: impl FnMut() -> F) -> T
    where
        F: Future<Output = Option<T>>,
    {
        let waiting = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never happened: {what}"))
    }

    /// The storefront's own address.
    pub(crate) fn storefront(&self) -> String {
        variable("E2E_STOREFRONT_URL")
    }

    /// The token of the webhook's path.
    pub(crate) fn webhook_token(&self) -> &str {
        self.webhook_url.rsplit('/').next().unwrap()
    }
}

/// Whoever comes next finds no fault, no setting and no knob of this test.
impl Drop for World {
    fn drop(&mut self) {
        if matches!(self.turn, Turn::Shared { .. }) {
            return;
        }
        let (iamport, aws) = (self.iamport.clone(), self.aws.clone());
        // A thread of its own: the test's runtime is blocked by this very drop.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let http = client();
                let settings = json!({ "format": "json", "drop": false, "drop_next": 0, "copies": 1, "hold": false });
                for request in [
                    http.delete(format!("{iamport}/_sim/faults")),
                    http.delete(format!("{aws}/_aws/faults")),
                    http.post(format!("{iamport}/_sim/webhooks/settings")).json_body(&settings),
                    http.post(format!("{iamport}/_sim/knobs")).json_body(&json!({ "sandbox": false })),
                ] {
                    let cleaned = request.send().await;
                    assert!(cleaned.is_ok_and(|reply| reply.status() == 200), "the sandbox could not be cleaned up");
                }
            });
        });
        let cleaned = cleaner.join();
        assert!(cleaned.is_ok() || std::thread::panicking(), "the sandbox could not be cleaned up");
    }
}

/// A token signed with the key of a state directory, which is made if there is none.
pub(crate) fn sandbox_token(arguments: &[&str], state: &std::path::Path) -> String {
    // .../debug/deps/it-0123 lies beside .../debug/sandbox.
    let own = std::env::current_exe().unwrap();
    let sandbox = own.parent().and_then(std::path::Path::parent).unwrap().join("sandbox");
    let output = Command::new(sandbox).arg("token").args(arguments).arg("--state").arg(state).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A client that follows nothing and asks no proxy. One for each test: its connections belong to the test's runtime.
fn client() -> reqwest::Client {
    // Fails only if another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_TIMEOUT)
        .no_proxy()
        .build()
        .unwrap()
}

/// JSON bodies, without reqwest's own feature for them.
pub(crate) trait JsonBody {
    /// Sets body and content type.
    fn json_body(self, body: &Value) -> Self;
}

impl JsonBody for reqwest::RequestBuilder {
    fn json_body(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }
}

/// A name that no other test, and no other run against the same stack, has. Letters only after the prefix, so that it
/// never looks like a card number.
pub(crate) fn fresh(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let letters = |mut number: u64, places: u32| {
        (0..places).map(move |_| {
            let letter = b'a' + u8::try_from(number % 26).unwrap();
            number /= 26;
            char::from(letter)
        })
    };
    format!("{prefix}-{}", letters(chance(), 10).chain(letters(count, 4)).collect::<String>())
}

/// A random number, by the seed that the standard library gives each of its hashers.
pub(crate) fn chance() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
