//! The event that an HTTP API sends to a function: payload format 2.0.
//!
//! Points where the documentation is silent follow captures of the real service:
//! `rawPath` and `requestContext.http.path` are percent-decoded, `rawQueryString` is not;
//! a body is text only for `text/*`, `application/json`, `application/javascript` and `application/xml`, and base64 for
//! everything else, forms and bodies without a content type included.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Version, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::jwt::Grant;
use super::routes::{Match, decode};

/// The API's id, and with it the domain it pretends to have.
const API_ID: &str = "sandbox";
/// Headers of one hop, which no gateway passes on.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request as it came over the wire.
#[derive(Debug)]
pub struct Received<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path, not decoded.
    pub path: &'a str,
    /// Query without the question mark, not decoded.
    pub query: &'a str,
    /// Protocol version.
    pub version: Version,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
    /// Who sent it: the other end of the connection, never a header.
    pub source: IpAddr,
    /// The gateway's own port.
    pub port: u16,
    /// When it came.
    pub at: Timestamp,
    /// The id given to it.
    pub request_id: &'a str,
}

/// Builds the event.
#[must_use]
pub fn build(request: &Received<'_>, matched: &Match<'_>, grant: Option<&Grant>) -> Value {
    let path = decode(request.path);
    let source = request.source.to_string();
    let user_agent = request.headers.get(header::USER_AGENT).map(|value| lossy(value.as_bytes())).unwrap_or_default();
    let mut context = json!({
        "accountId": crate::ACCOUNT_ID,
        "apiId": API_ID,
        "domainName": format!("{API_ID}.execute-api.{}.amazonaws.com", crate::REGION),
        "domainPrefix": API_ID,
        "http": {
            "method": request.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", request.version),
            "sourceIp": source,
            "userAgent": user_agent,
        },
        "requestId": request.request_id,
        "routeKey": matched.route.key(),
        "stage": "$default",
        "time": request.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": request.at.as_millisecond(),
    });
    if let Some(grant) = grant {
        context["authorizer"] = json!({ "jwt": { "claims": grant.claims, "scopes": grant.scopes } });
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": matched.route.key(),
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers(request, &source),
        "requestContext": context,
        "isBase64Encoded": false,
    });
    let cookies = cookies(request.headers);
    if !cookies.is_empty() {
        event["cookies"] = Value::from(cookies);
    }
    if !request.query.is_empty() {
        event["queryStringParameters"] = Value::Object(query_parameters(request.query));
    }
    if !matched.parameters.is_empty() {
        let parameters = matched.parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        event["pathParameters"] = Value::Object(parameters.collect());
    }
    if !request.body.is_empty() {
        let text = if is_text(request.headers) { std::str::from_utf8(request.body).ok() } else { None };
        event["isBase64Encoded"] = Value::from(text.is_none());
        event["body"] = Value::from(text.map_or_else(|| STANDARD.encode(request.body), str::to_owned));
    }
    event
}

/// Lower-case names, repeated values joined by commas, cookies taken out, and what the gateway adds.
fn headers(request: &Received<'_>, source: &str) -> Map<String, Value> {
    let mut headers = Map::new();
    for name in request.headers.keys() {
        if *name != header::COOKIE && !HOP_BY_HOP.contains(&name.as_str()) {
            headers.insert(name.as_str().to_owned(), Value::from(joined(request.headers, name)));
        }
    }
    let forwarded = match headers.get("x-forwarded-for").and_then(Value::as_str) {
        // What the client claims stays in front: nobody may trust any entry but the last.
        Some(claimed) => format!("{claimed}, {source}"),
        None => source.to_owned(),
    };
    headers.insert("x-forwarded-for".to_owned(), Value::from(forwarded));
    headers.insert("x-forwarded-port".to_owned(), Value::from(request.port.to_string()));
    headers.insert("x-forwarded-proto".to_owned(), Value::from("http"));
    headers.entry("content-length").or_insert_with(|| Value::from(request.body.len().to_string()));
    headers
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<String> = headers.get_all(name).iter().map(|value| lossy(value.as_bytes())).collect();
    values.join(",")
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::COOKIE).iter().map(|value| lossy(value.as_bytes()));
    lines
        .flat_map(|line| line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// Decoded; the values of a repeated name joined by commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let known = parameters.get(name.as_ref()).and_then(Value::as_str);
        let value = known.map_or_else(|| value.clone().into_owned(), |first| format!("{first},{value}"));
        parameters.insert(name.into_owned(), Value::from(value));
    }
    parameters
}

fn is_text(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/javascript" | "application/xml")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
