//! The local API Gateway: an HTTP API whose routes, authorizers and scopes are those of `template.yaml`.
//!
//! A request is matched, authorised, turned into an event of payload format 2.0 and posted to the Lambda invoke API
//! (`cargo lambda watch`). Status codes and bodies of its own are those of the real HTTP API: 401, 403, 404, 413, 431,
//! 500 for a function that fails and 503 for one that takes too long.

pub mod cors;
pub mod event;
mod explicit;
pub mod jwt;
pub mod keys;
pub mod response;
pub mod routes;
mod rs256;
pub mod sam;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use self::jwt::{Authorizer, Grant, Refusal};
use self::keys::SigningKey;
use self::routes::{Access, Match};
use self::sam::Api;
use crate::net::{self, BodyError, Http, HttpError, Reply};

/// The largest request body: API Gateway's quota of 10 MB.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// The largest request line and headers together: API Gateway's quota, bytes.
const MAX_HEADERS: usize = 10_240;
/// The largest answer of a function: Lambda's quota of 6 MB, with room for its JSON.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// Every answer carries its request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");
/// Why the answer is a 5xx: something the real gateway keeps to itself, and a developer wants to know.
const REASON: HeaderName = HeaderName::from_static("x-sandbox-reason");

/// What a gateway needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Routes and CORS.
    pub api: Api,
    /// The key whose tokens are trusted.
    pub key: SigningKey,
    /// The Lambda invoke API, for example `http://127.0.0.1:9000`.
    pub lambda_url: String,
    /// Upper bound of the time a function gets; routes may ask for less.
    pub integration_timeout: Duration,
}

/// Why a gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The Lambda URL is not a plain-HTTP base URL.
    #[error("the Lambda URL `{0}` is not of the form http://HOST:PORT")]
    LambdaUrl(String),
    /// The listener has no address.
    #[error("the gateway's listener")]
    Listener(#[source] std::io::Error),
}

struct Gateway {
    options: Options,
    authorizer: Authorizer,
    lambda: String,
    http: Http,
    port: u16,
}

/// Serves the API on `listener` until `shutdown` resolves.
///
/// # Errors
/// [`GatewayError`] before anything is served.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> Result<(), GatewayError> {
    let lambda = options.lambda_url.trim_end_matches('/').to_owned();
    let parsed: Option<Uri> = lambda.parse().ok();
    if parsed.is_none_or(|uri| uri.scheme_str() != Some("http") || uri.authority().is_none()) {
        return Err(GatewayError::LambdaUrl(options.lambda_url));
    }
    let port = listener.local_addr().map_err(GatewayError::Listener)?.port();
    let authorizer = Authorizer::new(options.key.clone());
    let gateway = Arc::new(Gateway { options, authorizer, lambda, http: Http::new(), port });
    net::serve(listener, shutdown, move |request, peer| {
        let gateway = Arc::clone(&gateway);
        async move { Ok(gateway.handle(request, peer).await) }
    })
    .await;
    Ok(())
}

impl Gateway {
    async fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Reply {
        let request_id = request_id();
        let (parts, body) = request.into_parts();
        let api = &self.options.api;
        let path = parts.uri.path();
        let preflight = cors::requested_method(&parts).and_then(|wanted| api.cors_for(wanted, path));
        let mut reply = if let Some(cors) = preflight {
            cors.preflight(&parts.headers)
        } else {
            let outcome = self.answer(&parts, body, peer, &request_id).await;
            let mut reply = outcome.unwrap_or_else(Refused::into_reply);
            if let Some(cors) = api.cors_for(parts.method.as_str(), path) {
                cors.decorate(&parts.headers, reply.headers_mut());
            }
            reply
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            reply.headers_mut().insert(REQUEST_ID, id);
        }
        reply
    }

    async fn answer(
        &self,
        parts: &http::request::Parts,
        body: Incoming,
        peer: SocketAddr,
        request_id: &str,
    ) -> Result<Reply, Refused> {
        if !names_one_host(parts) {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "Bad Request"));
        }
        if size_of_head(parts) > MAX_HEADERS {
            return Err(Refused::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large"));
        }
        let Some(matched) = self.options.api.routes.find(parts.method.as_str(), parts.uri.path()) else {
            return Err(Refused::new(StatusCode::NOT_FOUND, "Not Found"));
        };
        let at = Timestamp::now();
        let grant = self.authorise(&matched, &parts.headers, at)?;
        let body = net::read_body(body, MAX_BODY).await.map_err(|error| match error {
            BodyError::TooLarge(_) => Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            BodyError::Broken(_) => Refused::new(StatusCode::BAD_REQUEST, "Bad Request"),
        })?;
        let received = event::Received {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            version: parts.version,
            headers: &parts.headers,
            body: &body,
            source: peer.ip(),
            port: self.port,
            at,
            request_id,
        };
        let event = event::build(&received, &matched, grant.as_ref());
        let outcome = self.invoke(&matched, event.to_string()).await;
        let status = outcome.as_ref().map_or_else(|refused| refused.status, |reply| reply.status());
        let elapsed_ms = Timestamp::now().duration_since(at).as_millis();
        // The route, never the path: the webhook's path holds its token.
        tracing::info!(route = matched.route.key(), status = status.as_u16(), elapsed_ms, request_id, "request");
        outcome
    }

    fn authorise(&self, matched: &Match<'_>, headers: &HeaderMap, now: Timestamp) -> Result<Option<Grant>, Refused> {
        let Access::Jwt { scopes, .. } = &matched.route.access else {
            return Ok(None);
        };
        self.authorizer.check(headers, scopes, now).map(Some).map_err(|refusal| {
            let wanted = scopes.join(" ");
            match refusal {
                Refusal::Missing => Refused::challenge(StatusCode::UNAUTHORIZED, "Unauthorized", "Bearer".to_owned()),
                Refusal::Invalid(why) => Refused::challenge(
                    StatusCode::UNAUTHORIZED,
                    "Unauthorized",
                    format!("Bearer scope=\"{wanted}\" error=\"invalid_token\" error_description=\"{why}\""),
                ),
                Refusal::Scope => Refused::challenge(
                    StatusCode::FORBIDDEN,
                    "Forbidden",
                    format!("Bearer scope=\"{wanted}\" error=\"insufficient_scope\""),
                ),
            }
        })
    }

    /// One invocation. It is never repeated: the function may have charged a card before the answer was lost.
    async fn invoke(&self, matched: &Match<'_>, event: String) -> Result<Reply, Refused> {
        let function = &matched.route.function;
        let uri = format!("{}/2015-03-31/functions/{function}/invocations", self.lambda);
        let failed = |why: String| {
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
                .because(format!("{function}: {why}"))
        };
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(event)))
            .map_err(|error| failed(error.to_string()))?;
        let timeout = matched.route.timeout.min(self.options.integration_timeout);
        let answer = self.http.send(request, timeout, MAX_ANSWER).await.map_err(|error| match error {
            HttpError::Timeout(..) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                .because(format!("{function}: no answer within {timeout:?}; it may still be running")),
            HttpError::Connect(_) | HttpError::Broken(..) => failed(error.to_string()),
        })?;
        if answer.status() != StatusCode::OK || answer.headers().contains_key("x-amz-function-error") {
            // Its text stays out of header and log: an error message may quote the request.
            return Err(failed(format!("the invocation failed with {}", answer.status())));
        }
        response::read(answer.body()).map_err(|error| failed(error.to_string()))
    }
}

/// An answer of the gateway itself.
struct Refused {
    status: StatusCode,
    message: &'static str,
    challenge: Option<String>,
    reason: Option<String>,
}

impl Refused {
    fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message, challenge: None, reason: None }
    }

    fn challenge(status: StatusCode, message: &'static str, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..Self::new(status, message) }
    }

    fn because(self, reason: String) -> Self {
        tracing::warn!(status = self.status.as_u16(), reason, "the function gave no answer");
        Self { reason: Some(reason), ..self }
    }

    fn into_reply(self) -> Reply {
        let mut reply = net::json(self.status, &json!({ "message": self.message }));
        let headers = [(header::WWW_AUTHENTICATE, self.challenge), (REASON, self.reason)];
        for (name, text) in headers {
            // A reason may quote anything; what no header can hold becomes a space.
            let text = text
                .map(|text| text.chars().map(|c| if (' '..='~').contains(&c) { c } else { ' ' }).collect::<String>());
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }
}

/// Whether the request names its host once, and as a host is named: the real service's front end answers anything else by
/// itself (RFC 9112 §3.2), so that no function sees it.
fn names_one_host(parts: &http::request::Parts) -> bool {
    let mut values = parts.headers.get_all(header::HOST).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return parts.uri.host().is_some() && parts.headers.get(header::HOST).is_none();
    };
    let Some(authority) = value.to_str().ok().and_then(|text| text.parse::<http::uri::Authority>().ok()) else {
        return false;
    };
    let (host, text) = (authority.host(), authority.as_str());
    let port = text.strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
    let numbered = port.is_none_or(|port| port.is_empty() || authority.port_u16().is_some());
    let address = host.strip_prefix('[').map(|rest| rest.trim_end_matches(']').parse::<std::net::Ipv6Addr>().is_ok());
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    numbered && !text.contains('@') && address.unwrap_or_else(|| !host.is_empty() && host.bytes().all(named))
}

fn size_of_head(parts: &http::request::Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() + target
}

/// 11 random bytes, as API Gateway writes them.
fn request_id() -> String {
    // Without randomness there is no unique id, and still an answer.
    URL_SAFE.encode(crate::random_bytes::<11>().unwrap_or_default())
}
