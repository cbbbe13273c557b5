//! Subscriptions as the storefront and its customers see them.

use std::collections::BTreeMap;

use billing::subscription::{
    Attempt, Dunning, Interval, Part, Periods, Proration, RunningPlan, Subscription, UnusedDays,
};
use billing::usecase::{BilledPeriod, SubscriptionView as Seen, is_on_fallback};
use billing::{Currency, Money, Timestamp, payment::Payment};
use serde::Serialize;
use serde_json::value::RawValue;

use super::consent::{AskView, ask};
use super::{WarningView, exact, fail_reason, length, pending, signed, status, warning_views};
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
    intro: Option<IntroView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_days: Option<&'a [u16]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    give_up: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without_consent: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_days: Option<u8>,
}

/// What a plan's first periods cost.
#[derive(Debug, Serialize)]
struct IntroView {
    amount: Option<Box<RawValue>>,
    periods: u32,
    /// When the first period at the whole price begins, where the calendar says it.
    ends_at: Option<Timestamp>,
}

/// A plan that is to come, and when it begins: unknown while nothing is charged.
#[derive(Debug, Serialize)]
struct NextPlanView<'a> {
    #[serde(flatten)]
    plan: PlanView<'a>,
    begins_at: Option<Timestamp>,
}

/// What a cheaper plan left over.
#[derive(Debug, Serialize)]
struct CreditView {
    /// What the next charge is lowered by.
    next_charge: Option<Box<RawValue>>,
    /// What has gone back, or is on its way, because no charge was to come.
    given_back: Option<Box<RawValue>>,
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
    parts: Vec<PartView>,
    at: Timestamp,
}

/// One attempt at a period: the short form of its payment, whose row is at `GET /charges/{merchant_uid}`.
#[derive(Debug, Serialize)]
struct AttemptView<'a> {
    merchant_uid: &'a str,
    period: u32,
    attempt: u32,
    charges: &'static str,
    imp_uid: Option<&'a str>,
    customer_uid: Option<&'a str>,
    /// Whether that card was not named for the subscription.
    fallback: bool,
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
    /// Why, where nobody wished it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<UnusedView>,
}

/// What an end gives back of paid periods: their days that are not used.
#[derive(Debug, Serialize)]
pub(super) struct UnusedView {
    amount: Option<Box<RawValue>>,
    periods: Vec<UnusedDaysView>,
}

#[derive(Debug, Serialize)]
struct UnusedDaysView {
    period: u32,
    days_left: i64,
    days: i64,
    amount: Option<Box<RawValue>>,
}

/// The days that an end gives back, if it gives back any kind of them.
pub(super) fn unused(row: &Subscription) -> Option<UnusedView> {
    let money = |minor| exact(Money { minor, ..row.running_price() });
    let shown = |it: &UnusedDays| UnusedDaysView {
        period: it.period,
        days_left: it.days_left,
        days: it.days,
        amount: money(it.amount),
    };
    let periods = row.unused.as_ref()?.iter().map(shown).collect();
    Some(UnusedView { amount: money(row.unused_amount()), periods })
}

/// Why a charge is so much.
#[derive(Debug, Serialize)]
pub(super) struct PartView {
    reason: &'static str,
    amount: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ProrationView {
    amount: Option<Box<RawValue>>,
    charged: Option<Box<RawValue>>,
    days_left: i64,
    days: i64,
}

#[derive(Debug, Serialize)]
struct SubscriptionView<'a> {
    id: &'a str,
    customer_id: &'a str,
    customer_uid: &'a str,
    card_problem: Option<&'static str>,
    fallback_cards: bool,
    state: &'static str,
    /// Why the answer is not the last word, with a 202.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<&'static str>,
    plan: PlanView<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_plan: Option<NextPlanView<'a>>,
    anchor_day: Option<i8>,
    due_hour: Option<i8>,
    periods: Option<u32>,
    current_period: Option<PeriodView>,
    access_until: Option<Timestamp>,
    trial_until: Option<Timestamp>,
    next_charge: Option<NextChargeView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView<'a>>>,
    /// What its customer is asked to agree to.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<AskView>,
    /// What they are asked besides, while a dearer plan is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_consent: Option<AskView>,
    cancel: Option<CancelView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proration: Option<ProrationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<CreditView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
    metadata: &'a BTreeMap<String, String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

fn plan<'a>(
    RunningPlan { id, name, amount, intro }: &'a RunningPlan,
    interval: Option<Interval>,
    (now, terms): (Option<&Seen>, Option<&'a Subscription>),
) -> PlanView<'a> {
    // An introduction that is over is nobody's business any more.
    let number = now.and_then(|seen| seen.current).map_or(0, |period| period.number);
    let intro = intro.as_deref().filter(|intro| number < intro.ends_with()).map(|it| IntroView {
        amount: exact(Money { minor: it.intro.amount, ..*amount }),
        periods: it.intro.periods,
        ends_at: now.and_then(|seen| seen.row.calendar.period(it.ends_with())).map(|period| period.starts.start()),
    });
    let dunning = terms.map(|row| &row.dunning);
    let (interval, interval_count) = length(interval);
    PlanView {
        id: id.as_str(),
        name,
        amount: exact(*amount),
        currency: amount.currency.code(),
        interval,
        interval_count,
        intro,
        retry_days: dunning.map(Dunning::retry_days),
        give_up: dunning.map(|dunning| dunning.give_up.name()),
        refund: terms.map(|row| row.refund.name()),
        without_consent: terms.map(|row| row.without_consent.name()),
        notice_days: terms.map(|row| row.notice_days.days()),
    }
}

fn credit(row: &Subscription) -> Option<CreditView> {
    let money = |minor| exact(Money { minor, ..row.running_price() });
    let open = row.adjustment.min(0).unsigned_abs();
    let given_back = row.credits.iter().map(|credit| credit.amount).fold(0, u64::saturating_add);
    (open > 0 || given_back > 0).then(|| CreditView { next_charge: money(open), given_back: money(given_back) })
}

fn attempt(payment: &Payment, fallback: bool) -> Option<AttemptView<'_>> {
    let (_, of @ Attempt { period, number }) = Attempt::of(payment.merchant_uid())?;
    let (order, record) = (&payment.order, payment.record.as_ref());
    let details = record.map(|record| &record.details);
    Some(AttemptView {
        merchant_uid: order.merchant_uid.as_str(),
        period,
        attempt: number,
        charges: if of.is_difference() { "difference" } else { "period" },
        imp_uid: payment.imp_uid().map(billing::ImpUid::as_str),
        customer_uid: order.customer_uid.as_ref().map(billing::CustomerUid::as_str),
        fallback,
        status: status(payment),
        state: payment.told_state().name(),
        amount: exact(order.amount),
        cancel_amount: record.and_then(|record| exact(Money { minor: record.cancel_amount, ..order.amount })),
        currency: order.amount.currency.code(),
        at: payment.schedule_at().unwrap_or(payment.created_at),
        paid_at: record.and_then(|record| record.paid_at),
        fail_reason: fail_reason(payment),
        card_name: details.and_then(|details| details.card_name.as_deref()),
        card_number: details.and_then(|details| details.card_number.as_deref()),
        receipt_url: details.and_then(|details| details.receipt_url.as_deref()),
    })
}

fn attempts(seen: &Seen) -> Vec<AttemptView<'_>> {
    seen.payments.iter().filter_map(|payment| attempt(payment, is_on_fallback(&seen.row, payment))).collect()
}

fn view<'a>(seen: &'a Seen, with_attempts: bool) -> SubscriptionView<'a> {
    let row: &Subscription = &seen.row;
    let kept = row.calendar.latest();
    SubscriptionView {
        id: row.id.as_str(),
        customer_id: row.customer_id.as_str(),
        customer_uid: seen.customer_uid.as_str(),
        card_problem: seen.has_no_card.then_some("billing_key_inactive"),
        fallback_cards: row.fallback_cards,
        state: seen.state.name(),
        pending: None,
        plan: plan(&seen.plans.running.0, seen.plans.running.1, (Some(seen), Some(row))),
        next_plan: seen.plans.next.as_ref().map(|(next, interval, begins_at)| NextPlanView {
            plan: plan(next, *interval, (None, None)),
            begins_at: *begins_at,
        }),
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
            parts: parts(&next.parts, next.amount.currency),
            at: next.at,
        }),
        attempts: with_attempts.then(|| attempts(seen)),
        consent: seen.ask.as_ref().map(|it| ask(row, it)),
        next_consent: seen.ask_beside.as_ref().map(|it| ask(row, it)),
        cancel: row.ending.map(|(ending, requested_at)| CancelView {
            at: ending.name(),
            requested_at,
            reason: row.ended_without_consent.then_some("no_consent"),
            refund: unused(row),
        }),
        proration: None,
        credit: credit(row),
        warnings: Vec::new(),
        metadata: &row.metadata,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// What a change within a period comes to.
pub(super) fn prorated(Proration { amount, charged, days_left, days }: Proration, currency: Currency) -> ProrationView {
    ProrationView { amount: signed(amount, currency), charged: exact(Money::new(charged, currency)), days_left, days }
}

/// The parts of a charge.
pub(super) fn parts(parts: &[Part], currency: Currency) -> Vec<PartView> {
    let shown = |part: &Part| PartView { reason: part.reason.name(), amount: signed(part.amount, currency) };
    parts.iter().map(shown).collect()
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
    body.warnings = warning_views(&seen.warnings);
    let currency = seen.row.price.amount.currency;
    body.proration = proration.map(|proration| prorated(proration, currency));
    // A plan that is to begin at once waits for its customer.
    let offered = proration.is_some() && seen.row.offer.is_some();
    if !seen.is_pending() && !offered {
        return Reply::json(status, &body);
    }
    body.pending = Some(match (seen.is_ending(), offered) {
        (true, _) => "cancellation_pending",
        (false, true) => "consent_required",
        (false, false) => "pending",
    });
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
pub fn instalment(instalment: &BilledPeriod) -> impl Serialize + use<'_> {
    InstalmentView {
        number: instalment.period.number,
        starts_at: instalment.period.starts.start(),
        ends_at: instalment.period.ends.start(),
        due_at: instalment.period.due_at,
        paid: instalment.paid,
        attempts: instalment
            .payments
            .iter()
            .filter_map(|payment| attempt(payment, instalment.on_fallback.contains(payment.merchant_uid())))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
