//! The running stack beside the browser: what the API says of a payment, what the PSP's books say, and the levers that
//! only the sandbox has.

use std::path::PathBuf;

use e2e::stack::{
    JsonBody, Turn, clean_up, client, customer_token, invocations, is_swept, merchant_token, sweep_event, variable,
    webhook_defaults,
};
use serde_json::{Value, json};

use crate::page::until;

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
        Self::open(Turn::shared().await)
    }

    /// For a test that moves the clock, sweeps, or keeps webhooks back.
    pub(crate) async fn alone() -> Self {
        let world = Self::open(Turn::alone().await);
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
        merchant_token(&self.state)
    }

    /// A token of a signed-in customer.
    pub(crate) fn customer(&self, id: &str) -> String {
        customer_token(id, &self.state)
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
        assert!(self.turn.is_alone(), "others rely on the clock");
        self.sim("clock", json!({ "advance_seconds": seconds })).await;
    }

    /// Changes how webhooks are delivered, until this test ends.
    pub(crate) async fn webhook_settings(&self, settings: Value) {
        assert!(self.turn.is_alone(), "others rely on webhooks");
        self.sim("webhooks/settings", settings).await;
    }

    /// One sweep, as the timer starts it.
    pub(crate) async fn sweep(&self) -> Value {
        let request = self.http.post(invocations(&self.lambda, "reconcile"));
        let (status, report) = answered(request, Some(sweep_event())).await;
        assert_eq!(status, 200, "{report}");
        is_swept(&report);
        report
    }
}

/// Whoever comes next finds webhooks as they were.
impl Drop for World {
    fn drop(&mut self) {
        if !self.turn.is_alone() {
            return;
        }
        let url = format!("{}/_sim/webhooks/settings", self.iamport);
        clean_up(move |http| vec![http.post(url).json_body(&webhook_defaults())]);
    }
}

async fn answered(request: reqwest::RequestBuilder, body: Option<Value>) -> (u16, Value) {
    let request = match body {
        Some(body) => request.json_body(&body),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    let (status, text) = (response.status().as_u16(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
