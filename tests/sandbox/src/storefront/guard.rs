//! What every request to `/api` has to pass, and how the shop refuses.
//!
//! A request that changes something comes from the shop's own page: its `Origin` is the shop's, and its body is JSON,
//! which no form of another site can send without being asked first. The host has to be the shop's as well, so that
//! another name that leads to this machine gets nowhere.

use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use crate::net::{self, Reply};

/// Bodies name a product or a card; none is longer.
const MAX_BODY: usize = 4 * 1024;

/// A refusal, in the form of the billing API's own.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: &'static str,
    detail: String,
    field: Option<&'static str>,
    more: Box<Map<String, Value>>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), field: None, more: Box::default() }
    }

    /// A field breaks a rule.
    pub(super) fn invalid(field: &'static str, detail: &str) -> Self {
        Self { field: Some(field), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "field_invalid", detail) }
    }

    /// There is no such thing, or it is somebody else's.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here.")
    }

    /// Nobody is signed in.
    pub(super) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "signed_out", "Sign in first.")
    }

    /// Not now; the same request may do later.
    pub(super) fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", detail)
    }

    /// The billing API gave no answer, so what it did is not known. The same request again cannot do it twice.
    pub(super) fn no_answer() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_answer", "The billing API gave no answer. Ask again.")
    }

    /// Adds a member to the answer.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    pub(super) fn into_reply(self) -> Reply {
        let retryable = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let mut body = *self.more;
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("code".to_owned(), json!(self.code));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("retryable".to_owned(), json!(retryable));
        if let Some(field) = self.field {
            body.insert("field".to_owned(), json!(field));
        }
        let mut reply = net::json(self.status, &Value::Object(body));
        let problem = http::HeaderValue::from_static("application/problem+json");
        reply.headers_mut().insert(header::CONTENT_TYPE, problem);
        reply
    }
}

/// A request that passed.
#[derive(Debug)]
pub(super) struct Asked {
    pub method: Method,
    pub headers: HeaderMap,
    query: String,
    body: Map<String, Value>,
}

impl Asked {
    /// Checks a request and reads its body.
    pub(super) async fn read(parts: Parts, body: Incoming, authority: &str) -> Result<Self, Refused> {
        let Parts { method, headers, uri, .. } = parts;
        let query = uri.query().unwrap_or_default().to_owned();
        if host(&headers).as_deref() != Some(authority) {
            let detail = format!("This shop is http://{authority}.");
            return Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", detail));
        }
        if method == Method::GET || method == Method::HEAD {
            return Ok(Self { method, headers, query, body: Map::new() });
        }
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        if origin.and_then(|origin| origin.strip_prefix("http://")) != Some(authority) {
            let detail = "Only the shop's own pages may do this.";
            return Err(Refused::new(StatusCode::FORBIDDEN, "cross_origin", detail));
        }
        if !is_json(&headers) {
            let detail = "Send application/json.";
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let malformed = || Refused::new(StatusCode::BAD_REQUEST, "malformed_json", "Send one JSON object.");
        let body = net::read_body(body, MAX_BODY)
            .await
            .map_err(|_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "At most 4 KiB."))?;
        let body: Value = serde_json::from_slice(&body).map_err(|_| malformed())?;
        let Value::Object(body) = body else { return Err(malformed()) };
        Ok(Self { method, headers, query, body })
    }

    /// A member that has to be text.
    pub(super) fn text(&self, field: &'static str) -> Result<&str, Refused> {
        let text = self.body.get(field).and_then(Value::as_str);
        text.ok_or_else(|| Refused::invalid(field, &format!("{field} has to be text")))
    }

    /// A member as it is.
    pub(super) fn get(&self, field: &str) -> Option<&Value> {
        self.body.get(field)
    }

    /// A member of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A member that names a request: the same name makes a repeat of it, which is not carried out twice.
    pub(super) fn request_name(&self, field: &'static str) -> Result<&str, Refused> {
        let name = self.text(field)?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !(8..=64).contains(&name.len()) || !plain {
            return Err(Refused::invalid(field, &format!("{field} is a name of 8 to 64 letters, digits and -")));
        }
        Ok(name)
    }

    /// A member that is one of a list, which is what comes back.
    pub(super) fn one_of<'a>(&self, field: &'static str, known: &[&'a str]) -> Result<&'a str, Refused> {
        let text = self.text(field)?;
        let found = known.iter().copied().find(|known| *known == text);
        found.ok_or_else(|| Refused::invalid(field, &format!("{field} is one of {}", known.join(", "))))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The host that a request is for, in small letters.
pub(super) fn host(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::HOST)?.to_str().ok()?.to_ascii_lowercase())
}

/// Whether a host is another name of this machine at the same port.
pub(super) fn is_another_name_of(host: &str, authority: &str) -> bool {
    let (Some((name, port)), Some((_, own_port))) = (host.rsplit_once(':'), authority.rsplit_once(':')) else {
        return false;
    };
    port == own_port && ["localhost", "127.0.0.1", "[::1]"].contains(&name)
}
