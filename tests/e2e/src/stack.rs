//! The running stack, as every program of live tests finds it: whose turn it is, who may ask, and what is left behind.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Longer than any answer may take: a charge has 25 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// Held for reading by tests that need the clock to stand still and nothing to be broken, for writing by the others.
static GATE: RwLock<()> = RwLock::const_new(());

/// A test's turn, until it is dropped.
#[derive(Debug)]
pub enum Turn {
    /// Others run beside it.
    Shared(RwLockReadGuard<'static, ()>),
    /// Nobody else of its program runs.
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Turn {
    /// Waits until nobody needs to be alone.
    pub async fn shared() -> Self {
        Self::Shared(GATE.read().await)
    }

    /// Waits until nobody else runs.
    pub async fn alone() -> Self {
        Self::Alone(GATE.write().await)
    }

    /// Whether nobody else runs.
    pub fn is_alone(&self) -> bool {
        matches!(self, Self::Alone(_))
    }
}

/// What `./dev test` says of the stack.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run ./dev test"))
}

/// A token of the storefront's server. Making one takes a process.
pub fn merchant_token(state: &Path) -> String {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| sandbox_token(&["merchant"], state)).clone()
}

/// A token of a signed-in customer.
pub fn customer_token(id: &str, state: &Path) -> String {
    sandbox_token(&["customer", "--id", id], state)
}

/// A token by the sandbox's own command line, signed with the key of a state directory, which is made if there is none.
pub fn sandbox_token(arguments: &[&str], state: &Path) -> String {
    // .../debug/deps/it-0123 lies beside .../debug/sandbox.
    let own = std::env::current_exe().expect("a program");
    let sandbox = own.parent().and_then(Path::parent).expect("a folder above").join("sandbox");
    let output = Command::new(sandbox).arg("token").args(arguments).arg("--state").arg(state).output();
    let output = output.expect("the sandbox starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// reqwest's TLS provider, which it wants even where everything is plain HTTP on this machine.
pub fn install_tls() {
    // Fails only if another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client that follows nothing and asks no proxy. One for each test: its connections belong to the test's runtime.
pub fn client() -> Client {
    install_tls();
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.timeout(ANSWER_TIMEOUT).build().expect("a client")
}

/// JSON bodies, without reqwest's own feature for them.
pub trait JsonBody {
    /// Sets body and content type.
    #[must_use]
    fn json_body(self, body: &Value) -> Self;
}

impl JsonBody for RequestBuilder {
    fn json_body(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }
}

/// Where a function is handed an event, as the platform would.
pub fn invocations(lambda: &str, function: &str) -> String {
    format!("{lambda}/2015-03-31/functions/{function}/invocations")
}

/// What the timer starts a sweep with.
pub fn sweep_event() -> Value {
    json!({ "source": "aws.scheduler", "detail": {} })
}

/// Holds that a sweep has got through everything.
#[track_caller]
pub fn is_swept(report: &Value) {
    assert_eq!((&report["failed"], &report["cut_short"]), (&json!(0), &json!(false)), "{report}");
}

/// How webhooks are delivered where no test has asked for anything else.
pub fn webhook_defaults() -> Value {
    json!({ "format": "json", "drop": false, "drop_next": 0, "copies": 1, "hold": false })
}

/// Sends these requests where a test ends, for whoever comes next.
pub fn clean_up(requests: impl FnOnce(&Client) -> Vec<RequestBuilder> + Send + 'static) {
    // A thread of its own: the test's runtime is blocked by the very drop that calls this.
    let cleaner = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for request in requests(&client()) {
                let reply = request.send().await.expect("an answer");
                let (status, said) = (reply.status(), reply.text().await.unwrap_or_default());
                assert_eq!(status, 200, "the sandbox could not be cleaned up: {said}");
            }
        });
    });
    let cleaned = cleaner.join();
    assert!(cleaned.is_ok() || std::thread::panicking(), "the sandbox could not be cleaned up");
}

/// How often something that happens by itself is looked at, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two looks.
    pub pause: Duration,
    /// In all.
    pub limit: Duration,
}

impl Patience {
    /// Looks until it finds something. Nothing, if it never does.
    pub async fn until<T>(self, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
        let waiting = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(self.pause).await;
            }
        };
        tokio::time::timeout(self.limit, waiting).await.ok()
    }
}

/// A name that no other test, and no other run against the same stack, has. Letters only after the prefix, so that it
/// never looks like a card number.
pub fn fresh(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}", letters(chance(), 10).chain(letters(count, 4)).collect::<String>())
}

/// A number in letters.
fn letters(mut number: u64, places: u32) -> impl Iterator<Item = char> {
    (0..places).map(move |_| {
        let letter = b'a' + u8::try_from(number % 26).unwrap_or_default();
        number /= 26;
        char::from(letter)
    })
}

/// A random number, by the seed that the standard library gives each of its hashers.
pub fn chance() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}
