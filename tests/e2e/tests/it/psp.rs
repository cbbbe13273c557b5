//! What a test does to the simulated PSP, and what it can see there that the product cannot.

use e2e::stack::JsonBody;
use serde_json::{Value, json};

use crate::world::World;

/// The route that charges a stored key.
pub(crate) const AGAIN: &str = "/subscribe/payments/again";
/// The route that registers schedules.
pub(crate) const SCHEDULE: &str = "/subscribe/payments/schedule";

impl World {
    async fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let url = format!("{}/_sim/{path}", self.iamport);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = match body {
            Some(body) => request.json_body(body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "/_sim/{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Changes something in the simulator.
    pub(crate) async fn sim(&self, path: &str, body: Value) -> Value {
        self.control("POST", path, Some(&body)).await
    }

    /// The shop's channels, as its console has them.
    pub(crate) async fn channels(&self) -> Value {
        self.control("GET", "channels", None).await
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        self.control("GET", path, None).await.as_array().unwrap().clone()
    }

    /// Every cash receipt that there ever was.
    pub(crate) async fn see_receipts(&self) -> Vec<Value> {
        self.list("receipts").await
    }

    /// UNIX seconds by the clock that simulator and functions share.
    pub(crate) async fn now(&self) -> i64 {
        self.control("GET", "clock", None).await["now"].as_i64().unwrap()
    }

    /// Moves that clock. What falls due on the way happens, webhooks included.
    pub(crate) async fn advance(&self, seconds: i64) {
        self.sim("clock", json!({ "advance_seconds": seconds })).await;
    }

    /// Moves the clock to a time, if that is still ahead.
    pub(crate) async fn advance_to(&self, at: i64) {
        let ahead = at - self.now().await;
        if ahead > 0 {
            self.advance(ahead).await;
        }
    }

    /// Arms a fault for requests that carry this order number; `times` and `skip` as given, one use by default.
    pub(crate) async fn fault(&self, path_prefix: &str, merchant_uid: &str, fault: Value) {
        let matcher = json!({ "path_prefix": path_prefix, "merchant_uid": merchant_uid });
        self.fault_on(matcher, fault).await;
    }

    /// Arms a fault for whatever the matcher says.
    pub(crate) async fn fault_on(&self, matcher: Value, mut fault: Value) {
        fault["matcher"] = matcher;
        self.sim("faults", fault).await;
    }

    /// How often each armed fault has struck, by its place in the list.
    pub(crate) async fn faults_fired(&self) -> Vec<u64> {
        self.list("faults").await.iter().map(|rule| rule["fired"].as_u64().unwrap()).collect()
    }

    /// Forgets all faults.
    pub(crate) async fn no_faults(&self) {
        self.control("DELETE", "faults", None).await;
    }

    /// What reached the PSP, oldest first; all of it for an empty order number.
    pub(crate) async fn requests(&self, merchant_uid: &str) -> Vec<Value> {
        match merchant_uid {
            "" => self.list("requests").await,
            uid => self.list(&format!("requests?merchant_uid={uid}")).await,
        }
    }

    /// The requests for an order number on one route.
    pub(crate) async fn requests_to(&self, path: &str, merchant_uid: &str) -> Vec<Value> {
        let all = self.requests(merchant_uid).await;
        all.into_iter().filter(|request| request["path"] == path && request["method"] == "POST").collect()
    }

    /// Grows with every request that reaches the PSP.
    pub(crate) async fn requests_so_far(&self) -> u64 {
        self.requests("").await.last().map_or(0, |request| request["id"].as_u64().unwrap() + 1)
    }

    /// What has reached the PSP since then, but for requests for a token: an instance that starts gets itself one,
    /// whatever it is asked.
    pub(crate) async fn requests_since(&self, then: u64) -> Vec<Value> {
        let all = self.requests("").await;
        let later = all.into_iter().filter(|request| request["id"].as_u64() >= Some(then));
        later.filter(|request| request["path"] != "/users/getToken").collect()
    }

    /// All payments of the PSP's.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        self.list("payments").await
    }

    /// The PSP's payments under an order number.
    pub(crate) async fn payments(&self, merchant_uid: &str) -> Vec<Value> {
        self.ledger().await.into_iter().filter(|payment| payment["merchant_uid"] == merchant_uid).collect()
    }

    /// The one payment that the PSP has under an order number.
    pub(crate) async fn payment(&self, merchant_uid: &str) -> Value {
        let mut payments = self.payments(merchant_uid).await;
        assert_eq!(payments.len(), 1, "payments under {merchant_uid}: {payments:?}");
        payments.remove(0)
    }

    /// How often money was taken under an order number.
    pub(crate) async fn times_paid(&self, merchant_uid: &str) -> usize {
        let payments = self.payments(merchant_uid).await;
        payments.iter().filter(|payment| payment["paid_at"] != 0).count()
    }

    /// The PSP's schedule under an order number.
    pub(crate) async fn schedule_at_psp(&self, merchant_uid: &str) -> Option<Value> {
        self.list("schedules").await.into_iter().find(|schedule| schedule["merchant_uid"] == merchant_uid)
    }

    /// The PSP's billing key of that name.
    pub(crate) async fn key_at_psp(&self, customer_uid: &str) -> Option<Value> {
        self.list("keys").await.into_iter().find(|key| key["customer_uid"] == customer_uid)
    }

    /// Every webhook there was.
    pub(crate) async fn webhooks(&self) -> Vec<Value> {
        self.list("webhooks").await
    }

    /// The webhooks of one order.
    pub(crate) async fn webhooks_of(&self, merchant_uid: &str) -> Vec<Value> {
        self.webhooks().await.into_iter().filter(|webhook| webhook["merchant_uid"] == merchant_uid).collect()
    }

    /// Changes how webhooks are delivered, until this test ends.
    pub(crate) async fn webhook_settings(&self, settings: Value) {
        self.sim("webhooks/settings", settings).await;
    }
}
