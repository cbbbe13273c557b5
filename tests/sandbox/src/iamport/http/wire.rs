//! V1's shapes of the rows. Every field of the documents is there; what does not apply is null, or 0 for times.

use serde_json::{Map, Value, json};

use crate::iamport::money;
use ledger::{BillingKey, Page, Payment, Prepared, Schedule, Setting};

pub(in crate::iamport) fn payment(row: &Payment) -> Value {
    let mut fields = payment_facts(row);
    fields.extend(instrument(row));
    fields.extend(outcome(row));
    Value::Object(fields)
}

fn payment_facts(row: &Payment) -> Map<String, Value> {
    let browser = row.browser.as_ref();
    let channel = browser.map_or("api", |browser| if browser.mobile { "mobile" } else { "pc" });
    object(json!({
        "imp_uid": row.imp_uid,
        "merchant_uid": row.merchant_uid,
        "channel": channel,
        "pg_provider": row.channel.pg_provider,
        "emb_pg_provider": browser.and_then(|browser| browser.emb_pg_provider.as_ref()),
        "pg_tid": row.pg_tid,
        "pg_id": row.channel.pg_id,
        "sandbox": row.sandbox,
        "escrow": browser.is_some_and(|browser| browser.escrow),
        "name": row.name,
        "amount": money::write(row.amount, &row.currency),
        "currency": row.currency,
        "buyer_name": row.buyer.name,
        "buyer_email": row.buyer.email,
        "buyer_tel": row.buyer.tel,
        "buyer_addr": row.buyer.addr,
        "buyer_postcode": row.buyer.postcode,
        "custom_data": row.custom_data,
        "user_agent": browser.map_or(Some("api"), |browser| browser.user_agent.as_deref()),
        "customer_uid": row.customer_uid,
        "customer_uid_usage": row.usage.map(|usage| usage.as_str()),
        "promotion": null,
    }))
}

fn instrument(row: &Payment) -> Map<String, Value> {
    let card = row.card.as_ref();
    let vbank = row.vbank.as_ref();
    let pay_method = row.recorded_method();
    let pg = row.channel.pg_provider.as_str();
    // `pg/v1/nice-v2/payment-caution.mdx`: a voucher's approval has no number.
    let apply_num = row.apply_num.as_ref().filter(|_| (pg, pay_method) != ("nice_v2", "cultureland"));
    // The schema's `vbank_holder`: this gateway does not say who holds the account.
    let holder = vbank.map(|vbank| &vbank.holder).filter(|_| pg != "tosspayments");
    // The account that a transfer was made from.
    let transfer = pay_method == "trans" && row.paid_at != 0;
    object(json!({
        "pay_method": pay_method,
        "apply_num": apply_num,
        "bank_code": transfer.then_some("004"),
        "bank_name": transfer.then_some("KB국민은행"),
        "card_code": card.map(|card| &card.code),
        "card_name": card.map(|card| &card.name),
        "card_issuer_code": card.map(|card| &card.code),
        "card_issuer_name": card.map(|card| &card.name),
        "card_publisher_code": card.map(|card| &card.code),
        "card_publisher_name": card.map(|card| &card.name),
        "card_quota": row.card_quota,
        "card_number": card.map(|card| &card.masked),
        "card_type": card.map(|_| 0),
        "vbank_code": vbank.map(|vbank| vbank.bank.as_deref().unwrap_or("088")),
        "vbank_name": vbank.map(|vbank| vbank.bank.as_deref().map_or("신한은행", bank_name)),
        "vbank_num": vbank.map(|vbank| &vbank.number),
        "vbank_holder": holder,
        "vbank_date": vbank.map_or(0, |vbank| vbank.due_at),
        "vbank_issued_at": vbank.map_or(0, |vbank| vbank.issued_at),
    }))
}

/// Names of the banks that the sandbox knows.
fn bank_name(code: &str) -> &'static str {
    match code {
        "004" => "KB국민은행",
        "011" => "NH농협은행",
        "020" => "우리은행",
        "081" => "하나은행",
        "088" => "신한은행",
        _ => "은행",
    }
}

fn outcome(row: &Payment) -> Map<String, Value> {
    let receipt = |number: &str| format!("https://receipt.invalid/{number}");
    let cancellations = row.cancel_history.iter().map(|entry| {
        json!({
            "pg_tid": entry.pg_tid,
            "amount": money::write(entry.amount, &row.currency),
            "cancelled_at": entry.cancelled_at,
            "reason": entry.reason,
            "receipt_url": receipt(&entry.cancellation_id),
            "cancellation_id": entry.cancellation_id,
        })
    });
    object(json!({
        "status": row.status.as_str(),
        "started_at": row.started_at,
        "paid_at": row.paid_at,
        "failed_at": row.failed_at,
        "cancelled_at": row.cancelled_at,
        "fail_reason": row.fail_reason,
        "cancel_amount": money::write(row.cancel_amount, &row.currency),
        "cancel_reason": row.cancel_reason,
        "cancel_history": cancellations.collect::<Vec<Value>>(),
        "cancel_receipt_urls":
            row.cancel_history.iter().map(|entry| receipt(&entry.cancellation_id)).collect::<Vec<String>>(),
        "deposit_history": [],
        "receipt_url": (row.paid_at != 0).then(|| receipt(&row.imp_uid)),
        "cash_receipt_issued": row.cash_receipt_issued,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

pub(in crate::iamport) fn key(row: &BillingKey) -> Value {
    let card = Some(&row.card).filter(|card| !card.masked.is_empty());
    json!({
        "customer_uid": row.customer_uid,
        "pg_provider": row.channel.pg_provider,
        "pg_id": row.channel.pg_id,
        "sandbox": row.sandbox,
        "customer_id": row.customer_id,
        // Of what pays with this gateway nothing is known (`pg/v1/rt/warning.mdx`).
        "card_name": (row.channel.pg_provider != "paypal_v2").then_some(&row.card.name),
        "card_code": card.map(|card| &card.code),
        "card_issuer_code": card.map(|card| &card.code),
        "card_issuer_name": card.map(|card| &card.name),
        "card_publisher_code": card.map(|card| &card.code),
        "card_publisher_name": card.map(|card| &card.name),
        "card_number": card.map(|card| &card.masked),
        "card_type": card.map(|_| 0),
        "customer_name": row.customer.name,
        "customer_tel": row.customer.tel,
        "customer_email": row.customer.email,
        "customer_addr": row.customer.addr,
        "customer_postcode": row.customer.postcode,
        "inserted": row.inserted,
        "updated": row.updated,
    })
}

pub(in crate::iamport) fn schedule(row: &Schedule) -> Value {
    json!({
        "customer_uid": row.customer_uid,
        "merchant_uid": row.order.merchant_uid,
        "imp_uid": row.imp_uid,
        "pg_provider": row.channel.pg_provider,
        "pg_id": row.channel.pg_id,
        "customer_id": row.customer_id,
        "schedule_at": row.schedule_at,
        "executed_at": row.executed_at,
        "revoked_at": row.revoked_at,
        "amount": money::write(row.order.amount, &row.order.currency),
        "currency": row.order.currency,
        "name": row.order.name,
        "buyer_name": row.order.buyer.name,
        "buyer_email": row.order.buyer.email,
        "buyer_tel": row.order.buyer.tel,
        "buyer_addr": row.order.buyer.addr,
        "buyer_postcode": row.order.buyer.postcode,
        "custom_data": row.order.custom_data,
        "schedule_status": row.status.as_str(),
        "payment_status": row.payment_status.map(|status| status.as_str()),
        "fail_reason": row.fail_reason,
        "promotion_id": null,
    })
}

pub(super) fn prepared(row: &Prepared) -> Value {
    json!({
        "merchant_uid": row.merchant_uid,
        "amount": money::write(row.amount, &row.currency),
        "currency": row.currency,
    })
}

/// One of the shop's channels.
pub(in crate::iamport) fn channel(row: &Setting) -> Value {
    json!({
        "pg_provider": row.pg_provider,
        "pg_id": row.pg_id,
        "sandbox": row.sandbox,
        "type": row.kind,
        "channel_name": row.channel_name,
        "channel_key": row.channel_key,
    })
}

pub(super) fn page<T>(page: Page<T>, shape: impl Fn(T) -> Value) -> Value {
    json!({
        "total": page.total,
        "previous": page.previous,
        "next": page.next,
        "list": page.list.into_iter().map(shape).collect::<Vec<Value>>(),
    })
}
