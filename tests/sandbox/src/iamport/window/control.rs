//! `/_sim`: payments in a window without a browser, and windows seen from behind.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use super::flow::{self, Attempt, DECLINED};
use super::http::{act_of, stopped};
use super::request::{self, Browser};
use crate::iamport::control::{Shown, read, show};
use crate::iamport::http::fields::Fields;
use crate::iamport::http::wire;
use crate::iamport::state::{Desk, Shared};

pub(super) fn router(sim: &Shared) -> Router {
    Router::new()
        .route("/_sim/window", post(pay))
        .route("/_sim/vbank", post(pay))
        .route("/_sim/windows", get(all))
        .route("/_sim/windows/{id}/{act}", post(act))
        .with_state(sim.clone())
}

async fn all(State(sim): State<Shared>) -> Response {
    show(sim.windows.book.lock().all().map(super::book::Window::view).collect::<Vec<Value>>())
}

/// As the window's own page, which is not told of it.
async fn act(State(sim): State<Shared>, Path((id, word)): Path<(String, String)>, body: Bytes) -> Shown {
    let Some(act) = act_of(&word, read(&body)?) else { return Ok(stopped(flow::Stopped::Unknown)) };
    Ok(match flow::act(&sim, &id, act).await {
        Ok(view) => show(view),
        Err(problem) => stopped(problem),
    })
}

/// A payment that a customer confirms in a window at once: fields as `IMP.request_pay`, and the form's (`card_number`,
/// `expiry`, `card_quota`). Without `pay_method` a card pays if there is one, and an account is issued otherwise.
/// `mobile` and `user_agent` say what it is made on; `approve: false` has the PG decline it.
async fn pay(sim: Desk, body: Bytes) -> Shown {
    let mut fields: Map<String, Value> = read(&body)?;
    if !fields.contains_key("pay_method") {
        let method = if fields.contains_key("card_number") { "card" } else { "vbank" };
        fields.insert("pay_method".to_owned(), method.into());
    }
    let form = Fields(&fields);
    let browser = Browser { mobile: form.flag("mobile"), user_agent: form.text("user_agent", 255)? };
    let now = sim.clock.now();
    let request = request::read(&sim.ledger.lock(), &fields, browser, now)?;
    if fields.get("approve") == Some(&json!(false)) {
        sim.ledger.lock().check_window(now, &request.order)?;
        let row = sim.command(|ledger, now| ledger.fail_in_window(now, request.order, DECLINED));
        return Ok(show(wire::payment(&row)));
    }
    Ok(show(match flow::attempt(&sim, request, form).await? {
        Attempt::Refused(refusal) => return Err(refusal.into()),
        Attempt::Aborted(row) => wire::payment(&row),
        Attempt::Agreed(agreed) => agreed.payment.as_ref().map_or(Value::Null, wire::payment),
    }))
}
