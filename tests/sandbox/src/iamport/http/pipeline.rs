//! What happens to every request before its handler: read, logged, given its fault, and made independent of the
//! caller's patience.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value};

use super::body::{self, Format};
use super::{Input, envelope};
use crate::iamport::faults::{self, Kind, Outcome};
use crate::iamport::requests::Facts;
use crate::iamport::server::Connection;
use crate::iamport::state::Shared;

/// V1's documents name no limit; nothing it takes comes near this.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

pub(super) async fn run(State(sim): State<Shared>, request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Connection>().cloned();
    let (parts, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, BODY_BYTES_MAX).await else {
        return envelope::reply(StatusCode::PAYLOAD_TOO_LARGE, 1, Some("요청이 너무 큽니다"), Value::Null);
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let read = body::read(content_type, &bytes);
    let query = body::read_pairs(parts.uri.query().unwrap_or_default().as_bytes());
    let facts = facts(&parts, read.as_ref(), query.as_ref());
    let fault = sim.faults.lock().take(&facts);
    let id = sim.requests.lock().open(sim.clock.now(), &facts, fault.as_ref().map(Kind::name));

    let mut request = Request::from_parts(parts, Body::empty());
    if let Some(((_, body), query)) = read.zip(query) {
        request.extensions_mut().insert(Input { body, query });
    }
    let task_sim = sim.clone();
    // A task of its own: a caller that goes away does not stop what it has started.
    let task = tokio::spawn(async move {
        match fault {
            Some(fault) => faults::play(&task_sim, fault, request, next).await,
            None => Outcome::Reply(next.run(request).await),
        }
    });
    match task.await {
        Ok(Outcome::Reply(reply)) => {
            sim.requests.lock().close(id, reply.status().as_u16());
            reply
        }
        Ok(Outcome::Reset) => {
            if let Some(connection) = connection {
                connection.reset().await;
            }
            faults::gateway_timeout()
        }
        Err(_) => envelope::reply(StatusCode::INTERNAL_SERVER_ERROR, -1, Some("simulator fault"), Value::Null),
    }
}

/// Answers for the handlers when body or query could not be read.
pub(super) async fn require_input(request: Request, next: Next) -> Response {
    if request.extensions().get::<Input>().is_some() {
        return next.run(request).await;
    }
    envelope::reply(StatusCode::BAD_REQUEST, 1, Some("요청을 해석할 수 없습니다"), Value::Null)
}

fn facts(
    parts: &axum::http::request::Parts,
    read: Option<&(Format, Map<String, Value>)>,
    query: Option<&Map<String, Value>>,
) -> Facts {
    const NAMED_IN_PATH: [&str; 4] =
        ["/payments/find/", "/payments/findAll/", "/payments/prepare/", "/subscribe/payments/schedule/"];
    let path = parts.uri.path();
    let mut merchant_uids = Vec::new();
    for prefix in NAMED_IN_PATH {
        let Some(rest) = path.strip_prefix(prefix).filter(|rest| !rest.starts_with("customers/")) else { continue };
        let segment = rest.split('/').next().unwrap_or_default();
        merchant_uids.push(percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned());
    }
    for fields in read.map(|(_, fields)| fields).into_iter().chain(query) {
        body::merchant_uids(fields, &mut merchant_uids);
    }
    Facts {
        method: parts.method.to_string(),
        path: path.to_owned(),
        merchant_uids,
        format: read.map_or("unreadable", |(format, _)| format.name()),
    }
}
