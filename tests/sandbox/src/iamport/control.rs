//! `/_sim`: what a developer or a test does to the simulator, and what it shows them. Not part of V1; no token.
//! Errors are `{"error": "…"}` with 400 or 404; unknown fields are refused, so that a misspelt knob is noticed.

mod receipts;

use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::http::body::read_pairs;
use super::http::fields::Fields;
use super::http::payments::cancel_order;
use super::http::wire;
use super::state::{Credentials, Desk, FaceKnobs, Shared};
use super::webhooks::{Settings, status_word};
use ledger::cards::TEST_CARDS;
use ledger::{Knobs, Notice, Refusal, RefusalKind, Setting};

/// 9999-12-31T23:59:59Z: milliseconds mistaken for seconds are noticed.
const END_OF_TIME: i64 = 253_402_300_799;
const SKEW_SECONDS_MAX: i64 = 86_400;

pub(super) fn router(sim: &Shared) -> Router {
    Router::new()
        .route("/_sim/health", get(health))
        .route("/_sim/cards", get(test_cards))
        .route("/_sim/requests", get(requests))
        .route("/_sim/payments", get(payments))
        .route("/_sim/keys", get(keys))
        .route("/_sim/schedules", get(schedules))
        .route("/_sim/receipts", get(receipts::all).post(receipts::by_itself))
        .route("/_sim/reset", post(reset))
        .route("/_sim/clock", get(clock).post(move_clock))
        .route("/_sim/knobs", get(knobs).post(set_knobs))
        .route("/_sim/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/_sim/tiers", get(tiers).post(add_tier))
        .route("/_sim/channels", get(channels).post(set_channels))
        .route("/_sim/token/revoke", post(revoke_token))
        .route("/_sim/token/expire", post(expire_token))
        .route("/_sim/credentials", post(rotate_credentials))
        .route("/_sim/console/cancel", post(console_cancel))
        .route("/_sim/console/retry", post(console_retry))
        .route("/_sim/console/revoke", post(console_revoke))
        .route("/_sim/console/edit", post(console_edit))
        .route("/_sim/console/recover", post(console_recover))
        .route("/_sim/console/approve", post(settle))
        .route("/_sim/vbank/deposit", post(settle))
        .route("/_sim/webhooks", get(webhooks))
        .route("/_sim/webhooks/settings", get(webhook_settings).post(set_webhook_settings))
        .route("/_sim/webhooks/url", post(set_webhook_url))
        .route("/_sim/webhooks/release", post(release_webhooks))
        .route("/_sim/webhooks/send", post(send_webhook))
        .route("/_sim/webhooks/forge", post(forge_webhook))
        .route("/_sim/webhooks/{id}/resend", post(resend_webhook))
        .with_state(sim.clone())
}

#[derive(Debug)]
pub(super) struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        show_status(self.0, &json!({ "error": self.1 }))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            RefusalKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
            RefusalKind::Pg | RefusalKind::Rejected | RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        };
        Self(status, refusal.message.into_owned())
    }
}

pub(super) type Shown = Result<Response, Failure>;

fn show_status(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) fn show(value: impl Into<Value>) -> Response {
    show_status(StatusCode::OK, &value.into())
}

/// A JSON body; an absent one is an empty object.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Failure> {
    Ok(serde_json::from_slice(if body.is_empty() { b"{}" } else { body })?)
}

fn bad(message: &str) -> Failure {
    Failure(StatusCode::BAD_REQUEST, message.to_owned())
}

async fn health(State(sim): State<Shared>) -> Response {
    show(json!({ "status": "ok", "now": sim.clock.now(), "offset_seconds": sim.clock.offset() }))
}

async fn test_cards() -> Response {
    let table = TEST_CARDS.iter().map(|card| json!({ "number": card.number, "note": card.note }));
    show(table.collect::<Vec<Value>>())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFilter {
    method: Option<String>,
    path_prefix: Option<String>,
    merchant_uid: Option<String>,
}

async fn requests(State(sim): State<Shared>, RawQuery(query): RawQuery) -> Shown {
    let query = read_pairs(query.unwrap_or_default().as_bytes()).ok_or_else(|| bad("unreadable query"))?;
    let filter: RequestFilter = serde_json::from_value(Value::Object(query))?;
    let log = sim.requests.lock();
    let shown = log
        .records()
        .filter(|record| filter.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&record.method)))
        .filter(|record| filter.path_prefix.as_ref().is_none_or(|prefix| record.path.starts_with(prefix.as_str())))
        .filter(|record| filter.merchant_uid.as_ref().is_none_or(|uid| record.merchant_uids.contains(uid)))
        .map(serde_json::to_value)
        .collect::<Result<Vec<Value>, _>>()?;
    Ok(show(shown))
}

async fn payments(sim: Desk) -> Response {
    show(sim.ledger.lock().payments().iter().map(wire::payment).collect::<Vec<Value>>())
}

async fn keys(sim: Desk) -> Response {
    show(sim.ledger.lock().keys().map(wire::key).collect::<Vec<Value>>())
}

async fn schedules(sim: Desk) -> Response {
    show(sim.ledger.lock().schedules().map(wire::schedule).collect::<Vec<Value>>())
}

/// Empties books, request log, windows and webhook list; clock, knobs, faults, credentials and settings stay.
async fn reset(State(sim): State<Shared>) -> Response {
    sim.command_all(|ledger, _| ledger.clear());
    sim.requests.lock().clear();
    sim.windows.book.lock().clear();
    sim.webhooks.clear();
    show(json!({}))
}

/// The clock, and when something runs next by it: whoever moves it can stop there.
async fn clock(State(sim): State<Shared>) -> Response {
    let next_due = sim.next_due();
    show(json!({ "now": sim.clock.now(), "offset_seconds": sim.clock.offset(), "next_due": next_due }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Journey {
    advance_seconds: Option<i64>,
    to: Option<i64>,
    /// Sets the clock off from everybody else's; not part of the published offset.
    skew_seconds: Option<i64>,
}

async fn move_clock(State(sim): State<Shared>, body: Bytes) -> Shown {
    let journey: Journey = read(&body)?;
    if let Some(skew) = journey.skew_seconds {
        if skew.saturating_abs() > SKEW_SECONDS_MAX {
            return Err(bad("skew_seconds is at most a day either way"));
        }
        sim.clock.set_skew(skew);
    }
    let target = match (journey.advance_seconds, journey.to) {
        (Some(_), Some(_)) => return Err(bad("give advance_seconds or to, not both")),
        (Some(seconds), None) if seconds >= 0 => sim.clock.now().saturating_add(seconds),
        (None, Some(at)) if at >= sim.clock.now() => at,
        (None, None) if journey.skew_seconds.is_some() => sim.clock.now(),
        (None, None) => return Err(bad("give advance_seconds or to")),
        (Some(_), None) | (None, Some(_)) => return Err(bad("the clock only moves forward")),
    };
    if target > END_OF_TIME {
        return Err(bad("the clock ends with the year 9999"));
    }
    let traveller = sim.clone();
    // A task of its own: a caller that goes away does not stop time half-way.
    tokio::spawn(async move { traveller.travel(target).await }).await.map_err(std::io::Error::other)??;
    Ok(clock(State(sim)).await)
}

fn all_knobs(sim: &Shared) -> Result<Map<String, Value>, Failure> {
    let mut all = as_map(serde_json::to_value(sim.ledger.lock().knobs())?);
    all.extend(as_map(serde_json::to_value(&*sim.face.lock())?));
    Ok(all)
}

fn as_map(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

async fn knobs(State(sim): State<Shared>) -> Shown {
    Ok(show(all_knobs(&sim)?))
}

/// Changes the knobs named; the others stay.
async fn set_knobs(State(sim): State<Shared>, body: Bytes) -> Shown {
    let changes: Map<String, Value> = read(&body)?;
    let mut books = as_map(serde_json::to_value(sim.ledger.lock().knobs())?);
    let mut face = as_map(serde_json::to_value(&*sim.face.lock())?);
    for (name, value) in changes {
        match (books.get_mut(&name), face.get_mut(&name)) {
            (Some(slot), _) | (None, Some(slot)) => *slot = value,
            (None, None) => return Err(bad(&format!("no knob is called {name}"))),
        }
    }
    let books: Knobs = serde_json::from_value(Value::Object(books))?;
    let face: FaceKnobs = serde_json::from_value(Value::Object(face))?;
    sim.command_all(|ledger, _| ledger.set_knobs(books.clone()));
    *sim.face.lock() = face;
    Ok(show(all_knobs(&sim)?))
}

async fn faults(State(sim): State<Shared>) -> Shown {
    Ok(show(serde_json::to_value(sim.faults.lock().list())?))
}

async fn add_fault(State(sim): State<Shared>, body: Bytes) -> Shown {
    let rule = sim.faults.lock().add(read(&body)?)?;
    Ok(show(serde_json::to_value(rule)?))
}

async fn clear_faults(State(sim): State<Shared>) -> Response {
    sim.faults.lock().clear();
    show(json!({}))
}

async fn tiers(State(sim): State<Shared>) -> Response {
    show(sim.tiers().into_keys().collect::<Vec<String>>())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    code: String,
}

/// Opens a sub-merchant, with books of its own. Calls are about it where they bring its code as `Tier`, here too.
async fn add_tier(State(sim): State<Shared>, body: Bytes) -> Shown {
    let tier: Tier = read(&body)?;
    if tier.code.len() != 3 || !tier.code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(bad("code is three letters or digits"));
    }
    sim.add_tier(&tier.code);
    Ok(tiers(State(sim)).await)
}

async fn channels(sim: Desk) -> Response {
    show(sim.ledger.lock().channels().iter().map(wire::channel).collect::<Vec<Value>>())
}

/// The shop's channels from now on: a list as `GET /users/pg` answers.
async fn set_channels(sim: Desk, body: Bytes) -> Shown {
    let settings: Vec<Setting> = serde_json::from_slice(&body)?;
    sim.command(|ledger, _| ledger.set_channels(settings))?;
    Ok(channels(sim).await)
}

async fn revoke_token(State(sim): State<Shared>) -> Response {
    sim.command(|ledger, _| ledger.revoke_token());
    show(json!({}))
}

async fn expire_token(State(sim): State<Shared>) -> Response {
    sim.command(|ledger, now| ledger.expire_token(now));
    show(json!({}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    imp_key: Option<String>,
    imp_secret: Option<String>,
    /// Whether the live token dies with the old secret: V1's documents do not say.
    #[serde(default)]
    revoke_token: bool,
}

async fn rotate_credentials(State(sim): State<Shared>, body: Bytes) -> Shown {
    let rotation: Rotation = read(&body)?;
    {
        let mut credentials = sim.credentials.lock();
        *credentials = Credentials {
            imp_key: rotation.imp_key.unwrap_or_else(|| credentials.imp_key.clone()),
            imp_secret: rotation.imp_secret.unwrap_or_else(|| credentials.imp_secret.clone()),
        };
    }
    if rotation.revoke_token {
        sim.command(|ledger, _| ledger.revoke_token());
    }
    Ok(show(json!({})))
}

/// Fields as `POST /payments/cancel`; always announced.
async fn console_cancel(sim: Desk, body: Bytes) -> Shown {
    let fields: Map<String, Value> = read(&body)?;
    let row = sim.command(|ledger, now| {
        let order = cancel_order(Fields(&fields), |imp, merchant| ledger.currency_of(imp, merchant))?;
        ledger.console_cancel(now, order)
    })?;
    Ok(show(wire::payment(&row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleName {
    merchant_uid: String,
}

async fn console_retry(sim: Desk, body: Bytes) -> Shown {
    let name: ScheduleName = read(&body)?;
    Ok(show(wire::payment(&sim.command(|ledger, now| ledger.retry(now, &name.merchant_uid))?)))
}

async fn console_revoke(sim: Desk, body: Bytes) -> Shown {
    let name: ScheduleName = read(&body)?;
    Ok(show(wire::schedule(&sim.command(|ledger, now| ledger.console_revoke(now, &name.merchant_uid))?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleEdit {
    merchant_uid: String,
    schedule_at: i64,
}

async fn console_edit(sim: Desk, body: Bytes) -> Shown {
    let edit: ScheduleEdit = read(&body)?;
    let row = sim.command(|ledger, now| ledger.move_schedule(now, &edit.merchant_uid, edit.schedule_at))?;
    Ok(show(wire::schedule(&row)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovery {
    /// UNIX seconds; a day ago by default.
    since: Option<i64>,
}

async fn console_recover(sim: Desk, body: Bytes) -> Shown {
    let recovery: Recovery = read(&body)?;
    let rows = sim.command(|ledger, now| ledger.console_recover(now, recovery.since.unwrap_or(now - 86_400)));
    Ok(show(rows.iter().map(wire::payment).collect::<Vec<Value>>()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PaymentName {
    imp_uid: String,
}

async fn settle(sim: Desk, body: Bytes) -> Shown {
    let name: PaymentName = read(&body)?;
    Ok(show(wire::payment(&sim.command(|ledger, now| ledger.settle(now, &name.imp_uid))?)))
}

async fn webhooks(State(sim): State<Shared>) -> Shown {
    Ok(show(serde_json::to_value(sim.webhooks.list())?))
}

async fn webhook_settings(State(sim): State<Shared>) -> Shown {
    Ok(show(serde_json::to_value(sim.webhooks.settings())?))
}

/// Changes the settings named; the others stay.
async fn set_webhook_settings(State(sim): State<Shared>, body: Bytes) -> Shown {
    let changes: Map<String, Value> = read(&body)?;
    let mut settings = as_map(serde_json::to_value(sim.webhooks.settings())?);
    settings.extend(changes);
    let settings: Settings = serde_json::from_value(Value::Object(settings))?;
    sim.webhooks.set_settings(settings);
    sim.changed.notify_one();
    webhook_settings(State(sim)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    url: Option<String>,
}

async fn set_webhook_url(State(sim): State<Shared>, body: Bytes) -> Shown {
    let address: Address = read(&body)?;
    sim.webhooks.set_default_url(address.url);
    Ok(show(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    /// Numbers of the list, in the order to send; default: all, oldest first.
    ids: Option<Vec<u64>>,
    #[serde(default)]
    reverse: bool,
}

/// Sends held deliveries one after the other, each answered before the next.
async fn release_webhooks(State(sim): State<Shared>, body: Bytes) -> Shown {
    let release: Release = read(&body)?;
    let held = sim.webhooks.held();
    let mut ids = release.ids.unwrap_or_else(|| held.clone());
    if release.reverse {
        ids.reverse();
    }
    let mut sent = Vec::new();
    for id in ids.into_iter().filter(|id| held.contains(id)) {
        sent.push(json!({ "id": id, "http_status": sim.webhooks.resend(id).await.flatten() }));
    }
    Ok(show(sent))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    imp_uid: String,
    /// Default: the payment's own.
    status: Option<String>,
}

/// Tells of a payment at once, true or not.
async fn send_webhook(sim: Desk, body: Bytes) -> Shown {
    let send: Send = read(&body)?;
    let mut notice = {
        let ledger = sim.ledger.lock();
        let row = ledger.payment(&send.imp_uid, true)?;
        Notice {
            at: sim.clock.now(),
            imp_uid: row.imp_uid.clone(),
            merchant_uid: row.merchant_uid.clone(),
            status: row.status,
            cancellation_id: row.cancel_history.last().map(|entry| entry.cancellation_id.clone()),
            notice_url: row.notice_url.clone(),
        }
    };
    if let Some(word) = send.status {
        notice.status = status_word(&word).ok_or_else(|| bad("status is one of ready, paid, cancelled, failed"))?;
    }
    Ok(show(json!({ "http_status": sim.webhooks.send_now(&notice).await })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgery {
    url: Option<String>,
    /// A text goes as it is, anything else as JSON.
    body: Value,
    content_type: Option<String>,
}

async fn forge_webhook(State(sim): State<Shared>, body: Bytes) -> Shown {
    let forgery: Forgery = read(&body)?;
    let text = match forgery.body {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let content_type = forgery.content_type.unwrap_or_else(|| "application/json".to_owned());
    let status = sim.webhooks.forge(forgery.url, &content_type, text).await.map_err(bad)?;
    Ok(show(json!({ "http_status": status })))
}

async fn resend_webhook(State(sim): State<Shared>, Path(id): Path<u64>) -> Shown {
    let sent = sim.webhooks.resend(id).await;
    let http_status = sent.ok_or_else(|| Failure(StatusCode::NOT_FOUND, "no such delivery".to_owned()))?;
    Ok(show(json!({ "http_status": http_status })))
}
