//! The HTTP face of V1: routes, token check, and the pipeline every request goes through.

pub(in crate::iamport) mod body;
mod charges;
pub(in crate::iamport) mod envelope;
pub(in crate::iamport) mod fields;
mod keys;
pub(in crate::iamport) mod payments;
mod pipeline;
pub(in crate::iamport) mod receipts;
mod schedules;
pub(in crate::iamport) mod wire;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use serde_json::{Map, Value, json};

use self::envelope::Answer;
use self::fields::Fields;
use super::state::{Desk, Shared};

/// A request's fields, as the handlers see them.
#[derive(Debug, Clone)]
pub(super) struct Input {
    body: Map<String, Value>,
    query: Map<String, Value>,
}

impl Input {
    const fn body(&self) -> Fields<'_> {
        Fields(&self.body)
    }

    const fn query(&self) -> Fields<'_> {
        Fields(&self.query)
    }
}

/// Marks a request whose token was checked when it arrived, and that runs later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authorized;

/// All of V1 that the shop uses.
pub(super) fn router(sim: &Shared) -> Router {
    let behind_token = Router::new()
        .route("/subscribe/customers", get(keys::many))
        .route("/subscribe/customers/{customer_uid}", get(keys::one).post(keys::issue).delete(keys::delete))
        .route("/subscribe/customers/{customer_uid}/payments", get(keys::payments))
        .route("/subscribe/customers/{customer_uid}/schedules", get(schedules::of_customer))
        .route("/subscribe/payments/onetime", post(charges::onetime))
        .route("/subscribe/payments/again", post(charges::again))
        .route("/subscribe/payments/schedule", get(schedules::list).post(schedules::register))
        .route("/subscribe/payments/unschedule", post(schedules::unschedule))
        .route("/subscribe/payments/schedule/customers/{customer_uid}", get(schedules::of_customer))
        .route("/subscribe/payments/schedule/{merchant_uid}", get(schedules::one).put(schedules::update))
        .route("/subscribe/payments/schedule/{merchant_uid}/reschedule", post(schedules::reschedule))
        .route("/subscribe/payments/schedule/{merchant_uid}/retry", post(schedules::retry))
        .route("/payments", get(payments::many))
        .route("/payments/{imp_uid}", get(payments::one))
        .route("/payments/find/{merchant_uid}", get(payments::find))
        // Client libraries that leave the status out leave the slash before it in.
        .route("/payments/find/{merchant_uid}/", get(payments::find))
        .route("/payments/find/{merchant_uid}/{status}", get(payments::find_with_status))
        .route("/payments/findAll/{merchant_uid}", get(payments::find_all))
        .route("/payments/findAll/{merchant_uid}/", get(payments::find_all))
        .route("/payments/findAll/{merchant_uid}/{status}", get(payments::find_all_with_status))
        .route("/payments/status/{status}", get(payments::by_status))
        .route("/payments/prepare", post(payments::prepare).put(payments::change_prepared))
        .route("/payments/prepare/{merchant_uid}", get(payments::prepared))
        .route("/payments/cancel", post(payments::cancel))
        .route("/receipts/{imp_uid}", get(receipts::one).post(receipts::issue).delete(receipts::revoke))
        .route("/vbanks", post(payments::issue_account))
        .route("/vbanks/{imp_uid}", put(payments::change_account).delete(payments::close_account))
        .route("/users/pg", get(channels))
        .layer(from_fn_with_state(sim.clone(), require_token));
    Router::new()
        .route("/users/getToken", post(get_token))
        .merge(behind_token)
        .fallback(|| async {
            envelope::reply(StatusCode::NOT_FOUND, 1, Some("존재하지 않는 API 입니다"), Value::Null)
        })
        .method_not_allowed_fallback(|| async {
            envelope::reply(StatusCode::METHOD_NOT_ALLOWED, 1, Some("지원하지 않는 메서드입니다"), Value::Null)
        })
        .layer(from_fn(pipeline::require_input))
        .layer(from_fn_with_state(sim.clone(), pipeline::run))
        .with_state(sim.clone())
}

async fn require_token(State(sim): State<Shared>, request: Request, next: Next) -> Response {
    let checked = request.extensions().get::<Authorized>().is_some() || authorize(&sim, request.headers());
    if checked { next.run(request).await } else { envelope::unauthorized() }
}

/// `Authorization: <token>` and `Authorization: Bearer <token>` are both in use.
pub(super) fn authorize(sim: &Shared, headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return false,
        None => value,
    };
    sim.ledger.lock().accepts(token, sim.clock.now())
}

/// The channels that the shop has set up in the console.
async fn channels(sim: Desk) -> Answer {
    Ok(envelope::ok(sim.ledger.lock().channels().iter().map(wire::channel).collect()))
}

async fn get_token(State(sim): State<Shared>, axum::Extension(input): axum::Extension<Input>) -> Answer {
    let fields = input.body();
    let (imp_key, imp_secret) = (fields.required("imp_key", 256)?, fields.required("imp_secret", 256)?);
    let known = {
        let credentials = sim.credentials.lock();
        credentials.imp_key == imp_key && credentials.imp_secret == imp_secret
    };
    if !known {
        return Ok(envelope::reply(StatusCode::UNAUTHORIZED, -1, Some("API 키가 올바르지 않습니다"), Value::Null));
    }
    let (token, now) = sim.command(|ledger, now| (ledger.issue_token(now), now));
    Ok(envelope::ok(json!({ "access_token": token.value, "now": now, "expired_at": token.expired_at })))
}
