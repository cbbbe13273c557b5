//! V1's envelope: `{code, message, response}`, and which HTTP status goes with which refusal.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use ledger::{Refusal, RefusalKind};

/// What handlers return.
pub(super) type Answer = Result<Response, Refused>;

/// A refusal of the books as an HTTP reply.
pub(in crate::iamport) struct Refused(Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

pub(in crate::iamport) fn reply(status: StatusCode, code: i64, message: Option<&str>, response: Value) -> Response {
    let body = json!({ "code": code, "message": message, "response": response }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json;charset=UTF-8")], body).into_response()
}

pub(super) fn ok(response: Value) -> Response {
    reply(StatusCode::OK, 0, None, response)
}

pub(in crate::iamport) fn unauthorized() -> Response {
    reply(StatusCode::UNAUTHORIZED, -1, Some("인증 토큰이 유효하지 않습니다"), Value::Null)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(refusal) = self;
        let (status, code) = match refusal.kind {
            RefusalKind::Pg => (StatusCode::OK, -1),
            RefusalKind::Rejected => (StatusCode::OK, 1),
            RefusalKind::Invalid => (StatusCode::BAD_REQUEST, 1),
            RefusalKind::NotFound => (StatusCode::NOT_FOUND, 1),
            RefusalKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, 1),
            RefusalKind::Unsupported => (StatusCode::NOT_IMPLEMENTED, 1),
        };
        reply(status, code, Some(&refusal.message), Value::Null)
    }
}
