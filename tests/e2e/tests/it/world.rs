//! Where everything runs, and who may move the clock: every test begins with [`World::shared`] or [`World::alone`].

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use e2e::stack::{
    JsonBody, Patience, Turn, clean_up, client, customer_token, invocations, is_swept, merchant_token, sandbox_token,
    sweep_event, variable, webhook_defaults,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::reply::Reply;

/// For what happens by itself.
const PATIENCE: Patience = Patience { pause: Duration::from_millis(20), limit: Duration::from_secs(30) };

/// Every answer that left the gateway or a function in this run, headers included.
static REPLIES: Mutex<Vec<String>> = Mutex::new(Vec::new());

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

impl World {
    /// For a test that lives with others beside it: own customers, own order numbers, faults only on its own orders.
    pub(crate) async fn shared() -> Self {
        Self::open(Turn::shared().await)
    }

    /// For a test that moves the clock, sweeps, counts all calls, or breaks what others use too.
    pub(crate) async fn alone() -> Self {
        let world = Self::open(Turn::alone().await);
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
        merchant_token(&self.state)
    }

    /// A token of a signed-in customer.
    pub(crate) fn customer(&self, id: &str) -> String {
        customer_token(id, &self.state)
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
        let reply = self.send(self.http.post(invocations(&self.lambda, function)).json_body(event)).await;
        assert_eq!(reply.status, 200, "{function} failed: {}", reply.text);
        reply.json()
    }

    /// One sweep, as the timer starts it.
    pub(crate) async fn sweep(&self) -> Value {
        let report = self.invoke("reconcile", &sweep_event()).await;
        is_swept(&report);
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
    pub(crate) async fn eventually<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        PATIENCE.until(look).await.unwrap_or_else(|| panic!("never happened: {what}"))
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
        if !self.turn.is_alone() {
            return;
        }
        let (iamport, aws) = (self.iamport.clone(), self.aws.clone());
        clean_up(move |http| {
            vec![
                http.delete(format!("{iamport}/_sim/faults")),
                http.delete(format!("{aws}/_aws/faults")),
                http.post(format!("{iamport}/_sim/webhooks/settings")).json_body(&webhook_defaults()),
                http.post(format!("{iamport}/_sim/knobs"))
                    .json_body(&json!({ "sandbox": false, "gateway_rules": true })),
            ]
        });
    }
}
