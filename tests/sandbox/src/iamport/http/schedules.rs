//! `/subscribe/payments/schedule` and its relatives.

use axum::Extension;
use axum::extract::Path;
use serde_json::Value;

use super::envelope::{self, Answer};
use super::fields::{Fields, missing};
use super::keys::{PAGE_ROWS, key_order, page_number, paged};
use super::{Input, wire};
use crate::iamport::state::{Desk, ListShape};
use ledger::{Page, Refusal, Schedule, ScheduleFilter, ScheduleOrder, ScheduleStatus};

/// V1: the longest window of a list, three months.
const WINDOW_SECONDS_MAX: i64 = 92 * 86_400;
/// V1: rows per page where the caller can choose.
pub(super) const LIMIT_MAX: i64 = 1000;

pub(super) async fn register(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let fields = input.body();
    let customer_uid = fields.required("customer_uid", 80)?;
    let checking_amount = fields.amount("checking_amount", "KRW")?.unwrap_or(0);
    let entries: Vec<ScheduleOrder> = fields.objects("schedules").into_iter().map(entry).collect::<Result<_, _>>()?;
    let has_card = fields.text("card_number", 32)?.is_some();
    let rows = sim.command(|ledger, now| {
        // A known key is used as it is; the card is read only where it is needed.
        let needed = has_card && ledger.key(&customer_uid).is_err();
        let card = needed.then(|| key_order(ledger, fields, &customer_uid, now)).transpose()?;
        ledger.register(now, &customer_uid, card, checking_amount, entries)
    })?;
    Ok(envelope::ok(rows.iter().map(wire::schedule).collect()))
}

fn entry(fields: Fields<'_>) -> Result<ScheduleOrder, Refusal> {
    let schedule_at = fields.integer("schedule_at")?.ok_or_else(|| missing("schedule_at"))?;
    Ok(ScheduleOrder { order: fields.order(Some("정기결제"))?, schedule_at })
}

pub(super) async fn unschedule(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let fields = input.body();
    let customer_uid = fields.text("customer_uid", 80)?;
    let merchant_uids = fields.list("merchant_uid");
    let rows = sim.command(|ledger, now| ledger.unschedule(now, customer_uid.as_deref(), &merchant_uids))?;
    Ok(envelope::ok(rows.iter().map(wire::schedule).collect()))
}

pub(super) async fn one(sim: Desk, Path(merchant_uid): Path<String>) -> Answer {
    Ok(envelope::ok(wire::schedule(sim.ledger.lock().schedule(&merchant_uid)?)))
}

fn schedule_at(fields: Fields<'_>) -> Result<i64, Refusal> {
    fields.integer("schedule_at")?.ok_or_else(|| Refusal::invalid(missing("schedule_at").message))
}

pub(super) async fn update(sim: Desk, Path(merchant_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let at = schedule_at(input.body())?;
    Ok(envelope::ok(wire::schedule(&sim.command(|ledger, now| ledger.move_schedule(now, &merchant_uid, at))?)))
}

pub(super) async fn reschedule(
    sim: Desk,
    Path(merchant_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    let at = schedule_at(input.body())?;
    Ok(envelope::ok(wire::schedule(&sim.command(|ledger, now| ledger.reschedule(now, &merchant_uid, at))?)))
}

pub(super) async fn retry(sim: Desk, Path(merchant_uid): Path<String>) -> Answer {
    Ok(envelope::ok(wire::payment(&sim.command(|ledger, now| ledger.retry(now, &merchant_uid))?)))
}

pub(super) async fn list(sim: Desk, Extension(input): Extension<Input>) -> Answer {
    let query = input.query();
    let (from, to) = window(query, "schedule_from", "schedule_to")?;
    let status = status(query, "schedule_status")?;
    let number = page_number(query)?;
    let limit = limit(query, LIMIT_MAX)?;
    // The schema's only word for the order is that of the earliest first.
    let oldest_first = match query.text("sorting", 32)?.as_deref() {
        None => false,
        Some("scheduled") => true,
        Some(_) => return Err(Refusal::invalid("sorting 이 올바르지 않습니다").into()),
    };
    let ledger = sim.ledger.lock();
    let mut rows = ledger.find_schedules(ScheduleFilter { customer_uid: None, from, to, status });
    if oldest_first {
        rows.reverse();
    }
    listed(&sim, rows, number, limit)
}

/// A list in the shape of the schema or in that of the client libraries.
fn listed(sim: &Desk, rows: Vec<&Schedule>, number: usize, limit: usize) -> Answer {
    match sim.face.lock().schedule_list_shape {
        ListShape::Paged => paged(rows, number, limit, wire::schedule),
        ListShape::Array => {
            let rows: Vec<&Schedule> = Page::cut(rows, number, limit).map(|page| page.list).unwrap_or_default();
            Ok(envelope::ok(rows.into_iter().map(wire::schedule).collect::<Value>()))
        }
    }
}

pub(super) async fn of_customer(
    sim: Desk,
    Path(customer_uid): Path<String>,
    Extension(input): Extension<Input>,
) -> Answer {
    let query = input.query();
    let (from, to) = window(query, "from", "to")?;
    // Spelt with a hyphen here, and only here.
    let status = status(query, "schedule-status")?;
    let number = page_number(query)?;
    let ledger = sim.ledger.lock();
    let rows = ledger.find_schedules(ScheduleFilter { customer_uid: Some(&customer_uid), from, to, status });
    if rows.is_empty() {
        ledger.key(&customer_uid)?;
    }
    listed(&sim, rows, number, PAGE_ROWS)
}

fn window(query: Fields<'_>, from: &str, to: &str) -> Result<(i64, i64), Refusal> {
    let required = |name| query.integer(name)?.ok_or_else(|| Refusal::invalid(missing(name).message));
    let (from, to) = (required(from)?, required(to)?);
    if from > to || to.saturating_sub(from) > WINDOW_SECONDS_MAX {
        return Err(Refusal::invalid("조회 기간은 3개월 이내여야 합니다"));
    }
    Ok((from, to))
}

fn status(query: Fields<'_>, name: &str) -> Result<Option<ScheduleStatus>, Refusal> {
    Ok(match query.text(name, 16)?.as_deref() {
        None => None,
        Some("scheduled") => Some(ScheduleStatus::Scheduled),
        Some("executed") => Some(ScheduleStatus::Executed),
        Some("revoked") => Some(ScheduleStatus::Revoked),
        Some(_) => return Err(Refusal::invalid("예약 상태값이 올바르지 않습니다")),
    })
}

pub(super) fn limit(query: Fields<'_>, max: i64) -> Result<usize, Refusal> {
    let limit = query
        .integer("limit")?
        .map_or(Ok(PAGE_ROWS), |limit| usize::try_from(limit).ok().filter(|_| (1..=max).contains(&limit)).ok_or(()));
    limit.map_err(|()| Refusal::invalid(format!("limit 은 1 이상 {max} 이하입니다")))
}
