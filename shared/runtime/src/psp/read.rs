//! Iamport's records as the domain's snapshots. A record whose money cannot be read exactly is no record.

use billing::key::KeySnapshot;
use billing::payment::receipt::ReceiptSnapshot;
use billing::payment::snapshot::{CancelEntry, RecordDetails};
use billing::payment::{PaymentSnapshot, PspStatus, ScheduleSnapshot, ScheduleStatus};
use billing::scrub::scrub;
use billing::{Currency, ImpUid, Money, Timestamp};
use iamport::{Amount, BillingKey, Payment, PaymentStatus, Prepared, ScheduledPayment};

/// Longest text of the PSP's that a row keeps, in characters: an item has 400 KB.
pub(super) const TEXT_MAX: usize = 300;
/// Most refunds of one payment that a row keeps; the sum is kept whatever their number.
const CANCEL_HISTORY_MAX: usize = 50;

pub(super) fn payment(payment: &Payment) -> Option<PaymentSnapshot> {
    let currency: Currency = payment.currency.parse().ok()?;
    let minor = |amount: Amount| amount.to_minor(currency.exponent());
    let entry = |cancellation: &iamport::Cancellation| {
        Some(CancelEntry {
            amount: minor(cancellation.amount)?,
            cancelled_at: cancellation.cancelled_at.map(Timestamp),
            reason: cancellation.reason.as_ref().map(|text| short(text.as_str())),
            pg_tid: cancellation.pg_tid.as_deref().map(short),
            receipt_url: cancellation.receipt_url.as_ref().map(|url| short(url.as_str())),
        })
    };
    Some(PaymentSnapshot {
        imp_uid: ImpUid::parse(&payment.imp_uid).ok()?,
        merchant_uid: cut(&payment.merchant_uid),
        status: status(&payment.status),
        amount: Money::new(minor(payment.amount)?, currency),
        cancel_amount: minor(payment.cancel_amount)?,
        customer_uid: payment.customer_uid.as_deref().map(cut),
        sandbox: payment.sandbox.unwrap_or(false),
        paid_at: payment.paid_at.map(Timestamp),
        failed_at: payment.failed_at.map(Timestamp),
        cancelled_at: payment.cancelled_at.map(Timestamp),
        fail_reason: payment.fail_reason.as_ref().map(|text| short(text.as_str())),
        cancel_history: payment
            .cancel_history
            .iter()
            .take(CANCEL_HISTORY_MAX)
            .map(entry)
            .collect::<Option<Vec<_>>>()?,
        details: RecordDetails {
            pay_method: payment.pay_method.as_deref().map(short),
            pg_provider: payment.pg_provider.as_deref().map(short),
            pg_tid: payment.pg_tid.as_deref().map(short),
            pg_id: payment.pg_id.as_deref().map(short),
            apply_num: payment.apply_num.as_deref().map(short),
            card_code: payment.card_code.as_deref().map(short),
            card_name: payment.card_name.as_deref().map(short),
            card_number: payment.card_number.as_ref().map(|number| number.as_str().to_owned()),
            card_quota: payment.card_quota,
            receipt_url: payment.receipt_url.as_ref().map(|url| short(url.as_str())),
            cash_receipt_issued: payment.cash_receipt_issued,
            customer_uid_usage: payment.customer_uid_usage.as_ref().map(|usage| usage.as_str().to_owned()),
            vbank_code: payment.vbank_code.as_deref().map(short),
            vbank_name: payment.vbank_name.as_deref().map(short),
            vbank_num: payment.vbank_num.as_ref().map(|number| cut(number.as_str())),
            vbank_holder: payment.vbank_holder.as_ref().map(|holder| short(holder.as_str())),
            vbank_date: payment.vbank_date.map(Timestamp),
            vbank_issued_at: payment.vbank_issued_at.map(Timestamp),
        },
    })
}

/// A registered amount. One that names no currency is in the one that was asked for.
pub(super) fn prepared(prepared: &Prepared, asked: Currency) -> Option<Money> {
    let currency = prepared.currency.as_deref().map_or(Ok(asked), str::parse).ok()?;
    Some(Money::new(prepared.amount.to_minor(currency.exponent())?, currency))
}

pub(super) fn schedules(list: &[ScheduledPayment]) -> Option<Vec<ScheduleSnapshot>> {
    list.iter().map(schedule).collect()
}

pub(super) fn schedule(schedule: &ScheduledPayment) -> Option<ScheduleSnapshot> {
    // Schedules from before the field existed are in won (Iamport's default since 2024-02-23).
    let currency: Currency = schedule.currency.as_deref().unwrap_or("KRW").parse().ok()?;
    Some(ScheduleSnapshot {
        merchant_uid: cut(&schedule.merchant_uid),
        customer_uid: cut(&schedule.customer_uid),
        // One that cannot be read must not pass for one that has not run.
        imp_uid: match schedule.imp_uid.as_deref().filter(|uid| !uid.is_empty()) {
            Some(uid) => Some(ImpUid::parse(uid).ok()?),
            None => None,
        },
        schedule_status: match &schedule.schedule_status {
            iamport::ScheduleStatus::Scheduled => ScheduleStatus::Scheduled,
            iamport::ScheduleStatus::Executed => ScheduleStatus::Executed,
            iamport::ScheduleStatus::Revoked => ScheduleStatus::Revoked,
            iamport::ScheduleStatus::Unknown(_) => ScheduleStatus::Unknown,
        },
        payment_status: schedule.payment_status.as_ref().map(status),
        schedule_at: schedule.schedule_at.map(Timestamp)?,
        executed_at: schedule.executed_at.map(Timestamp),
        revoked_at: schedule.revoked_at.map(Timestamp),
        amount: Money::new(schedule.amount.to_minor(currency.exponent())?, currency),
        fail_reason: schedule.fail_reason.as_ref().map(|text| short(text.as_str())),
    })
}

pub(super) fn key(key: &BillingKey) -> KeySnapshot {
    if key.card_number.as_ref().is_some_and(iamport::MaskedCard::was_exposed) {
        tracing::error!(alarm = "card_unmasked", "the PSP answered with more of a card number than a mask may show");
    }
    KeySnapshot {
        customer_uid: cut(&key.customer_uid),
        sandbox: key.sandbox.unwrap_or(false),
        pg_provider: key.pg_provider.as_deref().map(short),
        pg_id: key.pg_id.as_deref().map(short),
        card_name: key.card_name.as_deref().map(short),
        card_code: key.card_code.as_deref().map(short),
        card_number: key.card_number.as_ref().map(|number| billing::scrub::mask_card_number(number.as_str())),
        card_type: key.card_type.as_ref().map(|kind| kind.as_str().to_owned()),
        inserted: key.inserted.map(Timestamp),
        updated: key.updated.map(Timestamp),
    }
}

/// A cash receipt. Its amount is in won, like that of everything that has one.
pub(super) fn receipt(receipt: &iamport::Receipt) -> Option<ReceiptSnapshot> {
    let minor = |amount: Amount| amount.to_minor(Currency::Krw.exponent());
    Some(ReceiptSnapshot {
        imp_uid: ImpUid::parse(&receipt.imp_uid).ok()?,
        amount: minor(receipt.amount)?,
        vat: receipt.vat.and_then(minor),
        apply_num: receipt.apply_num.as_deref().map(short),
        receipt_tid: receipt.receipt_tid.as_deref().map(short),
        receipt_url: receipt.receipt_url.as_ref().map(|url| short(url.as_str())),
        applied_at: receipt.applied_at.map(Timestamp),
        cancelled_at: receipt.cancelled_at.map(Timestamp),
    })
}

fn status(status: &PaymentStatus) -> PspStatus {
    match status {
        PaymentStatus::Ready => PspStatus::Ready,
        PaymentStatus::Paid => PspStatus::Paid,
        PaymentStatus::Cancelled => PspStatus::Cancelled,
        PaymentStatus::Failed => PspStatus::Failed,
        PaymentStatus::Unknown(_) => PspStatus::Unknown,
    }
}

fn short(text: &str) -> String {
    scrub(text, TEXT_MAX)
}

/// Identifiers are compared, so nothing in them may be replaced.
fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}
