//! From a function's answer to an HTTP response: payload format 2.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value};

use crate::net::Reply;

/// Headers that the gateway sets itself.
const OWN: &[&str] = &["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"];

/// Why an answer is none. The client gets a bare 500; this is for the log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AnswerError {
    /// The function raised an error.
    #[error("the function failed: {0}")]
    Function(String),
    /// Not JSON, or JSON of the wrong form.
    #[error("the function's answer is not one: {0}")]
    Form(String),
}

/// Reads the answer of an invocation.
///
/// JSON without a `statusCode` is the body of a 200, as at API Gateway. `multiValueHeaders` do not exist in format 2.0
/// and are ignored.
///
/// # Errors
/// [`AnswerError`] for what API Gateway answers with a 500.
pub fn read(payload: &[u8]) -> Result<Reply, AnswerError> {
    let value: Value = serde_json::from_slice(payload).map_err(|error| AnswerError::Form(error.to_string()))?;
    let Some(status) = value.get("statusCode") else {
        return implicit(value);
    };
    let status = status
        .as_u64()
        .or_else(|| status.as_str().and_then(|text| text.parse().ok()))
        .and_then(|code| u16::try_from(code).ok())
        .and_then(|code| StatusCode::from_u16(code).ok())
        .filter(|code| code.as_u16() >= 200)
        .ok_or_else(|| AnswerError::Form(format!("statusCode {status}")))?;
    let body = read_body(&value)?;
    let has_body = !body.is_empty();
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status;
    let empty = Map::new();
    let headers = match value.get("headers") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(headers)) => headers,
        Some(_) => return Err(AnswerError::Form("headers is not a mapping".to_owned())),
    };
    for (name, value) in headers {
        if !OWN.contains(&name.to_ascii_lowercase().as_str()) {
            let (name, value) = read_header(name, value)?;
            reply.headers_mut().insert(name, value);
        }
    }
    if let Some(cookies) = value.get("cookies").and_then(Value::as_array) {
        for cookie in cookies {
            let (name, value) = read_header("set-cookie", cookie)?;
            reply.headers_mut().append(name, value);
        }
    }
    if has_body && !reply.headers().contains_key(header::CONTENT_TYPE) {
        reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Ok(reply)
}

fn implicit(value: Value) -> Result<Reply, AnswerError> {
    // What the Lambda service returns for an unhandled error, if the invocation's header did not say so already.
    if let Some(kind) = value.get("errorType") {
        // Without its message, which may quote the request.
        return Err(AnswerError::Function(kind.to_string()));
    }
    let body = match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(reply)
}

fn read_body(value: &Value) -> Result<Bytes, AnswerError> {
    let text = match value.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(AnswerError::Form("body is not text".to_owned())),
    };
    if value.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
        let decoded = STANDARD.decode(text).map_err(|error| AnswerError::Form(format!("body: {error}")))?;
        return Ok(Bytes::from(decoded));
    }
    Ok(Bytes::from(text.clone()))
}

fn read_header(name: &str, value: &Value) -> Result<(HeaderName, HeaderValue), AnswerError> {
    let wrong = || AnswerError::Form(format!("header {name}"));
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(wrong()),
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
    let value = HeaderValue::from_str(&text).map_err(|_| wrong())?;
    Ok((name, value))
}
