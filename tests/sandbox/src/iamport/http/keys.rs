//! `/subscribe/customers`.

use std::collections::BTreeSet;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::envelope::{self, Answer};
use super::fields::{CUSTOMER_ID_MAX, Fields, missing};
use super::{Input, wire};
use crate::iamport::state::{Desk, UnknownKey};
use ledger::{BillingKey, Deletion, KeyOrder, Ledger, Page, Refusal, cards};

/// V1: ids per bulk request.
pub(super) const MANY_MAX: usize = 100;
/// V1: rows per page where the caller cannot choose.
pub(super) const PAGE_ROWS: usize = 20;

/// The card fields, read and masked. `now` decides whether the card has expired.
pub(super) fn card(fields: Fields<'_>, now: i64) -> Result<cards::Card, Refusal> {
    let number = fields.required("card_number", 32)?;
    let expiry = fields.required("expiry", 16)?;
    let digits = |name: &str, lengths: &[usize]| -> Result<(), Refusal> {
        match fields.text(name, 32)? {
            Some(text) if !(lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())) => {
                Err(Refusal::pg("카드 인증 정보가 올바르지 않습니다"))
            }
            Some(_) | None => Ok(()),
        }
    };
    digits("birth", &[6, 10])?;
    digits("pwd_2digit", &[2])?;
    digits("cvc", &[3, 4])?;
    cards::read(&number, &expiry, now)
}

pub(super) fn key_order(
    ledger: &Ledger,
    fields: Fields<'_>,
    customer_uid: &str,
    now: i64,
) -> Result<KeyOrder, Refusal> {
    if customer_uid.chars().count() > 80 {
        return Err(Refusal::rejected("customer_uid 의 길이는 80자 이하여야 합니다"));
    }
    Ok(KeyOrder {
        customer_uid: customer_uid.to_owned(),
        customer_id: fields.text("customer_id", CUSTOMER_ID_MAX)?,
        channel: fields.channel(ledger)?,
        has_channel_key: fields.text("channel_key", 55)?.is_some(),
        card: card(fields, now)?,
        customer: fields.customer()?,
        said: fields.given(&["birth", "pwd_2digit", "cvc"]),
    })
}

pub(super) async fn issue(sim: Desk, Path(customer_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let key = sim.command(|ledger, now| {
        let order = key_order(ledger, input.body(), &customer_uid, now)?;
        ledger.issue_key(now, order)
    })?;
    Ok(envelope::ok(wire::key(&key)))
}

pub(super) async fn one(sim: Desk, Path(customer_uid): Path<String>) -> Answer {
    let found = sim.ledger.lock().key(&customer_uid).cloned();
    let unknown_key = sim.face.lock().unknown_key;
    match found {
        Ok(key) => Ok(envelope::ok(wire::key(&key))),
        Err(refusal) if unknown_key == UnknownKey::Refused => Err(Refusal::rejected(refusal.message).into()),
        Err(refusal) => Err(refusal.into()),
    }
}

pub(super) async fn many(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let uids = input.query().list("customer_uid");
    let asked: BTreeSet<&String> = uids.iter().collect();
    let found: Vec<BillingKey> = {
        let ledger = sim.ledger.lock();
        asked.iter().filter_map(|uid| ledger.key(uid).ok().cloned()).collect()
    };
    partial(asked.len(), found.iter().map(wire::key).collect(), "customer_uid")
}

/// 200 if all were found, 207 if some, 404 if none.
pub(super) fn partial(asked: usize, found: Vec<Value>, name: &str) -> Answer {
    if asked == 0 {
        return Err(Refusal::invalid(missing(name).message).into());
    }
    if asked > MANY_MAX {
        return Err(Refusal::invalid(format!("한 번에 {MANY_MAX}건까지 조회할 수 있습니다")).into());
    }
    if found.is_empty() {
        return Err(Refusal::not_found("존재하지 않습니다").into());
    }
    let status = if found.len() < asked { StatusCode::MULTI_STATUS } else { StatusCode::OK };
    Ok(envelope::reply(status, 0, None, Value::Array(found)))
}

/// Why, and at whose wish, is part of the query.
pub(super) async fn delete(sim: Desk, Path(customer_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let query = input.query();
    let why = Deletion { reason: query.text("reason", 256)?, requester: query.inner("extra", "requester", 16)? };
    let key = sim.command(|ledger, now| ledger.delete_key_for(now, &customer_uid, &why))?;
    Ok(envelope::ok(wire::key(&key)))
}

pub(super) async fn payments(
    sim: Desk,
    Path(customer_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    let number = page_number(input.query())?;
    let ledger = sim.ledger.lock();
    let rows = ledger.payments_of_key(&customer_uid);
    if rows.is_empty() {
        // A key that was deleted keeps its payments; a name that never was has none.
        ledger.key(&customer_uid)?;
    }
    paged(rows, number, PAGE_ROWS, wire::payment)
}

pub(super) fn page_number(query: Fields<'_>) -> Result<usize, Refusal> {
    let number = query.integer("page")?.unwrap_or(1);
    usize::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| Refusal::invalid("page 는 1 이상입니다"))
}

/// One page of rows; past the end there is nothing to be found.
pub(super) fn paged<T>(rows: Vec<&T>, number: usize, limit: usize, shape: impl Fn(&T) -> Value) -> Answer {
    let page = Page::cut(rows, number, limit).ok_or_else(|| Refusal::not_found("페이지가 없습니다"))?;
    let response: Response = envelope::ok(wire::page(page, shape));
    Ok(response)
}
