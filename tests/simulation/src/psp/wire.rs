//! The ledger's rows as the domain's snapshots.

use billing::key::KeySnapshot;
use billing::order::ProductType;
use billing::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use billing::payment::snapshot::{CancelEntry, RecordDetails};
use billing::payment::{PaymentSnapshot, PspStatus, ScheduleSnapshot, ScheduleStatus};
use billing::{Currency, ImpUid, Money, Timestamp};

/// Times are absent where the PSP writes 0.
const fn at(seconds: i64) -> Option<Timestamp> {
    if seconds == 0 { None } else { Some(Timestamp(seconds)) }
}

const fn status(status: ledger::PaymentStatus) -> PspStatus {
    match status {
        ledger::PaymentStatus::Ready => PspStatus::Ready,
        ledger::PaymentStatus::Paid => PspStatus::Paid,
        ledger::PaymentStatus::Cancelled => PspStatus::Cancelled,
        ledger::PaymentStatus::Failed => PspStatus::Failed,
    }
}

/// A payment as the gateway lets it be seen.
pub(super) fn shown(books: &ledger::Ledger, row: &ledger::Payment) -> Option<PaymentSnapshot> {
    payment(&books.shown(row))
}

pub(super) fn payment(row: &ledger::Payment) -> Option<PaymentSnapshot> {
    let currency: Currency = row.currency.parse().ok()?;
    let entry = |cancellation: &ledger::Cancellation| CancelEntry {
        amount: cancellation.amount,
        cancelled_at: at(cancellation.cancelled_at),
        reason: Some(cancellation.reason.clone()).filter(|reason| !reason.is_empty()),
        pg_tid: Some(cancellation.pg_tid.clone()),
        receipt_url: None,
    };
    Some(PaymentSnapshot {
        imp_uid: ImpUid::parse(&row.imp_uid).ok()?,
        merchant_uid: row.merchant_uid.clone(),
        status: status(row.status),
        amount: Money::new(row.amount, currency),
        cancel_amount: row.cancel_amount,
        customer_uid: row.customer_uid.clone(),
        sandbox: row.sandbox,
        paid_at: at(row.paid_at),
        failed_at: at(row.failed_at),
        cancelled_at: at(row.cancelled_at),
        fail_reason: row.fail_reason.clone(),
        cancel_history: row.cancel_history.iter().map(entry).collect(),
        details: details(row),
    })
}

fn details(row: &ledger::Payment) -> RecordDetails {
    let vbank = row.vbank.as_ref();
    RecordDetails {
        pg_tid: Some(row.pg_tid.clone()),
        pg_provider: Some(row.channel.pg_provider.clone()),
        pay_method: Some(row.pay_method().to_owned()),
        cash_receipt_issued: Some(row.cash_receipt_issued),
        customer_uid_usage: row.usage.map(|usage| usage.as_str().to_owned()),
        vbank_num: vbank.map(|vbank| vbank.number.clone()),
        vbank_date: vbank.and_then(|vbank| at(vbank.due_at)),
        vbank_issued_at: vbank.and_then(|vbank| at(vbank.issued_at)),
        ..RecordDetails::default()
    }
}

/// A cash receipt.
pub(super) fn receipt(row: &ledger::Receipt) -> Option<ReceiptSnapshot> {
    Some(ReceiptSnapshot {
        imp_uid: ImpUid::parse(&row.imp_uid).ok()?,
        amount: row.amount,
        vat: Some(row.vat),
        apply_num: Some(row.apply_num.clone()),
        receipt_tid: Some(row.receipt_tid.clone()),
        receipt_url: None,
        applied_at: at(row.applied_at),
        cancelled_at: at(row.cancelled_at),
    })
}

/// The request for one, as the PSP is sent it.
pub(super) fn receipt_order(order: &ReceiptOrder) -> ledger::ReceiptOrder {
    let said = ledger::Said::nothing()
        .with("identifier_type", order.wish.identifier_type.name())
        .with("buyer_name", order.buyer_name.as_deref().unwrap_or_default())
        .with("buyer_tel", order.buyer_tel.as_deref().unwrap_or_default());
    ledger::ReceiptOrder {
        imp_uid: order.imp_uid.to_string(),
        identifier: order.wish.identifier.expose().to_owned(),
        kind: Some(order.wish.purpose.name().to_owned()),
        tax_free: order.parts.tax_free,
        vat_amount: order.parts.vat_amount,
        said,
    }
}

pub(super) fn schedule(row: &ledger::Schedule) -> Option<ScheduleSnapshot> {
    let currency: Currency = row.order.currency.parse().ok()?;
    Some(ScheduleSnapshot {
        merchant_uid: row.order.merchant_uid.clone(),
        customer_uid: row.customer_uid.clone(),
        imp_uid: row.imp_uid.as_deref().and_then(|uid| ImpUid::parse(uid).ok()),
        schedule_status: match row.status {
            ledger::ScheduleStatus::Scheduled => ScheduleStatus::Scheduled,
            ledger::ScheduleStatus::Executed => ScheduleStatus::Executed,
            ledger::ScheduleStatus::Revoked => ScheduleStatus::Revoked,
        },
        payment_status: row.payment_status.map(status),
        schedule_at: Timestamp(row.schedule_at),
        executed_at: at(row.executed_at),
        revoked_at: at(row.revoked_at),
        amount: Money::new(row.order.amount, currency),
        fail_reason: row.fail_reason.clone(),
    })
}

pub(super) fn key(row: &ledger::BillingKey) -> KeySnapshot {
    KeySnapshot {
        customer_uid: row.customer_uid.clone(),
        sandbox: row.sandbox,
        pg_provider: Some(row.channel.pg_provider.clone()),
        pg_id: Some(row.channel.pg_id.clone()),
        card_name: Some(row.card.name.clone()),
        card_code: Some(row.card.code.clone()),
        card_number: Some(row.card.masked.clone()),
        card_type: None,
        inserted: at(row.inserted),
        updated: at(row.updated),
    }
}

/// An amount as it is registered for the window.
pub(super) fn prepared(order: &billing::order::Order) -> ledger::Prepared {
    ledger::Prepared {
        merchant_uid: order.merchant_uid.to_string(),
        amount: order.amount.minor,
        currency: order.amount.currency.code().to_owned(),
    }
}

/// An amount as it was registered for the window.
pub(super) fn amount(row: &ledger::Prepared) -> Option<Money> {
    Some(Money::new(row.amount, row.currency.parse().ok()?))
}

/// The order as the PSP is sent it.
pub(crate) fn order(order: &billing::order::Order) -> ledger::Order {
    ledger::Order {
        currency: order.amount.currency.code().to_owned(),
        buyer: ledger::Person {
            name: order.details.buyer_name.clone(),
            email: order.details.buyer_email.clone(),
            tel: order.details.buyer_tel.clone(),
            ..ledger::Person::default()
        },
        card_quota: order.details.card_quota.unwrap_or(0),
        tax: ledger::TaxParts { free: order.details.tax_free.unwrap_or(0), vat: order.details.vat_amount },
        more: ledger::Said::nothing().with("product_type", order.details.product_type.map_or("", ProductType::name)),
        ..ledger::Order::krw(order.merchant_uid.as_str(), order.amount.minor, &order.name)
    }
}
