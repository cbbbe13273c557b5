//! A storefront, a browser of it, and a billing API behind it that remembers what it was asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use sandbox::gateway::keys::SigningKey;
use sandbox::journey::Places;
use sandbox::net::{self, Hangup, Http};
use sandbox::storefront::{self, Options};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Made once: making a key takes longer than any test.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::ephemeral().expect("a key"));

/// One request that the billing API got.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What the billing API does.
#[derive(Default)]
struct Books {
    seen: Vec<Seen>,
    /// Answers of the next POSTs: status and body. Without one: 200 and the payment as it was ordered, paid.
    next: Vec<(u16, Value)>,
    payments: BTreeMap<String, Value>,
    silent: bool,
}

/// A billing API.
#[derive(Clone)]
pub(crate) struct Api {
    url: String,
    books: Arc<Mutex<Books>>,
}

impl Api {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let api = Self { url, books: Arc::default() };
        let serving = api.clone();
        tokio::spawn(net::serve(listener, std::future::pending(), move |request, _peer| {
            let api = serving.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.expect("a body").to_bytes();
                let seen = Seen {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_owned(),
                    query: parts.uri.query().unwrap_or_default().to_owned(),
                    headers: parts.headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                let (status, answer) = api.answer(seen).ok_or(Hangup)?;
                Ok(net::json(StatusCode::from_u16(status).expect("a status"), &answer))
            }
        }));
        api
    }

    fn answer(&self, seen: Seen) -> Option<(u16, Value)> {
        let mut books = self.books.lock().expect("the books");
        books.seen.push(seen.clone());
        if books.silent {
            return None;
        }
        if seen.method == "GET" {
            let number = seen.path.rsplit('/').next().unwrap_or_default();
            let found = books.payments.get(number).cloned();
            return Some(found.map_or((404, json!({ "code": "not_found" })), |payment| (200, payment)));
        }
        if !books.next.is_empty() {
            return Some(books.next.remove(0));
        }
        let status = if seen.path == "/checkouts" { "pending" } else { "paid" };
        let number = seen.body["merchant_uid"].as_str().unwrap_or_default().to_owned();
        let payment = json!({ "merchant_uid": number, "status": status, "amount": seen.body["amount"] });
        books.payments.insert(number, payment.clone());
        Some((200, payment))
    }

    /// Answers the next POST that has no answer yet like this.
    pub(crate) fn answers(&self, status: u16, body: Value) {
        self.books.lock().expect("the books").next.push((status, body));
    }

    /// From now on an order stands like this; `null`: there is none.
    pub(crate) fn stands(&self, merchant_uid: &str, status: Option<&str>) {
        let mut books = self.books.lock().expect("the books");
        match status {
            Some(status) => {
                let payment = json!({ "merchant_uid": merchant_uid, "status": status });
                books.payments.insert(merchant_uid.to_owned(), payment);
            }
            None => {
                books.payments.remove(merchant_uid);
            }
        }
    }

    /// Whether every connection is closed without an answer.
    pub(crate) fn silent(&self, silent: bool) {
        self.books.lock().expect("the books").silent = silent;
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.books.lock().expect("the books").seen.clone()
    }

    /// What was sent, without the looking.
    pub(crate) fn posts(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method != "GET").collect()
    }
}

/// A running storefront.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) authority: String,
    pub(crate) api: Api,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
    }

    /// The stable word of a refusal, with its status.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().expect("a code").to_owned())
    }
}

impl Shop {
    pub(crate) async fn start() -> Self {
        Self::with_clock(None).await
    }

    pub(crate) async fn with_clock(clock_file: Option<&Path>) -> Self {
        Self::with(clock_file, None).await
    }

    /// A shop whose page moves a clock.
    pub(crate) async fn with_places(places: Places) -> Self {
        Self::with(None, Some(places)).await
    }

    async fn with(clock_file: Option<&Path>, clock: Option<Places>) -> Self {
        let api = Api::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("its address").to_string();
        let options = Options {
            key: KEY.clone(),
            gateway_url: api.url.clone(),
            iamport_url: "http://127.0.0.1:8010".to_owned(),
            clock_file: clock_file.map(Path::to_path_buf),
            clock,
        };
        tokio::spawn(storefront::serve(listener, options, std::future::pending()));
        Self { url: format!("http://{authority}"), authority, api }
    }

    /// A request as it is, with the shop's own host unless another is given.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let answer = Http::new().send(request, Duration::from_secs(10), 1 << 20).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { shop: self, cookie: String::new() }
    }

    /// A browser in which a customer is signed in.
    pub(crate) async fn customer(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.enter("/api/session", json!({ "name": name })).await;
        browser
    }
}

/// A page of the shop in somebody's browser.
pub(crate) struct Browser<'a> {
    shop: &'a Shop,
    pub(crate) cookie: String,
}

impl Browser<'_> {
    /// Signs in and keeps the cookie.
    pub(crate) async fn enter(&mut self, path: &str, body: Value) -> Answer {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let set = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        self.cookie = if self.cookie.is_empty() { set } else { format!("{}; {set}", self.cookie) };
        answer
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [
            ("origin", self.shop.url.as_str()),
            ("content-type", "application/json"),
            ("cookie", self.cookie.as_str()),
        ];
        self.shop.send(method, path, &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &body.to_string()).await
    }

    /// The number of the order that a product's page shows.
    pub(crate) async fn order(&self, product: &str) -> String {
        let answer = self.post("/api/orders", json!({ "product": product })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["merchant_uid"].as_str().expect("a number").to_owned()
    }

    pub(crate) async fn checkout(&self, order: &str, pay_method: &str) -> Answer {
        self.post(&format!("/api/orders/{order}/checkout"), json!({ "pay_method": pay_method, "language": "ko" })).await
    }

    pub(crate) async fn charge(&self, order: &str, card: &str) -> Answer {
        self.post(&format!("/api/orders/{order}/charge"), json!({ "customer_uid": card })).await
    }
}

/// The claims of a token in an `Authorization` header, or of a bare one.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.trim_start_matches("Bearer ").split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}
