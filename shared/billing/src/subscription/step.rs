//! The one function that moves a subscription: what its payments' rows say, and what is to be done next.

use super::attempts::{holds_money, is_of, is_open, may_still_pay, paid_at, stays_with_us, was_late};
use super::cards::OtherCard;
use super::close::{close_unless_last, grant, rest, skip, withdraw_access};
use super::consent::{is_unanswered, wait_for_consent};
use super::dunning::{self, declined};
use super::next::{Next, StepResult, look_again, refund, stepped, unschedule};
use super::upgrade::{is_under_way, settle};
use super::{Attempt, Subscription, SubscriptionState};
use crate::alarm::Alarm;
use crate::calendar::first_overdue_look;
use crate::payment::{Payment, State};
use crate::policy::Policy;
use crate::time::Timestamp;

/// Seconds that pass at most between a step and the check of what it asks for.
const SEND_SECONDS: i64 = 60;

/// What is known besides the subscription's own rows, where it decides something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepContext {
    /// Whether the customer has begun another subscription of the plan since this one was given up.
    pub superseded: bool,
    /// Whether the card that was to be charged is not a billing key any more.
    pub gone: bool,
    /// The card that is charged instead: the one that took its place; or the customer's newest, where that was agreed to.
    pub newer: Option<OtherCard>,
    /// Whether an attempt at a period that is closed may still be made, or may have been: nothing is put beside it.
    pub held: bool,
}

/// Moves a subscription by the payment rows of its current period, in the order of their attempts. Pure: the same
/// arguments always give the same answer.
#[must_use]
pub fn step(
    row: &Subscription,
    payments: &[Payment],
    known: &StepContext,
    now: Timestamp,
    policy: &Policy,
) -> StepResult {
    stepped(row, now, Some(policy), |row, alarms| {
        let is_difference = |it: &&Payment| Attempt::of(it.merchant_uid()).is_some_and(|(_, of)| of.is_difference());
        let (differences, payments): (Vec<&Payment>, Vec<&Payment>) = payments.iter().partition(is_difference);
        if let Some(next) = settle(row, (&differences, &payments), known.held, alarms, (now, policy)) {
            return next;
        }
        let (looks, due_at) = (row.looks, row.due_at);
        let next = decide(row, &payments, known, alarms, now, policy);
        if next == Next::Wait {
            if known.held {
                // Whatever else it waits for: what is to be taken back is seen to by its own calendar.
                (row.looks, row.due_at) = (looks, due_at);
                look_again(row, now);
            }
            // With nothing under way that could still be lowered by it.
            if row.owes_credit() && !payments.iter().any(|payment| is_under_way(payment)) {
                // By a calendar of its own, too: what it is taken from may be on its way back for weeks.
                let rested = row.due_at;
                (row.looks, row.due_at) = (looks, due_at);
                look_again(row, now);
                row.due_at = rested.into_iter().chain(row.due_at).min();
                return Next::Credit;
            }
        }
        next
    })
}

/// Moves a subscription by news of a payment of a period that is over or paid.
#[must_use]
pub fn step_closed(row: &Subscription, payment: &Payment, now: Timestamp) -> StepResult {
    stepped(row, now, None, |row, alarms| {
        let Some((_, of)) = Attempt::of(payment.merchant_uid()) else { return Next::Wait };
        let place = usize::try_from(of.period).unwrap_or(usize::MAX);
        let paid = row.closed_periods.get(place).and_then(|past| past.paid);
        if row.keeps(of) {
            return Next::Wait;
        }
        if paid == Some(of.number) {
            withdraw_access(row, payment, of.period, now);
            return Next::Wait;
        }
        if !holds_money(payment) {
            return Next::Wait;
        }
        if row.upgrade.as_ref().is_some_and(|upgrade| upgrade.attempt == of) {
            // It is decided with what is current.
            return Next::Wait;
        }
        // The period was paid otherwise, or it is over and nobody had it.
        if let Some(imp_uid) = payment.imp_uid().filter(|_| paid.is_some() && !of.is_difference()) {
            let merchant_uid = payment.merchant_uid().clone();
            alarms.push(Alarm::DoublePaid { merchant_uid, imp_uid: imp_uid.clone() });
        }
        Next::Refund(payment.merchant_uid().clone())
    })
}

fn decide(
    row: &mut Subscription,
    payments: &[&Payment],
    known: &StepContext,
    alarms: &mut Vec<Alarm>,
    now: Timestamp,
    policy: &Policy,
) -> Next {
    let last = payments.iter().rfind(|payment| is_of(payment, row.attempt)).copied();
    // A key that is replaced takes its schedules along.
    if let Some(key) = last.filter(|last| last.former_keys.contains(&row.customer_uid)) {
        row.customer_uid = key.order.customer_uid.clone().unwrap_or_else(|| row.customer_uid.clone());
    }
    // Money decides first, whatever was meant to happen.
    let mut paid: Vec<&Payment> = payments.iter().copied().filter(|payment| holds_money(payment)).collect();
    paid.sort_by_key(|payment| paid_at(payment));
    let open = payments.iter().copied().find(|payment| is_open(payment, now) && !holds_money(payment));
    // Late money takes up again what was given up, but nothing that is over, and nothing that has begun anew elsewhere.
    let too_late = is_given_up(row) && (row.is_over(now) || known.superseded);
    if let [first, others @ ..] = paid.as_slice() {
        if too_late || !row.was_to_be_paid(first) {
            return refund(row, first, first, alarms, now);
        }
        // What was paid besides goes back from the next period, so that a refund which cannot be made now keeps nobody from
        // what is paid for. After the last period there is none.
        if let Some(other) = others.first().filter(|_| row.following(now).is_none()) {
            grant(row);
            return refund(row, other, first, alarms, now);
        }
        return close_unless_last(row, first, payments, now);
    }
    // What the PSP will not give back stays with us, and its customer has what it pays for: nobody is charged beside it.
    let kept = payments.iter().find(|payment| stays_with_us(payment, now) && row.was_to_be_paid(payment));
    if let Some(kept) = kept.filter(|_| !too_late) {
        return close_unless_last(row, kept, payments, now);
    }
    // A refunded attempt closes its period as well: nobody gives money back in order to take it again. Unless it came too
    // late, and was given back for that: the period is still to be paid.
    let refunded = || payments.iter().filter(|payment| payment.state == State::Refunded);
    for payment in refunded() {
        // Whatever it was given back for: until then it paid for the period, if nothing else did.
        withdraw_access(row, payment, row.attempt.period, now);
    }
    let closed = refunded().any(|payment| !was_late(payment));
    if closed && row.charges() && !payments.iter().any(|payment| may_still_pay(payment)) {
        return skip(row, None, now);
    }
    if open.is_none() && row.awaits_plan() && row.charges() {
        return begin_plan(row, last.is_some(), now);
    }
    let Some(last) = last else {
        return match open {
            Some(open) => unschedule(row, open, now),
            None => begin(row, known, now, policy),
        };
    };
    // Nothing is begun beside an attempt of which something is still owed.
    if let Some(open) = open {
        let unagreed = policy.asks_for_consent() && row.is_unagreed(open, now);
        if row.still_wants(open, now) && !unagreed {
            return wait_for(row, open, now);
        }
        if is_of(open, row.attempt) && row.state.charges() && row.ending.is_none() {
            // Another card or price has a number of its own from now on: who changes back meanwhile asks for that one, and
            // what is being taken back is not mistaken for what somebody stopped in the PSP's console.
            row.next_attempt(now);
        }
        return unschedule(row, open, now);
    }
    if !row.state.charges() || row.ending.is_some() {
        return rest(row, now);
    }
    match last.state {
        // The PSP may have refused the registration and made it all the same: then it was taken back here.
        State::Revoked if last.refusal.is_some() && now < row.attempt_at => {
            fall_back(row, known);
            unregistered(row, known.newer.is_some(), now)
        }
        State::Failed => {
            fall_back(row, known);
            if now < row.attempt_at && !last.was_tried() {
                return unregistered(row, known.newer.is_some(), now);
            }
            let is_final = dunning::is_final(last);
            declined(row, known.newer.is_none() && is_final, now)
        }
        // It came too late, and its customer was told that it had failed: anything else that goes back closes its period.
        State::Refunded => declined(row, false, now),
        // Somebody took it back in the PSP's console: nobody charges what was stopped there.
        State::Revoked if last.refusal.is_none() && row.still_wants(last, now) && !known.gone => {
            row.state = SubscriptionState::Paused;
            row.due_at = None;
            Next::Wait
        }
        // It was taken back here, for another card or price.
        State::Revoked => {
            row.attempt.number = row.attempt.number.saturating_add(1);
            row.looks = 0;
            row.due_at = Some(now);
            Next::Again
        }
        State::Intent
        | State::Claimed
        | State::Unknown
        | State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Suspect
        | State::Awaiting
        | State::Expired => wait_for(row, last, now),
    }
}

/// The next attempt is on another card, if there is one that may be charged.
fn fall_back(row: &mut Subscription, known: &StepContext) {
    if let Some(newer) = &known.newer {
        let since = Attempt { number: row.attempt.number.saturating_add(1), ..row.attempt };
        row.fall_back_to(&newer.customer_uid, since, newer.is_named);
    }
}

/// The PSP did not take the registration. Nothing was declined: the attempt is made when its time comes, under another
/// number, and registered for then at once only on another card.
fn unregistered(row: &mut Subscription, on_another: bool, now: Timestamp) -> Next {
    row.attempt.number = row.attempt.number.saturating_add(1);
    row.looks = 0;
    row.due_at = Some(if on_another { now } else { row.attempt_at });
    if on_another { Next::Again } else { Next::Wait }
}

/// Whether its tries came to an end, and nobody's wish did that.
fn is_given_up(row: &Subscription) -> bool {
    matches!(row.state, SubscriptionState::Canceled | SubscriptionState::Unpaid) && row.ending.is_none()
}

/// The plan begins that was to begin with the period of the next attempt.
pub(super) fn begin_plan(row: &mut Subscription, attempted: bool, now: Timestamp) -> Next {
    if let Some(plan) = row.next_plan.take() {
        // It was checked when it was asked for; a calendar that ends goes on in the interval that it has.
        row.calendar.change(row.attempt.period, plan.interval).ok();
        row.turn_to(plan, now);
    }
    if let Some(period) = row.calendar.period(row.attempt.period) {
        row.attempt_at = period.due_at;
    }
    if attempted {
        row.next_attempt(now);
    }
    row.looks = 0;
    row.due_at = Some(now);
    Next::Again
}

/// No row exists for the attempt yet.
fn begin(row: &mut Subscription, known: &StepContext, now: Timestamp, policy: &Policy) -> Next {
    if !row.state.charges() || row.ending.is_some() {
        return rest(row, now);
    }
    let ask = row.open_ask(now).filter(|_| policy.asks_for_consent());
    if row.is_over(now) && !ask.is_some_and(|ask| is_unanswered(row, &ask, now)) {
        return skip(row, None, now);
    }
    if let Some(ask) = ask {
        return wait_for_consent(row, &ask, now);
    }
    let registrable = row.attempt_at.plus(-policy.schedule_ahead_max_seconds);
    if now < registrable {
        // Farther ahead than the PSP takes it.
        row.looks = 0;
        row.due_at = Some(registrable);
        return Next::Wait;
    }
    // It has to be early enough still when it is sent.
    let soon = row.attempt_at < now.plus(policy.schedule_lead_min_seconds + SEND_SECONDS);
    if soon && now < row.attempt_at {
        // Too late to be registered, and never before its time.
        row.due_at = Some(row.attempt_at);
        return Next::Wait;
    }
    if known.held {
        return Next::Wait;
    }
    let Ok(order) = row.order() else {
        row.state = SubscriptionState::Completed;
        row.due_at = None;
        return Next::Wait;
    };
    row.carry();
    look_again(row, now);
    Next::Put(Box::new(order), (!soon).then_some(row.attempt_at))
}

/// Something is owed at the payment's own row, which has a calendar of its own.
fn wait_for(row: &mut Subscription, payment: &Payment, now: Timestamp) -> Next {
    match payment.schedule_at() {
        // What is being changed, or taken back, may come to something before its time.
        Some(at) if payment.state == State::Scheduled && payment.claim.is_none() && now < first_overdue_look(at) => {
            row.looks = 0;
            row.due_at = Some(row.look_at_unagreed(at, now).unwrap_or_else(|| first_overdue_look(at)));
        }
        Some(_) | None => look_again(row, now),
    }
    Next::Wait
}
