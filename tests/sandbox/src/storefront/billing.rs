//! The billing API as the shop's server calls it: with the merchant's token, which stays in this process.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::Value;

use super::guard::Refused;
use crate::gateway::keys::{Bearer, SigningKey};
use crate::net::{self, Http, Reply};

/// Above the gateway's own limit of 30 s: its answer is worth waiting for.
const TIMEOUT: Duration = Duration::from_secs(35);
/// The answers are single payments, or a page of a list.
const MAX_ANSWER: usize = 1 << 20;
/// A token of the server's is made for one request.
const MERCHANT_TOKEN_SECONDS: i64 = 60;
/// A customer's token lives for some minutes; the page fetches a fresh one from its session.
pub(super) const CUSTOMER_TOKEN_SECONDS: i64 = 300;

/// The billing API.
#[derive(Debug)]
pub(super) struct Billing {
    key: SigningKey,
    url: String,
    http: Http,
}

/// What it answered.
#[derive(Debug)]
pub(super) struct Answer {
    response: Response<Bytes>,
}

impl Billing {
    pub(super) fn new(key: SigningKey, url: &str) -> Self {
        Self { key, url: url.trim_end_matches('/').to_owned(), http: Http::new() }
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A token of a customer's own, for the page.
    pub(super) fn customer_token(&self, customer_id: &str) -> Result<String, Refused> {
        self.token(Bearer::Customer(customer_id), CUSTOMER_TOKEN_SECONDS)
    }

    fn token(&self, bearer: Bearer<'_>, lifetime: i64) -> Result<String, Refused> {
        let signed = self.key.token(bearer, lifetime, Timestamp::now());
        signed.map_err(|_| Refused::unavailable("no token can be signed"))
    }

    /// Sends one request. It is not repeated here: the page repeats it, under the same order number.
    pub(super) async fn post(
        &self,
        route: &str,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, Refused> {
        self.send(Method::POST, route, Some(body), idempotency_key).await
    }

    /// A payment; `None` if the API knows none.
    pub(super) async fn payment(&self, merchant_uid: &str) -> Result<Option<Value>, Refused> {
        let answer = self.send(Method::GET, &format!("/charges/{merchant_uid}"), None, None).await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer.json())),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(Refused::unavailable("the billing API does not say how the payment stands")),
        }
    }

    /// Asks for something.
    pub(super) async fn get(&self, route: &str) -> Result<Answer, Refused> {
        self.send(Method::GET, route, None, None).await
    }

    /// Changes something: said twice it is as said once.
    pub(super) async fn patch(&self, route: &str, body: &Value) -> Result<Answer, Refused> {
        self.send(Method::PATCH, route, Some(body), None).await
    }

    async fn send(
        &self,
        method: Method,
        route: &str,
        body: Option<&Value>,
        idempotency_key: Option<&str>,
    ) -> Result<Answer, Refused> {
        let token = self.token(Bearer::Merchant, MERCHANT_TOKEN_SECONDS)?;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{route}", self.url))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = idempotency_key {
            request = request.header(HeaderName::from_static("idempotency-key"), key);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| Refused::no_answer())?;
        let response = self.http.send(request, TIMEOUT, MAX_ANSWER).await.map_err(|_| Refused::no_answer())?;
        Ok(Answer { response })
    }
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The body; `null` if it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(self.response.body()).unwrap_or_default()
    }

    /// Whether the request is refused for good, so that a repeat would be too.
    pub(super) fn is_final_refusal(&self) -> bool {
        let open = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
        self.status().is_client_error() && !open.contains(&self.status())
    }

    /// The answer for the page: status, body, and where and when to look again.
    ///
    /// # Errors
    /// What says nothing of the order: a token that was refused is the server's own affair, and whatever broke on the
    /// way may have been carried out.
    pub(super) fn pass_on(&self) -> Result<Reply, Refused> {
        let status = self.status();
        let body = self.json();
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            return Err(Refused::unavailable("the billing API does not trust this shop's token"));
        }
        if status.is_server_error() && body.get("code").is_none() {
            return Err(Refused::no_answer());
        }
        let mut reply = net::json(status, &body);
        for name in [header::CONTENT_TYPE, header::LOCATION, header::RETRY_AFTER] {
            if let Some(value) = self.response.headers().get(&name) {
                reply.headers_mut().insert(name, value.clone());
            }
        }
        Ok(reply)
    }
}
