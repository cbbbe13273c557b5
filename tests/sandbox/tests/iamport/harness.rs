//! A simulator and a shop that listens, both on loopback ports of their own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sandbox::iamport::{Options, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const CARD: &str = "4242-4242-4242-4242";
pub(crate) const SECRET: &str = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f";

/// A reply: HTTP status, and the body if it is JSON.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) json: Value,
    pub(crate) text: String,
    pub(crate) headers: HeaderMap,
}

impl Reply {
    /// The payload of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!((self.status, &self.json["code"]), (200, &json!(0)), "{}", self.text);
        assert_eq!(self.json["message"], Value::Null);
        self.json["response"].clone()
    }

    /// Checks a refusal: HTTP status and `code`, a message, a null response.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: i64) {
        assert_eq!((self.status, &self.json["code"]), (status, &json!(code)), "{}", self.text);
        assert!(self.json["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.text);
        assert_eq!(self.json["response"], Value::Null);
        assert!(self.json.as_object().unwrap().contains_key("response"));
    }
}

pub(crate) struct Sim {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .no_proxy()
        .build()
        .unwrap()
}

impl Sim {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, options, async {
            let _ = stopped.await;
        }));
        let mut sim = Self { base, http: client(), token: String::new(), stop: Some(stop), task };
        sim.login().await;
        sim
    }

    /// A simulator whose webhooks go to a listening shop.
    pub(crate) async fn with_shop() -> (Self, Shop) {
        let shop = Shop::open().await;
        let sim = Self::start_with(Options { default_notice_url: Some(shop.url.clone()), ..Options::default() }).await;
        (sim, shop)
    }

    pub(crate) async fn login(&mut self) {
        let reply = self.post("/users/getToken", json!({"imp_key": "imp_apikey", "imp_secret": SECRET})).await.ok();
        self.token = reply["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .header("authorization", self.token.as_str())
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.unwrap();
        Reply { status, json: serde_json::from_str(&text).unwrap_or_default(), text, headers }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    pub(crate) fn json(&self, method: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.request(method, path).header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.json("POST", path, &body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.json("PUT", path, &body)).await
    }

    pub(crate) async fn form(&self, path: &str, body: &str) -> Reply {
        let request = self
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .body(body.to_owned());
        self.send(request).await
    }

    /// `GET /_sim/…`.
    pub(crate) async fn see(&self, what: &str) -> Value {
        let reply = self.get(&format!("/_sim/{what}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json
    }

    /// `POST /_sim/…`, which must succeed.
    #[track_caller]
    pub(crate) fn tell(&self, what: &str, body: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let request = self.json("POST", &format!("/_sim/{what}"), &body);
        async move {
            let response = request.send().await.unwrap();
            let status = response.status();
            let text = response.text().await.unwrap();
            assert_eq!(status, 200, "{text} ({caller})");
            serde_json::from_str(&text).unwrap()
        }
    }

    pub(crate) async fn now(&self) -> i64 {
        self.see("clock").await["now"].as_i64().unwrap()
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.tell("clock", json!({ "advance_seconds": seconds })).await;
    }

    pub(crate) async fn issue(&self, customer_uid: &str, card: &str) -> Reply {
        self.post(
            &format!("/subscribe/customers/{customer_uid}"),
            json!({"card_number": card, "expiry": "2099-12", "birth": "900101", "pwd_2digit": "00"}),
        )
        .await
    }

    pub(crate) async fn again(&self, customer_uid: &str, merchant_uid: &str) -> Reply {
        self.post(
            "/subscribe/payments/again",
            json!({"customer_uid": customer_uid, "merchant_uid": merchant_uid, "amount": 8900, "name": "월간 이용권 정기결제"}),
        )
        .await
    }

    pub(crate) async fn schedule(&self, customer_uid: &str, merchant_uid: &str, schedule_at: i64) -> Reply {
        let entry = json!({
            "merchant_uid": merchant_uid, "schedule_at": schedule_at, "amount": 8900, "currency": "KRW", "name": "n"
        });
        self.post("/subscribe/payments/schedule", json!({"customer_uid": customer_uid, "schedules": [entry]})).await
    }

    /// Every attempt with that number, as the PSP's own books have it.
    pub(crate) async fn attempts(&self, merchant_uid: &str) -> Vec<Value> {
        let rows = self.see("payments").await;
        rows.as_array().unwrap().iter().filter(|row| row["merchant_uid"] == merchant_uid).cloned().collect()
    }

    pub(crate) async fn paid(&self, merchant_uid: &str) -> usize {
        self.attempts(merchant_uid).await.iter().filter(|row| row["paid_at"] != 0).count()
    }
}

/// Polls until the condition holds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    for _ in 0..200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

/// A webhook as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Desk {
    received: Vec<Received>,
    /// Statuses to answer with, first to last; 200 afterwards.
    answers: Vec<u16>,
}

/// A shop's webhook endpoint.
pub(crate) struct Shop {
    pub(crate) url: String,
    desk: Arc<Mutex<Desk>>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/iamport/path-token-canary", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk::default()));
        let router = Router::new().fallback(receive).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, desk }
    }

    pub(crate) fn answer_with(&self, statuses: &[u16]) {
        self.desk.lock().unwrap().answers = statuses.to_vec();
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.desk.lock().unwrap().received.clone()
    }

    /// Waits for the n-th webhook and returns all of them.
    pub(crate) async fn expect(&self, count: usize) -> Vec<Received> {
        eventually(&format!("{count} webhooks"), || async { self.received().len() >= count }).await;
        let received = self.received();
        assert_eq!(received.len(), count, "{received:?}");
        received
    }

    /// Time enough for anything that should not have come to come.
    pub(crate) async fn expect_silence(&self) {
        let before = self.received().len();
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(self.received().len(), before);
    }
}

async fn receive(State(desk): State<Arc<Mutex<Desk>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut desk = desk.lock().unwrap();
    desk.received.push(Received {
        content_type: headers["content-type"].to_str().unwrap().to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    if desk.answers.is_empty() { StatusCode::OK } else { StatusCode::from_u16(desk.answers.remove(0)).unwrap() }
}
