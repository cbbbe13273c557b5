//! Subscriptions as the storefront and its customers see them.

use std::collections::BTreeMap;

use billing::subscription::{Attempt, Dunning, Interval, NextPlan, Periods, PlanId, Price, Proration, Subscription};
use billing::usecase::{Instalment, SubscriptionView as Seen};
use billing::{Money, Timestamp, payment::Payment};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{exact, fail_reason, pending, status};
use crate::http::Reply;

/// A plan. What may be said of each payment stands beside its price, under Iamport's names.
#[derive(Debug, Serialize)]
struct PlanView<'a> {
    id: &'a str,
    name: &'a str,
    amount: Option<Box<RawValue>>,
    currency: &'a str,
    interval: Option<&'static str>,
    interval_count: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_days: Option<&'a [u16]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    give_up: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct PeriodView {
    number: u32,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct NextChargeView<'a> {
    merchant_uid: &'a str,
    period: u32,
    attempt: u32,
    amount: Option<Box<RawValue>>,
    currency: &'a str,
    at: Timestamp,
}

/// One attempt at a period: the short form of its payment, whose row is at `GET /charges/{merchant_uid}`.
#[derive(Debug, Serialize)]
struct AttemptView<'a> {
    merchant_uid: &'a str,
    period: u32,
    attempt: u32,
    imp_uid: Option<&'a str>,
    customer_uid: Option<&'a str>,
    status: &'static str,
    state: &'static str,
    amount: Option<Box<RawValue>>,
    cancel_amount: Option<Box<RawValue>>,
    currency: &'a str,
    /// When it was to be made.
    at: Timestamp,
    paid_at: Option<Timestamp>,
    fail_reason: Option<&'a str>,
    card_name: Option<&'a str>,
    card_number: Option<&'a str>,
    receipt_url: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct CancelView {
    at: &'static str,
    requested_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct ProrationView {
    amount: Option<Box<RawValue>>,
    days_left: i64,
    days: i64,
}

#[derive(Debug, Serialize)]
struct SubscriptionView<'a> {
    id: &'a str,
    customer_id: &'a str,
    customer_uid: &'a str,
    state: &'static str,
    /// Why the answer is not the last word, with a 202.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<&'static str>,
    plan: PlanView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_plan: Option<PlanView<'a>>,
    anchor_day: Option<i8>,
    due_hour: Option<i8>,
    periods: Option<u32>,
    current_period: Option<PeriodView>,
    access_until: Option<Timestamp>,
    trial_until: Option<Timestamp>,
    next_charge: Option<NextChargeView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView<'a>>>,
    cancel: Option<CancelView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proration: Option<ProrationView>,
    metadata: &'a BTreeMap<String, String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

fn plan<'a>(
    id: &'a PlanId,
    price: &'a Price,
    interval: Option<Interval>,
    dunning: Option<&'a Dunning>,
) -> PlanView<'a> {
    PlanView {
        id: id.as_str(),
        name: &price.name,
        amount: exact(price.amount),
        currency: price.amount.currency.code(),
        interval: interval.map(|interval| interval.unit().name()),
        interval_count: interval.map(Interval::count),
        retry_days: dunning.map(Dunning::retry_days),
        give_up: dunning.map(|dunning| dunning.give_up.name()),
    }
}

fn attempt(payment: &Payment) -> Option<AttemptView<'_>> {
    let (_, Attempt { period, number }) = Attempt::of(payment.merchant_uid())?;
    let (order, record) = (&payment.order, payment.record.as_ref());
    let facts = record.map(|record| &record.facts);
    Some(AttemptView {
        merchant_uid: order.merchant_uid.as_str(),
        period,
        attempt: number,
        imp_uid: payment.imp_uid().map(billing::ImpUid::as_str),
        customer_uid: order.customer_uid.as_ref().map(billing::CustomerUid::as_str),
        status: status(payment),
        state: payment.told_state().name(),
        amount: exact(order.amount),
        cancel_amount: record.and_then(|record| exact(Money { minor: record.cancel_amount, ..order.amount })),
        currency: order.amount.currency.code(),
        at: payment.schedule_at().unwrap_or(payment.created_at),
        paid_at: record.and_then(|record| record.paid_at),
        fail_reason: fail_reason(payment),
        card_name: facts.and_then(|facts| facts.card_name.as_deref()),
        card_number: facts.and_then(|facts| facts.card_number.as_deref()),
        receipt_url: facts.and_then(|facts| facts.receipt_url.as_deref()),
    })
}

fn view<'a>(seen: &'a Seen, with_attempts: bool) -> SubscriptionView<'a> {
    let row: &Subscription = &seen.row;
    let kept = row.calendar.latest();
    SubscriptionView {
        id: row.id.as_str(),
        customer_id: row.customer_id.as_str(),
        customer_uid: row.customer_uid.as_str(),
        state: row.standing.name(),
        pending: None,
        plan: plan(&row.plan_id, &row.price, kept.map(Periods::interval), Some(&row.dunning)),
        next_plan: row
            .next_plan
            .as_ref()
            .map(|NextPlan { id, price, interval, .. }| plan(id, price, Some(*interval), None)),
        anchor_day: kept.and_then(Periods::anchor_day),
        due_hour: kept.map(Periods::due_hour),
        periods: row.periods_max,
        current_period: seen.current.map(|period| PeriodView {
            number: period.number,
            starts_at: period.starts.start(),
            ends_at: period.ends.start(),
        }),
        access_until: seen.access_until,
        trial_until: row.trial_until,
        next_charge: seen.next_charge.as_ref().map(|next| NextChargeView {
            merchant_uid: next.merchant_uid.as_str(),
            period: next.attempt.period,
            attempt: next.attempt.number,
            amount: exact(next.amount),
            currency: next.amount.currency.code(),
            at: next.at,
        }),
        attempts: with_attempts.then(|| seen.payments.iter().filter_map(attempt).collect()),
        cancel: row.ending.map(|(ending, requested_at)| CancelView { at: ending.name(), requested_at }),
        proration: None,
        metadata: &row.metadata,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// A subscription's public form, with what became of its attempts.
#[must_use]
pub fn subscription(seen: &Seen) -> impl Serialize + use<'_> {
    view(seen, true)
}

/// A subscription's public form in a list.
#[must_use]
pub fn outline(seen: &Seen) -> impl Serialize + use<'_> {
    view(seen, false)
}

/// The answer to a change: `status` once what follows from it is done, 202 while it is under way.
#[must_use]
pub fn changed(status: u16, seen: &Seen, proration: Option<Proration>) -> Reply {
    let mut body = view(seen, true);
    let currency = seen.row.price.amount.currency;
    body.proration = proration.map(|Proration { amount, days_left, days }| {
        let sign = if amount < 0 { "-" } else { "" };
        let text = format!("{sign}{}", Money::new(amount.unsigned_abs(), currency).decimal());
        ProrationView { amount: RawValue::from_string(text).ok(), days_left, days }
    });
    if !seen.is_pending() {
        return Reply::json(status, &body);
    }
    body.pending = Some(if seen.is_ending() { "cancellation_pending" } else { "pending" });
    pending(&body, &format!("/subscriptions/{}", seen.row.id))
}

/// A period with its attempts.
#[derive(Debug, Serialize)]
struct InstalmentView<'a> {
    number: u32,
    starts_at: Timestamp,
    ends_at: Timestamp,
    due_at: Timestamp,
    paid: bool,
    attempts: Vec<AttemptView<'a>>,
}

/// A period's public form.
#[must_use]
pub fn instalment(instalment: &Instalment) -> impl Serialize + use<'_> {
    InstalmentView {
        number: instalment.period.number,
        starts_at: instalment.period.starts.start(),
        ends_at: instalment.period.ends.start(),
        due_at: instalment.period.due_at,
        paid: instalment.paid,
        attempts: instalment.payments.iter().filter_map(attempt).collect(),
    }
}
