//! `/payments`: lookups, registered amounts, refunds.

use std::collections::BTreeSet;

use axum::Extension;
use axum::extract::Path;
use serde_json::Value;

use super::envelope::{self, Answer};
use super::fields::{Fields, missing};
use super::keys::{page_number, paged, partial};
use super::schedules::{LIMIT_MAX, limit};
use super::{Input, wire};
use crate::iamport::state::Desk;
use ledger::{
    AccountChange, AccountOrder, CancelOrder, Ledger, Page, PaymentSort, PaymentStatus, Prepared, Refusal, Said,
};

/// V1: the longest window of the list by status.
const WINDOW_SECONDS_MAX: i64 = 90 * 86_400;

pub(super) async fn one(sim: Desk, Path(imp_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let include_sandbox = input.query().flag("include_sandbox");
    let ledger = sim.ledger.lock();
    Ok(envelope::ok(wire::payment(&ledger.shown(ledger.payment(&imp_uid, include_sandbox)?))))
}

pub(super) async fn many(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let query = input.query();
    let imp_uids: BTreeSet<String> = query.list("imp_uid").into_iter().collect();
    let merchant_uids: BTreeSet<String> = query.list("merchant_uid").into_iter().collect();
    let ledger = sim.ledger.lock();
    let by_imp_uid = imp_uids.iter().filter_map(|uid| ledger.payment(uid, true).ok());
    let by_merchant_uid = merchant_uids
        .iter()
        .filter_map(|uid| ledger.find_all(uid, None, PaymentSort::StartedDescending).first().copied());
    let found: Vec<Value> = by_imp_uid.chain(by_merchant_uid).map(|row| wire::payment(&ledger.shown(row))).collect();
    partial(imp_uids.len() + merchant_uids.len(), found, "imp_uid")
}

pub(super) async fn find(sim: Desk, Path(merchant_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    first(&sim, &merchant_uid, None, input.query())
}

pub(super) async fn find_with_status(
    sim: Desk,
    Path((merchant_uid, word)): Path<(String, String)>,
    Extension(input): Extension<Input>,
) -> Answer {
    first(&sim, &merchant_uid, status(&word)?, input.query())
}

fn first(sim: &Desk, merchant_uid: &str, status: Option<PaymentStatus>, query: Fields<'_>) -> Answer {
    let sort = sorting(query)?;
    let ledger = sim.ledger.lock();
    let rows = ledger.find_all(merchant_uid, status, sort);
    let row = rows.first().ok_or_else(|| Refusal::not_found("존재하지 않는 결제정보입니다"))?;
    Ok(envelope::ok(wire::payment(&ledger.shown(row))))
}

pub(super) async fn find_all(
    sim: Desk,
    Path(merchant_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    all(&sim, &merchant_uid, None, input.query())
}

pub(super) async fn find_all_with_status(
    sim: Desk,
    Path((merchant_uid, word)): Path<(String, String)>,
    Extension(input): Extension<Input>,
) -> Answer {
    all(&sim, &merchant_uid, status(&word)?, input.query())
}

fn all(sim: &Desk, merchant_uid: &str, status: Option<PaymentStatus>, query: Fields<'_>) -> Answer {
    let (sort, number, limit) = (sorting(query)?, page_number(query)?, limit(query, LIMIT_MAX)?);
    let ledger = sim.ledger.lock();
    let rows = ledger.find_all(merchant_uid, status, sort);
    if rows.is_empty() {
        return Err(Refusal::not_found("존재하지 않는 결제정보입니다").into());
    }
    paged(rows, number, limit, |row| wire::payment(&ledger.shown(row)))
}

pub(super) async fn by_status(sim: Desk, Path(word): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let query = input.query();
    let status = status(&word)?;
    let now = sim.clock.now();
    let to = query.integer("to")?.unwrap_or(now);
    let from = query.integer("from")?.unwrap_or(to.saturating_sub(WINDOW_SECONDS_MAX));
    if from > to || to.saturating_sub(from) > WINDOW_SECONDS_MAX {
        return Err(Refusal::invalid("조회 기간은 90일 이내여야 합니다").into());
    }
    let (sort, number, limit) = (sorting(query)?, page_number(query)?, limit(query, LIMIT_MAX)?);
    let ledger = sim.ledger.lock();
    let page = Page::cut(ledger.by_status(status, from, to, sort), number, limit);
    // Here, unlike elsewhere, a page past the end is a bad request.
    let page = page.ok_or_else(|| Refusal::invalid("페이지가 없습니다"))?;
    Ok(envelope::ok(wire::page(page, |row| wire::payment(&ledger.shown(row)))))
}

fn sorting(query: Fields<'_>) -> Result<PaymentSort, Refusal> {
    match query.text("sorting", 32)? {
        None => Ok(PaymentSort::StartedDescending),
        Some(word) => PaymentSort::parse(&word).ok_or_else(|| Refusal::invalid("sorting 이 올바르지 않습니다")),
    }
}

fn status(word: &str) -> Result<Option<PaymentStatus>, Refusal> {
    Ok(match word {
        "all" => None,
        "ready" => Some(PaymentStatus::Ready),
        "paid" => Some(PaymentStatus::Paid),
        "cancelled" => Some(PaymentStatus::Cancelled),
        "failed" => Some(PaymentStatus::Failed),
        _ => return Err(Refusal::invalid("결제 상태값이 올바르지 않습니다")),
    })
}

fn prepared_order(fields: Fields<'_>) -> Result<Prepared, Refusal> {
    let currency = fields.currency()?;
    let amount = fields.amount("amount", &currency)?.ok_or_else(|| missing("amount"))?;
    Ok(Prepared { merchant_uid: fields.required("merchant_uid", 40)?, amount, currency })
}

pub(super) async fn prepare(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let order = prepared_order(input.body())?;
    Ok(envelope::ok(wire::prepared(&sim.command(|ledger, _| ledger.prepare(order))?)))
}

pub(super) async fn change_prepared(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let order = prepared_order(input.body())?;
    Ok(envelope::ok(wire::prepared(&sim.command(|ledger, _| ledger.change_prepared(order))?)))
}

pub(super) async fn prepared(sim: Desk, Path(merchant_uid): Path<String>) -> Answer {
    Ok(envelope::ok(wire::prepared(sim.ledger.lock().prepared(&merchant_uid)?)))
}

pub(super) async fn cancel(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let row = sim.command(|ledger, now| {
        let order = cancel_order(input.body(), |imp_uid, merchant_uid| ledger.currency_of(imp_uid, merchant_uid))?;
        ledger.cancel(now, &order)
    })?;
    Ok(envelope::ok(wire::payment(&sim.ledger.lock().shown(&row))))
}

/// The schema knows no other name for the gateway than its channel's key.
pub(super) async fn issue_account(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let fields = input.body();
    let has_api_key = input.query().text("pg_api_key", 256)?.is_some();
    let row = sim.command(|ledger, now| {
        let account = account_order(ledger, fields, has_api_key)?;
        ledger.issue_account(now, account)
    })?;
    Ok(envelope::ok(wire::payment(&sim.ledger.lock().shown(&row))))
}

fn account_order(ledger: &Ledger, fields: Fields<'_>, has_api_key: bool) -> Result<AccountOrder, Refusal> {
    fields.required("channel_key", 55)?;
    Ok(AccountOrder {
        channel: fields.channel(ledger)?,
        bank: fields.required("vbank_code", 8)?,
        due_at: fields.integer("vbank_due")?.ok_or_else(|| missing("vbank_due"))?,
        holder: fields.text("vbank_holder", 16)?,
        order: fields.order(Some("가상계좌 결제"))?,
        has_api_key,
    })
}

pub(super) async fn change_account(
    sim: Desk,
    Path(imp_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    let fields = input.body();
    let row = sim.command(|ledger, now| {
        let currency = ledger.payment(&imp_uid, true).map_or("KRW", |payment| payment.currency.as_str()).to_owned();
        let (amount, due_at) = (fields.amount("amount", &currency)?, fields.integer("vbank_due")?);
        ledger.change_account(now, &AccountChange { imp_uid, amount, due_at })
    })?;
    Ok(envelope::ok(wire::payment(&sim.ledger.lock().shown(&row))))
}

/// `pg_api_key` is one gateway's own, and part of the query.
pub(super) async fn close_account(
    sim: Desk,
    Path(imp_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    let has_api_key = input.query().text("pg_api_key", 256)?.is_some();
    let row = sim.command(|ledger, now| ledger.close_account(now, &imp_uid, has_api_key))?;
    Ok(envelope::ok(wire::payment(&row)))
}

/// Amounts of a refund are in the currency of the payment they refund.
pub(in crate::iamport) fn cancel_order(
    fields: Fields<'_>,
    currency_of: impl Fn(Option<&str>, Option<&str>) -> String,
) -> Result<CancelOrder, Refusal> {
    let (imp_uid, merchant_uid) = (fields.text("imp_uid", 32)?, fields.text("merchant_uid", 40)?);
    let currency = currency_of(imp_uid.as_deref(), merchant_uid.as_deref());
    let mut has_refund_account = true;
    for name in ["refund_holder", "refund_bank", "refund_account"] {
        has_refund_account &= fields.text(name, 64)?.is_some();
    }
    let mut said = Said::nothing();
    said.add("refund_tel", &fields.text("refund_tel", 64)?.unwrap_or_default());
    said.add("extra.requester", &fields.inner("extra", "requester", 16)?.unwrap_or_default());
    Ok(CancelOrder {
        said,
        amount: fields.amount("amount", &currency)?,
        tax_free: fields.amount("tax_free", &currency)?,
        vat_amount: fields.amount("vat_amount", &currency)?,
        checksum: fields.amount("checksum", &currency)?,
        reason: fields.text("reason", 256)?,
        has_refund_account,
        enable_webhook: fields.flag("enable_webhook"),
        imp_uid,
        merchant_uid,
    })
}
