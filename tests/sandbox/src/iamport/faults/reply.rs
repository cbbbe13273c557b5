//! Faults that change a true reply.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::{Field, Kind};

/// Larger than any true reply.
const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) async fn change(kind: &Kind, reply: Response) -> Response {
    let (parts, body) = reply.into_parts();
    let bytes = axum::body::to_bytes(body, REPLY_BYTES_MAX).await.unwrap_or_default();
    let reply = match kind {
        Kind::Truncated { bytes: kept } => return truncated(parts.status, &bytes, *kept),
        Kind::SlowDrip { bytes_per_second } => return drip(parts.status, &bytes, *bytes_per_second),
        Kind::Oversized { bytes: size } => oversized(*size),
        Kind::EmptyBody {} => Bytes::new(),
        Kind::EmptyObject {} => Bytes::from_static(b"{}"),
        Kind::BrokenGzip {} => Bytes::from_static(b"\x1f\x8b\x08\x00 this is not gzip"),
        Kind::Bom {} => [b"\xef\xbb\xbf".as_slice(), &bytes].concat().into(),
        Kind::DuplicateKeys {} => duplicate_keys(&bytes),
        Kind::WrongContentType {} => bytes,
        other => serde_json::from_slice(&bytes).map_or(bytes, |envelope| alter(other, envelope).to_string().into()),
    };
    let length = reply.len();
    let content_type = if matches!(kind, Kind::WrongContentType {}) { "text/plain" } else { "application/json" };
    let mut response = HttpResponse::new(Body::from(reply));
    *response.status_mut() = parts.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    if matches!(kind, Kind::BrokenGzip {}) {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn alter(kind: &Kind, mut envelope: Value) -> Value {
    match kind {
        Kind::NullResponse {} => set(&mut envelope, Value::Null),
        Kind::ArrayResponse {} => {
            let response = envelope.get("response").cloned().unwrap_or_default();
            set(&mut envelope, json!([response]));
        }
        Kind::StringNumbers {} => stringify(&mut envelope),
        Kind::Wrong { field, value } => {
            each_row(&mut envelope, &mut |row| falsify(row, *field, value.as_ref()));
        }
        Kind::UnknownStatus { status } => {
            each_row(&mut envelope, &mut |row| {
                for name in ["status", "schedule_status"] {
                    if let Some(value) = row.get_mut(name) {
                        *value = Value::from(status.as_str());
                    }
                }
            });
        }
        _ => {}
    }
    envelope
}

fn set(envelope: &mut Value, response: Value) {
    if let Some(slot) = envelope.get_mut("response") {
        *slot = response;
    }
}

/// Visits the payment, key or schedule rows of a reply: the response itself, the rows of an array, of a page's list.
fn each_row(envelope: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    match envelope.get_mut("response") {
        Some(Value::Array(rows)) => rows.iter_mut().for_each(visit),
        Some(Value::Object(page)) if page.get("list").is_some_and(Value::is_array) => {
            if let Some(Value::Array(rows)) = page.get_mut("list") {
                rows.iter_mut().for_each(visit);
            }
        }
        Some(row @ Value::Object(_)) => visit(row),
        _ => {}
    }
}

fn falsify(row: &mut Value, field: Field, replacement: Option<&Value>) {
    let name = match field {
        Field::Amount => "amount",
        Field::Currency => "currency",
        Field::MerchantUid => "merchant_uid",
        Field::CustomerUid => "customer_uid",
        Field::ImpUid => "imp_uid",
        Field::CancelHistory => "cancel_history",
    };
    let Some(value) = row.get_mut(name) else { return };
    let wrong = match field {
        Field::Amount => value.as_u64().map_or(json!(1), |amount| json!(amount.saturating_add(1))),
        Field::Currency if *value == json!("USD") => json!("EUR"),
        Field::Currency => json!("USD"),
        Field::MerchantUid => json!(format!("{}x", value.as_str().unwrap_or_default())),
        Field::CustomerUid => json!("somebody-elses-key"),
        Field::ImpUid => json!("imp_000000000000"),
        Field::CancelHistory => Value::Null,
    };
    *value = replacement.cloned().unwrap_or(wrong);
}

fn stringify(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Array(items) => items.iter_mut().for_each(stringify),
        Value::Object(map) => map.values_mut().for_each(stringify),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// `{"code":1,"message":"…","response":null,` before the true members: the last one wins in most parsers, not in all.
fn duplicate_keys(bytes: &[u8]) -> Bytes {
    let rest = bytes.strip_prefix(b"{").unwrap_or(bytes);
    [br#"{"code":1,"message":"duplicate","response":null,"#.as_slice(), rest].concat().into()
}

fn oversized(size: usize) -> Bytes {
    format!(r#"{{"code":0,"message":null,"response":"{}"}}"#, "x".repeat(size)).into()
}

/// Promises the whole body, sends part of it, and ends the connection.
fn truncated(status: StatusCode, body: &Bytes, kept: usize) -> Response {
    let head = body.slice(..kept.min(body.len()));
    let parts = stream::unfold(Some(head), |state| async move {
        match state {
            Some(head) => Some((Ok(head), None)),
            None => {
                // Lets the first part leave before the connection goes.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Some((Err(std::io::Error::other("truncated on demand")), None))
            }
        }
    });
    raw(status, body.len(), Body::from_stream(parts))
}

fn drip(status: StatusCode, body: &Bytes, bytes_per_second: u64) -> Response {
    let gap = Duration::from_micros(1_000_000 / bytes_per_second.clamp(1, 1_000_000));
    let parts = stream::unfold(body.clone(), move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(gap).await;
        let byte = rest.split_to(1);
        Some((Ok::<Bytes, Infallible>(byte), rest))
    });
    raw(status, body.len(), Body::from_stream(parts))
}

fn raw(status: StatusCode, length: usize, body: Body) -> Response {
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}
