//! `confirm_url`: the shop's last word before an approval.

use std::time::Duration;

use serde_json::{Value, json};

use crate::iamport::money;
use crate::iamport::state::Sim;
use ledger::Order;

/// The longest reason that is kept, characters.
const REASON_MAX: usize = 200;
/// A larger answer has no reason.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

const REFUSED: &str = "가맹점이 결제를 거절하였습니다 (confirm_url)";
const SILENT: &str = "가맹점이 제때 응답하지 않았습니다 (confirm_url)";

/// Asks the shop. Anything but a 200 in time stops the payment.
///
/// # Errors
/// The reason for the record: the shop's own if it gave one.
pub(super) async fn ask(sim: &Sim, url: reqwest::Url, imp_uid: &str, order: &Order) -> Result<(), String> {
    let body = json!({
        "imp_uid": imp_uid,
        "merchant_uid": order.merchant_uid,
        "amount": money::write(order.amount, &order.currency),
    });
    let timeout = Duration::from_millis(sim.face.lock().confirm_timeout_ms);
    let request = sim
        .webhooks
        .client()
        .post(url)
        .header("content-type", "application/json")
        .timeout(timeout)
        .body(body.to_string());
    let answer = request.send().await.map_err(|_| SILENT.to_owned())?;
    if answer.status() == reqwest::StatusCode::OK {
        return Ok(());
    }
    // Of a body without a stated length nothing is read.
    let short = answer.content_length().is_some_and(|length| length <= ANSWER_BYTES_MAX);
    let text = if short { answer.text().await.unwrap_or_default() } else { String::new() };
    let reason = serde_json::from_str::<Value>(&text).ok().and_then(|body| {
        body.get("reason").and_then(Value::as_str).map(|reason| reason.chars().take(REASON_MAX).collect::<String>())
    });
    Err(reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| REFUSED.to_owned()))
}
