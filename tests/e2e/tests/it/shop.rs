//! The storefront: what its server and its customers ask of the API, in the words of the API's own documentation.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::world::World;

/// Test cards, as the simulator's table lists them.
pub(crate) mod card {
    pub(crate) const APPROVES: &str = "4242-4242-4242-4242";
    pub(crate) const REFUSED_AT_ISSUE: &str = "4000-0000-0000-0002";
    pub(crate) const DECLINES: &str = "4000-0000-0000-0341";
    pub(crate) const NO_REPLY_BUT_PAID: &str = "4000-0000-0000-4087";
    pub(crate) const NO_REPLY_AND_NOTHING: &str = "4000-0000-0000-2024";
    pub(crate) const NO_REPLY_PAID_LATER: &str = "4000-0000-0000-1000";
    pub(crate) const ERROR_BUT_PAID: &str = "4000-0000-0000-5001";
    pub(crate) const REFUSED_BUT_PAID: &str = "4000-0000-0000-5043";
}

/// A customer with one billing key.
#[derive(Debug, Clone)]
pub(crate) struct Buyer {
    pub(crate) customer_id: String,
    pub(crate) customer_uid: String,
}

impl Buyer {
    /// A charge of 8,900 won on this key.
    pub(crate) fn order(&self, merchant_uid: &str) -> Value {
        json!({
            "customer_uid": self.customer_uid,
            "merchant_uid": merchant_uid,
            "amount": 8900,
            "name": "월간 이용권 정기결제",
        })
    }

    /// Schedules of 8,900 won each on this key.
    pub(crate) fn schedules(&self, wanted: &[(&str, i64)]) -> Value {
        let entry = |(merchant_uid, schedule_at): &(&str, i64)| {
            json!({
                "merchant_uid": merchant_uid,
                "schedule_at": schedule_at,
                "amount": 8900,
                "name": "월간 이용권 정기결제",
            })
        };
        json!({ "customer_uid": self.customer_uid, "schedules": wanted.iter().map(entry).collect::<Vec<_>>() })
    }
}

/// A card form as the seed writes it. Good for years of a clock that tests move.
pub(crate) fn card_form(number: &str) -> Value {
    json!({ "card_number": number, "expiry": "2040-12", "birth": "900101", "pwd_2digit": "12" })
}

impl World {
    /// A request with a bearer token and a JSON body.
    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.send(self.request("POST", path).bearer_auth(token).json_body(body)).await
    }

    /// A request with a bearer token and no body.
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str) -> Reply {
        self.send(self.request(method, path).bearer_auth(token)).await
    }

    /// `POST /billing-keys` of a customer.
    pub(crate) async fn issue(&self, token: &str, idempotency_key: &str, form: &Value) -> Reply {
        let request = self.request("POST", "/billing-keys").bearer_auth(token);
        self.send(request.header("idempotency-key", idempotency_key).json_body(form)).await
    }

    /// A new customer with a key on this card.
    pub(crate) async fn buyer(&self, number: &str) -> Buyer {
        let customer_id = fresh("buyer");
        let reply = self.issue(&self.customer(&customer_id), &fresh("issue"), &card_form(number)).await;
        let customer_uid = reply.ok(201)["customer_uid"].as_str().unwrap().to_owned();
        Buyer { customer_id, customer_uid }
    }

    /// `POST /charges` of the storefront's server.
    pub(crate) async fn charge(&self, order: &Value) -> Reply {
        self.post("/charges", &self.merchant(), order).await
    }

    /// `GET /charges/{merchant_uid}` of the storefront's server.
    pub(crate) async fn charge_status(&self, merchant_uid: &str) -> Value {
        self.call("GET", &format!("/charges/{merchant_uid}"), &self.merchant()).await.ok(200)
    }

    /// `POST /schedules` of the storefront's server.
    pub(crate) async fn register(&self, schedules: &Value) -> Reply {
        self.post("/schedules", &self.merchant(), schedules).await
    }

    /// One schedule so many seconds ahead, registered.
    pub(crate) async fn scheduled(&self, buyer: &Buyer, seconds: i64) -> String {
        let merchant_uid = fresh("sch");
        let at = self.now().await + seconds;
        self.register(&buyer.schedules(&[(&merchant_uid, at)])).await.ok(201);
        merchant_uid
    }

    /// A notice to the webhook's address, as Iamport sends it.
    pub(crate) async fn notify(&self, notice: &Value) -> Reply {
        self.send(self.http.post(&self.webhook_url).json_body(notice)).await
    }

    /// A notice as the other setting of Iamport's console sends it.
    pub(crate) async fn notify_form(&self, fields: &[(&str, &str)]) -> Reply {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(&self.webhook_url).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body)).await
    }
}
