//! Plays one fault around one request.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::reply;
use super::{Kind, LateAnswer, Phase};
use crate::iamport::http::{Authorized, authorize, envelope};
use crate::iamport::state::Shared;

/// Marks a charge that is to be admitted now and paid so many seconds later.
#[derive(Debug, Clone, Copy)]
pub(in crate::iamport) struct LateBy(pub(in crate::iamport) i64);

/// Marks the reply to a charge that was admitted and put off.
#[derive(Debug, Clone, Copy)]
pub(in crate::iamport) struct Deferred;

/// What happens to the connection.
#[derive(Debug)]
pub(in crate::iamport) enum Outcome {
    /// It carries this reply.
    Reply(Response),
    /// It is cut.
    Reset,
}

pub(in crate::iamport) async fn play(sim: &Shared, fault: Kind, request: Request, next: Next) -> Outcome {
    let reply = match fault {
        Kind::Latency { ms, phase: Phase::Before } => {
            pause(ms).await;
            next.run(request).await
        }
        Kind::Latency { ms, phase: Phase::After } => {
            let reply = next.run(request).await;
            pause(ms).await;
            reply
        }
        Kind::Hang { phase, ms } => {
            handle_if_after(phase, request, next).await;
            hang(sim, ms).await
        }
        Kind::Reset { phase } => {
            handle_if_after(phase, request, next).await;
            return Outcome::Reset;
        }
        Kind::Status { status, phase } => {
            handle_if_after(phase, request, next).await;
            html(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
        }
        Kind::HtmlOk { phase } => {
            handle_if_after(phase, request, next).await;
            html(StatusCode::OK)
        }
        Kind::HtmlUnavailable { phase } => {
            handle_if_after(phase, request, next).await;
            html(StatusCode::SERVICE_UNAVAILABLE)
        }
        Kind::Redirect { location, status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
            (status, [(header::LOCATION, location)]).into_response()
        }
        Kind::Unauthorized {} => envelope::unauthorized(),
        Kind::RateLimited { retry_after } => rate_limited(retry_after),
        Kind::Refused { code, phase } => {
            handle_if_after(phase, request, next).await;
            envelope::reply(StatusCode::OK, code, Some("결제 승인 거절"), serde_json::Value::Null)
        }
        Kind::Late { seconds, answer } => late(sim, seconds, answer, request, next).await,
        changed => reply::change(&changed, next.run(request).await).await,
    };
    Outcome::Reply(reply)
}

async fn handle_if_after(phase: Phase, request: Request, next: Next) {
    if phase == Phase::After {
        // The reply is made and thrown away: that is the fault.
        drop(next.run(request).await);
    }
}

/// A reply that comes after every caller's patience.
async fn hang(sim: &Shared, ms: Option<u64>) -> Response {
    let ms = ms.unwrap_or_else(|| sim.face.lock().hang_ms);
    pause(ms).await;
    gateway_timeout()
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn late(sim: &Shared, seconds: i64, answer: LateAnswer, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == "/subscribe/payments/again" || path == "/subscribe/payments/onetime" {
        // The books take it over: the charge survives a restart, and obeys the knobs.
        request.extensions_mut().insert(LateBy(seconds));
        let reply = next.run(request).await;
        if reply.extensions().get::<Deferred>().is_none() {
            return reply;
        }
    } else {
        if !authorize(sim, request.headers()) && path != "/users/getToken" {
            return envelope::unauthorized();
        }
        request.extensions_mut().insert(Authorized);
        let at = sim.clock.now().saturating_add(seconds);
        let sim = sim.clone();
        tokio::spawn(async move {
            sim.clock.wait_until(at).await;
            drop(next.run(request).await);
        });
    }
    match answer {
        LateAnswer::GatewayTimeout => gateway_timeout(),
        LateAnswer::Hang => hang(sim, None).await,
    }
}

pub(in crate::iamport) fn gateway_timeout() -> Response {
    html(StatusCode::GATEWAY_TIMEOUT)
}

fn html(status: StatusCode) -> Response {
    let page =
        format!("<!doctype html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

fn rate_limited(retry_after: Option<u64>) -> Response {
    let mut reply =
        envelope::reply(StatusCode::TOO_MANY_REQUESTS, 1, Some("요청이 너무 많습니다"), serde_json::Value::Null);
    if let Some(seconds) = retry_after {
        reply.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    reply
}
