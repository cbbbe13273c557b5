//! What became of a card, and of what was to be scheduled on it.

use billing::key::KeyState;
use billing::payment::{Payment, Refusal, RefusedBy};
use billing::usecase::IssuedKey;
use serde::Serialize;

use super::schedule::is_open;
use super::{
    KeyView, RequestedPaymentView, WarningView, billing_key_path, key_view, pending, requested, warning_views,
};
use crate::http::{Problem, Reply};

#[derive(Debug, Serialize)]
struct IssuedView<'a> {
    #[serde(flatten)]
    key: KeyView<'a>,
    /// In the order asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedules: Option<Vec<RequestedPaymentView<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
}

/// The answer to `POST /billing-keys`, where so many schedules were asked for along with the key: 201 if it can be charged and all of
/// them are registered; 207 if the PSP refused to register some; 202 while it, or one of them, is not known; 402 if the card's issuer
/// declined it, or its check, and 502 if the PSP refused our request: then there is no key, and none of them is registered.
///
/// # Errors
/// `card_rejected`, `request_refused`.
pub fn issued(issued: &IssuedKey, asked: usize) -> Result<Reply, Problem> {
    let IssuedKey { key, schedules, warnings, of_schedules } = issued;
    let location = billing_key_path(&key.customer_uid);
    let rows = schedules.as_deref().unwrap_or_default();
    let shown = schedules.as_ref().filter(|_| asked > 0);
    let told = |row: &'_ Payment| of_schedules.get(row.merchant_uid()).map(Vec::as_slice).unwrap_or_default();
    let view = IssuedView {
        key: key_view(key),
        schedules: shown.map(|rows| rows.iter().map(|row| requested(row, told(row))).collect()),
        warnings: warning_views(warnings),
    };
    match key.state {
        KeyState::Abandoned => {
            // No reason, bank or field: a form that says why a card fails is a tool for testing stolen ones.
            let rejected =
                || Problem::new(402, "card_rejected", "The card was not accepted. Check it, or use another one.");
            let by = key.refusal.as_ref().map_or(RefusedBy::Issuer, Refusal::by);
            Err(Problem::refused(by, rejected))
        }
        KeyState::Prepared | KeyState::Issuing | KeyState::Checking => Ok(pending(&view, &location)),
        KeyState::Active | KeyState::Deleting | KeyState::Deleted => {
            let open = rows.len() < asked || rows.iter().any(is_open);
            let reply = match (rows.iter().any(Payment::registration_was_refused), open) {
                (false, true) => return Ok(pending(&view, &location)),
                (true, true) => Reply::json(207, &view).header("retry-after", "10"),
                (true, false) => Reply::json(207, &view),
                (false, false) => Reply::json(201, &view),
            };
            Ok(reply.header("location", location))
        }
    }
}
