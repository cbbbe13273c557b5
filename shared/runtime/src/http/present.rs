//! Rows as the storefront sees them: Iamport's field names, amounts exact, nothing of the table's own.

pub mod consent;
pub mod issued;
pub mod preview;
pub mod receipt;
pub mod refund;
pub mod schedule;
pub mod subscription;
pub mod window;

use billing::checkout::Warning;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, PspStatus, ScheduleStatus, State};
use billing::subscription::Interval;
use billing::usecase::deletion_warnings;
use billing::{Currency, CustomerUid, Money, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Problem, Reply};

/// A payment, as `GET /charges/{merchant_uid}` and `GET /schedules/{merchant_uid}` show it.
#[derive(Debug, Serialize)]
struct PaymentView<'a> {
    merchant_uid: &'a str,
    imp_uid: Option<&'a str>,
    customer_uid: Option<&'a str>,
    customer_id: &'a str,
    name: &'a str,
    /// `paid` means that the PSP says paid, `failed` that it says failed; anything else is still open.
    status: &'static str,
    state: &'static str,
    amount: Option<Box<RawValue>>,
    cancel_amount: Option<Box<RawValue>>,
    currency: &'a str,
    paid_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    fail_reason: Option<&'a str>,
    pay_method: Option<&'a str>,
    pg_provider: Option<&'a str>,
    pg_tid: Option<&'a str>,
    apply_num: Option<&'a str>,
    card_code: Option<&'a str>,
    card_name: Option<&'a str>,
    card_number: Option<&'a str>,
    card_quota: Option<u32>,
    receipt_url: Option<&'a str>,
    custom_data: Option<&'a str>,
    /// Its cash receipt, once one was asked for or found.
    #[serde(skip_serializing_if = "Option::is_none")]
    cash_receipt: Option<receipt::ReceiptView<'a>>,
    /// What was given back of it, or was to be, in the order in which it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<refund::RefundFields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_status: Option<&'static str>,
    /// Until when a checkout is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_num: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_holder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vbank_issued_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// How long a period is: its unit, and how many of it.
fn length(interval: Option<Interval>) -> (Option<&'static str>, Option<u16>) {
    interval.map(|interval| (interval.unit().name(), interval.count())).unzip()
}

fn exact(money: Money) -> Option<Box<RawValue>> {
    RawValue::from_string(money.decimal()).ok()
}

/// An amount that may be below zero.
fn signed(minor: i64, currency: Currency) -> Option<Box<RawValue>> {
    let sign = if minor < 0 { "-" } else { "" };
    RawValue::from_string(format!("{sign}{}", Money::new(minor.unsigned_abs(), currency).decimal())).ok()
}

/// The one word that a storefront acts on.
fn status(row: &Payment) -> &'static str {
    match row.told_state() {
        State::Paid | State::PartiallyRefunded => "paid",
        State::Refunded => "cancelled",
        State::Failed => "failed",
        State::Revoked => "revoked",
        State::Scheduled => "scheduled",
        // A virtual account waits for its deposit.
        State::Awaiting if row.record.is_some() => "ready",
        State::Expired => "expired",
        State::Awaiting | State::Intent | State::Claimed | State::Unknown | State::Suspect => "pending",
    }
}

fn schedule_status(row: &Payment) -> &'static str {
    match (row.told_state(), row.schedule.as_ref().map(|schedule| schedule.schedule_status)) {
        (State::Revoked, _) | (_, Some(ScheduleStatus::Revoked)) => "revoked",
        (State::Paid | State::PartiallyRefunded | State::Refunded, _) | (_, Some(ScheduleStatus::Executed)) => {
            "executed"
        }
        (State::Failed, _) if row.record.is_some() => "executed",
        (State::Scheduled, _) => "scheduled",
        (State::Failed, _) => "refused",
        (State::Intent | State::Claimed | State::Unknown | State::Suspect | State::Awaiting | State::Expired, _) => {
            "pending"
        }
    }
}

fn fail_reason(row: &Payment) -> Option<&str> {
    if row.told_state() != State::Failed {
        return None;
    }
    let recorded = row.record.as_ref().and_then(|record| record.fail_reason.as_deref());
    let scheduled = row.schedule.as_ref().and_then(|schedule| schedule.fail_reason.as_deref());
    recorded.or(scheduled).or_else(|| row.refusal.as_ref().map(|refusal| refusal.message.as_str()))
}

/// A payment's public form.
#[must_use]
pub fn payment(row: &Payment) -> impl Serialize + use<'_> {
    payment_view(row)
}

fn payment_view(row: &Payment) -> PaymentView<'_> {
    let order = &row.order;
    let record = row.record.as_ref();
    let details = record.map(|record| &record.details);
    let scheduled = row.schedule_at();
    PaymentView {
        merchant_uid: order.merchant_uid.as_str(),
        imp_uid: row.imp_uid().map(billing::ImpUid::as_str),
        customer_uid: order.customer_uid.as_ref().map(CustomerUid::as_str),
        customer_id: row.customer_id.as_str(),
        name: &order.name,
        status: status(row),
        state: row.told_state().name(),
        amount: exact(order.amount),
        cancel_amount: exact(Money::new(record.map_or(0, |record| record.cancel_amount), order.amount.currency)),
        currency: order.amount.currency.code(),
        paid_at: record.and_then(|record| record.paid_at),
        failed_at: record.filter(|record| record.status == PspStatus::Failed).and_then(|record| record.failed_at),
        cancelled_at: record.and_then(|record| record.cancelled_at),
        // Why a check failed is told to nobody through the API, as when a card is refused at its issue.
        fail_reason: fail_reason(row).filter(|_| !row.checks_a_card()),
        pay_method: details.and_then(|details| details.pay_method.as_deref()),
        pg_provider: details.and_then(|details| details.pg_provider.as_deref()),
        pg_tid: details.and_then(|details| details.pg_tid.as_deref()),
        apply_num: details.and_then(|details| details.apply_num.as_deref()),
        card_code: details.and_then(|details| details.card_code.as_deref()),
        card_name: details.and_then(|details| details.card_name.as_deref()),
        card_number: details.and_then(|details| details.card_number.as_deref()),
        card_quota: details.and_then(|details| details.card_quota),
        receipt_url: details.and_then(|details| details.receipt_url.as_deref()),
        custom_data: order.details.custom_data.as_deref(),
        cash_receipt: receipt::view(row),
        refunds: refund::fields(row),
        schedule_at: scheduled,
        schedule_status: scheduled.map(|_| schedule_status(row)),
        open_until: row.open_until(),
        vbank_code: details.and_then(|details| details.vbank_code.as_deref()),
        vbank_name: details.and_then(|details| details.vbank_name.as_deref()),
        vbank_num: details.and_then(|details| details.vbank_num.as_deref()),
        vbank_holder: details.and_then(|details| details.vbank_holder.as_deref()),
        vbank_date: details.and_then(|details| details.vbank_date),
        vbank_issued_at: details.and_then(|details| details.vbank_issued_at),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Something that was accepted and may still not be what the gateway wants.
#[derive(Debug, Serialize)]
struct WarningView {
    code: &'static str,
    detail: &'static str,
}

fn warning_views(warnings: &[Warning]) -> Vec<WarningView> {
    warnings.iter().map(|warning| WarningView { code: warning.code(), detail: warning.detail() }).collect()
}

/// A payment as the request for it is answered.
#[derive(Debug, Serialize)]
struct RequestedPaymentView<'a> {
    #[serde(flatten)]
    payment: PaymentView<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
}

fn requested<'a>(row: &'a Payment, warnings: &[Warning]) -> RequestedPaymentView<'a> {
    RequestedPaymentView { payment: payment_view(row), warnings: warning_views(warnings) }
}

/// The answer to `POST /charges`: 200 paid, 402 declined, 502 if the PSP refused our request rather than the card, 202 for
/// everything that is not known yet.
///
/// # Errors
/// `card_declined` and `request_refused`, with the PSP's reason; `billing_key_inactive`.
pub fn charged(row: &Payment, warnings: &[Warning]) -> Result<Reply, Problem> {
    match row.state {
        State::Paid | State::PartiallyRefunded | State::Refunded => Ok(Reply::json(200, &requested(row, warnings))),
        State::Failed => Err(declined(row)),
        State::Intent
        | State::Claimed
        | State::Unknown
        | State::Scheduled
        | State::Revoked
        | State::Suspect
        | State::Awaiting
        | State::Expired => Ok(pending(&requested(row, warnings), &format!("/charges/{}", row.merchant_uid()))),
    }
}

fn declined(row: &Payment) -> Problem {
    let declined =
        || Problem::new(402, "card_declined", "The card was declined. A new attempt needs a new merchant_uid.");
    Problem::refused(row.refused_by(), declined)
        .with("merchant_uid", &row.merchant_uid().as_str())
        .with("imp_uid", &row.imp_uid().map(billing::ImpUid::as_str))
        .with("fail_reason", &fail_reason(row))
}

/// "Not known yet", with the place where it will be known.
pub fn pending(body: &impl Serialize, location: &str) -> Reply {
    Reply::json(202, body).header("location", location).header("retry-after", "10")
}

/// A billing key, with its card masked.
#[derive(Debug, Serialize)]
struct KeyView<'a> {
    customer_uid: &'a str,
    customer_id: &'a str,
    status: &'static str,
    pg_provider: Option<&'a str>,
    pg_id: Option<&'a str>,
    card_name: Option<&'a str>,
    card_code: Option<&'a str>,
    card_number: Option<&'a str>,
    card_type: Option<&'a str>,
    inserted: Option<Timestamp>,
    updated: Option<Timestamp>,
    /// In won, by how much its card is checked, or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    checking_amount: Option<u64>,
    /// The order number of that payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    checking_merchant_uid: Option<String>,
    /// Why the PSP does not delete a key that is being deleted, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_refused: Option<&'a str>,
    created_at: Timestamp,
}

/// Where a billing key is read. Its name may be of any kind, so it is encoded as one segment.
#[must_use]
pub fn billing_key_path(customer_uid: &CustomerUid) -> String {
    format!("/billing-keys/{}", super::form::segment(customer_uid.as_str()))
}

/// A billing key whose deletion is asked for.
#[derive(Debug, Serialize)]
struct DeletedKeyView<'a> {
    #[serde(flatten)]
    key: KeyView<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
}

/// The answer to a deletion that is carried to its end and not confirmed yet.
#[must_use]
pub fn deleting(row: &BillingKey) -> Reply {
    let view = DeletedKeyView { key: key_view(row), warnings: warning_views(&deletion_warnings(row)) };
    pending(&view, &billing_key_path(&row.customer_uid))
}

/// A billing key's public form.
#[must_use]
pub fn billing_key(row: &BillingKey) -> impl Serialize + use<'_> {
    key_view(row)
}

fn key_view(row: &BillingKey) -> KeyView<'_> {
    // Of a card that was refused nothing is told, not even whose it is: whoever tries stolen cards would learn from it.
    let record = row.record.as_ref().filter(|_| row.state != KeyState::Abandoned);
    KeyView {
        customer_uid: row.customer_uid.as_str(),
        customer_id: row.customer_id.as_str(),
        status: row.state.name(),
        pg_provider: record.and_then(|record| record.pg_provider.as_deref()),
        pg_id: record.and_then(|record| record.pg_id.as_deref()),
        card_name: record.and_then(|record| record.card_name.as_deref()),
        card_code: record.and_then(|record| record.card_code.as_deref()),
        card_number: record.and_then(|record| record.card_number.as_deref()),
        card_type: record.and_then(|record| record.card_type.as_deref()),
        inserted: record.and_then(|record| record.inserted),
        updated: record.and_then(|record| record.updated),
        checking_amount: row.checking.as_ref().map(|check| check.amount),
        checking_merchant_uid: row.check_number().map(|uid| uid.to_string()),
        deletion_refused: row
            .refusal
            .as_ref()
            .filter(|_| row.state == KeyState::Deleting)
            .map(|refusal| refusal.message.as_str()),
        created_at: row.created_at,
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
struct PageView<T> {
    list: Vec<T>,
    next: Option<String>,
}

/// A page's public form.
#[must_use]
pub fn page<T: Serialize>(list: Vec<T>, next: Option<String>) -> impl Serialize {
    PageView { list, next }
}

#[cfg(test)]
mod tests;
