//! A simulator, and a shop that hears its webhooks.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sandbox::iamport::{Options, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A card that pays, and one that gets a key and is declined whenever it is charged.
pub(crate) const GOOD: &str = "4242-4242-4242-4242";
pub(crate) const BAD: &str = "4000-0000-0000-0341";

/// A reply: HTTP status and body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!((self.status, &self.body["code"]), (200, &json!(0)), "{}", self.body);
        self.body["response"].clone()
    }
}

type Heard = Arc<Mutex<Vec<(String, String)>>>;

/// The simulator.
pub(crate) struct Sim {
    base: String,
    http: reqwest::Client,
    pub(crate) token: String,
    heard: Heard,
}

async fn hear(State(heard): State<Heard>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let content_type = headers["content-type"].to_str().unwrap().to_owned();
    heard.lock().unwrap().push((content_type, String::from_utf8(body.to_vec()).unwrap()));
    StatusCode::OK
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    (listener, base)
}

impl Sim {
    pub(crate) async fn start() -> Self {
        let heard = Heard::default();
        let (shop, shop_base) = listen().await;
        let router = Router::new().fallback(hear).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(shop, router).await.unwrap() });
        let (listener, base) = listen().await;
        let options = Options { default_notice_url: Some(format!("{shop_base}/heard")), ..Options::default() };
        let (imp_key, imp_secret) = (options.imp_key.clone(), options.imp_secret.clone());
        tokio::spawn(serve(listener, options, std::future::pending()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).no_proxy().build().unwrap();
        let mut sim = Self { base, http, token: String::new(), heard };
        let told = sim.post("/users/getToken", json!({ "imp_key": imp_key, "imp_secret": imp_secret })).await.ok();
        sim.token = told["access_token"].as_str().unwrap().to_owned();
        sim
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .header("authorization", self.token.as_str());
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let text = reply.text().await.unwrap();
        Reply { status, body: serde_json::from_str(&text).unwrap_or_default() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send("PUT", path, Some(body)).await
    }

    /// `POST /_sim/…`, which must succeed.
    pub(crate) async fn tell(&self, what: &str, body: Value) -> Value {
        let reply = self.post(&format!("/_sim/{what}"), body).await;
        assert_eq!(reply.status, 200, "{what}: {}", reply.body);
        reply.body
    }

    pub(crate) async fn now(&self) -> i64 {
        self.get("/_sim/clock").await.body["now"].as_i64().unwrap()
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.tell("clock", json!({ "advance_seconds": seconds })).await;
    }

    pub(crate) async fn issue(&self, customer_uid: &str, card: &str) -> Reply {
        let body = json!({ "card_number": card, "expiry": "2099-12", "birth": "900101", "pwd_2digit": "00" });
        self.post(&format!("/subscribe/customers/{customer_uid}"), body).await
    }

    pub(crate) async fn again(&self, customer_uid: &str, merchant_uid: &str) -> Reply {
        let body =
            json!({ "customer_uid": customer_uid, "merchant_uid": merchant_uid, "amount": 8900, "name": "예시" });
        self.post("/subscribe/payments/again", body).await
    }

    pub(crate) async fn schedule(&self, customer_uid: &str, merchant_uid: &str, at: i64) -> Reply {
        let one = json!({ "merchant_uid": merchant_uid, "schedule_at": at, "amount": 8900, "currency": "KRW", "name": "예시" });
        self.post("/subscribe/payments/schedule", json!({ "customer_uid": customer_uid, "schedules": [one] })).await
    }

    /// A payment of the window, made without one.
    pub(crate) async fn window(&self, merchant_uid: &str, more: Value) -> Value {
        let mut body = json!({
            "pg": "html5_inicis", "pay_method": "card", "merchant_uid": merchant_uid, "amount": 11_000, "name": "예시",
            "buyer_name": "예시", "buyer_tel": "01000000000", "card_number": GOOD, "expiry": "2099-12",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        if body["pay_method"] != "card" {
            body.as_object_mut().unwrap().retain(|name, _| name != "card_number" && name != "expiry");
        }
        self.tell("window", body).await
    }

    /// The n-th webhook: content type and body.
    pub(crate) async fn heard(&self, number: usize) -> (String, String) {
        for _ in 0..200 {
            if let Some(heard) = self.heard.lock().unwrap().get(number) {
                return heard.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("webhook {number} did not come");
    }
}
