//! What storefronts ask of subscriptions.

use std::time::Duration;

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use super::{DAY, plan};
use crate::reply::Reply;
use crate::shop::Buyer;
use crate::world::World;

/// Times that a request is made until it is answered for good.
const BEGUN_MAX: u32 = 20;

impl World {
    pub(super) async fn subscribe(&self, body: &Value) -> Reply {
        self.subscribe_again(&fresh("subscribe"), body).await
    }

    pub(super) async fn subscribe_again(&self, idempotency_key: &str, body: &Value) -> Reply {
        let request = self.request("POST", "/subscriptions").bearer_auth(self.merchant());
        self.send(request.header("idempotency-key", idempotency_key).json_body(body)).await
    }

    /// One that is begun: while it is pending the same request is made again, as a storefront does. On a slow machine its steps
    /// take longer than its caller is kept waiting.
    pub(super) async fn begun_again(&self, idempotency_key: &str, body: &Value) -> Value {
        for _ in 0..BEGUN_MAX {
            let reply = self.subscribe_again(idempotency_key, body).await;
            if reply.status != 202 {
                return reply.ok(201);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("pending after {BEGUN_MAX} requests: {body}")
    }

    pub(super) async fn begun(&self, body: &Value) -> Value {
        self.begun_again(&fresh("subscribe"), body).await
    }

    pub(crate) async fn monthly(&self, buyer: &Buyer) -> String {
        let body = json!({ "customer_uid": buyer.customer_uid, "plan": plan("monthly") });
        let begun = self.begun(&body).await;
        begun["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn subscription(&self, id: &str) -> Value {
        self.call("GET", &format!("/subscriptions/{id}"), &self.merchant()).await.ok(200)
    }

    pub(super) async fn change(&self, id: &str, body: &Value) -> Reply {
        self.change_as(&self.merchant(), id, body).await
    }

    /// As [`World::begun_again`]: what a change leads to is carried on, and the request made again, until it is answered for good.
    pub(super) async fn change_as(&self, token: &str, id: &str, body: &Value) -> Reply {
        let send = || {
            let request = self.request("PATCH", &format!("/subscriptions/{id}")).bearer_auth(token);
            self.send(request.json_body(body))
        };
        self.answered(send).await
    }

    pub(super) async fn cancel(&self, id: &str, at: &str) -> Reply {
        let (path, token) = (format!("/subscriptions/{id}?at={at}"), self.merchant());
        self.answered(|| self.call("DELETE", &path, &token)).await
    }

    /// The last answer to a request that is made again while what it leads to is under way. What a change comes to is in the answer
    /// to the request that made it alone.
    async fn answered(&self, send: impl AsyncFn() -> Reply) -> Reply {
        let mut proration = Value::Null;
        for _ in 0..BEGUN_MAX {
            let reply = send().await;
            if reply.status != 202 && proration.is_null() {
                return reply;
            }
            let mut body = reply.json();
            if reply.status != 202 {
                body["proration"] = proration;
                return Reply { text: body.to_string(), ..reply };
            }
            if proration.is_null() {
                proration = body["proration"].take();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.sweep().await;
        }
        panic!("pending after {BEGUN_MAX} requests")
    }

    /// Days go by in steps of so many, and after each the sweep comes once.
    pub(super) async fn days(&self, days: i64, step: i64) {
        for _ in 0..days / step {
            self.advance(step * DAY).await;
            self.sweep().await;
        }
    }

    /// Everything that the PSP was paid for a subscription and has not given back, by order number.
    pub(super) async fn paid_for(&self, id: &str) -> Vec<String> {
        let mut paid = Vec::new();
        for period in 0..40 {
            let before = paid.len();
            for attempt in 0..12 {
                let uid = format!("{id}p{period}t{attempt}");
                let records = self.payments(&uid).await;
                paid.extend(records.iter().filter(|record| record["status"] == "paid").map(|_| uid.clone()));
            }
            if before == paid.len() && period > 3 {
                break;
            }
        }
        paid
    }
}
